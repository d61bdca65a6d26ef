//! The *Basic* level: what any connection can do.

use super::error::SqlError;
use crate::domain::engine::Engine;
use crate::domain::value::{Row, Value};

/// A connection on which statements can be run.
///
/// Placeholders are `$1`, `$2` … on both databases; SQLite implementations rewrite them, since SQLite itself
/// binds `$2 … $1` by first appearance.
pub trait Basic {
    /// The kind of database.
    fn engine(&self) -> Engine;

    /// Runs one statement (or, on PostgreSQL, one message) that takes no parameters; rows it returns are read
    /// and dropped.
    ///
    /// # Errors
    /// What the database refuses.
    fn execute(&mut self, sql: &str) -> Result<(), SqlError>;

    /// Runs one statement with parameters and returns how many rows it wrote.
    ///
    /// # Errors
    /// What the database refuses.
    fn execute_with(&mut self, sql: &str, binds: &[Value]) -> Result<u64, SqlError>;

    /// Runs one query and returns all its rows. For small answers; large ones are streamed by each back end.
    ///
    /// # Errors
    /// What the database refuses.
    fn query(&mut self, sql: &str, binds: &[Value]) -> Result<Vec<Row>, SqlError>;

    /// Opens a transaction, or a savepoint inside of one. On SQLite the outermost takes the write lock at once.
    ///
    /// # Errors
    /// What the database refuses.
    fn begin(&mut self) -> Result<(), SqlError>;

    /// Commits what the last `begin` opened.
    ///
    /// # Errors
    /// What the database refuses; the transaction is over then, nothing of it is kept.
    fn commit(&mut self) -> Result<(), SqlError>;

    /// Rolls back what the last `begin` opened. Fine where the database has ended it already.
    ///
    /// # Errors
    /// When the connection is lost.
    fn rollback(&mut self) -> Result<(), SqlError>;
}
