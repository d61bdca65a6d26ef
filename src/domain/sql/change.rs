//! A change of the schema or of rows, as a statement says it.

/// A change and the byte of the statement at which it is said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// Byte within the statement: its first word, or that of the action of an `ALTER TABLE`.
    pub at: usize,
    /// What changes.
    pub what: What,
}

/// What changes. Names are without their schema, as the catalogue has them; on SQLite in lower case, since it
/// does not tell `A` from `a`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum What {
    /// `CREATE TABLE`; `lenient` with `IF NOT EXISTS`.
    CreateTable {
        /// The table.
        table: String,
        /// Content to find it there.
        lenient: bool,
        /// Gone with the session.
        temporary: bool,
    },
    /// `CREATE INDEX`
    CreateIndex {
        /// The index, where it has a name.
        index: Option<String>,
        /// Its table.
        table: String,
        /// Content to find it there.
        lenient: bool,
    },
    /// `CREATE` of anything else that knows `IF NOT EXISTS` or `OR REPLACE`.
    CreateOther {
        /// `VIEW`, `TRIGGER` …, upper case.
        kind: &'static str,
        /// Its name.
        name: String,
        /// Content to find it there.
        lenient: bool,
    },
    /// `DROP TABLE`
    DropTable {
        /// The table.
        table: String,
        /// `IF EXISTS`
        lenient: bool,
    },
    /// `DROP INDEX`
    DropIndex {
        /// The index.
        index: String,
        /// `IF EXISTS`
        lenient: bool,
    },
    /// `DROP` of anything else.
    DropOther {
        /// `VIEW`, `SCHEMA` …, upper case.
        kind: &'static str,
        /// Its name.
        name: String,
        /// `IF EXISTS`
        lenient: bool,
    },
    /// `ALTER TABLE … ADD COLUMN`
    AddColumn {
        /// The table.
        table: String,
        /// The column.
        column: String,
        /// Why SQLite refuses it, always or on a table with rows.
        refused: Option<Refused>,
    },
    /// `ALTER TABLE … DROP COLUMN`
    DropColumn {
        /// The table.
        table: String,
        /// The column.
        column: String,
    },
    /// `ALTER TABLE … RENAME COLUMN`
    RenameColumn {
        /// The table.
        table: String,
        /// The old name.
        from: String,
        /// The new name.
        to: String,
    },
    /// `ALTER TABLE … RENAME TO`
    RenameTable {
        /// The old name.
        from: String,
        /// The new name.
        to: String,
    },
    /// Any other action of `ALTER TABLE`.
    AlterTable {
        /// The table.
        table: String,
    },
    /// `CREATE TYPE`
    CreateType {
        /// The type.
        name: String,
    },
    /// `ALTER TYPE … ADD VALUE`
    AddEnumValue {
        /// The type.
        name: String,
        /// The value as it is written, with its quotes.
        value: String,
    },
    /// `TRUNCATE`
    Truncate {
        /// The table; of several the first.
        table: String,
    },
    /// `INSERT`, `UPDATE`, `DELETE`, `MERGE`, `REPLACE` or `COPY … FROM`.
    Rows {
        /// The verb, upper case.
        verb: &'static str,
        /// The table.
        table: String,
        /// Whether a `WHERE` limits it.
        limited: bool,
    },
    /// Any other change of the schema or of rights.
    Schema,
}

/// Why SQLite refuses to add a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refused {
    /// `PRIMARY KEY` or `UNIQUE`: always.
    Always(&'static str),
    /// What a table with rows cannot take, though an empty one can.
    WithRows(&'static str),
}

impl What {
    /// Whether rows change.
    pub fn is_data(&self) -> bool {
        matches!(self, Self::Rows { .. } | Self::Truncate { .. })
    }

    /// The table that it is about.
    pub fn table(&self) -> Option<&str> {
        match self {
            Self::CreateTable { table, .. }
            | Self::CreateIndex { table, .. }
            | Self::DropTable { table, .. }
            | Self::AddColumn { table, .. }
            | Self::DropColumn { table, .. }
            | Self::RenameColumn { table, .. }
            | Self::RenameTable { from: table, .. }
            | Self::AlterTable { table }
            | Self::Truncate { table }
            | Self::Rows { table, .. } => Some(table),
            _ => None,
        }
    }
}
