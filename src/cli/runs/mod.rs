//! `manage runs`

mod cancel;
mod list;
mod prune;
mod resume;
mod show;

use super::context::Context;
use super::exit::Exit;
use super::failure::Failure;
use crate::domain::explain::Class;
use crate::ledger::{Ledger, Run};
use crate::patch::{Checkpoint, PatchError};

/// What was run: fixes, syncs, transfers, undos and what they changed
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  manage runs                       the latest runs
  manage runs show 118 --rows       one run with the rows that it changed
  manage runs resume 118            go on with one that was stopped
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
    /// Go on with a run that was stopped or killed, where it stood
    Resume(resume::Args),
    /// Give up a run that is not finished: what it has written stays, and can be taken back
    Cancel(cancel::Args),
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
        Some(Command::Resume(args)) => resume::run(context, args),
        Some(Command::Cancel(args)) => cancel::run(context, args),
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

/// A run that is not finished and belongs to this database.
fn unfinished(ledger: Ledger, session: &mut crate::backend::Session, id: i64) -> Result<Run, Failure> {
    let (_, run) = found(Some(ledger), session, id)?;
    let begun = &run.begun;
    if !matches!(begun.kind.as_str(), "fix" | "sync" | "undo") {
        return Err(Failure::new(
            Class::Refused,
            format!("run {id} is a {}, which has commands of its own", begun.kind),
            format!("see manage help {}", begun.kind),
        ));
    }
    if !run.is_unfinished() {
        return Err(Failure::new(
            Class::Usage,
            format!("run {id} is {}: there is nothing left of it", run.state),
            format!("look at it: manage runs show {id}"),
        ));
    }
    if begun.fingerprint != ledger.fingerprint(session).map_err(PatchError::from)? {
        return Err(Failure::new(
            Class::Conflict,
            format!("run {id} was begun in another database"),
            "name that one: --database",
        ));
    }
    Ok(run)
}

/// How many rows a run wrote, by its own count.
pub fn rows(run: &Run) -> i64 {
    if let (true, Some(at)) = (run.is_unfinished(), Checkpoint::of(run)) {
        return i64::try_from(at.written).unwrap_or(i64::MAX);
    }
    let counts = run.counts.as_deref().and_then(|text| serde_json::from_str::<serde_json::Value>(text).ok());
    counts.and_then(|counts| counts["rows"].as_i64()).unwrap_or_default()
}

/// A moment without fractions: `2026-11-21 14:05`.
fn moment(text: &str) -> String {
    text.get(..16).unwrap_or(text).replace('T', " ")
}
