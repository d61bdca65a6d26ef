//! Running a plan under the lock.

use std::collections::HashSet;
use std::time::{Duration, Instant};

use super::error::{Failed, Fate, MigrateError};
use super::event::{Event, Finished, Observer};
use super::history::History;
use super::lock;
use super::no_transaction;
use super::orphans;
use super::picture::Picture;
use super::plan::{Backward, Direction, Forward, PlanError, Step, plan_again, plan_back, plan_forward};
use super::prepare::{Prepared, prepare};
use crate::backend::{Full, Handling, SqlError, SqlErrorKind, Violation};
use crate::domain::fault;
use crate::domain::version::Version;
use crate::ledger::{Action, Actor, Entry, Ledger, Look};
use crate::project::Migration;

/// How to run.
#[derive(Debug, Clone)]
pub struct Options {
    /// What the lock says of us: `manage migrate on deploy-2`.
    pub what: String,
    /// How long to wait for the lock.
    pub lock_timeout: Duration,
    /// All migrations in one transaction.
    pub single_transaction: bool,
    /// Only record, run nothing.
    pub fake: bool,
    /// Late migrations may run.
    pub allow_out_of_order: bool,
    /// Stamp the database with this marker when the ledger is made: for a database that we created ourselves.
    pub stamp: Option<String>,
}

