//! The history: which migrations are applied, in the table of the tool whose layout the files have.
//!
//! Each kind is written exactly as its tool writes it, so that both can take turns on one database. A further kind is a
//! variant of [`History`] and a file.

mod diesel;
mod refinery;

pub use diesel::DieselHistory;
pub use refinery::{RefineryHistory, Width, refinery_checksum};

use crate::backend::{Basic, Full, SqlError, SqlErrorKind, TableName};
use crate::domain::version::Version;
use crate::project::Migration;
use crate::project::config::Layout;

/// A row of the history.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Applied {
    /// The version.
    pub version: Version,
    /// When it ran, as the table says it.
    pub run_on: String,
    /// Its name, where the table keeps it.
    pub name: Option<String>,
    /// The checksum of the file that ran, where the table keeps it, in the form of its tool.
    pub checksum: Option<String>,
}

/// The history of a database, of the kind that belongs to the layout of the files.
#[derive(Debug, Clone)]
pub enum History {
    /// `__diesel_schema_migrations`
    Diesel(DieselHistory),
    /// `refinery_schema_history`
    Refinery(RefineryHistory),
}

impl History {
    /// Looks for the history of `files`. Where there are no files, for the one that the database has. Creates nothing.
    ///
    /// # Errors
    /// What the database refuses.
    pub fn look(session: &mut impl Full, files: &[Migration]) -> Result<Self, SqlError> {
        if let Some(first) = files.first() {
            return match first.layout() {
                Layout::Diesel => DieselHistory::look(session).map(Self::Diesel),
                Layout::Refinery => RefineryHistory::look(session).map(Self::Refinery),
            };
        }
        let diesel = DieselHistory::look(session)?;
        if diesel.exists() {
            return Ok(Self::Diesel(diesel));
        }
        let refinery = RefineryHistory::look(session)?;
        Ok(if refinery.exists() { Self::Refinery(refinery) } else { Self::Diesel(diesel) })
    }

    /// The history of a database that is not there yet.
    pub fn absent(files: &[Migration]) -> Self {
        match files.first().map(Migration::layout) {
            Some(Layout::Refinery) => Self::Refinery(RefineryHistory::absent()),
            _ => Self::Diesel(DieselHistory::absent()),
        }
    }

    /// Makes the table where it is missing, with the tool's own statement.
    ///
    /// # Errors
    /// What the database refuses, and a table that cannot hold the versions of `files`.
    pub fn ensure(session: &mut impl Full, files: &[Migration]) -> Result<Self, SqlError> {
        match Self::look(session, files)? {
            Self::Diesel(_) => DieselHistory::ensure(session).map(Self::Diesel),
            Self::Refinery(found) => found.ensure(session, files).map(Self::Refinery),
        }
    }

    /// Whether the table is there.
    pub fn exists(&self) -> bool {
        match self {
            Self::Diesel(history) => history.exists(),
            Self::Refinery(history) => history.exists(),
        }
    }

    /// What is applied, in the order of the versions.
    ///
    /// # Errors
    /// What the database refuses, and rows that the tool did not write.
    pub fn applied(&self, session: &mut impl Basic) -> Result<Vec<Applied>, SqlError> {
        match self {
            Self::Diesel(history) => history.applied(session),
            Self::Refinery(history) => history.applied(session),
        }
    }

    /// A version of this history, from its text in the ledger.
    pub fn version(&self, text: &str) -> Version {
        match self {
            Self::Diesel(_) => Version::stored(text),
            Self::Refinery(_) => text.parse().map_or_else(|_| Version::stored(text), Version::numbered),
        }
    }

    /// Whether the file of an applied migration is another than the one that ran, by the history's own word; `None`
    /// where it keeps none.
    pub fn differs(&self, row: &Applied, file: &Migration) -> Option<bool> {
        match self {
            Self::Diesel(_) => None,
            Self::Refinery(_) => RefineryHistory::differs(row, file),
        }
    }

