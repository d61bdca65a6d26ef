//! A step with a transaction of its own, because something must be set around it.

use std::time::Instant;

use super::run::Run;
use super::trouble::Trouble;
use crate::backend::{Full, Handling, Span, SqlError, Violation};
use crate::domain::fault;
use crate::migrate::orphans;
use crate::migrate::prepare::Prepared;

impl<S: Full> Run<'_, S> {
    /// Runs a step in a transaction of its own, with the connection's settings put right around it.
    pub(super) fn alone(&mut self, step: &Prepared<'_>, begun: Instant) -> Result<(), Trouble> {
        let result = self.alone_inner(step, begun);
        if result.is_err() {
            // Settings cannot be put right while the transaction is open.
            self.roll_back_all();
        }
        let restored = self.session.restore_settings();
        let statements = result?;
        restored.map_err(|error| Trouble::rolled_back(step.pieces.len().saturating_sub(1), error))?;
        fault::point("migrate.after_commit");
        self.finish(self.finished(step, statements, begun));
        Ok(())
    }

    fn alone_inner(&mut self, step: &Prepared<'_>, begun: Instant) -> Result<usize, Trouble> {
        let whole = |error| Trouble::rolled_back(step.pieces.len().saturating_sub(1), error);
        let before = if step.handling == Handling::ForeignKeysOff {
            self.session.suspend_foreign_keys().map_err(whole)?;
            Some(self.session.foreign_key_violations().map_err(whole)?)
        } else {
            None
        };
        self.session.limit(self.limits(step), Span::BeforeTransaction).map_err(whole)?;
        self.session.begin().map_err(whole)?;
        fault::point("migrate.begun");
        let statements = self.body(step, begun)?;
        if let Some(before) = before {
            self.refuse_new_orphans(&before).map_err(whole)?;
        }
        fault::point("migrate.before_commit");
        self.session.commit().map_err(|error| Trouble::at_commit(step, error))?;
        self.committed_now();
        Ok(statements)
    }

    /// An error where rows point nowhere that did not do so `before`.
    pub(in crate::migrate) fn refuse_new_orphans(&mut self, before: &[Violation]) -> Result<(), SqlError> {
        orphans::refuse_new(before, self.session.foreign_key_violations()?)
    }
}