/// What a run did.
#[derive(Debug, Clone, Default)]
pub struct Outcome {
    /// What is committed, in the order in which it ran.
    pub finished: Vec<Finished>,
    /// What is pending afterwards.
    pub pending: Vec<Version>,
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
type MakePlan<'f> = dyn for<'p> Fn(&Picture<'p>, &Options) -> Result<Vec<Step<'p>>, PlanError> + 'f;

/// How long finished migrations may share a transaction before it is committed.
const GROUP_LIMIT: Duration = Duration::from_secs(1);

impl<S: Full> Engine<'_, S> {
    /// Migrates forward.
    ///
    /// # Errors
    /// When the plan cannot be made, a file cannot be run, the lock is held, or a statement fails.
    pub fn forward(&mut self, target: &Forward) -> Result<Outcome, MigrateError> {
        self.under_lock(|engine| engine.run(&|picture, options| plan_forward(picture, target, options.allow_out_of_order)))
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
    pub(super) fn under_lock(
        &mut self,
        work: impl FnOnce(&mut Self) -> Result<Outcome, MigrateError>,
    ) -> Result<Outcome, MigrateError> {
        lock::take(self.session, &self.options.what, self.options.lock_timeout, self.observer, self.stop)?;
        fault::point("migrate.locked");
        let outcome = work(self);
        // The lock ends with the session at the latest; an error that is on its way says more than this one.
        let unlocked = self.session.unlock();
        let outcome = outcome?;
        unlocked?;
        Ok(outcome)
    }

    fn run(&mut self, plan: &MakePlan<'_>) -> Result<Outcome, MigrateError> {
        let files = self.files;
        let picture = Picture::gather(self.session, files)?;
        let steps = plan(&picture, self.options)?;
        let prepared = steps.iter().map(|step| prepare(*step)).collect::<Result<Vec<_>, _>>()?;
        // One alone is all or nothing anyway.
        let single = self.options.single_transaction && prepared.len() > 1;
        if single && !self.options.fake {
            refuse_what_cannot_share(&prepared)?;
        }
        let mut outcome =
            Outcome { finished: Vec::new(), pending: picture.pending().iter().map(|file| file.version.clone()).collect() };
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
        };
        let result = run.all(&prepared, self.stop);
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

/// A rebuild needs foreign keys off, which cannot be switched within a transaction: with them on, the rows that
/// point to the dropped table would be deleted with it.
fn refuse_what_cannot_share(steps: &[Prepared<'_>]) -> Result<(), MigrateError> {
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

/// A run that is under way.
pub(super) struct Run<'a, S: Full> {
    pub(super) session: &'a mut S,
    pub(super) ledger: Ledger,
    pub(super) history: History,
    /// What this history is called in the ledger.
    pub(super) history_key: String,
    pub(super) actor: &'a Actor,
    pub(super) options: &'a Options,
    pub(super) observer: &'a mut dyn Observer,
    /// Nothing was applied before this run.
    no_history: bool,
    /// Versions with progress that a record makes out of date.
    half_way: HashSet<Version>,
    /// All in one transaction.
    single: bool,
    committed: Vec<Finished>,
    /// What was finished in a transaction that could not be committed.
    lost: Vec<Version>,
    open: Option<Group>,
}

/// A transaction that is open and what is finished within it.
struct Group {
    since: Instant,
    finished: Vec<Finished>,
}

/// Why a step failed: the statement (from 0) and the database's error.
pub(super) struct Trouble {
    pub(super) statement: usize,
    pub(super) error: SqlError,
    pub(super) fate: Fate,
}

impl Trouble {
    pub(super) fn rolled_back(statement: usize, error: SqlError) -> Self {
        Self { statement, error, fate: Fate::RolledBack }
    }

    /// The commit failed. Where the connection was lost in it, nobody knows whether it came through.
    pub(super) fn at_commit(step: &Prepared<'_>, error: SqlError) -> Self {
        let fate = if error.kind == SqlErrorKind::Connection { Fate::Unsure } else { Fate::RolledBack };
        Self { statement: step.pieces.len().saturating_sub(1), error, fate }
    }
}

impl<S: Full> Run<'_, S> {
    fn all(&mut self, steps: &[Prepared<'_>], stop: &dyn Fn() -> bool) -> Result<(), MigrateError> {
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
            let migration = step.step.migration;
            self.observer.on(&Event::Started {
                version: &migration.version,
                name: &migration.name,
                statements: step.pieces.len(),
            });
            let begun = Instant::now();
            if let Err(trouble) = self.one(step, begun) {
                return Err(self.failed(step, trouble, begun, versions(&steps[at + 1..])));
            }
        }
        self.close_after(steps, &[])?;
        // A file that was replaced during the run took the work with it.
        if !self.session.holds_lock()? {
            return Err(MigrateError::LockLost { done: self.committed.clone(), left: Vec::new() });
        }
        Ok(())
    }

    /// Commits what is open after the steps `before`.
    fn close_after(&mut self, before: &[Prepared<'_>], left: &[Prepared<'_>]) -> Result<(), MigrateError> {
        self.close().map_err(|error| match before.last() {
            Some(last) => self.failed(last, Trouble::at_commit(last, error), Instant::now(), versions(left)),
            None => error.into(),
        })
    }

    fn one(&mut self, step: &Prepared<'_>, begun: Instant) -> Result<(), Trouble> {
        if self.shares(step) {
            return self.shared(step, begun);
        }
        if step.in_transaction() {
            return self.alone(step, begun);
        }
        let statements = no_transaction::run(self, step, begun)?;
        fault::point("migrate.after_commit");
        self.finish(self.finished(step, statements, begun));
        Ok(())
    }

    fn shares(&self, step: &Prepared<'_>) -> bool {
        self.options.fake || (step.in_transaction() && step.handling == Handling::Shared)
    }

    /// Runs a step in the transaction that is open, behind a savepoint, or opens one.
    fn shared(&mut self, step: &Prepared<'_>, begun: Instant) -> Result<(), Trouble> {
        let whole = |error| Trouble::rolled_back(step.pieces.len().saturating_sub(1), error);
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

    /// Runs a step in a transaction of its own, with the connection's settings put right around it.
    fn alone(&mut self, step: &Prepared<'_>, begun: Instant) -> Result<(), Trouble> {
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
        self.session.begin().map_err(whole)?;
        fault::point("migrate.begun");
        let statements = self.body(step, begun)?;
        if let Some(before) = before {
            self.refuse_new_orphans(&before).map_err(whole)?;
        }
        fault::point("migrate.before_commit");
        self.session.commit().map_err(|error| Trouble::at_commit(step, error))?;
        Ok(statements)
    }

    /// An error where rows point nowhere that did not do so `before`.
    pub(super) fn refuse_new_orphans(&mut self, before: &[Violation]) -> Result<(), SqlError> {
        orphans::refuse_new(before, self.session.foreign_key_violations()?)
    }

    /// The statements of a step and its records, in the transaction that is open.
    fn body(&mut self, step: &Prepared<'_>, begun: Instant) -> Result<usize, Trouble> {
        let mut ran = 0;
        if !self.options.fake {
            for number in 0..step.pieces.len() {
                let sql = step.sql(number);
                let ran_well = self.session.refuse_misread(sql).and_then(|()| self.session.execute(sql));
                ran_well.map_err(|error| Trouble::rolled_back(number, error))?;
                fault::point("migrate.statement");
                self.tell_notices();
                ran += 1;
            }
        }
        fault::point("migrate.before_record");
        self.record(step, ran, begun).map_err(|error| Trouble::rolled_back(step.pieces.len().saturating_sub(1), error))?;
        Ok(ran)
    }

    /// History row and log row, after the session's settings are what they were.
    pub(super) fn record(&mut self, step: &Prepared<'_>, statements: usize, begun: Instant) -> Result<(), SqlError> {
        if !self.options.fake {
            self.session.drop_temporary()?;
            if self.session.any_statement_may_change_settings() {
                self.session.restore_settings()?;
            }
        }
        let (version, action) = match step.step.direction {
            Direction::Up => (step.version(), if self.options.fake { Action::Faked } else { Action::Applied }),
            Direction::Down => (step.version(), Action::Reverted),
        };
        match step.step.direction {
            Direction::Up => self.history.record(self.session, step.step.migration)?,
            Direction::Down => self.history.erase(self.session, version)?,
        }
        if !step.in_transaction() || self.half_way.contains(version) {
            self.ledger.forget_progress(self.session, &self.history_key, version)?;
        }
        let entry = entry(&self.history_key, step, action, statements, begun.elapsed(), None);
        self.ledger.log(self.session, &entry, self.actor)
    }

    /// Commits the transaction that is open. Only now its migrations are finished.
    fn close(&mut self) -> Result<(), SqlError> {
        let Some(group) = self.open.take() else { return Ok(()) };
        let direction = group.finished.first().map(|finished| finished.direction);
        fault::point(if direction == Some(Direction::Down) { "rollback.before_commit" } else { "migrate.before_commit" });
        if let Err(error) = self.session.commit() {
            self.lost = group.finished.into_iter().map(|finished| finished.version).collect();
            return Err(error);
        }
        fault::point(if direction == Some(Direction::Down) { "rollback.after_commit" } else { "migrate.after_commit" });
        for finished in group.finished {
            self.finish(finished);
        }
        Ok(())
    }

    fn finish(&mut self, finished: Finished) {
        self.observer.on(&Event::Finished(&finished));
        self.committed.push(finished);
    }

    fn finished(&self, step: &Prepared<'_>, statements: usize, begun: Instant) -> Finished {
        Finished {
            version: step.version().clone(),
            name: step.step.migration.name.clone(),
            direction: step.step.direction,
            statements,
            took: begun.elapsed(),
            faked: self.options.fake,
        }
    }

    pub(super) fn tell_notices(&mut self) {
        for notice in self.session.take_notices() {
            self.observer.on(&Event::Notice(&notice));
        }
    }

    /// Rolls the failed step back, commits what was finished before it, and logs the failure.
    fn failed(&mut self, step: &Prepared<'_>, trouble: Trouble, begun: Instant, left: Vec<Version>) -> MigrateError {
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
        let mut lost = std::mem::take(&mut self.lost);
        lost.retain(|version| version != step.version());
        let text = trouble.error.message.clone();
        self.log_failure(step, trouble.statement, begun.elapsed(), &text);
        let piece = step.pieces.get(trouble.statement);
        let at = piece.map_or(0, |piece| (piece.start + trouble.error.position.unwrap_or(0)).min(piece.end));
        MigrateError::Statement(Box::new(Failed {
            title: step.step.migration.to_string(),
            number: trouble.statement + 1,
            of: step.pieces.len().max(1),
            place: step.step.script.place(at),
            there_before: self.no_history && self.committed.is_empty() && lost.is_empty() && trouble.error.is_there_already(),
            error: trouble.error,
            done: self.committed.clone(),
            left,
            fate: trouble.fate,
            lost,
            redo: false,
        }))
    }

    /// Ends every transaction and savepoint. A trigger's `RAISE(ROLLBACK)` or a full disk may have done it already.
    pub(super) fn roll_back_all(&mut self) {
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
        let entry = entry(&self.history_key, step, Action::Failed, statement, took, Some(message));
        let written = self.session.begin().and_then(|()| {
            self.ledger.log(self.session, &entry, self.actor)?;
            self.session.commit()
        });
        if written.is_err() {
            let _ = self.session.rollback();
        }
    }
}

fn versions(steps: &[Prepared<'_>]) -> Vec<Version> {
    steps.iter().map(|step| step.version().clone()).collect()
}

/// The log's row for a step.
pub(super) fn entry<'a>(
    history: &'a str,
    step: &'a Prepared<'_>,
    action: Action,
    statements: usize,
    took: Duration,
    message: Option<&'a str>,
) -> Entry<'a> {
    let migration = step.step.migration;
    let keep = matches!(action, Action::Applied | Action::Faked);
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
