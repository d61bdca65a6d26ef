//! The history of the numbered layout: one version in a table of settings.
//!
//! Everything up to that version is applied. The table is the application's own, with rows of other keys in it; here it is
//! only made where it is missing, and two rows of it are written.

use std::fmt::Write as _;
use std::sync::Arc;

use super::Applied;
use crate::backend::{self, Basic, Full, SqlError, SqlErrorKind, TableName};
use crate::domain::engine::Engine;
use crate::domain::schema::quoted_text;
use crate::domain::version::Version;
use crate::project::Migration;
use crate::project::config::Migrations;

/// The key of the version, and the one that older programs wrote. Where the older one is there it is kept in step, so that
/// such a program does not begin from 0.
const VERSION: [&str; 2] = ["db_migration_version", "db-migration-version"];
/// The keys of the moment of the last migration.
const LAST_RUN: [&str; 2] = ["db_migration_last_run", "db-migration-last-run"];

/// The settings table, addressed with the schema in which it was found.
#[derive(Debug, Clone)]
pub struct NumberedHistory {
    wanted: Arc<str>,
    table: Option<TableName>,
    engine: Engine,
    /// The numbers of the files, in order.
    registered: Vec<i64>,
    /// `created_at` and `updated_at`, as far as the table has them.
    stamps: Vec<&'static str>,
    /// Whether this run has made the table: what is tried again may have to make it again.
    made: bool,
}

/// What stands in the table.
struct Stored {
    version: i64,
    /// Only under the older key.
    legacy: bool,
    last_run: Option<String>,
}

impl NumberedHistory {
    /// The word for this kind of history in the log.
    pub const WORD: &'static str = "numbered";

    /// Looks for the table called `wanted`. Creates nothing.
    ///
    /// # Errors
    /// What the database refuses, and a table that holds no settings.
    pub fn look(session: &mut impl Full, wanted: &Arc<str>, files: &[Migration]) -> Result<Self, SqlError> {
        let mut history = Self { table: session.find_table(wanted)?, engine: session.engine(), ..Self::absent(wanted, files) };
        history.look_at_columns(session)?;
        Ok(history)
    }

    /// The history of a database that is not there yet.
    pub fn absent(wanted: &Arc<str>, files: &[Migration]) -> Self {
        Self {
            wanted: Arc::clone(wanted),
            table: None,
            engine: files.first().map_or(Engine::Sqlite, |file| file.up.engine),
            registered: files.iter().filter_map(|file| file.version.number()).collect(),
            stamps: STAMPS.to_vec(),
            made: false,
        }
    }

    /// The history of a database whose project has no files: where the usual table has a version.
    ///
    /// # Errors
    /// What the database refuses.
    pub fn stray(session: &mut impl Full) -> Result<Option<Self>, SqlError> {
        let Some(table) = session.find_table(Migrations::SETTINGS_TABLE)? else { return Ok(None) };
        for column in COLUMNS {
            if backend::column_type(session, &table, column)?.is_none() {
                return Ok(None);
            }
        }
        let history = Self::look(session, &Migrations::SETTINGS_TABLE.into(), &[])?;
        Ok(if history.stored(session)?.is_some_and(|stored| stored.version > 0) { Some(history) } else { None })
    }

    fn look_at_columns(&mut self, session: &mut impl Basic) -> Result<(), SqlError> {
        let Some(table) = &self.table else { return Ok(()) };
        for column in COLUMNS {
            if backend::column_type(session, table, column)?.is_none() {
                let message = format!("{table} is no table of settings: it has no column \"{column}\"");
                return Err(SqlError::new(SqlErrorKind::Configuration, message).with_hint(
                    "name another one, which is made where it is missing: settings_table = \"migration_settings\" under [migrations] in manage.toml",
                ));
            }
        }
        self.stamps = stamps(session, table)?;
        Ok(())
    }

    /// Makes the table where it is missing.
    ///
    /// # Errors
    /// What the database refuses.
    pub fn bootstrap(&mut self, session: &mut impl Full) -> Result<(), SqlError> {
        if self.table.is_some() && (!self.made || session.find_table(&self.wanted)?.is_some()) {
            return Ok(());
        }
        session.execute(&self.create_sql())?;
        self.made = true;
        self.table = session.find_table(&self.wanted)?;
        self.look_at_columns(session)
    }

