//! Statements on an SQLite handle, by SQLite's own calls.
//!
//! Diesel keeps to itself what a failed statement is worth knowing by: the extended result code, the place of the
//! error, whether a transaction is still open. rusqlite gives it, but an application that embeds us may have a
//! rusqlite of another version, and a program links one SQLite only. So the few calls are made here.
#![allow(unsafe_code)]

use std::ffi::{CStr, c_char, c_int, c_void};
use std::sync::Arc;
use std::time::{Duration, Instant};

use libsqlite3_sys as ffi;

use super::errors::from_code;
use crate::backend::error::{SqlError, SqlErrorKind};
use crate::domain::value::{Row, Value};

/// The handle of an open connection, which somebody else opened and will close.
pub(super) struct Db(*mut ffi::sqlite3);

// SAFETY: SQLite is compiled serialised (diesel relies on it, too): a handle may be used from any thread, one at a
// time, and `Db` is not `Sync`.
unsafe impl Send for Db {}

impl Db {
    /// # Safety
    /// `handle` is open and stays open for as long as the value lives.
    pub(super) unsafe fn new(handle: *mut ffi::sqlite3) -> Self {
        Self(handle)
    }

    /// The handle.
    pub(super) fn handle(&self) -> *mut ffi::sqlite3 {
        self.0
    }

    /// Runs every statement of `sql`; rows are read and dropped.
    pub(super) fn execute(&self, sql: &str) -> Result<(), SqlError> {
        let mut at = 0;
        while at < sql.len() {
            let (statement, read) = self.prepare(sql, at)?;
            match statement {
                Some(mut statement) => while statement.step()? {},
                // Nothing but blanks and comments, or a byte that ends the text for SQLite.
                None if read == 0 => break,
                None => {}
            }
            at += read;
        }
        Ok(())
    }

    /// Runs one statement with parameters and counts the rows it wrote.
    pub(super) fn execute_with(&self, sql: &str, binds: &[Value]) -> Result<u64, SqlError> {
        let mut statement = self.one(sql, binds)?;
        while statement.step()? {}
        // SAFETY: the handle is open.
        Ok(u64::try_from(unsafe { ffi::sqlite3_changes(self.0) }).unwrap_or_default())
    }

    /// Runs one query and reads all its rows.
    pub(super) fn query(&self, sql: &str, binds: &[Value]) -> Result<Vec<Row>, SqlError> {
        let mut statement = self.one(sql, binds)?;
        let names: Arc<[String]> = statement.names();
        let mut rows = Vec::new();
        while statement.step()? {
            rows.push(Row {
                names: Arc::clone(&names),
                values: (0..names.len()).map(|column| statement.value(column)).collect(),
            });
        }
        Ok(rows)
    }

    /// Does `work`, whose statements are interrupted once `limit` has gone by since `begun`.
    pub(super) fn within<T>(&self, begun: Instant, limit: Duration, work: impl FnOnce(&Self) -> T) -> T {
        let mut deadline = (begun, limit);
        let pointer = std::ptr::from_mut(&mut deadline).cast::<c_void>();
        // SAFETY: the handle is open; `deadline` lives until `Deadline` takes the handler off, on a panic, too.
        unsafe { ffi::sqlite3_progress_handler(self.0, STEPS_BETWEEN_LOOKS, Some(is_over), pointer) };
        let _taken_off = Deadline(self);
        work(self)
    }

    /// Whether no transaction is open.
    pub(super) fn is_autocommit(&self) -> bool {
        // SAFETY: the handle is open.
        unsafe { ffi::sqlite3_get_autocommit(self.0) != 0 }
    }

    /// Whether the file can only be read.
    pub(super) fn is_readonly(&self) -> bool {
        // SAFETY: the handle is open, the name is a C string.
        unsafe { ffi::sqlite3_db_readonly(self.0, c"main".as_ptr()) == 1 }
    }

    /// How long a statement waits for somebody else's lock.
    pub(super) fn busy_timeout(&self, timeout: Duration) -> Result<(), SqlError> {
        let millis = c_int::try_from(timeout.as_millis()).unwrap_or(c_int::MAX);
        // SAFETY: the handle is open.
        let code = unsafe { ffi::sqlite3_busy_timeout(self.0, millis) };
        if code == ffi::SQLITE_OK { Ok(()) } else { Err(self.error(None)) }
    }

