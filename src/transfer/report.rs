//! What a transfer says of each table.

use std::time::Duration;

use crate::backend::{Compared, Fate, Moved, Reason};
use crate::domain::transfer::{Sum, TablePlan};
use crate::ledger::TransferTable;

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

    /// Before any row is moved.
    pub(super) fn begun(table: &TablePlan) -> Self {
        Self {
            source: table.from.table.clone(),
            target: table.to.clone(),
            derived: table.from.unpivot.is_some(),
            ..Self::default()
        }
    }

    /// Adds a part of the table.
    pub(super) fn add(&mut self, part: &Moved, compared: &Compared, took: Duration) {
        let moved = &mut self.moved;
        if moved.read == 0 && moved.before == 0 {
            moved.before = part.before;
            moved.highest_before = part.highest_before;
        }
        moved.read += part.read;
        moved.inserted += part.inserted;
        moved.updated += part.updated;
        moved.unchanged += part.unchanged;
        moved.rejected += part.rejected;
        moved.skipped += part.skipped;
        moved.probed += part.probed;
        moved.copied += part.copied;
        moved.slower = part.slower.or(moved.slower);
        let whole = self.compared.get_or_insert_default();
        for (sum, more) in [(&mut whole.expected, compared.expected), (&mut whole.actual, compared.actual)] {
            sum.rows += more.rows;
            sum.sum = sum.sum.wrapping_add(more.sum);
        }
        self.compared_in += took;
    }

    /// Adds a reason to those that are known.
    pub(super) fn tell(&mut self, reason: Reason) {
        if reason.fate == Fate::Warned {
            self.warned += reason.rows;
        }
        let same = |known: &&mut Reason| (known.fate, &known.column, &known.rule) == (reason.fate, &reason.column, &reason.rule);
        match self.reasons.iter_mut().find(same) {
            Some(known) => known.rows += reason.rows,
            None => self.reasons.push(reason),
        }
    }

    /// Goes on from what the ledger kept of earlier parts.
    pub(super) fn go_on(&mut self, kept: &TransferTable) {
        self.moved = Moved {
            read: kept.read,
            inserted: kept.inserted,
            updated: kept.updated,
            unchanged: kept.unchanged,
            rejected: kept.rejected,
            skipped: kept.skipped,
            before: kept.before,
            highest_before: kept.highest_before,
            ..Moved::default()
        };
        let sum = |text: &Option<String>| text.as_deref().and_then(|text| u64::from_str_radix(text, 16).ok()).unwrap_or_default();
        let rows = kept.inserted + kept.updated + kept.unchanged;
        let side = |text: &Option<String>| Sum { rows, sum: sum(text) };
        self.compared =
            Some(Compared { expected: side(&kept.expected_sum), actual: side(&kept.actual_sum), differences: Vec::new() });
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
