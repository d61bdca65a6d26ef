//! The transaction: plan, write, prove, verify, remember; then commit it, or roll it back. What is too large for it keeps
//! its plan and goes on in batches.

use std::time::Instant;

use super::batch::{self, Slice};
use super::batches::{self, Checkpoint};
use super::capture::{self, Captures};
use super::digest::Identity;
use super::done::{Batched, Checked, Done, PartDone};
use super::error::PatchError;
use super::job::{Job, Source};
use super::judge;
use super::owned;
use super::part::{self, Planned, Written};
use super::prove;
use super::statement;
use crate::backend::patching::Image;
use crate::backend::{Basic, Full, Session};
use crate::domain::explain::Class;
use crate::domain::fault;
use crate::ledger::{Ledger, StoredImage};

/// What becomes of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// It is done.
    Apply,
    /// It is done and rolled back.
    Rehearse,
}

/// What the engine asks of those around it.
pub trait Around {
    /// The checks of the account as they are at this moment, within the transaction.
    ///
    /// # Errors
    /// When they cannot be made at all.
    fn checks(&mut self, session: &mut Session) -> Result<Vec<Checked>, PatchError>;

    /// Writes the note of the run, within the transaction, before it is committed.
    ///
    /// # Errors
    /// When it cannot be written.
    fn note(&mut self, session: &mut Session, done: &Done) -> Result<(), PatchError>;

    /// A batch was committed: how far the run has come.
    fn batch(&mut self, _at: &Checkpoint) {}

    /// Whether somebody asks to stop behind the batch that runs.
    fn stop(&self) -> bool {
        false
    }

    /// Whether somebody asks to break off what runs, so that it is rolled back.
    fn break_off(&self) -> bool {
        false
    }
}

/// What is said of a transaction that was broken off.
pub(super) fn broken_off() -> PatchError {
    PatchError::new(Class::Stopped, "broken off, as was asked for; what was open was rolled back", "")
}

/// What came of the first transaction.
enum First {
    /// Everything was done in it.
    Whole(Box<Done>),
    /// The plan is kept, and is written in batches.
    Kept(i64),
}

/// How often a transaction that met another one is tried again.
const RETRIES: u32 = 3;

/// Runs a job: in one transaction, or, where it is too large for that, in batches once its plan is kept. A digest that is
/// expected is the one that was shown: a retry must come to the same.
///
/// # Errors
/// When it is refused, in conflict, or the database refuses: nothing of it is kept then. A run in batches that stops names
/// itself in the error.
pub fn run(session: &mut Session, job: &mut Job<'_>, mode: Mode, around: &mut dyn Around) -> Result<Done, PatchError> {
    let begun = Instant::now();
    let mut tries = 0;
    loop {
        let mut reached = None;
        match attempt(session, job, mode, around, &mut reached) {
            Ok(First::Whole(done)) => return Ok(Done { took: begun.elapsed(), ..*done }),
            Ok(First::Kept(id)) => {
                let done = batches::go_on(session, job, id, false, around)?;
                return Ok(Done { took: begun.elapsed(), ..done });
            }
            Err(error) if error.again && tries < RETRIES => {
                tries += 1;
                if let (None, Some(digest)) = (&job.expect, reached) {
                    job.expect = Some(digest);
                }
                tracing::info!(tries, error = %error, cause = error.cause, "tries again");
                std::thread::sleep(std::time::Duration::from_millis(50 * u64::from(tries)));
            }
            Err(error) => return Err(error),
        }
    }
}

fn attempt(
    session: &mut Session,
    job: &Job<'_>,
    mode: Mode,
    around: &mut dyn Around,
    reached: &mut Option<String>,
) -> Result<First, PatchError> {
    session.begin_patch(job.lock, job.statement)?;
    let first = within(session, job, mode, around, reached);
    let first = first.and_then(|first| if around.break_off() { Err(broken_off()) } else { Ok(first) });
    let keeps = match &first {
        Ok(First::Whole(done)) => mode == Mode::Apply && done.rows() > 0,
        Ok(First::Kept(_)) => true,
        Err(_) => false,
    };
    let ended = match keeps {
        true => {
            fault::point("patch.before_commit");
            session.commit().map_err(|error| PatchError::sql(&error, "the commit failed; nothing is kept", true).started())
        }
        // Where this fails the connection is lost, and the server rolls back.
        _ => {
            let _ = session.rollback();
            Ok(())
        }
    };
    let settings = session.end_patch();
    let first = first?;
    ended?;
    settings?;
    if keeps {
        fault::point("patch.after_commit");
    }
    Ok(first)
}

