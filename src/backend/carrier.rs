//! What moves rows from one database to another: the contract that each pair of databases fulfils.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use super::basic::Basic;
use super::error::{SqlError, SqlErrorKind};
#[cfg(feature = "postgres")]
use super::postgres::PostgresCarrier;
use super::session::Session;
use super::sqlite::carrier::SqliteCarrier;
use crate::domain::database_url::DatabaseUrl;
use crate::domain::transfer::{Moment, Sum, TablePlan};

/// A row that does not go over, or goes over with a word.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Left {
    /// What becomes of it.
    pub fate: Fate,
    /// The row as the source knows it.
    pub row: String,
    /// Its key as a person reads it.
    pub key: String,
    /// The column, where it is about one.
    pub column: String,
    /// One word.
    pub rule: String,
    /// Why.
    pub message: String,
}

/// What becomes of a row that is listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fate {
    /// It does not go in, and that is a fault.
    Rejected,
    /// It stays behind, as the mapping says.
    Skipped,
    /// It goes in, and that is worth a word.
    Warned,
}

impl Fate {
    /// The word in the ledger.
    pub fn word(self) -> &'static str {
        match self {
            Self::Rejected => "rejected",
            Self::Skipped => "skipped",
            Self::Warned => "warned",
        }
    }

    /// The fate that a word names.
    pub fn named(word: &str) -> Option<Self> {
        [Self::Rejected, Self::Skipped, Self::Warned].into_iter().find(|fate| fate.word() == word)
    }
}

/// How far the table has come that is moved just now, for somebody who watches from another thread.
#[derive(Debug, Default)]
pub struct Watch {
    looked_at: AtomicU64,
    written: AtomicU64,
}

impl Watch {
    /// Rows that were looked at by every rule.
    pub fn looked_at(&self) -> u64 {
        self.looked_at.load(Ordering::Relaxed)
    }

    /// Rows that were written.
    pub fn written(&self) -> u64 {
        self.written.load(Ordering::Relaxed)
    }

    pub(super) fn begin(&self) {
        self.looked_at.store(0, Ordering::Relaxed);
        self.written.store(0, Ordering::Relaxed);
    }

    pub(super) fn look(&self) {
        self.looked_at.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn write(&self) {
        self.written.fetch_add(1, Ordering::Relaxed);
    }
}

impl Slower {
    /// Why, in words.
    pub fn words(self) -> &'static str {
        match self {
            Self::InUse => "somebody else uses the table: rows go in beside the indexes, not before them",
            Self::Needed => "views or foreign keys of others need its keys: they stay while rows come in",
            Self::Objected => "a constraint objected: the rows were sorted one by one",
        }
    }
}

/// What became of a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Moved {
    /// Rows of the source.
    pub read: u64,
    /// Rows that were inserted.
    pub inserted: u64,
    /// Rows that were brought up to date.
    pub updated: u64,
    /// Rows that were there and right.
    pub unchanged: u64,
    /// Rows that are rejected.
    pub rejected: u64,
    /// Rows that stay behind.
    pub skipped: u64,
    /// Rows of the target before.
    pub before: u64,
    /// The highest key of the target before, where it is a whole number.
    pub highest_before: Option<i64>,
    /// How long the look at every row took.
    pub probed: Duration,
    /// How long the writing took.
    pub copied: Duration,
    /// Whether a rejected row stops the run whatever the mapping says.
    pub grave: bool,
    /// Why it took a slower way than it might.
    pub slower: Option<Slower>,
}

/// Why a table took a slower way than it might.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Slower {
    /// Somebody else uses it.
    InUse,
    /// Views or foreign keys of others need its keys.
    Needed,
    /// A constraint objected to the rows as they came.
    Objected,
}

/// What the two sides of a table add up to.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Compared {
    /// What the source's rows are to become.
    pub expected: Sum,
    /// What the target has.
    pub actual: Sum,
    /// Rows that differ, the first ones, in words.
    pub differences: Vec<String>,
}

impl Compared {
    /// Whether both sides say the same.
    pub fn is_equal(&self) -> bool {
        self.expected == self.actual && self.differences.is_empty()
    }
}

