//! `manage transfer table`

use super::running::{Way, Writing, write};
use crate::cli::context::Context;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;

/// Move one table
///
/// The tables that it points to have to be there. New keys of theirs are found again by what the mapping matches them by.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  manage transfer table custom_commands")]
pub struct Args {
    /// The table, as the new database calls it
    #[arg(value_name = "NAME")]
    name: String,

    #[command(flatten)]
    writing: Writing,
}

/// Runs the command.
///
/// # Errors
/// As the documentation of the command says.
pub fn run(context: &mut Context, args: &Args) -> Result<Exit, Failure> {
    let way = Way { only: Some(&args.name), ..Way::default() };
    write(context, &args.writing, &way, "transfer table")
}
