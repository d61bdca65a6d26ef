//! A session on either database.

use std::collections::HashSet;
use std::time::Duration;

use super::error::SqlError;
use super::full::{Blocker, HeldLock, IndexState, Limits, Span, Violation};
#[cfg(feature = "postgres")]
use super::postgres::PostgresSession;
use super::sqlite::SqliteSession;
use super::{Basic, Full, Holder, Identity, Notice, TableName};
use crate::domain::database_url::DatabaseUrl;
use crate::domain::engine::Engine;
use crate::domain::schema::Schema;
use crate::domain::sql::ConcurrentIndex;
use crate::domain::value::{Row, Value};

/// What the session may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Only read: a missing SQLite file is an error and is not created.
    Read,
    /// Write to a database that exists.
    Write,
    /// Write, and create a missing SQLite file.
    Create,
}

/// How to open a session. Environment and home folder are values: this floor reads neither.
pub struct Opening<'a> {
    /// What the session may do.
    pub access: Access,
    /// What the session calls itself to others, `manage migrate`; at most 63 bytes are shown by PostgreSQL.
    pub application: &'a str,
    /// Looks a variable of the environment (or of `.env`) up: `PGHOST`, `PGPASSWORD`, `HOME` …
    pub environment: &'a dyn Fn(&str) -> Option<String>,
    /// How long to try to reach a server, where the URL or the environment does not say it.
    pub connect_timeout: Option<Duration>,
}

/// A session that `manage` opened itself, on either database.
pub enum Session {
    /// SQLite.
    Sqlite(Box<SqliteSession>),
    /// PostgreSQL.
    #[cfg(feature = "postgres")]
    Postgres(Box<PostgresSession>),
}

/// The only match over back ends.
macro_rules! each {
    ($session:expr, $name:ident => $body:expr) => {
        match $session {
            Session::Sqlite($name) => $body,
            #[cfg(feature = "postgres")]
            Session::Postgres($name) => $body,
        }
    };
}
#[cfg(feature = "full")]
pub(super) use each;

impl Session {
    /// Opens the database that `url` names.
    ///
    /// # Errors
    /// When it cannot be reached, does not exist, or is not a database.
    pub fn open(url: &DatabaseUrl, opening: &Opening<'_>) -> Result<Self, SqlError> {
        match url {
            DatabaseUrl::Sqlite(path) => SqliteSession::open(path, opening).map(|session| Self::Sqlite(Box::new(session))),
            #[cfg(feature = "postgres")]
            DatabaseUrl::Postgres(url) => PostgresSession::open(url, opening).map(|session| Self::Postgres(Box::new(session))),
            #[cfg(not(feature = "postgres"))]
            DatabaseUrl::Postgres(_) => Err(without_client()),
        }
    }
}

impl Session {
    /// Makes the database that `url` names, without stamping it. Returns whether it was missing.
    ///
    /// # Errors
    /// When the server or the folder refuses.
    pub fn create_database(url: &DatabaseUrl, opening: &Opening<'_>) -> Result<bool, SqlError> {
        match url {
            DatabaseUrl::Sqlite(path) => SqliteSession::open(path, opening).map(|session| session.created()),
            #[cfg(feature = "postgres")]
            DatabaseUrl::Postgres(url) => PostgresSession::create_database(url, opening),
            #[cfg(not(feature = "postgres"))]
            DatabaseUrl::Postgres(_) => Err(without_client()),
        }
    }

    /// Drops the database that `url` names. Returns whether it was there.
    ///
    /// # Errors
    /// When somebody uses it, or the server or the folder refuses.
    pub fn drop_database(url: &DatabaseUrl, opening: &Opening<'_>) -> Result<bool, SqlError> {
        match url {
            DatabaseUrl::Sqlite(path) => SqliteSession::remove(path, opening),
            #[cfg(feature = "postgres")]
            DatabaseUrl::Postgres(url) => PostgresSession::drop_database(url, opening),
            #[cfg(not(feature = "postgres"))]
            DatabaseUrl::Postgres(_) => Err(without_client()),
        }
    }