    /// Records that `migration` is applied.
    ///
    /// # Errors
    /// What the database refuses.
    pub fn record(&self, session: &mut impl Basic, migration: &Migration) -> Result<(), SqlError> {
        let written = match self {
            Self::Diesel(history) => history.record(session, &migration.version)?,
            Self::Refinery(history) => session.execute_with(&history.record_sql(migration), &[])?,
        };
        // A view with a trigger writes without counting; a trigger or rule may also keep the row out.
        if written > 0 || self.has(session, &migration.version)? { Ok(()) } else { Err(self.not_written()) }
    }

    /// Records that the file of an applied migration is right as it is now, where the history keeps a checksum of it.
    ///
    /// # Errors
    /// What the database refuses.
    pub fn accept(&self, session: &mut impl Basic, migration: &Migration) -> Result<(), SqlError> {
        match self {
            Self::Diesel(_) => Ok(()),
            Self::Refinery(history) => {
                let written = session.execute_with(&history.accept_sql(migration), &[])?;
                let taken = |row: &Applied| row.version == migration.version && self.differs(row, migration) == Some(false);
                // As with a record: a view with a trigger writes without counting.
                if written > 0 || self.applied(session)?.iter().any(taken) { Ok(()) } else { Err(self.not_written()) }
            }
        }
    }

    /// Takes the record back.
    ///
    /// # Errors
    /// What the database refuses.
    pub fn erase(&self, session: &mut impl Basic, version: &Version) -> Result<(), SqlError> {
        let written = match self {
            Self::Diesel(history) => history.erase(session, version)?,
            Self::Refinery(history) => session.execute_with(&history.erase_sql(version), &[])?,
        };
        if written > 0 || !self.has(session, version)? { Ok(()) } else { Err(self.not_written()) }
    }

    fn has(&self, session: &mut impl Basic, version: &Version) -> Result<bool, SqlError> {
        Ok(self.applied(session)?.iter().any(|row| row.version == *version))
    }

    fn not_written(&self) -> SqlError {
        SqlError::new(SqlErrorKind::Other, format!("the record was not written: {} did not take it", self.name()))
            .with_hint("look for a trigger, a rule or row-level security on the history table")
    }

    /// The statement that makes the table, as text.
    pub fn create_sql(&self, files: &[&Migration]) -> String {
        match self {
            Self::Diesel(_) => DieselHistory::create_sql().to_owned(),
            Self::Refinery(_) => RefineryHistory::create_sql(Width::needed(files.iter().copied())),
        }
    }

    /// The statement of [`History::record`] as text.
    pub fn record_sql(&self, migration: &Migration) -> String {
        match self {
            Self::Diesel(history) => history.record_sql(&migration.version),
            Self::Refinery(history) => history.record_sql(migration),
        }
    }

    /// The statement of [`History::erase`] as text.
    pub fn erase_sql(&self, version: &Version) -> String {
        match self {
            Self::Diesel(history) => history.erase_sql(version),
            Self::Refinery(history) => history.erase_sql(version),
        }
    }

    /// What this history is called in the ledger: its kind, and its schema where a database may have several.
    pub fn key(&self) -> String {
        match self {
            Self::Diesel(history) => history.key(),
            Self::Refinery(history) => history.key(),
        }
    }

    /// The table as it stands in statements.
    pub fn name(&self) -> &str {
        match self {
            Self::Diesel(history) => history.name(),
            Self::Refinery(history) => history.name(),
        }
    }

    /// Whose history it is: `diesel` or `refinery`.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Diesel(_) => DieselHistory::WORD,
            Self::Refinery(_) => RefineryHistory::WORD,
        }
    }
}

fn key(word: &str, table: Option<&TableName>) -> String {
    match table.and_then(|table| table.0.rsplit_once('.')) {
        None | Some(("main" | "public", _)) => word.to_owned(),
        Some((schema, _)) => format!("{word} in {schema}"),
    }
}
