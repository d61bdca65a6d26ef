//! A run in batches: its plan is kept first, then each slice of it is a transaction of its own that commits with how far
//! the run has come. So it can be stopped at any moment, and goes on where it was.

use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use super::batch::{self, Slice};
use super::digest::shape;
use super::done::{Batched, Checked, Done};
use super::engine::{self, Around};
use super::error::{PatchError, Unfinished};
use super::job::{Job, word};
use super::judge;
use super::part::{self, Planned};
use crate::backend::patching::Image;
use crate::backend::{Basic, Session};
use crate::domain::explain::Class;
use crate::domain::fault;
use crate::ledger::{Ledger, Run, StoredImage};

/// How far a run has come: what its checkpoint says.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Checkpoint {
    /// How many rows its plan has.
    pub planned: u64,
    /// Up to which row of the plan it has come.
    pub done: u64,
    /// How many rows it has written.
    pub written: u64,
    /// How many rows were left alone, because somebody had changed them.
    pub skipped: u64,
    /// How many batches it has written.
    pub batches: u64,
    /// How many rows a batch has.
    pub size: u64,
    /// The table as it was.
    shape: String,
    /// The checks as they were.
    before: Vec<Checked>,
}

impl Checkpoint {
    /// How far `run` has come; `None` where it is not one in batches.
    pub fn of(run: &Run) -> Option<Self> {
        serde_json::from_str(run.checkpoint.as_deref()?).ok()
    }

    fn text(&self) -> Result<String, PatchError> {
        serde_json::to_string(self)
            .map_err(|error| PatchError::new(Class::CouldNotRun, format!("how far it has come cannot be kept: {error}"), ""))
    }
}

/// How often a batch that met somebody else is tried again.
const RETRIES: u32 = 5;

/// Keeps the plan of a run in batches, in the transaction that has made it.
pub(super) fn keep(session: &mut Session, job: &Job<'_>, id: i64, planned: &Planned<'_>, done: &Done) -> Result<(), PatchError> {
    let part = &job.parts[0];
    engine::keep_image(session, job.ledger, id, 1, (&planned.target.name, word(part.op)), &planned.image, planned.rows)?;
    let checkpoint = Checkpoint {
        planned: planned.rows,
        done: 0,
        written: 0,
        skipped: 0,
        batches: 0,
        size: job.batching.size.max(1),
        shape: shape(&planned.target),
        before: done.before.clone(),
    };
    Ok(job.ledger.plan_run(session, id, &done.digest, &checkpoint.text()?)?)
}

/// Writes what is left of a run whose plan is kept, batch by batch, and ends it. With `skip` rows that somebody has changed
/// since are left alone.
///
/// # Errors
/// When it stops: the run stands where it was, and the error names it.
pub fn go_on(session: &mut Session, job: &Job<'_>, id: i64, skip: bool, around: &mut dyn Around) -> Result<Done, PatchError> {
    let begun = Instant::now();
    let result = all(session, job, id, skip, around);
    match result {
        Ok(done) => Ok(Done { took: begun.elapsed(), ..done }),
        Err(error) => Err(stopped(session, job.ledger, id, error)),
    }
}

fn all(session: &mut Session, job: &Job<'_>, id: i64, skip: bool, around: &mut dyn Around) -> Result<Done, PatchError> {
    loop {
        if around.stop() {
            return Err(PatchError::new(Class::Stopped, "stopped, as was asked for", ""));
        }
        let quick = patiently(|| one(session, job, id, (skip, false), around));
        let done = match quick {
            // Once more, so that the rows that stand in the way are named.
            Err(error) if error.class == Class::Refused && !skip => patiently(|| one(session, job, id, (skip, true), around)),
            done => done,
        };
        let Some(checkpoint) = done? else { break };
        around.batch(&checkpoint);
        wait(job.batching.pause, around);
    }
    patiently(|| finish(session, job, id, around))
}

/// Tries again what met somebody else.
fn patiently<T>(mut work: impl FnMut() -> Result<T, PatchError>) -> Result<T, PatchError> {
    let mut tries = 0;
    loop {
        match work() {
            Err(error) if error.again && tries < RETRIES => {
                tries += 1;
                tracing::info!(tries, error = %error, cause = error.cause, "tries the batch again");
                std::thread::sleep(Duration::from_millis(50 << tries));
            }
            result => return result,
        }
    }
}

fn wait(pause: Duration, around: &dyn Around) {
    let until = Instant::now() + pause;
    while !around.stop() {
        let left = until.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return;
        }
        std::thread::sleep(left.min(Duration::from_millis(100)));
    }
}

