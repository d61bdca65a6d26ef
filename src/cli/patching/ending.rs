//! How a run ended, or where it stopped, as people and programs are told.

use serde_json::json;

use super::show;
use crate::cli::context::{Chosen, Context};
use crate::cli::failure::Failure;
use crate::cli::noting;
use crate::domain::explain::Class;
use crate::ledger::Note;
use crate::patch::{Done, PatchError};

/// Tells of a run that is done.
///
/// # Errors
/// When its checks do not agree with what it has written.
pub fn applied(
    context: &mut Context,
    chosen: &Chosen,
    done: &Done,
    account: Option<&str>,
    verify: &[String],
    undo: bool,
    note: Option<&Note>,
) -> Result<(), Failure> {
    context.screen.clear_live();
    let status = if done.unverified.is_empty() { "applied" } else { "applied-unverified" };
    let conflicts = context.screen.facts.get("conflicts").cloned();
    context.screen.facts.extend(show::facts(done, status, verify));
    if let Some(conflicts) = conflicts {
        context.screen.facts.insert("conflicts".to_owned(), conflicts);
    }
    show::result(context, done, account, verify, undo);
    if let Some(note) = note {
        noting::tell(context, chosen, note);
    }
    if done.unverified.is_empty() {
        return Ok(());
    }
    let run = done.run.unwrap_or_default();
    let mut error = PatchError::new(
        Class::Check,
        format!("the checks do not agree with what run {run} has written; it is kept as applied-unverified"),
        format!("take it back: manage undo {run}"),
    );
    error.details = done.unverified.clone();
    Err(error.into())
}

/// The facts of a run that stands where it was and can be resumed. Returns whether it is such a one.
pub fn stopped(context: &mut Context, error: &PatchError) -> bool {
    context.screen.clear_live();
    let Some(unfinished) = error.unfinished else { return false };
    let facts = &mut context.screen.facts;
    facts.insert("run".to_owned(), json!(unfinished.run));
    facts.insert("status".to_owned(), json!("paused"));
    facts.insert("rows".to_owned(), json!(unfinished.written));
    facts.insert("planned".to_owned(), json!(unfinished.planned));
    true
}
