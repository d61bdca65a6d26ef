//! What a transfer says of each table.

use std::time::Duration;

use crate::backend::{Compared, Fate, Moved, Reason};

/// What became of one table.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TableReport {
    /// The table of the source.
    pub source: String,
    /// The table of the target; empty where it stays behind as a whole.
    pub target: String,
    /// Whether its rows are derived from several columns.
    pub derived: bool,
    /// Why it stays behind as a whole.
    pub skipped_whole: Option<String>,
    /// What became of its rows.
    pub moved: Moved,
    /// Rows that go in and are worth a word.
    pub warned: u64,
    /// Rows that were there and got another count.
    pub recomputed: u64,
    /// Both sides.
    pub compared: Option<Compared>,
    /// How long adding up took.
    pub compared_in: Duration,
    /// Why rows were left, the most of them first.
    pub reasons: Vec<Reason>,
    /// Rows that would have gone in, but nothing went in.
    pub rolled_back: u64,
}

impl TableReport {
    /// Rows that were written.
    pub fn written(&self) -> u64 {
        self.moved.inserted + self.moved.updated
    }

    /// Rows that stay behind for whatever reason.
    pub fn skipped(&self) -> u64 {
        self.moved.skipped + self.rolled_back
    }

    /// Whether every row that was read is accounted for.
    pub fn adds_up(&self) -> bool {
        self.moved.read == self.written() + self.moved.unchanged + self.moved.rejected + self.skipped()
    }

    /// As it is when nothing went in.
    pub(super) fn roll_back(&mut self) {
        self.rolled_back = self.written() + self.moved.unchanged;
        self.moved.inserted = 0;
        self.moved.updated = 0;
        self.moved.unchanged = 0;
        self.recomputed = 0;
    }

    /// Rows that were left with a fate.
    pub fn count(&self, fate: Fate) -> u64 {
        self.reasons.iter().filter(|reason| reason.fate == fate).map(|reason| reason.rows).sum()
    }
}

/// What a transfer did.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Report {
    /// Its tables, in the order in which they were moved; then those that stay behind.
    pub tables: Vec<TableReport>,
    /// Rows that were looked at one by one.
    pub spots: u64,
    /// Whether nothing went in.
    pub rolled_back: bool,
}

impl Report {
    /// Rows that were written.
    pub fn written(&self) -> u64 {
        self.tables.iter().map(|table| table.written() + table.recomputed).sum()
    }

    /// Rows that were rejected.
    pub fn rejected(&self) -> u64 {
        self.tables.iter().map(|table| table.moved.rejected).sum()
    }
}