/// Some of the rows that a run inserted: their packed keys and the checksums of what was written.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Chunk {
    /// Packed keys, joined by 0x1F.
    pub keys: String,
    /// Eight bytes a row, the lowest first.
    pub hashes: Vec<u8>,
}

/// Which rows a validation compares.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// Those of the transfer that is under way.
    ThisRun,
    /// Those of an earlier one; what stayed behind was told by [`Carrier::leave`].
    Earlier,
}

/// Group of rows of the source with one key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DuplicateGroup {
    /// The key as a person reads it.
    pub key: String,
    /// How many rows have it.
    pub rows: u64,
}

/// Duplicates of one unique key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyDuplicates {
    /// The key's columns in the target.
    pub columns: Vec<String>,
    /// How many rows of the source have a key.
    pub rows: u64,
    /// How many different keys there are.
    pub distinct: u64,
    /// How many keys more than one row has.
    pub groups: u64,
    /// How many rows have such a key.
    pub in_groups: u64,
    /// The largest groups.
    pub shown: Vec<DuplicateGroup>,
}

/// Moves tables from a source, which it only reads, to a target.
///
/// The order is: [`begin`](Self::begin); for each table [`move_table`](Self::move_table); [`recompute`](Self::recompute);
/// [`compare`](Self::compare) for each; then the target's session commits or rolls back. Tables are named by their
/// places in the plan that `begin` got.
pub trait Carrier {
    /// The session on the target, for what is written beside the rows.
    fn target(&mut self) -> &mut Session;

    /// Opens one snapshot of the source and a transaction on the target.
    ///
    /// # Errors
    /// What a database refuses.
    fn begin(&mut self, tables: &[TablePlan], now: &Moment) -> Result<(), SqlError>;

    /// Counts rows from now on, for somebody who watches.
    ///
    /// # Errors
    /// What the target refuses.
    fn watch(&mut self) -> Result<Arc<Watch>, SqlError>;

    /// Looks at every row of a table by every rule, then writes those that may go in. What is left behind goes to `left`.
    ///
    /// # Errors
    /// What a database refuses.
    fn move_table(&mut self, table: usize, left: &mut dyn FnMut(Left) -> Result<(), SqlError>) -> Result<Moved, SqlError>;

    /// Makes the counts of a table anew. Returns how many rows, other than those just inserted, got another count.
    ///
    /// # Errors
    /// What the target refuses.
    fn recompute(&mut self, table: usize) -> Result<u64, SqlError>;

    /// Compares what the source's rows are to become with what the target has. Inserted rows go to `chunks`.
    ///
    /// # Errors
    /// What a database refuses.
    fn compare(&mut self, table: usize, scope: Scope, chunks: &mut dyn FnMut(Chunk)) -> Result<Compared, SqlError>;

    /// Tells of a row that an earlier transfer has left behind.
    ///
    /// # Errors
    /// What the target refuses.
    fn leave(&mut self, table: usize, row: &str) -> Result<(), SqlError>;

    /// Finds the new keys again by which an earlier transfer has mapped old ones.
    ///
    /// # Errors
    /// What a database refuses.
    fn remap(&mut self, table: usize) -> Result<(), SqlError>;

