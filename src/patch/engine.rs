//! The transaction: plan, write, prove, verify, remember; then commit it, or roll it back.

use std::time::Instant;

use super::digest::Identity;
use super::done::{Checked, Done};
use super::error::PatchError;
use super::job::Job;
use super::judge;
use super::part::{self, Written};
use super::prove;
use crate::backend::{Basic, Full, Session};
use crate::domain::explain::Class;
use crate::domain::fault;
use crate::ledger::StoredImage;

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
}

/// How often a transaction that met another one is tried again.
const RETRIES: u32 = 3;

/// Runs a job in one transaction. A digest that is expected is the one that was shown: a retry must come to the same.
///
/// # Errors
/// When it is refused, in conflict, or the database refuses: nothing of it is kept then.
pub fn run(session: &mut Session, job: &mut Job<'_>, mode: Mode, around: &mut dyn Around) -> Result<Done, PatchError> {
    let begun = Instant::now();
    let mut tries = 0;
    loop {
        let mut reached = None;
        match attempt(session, job, mode, around, &mut reached) {
            Ok(done) => return Ok(Done { took: begun.elapsed(), ..done }),
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
) -> Result<Done, PatchError> {
    session.begin_patch(job.lock, None)?;
    let done = within(session, job, mode, around, reached);
    let ended = match (&done, mode) {
        (Ok(done), Mode::Apply) if done.rows() > 0 => {
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
    let done = done?;
    ended?;
    settings?;
    if mode == Mode::Apply && done.rows() > 0 {
        fault::point("patch.after_commit");
    }
    Ok(done)
}

fn within(
    session: &mut Session,
    job: &Job<'_>,
    mode: Mode,
    around: &mut dyn Around,
    reached: &mut Option<String>,
) -> Result<Done, PatchError> {
    let account = job.run.account_key.as_deref();
    if !session.only_one(&format!("{} {} {}", job.run.kind, job.run.name, account.unwrap_or_default()))? {
        return Err(PatchError::new(
            Class::Locked,
            format!("another run of `{}` is at work{}", job.run.name, of_account(job)),
            "wait until it is done: manage runs list",
        ));
    }
    if let Some(run) = job.ledger.unfinished_runs(session, &job.run.kind, &job.run.name, account)?.first() {
        return Err(PatchError::new(
            Class::Locked,
            format!("run {} of `{}`{} is not finished ({})", run.id, job.run.name, of_account(job), run.state),
            format!("go on with it: manage runs resume {}; or give it up: manage runs cancel {}", run.id, run.id),
        ));
    }
    let mut done = Done { before: around.checks(session)?, ..Done::default() };
    let start = session.written()?;
    // A rehearsal draws no number: on PostgreSQL it would be missing among the runs.
    let id = match mode {
        Mode::Apply => Some(job.ledger.start_run(session, &job.run, "running")?),
        Mode::Rehearse => None,
    };
    let mut identity = Identity::of(job);
    let mut written: Vec<Written> = Vec::new();
    for (part, number) in job.parts.iter().zip(1..) {
        let image = match id {
            Some(id) => job.ledger.image(id, number),
            None => job.ledger.image_of_rehearsal(std::process::id(), number),
        };
        let one = part::run(job, part, image, done.rows(), &mut identity, session)?;
        done.parts.push(one.done.clone());
        written.push(one);
    }
    done.digest = identity.finish();
    *reached = Some(done.digest.clone());
    expected(job, &done)?;
    if done.rows() == 0 {
        done.after = done.before.clone();
        return Ok(done);
    }
    session.check_deferred().map_err(|error| deferred(&error.message))?;
    if session.deferred_violations() {
        return Err(deferred("a row points to one that is not there"));
    }
    // Once more over all parts: what was put off until now has been written, too.
    let wanted: Vec<(&str, &str, u64)> =
        written.iter().filter(|one| !one.uncounted).map(|one| (one.counted.as_str(), one.done.op, one.done.rows)).collect();
    prove::in_all(&session.written()?.since(&start), &wanted)?;
    done.after = around.checks(session)?;
    judge::judge(job, &done)?;
    if let Some(id) = id {
        remember(session, job, id, &done, &written)?;
        done.run = Some(id);
        around.note(session, &done)?;
    }
    Ok(done)
}

fn of_account(job: &Job<'_>) -> String {
    job.run.account_name.as_ref().map(|name| format!(" for {name}")).unwrap_or_default()
}

fn deferred(cause: &str) -> PatchError {
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
        let definition = serde_json::to_string(&one.image)
            .map_err(|error| PatchError::new(Class::CouldNotRun, format!("the image cannot be described: {error}"), ""))?;
        let image = StoredImage {
            run: id,
            part: number,
            table: one.done.table.clone(),
            op: one.done.op.to_owned(),
            image: one.image.table.clone(),
            definition,
            rows: i64::try_from(one.done.rows).unwrap_or(i64::MAX),
            pruned_at: None,
        };
        job.ledger.keep_image(session, &image)?;
    }
    job.ledger.finish_run(session, id, "applied", Some(&done.digest), &counts(done))?;
    if let Some(of) = job.run.undo_of {
        job.ledger.undone_run(session, of, id)?;
    }
    Ok(())
}

/// What a run has done, as it stands in the ledger.
fn counts(done: &Done) -> String {
    let parts = done.parts.iter().map(|part| serde_json::json!({ "table": part.table, "op": part.op, "rows": part.rows }));
    serde_json::json!({ "rows": done.rows(), "parts": parts.collect::<Vec<_>>() }).to_string()
}
