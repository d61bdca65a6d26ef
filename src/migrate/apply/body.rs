//! The statements of a step, and its records, in the transaction that is open.

use std::time::{Duration, Instant};

use super::run::Run;
use super::trouble::Trouble;
use crate::backend::{Full, Span, SqlError};
use crate::domain::fault;
use crate::ledger::{Action, Entry};
use crate::migrate::plan::Direction;
use crate::migrate::prepare::Prepared;

impl<S: Full> Run<'_, S> {
    /// The statements of a step and its records, in the transaction that is open.
    pub(super) fn body(&mut self, step: &Prepared<'_>, begun: Instant) -> Result<usize, Trouble> {
        let mut ran = 0;
        self.bootstrap().map_err(|error| Trouble::rolled_back(0, error))?;
        if self.options.manner.runs() {
            let limits = self.limits(step);
            self.session.limit(limits, Span::Transaction).map_err(|error| Trouble::rolled_back(0, error))?;
            if self.options.rehearse {
                self.pass_over_locks().map_err(|error| Trouble::rolled_back(0, error))?;
            }
            for number in 0..step.pieces.len() {
                if self.is_left_out(step, number).map_err(|error| Trouble::rolled_back(number, error))? {
                    continue;
                }
                let sent = Instant::now();
                let ran_well = self.session.refuse_misread(step.sql(number)).and_then(|()| self.send(step, number));
                ran_well.map_err(|error| Trouble::rolled_back(number, error))?;
                fault::point("migrate.statement");
                self.tell_notices();
                if self.options.rehearse {
                    let told = self.tell_rehearsed(number, step.pieces.len(), sent.elapsed());
                    told.map_err(|error| Trouble::rolled_back(number, error))?;
                }
                ran += 1;
            }
        }
        fault::point("migrate.before_record");
        self.record(step, ran, begun).map_err(|error| Trouble::in_record(step, error))?;
        Ok(ran)
    }

    /// Makes the table of the history where that was left to the first migration.
    pub(in crate::migrate) fn bootstrap(&mut self) -> Result<(), SqlError> {
        self.history.bootstrap(self.session)?;
        self.history_key = self.history.key();
        Ok(())
    }

    /// History row and log row, after the session's settings are what they were.
    pub(in crate::migrate) fn record(&mut self, step: &Prepared<'_>, statements: usize, begun: Instant) -> Result<(), SqlError> {
        if self.options.manner.runs() {
            self.session.drop_temporary()?;
            if self.session.any_statement_may_change_settings() {
                self.session.restore_settings()?;
            }
        }
        self.relax_commit()?;
        let (version, action) = match step.step.direction {
            Direction::Up => (step.version(), self.options.manner.action()),
            Direction::Down => (step.version(), Action::Reverted),
        };
        match step.step.direction {
            Direction::Up => self.history.record(self.session, step.step.migration)?,
            Direction::Down => self.history.erase(self.session, version)?,
        }
        if !step.in_transaction() || self.half_way.contains(version) {
            self.ledger.forget_progress(self.session, &self.history_key, version)?;
        }
        let message = (action == Action::Adopted).then_some("the database was what the migrations make");
        let entry = entry(&self.history_key, step, action, statements, begun.elapsed(), message);
        self.ledger.log(self.session, &entry, self.actor)
    }
}

/// The log's row for a step.
pub(in crate::migrate) fn entry<'a>(
    history: &'a str,
    step: &'a Prepared<'_>,
    action: Action,
    statements: usize,
    took: Duration,
    message: Option<&'a str>,
) -> Entry<'a> {
    let migration = step.step.migration;
    let keep = matches!(action, Action::Applied | Action::Faked | Action::Adopted);
    Entry {
        history,
        version: &migration.version,
        name: &migration.name,
        action,
        micros: u64::try_from(took.as_micros()).unwrap_or(u64::MAX),
        statements,
        checksum: &step.checksum,
        up_text: keep.then_some(migration.up.text.as_str()),
        down_text: migration.down.as_ref().filter(|_| keep).map(|down| down.text.as_str()),
        message,
    }
}
