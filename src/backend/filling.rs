//! Filling tables with many rows at once.

use super::basic::Basic;
use super::error::SqlError;
use super::full::TableName;
use super::session::{Session, each};
use crate::domain::value::{Row, Value};

impl Session {
    /// Inserts many rows fast: by COPY on PostgreSQL, by one prepared statement on SQLite. Returns how many there were.
    ///
    /// # Errors
    /// What the database refuses.
    pub fn fill(
        &mut self,
        table: &TableName,
        columns: &[&str],
        rows: &mut dyn Iterator<Item = Vec<Value>>,
    ) -> Result<u64, SqlError> {
        each!(self, session => session.fill(table, columns, rows))
    }

    /// Keeps other writers away from `tables` until the transaction ends. On SQLite the transaction does so itself.
    ///
    /// # Errors
    /// When somebody holds them for too long, or the role may not.
    pub fn keep_writers_away(&mut self, tables: &[TableName]) -> Result<(), SqlError> {
        let names: Vec<&str> = tables.iter().map(|table| table.0.as_str()).collect();
        match self {
            Self::Sqlite(_) => Ok(()),
            Self::Postgres(session) => session.execute(&format!("LOCK TABLE {} IN SHARE ROW EXCLUSIVE MODE", names.join(", "))),
        }
    }

    /// Reserves `count` numbers of a table's key `id`, one behind the other, and returns the last one before them.
    /// Other writers must be kept away.
    ///
    /// # Errors
    /// What the database refuses.
    pub fn reserve_ids(&mut self, table: &TableName, count: u64) -> Result<i64, SqlError> {
        let highest = |rows: &[Row]| rows.first().and_then(|row| row.integer(0)).unwrap_or(0);
        match self {
            Self::Sqlite(session) => Ok(highest(&session.query(&format!("SELECT coalesce(max(id), 0) FROM {table}"), &[])?)),
            Self::Postgres(session) => session.reserve_ids(table, count),
        }
    }

    /// Lets the planner know tables that have grown at once. SQLite needs none of it.
    ///
    /// # Errors
    /// When the role may not.
    pub fn analyze(&mut self, tables: &[TableName]) -> Result<(), SqlError> {
        let names: Vec<&str> = tables.iter().map(|table| table.0.as_str()).collect();
        match self {
            Self::Sqlite(_) => Ok(()),
            Self::Postgres(session) => session.execute(&format!("ANALYZE {}", names.join(", "))),
        }
    }
}
