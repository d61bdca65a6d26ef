//! `manage notice`: the text that tells users.

pub mod render;

use super::context::Context;
use super::exit::Exit;
use super::failure::Failure;

/// The text that tells users about a fresh start
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, clap::Subcommand)]
enum Verb {
    Render(render::Args),
}

/// Runs the command.
///
/// # Errors
/// As the documentation of the command says.
pub fn run(context: &mut Context, args: &Args) -> Result<Exit, Failure> {
    match &args.verb {
        Verb::Render(args) => render::run(context, args),
    }
}
