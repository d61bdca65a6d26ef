//! Files that run without a transaction: statement by statement, each with its progress.
//!
//! A statement that can run in a transaction gets one together with its progress row. One that cannot writes
//! `started` before and `done` after; when only `started` is found, an index is decided from the catalogue,
//! and for anything else nobody can tell. A block of the file's own, `BEGIN … COMMIT`, is run as it stands,
//! with its progress rows written before its `COMMIT`. Settings (`SET`, `PRAGMA`, `ATTACH`) belong to the
//! session, so they are set again by every run.

use std::time::Instant;

use super::apply::{Run, Trouble};
use super::error::Fate;
use super::event::Event;
use super::prepare::Prepared;
use crate::backend::{Full, Handling, IndexState, Span, SqlError, SqlErrorKind};
use crate::domain::checksum::Checksum;
use crate::domain::fault;
use crate::domain::sql::{self, ConcurrentIndex, Statement};
use crate::ledger::{File, Progress, ProgressState};

/// The server's word for a procedure or block that commits where it must not.
const INVALID_TRANSACTION_TERMINATION: &str = "2D000";

/// Runs `step` from where an earlier run left it. Returns how many statements ran now.
pub(super) fn run<S: Full>(run: &mut Run<'_, S>, step: &Prepared<'_>, begun: Instant) -> Result<usize, Trouble> {
    run.bootstrap().map_err(|error| Trouble { statement: 0, error, fate: Fate::Kept { statements: 0 }, in_record: false })?;
    let history = run.history_key.clone();
    let mut file = NoTransaction {
        file: File { history: &history, version: step.version(), direction: step.step.direction.word() },
        run,
        step,
        block: None,
        kept: 0,
    };
    let result = file.all(begun);
    if result.is_err() {
        // The file's own transaction may be open, and settings cannot be put right within it.
        file.run.roll_back_all();
    }
    let restored = file.run.session.restore_settings();
    let ran = result?;
    restored.map_err(|error| Trouble {
        fate: Fate::Kept { statements: step.pieces.len() },
        ..Trouble::rolled_back(step.pieces.len().saturating_sub(1), error)
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
        let last = self.step.pieces.len().saturating_sub(1);
        let limits = self.run.limits(self.step);
        self.run.session.limit(limits, Span::Session).map_err(|error| self.trouble(0, error))?;
        let earlier = self.run.ledger.progress(self.run.session, self.file).map_err(|error| self.trouble(0, error))?;
        self.refuse_edits(&earlier)?;
        let orphans = if self.step.handling == Handling::ForeignKeysOff {
            self.run.session.suspend_foreign_keys().map_err(|error| self.trouble(0, error))?;
            // What an earlier run has left behind counts as new.
            let before = if earlier.is_empty() { self.run.session.foreign_key_violations() } else { Ok(Vec::new()) };
            Some(before.map_err(|error| self.trouble(0, error))?)
        } else {
            None
        };
        let mut ran = 0;
        let mut chained = false;
        for number in 0..self.step.pieces.len() {
            let before = earlier.iter().find(|progress| progress.statement == number);
            if self.is_done(number, before)? {
                self.kept = number + 1;
                chained = matches!(self.step.statements[number], Statement::TransactionControl { .. })
                    && chains(self.step.sql(number), self.step);
                self.tell(number, Instant::now(), true);
                continue;
            }
            if std::mem::take(&mut chained) {
                // The transaction that the last statement of the earlier run opened.
                self.run.session.execute("BEGIN").map_err(|error| self.trouble(number, error))?;
                self.block = Some(number);
            }
            let now = Instant::now();
            if !self.run.is_left_out(self.step, number).map_err(|error| self.trouble(number, error))? {
                self.one(number)?;
                ran += 1;
            }
            if self.block.is_none() {
                self.kept = number + 1;
            }
            self.run.tell_notices();
            self.tell(number, now, false);
        }
        if self.block.is_some() || self.run.session.in_transaction() {
            return Err(self.trouble(
                self.block.unwrap_or(last).min(last),
                SqlError::new(SqlErrorKind::Other, "this transaction is not committed before the end of the file"),
            ));
        }
        if let Some(before) = orphans {
            self.run.refuse_new_orphans(&before).map_err(|error| self.trouble(last, error))?;
        }
        self.record(ran, begun)?;
        Ok(ran)
    }

    /// What has run must stand in the file as it ran.
    fn refuse_edits(&self, earlier: &[Progress]) -> Result<(), Trouble> {
        for before in earlier.iter().filter(|before| before.state == ProgressState::Done) {
            let gone = before.statement >= self.step.pieces.len();
            if gone || before.checksum != self.checksum(before.statement) {
                let what = if gone { "a statement that has run already was edited out of the file" } else { EDITED };
                let error = SqlError::new(SqlErrorKind::Other, what)
                    .with_hint("put the statements that have run back as they were; those after them may change");
                let statement = before.statement.min(self.step.pieces.len().saturating_sub(1));
                return Err(Trouble { fate: Fate::Unknown, ..Trouble::rolled_back(statement, error) });
            }
        }
        Ok(())
    }

    /// Whether an earlier run has done statement `number`.
    fn is_done(&mut self, number: usize, before: Option<&Progress>) -> Result<bool, Trouble> {
        let Some(before) = before else { return Ok(false) };
        if self.is_setting(number) {
            return Ok(false);
        }
        if before.state == ProgressState::Done {
            return Ok(true);
        }
        let unknown = |error| Trouble { fate: Fate::Unknown, ..Trouble::rolled_back(number, error) };
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
            self.note(&self.progress(number, ProgressState::Done))
        } else {
            self.in_records(|file| file.run.ledger.forget_statement(file.run.session, file.file, number))
        };
        result.map_err(|error| self.trouble(number, error))?;
        Ok(done)
    }

    fn one(&mut self, number: usize) -> Result<(), Trouble> {
        let sql = self.step.sql(number);
        self.run.session.refuse_misread(sql).map_err(|error| self.trouble(number, error))?;
        let result = match &self.step.statements[number] {
            Statement::TransactionControl { words } => self.control(number, words),
            _ if self.block.is_some() || self.is_setting(number) => self.run.send(self.step, number),
            Statement::OutsideTransaction { .. } => return self.outside(number),
            _ => match self.inside(number) {
                // Words do not tell everything: a procedure that commits, a partitioned table.
                Err(error) if must_be_outside(&error) => return self.outside(number),
                done => done,
            },
        };
        result.map_err(|error| self.trouble(number, error))
    }

    /// A statement that begins or ends the file's own transaction.
    fn control(&mut self, number: usize, words: &str) -> Result<(), SqlError> {
        let sql = self.step.sql(number);
        if opens(words) {
            self.block.get_or_insert(number);
            return self.run.session.execute(sql);
        }
        let ended = self.block.take().filter(|_| commits(words));
        if let Some(first) = ended {
            self.run.session.settings_for_records()?;
            for through in first..=number {
                let progress = self.progress(through, ProgressState::Done);
                self.run.ledger.note_progress(self.run.session, self.file, &progress)?;
            }
        }
        self.run.session.execute(sql)?;
        if ended.is_some() {
            self.kept = number + 1;
        }
        if chains(sql, self.step) {
            self.block = Some(number + 1);
        }
        Ok(())
    }

    /// In a transaction of its own, together with its progress row.
    fn inside(&mut self, number: usize) -> Result<(), SqlError> {
        self.run.session.begin()?;
        let progress = self.progress(number, ProgressState::Done);
        let result = self.run.send(self.step, number).and_then(|()| {
            fault::point("migrate.statement");
            self.run.session.settings_for_records()?;
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
        self.note(&started).map_err(|error| self.trouble(number, error))?;
        fault::point("progress.started");
        let index = sql::concurrent_index(self.step.sql(number));
        if let Err(error) = self.run.send(self.step, number) {
            return Err(self.broken_off(number, error, index));
        }
        fault::point("progress.executed");
        // `IF NOT EXISTS` is content with an index that exists and does not work.
        if let Some(index) = index.filter(|index| index.lenient && !index.drop)
            && let IndexState::Invalid(name) =
                self.run.session.index_state(&index).map_err(|error| self.trouble(number, error))?
        {
            let error = SqlError::new(SqlErrorKind::Other, format!("the index {name} exists already, but it is INVALID"))
                .with_hint(format!("drop it, then run the same command again: DROP INDEX CONCURRENTLY {name};"));
            return Err(self.trouble(number, error));
        }
        let done = self.progress(number, ProgressState::Done);
        self.note(&done).map_err(|error| self.trouble(number, error))?;
        fault::point("progress.done");
        Ok(())
    }

    /// The database said no, so nothing was done, but for an index whose build broke off.
    fn broken_off(&mut self, number: usize, error: SqlError, index: Option<ConcurrentIndex>) -> Trouble {
        if error.kind == SqlErrorKind::Connection {
            return Trouble { fate: Fate::Unknown, ..self.trouble(number, error) };
        }
        let left = index.filter(|index| !index.drop).and_then(|index| self.run.session.index_state(&index).ok());
        if let Some(IndexState::Invalid(name)) = left {
            let mut error = error;
            // Another try would only meet what this one has left.
            if error.kind == SqlErrorKind::Busy {
                error.kind = SqlErrorKind::Other;
            }
            let command = format!("DROP INDEX CONCURRENTLY {name};");
            let detail = format!("the build left the index {name} INVALID; drop it before the next run: {command}");
            error.detail = Some(error.detail.map_or_else(|| detail.clone(), |said| format!("{said}; {detail}")));
            return self.trouble(number, error);
        }
        let _ = self.in_records(|file| file.run.ledger.forget_statement(file.run.session, file.file, number));
        self.trouble(number, error)
    }

    /// The records, and the end of the progress, in one transaction.
    fn record(&mut self, ran: usize, begun: Instant) -> Result<(), Trouble> {
        let last = self.step.pieces.len().saturating_sub(1);
        let written = self.run.session.restore_settings().and_then(|()| {
            self.run.session.begin()?;
            self.run.record(self.step, ran, begun)
        });
        written.map_err(|error| Trouble { fate: self.kept(), ..Trouble::in_record(self.step, error) })?;
        fault::point("migrate.before_commit");
        self.run.session.commit().map_err(|error| match error.kind {
            SqlErrorKind::Connection => Trouble::at_commit(self.step, error),
            _ => self.trouble(last, error),
        })
    }

    fn note(&mut self, progress: &Progress) -> Result<(), SqlError> {
        self.in_records(|file| file.run.ledger.note_progress(file.run.session, file.file, progress))
    }

    /// Writes records in a transaction of their own, whatever role the file has taken.
    fn in_records(&mut self, write: impl FnOnce(&mut Self) -> Result<(), SqlError>) -> Result<(), SqlError> {
        self.run.session.begin()?;
        let result = self.run.session.settings_for_records().and_then(|()| write(self)).and_then(|()| self.run.session.commit());
        if result.is_err() {
            let _ = self.run.session.rollback();
        }
        result
    }

    /// Whether statement `number` sets something for the session, which the next run has to set again.
    fn is_setting(&self, number: usize) -> bool {
        if matches!(self.step.statements[number], Statement::Pragma { .. } | Statement::Attach) {
            return true;
        }
        let words: Vec<String> = self.words(number).take(4).collect();
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        match words[..] {
            ["SET", "LOCAL" | "TRANSACTION" | "CONSTRAINTS", ..] => false,
            ["SET" | "RESET", ..] | ["SELECT", "SET_CONFIG", ..] | ["SELECT", "PG_CATALOG", ".", "SET_CONFIG"] => true,
            _ => false,
        }
    }

    fn words(&self, number: usize) -> impl Iterator<Item = String> {
        sql::significant_tokens(self.step.sql(number), self.step.step.script.engine).map(str::to_ascii_uppercase)
    }

    fn progress(&self, number: usize, state: ProgressState) -> Progress {
        Progress { statement: number, checksum: self.checksum(number), state }
    }

    fn checksum(&self, number: usize) -> String {
        Checksum::of(self.step.sql(number), self.step.step.script.engine).tokens
    }

    fn trouble(&self, statement: usize, error: SqlError) -> Trouble {
        Trouble { fate: self.kept(), ..Trouble::rolled_back(statement, error) }
    }

    fn kept(&self) -> Fate {
        Fate::Kept { statements: self.kept }
    }

    fn tell(&mut self, number: usize, since: Instant, skipped: bool) {
        // What an earlier try has done was told by it.
        if skipped && self.run.again {
            return;
        }
        let event = Event::Statement { number: number + 1, of: self.step.pieces.len(), took: since.elapsed(), skipped };
        self.run.observer.on(&event);
    }
}

const EDITED: &str = "this statement has run already, and was edited since";

fn opens(words: &str) -> bool {
    words.starts_with("BEGIN") || words.starts_with("START")
}

/// `PREPARE TRANSACTION` too: what it prepares takes the progress with it.
fn commits(words: &str) -> bool {
    ["COMMIT", "END", "PREPARE TRANSACTION"].contains(&words)
}

/// `COMMIT AND CHAIN`: the next transaction is open already.
fn chains(sql: &str, step: &Prepared<'_>) -> bool {
    let words: Vec<String> = sql::significant_tokens(sql, step.step.script.engine).map(str::to_ascii_uppercase).collect();
    words.windows(2).any(|pair| pair == ["AND", "CHAIN"])
}

fn must_be_outside(error: &SqlError) -> bool {
    error.kind == SqlErrorKind::InsideTransaction || error.sqlstate.as_deref() == Some(INVALID_TRANSACTION_TERMINATION)
}