/// One batch in its transaction. `None` where nothing is left to write.
fn one(
    session: &mut Session,
    job: &Job<'_>,
    id: i64,
    (skip, careful): (bool, bool),
    around: &dyn Around,
) -> Result<Option<Checkpoint>, PatchError> {
    transaction(session, job, |session| {
        let (_, mut checkpoint) = standing(session, job, id)?;
        if checkpoint.done >= checkpoint.planned {
            return Ok((None, false));
        }
        let part = &job.parts[0];
        let image = kept_image(session, job.ledger, id)?;
        let (target, table) = part::find(job, part, session)?;
        let changed = if shape(&target) != checkpoint.shape {
            Some("a column came, went or changed")
        } else if !target.triggers.is_empty() {
            Some("it has a trigger")
        } else {
            None
        };
        if let Some(what) = changed {
            let message = format!("`{}` is another table since run {id} was planned: {what}", target.name);
            return Err(PatchError::conflict(message, ""));
        }
        let slice = Slice {
            from: checkpoint.done,
            to: checkpoint.planned.min(checkpoint.done.saturating_add(checkpoint.size)),
            skip,
            careful,
        };
        fault::point("patch.batch_begun");
        let (rows, skipped) = batch::write(job, part, (&target, table), &image, slice, session)?;
        checkpoint.done = slice.to;
        checkpoint.written += rows;
        checkpoint.skipped += skipped;
        checkpoint.batches += 1;
        job.ledger.keep_batch(session, id, 1, checkpoint.batches, rows)?;
        job.ledger.checkpoint_run(session, id, "running", &checkpoint.text()?)?;
        if around.break_off() {
            return Err(engine::broken_off());
        }
        Ok((Some(checkpoint), true))
    })
}

/// The run as it stands, once nobody else works on it.
fn standing(session: &mut Session, job: &Job<'_>, id: i64) -> Result<(Run, Checkpoint), PatchError> {
    alone(session, job)?;
    let run = job.ledger.run(session, id)?.ok_or_else(|| PatchError::conflict(format!("run {id} is gone"), ""))?;
    if !run.is_unfinished() {
        return Err(PatchError::conflict(
            format!("run {id} is {} now: somebody else has ended it", run.state),
            format!("look at it: manage runs show {id}"),
        ));
    }
    let checkpoint = Checkpoint::of(&run)
        .ok_or_else(|| PatchError::new(Class::CouldNotRun, format!("how far run {id} has come cannot be read"), ""))?;
    Ok((run, checkpoint))
}

/// Becomes the only one who works on the script and the account, until the transaction ends.
///
/// # Errors
/// When somebody else does.
pub(super) fn alone(session: &mut Session, job: &Job<'_>) -> Result<(), PatchError> {
    let account = job.run.account_key.as_deref();
    if session.only_one(&format!("{} {} {}", job.run.kind, job.run.name, account.unwrap_or_default()))? {
        return Ok(());
    }
    Err(PatchError::new(
        Class::Locked,
        format!("another run of `{}` is at work{}", job.run.name, engine::of_account(job)),
        "wait until it is done: manage runs list",
    ))
}

fn kept_image(session: &mut Session, ledger: Ledger, id: i64) -> Result<Image, PatchError> {
    let images = ledger.images(session, id)?;
    match images.first() {
        Some(stored) => super::undo::read(stored),
        None => Err(PatchError::new(Class::CouldNotRun, format!("the plan of run {id} is gone"), "")),
    }
}

/// A transaction of a patch: what `work` gives is kept where it says so.
fn transaction<T>(
    session: &mut Session,
    job: &Job<'_>,
    work: impl FnOnce(&mut Session) -> Result<(T, bool), PatchError>,
) -> Result<T, PatchError> {
    session.begin_patch(job.lock, job.statement)?;
    let result = work(session);
    let ended = match &result {
        Ok((_, true)) => {
            fault::point("patch.before_commit");
            session.commit().map_err(|error| {
                PatchError::sql(&error, "the commit of a batch failed; it is kept whole, or nothing of it is", true)
            })
        }
        _ => {
            let _ = session.rollback();
            Ok(())
        }
    };
    let settings = session.end_patch();
    let (value, kept) = result?;
    ended?;
    settings?;
    if kept {
        fault::point("patch.after_commit");
    }
    Ok(value)
}

/// Everything is written: the checks once more, the end of the run and its note.
fn finish(session: &mut Session, job: &Job<'_>, id: i64, around: &mut dyn Around) -> Result<Done, PatchError> {
    transaction(session, job, |session| {
        let (run, checkpoint) = standing(session, job, id)?;
        let part = &job.parts[0];
        let image = kept_image(session, job.ledger, id)?;
        let (target, _) = part::find(job, part, session)?;
        let told = part::told(part, &target, &image, checkpoint.written, session)?;
        let mut done = Done {
            run: Some(id),
            digest: run.begun.digest.clone().unwrap_or_default(),
            parts: vec![told],
            before: checkpoint.before.clone(),
            batched: Some(Batched { batches: checkpoint.batches, rehearsed: 0, skipped: checkpoint.skipped }),
            ..Done::default()
        };
        done.after = around.checks(session)?;
        if let Err(error) = judge::judge(job, &done) {
            done.unverified = error.details.clone();
        }
        let state = if done.unverified.is_empty() { "applied" } else { "applied-unverified" };
        if checkpoint.skipped > 0 {
            job.ledger.count_image(session, id, 1, checkpoint.written)?;
        }
        job.ledger.finish_run(session, id, state, None, &engine::counts(&done))?;
        if let Some(of) = job.run.undo_of {
            job.ledger.undone_run(session, of, id)?;
        }
        around.note(session, &done)?;
        if around.break_off() {
            return Err(engine::broken_off());
        }
        Ok((done, true))
    })
}

