//! The statements of a plan as text, with the bookkeeping, for a plain client.

use std::fmt::Write as _;
use std::time::Duration;

use super::apply::entry;
use super::conditions;
use super::history::History;
use super::plan::Direction;
use super::prepare::{PrepareError, Prepared};
use crate::backend;
use crate::ledger::{Action, Actor, Ledger};

/// The stream that runs `steps` and records them. `ledger` is `None` where the database has none yet: then
/// only the history is written.
///
/// # Errors
/// When a statement depends on what only `manage` can decide.
pub fn sql_stream(
    steps: &[Prepared<'_>],
    history: &History,
    ledger: Option<Ledger>,
    actor: &Actor,
) -> Result<String, PrepareError> {
    let mut out = String::new();
    let key = history.key();
    let mut create = None;
    if !history.exists() && !steps.is_empty() {
        let migrations: Vec<_> = steps.iter().map(|step| step.step.migration).collect();
        create = Some(history.create_sql(&migrations));
    }
    if !history.is_made_within()
        && let Some(create) = create.take()
    {
        let _ = writeln!(out, "{create};\n");
    }
    for (at, step) in steps.iter().enumerate() {
        let around = backend::around(step.step.script.engine, step.handling);
        if at == 0 {
            out.insert_str(0, around.first);
        }
        let title: String = step.step.migration.to_string().chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
        let _ = writeln!(out, "-- {title} ({})", step.step.direction.word());
        out.push_str(around.before);
        if step.in_transaction() {
            out.push_str("BEGIN;\n");
        }
        if let Some(create) = create.take() {
            let _ = writeln!(out, "{create};");
        }
        for number in 0..step.pieces.len() {
            let _ = writeln!(out, "{};", conditions::for_a_plain_client(step, number)?);
        }
        if !step.in_transaction() {
            out.push_str("BEGIN;\n");
        }
        out.push_str(around.inside);
        let (record, action) = match step.step.direction {
            Direction::Up => (history.record_sql(step.step.migration), Action::Applied),
            Direction::Down => (history.erase_sql(step.version()), Action::Reverted),
        };
        let _ = writeln!(out, "{record};");
        if let Some(ledger) = ledger {
            let entry = entry(&key, step, action, step.pieces.len(), Duration::ZERO, None);
            let _ = writeln!(out, "{};", ledger.log_sql(&entry, actor));
        }
        out.push_str("COMMIT;\n");
        out.push_str(around.after);
        out.push('\n');
    }
    Ok(out)
}
