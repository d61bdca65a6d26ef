//! The server's errors in our words and in Diesel's.

use std::error::Error as _;

use diesel::result::{DatabaseErrorInformation, DatabaseErrorKind, Error as DieselError};
use postgres::error::{DbError, ErrorPosition};

use crate::backend::error::{SqlError, SqlErrorKind};
use crate::domain::secret::redact;

/// Whether `error` means that there is no connection any more. The server's own FATAL often does not get
/// through, so the SQLSTATE alone does not tell.
pub(super) fn is_lost(error: &postgres::Error) -> bool {
    error.is_closed()
        || match error.as_db_error() {
            Some(db) => matches!(db.severity(), "FATAL" | "PANIC"),
            // What cannot be sent at all (a NUL in the text, a gigabyte) comes as invalid input.
            None => error
                .source()
                .and_then(|cause| cause.downcast_ref::<std::io::Error>())
                .is_some_and(|cause| cause.kind() != std::io::ErrorKind::InvalidInput),
        }
}

/// What the server, or the way to it, says; `sql` is what was sent.
pub(super) fn explain(error: &postgres::Error, sql: &str) -> SqlError {
    let Some(db) = error.as_db_error() else {
        if is_lost(error) {
            let mut lost = SqlError::new(SqlErrorKind::Connection, "the connection to the server was lost");
            lost.detail = error.source().map(|cause| redact(&cause.to_string()));
            return lost;
        }
        return SqlError::new(SqlErrorKind::Other, with_causes(error));
    };
    SqlError {
        kind: kind_of(db.code().code()),
        message: db.message().to_owned(),
        sqlstate: Some(db.code().code().to_owned()),
        position: position_in(sql, db),
        detail: db.detail().map(str::to_owned),
        hint: db.hint().map(str::to_owned),
        constraint: constraint(db),
        context: db.where_().map(str::to_owned),
    }
}

fn constraint(db: &DbError) -> Option<Box<str>> {
    let column = || Some(format!("{}.{}", db.table()?, db.column()?));
    db.constraint().map(str::to_owned).or_else(column).map(String::into_boxed_str)
}

/// The message and its causes in one line, without passwords.
pub(super) fn with_causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(next) = cause {
        let said = next.to_string();
        if !text.contains(&said) {
            text = format!("{text}: {said}");
        }
        cause = next.source();
    }
    redact(&text)
}

fn position_in(sql: &str, error: &DbError) -> Option<usize> {
    match error.position()? {
        ErrorPosition::Original(at) => byte_of(sql, *at),
        ErrorPosition::Internal { .. } => None,
    }
}

/// The server counts characters from 1; our excerpts start from a byte.
fn byte_of(sql: &str, character: u32) -> Option<usize> {
    let before = usize::try_from(character).ok()?.checked_sub(1)?;
    sql.char_indices().map(|(byte, _)| byte).chain([sql.len()]).nth(before)
}

fn kind_of(sqlstate: &str) -> SqlErrorKind {
    match sqlstate {
        "3D000" => SqlErrorKind::NoDatabase,
        "42501" => SqlErrorKind::Permission,
        "25006" => SqlErrorKind::ReadOnly,
        "55P03" => SqlErrorKind::Busy,
        "40001" | "40P01" => SqlErrorKind::Serialization,
        "57014" => SqlErrorKind::Cancelled,
        "53100" => SqlErrorKind::Full,
        "25001" => SqlErrorKind::InsideTransaction,
        "53300" | "57P01" | "57P02" | "57P03" | "57P04" | "57P05" => SqlErrorKind::Connection,
        _ if sqlstate.starts_with("08") => SqlErrorKind::Connection,
        _ if sqlstate.starts_with("28") => SqlErrorKind::Authentication,
        _ if sqlstate.starts_with("23") => SqlErrorKind::Constraint,
        _ => SqlErrorKind::Other,
    }
}

