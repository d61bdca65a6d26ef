//! The statements of a plan as text, with the bookkeeping, for a plain client.

use std::fmt::Write as _;
use std::time::Duration;

use super::apply::{Manner, entry};
use super::conditions;
use super::history::History;
use super::plan::Direction;
use super::prepare::{PrepareError, Prepared};
use crate::backend;
use crate::ledger::{Action, Actor, Ledger};

/// What writes a plan down.
pub struct SqlStream<'a> {
    /// The history of the database.
    pub history: &'a History,
    /// Its ledger; `None` where it has none yet: then only the history is written.
    pub ledger: Option<Ledger>,
    /// Who acts.
    pub actor: &'a Actor,
    /// With the statements, or only the records.
    pub manner: Manner,
    /// All in one transaction. Whether they can be is checked by [`check_single`](super::check_single).
    pub single: bool,
}

impl SqlStream<'_> {
    /// The stream that runs `steps` and records them.
    ///
    /// # Errors
    /// When a statement depends on what only `manage` can decide.
    pub fn of(&self, steps: &[Prepared<'_>]) -> Result<String, PrepareError> {
        let mut out = String::new();
        let mut create = None;
        let single = self.single && steps.len() > 1;
        if !self.history.exists() && !steps.is_empty() {
            let migrations: Vec<_> = steps.iter().map(|step| step.step.migration).collect();
            create = Some(self.history.create_sql(&migrations));
        }
        if !self.history.is_made_within()
            && let Some(create) = create.take()
        {
            let _ = writeln!(out, "{create};\n");
        }
        for (at, step) in steps.iter().enumerate() {
            if at == 0 {
                out.insert_str(0, backend::around(step.step.script.engine, step.handling).first);
            }
            let title: String = step.step.migration.to_string().chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
            let _ = writeln!(out, "-- {title} ({})", step.step.direction.word());
            let (begins, ends) = (!single || at == 0, !single || at + 1 == steps.len());
            self.step(&mut out, step, begins, ends, create.take())?;
            out.push('\n');
        }
        Ok(out)
    }

    /// One step; `begins` and `ends` say whether its transaction does so with it, which makes the table of the history
    /// with `create`.
    fn step(
        &self,
        out: &mut String,
        step: &Prepared<'_>,
        begins: bool,
        ends: bool,
        create: Option<String>,
    ) -> Result<(), PrepareError> {
        let around = backend::around(step.step.script.engine, step.handling);
        let begin = if begins { "BEGIN;\n" } else { "" };
        let create = create.map(|create| format!("{create};\n")).unwrap_or_default();
        if self.manner.runs() {
            out.push_str(around.before);
            if step.in_transaction() {
                out.push_str(begin);
            }
            out.push_str(&create);
            for number in 0..step.pieces.len() {
                let _ = writeln!(out, "{};", conditions::for_a_plain_client(step, number)?);
            }
            if !step.in_transaction() {
                out.push_str(begin);
            }
            out.push_str(around.inside);
        } else {
            out.push_str(begin);
            out.push_str(&create);
        }
        self.records(out, step);
        if ends {
            out.push_str("COMMIT;\n");
        }
        if self.manner.runs() {
            out.push_str(around.after);
        }
        Ok(())
    }

    fn records(&self, out: &mut String, step: &Prepared<'_>) {
        let (record, action) = match step.step.direction {
            Direction::Up => (self.history.record_sql(step.step.migration), self.manner.action()),
            Direction::Down => (self.history.erase_sql(step.version()), Action::Reverted),
        };
        let _ = writeln!(out, "{record};");
        if let Some(ledger) = self.ledger {
            let ran = if self.manner.runs() { step.pieces.len() } else { 0 };
            let key = self.history.key();
            let entry = entry(&key, step, action, ran, Duration::ZERO, None);
            let _ = writeln!(out, "{};", ledger.log_sql(&entry, self.actor));
        }
    }
}
