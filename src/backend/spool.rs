//! What a transfer has to say until it knows whether it stays: on the disk, so that it may be much, and in no
//! transaction of the databases.

use rusqlite::{Connection, params};

use super::carrier::{Chunk, Fate, Left};
use super::error::SqlError;
use super::sqlite::translate;

/// Rows that were left and chunks of rows that were inserted, in a temporary file without a name.
pub struct Spool {
    connection: Connection,
}

/// How many rows were left for one reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reason {
    /// The place of the table.
    pub place: usize,
    /// What becomes of them.
    pub fate: Fate,
    /// The column.
    pub column: String,
    /// One word.
    pub rule: String,
    /// How many rows.
    pub rows: u64,
    /// Of the first one: its key and the message.
    pub example: (String, String),
}

impl Spool {
    /// A new one.
    ///
    /// # Errors
    /// When there is no room for it.
    pub fn new() -> Result<Self, SqlError> {
        // An empty name is a file that is removed as soon as it is opened.
        let connection = Connection::open("").map_err(translate)?;
        connection
            .execute_batch(
                "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -2000;
                 CREATE TABLE item (number INTEGER PRIMARY KEY, place INTEGER, fate TEXT, source TEXT, row_key TEXT, col TEXT, rule TEXT, message TEXT);
                 CREATE TABLE chunk (place INTEGER, number INTEGER, keys TEXT, hashes BLOB, PRIMARY KEY (place, number));
                 BEGIN",
            )
            .map_err(translate)?;
        Ok(Self { connection })
    }

    /// Adds a row that was left.
    ///
    /// # Errors
    /// When there is no room for it.
    pub fn push(&self, place: usize, left: &Left) -> Result<(), SqlError> {
        let place = i64::try_from(place).unwrap_or_default();
        self.connection
            .execute(
                "INSERT INTO item (place, fate, source, row_key, col, rule, message) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
                params![place, left.fate.word(), left.row, left.key, left.column, left.rule, left.message],
            )
            .map(drop)
            .map_err(translate)
    }

    /// Rows that were left, after number `after`, at most `limit`: number, place, row.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn page(&self, after: i64, limit: usize) -> Result<Vec<(i64, usize, Left)>, SqlError> {
        let sql = "SELECT number, place, fate, source, row_key, col, rule, message FROM item WHERE number > ?1 ORDER BY number LIMIT ?2";
        let mut statement = self.connection.prepare(sql).map_err(translate)?;
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let rows = statement
            .query_map(params![after, limit], |row| {
                let left = Left {
                    fate: Fate::named(&row.get::<_, String>(2)?).unwrap_or(Fate::Rejected),
                    row: row.get(3)?,
                    key: row.get(4)?,
                    column: row.get(5)?,
                    rule: row.get(6)?,
                    message: row.get(7)?,
                };
                Ok((row.get(0)?, usize::try_from(row.get::<_, i64>(1)?).unwrap_or_default(), left))
            })
            .map_err(translate)?;
        rows.collect::<Result<_, _>>().map_err(translate)
    }

    /// The reasons, with how many rows each has.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn reasons(&self) -> Result<Vec<Reason>, SqlError> {
        let sql = "SELECT place, fate, col, rule, count(*), row_key, message, min(number) FROM item GROUP BY place, fate, col, rule ORDER BY min(number)";
        let mut statement = self.connection.prepare(sql).map_err(translate)?;
        let rows = statement
            .query_map([], |row| {
                Ok(Reason {
                    place: usize::try_from(row.get::<_, i64>(0)?).unwrap_or_default(),
                    fate: Fate::named(&row.get::<_, String>(1)?).unwrap_or(Fate::Rejected),
                    column: row.get(2)?,
                    rule: row.get(3)?,
                    rows: u64::try_from(row.get::<_, i64>(4)?).unwrap_or_default(),
                    example: (row.get(5)?, row.get(6)?),
                })
            })
            .map_err(translate)?;
        rows.collect::<Result<_, _>>().map_err(translate)
    }

    /// Adds a chunk of rows that were inserted.
    ///
    /// # Errors
    /// When there is no room for it.
    pub fn push_chunk(&self, place: usize, number: usize, chunk: &Chunk) -> Result<(), SqlError> {
        let (place, number) = (i64::try_from(place).unwrap_or_default(), i64::try_from(number).unwrap_or_default());
        self.connection
            .execute("INSERT INTO chunk VALUES (?1, ?2, ?3, ?4)", params![place, number, chunk.keys, chunk.hashes])
            .map(drop)
            .map_err(translate)
    }

    /// A chunk; `None` after the last one of its table.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn chunk(&self, place: usize, number: usize) -> Result<Option<Chunk>, SqlError> {
        let (place, number) = (i64::try_from(place).unwrap_or_default(), i64::try_from(number).unwrap_or_default());
        let mut statement =
            self.connection.prepare("SELECT keys, hashes FROM chunk WHERE place = ?1 AND number = ?2").map_err(translate)?;
        let mut rows = statement.query(params![place, number]).map_err(translate)?;
        let Some(row) = rows.next().map_err(translate)? else { return Ok(None) };
        Ok(Some(Chunk { keys: row.get(0).map_err(translate)?, hashes: row.get(1).map_err(translate)? }))
    }
}