    /// Whether the table is there.
    pub fn exists(&self) -> bool {
        self.table.is_some()
    }

    /// The versions up to the one that is stored. One that no file has stands for itself.
    ///
    /// # Errors
    /// What the database refuses, a version that cannot be read, and two versions that disagree.
    pub fn applied(&self, session: &mut impl Basic) -> Result<Vec<Applied>, SqlError> {
        let current = self.stored(session)?.map_or(0, |stored| stored.version);
        let mut versions: Vec<i64> = self.registered.iter().copied().filter(|number| *number <= current).collect();
        if current > 0 && versions.last() != Some(&current) {
            versions.push(current);
        }
        let row = |number| Applied { version: Version::numbered(number), run_on: String::new(), name: None, checksum: None };
        Ok(versions.into_iter().map(row).collect())
    }

    /// When something was last migrated.
    ///
    /// # Errors
    /// As [`NumberedHistory::applied`].
    pub fn last_run(&self, session: &mut impl Basic) -> Result<Option<String>, SqlError> {
        Ok(self.stored(session)?.and_then(|stored| stored.last_run))
    }

    fn stored(&self, session: &mut impl Basic) -> Result<Option<Stored>, SqlError> {
        let Some(table) = &self.table else { return Ok(None) };
        let keys = [VERSION, LAST_RUN].concat().iter().map(|key| format!("'{key}'")).collect::<Vec<_>>().join(", ");
        let sql = format!("SELECT CAST(\"key\" AS TEXT), CAST(\"value\" AS TEXT) FROM {table} WHERE \"key\" IN ({keys})");
        let rows = session.query(&sql, &[])?;
        let values = |wanted: &str| {
            let of = rows.iter().filter(|row| row.text(0) == Some(wanted));
            of.map(|row| row.text(1).unwrap_or_default().trim().to_owned()).collect::<Vec<_>>()
        };
        let mut found: Vec<(&str, i64)> = Vec::new();
        for key in VERSION {
            for value in values(key) {
                found.push((key, read_version(&value).ok_or_else(|| self.unreadable(key, &value))?));
            }
        }
        let Some((key, version)) = found.first().copied() else { return Ok(None) };
        if let Some((other, differs)) = found.iter().find(|(_, other)| *other != version) {
            let message = format!("{table} says two versions: {key} is {version}, {other} is {differs}");
            return Err(SqlError::new(SqlErrorKind::Other, message).with_hint(format!(
                "two programs migrate this database; find out which version it has, and write it to both: UPDATE {table} SET value = 'N' WHERE key IN ('{}', '{}')",
                VERSION[0], VERSION[1]
            )));
        }
        let last_run = LAST_RUN.iter().flat_map(|key| values(key)).find(|value| !value.is_empty());
        Ok(Some(Stored { version, legacy: key == VERSION[1], last_run }))
    }

    fn unreadable(&self, key: &str, value: &str) -> SqlError {
        let message = format!("the version cannot be read: {key} in {} is '{value}'", self.name());
        SqlError::new(SqlErrorKind::Other, message).with_hint(format!(
            "find out which version the database has, and write its number: UPDATE {} SET value = 'N' WHERE key = '{key}'",
            self.name()
        ))
    }

    /// Writes the version under the key of today where only the older one is there.
    ///
    /// # Errors
    /// As [`NumberedHistory::applied`].
    pub fn take_over(&self, session: &mut impl Basic) -> Result<bool, SqlError> {
        let Some(stored) = self.stored(session)?.filter(|stored| stored.legacy) else { return Ok(false) };
        let mut sql = self.write_sql(VERSION, &format!("'{}'", stored.version), &self.stamps);
        if let Some(last_run) = stored.last_run {
            let _ = write!(sql, ";\n{}", self.write_sql(LAST_RUN, &quoted_text(&last_run), &self.stamps));
        }
        session.execute(&sql)?;
        Ok(true)
    }

    pub(super) fn record(&self, session: &mut impl Basic, version: &Version) -> Result<u64, SqlError> {
        self.write(session, number(version))
    }

    pub(super) fn erase(&self, session: &mut impl Basic, version: &Version) -> Result<u64, SqlError> {
        self.write(session, self.before(version))
    }

