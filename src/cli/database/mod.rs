//! `manage database`: the database as a whole.

pub mod create;
pub mod delete;
pub mod wait;

use super::context::Context;
use super::exit::Exit;
use super::failure::Failure;

/// Make, drop or wait for the database as a whole
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  manage database create               make it, empty
  manage database wait --timeout 5m    in a script that has just started it")]
pub struct Args {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, clap::Subcommand)]
enum Verb {
    /// Make the database, empty
    ///
    /// Nothing happens where it is there already. One that is made on this machine is marked
    /// `development`; with the name of the environment that --env chose it is marked unless that one is protected.
    #[command(after_help = "Examples:
  manage database create
  manage database create --env staging")]
    Create,
    /// Drop the database with everything in it
    ///
    /// Asks first: for a yes where the database is marked `development`, for its name elsewhere. Never done on a
    /// protected database.
    #[command(after_help = "Examples:
  manage database drop
  manage database drop --yes    in scripts; enough where it is `development`")]
    Drop,
    Wait(wait::Args),
}

/// Runs the command.
///
/// # Errors
/// As the documentation of the command says.
pub fn run(context: &mut Context, args: &Args) -> Result<Exit, Failure> {
    match &args.verb {
        Verb::Create => create::run(context),
        Verb::Drop => delete::run(context),
        Verb::Wait(args) => wait::run(context, args),
    }
}
