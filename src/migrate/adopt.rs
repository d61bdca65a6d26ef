//! Taking over what another tool has begun.

use std::time::{Duration, Instant};

use super::apply::{Engine, Outcome};
use super::error::MigrateError;
use super::event::{Event, Finished};
use super::history::History;
use super::picture::{Picture, Problem, ProblemKind};
use super::plan::{Direction, PlanError};
use crate::backend::{Full, SqlError};
use crate::ledger::{Action, Entry, Ledger};
use crate::project::Migration;

/// What the log says of a migration that another tool has run.
const MESSAGE: &str = "another tool ran it";

impl<S: Full> Engine<'_, S> {
    /// Notes in the log the files of migrations that are applied and that the log does not know, so that edits of them
    /// are noticed from now on. Runs nothing and leaves the history as it is.
    ///
    /// # Errors
    /// When applied files are missing, or are known to be edited; when the lock is held, or the database refuses.
    pub fn adopt(&mut self) -> Result<Outcome, MigrateError> {
        self.under_lock(Self::note_what_is_applied)
    }

    fn note_what_is_applied(&mut self) -> Result<Outcome, MigrateError> {
        let files = self.files;
        let picture = Picture::gather(self.session, files)?;
        let blocks = |problem: &Problem| matches!(problem.kind, ProblemKind::Missing | ProblemKind::Edited);
        let blocking: Vec<Problem> = picture.problems().into_iter().filter(blocks).collect();
        if !blocking.is_empty() {
            return Err(PlanError::Blocked(blocking).into());
        }
        let history = History::look(self.session, files)?;
        let unknown = picture.unrecorded();
        if unknown.is_empty() {
            self.take_over(&history)?;
        }
        let pending = picture.pending().iter().map(|file| file.version.clone()).collect();
        let mut outcome = Outcome { pending, ..Outcome::default() };
        if unknown.is_empty() {
            return Ok(outcome);
        }
        let ledger = Ledger::prepare(self.session)?;
        let key = history.key();
        let begun = Instant::now();
        self.session.begin()?;
        let written = unknown.iter().try_for_each(|migration| self.note(ledger, &key, migration));
        let written = written.and_then(|()| history.take_over(self.session)).and_then(|_| self.session.commit());
        if let Err(error) = written {
            let _ = self.session.rollback();
            return Err(error.into());
        }
        for migration in unknown {
            let finished = Finished {
                version: migration.version.clone(),
                name: migration.name.clone(),
                direction: Direction::Up,
                statements: 0,
                took: begun.elapsed(),
                faked: true,
            };
            self.observer.on(&Event::Finished(&finished));
            outcome.finished.push(finished);
        }
        Ok(outcome)
    }

    /// What an older program has written, in a transaction of its own.
    fn take_over(&mut self, history: &History) -> Result<(), SqlError> {
        self.session.begin()?;
        let taken = history.take_over(self.session).and_then(|_| self.session.commit());
        if taken.is_err() {
            let _ = self.session.rollback();
        }
        taken
    }

    fn note(&mut self, ledger: Ledger, history: &str, migration: &Migration) -> Result<(), SqlError> {
        let entry = Entry {
            history,
            version: &migration.version,
            name: &migration.name,
            action: Action::Adopted,
            micros: u64::try_from(Duration::ZERO.as_micros()).unwrap_or_default(),
            statements: 0,
            checksum: &migration.up.checksum(),
            up_text: Some(&migration.up.text),
            down_text: migration.down.as_ref().map(|down| down.text.as_str()),
            message: Some(MESSAGE),
        };
        ledger.log(self.session, &entry, self.actor)
    }
}
