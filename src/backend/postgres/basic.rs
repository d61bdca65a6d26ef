//! The session at the *Basic* level: statements, dynamic rows, transactions.

use diesel::connection::{AnsiTransactionManager, SimpleConnection, TransactionManager};
use diesel::result::{Error, QueryResult};

use super::binds::ValueBind;
use super::session::PostgresSession;
use super::values::RowShape;
use crate::backend::basic::Basic;
use crate::backend::error::SqlError;
use crate::backend::full::Full;
use crate::domain::engine::Engine;
use crate::domain::value::{Row, Value};

type Manager = AnsiTransactionManager;

/// Parameters are of the type that the server infers for their place, and whatever their text can be read as
/// fits: a [`Value::Integer`] every numeric type, a [`Value::Text`] also dates, uuid, JSON, numeric and enums.
/// Where nothing can be inferred (`SELECT $1`) it is text.
///
/// Results that are not a truth value, a whole or binary floating point number, or bytes come as text in
/// PostgreSQL's own form, with dates in ISO style and times with a zone in UTC. A type that cannot be read so
/// is an error that names the column: cast it in the query, `x::text`.
impl Basic for PostgresSession {
    fn engine(&self) -> Engine {
        Engine::Postgres
    }

    fn execute(&mut self, sql: &str) -> Result<(), SqlError> {
        let done = self.batch_execute(sql);
        self.said(done)
    }

    fn execute_with(&mut self, sql: &str, binds: &[Value]) -> Result<u64, SqlError> {
        self.each_row(sql, binds, |_| Ok(()))
    }

    fn query(&mut self, sql: &str, binds: &[Value]) -> Result<Vec<Row>, SqlError> {
        let mut rows = Vec::new();
        self.stream_rows(sql, binds, |row| {
            rows.push(row);
            Ok(())
        })?;
        Ok(rows)
    }

    fn begin(&mut self) -> Result<(), SqlError> {
        let done = Manager::begin_transaction(self);
        self.said(done)
    }

    fn commit(&mut self) -> Result<(), SqlError> {
        let done = Manager::commit_transaction(self);
        self.said(done)
    }

    fn rollback(&mut self) -> Result<(), SqlError> {
        match Manager::rollback_transaction(self) {
            // A statement of a file may have opened one, not `begin`.
            Err(Error::NotInTransaction) if self.in_transaction() => self.execute("ROLLBACK"),
            Err(Error::NotInTransaction) => Ok(()),
            done => self.said(done),
        }
    }
}

impl PostgresSession {
    /// Runs one query and hands its rows over as they arrive; tells how many there were, or how many rows the
    /// statement wrote. Nothing is kept, so the answer may be larger than memory.
    ///
    /// # Errors
    /// What the database refuses, and what `take` returns; the rows that are left are thrown away then.
    pub fn stream_rows(
        &mut self,
        sql: &str,
        binds: &[Value],
        mut take: impl FnMut(Row) -> Result<(), SqlError>,
    ) -> Result<u64, SqlError> {
        let mut shape = None;
        self.each_row(sql, binds, |row| {
            let shape = shape.get_or_insert_with(|| RowShape::of(row));
            take(shape.read(row)?)
        })
    }

    fn each_row(
        &mut self,
        sql: &str,
        binds: &[Value],
        mut take: impl FnMut(&postgres::Row) -> Result<(), SqlError>,
    ) -> Result<u64, SqlError> {
        let keep = keeps_plans(sql);
        if !keep {
            self.forget_plans();
        }
        let binds: Vec<ValueBind<'_>> = binds.iter().map(ValueBind).collect();
        let done = match self.start(sql.to_owned(), Vec::new(), keep, binds) {
            Err(error) => Err(error),
            Ok(mut cursor) => loop {
                match cursor.next_row() {
                    Ok(Some(row)) => take(&row)?,
                    Ok(None) => break Ok(cursor.affected()),
                    Err(error) => break Err(error),
                }
            },
        };
        self.said(done)
    }

    /// Diesel's answer in our words.
    pub(super) fn said<T>(&self, answer: QueryResult<T>) -> Result<T, SqlError> {
        answer.map_err(|error| self.explain(&error))
    }
}

/// Whether `sql` is sure not to be DDL, which makes prepared statements stale.
fn keeps_plans(sql: &str) -> bool {
    let word: String = sql.trim_start().chars().take_while(char::is_ascii_alphabetic).collect();
    ["SELECT", "INSERT", "UPDATE", "DELETE", "WITH", "VALUES"].iter().any(|known| word.eq_ignore_ascii_case(known))
}
