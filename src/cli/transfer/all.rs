//! `manage transfer all`

use super::running::{Way, Writing, write};
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
  manage transfer all --by-table                      for tables that take hours
  manage transfer all --source old.db --target new.db --reason 'version 2'")]
pub struct Args {
    #[command(flatten)]
    writing: Writing,

    /// Table after table, in parts that are committed one by one: when it breaks off, `resume` goes on. Parts follow the key
    #[arg(long)]
    by_table: bool,

    /// With --by-table: how many rows a part has at most
    #[arg(long, value_name = "N", default_value_t = PART, requires = "by_table", value_parser = clap::value_parser!(u64).range(1..))]
    rows: u64,
}

/// How many rows a part has, unless it is said.
pub(super) const PART: u64 = 50_000;

/// Runs the command.
///
/// # Errors
/// As the documentation of the command says.
pub fn run(context: &mut Context, args: &Args) -> Result<Exit, Failure> {
    let way = Way { parts: args.by_table.then_some(args.rows), ..Way::default() };
    write(context, &args.writing, &way, "transfer all")
}
