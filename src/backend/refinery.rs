//! refinery-core's traits over any [`Basic`] connection, so that refinery's runner works in our session.

use refinery_core::Migration;
use refinery_core::traits::sync::{Migrate, Query, Transaction};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::basic::Basic;
use super::error::{SqlError, SqlErrorKind};

/// A connection as refinery sees it.
pub struct OnRefinery<'a, B: Basic>(pub &'a mut B);

impl<B: Basic> Transaction for OnRefinery<'_, B> {
    type Error = SqlError;

    /// One transaction around all of `queries`, or a savepoint where one is open already.
    fn execute<'a, T: Iterator<Item = &'a str>>(&mut self, queries: T) -> Result<usize, SqlError> {
        self.0.begin()?;
        let mut count = 0;
        for query in queries {
            if let Err(error) = self.0.execute(query) {
                // A rollback fails only where the connection is lost, and then the error says so.
                let _ = self.0.rollback();
                return Err(error);
            }
            count += 1;
        }
        self.0.commit()?;
        Ok(count)
    }
}

impl<B: Basic> Query<Vec<Migration>> for OnRefinery<'_, B> {
    fn query(&mut self, query: &str) -> Result<Vec<Migration>, SqlError> {
        self.0.query(query, &[])?.iter().map(|row| applied(row).ok_or_else(|| unreadable(row))).collect()
    }
}

impl<B: Basic> Migrate for OnRefinery<'_, B> {}

/// refinery's own drivers panic on a row that they cannot read; this one is an error.
fn applied(row: &crate::domain::value::Row) -> Option<Migration> {
    let applied_on = OffsetDateTime::parse(row.text(2)?, &Rfc3339).ok()?;
    Some(Migration::applied(row.integer(0)?, row.text(1)?.to_owned(), applied_on, row.text(3)?.parse().ok()?))
}

fn unreadable(row: &crate::domain::value::Row) -> SqlError {
    SqlError::new(SqlErrorKind::Other, format!("a row of refinery's history cannot be read: {:?}", row.values))
}
