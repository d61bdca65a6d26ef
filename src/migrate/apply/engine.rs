//! Taking the lock, making the plan, and what came of it.

use super::options::Options;
use super::run::Run;
use crate::backend::{Full, Handling};
use crate::domain::fault;
use crate::domain::version::Version;
use crate::ledger::{Actor, Ledger, Look};
use crate::migrate::durable::Durability;
use crate::migrate::error::MigrateError;
use crate::migrate::event::{Finished, Observer};
use crate::migrate::history::History;
use crate::migrate::lock;
use crate::migrate::picture::Picture;
use crate::migrate::plan::{Backward, Direction, Forward, PlanError, Step, plan_again, plan_back, plan_forward};
use crate::migrate::prepare::{Prepared, prepare};
use crate::migrate::rehearse::{Locks, can_be_taken_back};
use crate::project::Migration;

/// What a run did.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct Outcome {
    /// What is committed, in the order in which it ran.
    pub finished: Vec<Finished>,
    /// What is pending afterwards.
    pub pending: Vec<Version>,
    /// Version and name of what a rehearsal had to leave out.
    pub left_out: Vec<String>,
}

/// Runs migrations on one session.
pub struct Engine<'a, S: Full> {
    /// The session.
    pub session: &'a mut S,
    /// The files, in order.
    pub files: &'a [Migration],
    /// Who acts.
    pub actor: &'a Actor,
    /// How.
    pub options: &'a Options,
    /// Who is told.
    pub observer: &'a mut dyn Observer,
    /// Whether somebody asked to stop. Looked at between migrations.
    pub stop: &'a dyn Fn() -> bool,
}

