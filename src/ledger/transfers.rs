//! What a transfer keeps: what became of each table, the rows that were left, and what its way back needs.

use super::Ledger;
use crate::backend::{Basic, SqlError, rfc3339_now};
use crate::domain::value::{Row, Value};

/// What became of one table.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TransferTable {
    /// Its place in the order of the run, from 0.
    pub place: usize,
    /// The table of the source.
    pub source: String,
    /// The table of the target; empty where it was skipped as a whole.
    pub target: String,
    /// `moved`, or `skipped`.
    pub state: String,
    /// Rows of the source.
    pub read: u64,
    /// Rows that were inserted.
    pub inserted: u64,
    /// Rows that were brought up to date.
    pub updated: u64,
    /// Rows that were right already.
    pub unchanged: u64,
    /// Rows that were rejected.
    pub rejected: u64,
    /// Rows that stayed behind.
    pub skipped: u64,
    /// Rows that were there and got another count.
    pub recomputed: u64,
    /// Rows of the target before.
    pub before: u64,
    /// The highest key of the target before.
    pub highest_before: Option<i64>,
    /// The sum of what the source's rows were to become.
    pub expected_sum: Option<String>,
    /// The sum of what the target had.
    pub actual_sum: Option<String>,
    /// Packed: the key's columns.
    pub key_columns: String,
    /// Packed: the columns that were written, each with its kind.
    pub written_columns: String,
    /// Packed: the counts that were made anew.
    pub counts: Option<String>,
    /// When the rows that its run kept were dropped.
    pub pruned_at: Option<String>,
}

/// A row that was left.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TransferLeft {
    /// Its place among all of the run.
    pub number: i64,
    /// The place of its table.
    pub place: usize,
    /// `rejected`, `skipped`, `warned`.
    pub fate: String,
    /// Packed: how the source told it from others.
    pub row: String,
    /// Its key.
    pub key: String,
    /// The column.
    pub column: String,
    /// One word.
    pub rule: String,
    /// Why.
    pub message: String,
}

/// A row that was updated, packed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TransferImage {
    /// Its place among all of the run.
    pub number: i64,
    /// The place of its table.
    pub place: usize,
    /// The key.
    pub key: String,
    /// The columns.
    pub columns: String,
    /// What they held.
    pub before: String,
    /// What the run wrote.
    pub after: String,
}

impl Ledger {
    /// The version from which on transfers are kept.
    const TRANSFERS: i64 = 9;

    /// Keeps what became of a table.
    ///
    /// # Errors
    /// What the database refuses.
    pub fn keep_transfer_table(self, session: &mut impl Basic, run: i64, table: &TransferTable) -> Result<(), SqlError> {
        let sql = format!(
            "INSERT INTO {} (run, place, source_table, target_table, state, rows_read, rows_inserted, rows_updated, rows_unchanged, \
             rows_rejected, rows_skipped, rows_recomputed, rows_before, highest_before, expected_sum, actual_sum, key_columns, \
             written_columns, counts) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19)",
            self.table("manage_transfer_table")
        );
        let binds = [
            run.into(),
            whole(table.place as u64),
            table.source.as_str().into(),
            table.target.as_str().into(),
            table.state.as_str().into(),
            whole(table.read),
            whole(table.inserted),
            whole(table.updated),
            whole(table.unchanged),
            whole(table.rejected),
            whole(table.skipped),
            whole(table.recomputed),
            whole(table.before),
            table.highest_before.into(),
            table.expected_sum.as_deref().into(),
            table.actual_sum.as_deref().into(),
            table.key_columns.as_str().into(),
            table.written_columns.as_str().into(),
            table.counts.as_deref().into(),
        ];
        session.execute_with(&sql, &binds).map(drop)
    }

    /// The tables of a transfer, in its order.
    ///
    /// # Errors
    /// What the database refuses.
    pub fn transfer_tables(self, session: &mut impl Basic, run: i64) -> Result<Vec<TransferTable>, SqlError> {
        if !self.knows(Self::TRANSFERS) {
            return Ok(Vec::new());
        }
        let sql = format!("SELECT * FROM {} WHERE run = $1 ORDER BY place", self.table("manage_transfer_table"));
        Ok(session.query(&sql, &[run.into()])?.iter().map(table).collect())
    }

    /// Keeps a row that was left.
    ///
    /// # Errors
    /// What the database refuses.
    pub fn keep_transfer_left(self, session: &mut impl Basic, run: i64, left: &TransferLeft) -> Result<(), SqlError> {
        let sql = format!(
            "INSERT INTO {} (run, number, place, fate, source_row, row_key, column_name, rule, message) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
            self.table("manage_transfer_left")
        );
        let binds = [
            run.into(),
            left.number.into(),
            whole(left.place as u64),
            left.fate.as_str().into(),
            left.row.as_str().into(),
            left.key.as_str().into(),
            left.column.as_str().into(),
            left.rule.as_str().into(),
            left.message.as_str().into(),
        ];
        session.execute_with(&sql, &binds).map(drop)
    }

