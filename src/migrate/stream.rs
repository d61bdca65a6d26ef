//! The statements of a plan as text, with the bookkeeping, for a plain client.

use std::fmt::Write as _;
use std::time::Duration;

use super::apply::entry;
use super::history::History;
use super::plan::Direction;
use super::prepare::Prepared;
use crate::backend;
use crate::ledger::{Action, Actor, Ledger};

/// The stream that runs `steps` and records them. `ledger` is `None` where the database has none yet: then
/// only the history is written.
pub fn sql_stream(steps: &[Prepared<'_>], history: &History, ledger: Option<Ledger>, actor: &Actor) -> String {
    let mut out = String::new();
    let key = history.key();
    if !history.exists() && !steps.is_empty() {
        let migrations: Vec<_> = steps.iter().map(|step| step.step.migration).collect();
        let _ = writeln!(out, "{};\n", history.create_sql(&migrations));
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
        for number in 0..step.pieces.len() {
            let _ = writeln!(out, "{};", step.sql(number));
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
    out
}
