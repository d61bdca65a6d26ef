//! What came of a run.

use std::collections::BTreeSet;
use std::time::Duration;

use crate::domain::value::Value;

/// What came of a run, or of its rehearsal.
#[derive(Debug, Clone, Default)]
pub struct Done {
    /// Its number; none where nothing was to do.
    pub run: Option<i64>,
    /// The identity of its plan, 64 hexadecimal digits.
    pub digest: String,
    /// Its parts.
    pub parts: Vec<PartDone>,
    /// The checks before.
    pub before: Vec<Checked>,
    /// The checks after.
    pub after: Vec<Checked>,
    /// How long it took.
    pub took: Duration,
    /// PostgreSQL: tables whose writers wait while it runs, because what triggers and cascades do there is captured.
    pub waiting: Vec<String>,
    /// Where it is too large for one transaction.
    pub batched: Option<Batched>,
    /// Where the checks do not agree with what batches have written: what they say.
    pub unverified: Vec<String>,
}

/// What came of the batches of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Batched {
    /// How many there were; how many there would be, for a rehearsal.
    pub batches: u64,
    /// How many rows a rehearsal has written and rolled back.
    pub rehearsed: u64,
    /// Rows that were left alone, because somebody had changed them since the plan was made.
    pub skipped: u64,
}

impl Done {
    /// All rows.
    pub fn rows(&self) -> u64 {
        self.parts.iter().map(|part| part.rows).sum()
    }

    /// Whether it is a rehearsal of only the first batches, so that nobody knows what the checks say afterwards.
    pub fn is_partly_rehearsed(&self) -> bool {
        self.batched.is_some_and(|batched| batched.rehearsed > 0 && batched.rehearsed < self.rows())
    }

    /// The findings of the named checks before and after; none where it names none.
    pub fn findings(&self, named: &[String]) -> Option<(u64, u64)> {
        let sum =
            |checks: &[Checked]| checks.iter().filter(|check| named.contains(&check.name)).map(|check| check.findings).sum();
        (!named.is_empty()).then(|| (sum(&self.before), sum(&self.after)))
    }
}

/// What came of a part.
#[derive(Debug, Clone)]
pub struct PartDone {
    /// The table.
    pub table: String,
    /// `update`, `delete` or `insert`.
    pub op: &'static str,
    /// Whether triggers or cascades have done it, and not the patch itself.
    pub effect: bool,
    /// How many rows.
    pub rows: u64,
    /// What changes, the most frequent first; a few of each column.
    pub changes: Vec<Change>,
    /// The keys of the first rows.
    pub keys: Vec<String>,
    /// Candidates that are left as they are, and why.
    pub left: Vec<String>,
}

/// A change that some rows have in common.
#[derive(Debug, Clone)]
pub struct Change {
    /// The column.
    pub column: String,
    /// Before.
    pub before: Value,
    /// After.
    pub after: Value,
    /// How many rows.
    pub rows: i64,
    /// The key of one of them.
    pub example: Value,
}

/// What a check said, before or after.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Checked {
    /// Its name.
    pub name: String,
    /// Whether it could tell.
    pub could_tell: bool,
    /// Whether it passes.
    pub passes: bool,
    /// How many findings.
    pub findings: u64,
    /// The rows that it found, where all of them are known.
    #[serde(skip)]
    pub rows: Option<BTreeSet<String>>,
}
