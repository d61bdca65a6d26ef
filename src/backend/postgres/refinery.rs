//! The session as a connection of refinery's.

use refinery_core::Migration;
use refinery_core::traits::sync::{Migrate, Query, Transaction};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::session::PostgresSession;
use crate::backend::basic::Basic;
use crate::backend::error::{SqlError, SqlErrorKind};
use crate::domain::value::Row;

impl Transaction for PostgresSession {
    type Error = SqlError;

    /// One transaction around all of `queries`, or a savepoint where one is open already.
    fn execute<'a, T: Iterator<Item = &'a str>>(&mut self, queries: T) -> Result<usize, SqlError> {
        self.begin()?;
        let mut count = 0;
        for query in queries {
            if let Err(error) = Basic::execute(self, query) {
                // A rollback fails only where the connection is lost, and then the error says so.
                let _ = self.rollback();
                return Err(error);
            }
            count += 1;
        }
        self.commit()?;
        Ok(count)
    }
}

impl Query<Vec<Migration>> for PostgresSession {
    fn query(&mut self, query: &str) -> Result<Vec<Migration>, SqlError> {
        Basic::query(self, query, &[])?.iter().map(applied).collect()
    }
}

impl Migrate for PostgresSession {}

/// A row of the history table, which anybody may have written.
fn applied(row: &Row) -> Result<Migration, SqlError> {
    let broken = || SqlError::new(SqlErrorKind::Other, "the history table of refinery has a row that cannot be read");
    let version = row.integer(0).ok_or_else(broken)?;
    let name = row.text(1).ok_or_else(broken)?.to_owned();
    let at = row.text(2).and_then(|text| OffsetDateTime::parse(text, &Rfc3339).ok()).ok_or_else(broken)?;
    let checksum = row.text(3).and_then(|text| text.parse().ok()).ok_or_else(broken)?;
    Ok(Migration::applied(version, name, at, checksum))
}