    /// Whether the open transaction holds violated deferred foreign keys, so that its COMMIT would fail.
    pub(super) fn deferred_violations(&self) -> bool {
        let (mut current, mut highest) = (0, 0);
        // SAFETY: the handle is open, and both pointers lead to our own integers.
        let code = unsafe { ffi::sqlite3_db_status(self.0, ffi::SQLITE_DBSTATUS_DEFERRED_FKS, &mut current, &mut highest, 0) };
        code == ffi::SQLITE_OK && current != 0
    }

    fn one(&self, sql: &str, binds: &[Value]) -> Result<Statement<'_>, SqlError> {
        let (statement, _) = self.prepare(sql, 0)?;
        let Some(statement) = statement else {
            return Err(SqlError::new(SqlErrorKind::Other, "there is no statement in the text"));
        };
        statement.bind(binds)?;
        Ok(statement)
    }

    /// The first statement of `sql` from byte `at` on, and how many bytes it has; `None` where there is none.
    fn prepare(&self, sql: &str, at: usize) -> Result<(Option<Statement<'_>>, usize), SqlError> {
        let text = &sql.as_bytes()[at..];
        let length = c_int::try_from(text.len()).map_err(|_| SqlError::new(SqlErrorKind::Other, "the statement is too long"))?;
        let begin = text.as_ptr().cast::<c_char>();
        let (mut statement, mut tail) = (std::ptr::null_mut(), std::ptr::null());
        // SAFETY: the handle is open; the text is as long as said; both results lead to our own pointers.
        let code = unsafe { ffi::sqlite3_prepare_v2(self.0, begin, length, &mut statement, &mut tail) };
        if code != ffi::SQLITE_OK {
            return Err(self.error(Some(at)));
        }
        let read = (tail as usize).saturating_sub(begin as usize).min(text.len());
        let statement = (!statement.is_null()).then(|| Statement { db: self, raw: statement });
        Ok((statement, read))
    }

    /// What SQLite says of the call that failed last; its place counts from byte `at`.
    fn error(&self, at: Option<usize>) -> SqlError {
        // SAFETY: the handle is open; the message is a C string until the next call.
        let (code, message, offset) = unsafe {
            let message = ffi::sqlite3_errmsg(self.0);
            let message = if message.is_null() { String::new() } else { CStr::from_ptr(message).to_string_lossy().into_owned() };
            (ffi::sqlite3_extended_errcode(self.0), message, ffi::sqlite3_error_offset(self.0))
        };
        let place = at.and_then(|at| usize::try_from(offset).ok().map(|offset| at + offset));
        from_code(code, message, place)
    }
}

/// How many steps of SQLite's machine lie between two looks at the clock: some tens of microseconds.
const STEPS_BETWEEN_LOOKS: c_int = 1000;

/// Takes the progress handler off.
struct Deadline<'a>(&'a Db);

impl Drop for Deadline<'_> {
    fn drop(&mut self) {
        // SAFETY: the handle is open.
        unsafe { ffi::sqlite3_progress_handler(self.0.0, 0, None, std::ptr::null_mut()) };
    }
}

unsafe extern "C" fn is_over(deadline: *mut c_void) -> c_int {
    // SAFETY: `within` gave it, and takes the handler off before it goes.
    let (begun, limit) = unsafe { *deadline.cast::<(Instant, Duration)>() };
    c_int::from(begun.elapsed() >= limit)
}

/// A statement that runs.
struct Statement<'a> {
    db: &'a Db,
    raw: *mut ffi::sqlite3_stmt,
}

