//! Waiting for a database that is still starting.

use std::time::{Duration, Instant};

use super::context::Context;
use super::output::words;
use crate::backend::{SqlError, SqlErrorKind};

/// Tries to reach a database again and again, for at most `limit`, as long as waiting may help.
///
/// # Errors
/// The last refusal.
pub fn until_reachable<T>(
    context: &mut Context,
    limit: Duration,
    mut reach: impl FnMut(&mut Context) -> Result<T, SqlError>,
) -> Result<T, SqlError> {
    let begun = Instant::now();
    let mut told = false;
    loop {
        let error = match reach(context) {
            Ok(reached) => return Ok(reached),
            Err(error) => error,
        };
        let waited = begun.elapsed();
        if error.kind != SqlErrorKind::Connection || waited >= limit {
            return Err(error);
        }
        if !context.screen.json {
            let text = format!("  waiting for the database   {} of {}", words::clock(waited), words::clock(limit));
            context.screen.live(&text, told);
            told = true;
        }
        std::thread::sleep(Duration::from_millis(250).min(limit.saturating_sub(waited)));
    }
}