/// Makes the plan, once the lock is held.
pub(in crate::migrate) type MakePlan<'f> = dyn for<'p> Fn(&Picture<'p>, &Options) -> Result<Vec<Step<'p>>, PlanError> + 'f;

impl<S: Full> Engine<'_, S> {
    /// Migrates forward.
    ///
    /// # Errors
    /// When the plan cannot be made, a file cannot be run, the lock is held, or a statement fails.
    pub fn forward(&mut self, target: &Forward) -> Result<Outcome, MigrateError> {
        self.under_lock(|engine| engine.run(&|picture, options| plan_forward(picture, target, options.allow_out_of_order)))
    }

    /// Migrates forward in the transaction that is open, under the lock that is held: it is committed with all the rest,
    /// or not at all.
    ///
    /// # Errors
    /// As [`Engine::forward`].
    pub fn forward_within(&mut self) -> Result<Outcome, MigrateError> {
        self.run(&|picture, options| plan_forward(picture, &Forward::Latest, options.allow_out_of_order))
    }

    /// Migrates back.
    ///
    /// # Errors
    /// As [`Engine::forward`].
    pub fn back(&mut self, target: &Backward) -> Result<Outcome, MigrateError> {
        self.under_lock(|engine| engine.run(&|picture, _| plan_back(picture, target)))
    }

    /// Migrates back, and forward again over the same migrations, under one lock.
    ///
    /// # Errors
    /// As [`Engine::forward`].
    pub fn again(&mut self, target: &Backward) -> Result<Outcome, MigrateError> {
        self.under_lock(|engine| {
            let mut outcome = engine.run(&|picture, _| plan_back(picture, target))?;
            let reverted: Vec<Version> = outcome.finished.iter().map(|done| done.version.clone()).collect();
            let again = engine.run(&|picture, _| Ok(plan_again(picture, &reverted)));
            let again = again.map_err(|error| error.after(&outcome.finished))?;
            outcome.finished.extend(again.finished);
            outcome.pending = again.pending;
            Ok(outcome)
        })
    }

    /// Takes the lock, and only then looks at what is to be done.
    pub(in crate::migrate) fn under_lock<T>(
        &mut self,
        work: impl FnOnce(&mut Self) -> Result<T, MigrateError>,
    ) -> Result<T, MigrateError> {
        let _span = tracing::info_span!("migrate", what = self.options.what).entered();
        lock::take(self.session, &self.options.what, self.options.lock_timeout, self.observer, self.stop)?;
        fault::point("migrate.locked");
        let outcome = work(self);
        // The lock ends with the session at the latest; an error that is on its way says more than this one.
        let unlocked = self.session.unlock();
        let outcome = outcome?;
        unlocked?;
        Ok(outcome)
    }

    pub(in crate::migrate) fn run(&mut self, plan: &MakePlan<'_>) -> Result<Outcome, MigrateError> {
        let files = self.files;
        let picture = Picture::gather(self.session, files)?;
        let steps = plan(&picture, self.options)?;
        let mut prepared = steps.iter().map(|step| prepare(*step)).collect::<Result<Vec<_>, _>>()?;
        let mut left_out = Vec::new();
        if self.options.rehearse {
            let on_copy = !self.session.in_transaction();
            left_out = prepared
                .iter()
                .filter(|step| !can_be_taken_back(step, on_copy))
                .map(|step| step.step.migration.to_string())
                .collect();
            prepared.retain(|step| can_be_taken_back(step, on_copy));
        }
        if !self.session.runs_outside_transactions()
            && let Some(step) = prepared.iter().find(|step| !step.in_transaction())
        {
            return Err(MigrateError::NeedsSession { version: step.version().clone() });
        }
        // One alone is all or nothing anyway.
        let single = self.options.single_transaction && prepared.len() > 1;
        if single && self.options.manner.runs() {
            check_single(&prepared)?;
        }
        let mut outcome = Outcome {
            finished: Vec::new(),
            left_out,
            pending: picture.pending().iter().map(|file| file.version.clone()).collect(),
        };
        if prepared.is_empty() {
            // Who made the database may find that another process has been faster with everything else.
            if let Look::Present(ledger) = Ledger::look(self.session)? {
                self.stamp(ledger)?;
            }
            return Ok(outcome);
        }
        let ledger = Ledger::prepare(self.session)?;
        self.stamp(ledger)?;
        let history = History::ensure(self.session, files)?;
        fault::point("history.created");
        let mut run = Run {
            session: &mut *self.session,
            ledger,
            history_key: history.key(),
            history,
            actor: self.actor,
            options: self.options,
            observer: &mut *self.observer,
            no_history: picture.applied.is_empty(),
            half_way: picture.unfinished.iter().map(|(version, _)| version.clone()).collect(),
            single,
            committed: Vec::new(),
            lost: Vec::new(),
            open: None,
            blockers: Vec::new(),
            again: false,
            locks: Locks::default(),
            durability: Durability::default(),
        };
        run.begin_durability(prepared.len())?;
        if run.options.rehearse {
            run.begin_rehearsal()?;
        }
        let result = run.all(&prepared, self.stop);
        run.settle();
        outcome.finished = std::mem::take(&mut run.committed);
        result?;
        for done in &outcome.finished {
            match done.direction {
                Direction::Up => outcome.pending.retain(|version| *version != done.version),
                Direction::Down => outcome.pending.push(done.version.clone()),
            }
        }
        outcome.pending.sort();
        Ok(outcome)
    }

    fn stamp(&mut self, ledger: Ledger) -> Result<(), MigrateError> {
        if let Some(name) = &self.options.stamp
            && ledger.marker(self.session)?.is_none()
        {
            ledger.stamp(self.session, name, false)?;
        }
        Ok(())
    }
}

/// Checks that all steps can share one transaction.
///
/// A rebuild needs foreign keys off, which cannot be switched within a transaction: with them on, the rows that
/// point to the dropped table would be deleted with it.
///
/// # Errors
/// When one of them cannot: [`MigrateError::NotSingle`].
pub fn check_single(steps: &[Prepared<'_>]) -> Result<(), MigrateError> {
    for step in steps {
        let why = match step.handling {
            _ if !step.in_transaction() => "runs without a transaction",
            Handling::ForeignKeysOff => "needs foreign keys off around its transaction",
            Handling::Alone => "changes settings around its transaction",
            Handling::Shared => continue,
        };
        return Err(MigrateError::NotSingle { version: step.version().clone(), why });
    }
    Ok(())
}
