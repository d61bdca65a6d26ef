//! `manage scripts`: the scripts of the project.

pub mod archive;
pub mod check;
pub mod list;
pub mod show;

use super::context::Context;
use super::exit::Exit;
use super::failure::Failure;

/// List, read, check and archive the scripts
///
/// Scripts are the SQL files in scripts/: verify_* finds what is wrong, fix_* and sync_* change rows, check_* and
/// diagnose_* report. Nothing runs by itself.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  manage scripts
  manage scripts show cluster-status
  manage scripts check                    look at each of them without running it")]
pub struct Args {
    #[command(subcommand)]
    verb: Option<Verb>,
}

#[derive(Debug, clap::Subcommand)]
enum Verb {
    List(list::Args),
    Show(show::Args),
    Check(check::Args),
    Archive(archive::Args),
}

/// Runs the command.
///
/// # Errors
/// As the documentation of the command says.
pub fn run(context: &mut Context, args: &Args) -> Result<Exit, Failure> {
    match &args.verb {
        None => list::run(context, &list::Args {}),
        Some(Verb::List(args)) => list::run(context, args),
        Some(Verb::Show(args)) => show::run(context, args),
        Some(Verb::Check(args)) => check::run(context, args),
        Some(Verb::Archive(args)) => archive::run(context, args),
    }
}
