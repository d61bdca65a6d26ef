//! `manage baseline`: one migration in place of a history.

pub mod converge;
pub mod proof;
pub mod squash;

use super::context::Context;
use super::exit::Exit;
use super::failure::Failure;

/// Put one migration in place of all
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, clap::Subcommand)]
enum Verb {
    Squash(squash::Args),
}

/// Runs the command.
///
/// # Errors
/// As the documentation of the command says.
pub fn run(context: &mut Context, args: &Args) -> Result<Exit, Failure> {
    match &args.verb {
        Verb::Squash(args) => squash::run(context, args),
    }
}
