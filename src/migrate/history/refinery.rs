//! Refinery's history table, written exactly as refinery writes it.

use std::hash::{Hash, Hasher};

use siphasher::sip::SipHasher13;

use super::Applied;
use crate::backend::{self, Basic, Full, SqlError, SqlErrorKind, TableName};
use crate::domain::engine::Engine;
use crate::domain::version::Version;
use crate::project::Migration;

/// How wide refinery's versions are: a choice that is made when refinery is compiled, and that its checksums depend on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Width {
    /// `int4`, refinery's default.
    Four,
    /// `int8`, its feature `int8-versions`.
    Eight,
}

impl Width {
    /// The least that holds the versions of `files`.
    pub fn needed<'a>(files: impl IntoIterator<Item = &'a Migration>) -> Self {
        let fits = |file: &Migration| file.version.number().is_none_or(|number| i32::try_from(number).is_ok());
        if files.into_iter().all(fits) { Self::Four } else { Self::Eight }
    }

    fn word(self) -> &'static str {
        match self {
            Self::Four => "int4",
            Self::Eight => "int8",
        }
    }
}

/// refinery's checksum of a file: SipHash-1-3 with the keys 0 and 0 over name, version and text, as its `Migration` hashes
/// them. A version that four bytes cannot hold takes eight.
pub fn refinery_checksum(name: &str, version: i64, sql: &str, width: Width) -> u64 {
    let mut hasher = SipHasher13::new();
    name.hash(&mut hasher);
    match (width, i32::try_from(version)) {
        (Width::Four, Ok(version)) => version.hash(&mut hasher),
        _ => version.hash(&mut hasher),
    }
    sql.hash(&mut hasher);
    hasher.finish()
}

/// The table `refinery_schema_history`, addressed with the schema in which it was found.
#[derive(Debug, Clone)]
pub struct RefineryHistory {
    table: Option<TableName>,
    width: Width,
    engine: Option<Engine>,
}

impl RefineryHistory {
    /// The word for this kind of history in the log.
    pub const WORD: &'static str = "refinery";
    const TABLE: &'static str = "refinery_schema_history";

    /// Looks for the table. Creates nothing.
    ///
    /// # Errors
    /// What the database refuses.
    pub fn look(session: &mut impl Full) -> Result<Self, SqlError> {
        let table = session.find_table(Self::TABLE)?;
        let mut width = Width::Four;
        if let Some(table) = &table
            && backend::column_type(session, table, "version")?.is_some_and(|name| is_wide(&name))
        {
            width = Width::Eight;
        }
        Ok(Self { table, width, engine: Some(session.engine()) })
    }

    /// The history of a database that is not there yet.
    pub fn absent() -> Self {
        Self { table: None, width: Width::Four, engine: None }
    }

    /// Makes the table where it is missing: with four bytes for a version, unless one of `files` needs more. Where it is
    /// there, its checksums are looked at: a refinery that was compiled for eight bytes may write into an older table.
    ///
    /// # Errors
    /// What the database refuses, and a table that cannot hold the versions of `files`.
    pub fn ensure(mut self, session: &mut impl Full, files: &[Migration]) -> Result<Self, SqlError> {
        let needed = Width::needed(files);
        if self.table.is_none() {
            session.execute(&Self::create_sql(needed))?;
            return Self::look(session);
        }
        if session.engine() == Engine::Postgres && self.width == Width::Four && needed == Width::Eight {
            return Err(SqlError::new(
                SqlErrorKind::Configuration,
                "the versions of this project do not fit into refinery's history",
            )
            .with_hint(format!(
                "refinery needs its feature int8-versions for them, and the table: ALTER TABLE {} ALTER COLUMN version TYPE int8",
                self.name()
            )));
        }
        if let Some(width) = self.width_that_was_used(session, files)? {
            self.width = width;
        }
        Ok(self)
    }

    /// The width that the checksum of the last row with an unchanged file was made with.
    fn width_that_was_used(&self, session: &mut impl Full, files: &[Migration]) -> Result<Option<Width>, SqlError> {
        let applied = self.applied(session)?;
        let of = |row: &Applied| {
            let file = files.iter().find(|file| file.version == row.version)?;
            [self.width, Width::Four, Width::Eight].into_iter().find(|width| is_made_with(row, file, *width))
        };
        Ok(applied.iter().rev().find_map(of))
    }

    /// Whether the table is there.
    pub fn exists(&self) -> bool {
        self.table.is_some()
    }

