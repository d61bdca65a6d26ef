//! What stands in the small file beside a backup.

use serde::{Deserialize, Serialize};

use crate::domain::content::{Content, TableSum};

/// The format that this version writes, and the newest that it reads.
pub const FORMAT: u64 = 1;

/// The description of a backup.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Description {
    /// [`FORMAT`] of who wrote it.
    pub format: u64,
    /// `sqlite` or `postgres`.
    pub engine: String,
    /// The version of SQLite or of the server.
    pub engine_version: String,
    /// The SHA-256 of the backup.
    pub sha256: String,
    /// Its size in bytes.
    pub size: u64,
    /// When the snapshot was taken: RFC 3339, UTC.
    pub taken_at: String,
    /// `manage 0.1.0`
    pub tool: String,
    /// `pg_dump 15.18`
    pub made_with: String,
    /// Who took it.
    pub user: String,
    /// On which machine.
    pub host: String,
    /// Which database it is of.
    pub database: Origin,
    /// The marker that the database had.
    pub marker: Option<MarkerThen>,
    /// The versions of the applied migrations, in their order.
    pub migrations: Vec<String>,
    /// What the file does not keep: the journal mode of SQLite and others.
    pub settings: Vec<(String, String)>,
    /// Whether it was restored into a scratch database and compared.
    pub proved: bool,
    /// The tables with their rows and checksums, in the snapshot.
    pub tables: Vec<TableSum>,
}

/// Which database a backup is of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Origin {
    /// Its name.
    pub name: String,
    /// What tells it from others: names and values.
    pub fingerprint: Vec<(String, String)>,
}

/// A marker as it was.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MarkerThen {
    /// Its name.
    pub name: String,
    /// Whether it protected.
    pub protected: bool,
}

impl Description {
    /// What the backup holds.
    pub fn content(&self) -> Content {
        Content { schema: Vec::new(), tables: self.tables.clone() }
    }

    /// The journal mode that an SQLite file had.
    pub fn journal(&self) -> Option<&str> {
        self.settings.iter().find(|(name, _)| name == "journal_mode").map(|(_, value)| value.as_str())
    }
}
