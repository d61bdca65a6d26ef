//! `manage marker`: the name of the environment, kept in the database.

pub mod set;
pub mod show;

use super::context::Context;
use super::exit::Exit;
use super::failure::Failure;

/// Show or set which environment a database belongs to
///
/// The guards go by it: it is kept in the database and bound to it, so that a copy is not taken for its original.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  manage marker show
  manage marker set production --env production")]
pub struct Args {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, clap::Subcommand)]
enum Verb {
    Show(show::Args),
    Set(set::Args),
}

/// Runs the command.
///
/// # Errors
/// As the documentation of the command says.
pub fn run(context: &mut Context, args: &Args) -> Result<Exit, Failure> {
    match &args.verb {
        Verb::Show(args) => show::run(context, args),
        Verb::Set(args) => set::run(context, args),
    }
}
