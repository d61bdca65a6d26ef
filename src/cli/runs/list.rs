//! `manage runs list`

use serde_json::json;

use super::{moment, rows};
use crate::backend::Access;
use crate::cli::context::Context;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::ledger::{Ledger, Look, Run};
use crate::patch::{Checkpoint, PatchError};

/// Arguments of `runs list`.
#[derive(Debug, Default, clap::Args)]
pub struct Args {
    /// Only runs about this account
    #[arg(long, value_name = "ACCOUNT")]
    account: Option<String>,

    /// How many
    #[arg(long, value_name = "N")]
    limit: Option<usize>,
}

/// Runs the command.
///
/// # Errors
/// When the database or its ledger cannot be read.
pub fn run(context: &mut Context, args: &Args) -> Result<Exit, Failure> {
    let chosen = context.choose()?;
    let mut reached = context.reach(&chosen, Access::Read, "runs")?;
    context.screen.heading(&reached.title());
    let runs = match Ledger::look(&mut reached.session)? {
        Look::Present(ledger) => ledger.runs(&mut reached.session).map_err(PatchError::from)?,
        Look::Absent => Vec::new(),
        Look::Unreadable(error) => return Err(error.into()),
    };
    let wanted = |run: &&Run| {
        args.account
            .as_ref()
            .is_none_or(|name| run.begun.account_name.as_ref() == Some(name) || run.begun.account_key.as_ref() == Some(name))
    };
    let runs: Vec<&Run> = runs.iter().filter(wanted).take(args.limit.unwrap_or(50)).collect();
    context.screen.facts.insert("runs".to_owned(), runs.iter().map(|run| fact(run)).collect());
    let name = |run: &Run| format!("{} {}", run.begun.kind, run.begun.name);
    let width = runs.iter().map(|run| name(run).chars().count()).max().unwrap_or(4).max(4);
    if runs.is_empty() {
        context.screen.line("there are no runs yet");
        return Ok(Exit::Ok);
    }
    context
        .screen
        .row(&format!("  {:>4}  {:<16}  {:<width$}  {:<12}  {:<18}  {:>9}", "run", "begun", "what", "account", "state", "rows"));
    for run in runs {
        let account = run.begun.account_name.as_deref().unwrap_or("-");
        let state = match run.undone_by {
            Some(by) => format!("undone by {by}"),
            None => run.state.clone(),
        };
        context.screen.row(&format!(
            "  {:>4}  {:<16}  {:<width$}  {account:<12}  {state:<18}  {:>9}",
            run.id,
            moment(&run.started_at),
            name(run),
            rows(run)
        ));
    }
    Ok(Exit::Ok)
}

/// A run as a fact.
pub fn fact(run: &Run) -> serde_json::Value {
    let text = |text: &Option<String>| text.as_deref().and_then(|text| serde_json::from_str::<serde_json::Value>(text).ok());
    json!({
        "run": run.id,
        "kind": run.begun.kind,
        "name": run.begun.name,
        "state": run.state,
        "account": run.begun.account_name,
        "account_key": run.begun.account_key,
        "site_key": run.begun.site_key,
        "digest": run.begun.digest,
        "script_hash": run.begun.script_hash,
        "parameters": text(&run.begun.parameters),
        "counts": text(&run.counts),
        "planned": Checkpoint::of(run).map(|at| at.planned),
        "done": Checkpoint::of(run).map(|at| at.done),
        "heartbeat_at": run.heartbeat_at,
        "reason": run.begun.reason,
        "who": run.begun.person.as_ref().unwrap_or(&run.begun.actor.user),
        "host": run.begun.actor.host,
        "started_at": run.started_at,
        "finished_at": run.finished_at,
        "undo_of": run.begun.undo_of,
        "undone_by": run.undone_by,
    })
}