    /// Forgets what an earlier part kept of a table, whose numbers go on.
    ///
    /// # Errors
    /// What the database refuses.
    pub fn forget_transfer_table(self, session: &mut impl Basic, run: i64, place: usize) -> Result<(), SqlError> {
        let sql = format!("DELETE FROM {} WHERE run = $1 AND place = $2", self.table("manage_transfer_table"));
        session.execute_with(&sql, &[run.into(), whole(place as u64)]).map(drop)
    }

    /// Forgets rows that were left, beyond a number: of a part that did not come through.
    ///
    /// # Errors
    /// What the database refuses.
    pub fn forget_left_after(self, session: &mut impl Basic, run: i64, number: i64) -> Result<(), SqlError> {
        let sql = format!("DELETE FROM {} WHERE run = $1 AND number > $2", self.table("manage_transfer_left"));
        session.execute_with(&sql, &[run.into(), number.into()]).map(drop)
    }

    /// All rows that were left.
    ///
    /// # Errors
    /// What the database refuses.
    pub fn every_transfer_left(self, session: &mut impl Basic, run: i64) -> Result<Vec<TransferLeft>, SqlError> {
        let (mut all, mut after) = (Vec::new(), 0);
        loop {
            let page = self.transfer_left(session, run, after, 1000)?;
            let Some(last) = page.last() else { return Ok(all) };
            after = last.number;
            all.extend(page);
        }
    }

    /// Rows that were left, after number `after`, at most `limit`: for a walk through all of them.
    ///
    /// # Errors
    /// What the database refuses.
    pub fn transfer_left(
        self,
        session: &mut impl Basic,
        run: i64,
        after: i64,
        limit: usize,
    ) -> Result<Vec<TransferLeft>, SqlError> {
        let sql = format!(
            "SELECT number, place, fate, source_row, row_key, column_name, rule, message FROM {} WHERE run = $1 AND number > $2 \
             ORDER BY number LIMIT {limit}",
            self.table("manage_transfer_left")
        );
        let text = |row: &Row, at| row.text(at).unwrap_or_default().to_owned();
        let read = |row: &Row| TransferLeft {
            number: row.integer(0).unwrap_or_default(),
            place: count(row, 1),
            fate: text(row, 2),
            row: text(row, 3),
            key: text(row, 4),
            column: text(row, 5),
            rule: text(row, 6),
            message: text(row, 7),
        };
        Ok(session.query(&sql, &[run.into(), after.into()])?.iter().map(read).collect())
    }

    /// Keeps some of the rows that were inserted.
    ///
    /// # Errors
    /// What the database refuses.
    pub fn keep_transfer_chunk(
        self,
        session: &mut impl Basic,
        run: i64,
        place: usize,
        chunk: usize,
        keys: &str,
        hashes: &[u8],
    ) -> Result<(), SqlError> {
        let sql = format!(
            "INSERT INTO {} (run, place, chunk, row_keys, hashes) VALUES ($1, $2, $3, $4, $5)",
            self.table("manage_transfer_inserted")
        );
        let binds = [run.into(), whole(place as u64), whole(chunk as u64), keys.into(), Value::Bytes(hashes.to_vec())];
        session.execute_with(&sql, &binds).map(drop)
    }

    /// A chunk of the rows that were inserted: keys and checksums. `None` after the last one.
    ///
    /// # Errors
    /// What the database refuses.
    pub fn transfer_chunk(
        self,
        session: &mut impl Basic,
        run: i64,
        place: usize,
        chunk: usize,
    ) -> Result<Option<(String, Vec<u8>)>, SqlError> {
        let sql = format!(
            "SELECT row_keys, hashes FROM {} WHERE run = $1 AND place = $2 AND chunk = $3",
            self.table("manage_transfer_inserted")
        );
        let rows = session.query(&sql, &[run.into(), whole(place as u64), whole(chunk as u64)])?;
        Ok(rows.first().and_then(|row| {
            let Some(Value::Bytes(hashes)) = row.values.get(1) else { return None };
            Some((row.text(0)?.to_owned(), hashes.clone()))
        }))
    }

    /// Keeps which old key became which new one: what `query` finds as `old` and `new`.
    ///
    /// # Errors
    /// What the database refuses.
    pub fn keep_transfer_keys(self, session: &mut impl Basic, run: i64, place: usize, query: &str) -> Result<(), SqlError> {
        session.execute(&format!(
            "INSERT INTO {} (run, place, old_key, new_key) SELECT {run}, {place}, q.* FROM ({query}) AS q",
            self.table("manage_transfer_key")
        ))
    }

