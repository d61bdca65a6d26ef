//! An application's own Diesel connection, with what migrations need besides the *Basic* level.
//!
//! The connection belongs to the application, so nothing of it is set to our values: its settings are noted first, and
//! set back to what they were. What only a session of our own can do, it refuses: files that run without a
//! transaction ([`Full::runs_outside_transactions`]), reading the schema, health.

mod postgres;
mod sqlite;

use std::path::PathBuf;
use std::time::Duration;

use diesel::connection::{LoadConnection, TransactionManager, TransactionManagerStatus};

use super::basic::Basic;
use super::error::{SqlError, SqlErrorKind};
use super::full::{Full, Holder, Identity, Limits, Location, Notice, Span, TableName, Violation};
use super::on_diesel::{BeginWith, Dynamic, OnDiesel};
use super::server;
use super::sqlite::{LockFile, SqliteSession, file, violations};
use crate::domain::engine::Engine;
use crate::domain::schema::Schema;
use crate::domain::value::{Row, Value};

/// An application's own Diesel connection, on which migrations may run.
pub struct Attached<'a, C> {
    on: OnDiesel<'a, C>,
    /// The file and its lock; `None` on PostgreSQL, and for a database in memory, which nobody else can reach.
    file: Option<(PathBuf, LockFile)>,
    /// What was set before us.
    before: Before,
}

/// What a connection had before us.
#[derive(Debug, Default)]
struct Before {
    /// Names and values of settings.
    settings: Vec<(String, Value)>,
    /// Temporary tables and the like.
    temporary: Vec<String>,
    /// Attached databases.
    attached: Vec<String>,
}

impl<'a, C> Attached<'a, C>
where
    C: LoadConnection,
    C::Backend: Dynamic,
    C::TransactionManager: BeginWith<C>,
{
    /// Notes what is set on the connection. On SQLite its statements then wait for another program's lock as those of
    /// our own sessions do; nothing else changes.
    ///
    /// # Errors
    /// When a transaction is open, or the database refuses.
    pub fn new(connection: &'a mut C) -> Result<Self, SqlError> {
        let status = C::TransactionManager::transaction_manager_status_mut(connection);
        if status.transaction_depth().is_ok_and(|depth| depth.is_some()) {
            return Err(SqlError::new(SqlErrorKind::InsideTransaction, "a transaction is open on this connection")
                .with_hint("migrate before it begins: every migration commits by itself"));
        }
        let mut on = OnDiesel(connection);
        let (before, file) = match on.engine() {
            Engine::Sqlite => (sqlite::before(&mut on, SqliteSession::BUSY_TIMEOUT)?, sqlite::file(&mut on)?),
            Engine::Postgres => (postgres::before(&mut on)?, None),
        };
        let file = file.map(|path| (path.clone(), LockFile::beside(&path)));
        Ok(Self { on, file, before })
    }

    /// Sets back what was set before us.
    ///
    /// # Errors
    /// What the database refuses.
    pub fn leave(mut self) -> Result<(), SqlError> {
        self.restore_settings()?;
        match self.engine() {
            Engine::Sqlite => sqlite::restore_patience(&mut self.on, &self.before),
            Engine::Postgres => Ok(()),
        }
    }

    fn depth(&mut self) -> u32 {
        let status = C::TransactionManager::transaction_manager_status_mut(self.on.0);
        status.transaction_depth().ok().flatten().map_or(0, std::num::NonZeroU32::get)
    }
}

impl<C> Basic for Attached<'_, C>
where
    C: LoadConnection,
    C::Backend: Dynamic,
    C::TransactionManager: BeginWith<C>,
{
    fn engine(&self) -> Engine {
        self.on.engine()
    }
    fn execute(&mut self, sql: &str) -> Result<(), SqlError> {
        self.on.execute(sql)
    }
    fn execute_with(&mut self, sql: &str, binds: &[Value]) -> Result<u64, SqlError> {
        self.on.execute_with(sql, binds)
    }
    fn query(&mut self, sql: &str, binds: &[Value]) -> Result<Vec<Row>, SqlError> {
        self.on.query(sql, binds)
    }
    fn begin(&mut self) -> Result<(), SqlError> {
        self.on.begin()
    }

    fn commit(&mut self) -> Result<(), SqlError> {
        // libpq takes the COMMIT of an aborted transaction for a success.
        if self.engine() == Engine::Postgres && self.depth() == 1 {
            self.on.execute("SELECT 1")?;
        }
        self.on.commit()
    }

    fn rollback(&mut self) -> Result<(), SqlError> {
        if !self.in_transaction() {
            // The database has ended it already, and diesel does not know.
            *C::TransactionManager::transaction_manager_status_mut(self.on.0) = TransactionManagerStatus::default();
            return Ok(());
        }
        self.on.rollback()
    }
}

