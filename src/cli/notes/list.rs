//! `manage notes list`

use super::{Filter, print, read};
use crate::cli::context::Context;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::notes::still_open;

/// List notes, the newest first
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  manage notes list
  manage notes list --since 2026-11 --kind 'marker set'
  manage notes list --env production --json | jq '.notes[].title'")]
pub struct Args {
    #[command(flatten)]
    filter: Filter,
}

/// Runs the command.
///
/// # Errors
/// As the documentation of the command says.
pub fn run(context: &mut Context, args: &Args) -> Result<Exit, Failure> {
    listed(context, &args.filter, None)
}

/// Lists what is asked for; what is open is told by all notes.
pub(super) fn listed(context: &mut Context, filter: &Filter, text: Option<&str>) -> Result<Exit, Failure> {
    let all = read(context)?;
    let open = still_open(&all);
    let wanted = filter.wanted(text);
    let notes: Vec<_> = all.iter().filter(|note| note.is(&wanted)).take(wanted.limit.unwrap_or(usize::MAX)).cloned().collect();
    if notes.is_empty() {
        context.screen.line(if all.is_empty() { "no notes yet" } else { "no such notes" });
    }
    print(context, &notes, &open);
    Ok(Exit::Ok)
}
