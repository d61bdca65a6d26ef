//! `manage runs cancel`

use serde_json::json;

use super::unfinished;
use crate::backend::Access;
use crate::cli::consent;
use crate::cli::context::Context;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::noting::{self, Said};
use crate::guards::Deed;
use crate::patch::{Checkpoint, give_up};
use crate::project::config::Patches;

/// Arguments of `runs cancel`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The run
    #[arg(value_name = "RUN")]
    run: i64,

    /// Why, for the note
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
}

/// Runs the command.
///
/// # Errors
/// When the run is finished, or somebody works on it.
pub fn run(context: &mut Context, args: &Args) -> Result<Exit, Failure> {
    let chosen = context.choose()?;
    let mut reached = context.reach(&chosen, Access::Write, "runs cancel")?;
    context.screen.heading(&reached.title());
    let ledger = noting::prepare(context, &mut reached)?;
    let run = unfinished(ledger, &mut reached.session, args.run)?;
    let (written, planned) = Checkpoint::of(&run).map_or((0, 0), |at| (at.written, at.planned));
    let effect = format!("Run {} is given up at {written} of {planned} rows: those stay, and it cannot go on any more.", run.id);
    consent::obtain(context, &reached, Deed::RunsCancel, &effect)?;
    let of = run.begun.account_name.as_ref().map(|name| format!(" for {name}")).unwrap_or_default();
    let lock = chosen.project.config.patches.lock_timeout.unwrap_or(Patches::LOCK_TIMEOUT);
    let mut written_note = None;
    let (identity, marker) = (&reached.identity, reached.marker.as_deref());
    let given_up = give_up(&mut reached.session, ledger, &run, lock, &mut |session, given_up| {
        let said = Said {
            kind: "runs cancel".to_owned(),
            title: format!(
                "{} {}{of}: given up at {} of {} rows",
                run.begun.kind, run.begun.name, given_up.written, given_up.planned
            ),
            reason: args.reason.clone(),
            account: run.begun.account_name.clone(),
            facts: json!({ "run": run.id, "rows": given_up.written, "planned": given_up.planned }),
            body: (given_up.written > 0).then(|| format!("- to take back what it has written: manage undo {}", run.id)),
            ..Said::default()
        };
        written_note = Some(noting::insert(context, ledger, session, identity, marker, &said)?);
        Ok(())
    })?;
    context.screen.facts.insert("run".to_owned(), json!(run.id));
    context.screen.facts.insert("status".to_owned(), json!("cancelled"));
    context.screen.facts.insert("rows".to_owned(), json!(given_up.written));
    context.screen.line(&match given_up.written {
        0 => format!("  run {} is given up; nothing of it was written", run.id),
        written => {
            format!("  run {} is given up at {written} of {} rows · undo: manage undo {}", run.id, given_up.planned, run.id)
        }
    });
    if let Some(note) = &written_note {
        noting::tell(context, &chosen, note);
    }
    Ok(Exit::Ok)
}
