//! Rows as they arrive, none of them kept.

use std::collections::VecDeque;

use diesel::connection::{InstrumentationEvent, StrQueryHelper};
use diesel::result::{Error, QueryResult};
use postgres::fallible_iterator::FallibleIterator;
use postgres::{Row, RowIter};

use super::rows::PgRow;
use super::state::State;
use super::thread::{off_runtime, on_runtime};

/// How many rows one visit to another thread fetches, where this thread may not wait for the server itself.
const ROWS_A_VISIT: usize = 256;

/// The rows of a query, streamed. Dropped early, the rest is read and thrown away by the next statement;
/// cancel the query first where that would be long.
pub struct PgCursor<'c> {
    rows: RowIter<'c>,
    fetched: VecDeque<Row>,
    state: &'c mut State,
    sql: String,
    ended: bool,
    finished: bool,
}

impl<'c> PgCursor<'c> {
    pub(super) fn new(rows: RowIter<'c>, state: &'c mut State, sql: String) -> Self {
        Self { rows, fetched: VecDeque::new(), state, sql, ended: false, finished: false }
    }

    /// The next row as the client gives it.
    pub(super) fn next_row(&mut self) -> QueryResult<Option<Row>> {
        if let Some(row) = self.fetched.pop_front() {
            return Ok(Some(row));
        }
        if self.finished {
            return Ok(None);
        }
        let answer = if on_runtime() { self.fetch() } else { self.rows.next() };
        let answer = self.state.note(&self.sql, answer);
        if !matches!(answer, Ok(Some(_))) {
            self.finish(answer.as_ref().err());
        }
        answer
    }

    /// Reads the rows to their end and tells how many the statement wrote or returned.
    pub(super) fn count(mut self) -> QueryResult<u64> {
        while self.next_row()?.is_some() {}
        Ok(self.affected())
    }

    /// How many rows the statement wrote or returned, once they are read.
    pub(super) fn affected(&self) -> u64 {
        self.rows.rows_affected().unwrap_or(0)
    }

    fn fetch(&mut self) -> Result<Option<Row>, postgres::Error> {
        let Self { rows, fetched, ended, .. } = self;
        off_runtime(|| {
            while !*ended && fetched.len() < ROWS_A_VISIT {
                match rows.next() {
                    Ok(Some(row)) => fetched.push_back(row),
                    Ok(None) => *ended = true,
                    Err(error) => {
                        fetched.clear();
                        return Err(error);
                    }
                }
            }
            Ok(fetched.pop_front())
        })
    }

    fn finish(&mut self, error: Option<&Error>) {
        if !self.finished {
            self.finished = true;
            let query = StrQueryHelper::new(&self.sql);
            self.state.instrumentation.on_connection_event(InstrumentationEvent::finish_query(&query, error));
        }
    }
}

impl Iterator for PgCursor<'_> {
    type Item = QueryResult<PgRow>;

    fn next(&mut self) -> Option<Self::Item> {
        self.next_row().transpose().map(|row| row.map(PgRow))
    }
}

impl Drop for PgCursor<'_> {
    fn drop(&mut self) {
        self.finish(None);
    }
}
