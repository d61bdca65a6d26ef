//! Which thread may wait for the server.

use std::panic::resume_unwind;
use std::thread;

use tokio::runtime::Handle;

/// Runs `work` here, or on a thread of its own where this one belongs to an async runtime.
///
/// The `postgres` client drives a small runtime inside and panics when it is used on the thread of another
/// one. An application with an async `main` may call us all the same: the caller waits, as it would for any
/// blocking client.
pub(super) fn off_runtime<T: Send>(work: impl FnOnce() -> T + Send) -> T {
    if !on_runtime() {
        return work();
    }
    thread::scope(|scope| match scope.spawn(work).join() {
        Ok(done) => done,
        Err(panic) => resume_unwind(panic),
    })
}

/// Whether this thread belongs to an async runtime.
pub(super) fn on_runtime() -> bool {
    Handle::try_current().is_ok()
}
