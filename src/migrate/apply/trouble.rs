//! What went wrong with a step, and what is left of the run then.

use std::time::{Duration, Instant};

use super::body::entry;
use super::run::Run;
use crate::backend::{Full, Span, SqlError, SqlErrorKind};
use crate::domain::version::Version;
use crate::ledger::Action;
use crate::migrate::error::{Failed, FailedAt, Fate, MigrateError};
use crate::migrate::prepare::Prepared;

/// Why a step failed: the statement (from 0) and the database's error.
pub(in crate::migrate) struct Trouble {
    /// All statements were through: our own records failed.
    pub(in crate::migrate) in_record: bool,
    pub(in crate::migrate) statement: usize,
    pub(in crate::migrate) error: SqlError,
    pub(in crate::migrate) fate: Fate,
}

impl Trouble {
    pub(in crate::migrate) fn rolled_back(statement: usize, error: SqlError) -> Self {
        Self { statement, error, fate: Fate::RolledBack, in_record: false }
    }

    /// The records could not be written, which is not the file's fault.
    pub(in crate::migrate) fn in_record(step: &Prepared<'_>, error: SqlError) -> Self {
        Self { in_record: true, ..Self::rolled_back(step.pieces.len(), error) }
    }

    /// The commit failed. Where the connection was lost in it, nobody knows whether it came through.
    pub(in crate::migrate) fn at_commit(step: &Prepared<'_>, error: SqlError) -> Self {
        let fate = if error.kind == SqlErrorKind::Connection { Fate::Unsure } else { Fate::RolledBack };
        Self { fate, ..Self::rolled_back(step.pieces.len().saturating_sub(1), error) }
    }
}

impl<S: Full> Run<'_, S> {
    /// Rolls the failed step back, commits what was finished before it, and logs the failure.
    pub(super) fn failed(&mut self, step: &Prepared<'_>, trouble: Trouble, begun: Instant, left: Vec<Version>) -> MigrateError {
        self.tell_notices();
        let shared = self.open.is_some() && !self.single && self.session.commits_are_dear();
        // The savepoint of this step; the finished ones before it stay and are committed.
        let kept = shared && self.session.in_transaction() && self.session.rollback().is_ok() && self.close().is_ok();
        if !kept {
            if let Some(group) = self.open.take() {
                self.lost = group.finished.into_iter().map(|finished| finished.version).collect();
            }
            self.roll_back_all();
        }
        let trouble = self.with_blockers(trouble);
        let mut lost = std::mem::take(&mut self.lost);
        lost.retain(|version| version != step.version());
        let text = trouble.error.message.clone();
        self.log_failure(step, trouble.statement, begun.elapsed(), &text);
        let piece = step.pieces.get(trouble.statement);
        let at = piece.map_or(0, |piece| (piece.start + trouble.error.position.unwrap_or(0)).min(piece.end));
        let begins = self.no_history && self.committed.is_empty() && lost.is_empty();
        let at = if trouble.in_record {
            FailedAt::Record { table: self.history.name().to_owned() }
        } else {
            FailedAt::Statement { number: trouble.statement + 1, of: step.pieces.len().max(1), place: step.step.script.place(at) }
        };
        MigrateError::Statement(Box::new(Failed {
            version: step.version().clone(),
            title: step.step.migration.to_string(),
            at,
            there_before: begins && !trouble.in_record && trouble.error.is_there_already(),
            error: trouble.error,
            done: self.committed.clone(),
            left,
            fate: trouble.fate,
            lost,
            redo: false,
        }))
    }

    /// Rolls back what the step that failed has left open. What was finished before it is committed: it shares a
    /// transaction with nobody.
    pub(in crate::migrate) fn abandon(&mut self) {
        self.open = None;
        self.roll_back_all();
    }

    /// Ends every transaction and savepoint. A trigger's `RAISE(ROLLBACK)` or a full disk may have done it already.
    pub(in crate::migrate) fn roll_back_all(&mut self) {
        // A step, a savepoint of ours, and one to spare: a database that says otherwise would keep us for ever.
        for _ in 0..8 {
            if !self.session.in_transaction() || self.session.rollback().is_err() {
                break;
            }
        }
        let _ = self.session.rollback();
    }

    /// A failure that cannot be logged (the connection is lost) is still told; so this one's errors are not.
    fn log_failure(&mut self, step: &Prepared<'_>, statement: usize, took: Duration, message: &str) {
        if self.options.rehearse {
            return;
        }
        // Whoever was in the way may still be there: the log waits no longer than the step has.
        let _ = self.session.limit(self.limits(step), Span::BeforeTransaction);
        let entry = entry(&self.history_key, step, Action::Failed, statement, took, Some(message));
        let written = self.session.begin().and_then(|()| {
            self.ledger.log(self.session, &entry, self.actor)?;
            self.session.commit()
        });
        if written.is_ok() {
            // A commit like any other, which takes those before it along.
            self.committed_for_good();
        }
        if written.is_err() {
            let _ = self.session.rollback();
        }
    }
}
