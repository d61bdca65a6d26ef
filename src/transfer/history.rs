//! Earlier transfers, as the ledger has them.

use serde_json::{Value, json};

use super::by_table::Progress;
use crate::backend::{Basic, SqlError};
use crate::ledger::{Ledger, Run};

/// The kind of run that a transfer is.
pub const KIND: &str = "transfer";

/// A run that is under way, or that was killed.
pub const RUNNING: &str = "running";
/// A run whose rows are there.
pub const APPLIED: &str = "applied";
/// A run by table that broke off: its parts are there, and it can be taken up again.
pub const PAUSED: &str = "paused";
/// A run of which nothing is there.
pub const FAILED: &str = "failed";
/// A run that another one took back.
pub const UNDONE: &str = "undone";

/// An earlier transfer.
#[derive(Debug, Clone)]
pub struct Past {
    /// The run.
    pub run: Run,
    /// Rows that it wrote.
    pub rows: u64,
    /// What went wrong.
    pub error: Option<String>,
    /// The old database, without a password.
    pub source: Option<String>,
    /// What tells the old database from others.
    pub binding: Option<String>,
}

impl Past {
    /// All transfers, the newest first.
    ///
    /// # Errors
    /// What the database refuses.
    pub fn all(ledger: Ledger, session: &mut impl Basic) -> Result<Vec<Self>, SqlError> {
        let runs = ledger.runs(session)?;
        Ok(runs.into_iter().filter(|run| run.begun.kind == KIND).map(Self::of).collect())
    }

    /// One transfer.
    ///
    /// # Errors
    /// What the database refuses.
    pub fn find(ledger: Ledger, session: &mut impl Basic, id: i64) -> Result<Option<Self>, SqlError> {
        let found = ledger.run(session, id)?.filter(|run| run.begun.kind == KIND).map(Self::of);
        found.map(|past| past.counted(ledger, session)).transpose()
    }

    /// The newest transfer whose rows are there: one that wrote some, before one that did not.
    ///
    /// # Errors
    /// What the database refuses.
    pub fn newest_applied(ledger: Ledger, session: &mut impl Basic) -> Result<Option<Self>, SqlError> {
        let applied: Vec<_> = Self::all(ledger, session)?.into_iter().filter(|past| past.run.state == APPLIED).collect();
        let wrote = applied.iter().position(|past| past.rows > 0).unwrap_or(0);
        Ok(applied.into_iter().nth(wrote))
    }

    /// The newest transfer by table that waits to be taken up again, or would if nobody were at it.
    ///
    /// # Errors
    /// What the database refuses.
    pub fn paused(ledger: Ledger, session: &mut impl Basic) -> Result<Option<Self>, SqlError> {
        let waits = |past: &Self| past.run.state == PAUSED || past.broke_off();
        let found = Self::all(ledger, session)?.into_iter().find(waits);
        found.map(|past| past.counted(ledger, session)).transpose()
    }

    /// The same with the rows of its parts, where it had no time to count them.
    ///
    /// # Errors
    /// What the database refuses.
    pub fn counted(mut self, ledger: Ledger, session: &mut impl Basic) -> Result<Self, SqlError> {
        if self.broke_off() {
            self.rows = rows_of_parts(ledger, session, self.run.id)?;
        }
        Ok(self)
    }

    /// Whether it is under way by table, and has parts that are there: where nobody holds the lock, it was killed.
    pub fn broke_off(&self) -> bool {
        self.run.state == RUNNING && self.run.checkpoint.as_deref().and_then(Progress::read).is_some()
    }

    /// Whether its mapping was another one.
    pub fn differs(&self, hash: &str) -> bool {
        self.run.begun.script_hash.as_deref() != Some(hash)
    }

    fn of(run: Run) -> Self {
        let read =
            |text: &Option<String>| text.as_deref().and_then(|text| serde_json::from_str(text).ok()).unwrap_or(Value::Null);
        let (counts, parameters) = (read(&run.counts), read(&run.begun.parameters));
        let text = |value: &Value| value.as_str().map(str::to_owned);
        Self {
            rows: counts["rows"].as_u64().unwrap_or(0),
            error: text(&counts["error"]),
            source: text(&parameters["source"]),
            binding: text(&parameters["binding"]),
            run,
        }
    }
}

/// Says of runs that were killed that nothing of them is there: everything that they did was one transaction. Those by table
/// wait to be taken up again. Only for who holds the lock, since then none of them is alive.
///
/// # Errors
/// What the database refuses.
pub fn settle(ledger: Ledger, session: &mut impl Basic) -> Result<(), SqlError> {
    let runs = ledger.runs(session)?;
    let transfers: Vec<i64> = runs.iter().filter(|run| run.begun.kind == KIND).map(|run| run.id).collect();
    let killed = |run: &&Run| {
        run.state == RUNNING && (run.begun.kind == KIND || run.begun.undo_of.is_some_and(|of| transfers.contains(&of)))
    };
    runs.iter().filter(killed).try_for_each(|run| match run.checkpoint.as_deref().and_then(Progress::read) {
        Some(progress) => {
            let rows = rows_of_parts(ledger, session, run.id)?;
            let words = "it was killed: the parts before are there";
            ledger.wait_run(session, run.id, &progress.text(), &counts(rows, Some(words), None))
        }
        None => ledger.finish_run(session, run.id, FAILED, None, &counts(0, Some("it was killed: nothing of it is there"), None)),
    })
}

/// How many rows the parts of a run have written that are there.
pub(super) fn rows_of_parts(ledger: Ledger, session: &mut impl Basic, run: i64) -> Result<u64, SqlError> {
    Ok(ledger.transfer_tables(session, run)?.iter().map(|table| table.inserted + table.updated).sum())
}

/// What a run says of itself at its end.
pub fn counts(rows: u64, error: Option<&str>, note: Option<&str>) -> String {
    json!({ "rows": rows, "error": error, "note": note }).to_string()
}