fn within(
    session: &mut Session,
    job: &Job<'_>,
    mode: Mode,
    around: &mut dyn Around,
    reached: &mut Option<String>,
) -> Result<First, PatchError> {
    let account = job.run.account_key.as_deref();
    batches::alone(session, job)?;
    if let Some(run) = job.ledger.unfinished_runs(session, &job.run.kind, &job.run.name, account)?.first() {
        return Err(PatchError::new(
            Class::Locked,
            format!("run {} of `{}`{} is not finished ({})", run.id, job.run.name, of_account(job), run.state),
            format!("go on with it: manage runs resume {}; or give it up: manage runs cancel {}", run.id, run.id),
        ));
    }
    let mut done = Done { before: around.checks(session)?, ..Done::default() };
    // A rehearsal draws no number: on PostgreSQL it would be missing among the runs.
    let id = match mode {
        Mode::Apply => Some(job.ledger.start_run(session, &job.run, "running")?),
        Mode::Rehearse => None,
    };
    let image_of = |number: usize| match id {
        Some(id) => job.ledger.image(id, number),
        None => job.ledger.image_of_rehearsal(std::process::id(), number),
    };
    // Before the counters are read: to make triggers, and to switch them off, changes the catalogue.
    let mut captures = Captures::begin(job, &image_of(0), session)?;
    done.waiting = captures.waiting(session.engine());
    let rested = capture::rest_triggers(job, session)?;
    let start = session.written()?;
    let mut identity = Identity::of(job);
    let mut written: Vec<Written> = Vec::new();
    for (part, number) in job.parts.iter().zip(1..) {
        let image = image_of(number);
        if let Source::Statement(query) = &part.source {
            let all = statement::run(job, part, query, &image, &mut captures, &mut identity, session)?;
            take(job, all, &mut done, &mut written)?;
            continue;
        }
        let planned = part::planned(job, part, image, done.rows(), &mut identity, session)?;
        if !matches!(part.source, Source::Back { .. }) {
            once_each(&planned, &written, session)?;
        }
        let rows = done.rows() + planned.rows;
        if rows > job.batching.single_tx_rows {
            match batch::together(job, part, &planned, session.engine()) {
                Some(why) => too_large(job, rows, &why)?,
                None if id.is_some() || !job.batching.full => {
                    done.digest = identity.finish();
                    *reached = Some(done.digest.clone());
                    expected(job, &done)?;
                    prove::in_all(&session.written()?.since(&start), &[], captures.in_all())?;
                    captures.end(session)?;
                    session.wake_triggers(&rested)?;
                    return match id {
                        Some(id) => batches::keep(session, job, id, &planned, &done).map(|()| First::Kept(id)),
                        None => first_batches(session, job, planned, done).map(Box::new).map(First::Whole),
                    };
                }
                None => done.batched = Some(Batched { rehearsed: rows, batches: batch_count(job, rows), skipped: 0 }),
            }
        }
        let all = part::run(job, part, planned, &mut captures, &mut identity, session)?;
        take(job, all, &mut done, &mut written)?;
    }
    if done.rows() > 0 {
        // What triggers put off to the end happens now, while it is seen.
        session.settle().map_err(|error| deferred(&error.message))?;
        let late = captures.images(job, None, &image_of(job.parts.len() + 1), &mut identity, session)?;
        take(job, late.before.into_iter().chain(late.behind).collect(), &mut done, &mut written)?;
    }
    done.digest = identity.finish();
    *reached = Some(done.digest.clone());
    expected(job, &done)?;
    if done.rows() == 0 {
        done.after = done.before.clone();
        return Ok(First::Whole(Box::new(done)));
    }
    if session.deferred_violations() {
        return Err(deferred("a row points to one that is not there"));
    }
    // Once more over all parts: what was put off until now has been written, too.
    let wanted: Vec<(&str, &str, u64)> = written
        .iter()
        .filter(|one| !one.uncounted && !captures.watches(&one.counted))
        .map(|one| (one.counted.as_str(), one.done.op, one.done.rows))
        .collect();
    prove::in_all(&session.written()?.since(&start), &wanted, captures.in_all())?;
    captures.end(session)?;
    session.wake_triggers(&rested)?;
    done.after = around.checks(session)?;
    judge::judge(job, &done)?;
    if let Some(id) = id {
        remember(session, job, id, &done, &written)?;
        done.run = Some(id);
        around.note(session, &done)?;
    }
    Ok(First::Whole(Box::new(done)))
}

/// Takes what a part has written into what is done: what it did itself is told first.
fn take(job: &Job<'_>, all: Vec<Written>, done: &mut Done, written: &mut Vec<Written>) -> Result<(), PatchError> {
    let (beside, itself): (Vec<&Written>, Vec<&Written>) = all.iter().partition(|one| one.done.effect);
    done.parts.extend(itself.into_iter().chain(beside).map(|one| one.done.clone()));
    written.extend(all);
    part::at_most(job, done.rows())
}

/// How many batches so many rows are.
fn batch_count(job: &Job<'_>, rows: u64) -> u64 {
    rows.div_ceil(job.batching.size.max(1))
}

