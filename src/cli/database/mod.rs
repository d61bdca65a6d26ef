//! `manage database`: the database as a whole.

pub mod create;
pub mod delete;
pub mod wait;

use super::context::Context;
use super::exit::Exit;
use super::failure::Failure;

/// Make, drop or wait for the database as a whole
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, clap::Subcommand)]
enum Verb {
    /// Make the database, empty; nothing happens where it is there already
    Create,
    /// Drop the database with everything in it
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
