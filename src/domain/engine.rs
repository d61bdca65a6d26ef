//! The databases that `manage` speaks to.

use std::fmt;

/// A kind of database.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Engine {
    /// SQLite, embedded: the default.
    Sqlite,
    /// PostgreSQL, over the network or a socket.
    Postgres,
}

impl Engine {
    /// The word that file names and JSON use: `sqlite` or `postgres`.
    pub fn word(self) -> &'static str {
        match self {
            Self::Sqlite => "sqlite",
            Self::Postgres => "postgres",
        }
    }
}

impl fmt::Display for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Sqlite => "SQLite",
            Self::Postgres => "PostgreSQL",
        })
    }
}
