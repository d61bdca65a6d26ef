//! Running everything, and taking it back.
//!
//! Where the schema can be changed in a transaction that keeps others from seeing it (PostgreSQL), everything runs
//! in one that is rolled back; elsewhere (SQLite) on a copy of the database, which is removed.

use std::collections::{BTreeMap, HashSet};
use std::time::Duration;

use super::apply::{Engine, MakePlan, Run};
use super::error::MigrateError;
use super::event::Event;
use super::plan::{Backward, Forward, plan_back, plan_forward};
use super::prepare::Prepared;
use crate::backend::{Full, HeldLock, SqlError};
use crate::domain::sql::Statement;

/// What was rehearsed, beyond what the observer was told.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rehearsal {
    /// Version and name of what could not be rehearsed.
    pub left_out: Vec<String>,
    /// Sequences from which numbers were drawn; they are not given back.
    pub sequences: Vec<String>,
}

/// The strongest lock that a statement took on what was there before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TakenLock {
    /// The database's word, `AccessExclusiveLock`.
    pub mode: &'static str,
    /// On what.
    pub relations: Vec<String>,
}

/// The locks that are held already.
#[derive(Debug, Default)]
pub(super) struct Locks {
    before: HashSet<i64>,
    held: BTreeMap<i64, usize>,
}

impl Locks {
    /// The strongest among those that are new in `now`. What was made since the beginning does not count: nobody
    /// else can want it.
    fn taken(&mut self, now: &[HeldLock]) -> Option<TakenLock> {
        let mut new = Vec::new();
        for lock in now.iter().filter(|lock| self.before.contains(&lock.id)) {
            let strength = lock.strength();
            if self.held.get(&lock.id).is_none_or(|held| *held < strength) {
                self.held.insert(lock.id, strength);
                new.push((strength, lock));
            }
        }
        let strongest = new.iter().map(|(strength, _)| *strength).max()?;
        let relations =
            new.iter().filter(|(strength, _)| *strength == strongest).map(|(_, lock)| lock.relation.clone()).collect();
        Some(TakenLock { mode: HeldLock::MODES[strongest], relations })
    }
}

impl<S: Full> Engine<'_, S> {
    /// Rehearses the way forward.
    ///
    /// # Errors
    /// As [`Engine::forward`].
    pub fn rehearse_forward(&mut self, target: &Forward) -> Result<Rehearsal, MigrateError> {
        self.rehearse(&|picture, options| plan_forward(picture, target, options.allow_out_of_order))
    }

    /// Rehearses the way back.
    ///
    /// # Errors
    /// As [`Engine::forward`].
    pub fn rehearse_back(&mut self, target: &Backward) -> Result<Rehearsal, MigrateError> {
        self.rehearse(&|picture, _| plan_back(picture, target))
    }

    fn rehearse(&mut self, plan: &MakePlan<'_>) -> Result<Rehearsal, MigrateError> {
        self.under_lock(|engine| {
            if let Some(mut copy) = engine.session.scratch_copy()? {
                copy.try_lock(&engine.options.what)?;
                let mut on_copy = Engine {
                    session: &mut copy,
                    files: engine.files,
                    actor: engine.actor,
                    options: engine.options,
                    observer: &mut *engine.observer,
                    stop: engine.stop,
                };
                let outcome = on_copy.run(plan)?;
                return Ok(Rehearsal { left_out: outcome.left_out, sequences: Vec::new() });
            }
            let before = engine.session.sequences()?;
            engine.session.begin()?;
            let outcome = engine.run(plan);
            engine.take_back()?;
            let outcome = outcome?;
            let mut sequences = engine.session.sequences()?;
            sequences.retain(|sequence| before.iter().any(|known| known.0 == sequence.0) && !before.contains(sequence));
            Ok(Rehearsal { left_out: outcome.left_out, sequences: sequences.into_iter().map(|(name, _)| name).collect() })
        })
    }

    /// Ends every transaction; what was set in it goes with it.
    fn take_back(&mut self) -> Result<(), SqlError> {
        for _ in 0..8 {
            if !self.session.in_transaction() {
                break;
            }
            self.session.rollback()?;
        }
        // What a statement may have opened; where there is nothing, that is no error of ours.
        let _ = self.session.rollback();
        self.session.restore_settings()
    }
}

/// Whether `step` can be taken back: in a transaction, or on a copy that no other database hangs on.
pub(super) fn can_be_taken_back(step: &Prepared<'_>, on_copy: bool) -> bool {
    let elsewhere = step.statements.iter().any(|statement| matches!(statement, Statement::Attach));
    if on_copy { !elsewhere } else { step.in_transaction() }
}

impl<S: Full> Run<'_, S> {
    /// Remembers what is there, so that locks on it can be told from those on what the steps make.
    pub(super) fn begin_rehearsal(&mut self) -> Result<(), SqlError> {
        self.locks = Locks { before: self.session.relation_ids()?, ..Locks::default() };
        Ok(())
    }

    /// What is held before a migration begins was taken for our own records.
    pub(super) fn pass_over_locks(&mut self) -> Result<(), SqlError> {
        let now = self.session.held_locks()?;
        self.locks.taken(&now);
        Ok(())
    }

    /// Tells what a statement took.
    pub(super) fn tell_rehearsed(&mut self, number: usize, of: usize, took: Duration) -> Result<(), SqlError> {
        let now = self.session.held_locks()?;
        let lock = self.locks.taken(&now);
        self.observer.on(&Event::Rehearsed { number: number + 1, of, took, lock });
        Ok(())
    }
}