impl<C> Full for Attached<'_, C>
where
    C: LoadConnection,
    C::Backend: Dynamic,
    C::TransactionManager: BeginWith<C>,
{
    /// Where a PostgreSQL server is, the connection does not tell: it counts as not local.
    fn identity(&mut self) -> Result<Identity, SqlError> {
        match (self.engine(), &self.file) {
            (Engine::Sqlite, Some((path, _))) => Ok(file::identity(path)),
            (Engine::Sqlite, None) => Ok(file::identity(std::path::Path::new(":memory:"))),
            (Engine::Postgres, _) => {
                let unknown = Location::Server { host: "the application's connection".to_owned(), address: None, port: 0 };
                server::identity(&mut self.on, unknown)
            }
        }
    }

    fn in_transaction(&mut self) -> bool {
        match self.engine() {
            // A file cannot end it: one that would is refused before it begins.
            Engine::Postgres => self.depth() > 0,
            Engine::Sqlite => sqlite::in_transaction(&mut self.on).unwrap_or_else(|| self.depth() > 0),
        }
    }

    fn runs_outside_transactions(&self) -> bool {
        false
    }

    /// Diesel drops them.
    fn take_notices(&mut self) -> Vec<Notice> {
        Vec::new()
    }

    fn find_table(&mut self, name: &str) -> Result<Option<TableName>, SqlError> {
        match self.engine() {
            Engine::Sqlite => file::find_table(&mut self.on, name),
            Engine::Postgres => server::find_table(&mut self.on, name),
        }
    }

    fn restore_settings(&mut self) -> Result<(), SqlError> {
        match self.engine() {
            Engine::Sqlite => {
                sqlite::restore(&mut self.on, &self.before)?;
                self.set_busy_timeout(SqliteSession::BUSY_TIMEOUT)
            }
            Engine::Postgres => postgres::restore(&mut self.on, &self.before),
        }
    }

    fn drop_temporary(&mut self) -> Result<(), SqlError> {
        match self.engine() {
            Engine::Sqlite => sqlite::drop_temporary(&mut self.on, &self.before),
            Engine::Postgres => postgres::drop_temporary(&mut self.on, &self.before),
        }
    }

    fn refuse_misread(&mut self, sql: &str) -> Result<(), SqlError> {
        match self.engine() {
            Engine::Sqlite => Ok(()),
            Engine::Postgres => server::refuse_misread(&mut self.on, sql),
        }
    }

    fn try_lock(&mut self, what: &str) -> Result<bool, SqlError> {
        match (self.engine(), &mut self.file) {
            (Engine::Postgres, _) => server::try_lock(&mut self.on),
            (Engine::Sqlite, Some((_, lock))) => lock.try_lock(what),
            (Engine::Sqlite, None) => Ok(true),
        }
    }

    fn holds_lock(&mut self) -> Result<bool, SqlError> {
        match (self.engine(), &self.file) {
            (Engine::Postgres, _) => server::holds_lock(&mut self.on),
            (Engine::Sqlite, Some((_, lock))) => Ok(lock.is_held()),
            (Engine::Sqlite, None) => Ok(true),
        }
    }

    fn lock_holder(&mut self) -> Result<Option<Holder>, SqlError> {
        match (self.engine(), &self.file) {
            (Engine::Postgres, _) => server::lock_holder(&mut self.on),
            (Engine::Sqlite, Some((_, lock))) => Ok(lock.holder()),
            (Engine::Sqlite, None) => Ok(None),
        }
    }

    fn unlock(&mut self) -> Result<(), SqlError> {
        match (self.engine(), &mut self.file) {
            (Engine::Postgres, _) => return server::unlock(&mut self.on),
            (Engine::Sqlite, Some((_, lock))) => lock.unlock(),
            (Engine::Sqlite, None) => {}
        }
        Ok(())
    }

    fn any_statement_may_change_settings(&self) -> bool {
        self.engine() == Engine::Postgres
    }

    fn limit(&mut self, limits: Limits, span: Span) -> Result<(), SqlError> {
        match self.engine() {
            Engine::Postgres => server::limit(&mut self.on, limits, span),
            Engine::Sqlite if span == Span::Transaction => Ok(()),
            // Diesel has no way to interrupt what runs.
            Engine::Sqlite if limits.statement.is_some() => Err(needs_a_url("statement_timeout is kept on SQLite")),
            Engine::Sqlite => self.set_busy_timeout(limits.lock.unwrap_or(SqliteSession::BUSY_TIMEOUT)),
        }
    }

    fn suspend_foreign_keys(&mut self) -> Result<(), SqlError> {
        match self.engine() {
            Engine::Sqlite => self.on.execute("PRAGMA foreign_keys = OFF"),
            Engine::Postgres => Ok(()),
        }
    }

    fn foreign_key_violations(&mut self) -> Result<Vec<Violation>, SqlError> {
        match self.engine() {
            Engine::Sqlite => violations::find(&mut self.on),
            Engine::Postgres => Ok(Vec::new()),
        }
    }

    fn health(&mut self) -> Result<Vec<String>, SqlError> {
        Err(needs_a_url("health is looked at"))
    }

    fn introspect(&mut self) -> Result<Schema, SqlError> {
        Err(needs_a_url("the schema is read"))
    }

    fn set_busy_timeout(&mut self, timeout: Duration) -> Result<(), SqlError> {
        let millis = timeout.as_millis().clamp(1, i32::MAX.unsigned_abs().into());
        match self.engine() {
            Engine::Sqlite => self.on.execute(&format!("PRAGMA busy_timeout = {millis}")),
            Engine::Postgres => self.on.execute(&format!("SET lock_timeout = {millis}")),
        }
    }
}

fn needs_a_url(what: &str) -> SqlError {
    SqlError::new(SqlErrorKind::Configuration, format!("{what} in a session of manage's own only"))
        .with_hint("give the database's URL instead of a connection")
}