    /// Something that breaks off a running statement from another thread.
    pub fn canceller(&self) -> Canceller {
        match self {
            Self::Sqlite(session) => Canceller::Sqlite(session.interrupter()),
            #[cfg(feature = "postgres")]
            Self::Postgres(session) => Canceller::Postgres(session.cancel_handle()),
        }
    }

    /// Whether opening the session created the database.
    pub fn created(&self) -> bool {
        match self {
            Self::Sqlite(session) => session.created(),
            #[cfg(feature = "postgres")]
            Self::Postgres(_) => false,
        }
    }
}

#[cfg(feature = "full")]
impl Session {
    /// Begins a transaction that may write, also where the session is one that only reads: for what is taken back.
    ///
    /// # Errors
    /// What the database refuses.
    pub fn begin_writing(&mut self) -> Result<(), SqlError> {
        self.begin()?;
        match self {
            Self::Sqlite(_) => Ok(()),
            #[cfg(feature = "postgres")]
            Self::Postgres(session) => session.execute("SET TRANSACTION READ WRITE"),
        }
    }

    /// The table that people call `shown`, as it must stand in a statement: letter by letter, with its schema where that is
    /// not `public`.
    ///
    /// # Errors
    /// What the database refuses.
    pub fn find_shown(&mut self, shown: &str) -> Result<Option<TableName>, SqlError> {
        match self {
            Self::Sqlite(session) => session.find_table(shown),
            #[cfg(feature = "postgres")]
            Self::Postgres(session) => super::server::find_shown(&mut **session, shown),
        }
    }
}

impl Basic for Session {
    fn engine(&self) -> Engine {
        each!(self, session => session.engine())
    }
    fn execute(&mut self, sql: &str) -> Result<(), SqlError> {
        each!(self, session => session.execute(sql))
    }
    fn execute_with(&mut self, sql: &str, binds: &[Value]) -> Result<u64, SqlError> {
        each!(self, session => session.execute_with(sql, binds))
    }
    fn query(&mut self, sql: &str, binds: &[Value]) -> Result<Vec<Row>, SqlError> {
        each!(self, session => session.query(sql, binds))
    }
    fn begin(&mut self) -> Result<(), SqlError> {
        each!(self, session => session.begin())
    }
    fn commit(&mut self) -> Result<(), SqlError> {
        each!(self, session => session.commit())
    }
    fn rollback(&mut self) -> Result<(), SqlError> {
        each!(self, session => session.rollback())
    }
}

