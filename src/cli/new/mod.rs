//! `manage new`: something to begin with.

pub mod migration;
pub mod script;
pub mod transfer;

use super::context::Context;
use super::exit::Exit;
use super::failure::Failure;

/// Make a new file to begin with
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  manage new migration \"add user preferences table\"
  manage new verify \"status fixes\"
  manage new transfer version-2 --source old.db
  manage help new migration     explain one kind")]
pub struct Args {
    #[command(subcommand)]
    kind: Kind,
}

#[derive(Debug, clap::Subcommand)]
enum Kind {
    Migration(migration::Args),
    Verify(script::Verify),
    Fix(script::Fix),
    Sync(script::Sync),
    Report(script::Report),
    Transfer(transfer::Args),
}

/// Runs the command.
///
/// # Errors
/// As the documentation of the command says.
pub fn run(context: &mut Context, args: &Args) -> Result<Exit, Failure> {
    match &args.kind {
        Kind::Migration(args) => migration::run(context, args),
        Kind::Verify(args) => script::verify(context, args),
        Kind::Fix(args) => script::fix(context, args),
        Kind::Sync(args) => script::sync(context, args),
        Kind::Report(args) => script::report(context, args),
        Kind::Transfer(args) => transfer::run(context, args),
    }
}
