//! One SQLite handle, seen by diesel and by rusqlite. The only module with unsafe code.
//!
//! Diesel opens and closes the connection but keeps its handle private. SQLite calls every registered
//! "automatic extension" for each connection it opens, on the opening thread; such a function notes the
//! handle while diesel opens its connection. rusqlite then gets a view of it that never closes it.
#![allow(unsafe_code)]

use std::cell::Cell;
use std::ffi::{c_char, c_int};
use std::mem::ManuallyDrop;
use std::sync::{Arc, Mutex, PoisonError};

use diesel::sqlite::SqliteConnection;
use diesel::{Connection, ConnectionError};
use libsqlite3_sys as ffi;

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

/// A diesel connection and a rusqlite view of its handle.
pub(super) struct Handle {
    // Never dropped: diesel closes the handle. It is declared first so that nobody can use it afterwards.
    view: ManuallyDrop<rusqlite::Connection>,
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
        let view = unsafe { rusqlite::Connection::from_handle_owned(handle) }
            .map_err(|error| ConnectionError::BadConnection(error.to_string()))?;
        Ok(Self { view: ManuallyDrop::new(view), diesel, alive: Arc::new(Mutex::new(true)) })
    }

    /// Diesel's connection.
    pub(super) fn diesel(&mut self) -> &mut SqliteConnection {
        &mut self.diesel
    }

    /// rusqlite's view of it.
    pub(super) fn view(&self) -> &rusqlite::Connection {
        &self.view
    }

    /// Something that stops a running statement from another thread.
    pub(super) fn interrupter(&self) -> Interrupter {
        Interrupter { handle: Arc::new(self.view.get_interrupt_handle()), alive: Arc::clone(&self.alive) }
    }

    /// Whether the open transaction holds violated deferred foreign keys, so that its COMMIT would fail.
    pub(super) fn deferred_violations(&self) -> bool {
        let (mut current, mut highest) = (0, 0);
        // SAFETY: the handle is open as long as `self` lives, and both pointers lead to our own integers.
        let code = unsafe {
            ffi::sqlite3_db_status(self.view.handle(), ffi::SQLITE_DBSTATUS_DEFERRED_FKS, &mut current, &mut highest, 0)
        };
        code == ffi::SQLITE_OK && current != 0
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        *self.alive.lock().unwrap_or_else(PoisonError::into_inner) = false;
    }
}

/// Stops a running statement from another thread. Does nothing once the connection is closed.
#[derive(Clone)]
pub struct Interrupter {
    handle: Arc<rusqlite::InterruptHandle>,
    alive: Arc<Mutex<bool>>,
}

impl Interrupter {
    /// Interrupts what runs now.
    pub fn interrupt(&self) {
        // The connection cannot be closed while the lock is held.
        let alive = self.alive.lock().unwrap_or_else(PoisonError::into_inner);
        if *alive {
            self.handle.interrupt();
        }
    }
}