    /// The new key of a row, by its old one.
    ///
    /// # Errors
    /// What the database refuses.
    pub fn transfer_keys(self, session: &mut impl Basic, run: i64, place: usize) -> Result<Vec<(String, String)>, SqlError> {
        let sql = format!(
            "SELECT old_key, new_key FROM {} WHERE run = $1 AND place = $2 ORDER BY old_key",
            self.table("manage_transfer_key")
        );
        let rows = session.query(&sql, &[run.into(), whole(place as u64)])?;
        Ok(rows.iter().filter_map(|row| Some((row.text(0)?.to_owned(), row.text(1)?.to_owned()))).collect())
    }

    /// Keeps the rows that were updated: what `query` finds as `key`, `columns`, `before`, `after`.
    ///
    /// # Errors
    /// What the database refuses.
    pub fn keep_transfer_images(self, session: &mut impl Basic, run: i64, place: usize, query: &str) -> Result<(), SqlError> {
        let table = self.table("manage_transfer_image");
        session.execute(&format!(
            "INSERT INTO {table} (run, number, place, row_key, column_names, before, after) \
             SELECT {run}, (SELECT coalesce(max(number), 0) FROM {table} WHERE run = {run}) + row_number() OVER (), {place}, q.* \
             FROM ({query}) AS q"
        ))
    }

    /// Drops the rows that a transfer has kept (those that were left, and what its way back needs), and keeps what became
    /// of each table.
    ///
    /// # Errors
    /// What the database refuses.
    pub fn prune_transfer(self, session: &mut impl Basic, run: i64) -> Result<(), SqlError> {
        for table in ["manage_transfer_left", "manage_transfer_key", "manage_transfer_inserted", "manage_transfer_image"] {
            session.execute_with(&format!("DELETE FROM {} WHERE run = $1", self.table(table)), &[run.into()])?;
        }
        let sql = format!(
            "UPDATE {} SET pruned_at = {} WHERE run = $1",
            self.table("manage_transfer_table"),
            rfc3339_now(session.engine())
        );
        session.execute_with(&sql, &[run.into()]).map(drop)
    }

    /// Rows that were updated, the last ones first, before number `before`, at most `limit`.
    ///
    /// # Errors
    /// What the database refuses.
    pub fn transfer_images(
        self,
        session: &mut impl Basic,
        run: i64,
        before: i64,
        limit: usize,
    ) -> Result<Vec<TransferImage>, SqlError> {
        let sql = format!(
            "SELECT number, place, row_key, column_names, before, after FROM {} WHERE run = $1 AND number < $2 \
             ORDER BY number DESC LIMIT {limit}",
            self.table("manage_transfer_image")
        );
        let text = |row: &Row, at| row.text(at).unwrap_or_default().to_owned();
        let read = |row: &Row| TransferImage {
            number: row.integer(0).unwrap_or_default(),
            place: count(row, 1),
            key: text(row, 2),
            columns: text(row, 3),
            before: text(row, 4),
            after: text(row, 5),
        };
        Ok(session.query(&sql, &[run.into(), before.into()])?.iter().map(read).collect())
    }
}

fn whole(number: u64) -> Value {
    Value::Integer(i64::try_from(number).unwrap_or(i64::MAX))
}

fn count(row: &Row, at: usize) -> usize {
    row.integer(at).and_then(|number| usize::try_from(number).ok()).unwrap_or_default()
}

fn table(row: &Row) -> TransferTable {
    let text = |name: &str| row.get(name).and_then(Value::as_str).map(str::to_owned);
    let signed = |name: &str| row.get(name).and_then(Value::as_i64);
    let number = |name: &str| signed(name).and_then(|number| u64::try_from(number).ok()).unwrap_or_default();
    TransferTable {
        place: usize::try_from(number("place")).unwrap_or_default(),
        source: text("source_table").unwrap_or_default(),
        target: text("target_table").unwrap_or_default(),
        state: text("state").unwrap_or_default(),
        read: number("rows_read"),
        inserted: number("rows_inserted"),
        updated: number("rows_updated"),
        unchanged: number("rows_unchanged"),
        rejected: number("rows_rejected"),
        skipped: number("rows_skipped"),
        recomputed: number("rows_recomputed"),
        before: number("rows_before"),
        highest_before: signed("highest_before"),
        expected_sum: text("expected_sum"),
        actual_sum: text("actual_sum"),
        key_columns: text("key_columns").unwrap_or_default(),
        written_columns: text("written_columns").unwrap_or_default(),
        counts: text("counts"),
        pruned_at: text("pruned_at"),
    }
}
