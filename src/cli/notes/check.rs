//! `manage notes check`

use serde_json::json;

use super::{plain, read};
use crate::cli::context::{Context, shown};
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::output::paint::Style;
use crate::cli::output::words;
use crate::domain::explain::Class;
use crate::notes::{Difference, compare, still_open};
use crate::project::notes::read_notes;

/// Compare the notes with their files, and list what is still to be done
///
/// Exits with 1 when a file is missing or was edited, or when something is open. Files of other databases' notes are
/// counted and left alone. Without the folder docs/notes only what is open is looked at.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  manage notes check
  manage notes check --env production --json | jq '.open[].text'")]
pub struct Args {}

/// Runs the command.
///
/// # Errors
/// When the files cannot be read.
pub fn run(context: &mut Context, _args: &Args) -> Result<Exit, Failure> {
    let notes = read(context)?;
    let folder = context.project()?.notes_folder();
    let (differences, others) = match &folder {
        None => (Vec::new(), 0),
        Some(folder) => {
            let files = read_notes(folder).map_err(|error| {
                let place = shown(folder, &context.folder);
                Failure::new(Class::CouldNotRun, format!("{place} cannot be read: {error}"), "check who may read it")
            })?;
            compare(&notes, &files)
        }
    };
    let place = folder.map(|folder| shown(&folder, &context.folder)).unwrap_or_default();
    let mark = context.screen.paint.on(Style::Bad, "✗");
    let mut missing = false;
    let mut facts = Vec::new();
    for difference in &differences {
        let (kind, id, file, text) = match difference {
            Difference::Missing { id, file } => ("missing", Some(id), file, format!("note {id} has no file {place}/{file}")),
            Difference::Edited { id, file } => ("edited", Some(id), file, format!("{place}/{file} is not what note {id} says")),
            Difference::Unsealed { file } => {
                ("unsealed", None, file, format!("{place}/{file} has lost its last line: whose is it?"))
            }
        };
        missing |= kind == "missing";
        facts.push(json!({ "kind": kind, "id": id, "file": format!("{place}/{file}") }));
        context.screen.line(&format!("  {mark} {text}"));
    }
    let open = still_open(&notes);
    let warn = context.screen.paint.on(Style::Warn, "!");
    for item in &open {
        let (id, number, day) = (item.note.id, item.number, item.note.written_at.get(..16).unwrap_or_default().replace('T', " "));
        context.screen.line(&format!(
            "  {warn} {id}.{number} open since {day} ({}): {}",
            plain(item.note.who()),
            plain(item.text)
        ));
    }
    let open_facts: Vec<_> = open
        .iter()
        .map(|item| json!({ "item": format!("{}.{}", item.note.id, item.number), "text": item.text, "since": item.note.written_at, "who": item.note.who() }))
        .collect();
    context.screen.facts.insert("differences".to_owned(), json!(facts));
    context.screen.facts.insert("open".to_owned(), json!(open_facts));
    context.screen.facts.insert("of_other_databases".to_owned(), json!(others));
    let mut parts = vec![words::count(notes.len(), "note")];
    if !place.is_empty() {
        parts.push(match differences.len() {
            0 => format!("files in {place} agree"),
            count => words::count(count, "difference"),
        });
    }
    if others > 0 {
        parts.push(format!("{} of other databases", words::count(others, "file")));
    }
    parts.push(if open.is_empty() { "nothing open".to_owned() } else { format!("{} open", open.len()) });
    context.screen.line(&parts.join(", "));
    if missing {
        context.screen.talk(&format!("the missing files: manage notes export {place}"));
    }
    if let Some(first) = open.first() {
        context.screen.talk(&format!("when it is done: manage notes add --title TEXT --done {}.{}", first.note.id, first.number));
    }
    Ok(if differences.is_empty() && open.is_empty() { Exit::Ok } else { Exit::Check })
}