    /// Raw rows of the source for a look one by one: `count` of them, chosen by `seed`; or those in which a column has
    /// one of the given values. Each with the row that the target has for it by the mapping's match, found by a query of its own.
    ///
    /// # Errors
    /// What a database refuses.
    fn sample(&mut self, table: usize, pick: &Pick<'_>) -> Result<Vec<Sampled>, SqlError>;

    /// Every foreign key of the target's moved tables that is violated, in words.
    ///
    /// # Errors
    /// What the target refuses.
    fn violations(&mut self) -> Result<Vec<String>, SqlError>;

    /// Duplicates in the source of each unique key that the target's table has.
    ///
    /// # Errors
    /// What a database refuses.
    fn duplicates(&mut self, table: usize) -> Result<Vec<KeyDuplicates>, SqlError>;

    /// How many rows a table of the source has.
    ///
    /// # Errors
    /// What the source refuses.
    fn count(&mut self, table: &str) -> Result<u64, SqlError>;

    /// What of the source somebody has written to since [`begin`](Self::begin): its tables, or the file. Nothing can be
    /// read of the source afterwards.
    ///
    /// # Errors
    /// What the source refuses.
    fn written_meanwhile(&mut self) -> Result<Vec<String>, SqlError>;

    /// The tables are moved in parts, each in a transaction of its own: [`begin`](Self::begin) is called for each, and
    /// keeps the source's snapshot.
    fn in_parts(&mut self) {}

    /// Lets more sessions on the source read, from the next beginning on. Where its kind of database has no snapshot that
    /// sessions can share, they are not used.
    fn read_with(&mut self, _sessions: Vec<Session>) {}

    /// Where a part of a table ends that begins behind the row `after` and has `rows` rows: what tells its last row from
    /// others, packed. `None` where the table ends first, or cannot be cut.
    ///
    /// # Errors
    /// What the source refuses.
    fn cut(&mut self, _table: usize, _after: Option<&str>, _rows: u64) -> Result<Option<String>, SqlError> {
        Ok(None)
    }

    /// Only the rows of a table behind `after`, up to `last`, are looked at from now on, until the next beginning.
    ///
    /// # Errors
    /// When what tells the rows from others cannot be read.
    fn only(&mut self, _table: usize, _after: Option<&str>, _last: Option<&str>) -> Result<(), SqlError> {
        Ok(())
    }

    /// Puts back what a rollback does not: called after one.
    ///
    /// # Errors
    /// What the target refuses.
    fn taken_back(&mut self) -> Result<(), SqlError> {
        Ok(())
    }

    /// The transaction is taken back in the end whatever happens: nobody else is to wait for more than its rows.
    fn rehearse(&mut self) {}

    /// A query for `old` and `new` of a table whose keys were drawn anew; `None` for others.
    fn id_map_query(&self, table: usize) -> Option<String>;

    /// A query for `key`, `columns`, `before` and `after` of the rows of a table that were updated, all packed.
    fn images_query(&self, table: usize) -> String;
}

impl Session {
    /// What moves rows from the database at `url`, on which `source` is a session, into that of this session. The source is
    /// only read.
    ///
    /// # Errors
    /// When there is no way from the one kind of database to the other, or the source cannot be opened.
    pub fn carrier<'a>(&'a mut self, url: &DatabaseUrl, source: &'a mut Session) -> Result<Box<dyn Carrier + 'a>, SqlError> {
        match (&*self, url, source) {
            (Self::Sqlite(_), DatabaseUrl::Sqlite(path), _) => Ok(Box::new(SqliteCarrier::open(self, path)?)),
            #[cfg(feature = "postgres")]
            (Self::Postgres(_), DatabaseUrl::Sqlite(path), _) => Ok(Box::new(PostgresCarrier::from_sqlite(self, path)?)),
            #[cfg(feature = "postgres")]
            (Self::Postgres(_), _, Session::Postgres(source)) => Ok(Box::new(PostgresCarrier::from_postgres(self, source))),
            _ => Err(SqlError::new(
                SqlErrorKind::Configuration,
                format!("rows cannot be moved from {} to {}", url.engine(), self.engine()),
            )
            .with_hint("from PostgreSQL they go to PostgreSQL, from SQLite to either")),
        }
    }
}

/// Which rows to look at one by one.
#[derive(Debug, Clone, Copy)]
pub enum Pick<'a> {
    /// So many, chosen by a seed.
    Random {
        /// How many.
        count: u32,
        /// What decides which.
        seed: u64,
    },
    /// Those in which a column has this value.
    Value {
        /// The column of the source.
        column: &'a str,
        /// The value as text.
        value: &'a str,
    },
}

/// A raw row of the source and what the target has for it.
#[derive(Debug, Clone, PartialEq)]
pub struct Sampled {
    /// The key as a person reads it.
    pub key: String,
    /// What each input reads from this row alone, each by a query of its own.
    pub inputs: Vec<crate::domain::transfer::Cell<'static>>,
    /// Whether it was left behind.
    pub left: bool,
    /// The target's cells, in the order of the plan's columns; `None` where it has no such row.
    pub found: Option<Vec<crate::domain::transfer::Cell<'static>>>,
}
