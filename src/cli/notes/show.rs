//! `manage notes show`

use super::{fact, read};
use crate::cli::context::Context;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::domain::explain::Class;
use crate::notes::{markdown, still_open};

/// Show one note whole
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  manage notes show 12
  manage notes show 12 --json | jq .note.facts")]
pub struct Args {
    /// Its number
    #[arg(value_name = "ID")]
    id: i64,
}

/// Runs the command.
///
/// # Errors
/// When there is no such note.
pub fn run(context: &mut Context, args: &Args) -> Result<Exit, Failure> {
    let all = read(context)?;
    let open = still_open(&all);
    let Some(note) = all.iter().find(|note| note.id == args.id) else {
        let hint = if all.is_empty() { "there are none yet" } else { "manage notes list shows them" };
        return Err(Failure::new(Class::Usage, format!("there is no note {} in this database", args.id), hint));
    };
    let is_open = |number| open.iter().any(|item| item.note.uid == note.uid && item.number == number);
    context.screen.facts.insert("note".to_owned(), fact(note, is_open));
    let text = markdown(note);
    let text = text.rsplit_once("\n<!-- ").map_or(text.as_str(), |(above, _)| above);
    for line in text.lines() {
        context.screen.line(&super::plain(line));
    }
    let left = note.items().filter(|(item, _)| is_open(item.number)).map(|(item, _)| format!("{}.{}", note.id, item.number));
    let left: Vec<String> = left.collect();
    if !note.open.is_empty() {
        context.screen.line("");
        context.screen.line(&if left.is_empty() {
            "nothing of it is open any more".to_owned()
        } else {
            format!("still open: {} · when it is done: manage notes add --title TEXT --done {}", left.join(", "), left[0])
        });
    }
    Ok(Exit::Ok)
}