    /// How many rows were written cannot be told of several statements: 0, so that the version is read again.
    fn write(&self, session: &mut impl Basic, version: i64) -> Result<u64, SqlError> {
        let stamps = match &self.table {
            Some(table) if backend::column_type(session, table, "key")?.is_none() => {
                let message = format!("the migration has dropped {table}, which keeps the version");
                return Err(SqlError::new(SqlErrorKind::Other, message).with_hint(
                    "leave the table in place: it is made before the first migration, and stays after the last way back",
                ));
            }
            // The migration may have rebuilt it.
            Some(table) => stamps(session, table)?,
            None => self.stamps.clone(),
        };
        session.execute(&self.version_sql(version, &stamps))?;
        Ok(0)
    }

    /// The version that is left when `version` goes: the registered one before it.
    fn before(&self, version: &Version) -> i64 {
        self.registered.iter().copied().filter(|known| *known < number(version)).max().unwrap_or(0)
    }

    fn version_sql(&self, version: i64, stamps: &[&str]) -> String {
        let version = self.write_sql(VERSION, &format!("'{version}'"), stamps);
        format!("{version};\n{}", self.write_sql(LAST_RUN, backend::rfc3339_now(self.engine), stamps))
    }

    /// Two statements instead of an upsert: a table that was rebuilt may have lost its key.
    fn write_sql(&self, [key, legacy]: [&str; 2], value: &str, stamps: &[&str]) -> String {
        let table = self.name();
        let columns: String = stamps.iter().map(|column| format!(", \"{column}\"")).collect();
        let now: String = stamps.iter().map(|_| ", CURRENT_TIMESTAMP").collect();
        let updated = if stamps.contains(&UPDATED_AT) { ", \"updated_at\" = CURRENT_TIMESTAMP" } else { "" };
        format!(
            "UPDATE {table} SET \"value\" = {value}{updated} WHERE \"key\" IN ('{key}', '{legacy}');\n\
             INSERT INTO {table} (\"key\", \"value\"{columns}) SELECT '{key}', {value}{now} \
             WHERE NOT EXISTS (SELECT 1 FROM {table} WHERE \"key\" = '{key}')"
        )
    }

    pub(super) fn create_sql(&self) -> String {
        let moment = match self.engine {
            Engine::Sqlite => "TIMESTAMP",
            Engine::Postgres => "TIMESTAMPTZ",
        };
        format!(
            "CREATE TABLE IF NOT EXISTS \"{}\" (\n    \"key\" TEXT NOT NULL PRIMARY KEY,\n    \"value\" TEXT,\n    \
             \"created_at\" {moment} NOT NULL DEFAULT CURRENT_TIMESTAMP,\n    \
             \"updated_at\" {moment} NOT NULL DEFAULT CURRENT_TIMESTAMP\n)",
            self.wanted
        )
    }

    pub(super) fn record_sql(&self, version: &Version) -> String {
        self.version_sql(number(version), &self.stamps)
    }

    pub(super) fn erase_sql(&self, version: &Version) -> String {
        self.version_sql(self.before(version), &self.stamps)
    }

    /// What this history is called in the ledger.
    pub fn key(&self) -> String {
        super::key(Self::WORD, self.table.as_ref())
    }

    /// The table as it stands in statements.
    pub fn name(&self) -> &str {
        self.table.as_ref().map_or(&self.wanted, |table| &table.0)
    }
}

const COLUMNS: [&str; 2] = ["key", "value"];
const UPDATED_AT: &str = "updated_at";
const STAMPS: [&str; 2] = ["created_at", UPDATED_AT];

fn stamps(session: &mut impl Basic, table: &TableName) -> Result<Vec<&'static str>, SqlError> {
    let mut there = Vec::new();
    for column in STAMPS {
        if backend::column_type(session, table, column)?.is_some() {
            there.push(column);
        }
    }
    Ok(there)
}

/// Nothing at all is 0; anything but a number is an error.
fn read_version(text: &str) -> Option<i64> {
    if text.is_empty() {
        return Some(0);
    }
    text.parse().ok().filter(|number| *number >= 0)
}

fn number(version: &Version) -> i64 {
    version.number().unwrap_or_default()
}
