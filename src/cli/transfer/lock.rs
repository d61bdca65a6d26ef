//! Waiting for the lock of the new database, and holding it.

use std::time::{Duration, Instant};

use crate::backend::{Full, Session};
use crate::cli::failure::Failure;
use crate::domain::explain::Class;

/// Takes the lock, waiting up to `limit`. It ends with the session at the latest.
///
/// # Errors
/// When somebody else holds it for longer.
pub fn take(session: &mut Session, what: &str, limit: Duration) -> Result<(), Failure> {
    let begun = Instant::now();
    while !session.try_lock(what)? {
        if begun.elapsed() >= limit {
            let holder = session.lock_holder()?.map(|holder| format!(": {}", holder.described())).unwrap_or_default();
            return Err(Failure::new(
                Class::Locked,
                format!("another run holds the lock{holder}"),
                "wait until it is done; --lock-timeout sets how long",
            ));
        }
        std::thread::sleep(Duration::from_millis(50).min(limit));
    }
    Ok(())
}
