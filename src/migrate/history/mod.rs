//! The history: which migrations are applied, in the table of the tool whose layout the files have.
//!
//! Each kind is written exactly as its tool writes it, so that both can take turns on one database. A further kind is a
//! variant of [`History`] and a file.

mod diesel;
mod numbered;
mod refinery;

pub use diesel::DieselHistory;
pub use numbered::NumberedHistory;
pub use refinery::{RefineryHistory, Width, refinery_checksum};

use crate::backend::{Basic, Full, SqlError, SqlErrorKind, TableName};
use crate::domain::version::Version;
use crate::project::Migration;
use crate::project::migrations::Keeper;

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
    /// A version in a settings table.
    Numbered(NumberedHistory),
}

impl History {
    /// Looks for the history of `files`. Where there are no files, for the one that the database has. Creates nothing.
    ///
    /// # Errors
    /// What the database refuses.
    pub fn look(session: &mut impl Full, files: &[Migration]) -> Result<Self, SqlError> {
        if let Some(first) = files.first() {
            return match &first.keeper {
                Keeper::Diesel => DieselHistory::look(session).map(Self::Diesel),
                Keeper::Refinery => RefineryHistory::look(session).map(Self::Refinery),
                Keeper::Settings(table) => NumberedHistory::look(session, table, files).map(Self::Numbered),
            };
        }
        let diesel = DieselHistory::look(session)?;
        if diesel.exists() {
            return Ok(Self::Diesel(diesel));
        }
        let refinery = RefineryHistory::look(session)?;
        if refinery.exists() {
            return Ok(Self::Refinery(refinery));
        }
        Ok(NumberedHistory::stray(session)?.map_or(Self::Diesel(diesel), Self::Numbered))
    }

    /// The history of a database that is not there yet.
    pub fn absent(files: &[Migration]) -> Self {
        match files.first().map(|first| &first.keeper) {
            Some(Keeper::Refinery) => Self::Refinery(RefineryHistory::absent()),
            Some(Keeper::Settings(table)) => Self::Numbered(NumberedHistory::absent(table, files)),
            Some(Keeper::Diesel) | None => Self::Diesel(DieselHistory::absent()),
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
            // Made in the first migration's transaction: see [`History::bootstrap`].
            Self::Numbered(found) => Ok(Self::Numbered(found)),
        }
    }

    /// Makes, in the transaction that is open, the table that [`History::ensure`] leaves to the first migration.
    ///
    /// # Errors
    /// What the database refuses.
    pub fn bootstrap(&mut self, session: &mut impl Full) -> Result<(), SqlError> {
        match self {
            Self::Diesel(_) | Self::Refinery(_) => Ok(()),
            Self::Numbered(history) => history.bootstrap(session),
        }
    }

    /// Whether the first migration's transaction makes the table.
    pub fn is_made_within(&self) -> bool {
        matches!(self, Self::Numbered(_))
    }

    /// When something was last migrated, forward or back, where the history keeps that and not more.
    ///
    /// # Errors
    /// What the database refuses.
    pub fn last_run(&self, session: &mut impl Basic) -> Result<Option<String>, SqlError> {
        match self {
            Self::Diesel(_) | Self::Refinery(_) => Ok(None),
            Self::Numbered(history) => history.last_run(session),
        }
    }

    /// Takes over what an older program has written under other names. Returns whether there was something.
    ///
    /// # Errors
    /// What the database refuses.
    pub fn take_over(&self, session: &mut impl Basic) -> Result<bool, SqlError> {
        match self {
            Self::Diesel(_) | Self::Refinery(_) => Ok(false),
            Self::Numbered(history) => history.take_over(session),
        }
    }

    /// Whether the table is there.
    pub fn exists(&self) -> bool {
        match self {
            Self::Diesel(history) => history.exists(),
            Self::Refinery(history) => history.exists(),
            Self::Numbered(history) => history.exists(),
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
            Self::Numbered(history) => history.applied(session),
        }
    }

    /// A version of this history, from its text in the ledger.
    pub fn version(&self, text: &str) -> Version {
        match self {
            Self::Diesel(_) => Version::stored(text),
            Self::Refinery(_) | Self::Numbered(_) => text.parse().map_or_else(|_| Version::stored(text), Version::numbered),
        }
    }

    /// Whether the file of an applied migration is another than the one that ran, by the history's own word; `None`
    /// where it keeps none.
    pub fn differs(&self, row: &Applied, file: &Migration) -> Option<bool> {
        match self {
            Self::Diesel(_) | Self::Numbered(_) => None,
            Self::Refinery(_) => RefineryHistory::differs(row, file),
        }
    }

    /// Whether its tool passes over recorded versions that have no file. refinery refuses to run while there is one.
    pub fn keeps_what_has_no_file(&self) -> bool {
        match self {
            Self::Diesel(_) => true,
            Self::Refinery(_) | Self::Numbered(_) => false,
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
            Self::Numbered(history) => history.record(session, &migration.version)?,
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
            Self::Diesel(_) | Self::Numbered(_) => Ok(()),
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
            Self::Numbered(history) => history.erase(session, version)?,
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
            Self::Numbered(history) => history.create_sql(),
        }
    }

    /// The statement of [`History::record`] as text.
    pub fn record_sql(&self, migration: &Migration) -> String {
        match self {
            Self::Diesel(history) => history.record_sql(&migration.version),
            Self::Refinery(history) => history.record_sql(migration),
            Self::Numbered(history) => history.record_sql(&migration.version),
        }
    }

    /// The statement of [`History::erase`] as text.
    pub fn erase_sql(&self, version: &Version) -> String {
        match self {
            Self::Diesel(history) => history.erase_sql(version),
            Self::Refinery(history) => history.erase_sql(version),
            Self::Numbered(history) => history.erase_sql(version),
        }
    }

    /// What this history is called in the ledger: its kind, and its schema where a database may have several.
    pub fn key(&self) -> String {
        match self {
            Self::Diesel(history) => history.key(),
            Self::Refinery(history) => history.key(),
            Self::Numbered(history) => history.key(),
        }
    }

    /// The table as it stands in statements.
    pub fn name(&self) -> &str {
        match self {
            Self::Diesel(history) => history.name(),
            Self::Refinery(history) => history.name(),
            Self::Numbered(history) => history.name(),
        }
    }

    /// Whose history it is, as messages say it: `diesel's history`.
    pub fn owner(&self) -> &'static str {
        match self {
            Self::Diesel(_) => "diesel's history",
            Self::Refinery(_) => "refinery's history",
            Self::Numbered(_) => "the version in the settings table",
        }
    }

    /// Whose history it is: `diesel`, `refinery` or `numbered`.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Diesel(_) => DieselHistory::WORD,
            Self::Refinery(_) => RefineryHistory::WORD,
            Self::Numbered(_) => NumberedHistory::WORD,
        }
    }
}

fn key(word: &str, table: Option<&TableName>) -> String {
    match table.and_then(|table| table.0.rsplit_once('.')) {
        None | Some(("main" | "public", _)) => word.to_owned(),
        Some((schema, _)) => format!("{word} in {schema}"),
    }
}