/// How many batches a rehearsal does.
const REHEARSED: u64 = 2;

/// Rehearses the first batches of a run.
fn first_batches(session: &mut Session, job: &Job<'_>, planned: Planned<'_>, mut done: Done) -> Result<Done, PatchError> {
    let part = &job.parts[0];
    let Planned { target, table, image, rows, left, .. } = planned;
    let size = job.batching.size.max(1);
    let mut from = 0;
    for _ in 0..REHEARSED {
        let slice = Slice { from, to: rows.min(from + size), skip: false, careful: false };
        if slice.from < slice.to {
            batch::write(job, part, (&target, table), &image, slice, session).map_err(PatchError::started)?;
            from = slice.to;
        }
    }
    done.parts.push(PartDone { left, ..part::told(part, &target, &image, rows, session)? });
    done.batched = Some(Batched { batches: batch_count(job, rows), rehearsed: from, skipped: 0 });
    Ok(done)
}

/// What cannot go in batches goes in one transaction, however large, only where somebody has said how large it may be.
fn too_large(job: &Job<'_>, rows: u64, why: &str) -> Result<(), PatchError> {
    if job.batching.large {
        return Ok(());
    }
    Err(PatchError::refused(
        format!(
            "{rows} rows are too many for one transaction, which has at most {}, and `{}` cannot go in batches: {why}",
            job.batching.single_tx_rows, job.run.name
        ),
        "say how many rows one transaction may write: --max-rows N; or let the script name fewer of them",
    ))
}

/// Each row is written by one part only: an undo could not tell the later one from somebody else.
fn once_each(planned: &Planned<'_>, written: &[Written], session: &mut Session) -> Result<(), PatchError> {
    for before in written.iter().filter(|before| before.done.table == planned.target.name && before.done.rows > 0) {
        let twice = match planned.image.shared(&before.image) {
            Some(sql) => owned::number(session, &sql, &[])?,
            None => planned.rows,
        };
        if twice > 0 {
            return Err(PatchError::refused(
                format!("two parts write the same rows of {}; all of it was rolled back", planned.target.name),
                "make one part of them, or a script of its own for each",
            )
            .started());
        }
    }
    Ok(())
}

pub(super) fn of_account(job: &Job<'_>) -> String {
    job.run.account_name.as_ref().map(|name| format!(" for {name}")).unwrap_or_default()
}

pub(super) fn deferred(cause: &str) -> PatchError {
    let mut error = PatchError::refused(
        "what was written breaks a constraint that is looked at last; all of it was rolled back",
        "correct what the script plans",
    )
    .started();
    error.cause = Some(cause.to_owned());
    error.class = Class::CouldNotRun;
    error
}

fn expected(job: &Job<'_>, done: &Done) -> Result<(), PatchError> {
    match &job.expect {
        Some(wanted) if !done.digest.starts_with(wanted.as_str()) => Err(PatchError::conflict(
            format!("the plan is another one now: {} instead of {}", &done.digest[..16], &wanted[..wanted.len().min(16)]),
            "somebody has changed the rows, the script or the schema since; look at the new plan with --dry-run",
        )
        .with(format!("{} rows now", done.rows()))),
        _ => Ok(()),
    }
}

fn remember(session: &mut Session, job: &Job<'_>, id: i64, done: &Done, written: &[Written]) -> Result<(), PatchError> {
    for (one, number) in written.iter().zip(1..) {
        keep_image(session, job.ledger, id, number, (&one.done.table, one.done.op), &one.image, one.done.rows)?;
    }
    job.ledger.finish_run(session, id, "applied", Some(&done.digest), &counts(done))?;
    if let Some(of) = job.run.undo_of {
        job.ledger.undone_run(session, of, id)?;
    }
    Ok(())
}

/// Notes where the rows of a part are kept.
///
/// # Errors
/// What the database refuses.
pub(super) fn keep_image(
    session: &mut Session,
    ledger: Ledger,
    run: i64,
    part: i64,
    (table, op): (&str, &str),
    image: &Image,
    rows: u64,
) -> Result<(), PatchError> {
    let definition = serde_json::to_string(image)
        .map_err(|error| PatchError::new(Class::CouldNotRun, format!("the image cannot be described: {error}"), ""))?;
    let stored = StoredImage {
        run,
        part,
        table: table.to_owned(),
        op: op.to_owned(),
        image: image.table.clone(),
        definition,
        rows: i64::try_from(rows).unwrap_or(i64::MAX),
        pruned_at: None,
    };
    Ok(ledger.keep_image(session, &stored)?)
}

/// What a run has done, as it stands in the ledger.
pub(super) fn counts(done: &Done) -> String {
    let parts = done.parts.iter().map(|part| serde_json::json!({ "table": part.table, "op": part.op, "rows": part.rows }));
    serde_json::json!({ "rows": done.rows(), "parts": parts.collect::<Vec<_>>() }).to_string()
}