impl Full for Session {
    fn identity(&mut self) -> Result<Identity, SqlError> {
        each!(self, session => session.identity())
    }
    fn in_transaction(&mut self) -> bool {
        each!(self, session => session.in_transaction())
    }
    fn take_notices(&mut self) -> Vec<Notice> {
        each!(self, session => session.take_notices())
    }
    fn find_table(&mut self, name: &str) -> Result<Option<TableName>, SqlError> {
        each!(self, session => session.find_table(name))
    }
    fn restore_settings(&mut self) -> Result<(), SqlError> {
        each!(self, session => session.restore_settings())
    }
    fn drop_temporary(&mut self) -> Result<(), SqlError> {
        each!(self, session => session.drop_temporary())
    }
    fn settings_for_records(&mut self) -> Result<(), SqlError> {
        each!(self, session => session.settings_for_records())
    }
    fn refuse_misread(&mut self, sql: &str) -> Result<(), SqlError> {
        each!(self, session => session.refuse_misread(sql))
    }
    fn try_lock(&mut self, what: &str) -> Result<bool, SqlError> {
        each!(self, session => session.try_lock(what))
    }
    fn holds_lock(&mut self) -> Result<bool, SqlError> {
        each!(self, session => session.holds_lock())
    }
    fn lock_holder(&mut self) -> Result<Option<Holder>, SqlError> {
        each!(self, session => session.lock_holder())
    }
    fn unlock(&mut self) -> Result<(), SqlError> {
        each!(self, session => session.unlock())
    }
    fn commits_are_dear(&self) -> bool {
        each!(self, session => session.commits_are_dear())
    }
    fn any_statement_may_change_settings(&self) -> bool {
        each!(self, session => session.any_statement_may_change_settings())
    }
    fn limit(&mut self, limits: Limits, span: Span) -> Result<(), SqlError> {
        each!(self, session => session.limit(limits, span))
    }
    fn execute_watched(&mut self, sql: &str, patience: Duration) -> Result<(), (SqlError, Vec<Blocker>)> {
        each!(self, session => session.execute_watched(sql, patience))
    }
    fn scratch_copy(&mut self) -> Result<Option<Self>, SqlError> {
        Ok(match self {
            Self::Sqlite(session) => session.scratch_copy()?.map(|copy| Self::Sqlite(Box::new(copy))),
            #[cfg(feature = "postgres")]
            Self::Postgres(session) => session.scratch_copy()?.map(|copy| Self::Postgres(Box::new(copy))),
        })
    }
    fn relation_ids(&mut self) -> Result<HashSet<i64>, SqlError> {
        each!(self, session => session.relation_ids())
    }
    fn held_locks(&mut self) -> Result<Vec<HeldLock>, SqlError> {
        each!(self, session => session.held_locks())
    }
    fn sequences(&mut self) -> Result<Vec<(String, Option<i64>)>, SqlError> {
        each!(self, session => session.sequences())
    }
    fn check_deferred(&mut self) -> Result<(), SqlError> {
        each!(self, session => session.check_deferred())
    }
    fn may_relax_commits(&mut self) -> Result<bool, SqlError> {
        each!(self, session => session.may_relax_commits())
    }
    fn relax_commit(&mut self) -> Result<(), SqlError> {
        each!(self, session => session.relax_commit())
    }
    fn flush_commits(&mut self) -> Result<(), SqlError> {
        each!(self, session => session.flush_commits())
    }
    fn deferred_violations(&mut self) -> bool {
        each!(self, session => session.deferred_violations())
    }
    fn suspend_foreign_keys(&mut self) -> Result<(), SqlError> {
        each!(self, session => session.suspend_foreign_keys())
    }
    fn foreign_key_violations(&mut self) -> Result<Vec<Violation>, SqlError> {
        each!(self, session => session.foreign_key_violations())
    }
    fn health(&mut self) -> Result<Vec<String>, SqlError> {
        each!(self, session => session.health())
    }
    fn others(&mut self) -> Result<Vec<String>, SqlError> {
        each!(self, session => session.others())
    }
    fn index_state(&mut self, index: &ConcurrentIndex) -> Result<IndexState, SqlError> {
        each!(self, session => session.index_state(index))
    }
    fn introspect(&mut self) -> Result<Schema, SqlError> {
        each!(self, session => session.introspect())
    }
    fn set_busy_timeout(&mut self, timeout: Duration) -> Result<(), SqlError> {
        each!(self, session => session.set_busy_timeout(timeout))
    }
}

/// A program that was compiled without the client.
#[cfg(not(feature = "postgres"))]
fn without_client() -> SqlError {
    SqlError::new(super::SqlErrorKind::Configuration, "this program was compiled without the PostgreSQL client of manage")
        .with_hint("enable the feature `postgres` of the crate manage, or give it a diesel connection of your own")
}

/// Whether two URLs lead to one database: the same real path, or a host, port and name in common. Nothing is
/// opened.
pub fn same_database(a: &DatabaseUrl, b: &DatabaseUrl, environment: &dyn Fn(&str) -> Option<String>) -> bool {
    #[cfg(not(feature = "postgres"))]
    let _ = environment;
    match (a, b) {
        (DatabaseUrl::Sqlite(a), DatabaseUrl::Sqlite(b)) => super::sqlite::same_file(a, b),
        #[cfg(feature = "postgres")]
        (DatabaseUrl::Postgres(a), DatabaseUrl::Postgres(b)) => super::postgres::same_database(a, b, environment),
        _ => false,
    }
}

/// Stops what a session does, from another thread.
pub enum Canceller {
    /// SQLite.
    Sqlite(super::sqlite::Interrupter),
    /// PostgreSQL.
    #[cfg(feature = "postgres")]
    Postgres(super::postgres::CancelHandle),
}

impl Canceller {
    /// Breaks off the statement that runs now. What cannot be told the server is left to the next Ctrl-C.
    pub fn cancel(&self) {
        match self {
            Self::Sqlite(interrupter) => interrupter.interrupt(),
            #[cfg(feature = "postgres")]
            Self::Postgres(handle) => drop(handle.cancel()),
        }
    }
}
