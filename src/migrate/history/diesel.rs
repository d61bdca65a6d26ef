//! Diesel's history table, written exactly as diesel writes it, so that both tools can alternate.

use diesel::migration::CREATE_MIGRATIONS_TABLE;

use super::Applied;
use crate::backend::{Basic, Full, SqlError, TableName};
use crate::domain::schema::quoted_text;
use crate::domain::version::Version;

/// The table `__diesel_schema_migrations`. It is addressed with the schema in which it was found, since a
/// migration may change the search path.
#[derive(Debug, Clone)]
pub struct DieselHistory {
    table: Option<TableName>,
}

impl DieselHistory {
    /// The word for this kind of history in the log.
    pub const WORD: &'static str = "diesel";
    const TABLE: &'static str = "__diesel_schema_migrations";

    /// Looks for the table. Creates nothing.
    ///
    /// # Errors
    /// What the database refuses.
    pub fn look(session: &mut impl Full) -> Result<Self, SqlError> {
        Ok(Self { table: session.find_table(Self::TABLE)? })
    }

    /// The history of a database that is not there yet.
    pub fn absent() -> Self {
        Self { table: None }
    }

    /// Makes the table where it is missing, with diesel's own statement.
    ///
    /// # Errors
    /// What the database refuses.
    pub fn ensure(session: &mut impl Full) -> Result<Self, SqlError> {
        let found = Self::look(session)?;
        if found.table.is_some() {
            return Ok(found);
        }
        session.execute(CREATE_MIGRATIONS_TABLE)?;
        Self::look(session)
    }

    /// Whether the table is there.
    pub fn exists(&self) -> bool {
        self.table.is_some()
    }

    /// What is applied, in the order of the versions' text.
    ///
    /// # Errors
    /// What the database refuses.
    pub fn applied(&self, session: &mut impl Basic) -> Result<Vec<Applied>, SqlError> {
        let Some(table) = &self.table else { return Ok(Vec::new()) };
        let rows = session.query(&format!("SELECT version, CAST(run_on AS VARCHAR(50)) FROM {table}"), &[])?;
        let mut applied: Vec<_> = rows
            .iter()
            .filter_map(|row| {
                Some(Applied {
                    version: Version::stored(row.text(0)?),
                    run_on: row.text(1).unwrap_or_default().to_owned(),
                    name: None,
                    checksum: None,
                })
            })
            .collect();
        // Sorted here, since a database's collation may order texts otherwise than byte by byte.
        applied.sort_by(|a, b| a.version.cmp(&b.version));
        // A table without diesel's primary key may hold a version twice.
        applied.dedup_by(|later, earlier| later.version == earlier.version);
        Ok(applied)
    }

    /// Records that `version` is applied, and counts the rows that the database says it wrote.
    ///
    /// # Errors
    /// What the database refuses.
    pub fn record(&self, session: &mut impl Basic, version: &Version) -> Result<u64, SqlError> {
        session.execute_with(&format!("INSERT INTO {} (version) VALUES ($1)", self.name()), &[version.as_str().into()])
    }

    /// Takes the record back, and counts the rows that the database says it deleted.
    ///
    /// # Errors
    /// What the database refuses.
    pub fn erase(&self, session: &mut impl Basic, version: &Version) -> Result<u64, SqlError> {
        session.execute_with(&format!("DELETE FROM {} WHERE version = $1", self.name()), &[version.as_str().into()])
    }

    /// The statement that makes the table.
    pub(super) fn create_sql() -> &'static str {
        CREATE_MIGRATIONS_TABLE.trim().trim_end_matches(';')
    }

    /// The statement of [`DieselHistory::record`] as text.
    pub(super) fn record_sql(&self, version: &Version) -> String {
        format!("INSERT INTO {} (version) VALUES ({})", self.name(), quoted_text(version.as_str()))
    }

    /// The statement of [`DieselHistory::erase`] as text.
    pub(super) fn erase_sql(&self, version: &Version) -> String {
        format!("DELETE FROM {} WHERE version = {}", self.name(), quoted_text(version.as_str()))
    }

    /// What this history is called in the ledger: its kind, and its schema where a database may have several.
    pub fn key(&self) -> String {
        super::key(Self::WORD, self.table.as_ref())
    }

    /// The table as it stands in statements.
    pub fn name(&self) -> &str {
        self.table.as_ref().map_or(Self::TABLE, |table| &table.0)
    }
}
