//! `manage export`

use std::path::PathBuf;

use chrono::Utc;
use serde_json::{Value, json};

use super::context::{Context, shown};
use super::exit::Exit;
use super::failure::Failure;
use super::output::paint::Style;
use super::output::words;
use crate::backend::Access;
use crate::baseline::export::{self, Export};
use crate::domain::explain::Class;
use crate::project::texts;

/// Write rows as lines that help users to add them again, or as CSV
///
/// The template exports/NAME.sql is one query with a head that says how a row becomes a line, and into which file it
/// goes. The files are written to a new folder; nothing is overwritten, and where one row does not fit nothing is
/// written. The database is only read.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  manage export targets
  manage export targets --into backups/targets-before-reset")]
pub struct Args {
    /// Its name: exports/NAME.sql
    #[arg(value_name = "NAME")]
    name: String,

    /// A folder that is not there yet [default: backups/exports/NAME-TIME]
    #[arg(long, value_name = "DIR")]
    into: Option<PathBuf>,
}

/// Runs the command.
///
/// # Errors
/// As the documentation of the command says.
pub fn run(context: &mut Context, args: &Args) -> Result<Exit, Failure> {
    let chosen = context.choose()?;
    let engine = chosen.url.engine();
    let files = texts::sql_files(&chosen.project.folder.join(texts::EXPORTS), engine)?;
    let variant = format!(".{}", engine.word());
    let stem = |file: &std::path::Path| {
        let stem = file.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        stem.strip_suffix(&variant).map(str::to_owned).unwrap_or(stem)
    };
    // Names are typed with dashes.
    let wanted = |file: &std::path::Path| stem(file).replace('_', "-") == args.name.replace('_', "-");
    let Some((file, text)) = files.iter().find(|(file, _)| wanted(file)) else {
        let known: Vec<String> = files.iter().map(|(file, _)| stem(file).replace('_', "-")).collect();
        let hint =
            if known.is_empty() { "write it to exports/NAME.sql".to_owned() } else { format!("there is {}", known.join(", ")) };
        return Err(Failure::new(Class::Usage, format!("there is no export `{}`", args.name), hint));
    };
    let export: Export = export::read(file, text, engine)?;
    let mut reached = context.reach(&chosen, Access::Read, "export")?;
    context.screen.heading(&reached.title());
    let made = export::make(&mut reached.session, &export)?;
    let rows: usize = made.iter().map(|file| file.rows).sum();
    if made.is_empty() {
        context.screen.facts.insert("files".to_owned(), json!([]));
        context.screen.line("no rows: nothing is written");
        return Ok(Exit::Ok);
    }
    let folder = match &args.into {
        Some(folder) => context.folder.join(folder),
        None => chosen.project.folder.join(format!("backups/exports/{}-{}", args.name, Utc::now().format("%Y%m%dT%H%M%SZ"))),
    };
    let texts: Vec<(&str, &str)> = made.iter().map(|file| (file.name.as_str(), file.text.as_str())).collect();
    let written = texts::write_new(&folder, &texts)?;
    let facts: Value = written
        .iter()
        .zip(&made)
        .map(|(path, file)| json!({ "file": shown(path, &context.folder), "rows": file.rows }))
        .collect();
    context.screen.facts.insert("files".to_owned(), facts);
    for (path, file) in written.iter().zip(&made) {
        let line = format!("    {}  {}", shown(path, &context.folder), words::count(file.rows, "row"));
        context.screen.row(&line);
    }
    let mark = context.screen.paint.on(Style::Good, "✓");
    let counts = format!("{} in {}", words::count(rows, "row"), words::count(made.len(), "file"));
    context.screen.line(&format!("{mark} {counts}"));
    Ok(Exit::Ok)
}
