//! `manage man`

use std::path::{Path, PathBuf};

use clap::CommandFactory;
use clap_mangen::Man;
use serde_json::json;

use super::context::{Context, shown};
use super::exit::Exit;
use super::failure::Failure;
use super::output::paint::Style;
use super::output::words;
use crate::domain::explain::Class;

/// Write the manual's pages into a folder
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  manage man ~/.local/share/man/man1")]
pub struct Args {
    /// The folder, which is made where it is missing
    #[arg(value_name = "DIR")]
    folder: PathBuf,
}

/// Runs the command.
///
/// # Errors
/// When the folder cannot be written.
pub fn run(context: &mut Context, args: &Args) -> Result<Exit, Failure> {
    let folder = context.folder.join(&args.folder);
    let place = shown(&folder, &context.folder);
    let failed = |error: std::io::Error| {
        Failure::new(Class::CouldNotRun, format!("cannot write into {place}: {error}"), "check who may write there")
    };
    std::fs::create_dir_all(&folder).map_err(failed)?;
    let mut files = Vec::new();
    let mut command = super::Cli::command().disable_help_subcommand(true);
    command.build();
    pages(&command, "manage", &folder, &mut files).map_err(failed)?;
    context.screen.facts.insert("files".to_owned(), json!(files));
    let mark = context.screen.paint.on(Style::Good, "✓");
    context.screen.line(&format!("{mark} {} in {place}", words::count(files.len(), "page")));
    Ok(Exit::Ok)
}

/// The page of `command`, and those of the commands below it.
fn pages(command: &clap::Command, name: &str, folder: &Path, files: &mut Vec<String>) -> std::io::Result<()> {
    let file = format!("{name}.1");
    let mut page = Vec::new();
    Man::new(command.clone()).render(&mut page)?;
    std::fs::write(folder.join(&file), page)?;
    files.push(file);
    let shown = command.get_subcommands().filter(|verb| !verb.is_hide_set() && verb.get_name() != "help");
    shown.into_iter().try_for_each(|verb| pages(verb, &format!("{name}-{}", verb.get_name()), folder, files))
}
