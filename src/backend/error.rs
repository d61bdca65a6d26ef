//! What a database says when it refuses, in one form for both.

use crate::domain::explain::{Class, Explain};

/// What kind of refusal it was, as far as the next step depends on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SqlErrorKind {
    /// The server cannot be reached, or the connection was lost.
    Connection,
    /// The server does not let this user in.
    Authentication,
    /// TLS was asked for and cannot be had, or the certificate does not hold.
    Tls,
    /// The database does not exist.
    NoDatabase,
    /// The role may not do this.
    Permission,
    /// The database or the file is read-only.
    ReadOnly,
    /// Another session holds what is needed: SQLite busy, PostgreSQL `lock_timeout`.
    Busy,
    /// Serialisation failure or deadlock: worth another try.
    Serialization,
    /// Cancelled, or `statement_timeout`.
    Cancelled,
    /// No space left.
    Full,
    /// A constraint was violated.
    Constraint,
    /// The file is not an SQLite database, or is damaged.
    NotADatabase,
    /// The statement cannot run inside a transaction.
    InsideTransaction,
    /// The URL or connection string is not valid, or names an option that is not supported.
    Configuration,
    /// Anything else.
    Other,
}

/// A database's error. No field ever holds a password.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct SqlError {
    /// The kind.
    pub kind: SqlErrorKind,
    /// The primary message.
    pub message: String,
    /// SQLSTATE on PostgreSQL (`42703`), the extended result code's name on SQLite (`SQLITE_CONSTRAINT_UNIQUE`).
    pub sqlstate: Option<String>,
    /// Byte offset within the statement that was sent.
    pub position: Option<usize>,
    /// PostgreSQL's DETAIL.
    pub detail: Option<String>,
    /// PostgreSQL's HINT, or our own for a connection that failed.
    pub hint: Option<String>,
    /// PostgreSQL: the constraint that a row violates, or `table.column` for one that takes no NULL.
    pub constraint: Option<Box<str>>,
    /// PostgreSQL's CONTEXT (`COPY c, line 2`, `PL/pgSQL function f() line 3 at RAISE`).
    pub context: Option<String>,
}

impl SqlError {
    /// An error with a kind and a message only.
    pub fn new(kind: SqlErrorKind, message: impl Into<String>) -> Self {
        Self {
            kind,
            message: message.into(),
            sqlstate: None,
            position: None,
            detail: None,
            hint: None,
            constraint: None,
            context: None,
        }
    }

    /// Whether we found it ourselves: the database's own errors have a code.
    pub fn is_ours(&self) -> bool {
        self.sqlstate.is_none()
    }

    /// Whether a table, or something else that was to be made, is there already.
    pub fn is_there_already(&self) -> bool {
        match self.sqlstate.as_deref() {
            // duplicate_table (indexes, too), duplicate_object, duplicate_schema
            Some("42P07" | "42710" | "42P06") => true,
            Some("SQLITE_ERROR") => self.message.ends_with("already exists"),
            _ => false,
        }
    }

    /// The same error with a hint.
    #[must_use]
    pub fn with_hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

impl Explain for SqlError {
    fn class(&self) -> Class {
        match self.kind {
            SqlErrorKind::Configuration => Class::Usage,
            SqlErrorKind::Busy => Class::Locked,
            _ => Class::CouldNotRun,
        }
    }

    fn hint(&self) -> Option<String> {
        self.hint.clone()
    }

    fn sqlstate(&self) -> Option<&str> {
        self.sqlstate.as_deref()
    }

    fn details(&self) -> Vec<String> {
        self.detail
            .iter()
            .map(|detail| format!("detail: {detail}"))
            .chain(self.context.iter().map(|context| format!("context: {context}")))
            .collect()
    }
}
