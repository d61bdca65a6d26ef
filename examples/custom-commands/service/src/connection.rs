//! A connection of Diesel's to either database. Queries are written once; [`on!`] gives them to the one that is there.

use std::time::Duration;

use diesel::connection::SimpleConnection;
use diesel::{Connection as _, SqliteConnection};
use manage::backend::postgres::PostgresSession;
use manage::backend::{Access, Opening, SqlErrorKind};
use manage::domain::database_url::DatabaseUrl;

/// SQLite, or PostgreSQL over the library's own client.
pub enum Connection {
    Sqlite(SqliteConnection),
    Postgres(Box<PostgresSession>),
}

/// Whether it writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    Reads,
    Writes,
}

/// Runs an expression on the connection that is there: `on!(connection, c => table.count().get_result(c))`.
macro_rules! on {
    ($connection:expr, $c:ident => $body:expr) => {
        match $connection {
            $crate::connection::Connection::Sqlite($c) => $body,
            $crate::connection::Connection::Postgres(session) => {
                let $c = &mut **session;
                $body
            }
        }
    };
}

/// The same in one transaction. On SQLite it is the writer's from its first statement on, so that it never has to give
/// up half-way since somebody else has written.
macro_rules! in_transaction {
    ($connection:expr, $c:ident => $body:expr) => {
        match $connection {
            $crate::connection::Connection::Sqlite(session) => session.immediate_transaction(|$c| $body),
            $crate::connection::Connection::Postgres(session) => diesel::Connection::transaction(&mut **session, |$c| $body),
        }
    };
}

pub(crate) use {in_transaction, on};

impl Connection {
    /// Opens the database. `limit` is how long a statement may take, or wait for others.
    ///
    /// # Errors
    /// In words, when it cannot be reached.
    pub fn open(url: &DatabaseUrl, role: Role, limit: Duration) -> Result<Self, String> {
        let milliseconds = limit.as_millis();
        match url {
            DatabaseUrl::Sqlite(path) => {
                let path = path.to_str().ok_or("the database's path is not UTF-8")?;
                let mut connection = SqliteConnection::establish(path).map_err(|error| error.to_string())?;
                let only_reads = if role == Role::Reads { "PRAGMA query_only = ON;" } else { "" };
                // With a write-ahead log readers do not wait for the writer, nor it for them.
                connection
                    .batch_execute(&format!(
                        "PRAGMA busy_timeout = {milliseconds}; PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; \
                         PRAGMA foreign_keys = ON; {only_reads}"
                    ))
                    .map_err(|error| error.to_string())?;
                Ok(Self::Sqlite(connection))
            }
            DatabaseUrl::Postgres(secret) => {
                let opening = Opening {
                    access: if role == Role::Reads { Access::Read } else { Access::Write },
                    application: "custom-commands",
                    environment: &|name| std::env::var(name).ok(),
                    connect_timeout: Some(limit),
                };
                let mut session = PostgresSession::open(secret, &opening).map_err(|error| error.to_string())?;
                session.batch_execute(&format!("SET statement_timeout = {milliseconds}")).map_err(|error| error.to_string())?;
                Ok(Self::Postgres(Box::new(session)))
            }
        }
    }

    /// Whether there is still a database at the other end.
    pub fn answers(&mut self) -> bool {
        on!(self, c => c.batch_execute("SELECT 1")).is_ok()
    }

    /// Whether the last failure was two writers in each other's way, of whom one had to go: it may try again.
    pub fn was_in_the_way(&self) -> bool {
        match self {
            // There is one writer.
            Self::Sqlite(_) => false,
            Self::Postgres(session) => session.last_failure().is_some_and(|failure| failure.kind == SqlErrorKind::Serialization),
        }
    }
}
