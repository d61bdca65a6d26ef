//! What the words of a statement tell about how it must be run.

use crate::domain::engine::Engine;

/// What a statement is, as far as running it safely needs to know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Statement {
    /// Begins or ends a transaction: `BEGIN`, `COMMIT`, `ROLLBACK`, `END`, `ABORT`, `START TRANSACTION`,
    /// `PREPARE TRANSACTION`, `COMMIT PREPARED` … Savepoints are not meant.
    TransactionControl {
        /// The words as they stand, upper case.
        words: String,
    },
    /// Cannot run inside a transaction: `CREATE INDEX CONCURRENTLY`, `VACUUM`, `ALTER SYSTEM` …
    OutsideTransaction {
        /// The words that say so, upper case.
        words: String,
    },
    /// SQLite: `PRAGMA name …`, the name in lower case.
    Pragma {
        /// The pragma's name.
        name: String,
    },
    /// SQLite: `ATTACH` or `DETACH`.
    Attach,
    /// PostgreSQL: `COPY … FROM STDIN`.
    CopyFromStdin,
    /// PostgreSQL: a command of psql, `\connect` …
    PsqlCommand {
        /// The command with its backslash.
        command: String,
    },
    /// `DROP TABLE name`.
    DropTable {
        /// The last part of the table's name, unquoted.
        table: String,
    },
    /// `ALTER TABLE … RENAME TO name`.
    RenameTable {
        /// The new name, unquoted.
        to: String,
    },
    /// Anything else.
    Other,
}

/// Classifies one statement.
pub fn classify(sql: &str, engine: Engine) -> Statement {
    let _ = (sql, engine);
    Statement::Other
}

/// The index that a statement with CONCURRENTLY makes or drops.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConcurrentIndex {
    /// Its name as written.
    pub name: Option<String>,
    /// Whether it is dropped.
    pub drop: bool,
}

/// Finds it.
pub fn concurrent_index(sql: &str) -> Option<ConcurrentIndex> {
    let _ = sql;
    None
}
