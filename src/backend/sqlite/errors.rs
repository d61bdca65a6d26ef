//! SQLite's result codes as [`SqlError`].

use libsqlite3_sys as ffi;

use crate::backend::error::{SqlError, SqlErrorKind};

/// Translates an error of rusqlite.
#[cfg(feature = "full")]
pub(in crate::backend) fn translate(error: rusqlite::Error) -> SqlError {
    match error {
        rusqlite::Error::SqliteFailure(code, message) => {
            from_code(code.extended_code, message.unwrap_or_else(|| code.to_string()), None)
        }
        rusqlite::Error::SqlInputError { error, msg, offset, .. } => {
            from_code(error.extended_code, msg, usize::try_from(offset).ok())
        }
        other => SqlError::new(SqlErrorKind::Other, other.to_string()),
    }
}

/// A result code in our words.
pub(super) fn from_code(extended: i32, message: String, position: Option<usize>) -> SqlError {
    let kind = match extended & 0xff {
        ffi::SQLITE_BUSY | ffi::SQLITE_LOCKED => SqlErrorKind::Busy,
        ffi::SQLITE_READONLY => SqlErrorKind::ReadOnly,
        ffi::SQLITE_PERM | ffi::SQLITE_AUTH => SqlErrorKind::Permission,
        ffi::SQLITE_CANTOPEN => SqlErrorKind::Connection,
        ffi::SQLITE_NOTADB | ffi::SQLITE_CORRUPT => SqlErrorKind::NotADatabase,
        ffi::SQLITE_FULL => SqlErrorKind::Full,
        ffi::SQLITE_CONSTRAINT => SqlErrorKind::Constraint,
        ffi::SQLITE_INTERRUPT => SqlErrorKind::Cancelled,
        _ if message.contains("within a transaction") || message.contains("from within a transaction") => {
            SqlErrorKind::InsideTransaction
        }
        _ => SqlErrorKind::Other,
    };
    let hint = match kind {
        SqlErrorKind::NotADatabase => Some("the file is damaged or not an SQLite database: check the path, or restore a backup"),
        SqlErrorKind::Full => Some("make room on the disk, then run the same command again"),
        SqlErrorKind::ReadOnly => Some("check who owns the file and its folder, and that the disk is not mounted read-only"),
        SqlErrorKind::Busy => Some("another program is writing to the file: try again when it is done"),
        _ => None,
    };
    SqlError {
        kind,
        message,
        sqlstate: Some(name(extended)),
        position,
        detail: None,
        hint: hint.map(str::to_owned),
        constraint: None,
        context: None,
    }
}

/// The name of an extended result code, as sqlite.org/rescode.html lists it.
fn name(extended: i32) -> String {
    let known = match extended {
        ffi::SQLITE_CONSTRAINT_CHECK => "SQLITE_CONSTRAINT_CHECK",
        ffi::SQLITE_CONSTRAINT_FOREIGNKEY => "SQLITE_CONSTRAINT_FOREIGNKEY",
        ffi::SQLITE_CONSTRAINT_NOTNULL => "SQLITE_CONSTRAINT_NOTNULL",
        ffi::SQLITE_CONSTRAINT_PRIMARYKEY => "SQLITE_CONSTRAINT_PRIMARYKEY",
        ffi::SQLITE_CONSTRAINT_TRIGGER => "SQLITE_CONSTRAINT_TRIGGER",
        ffi::SQLITE_CONSTRAINT_UNIQUE => "SQLITE_CONSTRAINT_UNIQUE",
        ffi::SQLITE_CONSTRAINT_ROWID => "SQLITE_CONSTRAINT_ROWID",
        ffi::SQLITE_CONSTRAINT_DATATYPE => "SQLITE_CONSTRAINT_DATATYPE",
        _ => match extended & 0xff {
            ffi::SQLITE_ERROR => "SQLITE_ERROR",
            ffi::SQLITE_PERM => "SQLITE_PERM",
            ffi::SQLITE_BUSY => "SQLITE_BUSY",
            ffi::SQLITE_LOCKED => "SQLITE_LOCKED",
            ffi::SQLITE_NOMEM => "SQLITE_NOMEM",
            ffi::SQLITE_READONLY => "SQLITE_READONLY",
            ffi::SQLITE_INTERRUPT => "SQLITE_INTERRUPT",
            ffi::SQLITE_IOERR => "SQLITE_IOERR",
            ffi::SQLITE_CORRUPT => "SQLITE_CORRUPT",
            ffi::SQLITE_FULL => "SQLITE_FULL",
            ffi::SQLITE_CANTOPEN => "SQLITE_CANTOPEN",
            ffi::SQLITE_SCHEMA => "SQLITE_SCHEMA",
            ffi::SQLITE_TOOBIG => "SQLITE_TOOBIG",
            ffi::SQLITE_CONSTRAINT => "SQLITE_CONSTRAINT",
            ffi::SQLITE_MISMATCH => "SQLITE_MISMATCH",
            ffi::SQLITE_AUTH => "SQLITE_AUTH",
            ffi::SQLITE_NOTADB => "SQLITE_NOTADB",
            _ => return format!("SQLITE {extended}"),
        },
    };
    known.to_owned()
}

/// Translates an error of diesel, which keeps the result code to itself: the messages are SQLite's own.
pub(super) fn translate_diesel(error: diesel::result::Error) -> SqlError {
    let message = match &error {
        diesel::result::Error::DatabaseError(_, information) => information.message().to_owned(),
        other => other.to_string(),
    };
    let code = match message.as_str() {
        "database is locked" | "database table is locked" => ffi::SQLITE_BUSY,
        "database or disk is full" => ffi::SQLITE_FULL,
        "attempt to write a readonly database" => ffi::SQLITE_READONLY,
        "disk I/O error" => ffi::SQLITE_IOERR,
        "FOREIGN KEY constraint failed" => ffi::SQLITE_CONSTRAINT_FOREIGNKEY,
        "interrupted" => ffi::SQLITE_INTERRUPT,
        _ => ffi::SQLITE_ERROR,
    };
    from_code(code, message, None)
}
