//! The transaction that several migrations may share, where commits are dear.

use std::time::{Duration, Instant};

use super::run::{Run, versions};
use super::trouble::Trouble;
use crate::backend::{Full, SqlError, SqlErrorKind};
use crate::domain::fault;
use crate::migrate::error::MigrateError;
use crate::migrate::event::Finished;
use crate::migrate::orphans;
use crate::migrate::plan::Direction;
use crate::migrate::prepare::Prepared;

/// How long finished migrations may share a transaction before it is committed.
const GROUP_LIMIT: Duration = Duration::from_secs(1);

/// A transaction that is open and what is finished within it.
pub(super) struct Group {
    pub(super) since: Instant,
    pub(super) finished: Vec<Finished>,
}

impl<S: Full> Run<'_, S> {
    /// Runs a step in the transaction that is open, behind a savepoint, or opens one.
    pub(super) fn shared(&mut self, step: &Prepared<'_>, begun: Instant) -> Result<(), Trouble> {
        let whole = |error| Trouble::rolled_back(step.pieces.len().saturating_sub(1), error);
        if self.options.rehearse && !self.session.commits_are_dear() && !self.session.in_transaction() {
            let error = SqlError::new(SqlErrorKind::Other, "the transaction of the rehearsal has ended");
            return Err(Trouble::rolled_back(0, error));
        }
        if self.open.is_none() {
            self.session.begin().map_err(whole)?;
            self.open = Some(Group { since: Instant::now(), finished: Vec::new() });
            fault::point("migrate.begun");
        }
        let grouped = self.single || self.session.commits_are_dear();
        if grouped {
            self.session.begin().map_err(whole)?;
        }
        let statements = self.body(step, begun)?;
        if grouped {
            if self.session.deferred_violations() {
                let rows = self.session.foreign_key_violations().unwrap_or_default();
                let mut error = SqlError::new(SqlErrorKind::Constraint, "rows violate a deferred foreign key");
                error.detail = (!rows.is_empty()).then(|| orphans::listed(&rows));
                return Err(whole(error));
            }
            self.session.commit().map_err(whole)?;
        }
        let finished = self.finished(step, statements, begun);
        let mut since = begun;
        if let Some(group) = &mut self.open {
            group.finished.push(finished);
            since = group.since;
        }
        let full = !grouped || (!self.single && since.elapsed() >= GROUP_LIMIT);
        if full { self.close().map_err(|error| Trouble::at_commit(step, error)) } else { Ok(()) }
    }

    /// Commits the transaction that is open. Only now its migrations are finished.
    pub(super) fn close(&mut self) -> Result<(), SqlError> {
        let Some(group) = self.open.take() else { return Ok(()) };
        let direction = group.finished.first().map(|finished| finished.direction);
        fault::point(if direction == Some(Direction::Down) { "rollback.before_commit" } else { "migrate.before_commit" });
        let checked = if self.options.rehearse { self.session.check_deferred() } else { Ok(()) };
        if let Err(error) = checked.and_then(|()| self.session.commit()) {
            self.lost = group.finished.into_iter().map(|finished| finished.version).collect();
            return Err(error);
        }
        self.committed_now();
        fault::point(if direction == Some(Direction::Down) { "rollback.after_commit" } else { "migrate.after_commit" });
        for finished in group.finished {
            self.finish(finished);
        }
        Ok(())
    }

    /// Commits what is open after the steps `before`.
    pub(super) fn close_after(&mut self, before: &[Prepared<'_>], left: &[Prepared<'_>]) -> Result<(), MigrateError> {
        self.close().map_err(|error| match before.last() {
            Some(last) => self.failed(last, Trouble::at_commit(last, error), Instant::now(), versions(left)),
            None => error.into(),
        })
    }
}
