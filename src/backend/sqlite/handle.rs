//! One SQLite handle, seen by diesel, by our own statements, and by rusqlite where it is compiled in.
//!
//! Diesel opens and closes the connection but keeps its handle private. SQLite calls every registered
//! "automatic extension" for each connection it opens, on the opening thread; such a function notes the
//! handle while diesel opens its connection. The other views of it never close it.
#![allow(unsafe_code)]

use std::cell::Cell;
use std::ffi::{c_char, c_int};
#[cfg(feature = "full")]
use std::mem::ManuallyDrop;
use std::sync::{Arc, Mutex, PoisonError};

use diesel::sqlite::SqliteConnection;
use diesel::{Connection, ConnectionError};
use libsqlite3_sys as ffi;

use super::raw::{self, Db};

thread_local! {
    static OPENED: Cell<*mut ffi::sqlite3> = const { Cell::new(std::ptr::null_mut()) };
}

unsafe extern "C" fn note_handle(
    db: *mut ffi::sqlite3,
    _message: *mut *mut c_char,
    _api: *const ffi::sqlite3_api_routines,
) -> c_int {
    OPENED.with(|opened| opened.set(db));
    ffi::SQLITE_OK
}

/// A diesel connection and other views of its handle.
pub(super) struct Handle {
    // Never dropped: diesel closes the handle. It is declared first so that nobody can use it afterwards.
    #[cfg(feature = "full")]
    view: ManuallyDrop<rusqlite::Connection>,
    db: Db,
    diesel: SqliteConnection,
    alive: Arc<Mutex<bool>>,
}

impl Handle {
    /// Opens `url`, a path or a `file:` URI.
    pub(super) fn open(url: &str) -> Result<Self, ConnectionError> {
        // Another thread's registration or cancellation must not fall between ours and the opening.
        static OPENING: Mutex<()> = Mutex::new(());
        let (diesel, handle) = {
            let _guard = OPENING.lock().unwrap_or_else(PoisonError::into_inner);
            // SAFETY: `note_handle` has the signature that SQLite documents for entry points of extensions.
            unsafe { ffi::sqlite3_auto_extension(Some(note_handle)) };
            let diesel = SqliteConnection::establish(url);
            // SAFETY: as above; cancelling what is not registered does nothing.
            unsafe { ffi::sqlite3_cancel_auto_extension(Some(note_handle)) };
            (diesel?, OPENED.with(|opened| opened.replace(std::ptr::null_mut())))
        };
        if handle.is_null() {
            return Err(ConnectionError::BadConnection("this build of SQLite has no automatic extensions".to_owned()));
        }
        // SAFETY: the handle was opened a moment ago. Diesel asks for extended codes where it needs them, so it
        // does not mind that every call returns them.
        unsafe { ffi::sqlite3_extended_result_codes(handle, 1) };
        // SAFETY: the handle was opened on this thread a moment ago by `diesel`, which lives as long as the
        // view and closes it; `ManuallyDrop` keeps rusqlite from closing it a second time. The "owned" form is
        // what lets rusqlite register hooks.
        #[cfg(feature = "full")]
        let view = unsafe { rusqlite::Connection::from_handle_owned(handle) }
            .map_err(|error| ConnectionError::BadConnection(error.to_string()))?;
        Ok(Self {
            #[cfg(feature = "full")]
            view: ManuallyDrop::new(view),
            // SAFETY: `diesel` keeps it open for as long as `self` lives.
            db: unsafe { Db::new(handle) },
            diesel,
            alive: Arc::new(Mutex::new(true)),
        })
    }

    /// Diesel's connection.
    pub(super) fn diesel(&mut self) -> &mut SqliteConnection {
        &mut self.diesel
    }

    /// Our own statements on it.
    pub(super) fn db(&self) -> &Db {
        &self.db
    }

    /// rusqlite's view of it.
    #[cfg(feature = "full")]
    pub(super) fn view(&self) -> &rusqlite::Connection {
        &self.view
    }

    /// Something that stops a running statement from another thread.
    pub(super) fn interrupter(&self) -> Interrupter {
        Interrupter { handle: Shared(self.db.handle()), alive: Arc::clone(&self.alive) }
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        *self.alive.lock().unwrap_or_else(PoisonError::into_inner) = false;
    }
}

/// A handle that is used from other threads only to interrupt.
#[derive(Clone, Copy)]
struct Shared(*mut ffi::sqlite3);

// SAFETY: `sqlite3_interrupt` may be called from any thread while the connection is open, which `Interrupter` sees to.
unsafe impl Send for Shared {}
// SAFETY: as above.
unsafe impl Sync for Shared {}

/// Stops a running statement from another thread. Does nothing once the connection is closed.
#[derive(Clone)]
pub struct Interrupter {
    handle: Shared,
    alive: Arc<Mutex<bool>>,
}

impl Interrupter {
    /// Interrupts what runs now.
    pub fn interrupt(&self) {
        // The connection cannot be closed while the lock is held.
        let alive = self.alive.lock().unwrap_or_else(PoisonError::into_inner);
        if *alive {
            // SAFETY: it is open.
            unsafe { raw::interrupt(self.handle.0) };
        }
    }
}
