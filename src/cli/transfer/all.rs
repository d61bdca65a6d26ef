//! `manage transfer all`

use super::running::{Writing, write};
use crate::cli::context::Context;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;

/// Move all tables, in one transaction
///
/// Every row is looked at by every rule before its table is written, and both sides are added up before anything is
/// committed. Rejected rows stop it, and nothing is written, unless the mapping says on_error = "reject". Takes a yes
/// unless the new database is marked development; its name where that is protected.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  manage transfer all --dry-run
  manage transfer all --source old.db --target new.db --reason 'version 2'")]
pub struct Args {
    #[command(flatten)]
    writing: Writing,
}

/// Runs the command.
///
/// # Errors
/// As the documentation of the command says.
pub fn run(context: &mut Context, args: &Args) -> Result<Exit, Failure> {
    write(context, &args.writing, None, "transfer all")
}
