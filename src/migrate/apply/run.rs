//! A run that is under way: step after step, each in the transaction that it needs.

use std::collections::HashSet;
use std::time::Instant;

use super::group::Group;
use super::options::Options;
use super::trouble::Trouble;
use crate::backend::{Blocker, Full, Handling, Limits};
use crate::domain::fault;
use crate::domain::version::Version;
use crate::ledger::{Actor, Ledger};
use crate::migrate::durable::Durability;
use crate::migrate::error::MigrateError;
use crate::migrate::event::{Event, Finished, Observer};
use crate::migrate::history::History;
use crate::migrate::no_transaction;
use crate::migrate::prepare::Prepared;
use crate::migrate::rehearse::Locks;

/// A run that is under way.
pub(in crate::migrate) struct Run<'a, S: Full> {
    pub(in crate::migrate) session: &'a mut S,
    pub(in crate::migrate) ledger: Ledger,
    pub(in crate::migrate) history: History,
    /// What this history is called in the ledger.
    pub(in crate::migrate) history_key: String,
    pub(in crate::migrate) actor: &'a Actor,
    pub(in crate::migrate) options: &'a Options,
    pub(in crate::migrate) observer: &'a mut dyn Observer,
    /// Nothing was applied before this run.
    pub(super) no_history: bool,
    /// Versions with progress that a record makes out of date.
    pub(super) half_way: HashSet<Version>,
    /// All in one transaction.
    pub(super) single: bool,
    pub(super) committed: Vec<Finished>,
    /// What was finished in a transaction that could not be committed.
    pub(super) lost: Vec<Version>,
    pub(super) open: Option<Group>,
    /// Who blocked the last statement that failed.
    pub(in crate::migrate) blockers: Vec<Blocker>,
    /// Whether the step that runs was tried before.
    pub(in crate::migrate) again: bool,
    /// What a rehearsal holds.
    pub(in crate::migrate) locks: Locks,
    pub(in crate::migrate) durability: Durability,
}

impl<S: Full> Run<'_, S> {
    pub(super) fn all(&mut self, steps: &[Prepared<'_>], stop: &dyn Fn() -> bool) -> Result<(), MigrateError> {
        for (at, step) in steps.iter().enumerate() {
            if stop() {
                self.close_after(&steps[..at], &steps[at..])?;
                return Err(MigrateError::Stopped { done: self.committed.clone(), left: versions(&steps[at..]) });
            }
            if !self.shares(step) {
                self.close_after(&steps[..at], &steps[at..])?;
            }
            if !self.session.holds_lock()? {
                self.close_after(&steps[..at], &steps[at..])?;
                return Err(MigrateError::LockLost { done: self.committed.clone(), left: versions(&steps[at..]) });
            }
            self.choose_durability(step, at + 1 == steps.len());
            let migration = step.step.migration;
            let direction = step.step.direction.word();
            let _span =
                tracing::info_span!("migration", version = %migration.version, name = migration.name, direction).entered();
            self.observer.on(&Event::Started {
                version: &migration.version,
                name: &migration.name,
                statements: step.pieces.len(),
            });
            let mut begun = Instant::now();
            let mut attempt = 1;
            while let Err(trouble) = self.one(step, begun) {
                if !self.worth_another_try(step, &trouble, attempt) {
                    return Err(self.failed(step, trouble, begun, versions(&steps[at + 1..])));
                }
                self.give_way(step, &trouble.error, attempt, stop);
                if stop() {
                    return Err(MigrateError::Stopped { done: self.committed.clone(), left: versions(&steps[at..]) });
                }
                (begun, attempt) = (Instant::now(), attempt + 1);
            }
            self.again = false;
        }
        self.close_after(steps, &[])?;
        // A file that was replaced during the run took the work with it.
        if !self.session.holds_lock()? {
            return Err(MigrateError::LockLost { done: self.committed.clone(), left: Vec::new() });
        }
        Ok(())
    }

    fn one(&mut self, step: &Prepared<'_>, begun: Instant) -> Result<(), Trouble> {
        if self.shares(step) {
            return self.shared(step, begun);
        }
        if step.in_transaction() {
            return self.alone(step, begun);
        }
        let statements = no_transaction::run(self, step, begun)?;
        self.committed_now();
        fault::point("migrate.after_commit");
        self.finish(self.finished(step, statements, begun));
        Ok(())
    }

    pub(super) fn shares(&self, step: &Prepared<'_>) -> bool {
        // On SQLite the patience is the connection's, and a statement that is interrupted takes its transaction with it.
        let apart = self.session.limits_are_the_connections() && self.limits(step) != Limits::default();
        !self.options.manner.runs() || (step.in_transaction() && step.handling == Handling::Shared && (!apart || self.single))
    }

    pub(super) fn finish(&mut self, finished: Finished) {
        self.observer.on(&Event::Finished(&finished));
        self.committed.push(finished);
    }

    pub(super) fn finished(&self, step: &Prepared<'_>, statements: usize, begun: Instant) -> Finished {
        Finished {
            version: step.version().clone(),
            name: step.step.migration.name.clone(),
            direction: step.step.direction,
            statements,
            took: begun.elapsed(),
            faked: !self.options.manner.runs(),
        }
    }

    /// Whether all steps share one transaction.
    pub(in crate::migrate) fn is_single(&self) -> bool {
        self.single
    }

    pub(in crate::migrate) fn tell_notices(&mut self) {
        for notice in self.session.take_notices() {
            self.observer.on(&Event::Notice(&notice));
        }
    }
}

pub(super) fn versions(steps: &[Prepared<'_>]) -> Vec<Version> {
    steps.iter().map(|step| step.version().clone()).collect()
}
