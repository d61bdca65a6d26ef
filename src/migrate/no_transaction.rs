//! Files that run without a transaction: statement by statement, each with its progress.
//!
//! A statement that can run in a transaction gets one together with its progress row. One that cannot writes
//! `started` before and `done` after; when only `started` is found, an index is decided from the catalogue,
//! and for anything else nobody can tell. A block of the file's own, `BEGIN … COMMIT`, is run as it stands,
//! with its progress rows written before its `COMMIT`.

use std::time::Instant;

use super::apply::{Run, Trouble};
use super::error::Fate;
use super::event::Event;
use super::history::DieselHistory;
use super::prepare::Prepared;
use crate::backend::{Full, IndexState, SqlError, SqlErrorKind};
use crate::domain::checksum::Checksum;
use crate::domain::fault;
use crate::domain::sql::{self, Statement};
use crate::ledger::{File, Progress, ProgressState};

/// Runs `step` from where an earlier run left it. Returns how many statements ran now.
pub(super) fn run<S: Full>(run: &mut Run<'_, S>, step: &Prepared<'_>, begun: Instant) -> Result<usize, Trouble> {
    let mut file = NoTransaction {
        file: File { history: DieselHistory::WORD, version: step.version(), direction: step.step.direction.word() },
        run,
        step,
        block: None,
        kept: 0,
    };
    let result = file.all(begun);
    if result.is_err() && file.block.is_some() {
        // The file's own transaction is still open.
        let _ = file.run.session.execute("ROLLBACK");
    }
    let restored = file.run.session.restore_settings();
    let ran = result?;
    restored.map_err(|error| Trouble {
        statement: step.pieces.len().saturating_sub(1),
        error,
        fate: Fate::Kept { statements: step.pieces.len() },
    })?;
    Ok(ran)
}

struct NoTransaction<'a, 'r, 's, S: Full> {
    run: &'a mut Run<'r, S>,
    step: &'a Prepared<'s>,
    file: File<'a>,
    /// The first statement of the file's own transaction, while it is open.
    block: Option<usize>,
    /// How many statements have stayed for certain.
    kept: usize,
}