/// What is said of a run that stops: where it stands, and what to do with it.
fn stopped(session: &mut Session, ledger: Ledger, id: i64, mut error: PatchError) -> PatchError {
    error.after_start = false;
    // Without a connection the run stays `running`: the next one finds it all the same.
    if error.class != Class::Locked {
        let _ = ledger.pause_run(session, id);
    }
    let run = ledger.run(session, id).ok().flatten().filter(Run::is_unfinished);
    let Some(checkpoint) = run.as_ref().and_then(Checkpoint::of) else {
        error.details.push(format!("run {id} stands where its last batch was committed: manage runs resume {id}"));
        return error;
    };
    error.unfinished = Some(Unfinished { run: id, written: checkpoint.written, planned: checkpoint.planned });
    error.details.push(format!(
        "run {id} stands at {} of {} rows; what it has written is kept, each batch whole",
        checkpoint.written + checkpoint.skipped,
        checkpoint.planned
    ));
    let skip = if error.class == Class::Conflict && !error.again { " --skip-conflicts" } else { "" };
    error.hint = Some(match error.class {
        Class::Conflict if skip.is_empty() => format!("go on: manage runs resume {id}"),
        Class::Conflict => format!(
            "manage runs resume {id}{skip} leaves those rows alone; manage runs cancel {id} gives it up, then manage undo {id}"
        ),
        _ => format!("go on: manage runs resume {id}; or give it up: manage runs cancel {id}"),
    });
    error
}

/// What became of a run that was given up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GivenUp {
    /// How many rows it had written: those stay, and can be taken back.
    pub written: u64,
    /// How many its plan had.
    pub planned: u64,
}

/// Gives up a run that is not finished: what it has written stays and can be taken back, what it has not is forgotten. `note`
/// writes its note in the same transaction.
///
/// # Errors
/// When somebody works on it, or the database refuses.
pub fn give_up(
    session: &mut Session,
    ledger: Ledger,
    run: &Run,
    lock: Duration,
    note: &mut dyn FnMut(&mut Session, GivenUp) -> Result<(), PatchError>,
) -> Result<GivenUp, PatchError> {
    let name = &run.begun.name;
    let account = run.begun.account_key.as_deref().unwrap_or_default();
    session.begin_patch(lock, None)?;
    let mut work = |session: &mut Session| -> Result<GivenUp, PatchError> {
        if !session.only_one(&format!("{} {name} {account}", run.begun.kind))? {
            return Err(PatchError::new(Class::Locked, format!("run {} is at work", run.id), "stop it first, by Ctrl-C"));
        }
        let now = ledger.run(session, run.id)?.filter(Run::is_unfinished);
        let Some(now) = now else {
            return Err(PatchError::conflict(format!("run {} has ended meanwhile", run.id), "look at it: manage runs show"));
        };
        let images = ledger.images(session, run.id)?;
        let at = Checkpoint::of(&now);
        let (done, written, planned) = at.map_or((0, 0, 0), |at| (at.done, at.written, at.planned));
        for image in &images {
            match written {
                0 => ledger.prune_image(session, image)?,
                _ => forget(session, ledger, image, done, written)?,
            }
        }
        let given_up = GivenUp { written, planned };
        let parts = images.iter().map(|image| serde_json::json!({ "table": image.table, "op": image.op, "rows": written }));
        let counts = serde_json::json!({ "rows": written, "planned": planned, "parts": parts.collect::<Vec<_>>() });
        ledger.finish_run(session, run.id, "cancelled", None, &counts.to_string())?;
        note(session, given_up)?;
        Ok(given_up)
    };
    let result = work(session);
    let ended = match &result {
        Ok(_) => {
            fault::point("patch.before_commit");
            session.commit()
        }
        Err(_) => {
            let _ = session.rollback();
            Ok(())
        }
    };
    let settings = session.end_patch();
    let given_up = result?;
    ended?;
    settings?;
    fault::point("patch.after_commit");
    Ok(given_up)
}

/// Takes the rows that were not written out of an image.
fn forget(session: &mut Session, ledger: Ledger, image: &StoredImage, done: u64, written: u64) -> Result<(), PatchError> {
    session.execute(&format!("DELETE FROM {} WHERE n > {done}", image.image))?;
    Ok(ledger.count_image(session, image.run, image.part, written)?)
}
