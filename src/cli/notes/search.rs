//! `manage notes search`

use super::Filter;
use super::list::listed;
use crate::cli::context::Context;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;

/// List the notes in which all these words stand
///
/// In title, text, reason, account, facts or open items, whatever the capitals.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  manage notes search SUP-1432
  manage notes search importer restarted --since 90d")]
pub struct Args {
    /// The words
    #[arg(value_name = "TEXT", required = true)]
    text: Vec<String>,

    #[command(flatten)]
    filter: Filter,
}

/// Runs the command.
///
/// # Errors
/// As the documentation of the command says.
pub fn run(context: &mut Context, args: &Args) -> Result<Exit, Failure> {
    listed(context, &args.filter, Some(&args.text.join(" ")))
}
