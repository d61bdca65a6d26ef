//! `manage notes export`

use std::path::PathBuf;

use serde_json::{Value, json};

use super::{Filter, fact, read};
use crate::cli::context::{Context, shown};
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::noting::write_file;
use crate::cli::output::paint::Style;
use crate::cli::output::words;
use crate::domain::explain::Class;
use crate::notes::{markdown, still_open};

/// How notes are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    /// One Markdown text a note
    Markdown,
    /// One JSON list
    Json,
}

/// Write notes to a folder, or to standard output
///
/// Into a folder each goes as a Markdown file of its own; files that are there already stay as they are.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  manage notes export docs/notes            the files that are missing
  manage notes export --since 30d > month.md
  manage notes export --format json > notes.json")]
pub struct Args {
    /// The folder; it is made where it is missing
    #[arg(value_name = "FOLDER", conflicts_with = "format")]
    folder: Option<PathBuf>,

    /// How they are written to standard output
    #[arg(long, value_enum, default_value_t = Format::Markdown)]
    format: Format,

    #[command(flatten)]
    filter: Filter,
}

/// Runs the command.
///
/// # Errors
/// When the folder cannot be written.
pub fn run(context: &mut Context, args: &Args) -> Result<Exit, Failure> {
    // What is exported is the notes: the heading would stand in the middle of them.
    if args.folder.is_none() {
        context.screen.hide_headings();
    }
    let all = read(context)?;
    let open = still_open(&all);
    let wanted = args.filter.wanted(None);
    let mut notes: Vec<_> = all.iter().filter(|note| note.is(&wanted)).take(wanted.limit.unwrap_or(usize::MAX)).collect();
    notes.reverse();
    let is_open = |uid: &str, number| open.iter().any(|item| item.note.uid == uid && item.number == number);
    let facts: Value = notes.iter().map(|note| fact(note, |number| is_open(&note.uid, number))).collect();
    let Some(folder) = &args.folder else {
        if args.format == Format::Json && !context.screen.json {
            context.screen.write(&format!("{}\n", serde_json::to_string_pretty(&facts).unwrap_or_default()));
        } else {
            for note in &notes {
                context.screen.line(markdown(note).trim_end());
                context.screen.line("");
            }
        }
        context.screen.facts.insert("notes".to_owned(), facts);
        return Ok(Exit::Ok);
    };
    let folder = context.folder.join(folder);
    let (mut written, mut there) = (Vec::new(), 0);
    for note in &notes {
        let (file, new) = write_file(&folder, note).map_err(|error| {
            Failure::new(
                Class::CouldNotRun,
                format!("note {} cannot be written to {}: {error}", note.id, shown(&folder, &context.folder)),
                "who may write there? A file of its name that was edited stays as it is: move it away to have it written anew",
            )
        })?;
        if new { written.push(shown(&file, &context.folder)) } else { there += 1 }
    }
    context.screen.facts.insert("written".to_owned(), json!(written));
    context.screen.facts.insert("there_already".to_owned(), json!(there));
    let mark = context.screen.paint.on(Style::Good, "✓");
    let also = if there > 0 { format!(", {there} there already") } else { String::new() };
    let line = format!("{mark} {} written to {}{also}", words::count(written.len(), "note"), shown(&folder, &context.folder));
    context.screen.line(&line);
    Ok(Exit::Ok)
}
