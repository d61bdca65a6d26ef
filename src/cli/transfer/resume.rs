//! `manage transfer resume`

use super::all::PART;
use super::running::{Way, Writing, write};
use crate::cli::context::Context;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;

/// Go on with a transfer by table that broke off
///
/// With the same mapping and the same old database, from the part that was not committed. What was moved before is
/// compared first: where source or target were changed since, it is refused, and the run has to be taken back.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  manage transfer resume
  manage transfer resume --rows 10000")]
pub struct Args {
    #[command(flatten)]
    writing: Writing,

    /// How many rows a part has at most
    #[arg(long, value_name = "N", default_value_t = PART, value_parser = clap::value_parser!(u64).range(1..))]
    rows: u64,
}

/// Runs the command.
///
/// # Errors
/// As the documentation of the command says.
pub fn run(context: &mut Context, args: &Args) -> Result<Exit, Failure> {
    let way = Way { parts: Some(args.rows), resumes: true, ..Way::default() };
    write(context, &args.writing, &way, "transfer resume")
}
