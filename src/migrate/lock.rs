//! Waiting for the lock, without ever waiting inside a statement.
//!
//! A statement that waits for an advisory lock holds a snapshot, and `CREATE INDEX CONCURRENTLY` waits for all
//! snapshots: the two deadlock. So the lock is tried, and tried again.

use std::time::{Duration, Instant};

use super::error::MigrateError;
use super::event::{Event, Observer};
use crate::backend::{Full, Holder, SqlError, SqlErrorKind};

/// The state of the waiting.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waiting {
    /// Who holds the lock, as far as it can be known.
    pub holder: Option<Holder>,
    /// For how long we have waited.
    pub waited: Duration,
    /// For how long we would.
    pub limit: Duration,
}

/// Takes the lock, waiting up to `limit`.
pub(super) fn take(
    session: &mut impl Full,
    what: &str,
    limit: Duration,
    observer: &mut dyn Observer,
    stop: &dyn Fn() -> bool,
) -> Result<(), MigrateError> {
    let begun = Instant::now();
    let mut pause = Duration::from_millis(10);
    loop {
        if session.try_lock(what)? {
            return verify(session);
        }
        let waiting = Waiting { holder: session.lock_holder()?, waited: begun.elapsed(), limit };
        if waiting.waited >= limit {
            return Err(MigrateError::Locked(waiting));
        }
        if stop() {
            return Err(MigrateError::Stopped { done: Vec::new(), left: Vec::new() });
        }
        observer.on(&Event::Waiting(&waiting));
        std::thread::sleep(pause.min(limit.saturating_sub(waiting.waited)));
        pause = (pause * 2).min(Duration::from_millis(500));
    }
}

/// Does `work` on a session that holds the lock, waiting up to `limit` for it.
///
/// # Errors
/// When somebody else holds it for longer, or what `work` fails with.
pub fn locked<S: Full, T, E: From<MigrateError>>(
    session: &mut S,
    what: &str,
    limit: Duration,
    observer: &mut dyn Observer,
    work: impl FnOnce(&mut S) -> Result<T, E>,
) -> Result<T, E> {
    take(session, what, limit, observer, &|| false)?;
    let done = work(session);
    // The lock ends with the session at the latest; an error that is on its way says more than this one.
    let unlocked = session.unlock();
    let done = done?;
    unlocked.map_err(MigrateError::from)?;
    Ok(done)
}

/// A pooler that hands out another server connection for each transaction loses the lock without a word.
pub(super) fn verify(session: &mut impl Full) -> Result<(), MigrateError> {
    if session.holds_lock()? {
        return Ok(());
    }
    Err(SqlError::new(SqlErrorKind::Other, "the lock was taken, but this connection does not hold it")
        .with_hint("connect to the server itself, or to a pooler in session mode: a pooler in transaction mode loses the lock")
        .into())
}