impl<S: Full> NoTransaction<'_, '_, '_, S> {
    fn all(&mut self, begun: Instant) -> Result<usize, Trouble> {
        let earlier = self.run.ledger.progress(self.run.session, self.file).map_err(|error| self.trouble(0, error))?;
        let mut ran = 0;
        for number in 0..self.step.pieces.len() {
            let before = earlier.iter().find(|progress| progress.statement == number);
            if self.is_done(number, before)? {
                self.kept = number + 1;
                self.tell(number, Instant::now(), true);
                continue;
            }
            let now = Instant::now();
            self.one(number)?;
            ran += 1;
            if self.block.is_none() {
                self.kept = number + 1;
            }
            self.run.tell_notices();
            self.tell(number, now, false);
        }
        if let Some(open) = self.block {
            return Err(self.trouble(
                open,
                SqlError::new(SqlErrorKind::Other, "this transaction is not committed before the end of the file"),
            ));
        }
        self.record(ran, begun).map_err(|error| self.trouble(self.step.pieces.len().saturating_sub(1), error))?;
        Ok(ran)
    }

    /// Whether an earlier run has done statement `number`.
    fn is_done(&mut self, number: usize, before: Option<&Progress>) -> Result<bool, Trouble> {
        let Some(before) = before else { return Ok(false) };
        if before.checksum != self.checksum(number) && before.state == ProgressState::Done {
            let error = SqlError::new(SqlErrorKind::Other, "this statement has run already, and was edited since");
            return Err(Trouble { statement: number, error, fate: Fate::Unknown });
        }
        if before.state == ProgressState::Done {
            return Ok(true);
        }
        let unknown = |error| Trouble { statement: number, error, fate: Fate::Unknown };
        let Some(index) = sql::concurrent_index(self.step.sql(number)) else {
            return Err(unknown(SqlError::new(
                SqlErrorKind::Other,
                "an earlier run was interrupted in this statement; nobody can tell whether it finished",
            )));
        };
        let state = self.run.session.index_state(&index).map_err(|error| self.trouble(number, error))?;
        let done = match (state, index.drop) {
            (IndexState::Valid, false) | (IndexState::Absent, true) => true,
            (IndexState::Absent, false) | (IndexState::Valid | IndexState::Invalid(_), true) => false,
            (IndexState::Invalid(name), false) => {
                let error = SqlError::new(SqlErrorKind::Other, format!("an interrupted build left the index {name} INVALID"));
                return Err(unknown(
                    error.with_hint(format!("drop it, then run the same command again: DROP INDEX CONCURRENTLY {name};")),
                ));
            }
            (IndexState::Unknown, _) => {
                let error = SqlError::new(
                    SqlErrorKind::Other,
                    "an earlier run was interrupted in this statement; the index has no name by which to find it",
                );
                return Err(unknown(error));
            }
        };
        let result = if done {
            self.run.ledger.note_progress(self.run.session, self.file, &self.progress(number, ProgressState::Done))
        } else {
            self.run.ledger.forget_statement(self.run.session, self.file, number)
        };
        result.map_err(|error| self.trouble(number, error))?;
        Ok(done)
    }

    fn one(&mut self, number: usize) -> Result<(), Trouble> {
        let sql = self.step.sql(number);
        let session = &mut *self.run.session;
        let result = match &self.step.statements[number] {
            Statement::TransactionControl { words } if self.block.is_none() && opens(words) => {
                self.block = Some(number);
                session.execute(sql)
            }
            Statement::TransactionControl { words } => {
                let Some(first) = self.block.take() else {
                    return session.execute(sql).map_err(|error| self.trouble(number, error));
                };
                let last = if commits(words) { number } else { first };
                for through in first..=last {
                    let progress = self.progress(through, ProgressState::Done);
                    if commits(words) {
                        self.run
                            .ledger
                            .note_progress(self.run.session, self.file, &progress)
                            .map_err(|error| self.trouble(number, error))?;
                    }
                }
                self.run.session.execute(sql)
            }
            _ if self.block.is_some() => session.execute(sql),
            Statement::OutsideTransaction { .. } | Statement::Pragma { .. } | Statement::Attach => return self.outside(number),
            _ => self.inside(number),
        };
        result.map_err(|error| self.trouble(number, error))
    }

    /// In a transaction of its own, together with its progress row.
    fn inside(&mut self, number: usize) -> Result<(), SqlError> {
        self.run.session.begin()?;
        let progress = self.progress(number, ProgressState::Done);
        let result = self.run.session.execute(self.step.sql(number)).and_then(|()| {
            fault::point("migrate.statement");
            self.run.ledger.note_progress(self.run.session, self.file, &progress)?;
            self.run.session.commit()
        });
        if result.is_err() {
            let _ = self.run.session.rollback();
        }
        result
    }

    /// Outside of any transaction, between `started` and `done`.
    fn outside(&mut self, number: usize) -> Result<(), Trouble> {
        let started = self.progress(number, ProgressState::Started);
        self.run.ledger.note_progress(self.run.session, self.file, &started).map_err(|error| self.trouble(number, error))?;
        fault::point("progress.started");
        if let Err(error) = self.run.session.execute(self.step.sql(number)) {
            // The database said no, so nothing was done, but for an index whose build broke off.
            let lost = error.kind == SqlErrorKind::Connection;
            let index = sql::concurrent_index(self.step.sql(number));
            let left = index.and_then(|index| self.run.session.index_state(&index).ok());
            if let Some(IndexState::Invalid(name)) = left {
                let hint = format!(
                    "the build left the index {name} INVALID; drop it before the next run: DROP INDEX CONCURRENTLY {name};"
                );
                return Err(self.trouble(number, error.with_hint(hint)));
            }
            if !lost {
                let _ = self.run.ledger.forget_statement(self.run.session, self.file, number);
            }
            return Err(self.trouble(number, error));
        }
        fault::point("progress.executed");
        let done = self.progress(number, ProgressState::Done);
        self.run.ledger.note_progress(self.run.session, self.file, &done).map_err(|error| self.trouble(number, error))?;
        fault::point("progress.done");
        Ok(())
    }

    /// The records, and the end of the progress, in one transaction.
    fn record(&mut self, ran: usize, begun: Instant) -> Result<(), SqlError> {
        self.run.session.begin()?;
        let result = self.run.record(self.step, ran, begun).and_then(|()| {
            self.run.ledger.forget_progress(self.run.session, self.file)?;
            fault::point("migrate.before_commit");
            self.run.session.commit()
        });
        if result.is_err() {
            let _ = self.run.session.rollback();
        }
        result
    }

    fn progress(&self, number: usize, state: ProgressState) -> Progress {
        Progress { statement: number, checksum: self.checksum(number), state }
    }

    fn checksum(&self, number: usize) -> String {
        Checksum::of(self.step.sql(number), self.step.step.script.engine).tokens
    }

    fn trouble(&self, statement: usize, error: SqlError) -> Trouble {
        Trouble { statement, error, fate: Fate::Kept { statements: self.kept } }
    }

    fn tell(&mut self, number: usize, since: Instant, skipped: bool) {
        let event = Event::Statement { number: number + 1, of: self.step.pieces.len(), took: since.elapsed(), skipped };
        self.run.observer.on(&event);
    }
}

fn opens(words: &str) -> bool {
    words.starts_with("BEGIN") || words.starts_with("START")
}

fn commits(words: &str) -> bool {
    words.starts_with("COMMIT") || words.starts_with("END")
}
