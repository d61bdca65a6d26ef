//! Sqlite.

use std::time::Duration;

use super::error::{SqlError, SqlErrorKind};
use super::session::Opening;
use super::{Basic, Full, Holder, Identity, Notice, TableName};
use crate::domain::engine::Engine;
use crate::domain::value::{Row, Value};

/// A session on Sqlite.
pub struct SqliteSession {}

fn later<T>() -> Result<T, SqlError> {
    Err(SqlError::new(SqlErrorKind::Other, "not yet"))
}

impl SqliteSession {
    /// Opens it.
    pub fn open(_path: &std::path::Path, _opening: &Opening<'_>) -> Result<Self, SqlError> {
        later()
    }
}
impl Basic for SqliteSession {
    fn engine(&self) -> Engine {
        Engine::Sqlite
    }
    fn execute(&mut self, _sql: &str) -> Result<(), SqlError> {
        later()
    }
    fn execute_with(&mut self, _sql: &str, _binds: &[Value]) -> Result<u64, SqlError> {
        later()
    }
    fn query(&mut self, _sql: &str, _binds: &[Value]) -> Result<Vec<Row>, SqlError> {
        later()
    }
    fn begin(&mut self) -> Result<(), SqlError> {
        later()
    }
    fn commit(&mut self) -> Result<(), SqlError> {
        later()
    }
    fn rollback(&mut self) -> Result<(), SqlError> {
        later()
    }
}
impl Full for SqliteSession {
    fn identity(&mut self) -> Result<Identity, SqlError> {
        later()
    }
    fn in_transaction(&mut self) -> bool {
        false
    }
    fn take_notices(&mut self) -> Vec<Notice> {
        Vec::new()
    }
    fn find_table(&mut self, _name: &str) -> Result<Option<TableName>, SqlError> {
        later()
    }
    fn restore_settings(&mut self) -> Result<(), SqlError> {
        later()
    }
    fn try_lock(&mut self, _what: &str) -> Result<bool, SqlError> {
        later()
    }
    fn holds_lock(&mut self) -> Result<bool, SqlError> {
        later()
    }
    fn lock_holder(&mut self) -> Result<Option<Holder>, SqlError> {
        later()
    }
    fn unlock(&mut self) -> Result<(), SqlError> {
        later()
    }
    fn set_busy_timeout(&mut self, _timeout: Duration) -> Result<(), SqlError> {
        later()
    }
}