    /// What is applied, in the order of the numbers.
    ///
    /// # Errors
    /// What the database refuses.
    pub fn applied(&self, session: &mut impl Basic) -> Result<Vec<Applied>, SqlError> {
        let Some(table) = &self.table else { return Ok(Vec::new()) };
        let sql = format!("SELECT version, name, applied_on, checksum FROM {table} ORDER BY version");
        let rows = session.query(&sql, &[])?;
        let mut applied: Vec<Applied> = rows
            .iter()
            .filter_map(|row| {
                let text = |at: usize| row.text(at).map(str::to_owned);
                Some(Applied {
                    version: Version::numbered(row.integer(0)?),
                    run_on: text(2).unwrap_or_default(),
                    name: text(1),
                    checksum: text(3),
                })
            })
            .collect();
        applied.dedup_by(|later, earlier| later.version == earlier.version);
        Ok(applied)
    }

    /// Whether the file is another than the one that ran: in its text or in its name, with either width.
    pub(super) fn differs(row: &Applied, file: &Migration) -> Option<bool> {
        row.checksum.as_ref()?;
        Some(![Width::Four, Width::Eight].into_iter().any(|width| is_made_with(row, file, width)))
    }

    pub(super) fn create_sql(width: Width) -> String {
        format!(
            "CREATE TABLE IF NOT EXISTS {}(\n             version {} PRIMARY KEY,\n             name VARCHAR(255),\n             \
             applied_on VARCHAR(255),\n             checksum VARCHAR(255))",
            Self::TABLE,
            width.word()
        )
    }

    fn checksum(&self, migration: &Migration) -> u64 {
        refinery_checksum(&migration.name, number(&migration.version), &migration.up.text, self.width)
    }

    /// Name and checksum of the file as it is now; when it ran stays.
    pub(super) fn accept_sql(&self, migration: &Migration) -> String {
        format!(
            "UPDATE {} SET name = '{}', checksum = '{}' WHERE version = {}",
            self.name(),
            // A name has letters, digits and underscores only.
            migration.name,
            self.checksum(migration),
            number(&migration.version)
        )
    }

    pub(super) fn record_sql(&self, migration: &Migration) -> String {
        let checksum = self.checksum(migration);
        format!(
            "INSERT INTO {} (version, name, applied_on, checksum) VALUES ({}, '{}', {}, '{checksum}')",
            self.name(),
            migration.version,
            // A name has letters, digits and underscores only.
            migration.name,
            backend::rfc3339_now(self.engine.unwrap_or(migration.up.engine)),
        )
    }

    pub(super) fn erase_sql(&self, version: &Version) -> String {
        format!("DELETE FROM {} WHERE version = {}", self.name(), number(version))
    }

    /// What this history is called in the ledger.
    pub fn key(&self) -> String {
        super::key(Self::WORD, self.table.as_ref())
    }

    /// The table as it stands in statements.
    pub fn name(&self) -> &str {
        self.table.as_ref().map_or(Self::TABLE, |table| &table.0)
    }
}

fn number(version: &Version) -> i64 {
    version.number().unwrap_or_default()
}

fn is_wide(type_name: &str) -> bool {
    ["int8", "bigint"].contains(&type_name.to_ascii_lowercase().as_str())
}

fn is_made_with(row: &Applied, file: &Migration, width: Width) -> bool {
    let checksum = refinery_checksum(&file.name, number(&file.version), &file.up.text, width);
    row.checksum.as_deref() == Some(checksum.to_string().as_str())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn eight_bytes_are_what_refinery_hashes_with_its_feature() {
        for (stem, sql) in [("V1__initial", "CREATE TABLE a (b INTEGER);\n"), ("U20260110120000__größe", ""), ("V0__x", "'\r\n'")]
        {
            let theirs = refinery_core::Migration::unapplied(stem, sql).expect("a name that fits");

            assert_eq!(refinery_checksum(theirs.name(), theirs.version(), sql, Width::Eight), theirs.checksum());
        }
    }

    #[test]
    fn four_bytes_are_what_refinery_hashes_by_default() {
        for (stem, sql) in [("V1__initial", "CREATE TABLE a (b INTEGER);\n"), ("U20260110__größe", ""), ("V0__x", "'\r\n'")] {
            let theirs = refinery_core_int4::Migration::unapplied(stem, sql).expect("a name that fits");

            let ours = refinery_checksum(theirs.name(), i64::from(theirs.version()), sql, Width::Four);

            assert_eq!(ours, theirs.checksum());
        }
    }

    proptest! {
        #[test]
        fn the_bytes_are_name_version_and_text_each_closed(name in "\\w{1,20}", version in 0..i32::MAX, sql in ".*") {
            let mut hasher = SipHasher13::new();
            for bytes in [name.as_bytes(), &[0xff], &version.to_le_bytes(), sql.as_bytes(), &[0xff]] {
                hasher.write(bytes);
            }

            prop_assert_eq!(refinery_checksum(&name, version.into(), &sql, Width::Four), hasher.finish());
        }
    }
}
