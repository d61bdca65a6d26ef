//! How far a migration without a transaction has come.

use super::Ledger;
use crate::backend::{Basic, SqlError};
use crate::domain::version::Version;

/// The state of one statement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProgressState {
    /// It was sent; whether it finished is not known.
    Started,
    /// It finished.
    Done,
}

/// One statement of a file that is half-way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Progress {
    /// Its number in the file, from 0.
    pub statement: usize,
    /// The token checksum of the statement when it ran.
    pub checksum: String,
    /// Its state.
    pub state: ProgressState,
}

/// Which file: a migration of a history, and the way.
#[derive(Debug, Clone, Copy)]
pub struct File<'a> {
    /// Which kind of history: `diesel`.
    pub history: &'a str,
    /// The migration.
    pub version: &'a Version,
    /// `up` or `down`.
    pub direction: &'static str,
}

impl Ledger {
    /// The statements of a file that were sent, in order.
    ///
    /// # Errors
    /// What the database refuses.
    pub fn progress(self, session: &mut impl Basic, file: File<'_>) -> Result<Vec<Progress>, SqlError> {
        let sql = format!(
            "SELECT statement, token_checksum, state FROM {} WHERE history = $1 AND version = $2 AND direction = $3 ORDER BY statement",
            self.table("manage_migration_progress")
        );
        let rows = session.query(&sql, &[file.history.into(), file.version.as_str().into(), file.direction.into()])?;
        Ok(rows
            .iter()
            .map(|row| Progress {
                statement: row.integer(0).and_then(|number| usize::try_from(number).ok()).unwrap_or_default(),
                checksum: row.text(1).unwrap_or_default().to_owned(),
                state: if row.text(2) == Some("done") { ProgressState::Done } else { ProgressState::Started },
            })
            .collect())
    }

    /// The versions of `history` that are half-way, with their direction.
    ///
    /// # Errors
    /// What the database refuses.
    pub fn unfinished(self, session: &mut impl Basic, history: &str) -> Result<Vec<(Version, String)>, SqlError> {
        let sql = format!(
            "SELECT DISTINCT version, direction FROM {} WHERE history = $1 ORDER BY version",
            self.table("manage_migration_progress")
        );
        let rows = session.query(&sql, &[history.into()])?;
        Ok(rows.iter().filter_map(|row| Some((Version::stored(row.text(0)?), row.text(1)?.to_owned()))).collect())
    }

    /// Notes that a statement has come to `state`.
    ///
    /// # Errors
    /// What the database refuses.
    pub fn note_progress(self, session: &mut impl Basic, file: File<'_>, progress: &Progress) -> Result<(), SqlError> {
        let sql = format!(
            "INSERT INTO {} (history, version, direction, statement, token_checksum, state) VALUES ($1, $2, $3, $4, $5, $6) \
             ON CONFLICT (history, version, direction, statement) DO UPDATE SET token_checksum = excluded.token_checksum, state = excluded.state",
            self.table("manage_migration_progress")
        );
        let state = match progress.state {
            ProgressState::Started => "started",
            ProgressState::Done => "done",
        };
        let number = i64::try_from(progress.statement).unwrap_or(i64::MAX);
        let binds = [
            file.history.into(),
            file.version.as_str().into(),
            file.direction.into(),
            number.into(),
            progress.checksum.as_str().into(),
            state.into(),
        ];
        session.execute_with(&sql, &binds).map(drop)
    }

    /// Forgets one statement that was sent and did not stay.
    ///
    /// # Errors
    /// What the database refuses.
    pub fn forget_statement(self, session: &mut impl Basic, file: File<'_>, statement: usize) -> Result<(), SqlError> {
        let sql = format!(
            "DELETE FROM {} WHERE history = $1 AND version = $2 AND direction = $3 AND statement = $4",
            self.table("manage_migration_progress")
        );
        let number = i64::try_from(statement).unwrap_or(i64::MAX);
        session
            .execute_with(&sql, &[file.history.into(), file.version.as_str().into(), file.direction.into(), number.into()])
            .map(drop)
    }

    /// Forgets how far a version had come, in both directions: it is through.
    ///
    /// # Errors
    /// What the database refuses.
    pub fn forget_progress(self, session: &mut impl Basic, history: &str, version: &Version) -> Result<(), SqlError> {
        let sql = format!("DELETE FROM {} WHERE history = $1 AND version = $2", self.table("manage_migration_progress"));
        session.execute_with(&sql, &[history.into(), version.as_str().into()]).map(drop)
    }
}
