//! Many rows at once, on SQLite: one prepared statement.

use super::errors::translate;
use super::reading::Bind;
use super::session::SqliteSession;
use crate::backend::error::SqlError;
use crate::backend::full::TableName;
use crate::domain::schema::quoted;
use crate::domain::value::Value;

impl SqliteSession {
    /// Inserts `rows` and returns how many there were.
    ///
    /// # Errors
    /// What the database refuses.
    pub fn fill(
        &mut self,
        table: &TableName,
        columns: &[&str],
        rows: &mut dyn Iterator<Item = Vec<Value>>,
    ) -> Result<u64, SqlError> {
        let names: Vec<String> = columns.iter().map(|column| quoted(column)).collect();
        let places: Vec<String> = (1..=columns.len()).map(|at| format!("?{at}")).collect();
        // OR ABORT: a table that replaces on conflict would lose other rows unseen.
        let sql = format!("INSERT OR ABORT INTO {table} ({}) VALUES ({})", names.join(", "), places.join(", "));
        // PostgreSQL checks foreign keys once all rows are there; here it is put off until the transaction ends.
        self.view().execute_batch("PRAGMA defer_foreign_keys = ON").map_err(translate)?;
        let mut statement = self.view().prepare(&sql).map_err(translate)?;
        let mut count = 0;
        for row in rows {
            statement.execute(rusqlite::params_from_iter(row.iter().map(Bind))).map_err(translate)?;
            count += 1;
        }
        Ok(count)
    }
}
