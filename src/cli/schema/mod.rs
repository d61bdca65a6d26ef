//! `manage schema`: the schema as a whole.

pub mod check;
pub mod dump;
pub mod print;
pub mod probe;
pub mod replay;
pub mod rewrite;

use super::context::Context;
use super::exit::Exit;
use super::failure::Failure;

/// Print the schema as Diesel's schema.rs or as SQL, look for drift, or try its constraints
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, clap::Subcommand)]
enum Verb {
    Print(print::Args),
    Check(check::Args),
    Dump(dump::Args),
    Probe(probe::Args),
}

/// Runs the command.
///
/// # Errors
/// As the documentation of the command says.
pub fn run(context: &mut Context, args: &Args) -> Result<Exit, Failure> {
    match &args.verb {
        Verb::Print(args) => print::run(context, args),
        Verb::Check(args) => check::run(context, args),
        Verb::Dump(args) => dump::run(context, args),
        Verb::Probe(args) => probe::run(context, args),
    }
}
