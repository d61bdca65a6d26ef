//! `manage runs`

mod list;
mod prune;
mod show;

use super::context::Context;
use super::exit::Exit;
use super::failure::Failure;
use crate::domain::explain::Class;
use crate::ledger::{Ledger, Run};
use crate::patch::PatchError;

/// What was run: fixes, syncs, transfers, undos and what they changed
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  manage runs                       the latest runs
  manage runs show 118 --rows       one run with the rows that it changed
  manage runs prune --older-than 90d")]
pub struct Args {
    #[command(subcommand)]
    command: Option<Command>,
}

/// The commands.
#[derive(Debug, clap::Subcommand)]
enum Command {
    /// List the runs, the newest first
    List(list::Args),
    /// Show one run: what, who, when, why, and how to take it back
    Show(show::Args),
    /// Drop the rows that old runs have kept: those cannot be taken back any more
    Prune(prune::Args),
}

/// Runs the command.
///
/// # Errors
/// As the documentation of the command says.
pub fn run(context: &mut Context, args: &Args) -> Result<Exit, Failure> {
    match &args.command {
        None => list::run(context, &list::Args::default()),
        Some(Command::List(args)) => list::run(context, args),
        Some(Command::Show(args)) => show::run(context, args),
        Some(Command::Prune(args)) => prune::run(context, args),
    }
}

/// The run of a number that somebody typed.
fn found(ledger: Option<Ledger>, session: &mut crate::backend::Session, id: i64) -> Result<(Ledger, Run), Failure> {
    let none = || Failure::new(Class::Usage, format!("there is no run {id} in this database"), "manage runs list shows them");
    let ledger = ledger.ok_or_else(none)?;
    let run = ledger.run(session, id).map_err(PatchError::from)?.ok_or_else(none)?;
    Ok((ledger, run))
}

/// How many rows a run wrote, by its own count.
pub(super) fn rows(run: &Run) -> i64 {
    let counts = run.counts.as_deref().and_then(|text| serde_json::from_str::<serde_json::Value>(text).ok());
    counts.and_then(|counts| counts["rows"].as_i64()).unwrap_or_default()
}

/// A moment without fractions: `2026-11-21 14:05`.
fn moment(text: &str) -> String {
    text.get(..16).unwrap_or(text).replace('T', " ")
}