/// The same error as Diesel's own PostgreSQL connection would give it.
pub(super) fn to_diesel(error: &postgres::Error, explained: &SqlError) -> DieselError {
    let kind = match explained.sqlstate.as_deref() {
        _ if explained.kind == SqlErrorKind::Connection => DatabaseErrorKind::ClosedConnection,
        Some("23505") => DatabaseErrorKind::UniqueViolation,
        Some("23503") => DatabaseErrorKind::ForeignKeyViolation,
        Some("23502") => DatabaseErrorKind::NotNullViolation,
        Some("23514") => DatabaseErrorKind::CheckViolation,
        Some("40001") => DatabaseErrorKind::SerializationFailure,
        Some("25006") => DatabaseErrorKind::ReadOnlyTransaction,
        _ => DatabaseErrorKind::Unknown,
    };
    DieselError::DatabaseError(kind, Box::new(Told::from(error, explained)))
}

/// What an error raised by Diesel itself means.
pub(super) fn from_diesel(error: &DieselError) -> SqlError {
    match error {
        DieselError::BrokenTransactionManager => {
            SqlError::new(SqlErrorKind::Connection, "the connection was lost, or its transaction could not be ended")
        }
        DieselError::RollbackErrorOnCommit { commit_error, .. } => {
            SqlError::new(SqlErrorKind::Connection, format!("{commit_error}, and the transaction could not be rolled back"))
        }
        other => SqlError::new(SqlErrorKind::Other, with_causes(other)),
    }
}

/// The facts that Diesel asks for.
struct Told {
    message: String,
    detail: Option<String>,
    hint: Option<String>,
    table: Option<String>,
    column: Option<String>,
    constraint: Option<String>,
    position: Option<i32>,
}

impl Told {
    fn from(error: &postgres::Error, explained: &SqlError) -> Self {
        let db = error.as_db_error();
        let word = |of: fn(&DbError) -> Option<&str>| db.and_then(of).map(str::to_owned);
        Self {
            message: explained.message.clone(),
            detail: explained.detail.clone(),
            hint: explained.hint.clone(),
            table: word(DbError::table),
            column: word(DbError::column),
            constraint: word(DbError::constraint),
            position: db.and_then(DbError::position).and_then(|at| match at {
                ErrorPosition::Original(at) => i32::try_from(*at).ok(),
                ErrorPosition::Internal { .. } => None,
            }),
        }
    }
}

impl DatabaseErrorInformation for Told {
    fn message(&self) -> &str {
        &self.message
    }
    fn details(&self) -> Option<&str> {
        self.detail.as_deref()
    }
    fn hint(&self) -> Option<&str> {
        self.hint.as_deref()
    }
    fn table_name(&self) -> Option<&str> {
        self.table.as_deref()
    }
    fn column_name(&self) -> Option<&str> {
        self.column.as_deref()
    }
    fn constraint_name(&self) -> Option<&str> {
        self.constraint.as_deref()
    }
    fn statement_position(&self) -> Option<i32> {
        self.position
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn characters_become_bytes() {
        assert_eq!(byte_of("äb", 1), Some(0));
        assert_eq!(byte_of("äb", 2), Some(2));
        assert_eq!(byte_of("äb", 3), Some(3), "an error may be at the end");
        assert_eq!(byte_of("äb", 4), None);
        assert_eq!(byte_of("äb", 0), None);
    }

    #[test]
    fn states_have_kinds() {
        for (state, kind) in [
            ("28P01", SqlErrorKind::Authentication),
            ("3D000", SqlErrorKind::NoDatabase),
            ("42501", SqlErrorKind::Permission),
            ("40P01", SqlErrorKind::Serialization),
            ("53100", SqlErrorKind::Full),
            ("23514", SqlErrorKind::Constraint),
            ("57P01", SqlErrorKind::Connection),
            ("08006", SqlErrorKind::Connection),
            ("42703", SqlErrorKind::Other),
        ] {
            assert_eq!(kind_of(state), kind, "{state}");
        }
    }
}