impl Statement<'_> {
    fn bind(&self, binds: &[Value]) -> Result<(), SqlError> {
        // SAFETY: the statement lives until it is dropped.
        let wanted = usize::try_from(unsafe { ffi::sqlite3_bind_parameter_count(self.raw) }).unwrap_or_default();
        if wanted != binds.len() {
            let message = format!("the statement takes {wanted} parameters and was given {}", binds.len());
            return Err(SqlError::new(SqlErrorKind::Other, message));
        }
        for (number, value) in (1..).zip(binds) {
            let bytes = |bytes: &[u8]| (bytes.as_ptr(), bytes.len() as u64);
            // SAFETY: the statement lives; SQLite copies texts and bytes before the call returns.
            let code = unsafe {
                match value {
                    Value::Null => ffi::sqlite3_bind_null(self.raw, number),
                    Value::Bool(value) => ffi::sqlite3_bind_int64(self.raw, number, i64::from(*value)),
                    Value::Integer(value) => ffi::sqlite3_bind_int64(self.raw, number, *value),
                    Value::Real(value) => ffi::sqlite3_bind_double(self.raw, number, *value),
                    Value::Text(value) => {
                        let (begin, length) = bytes(value.as_bytes());
                        let utf8 = ffi::SQLITE_UTF8 as u8;
                        ffi::sqlite3_bind_text64(self.raw, number, begin.cast(), length, ffi::SQLITE_TRANSIENT(), utf8)
                    }
                    Value::Bytes(value) => {
                        let (begin, length) = bytes(value);
                        ffi::sqlite3_bind_blob64(self.raw, number, begin.cast(), length, ffi::SQLITE_TRANSIENT())
                    }
                }
            };
            if code != ffi::SQLITE_OK {
                return Err(self.db.error(None));
            }
        }
        Ok(())
    }

    /// Goes to the next row; `false` after the last.
    fn step(&mut self) -> Result<bool, SqlError> {
        // SAFETY: the statement lives until it is dropped.
        match unsafe { ffi::sqlite3_step(self.raw) } {
            ffi::SQLITE_ROW => Ok(true),
            ffi::SQLITE_DONE => Ok(false),
            _ => Err(self.db.error(Some(0))),
        }
    }

    fn names(&self) -> Arc<[String]> {
        // SAFETY: the statement lives; a name is a C string, or null where memory is out.
        unsafe {
            (0..ffi::sqlite3_column_count(self.raw))
                .map(|column| ffi::sqlite3_column_name(self.raw, column))
                .map(|name| if name.is_null() { String::new() } else { CStr::from_ptr(name).to_string_lossy().into_owned() })
                .collect()
        }
    }

    /// A column of the row that the last step reached.
    fn value(&self, column: usize) -> Value {
        let column = c_int::try_from(column).unwrap_or(c_int::MAX);
        // SAFETY: the last step has reached a row; the bytes belong to it until the next, and are copied.
        unsafe {
            let bytes = |begin: *const u8| {
                let length = usize::try_from(ffi::sqlite3_column_bytes(self.raw, column)).unwrap_or_default();
                if begin.is_null() { Vec::new() } else { std::slice::from_raw_parts(begin, length).to_vec() }
            };
            match ffi::sqlite3_column_type(self.raw, column) {
                ffi::SQLITE_INTEGER => Value::Integer(ffi::sqlite3_column_int64(self.raw, column)),
                ffi::SQLITE_FLOAT => Value::Real(ffi::sqlite3_column_double(self.raw, column)),
                ffi::SQLITE_TEXT => String::from_utf8(bytes(ffi::sqlite3_column_text(self.raw, column)))
                    .map_or_else(|error| Value::Bytes(error.into_bytes()), Value::Text),
                ffi::SQLITE_BLOB => Value::Bytes(bytes(ffi::sqlite3_column_blob(self.raw, column).cast())),
                _ => Value::Null,
            }
        }
    }
}

impl Drop for Statement<'_> {
    fn drop(&mut self) {
        // SAFETY: it was prepared and is finalised once. The code repeats what the last step said.
        unsafe { ffi::sqlite3_finalize(self.raw) };
    }
}

/// Breaks off what runs on the handle. The caller keeps the connection from being closed meanwhile.
///
/// # Safety
/// The handle is open.
pub(super) unsafe fn interrupt(handle: *mut ffi::sqlite3) {
    // SAFETY: the caller says so; SQLite allows it from any thread.
    unsafe { ffi::sqlite3_interrupt(handle) };
}

/// The version of the SQLite that is linked.
pub(super) fn version() -> String {
    // SAFETY: a constant C string.
    unsafe { CStr::from_ptr(ffi::sqlite3_libversion()) }.to_string_lossy().into_owned()
}
