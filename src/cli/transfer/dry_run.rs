//! `manage transfer dry-run`

use super::running::{Manner, rehearse};
use crate::cli::context::Context;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;

/// Do everything on a copy of the new database, and throw it away
///
/// Shows what would become of every row: the same statements, the same constraints, the same validation. The new
/// database is only read. Exits 1 where rows would be rejected.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  manage transfer dry-run
  manage transfer dry-run custom_commands --left left.csv    every row that would stay behind, with its reason")]
pub struct Args {
    /// Only this table, as the new database calls it
    #[arg(value_name = "TABLE")]
    table: Option<String>,

    #[command(flatten)]
    manner: Manner,
}

/// Runs the command.
///
/// # Errors
/// As the documentation of the command says.
pub fn run(context: &mut Context, args: &Args) -> Result<Exit, Failure> {
    rehearse(context, &args.manner, args.table.as_deref())
}
