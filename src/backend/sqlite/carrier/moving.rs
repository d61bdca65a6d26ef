//! One table: a look at every row, then the shortest way in.

use std::sync::atomic::Ordering;
use std::time::Instant;

use rusqlite::params;

use super::super::errors::translate;
use super::SqliteCarrier;
use super::functions::{cell, owned};
use super::sql::literal_sql;
use super::staging;
use crate::backend::carrier::{Fate, Left, Moved};
use crate::backend::error::{SqlError, SqlErrorKind};
use crate::domain::fault;
use crate::domain::schema::quoted;
use crate::domain::transfer::{Cell, TablePlan, pack};

/// From so many rows on indexes are built after the rows are in.
const MANY: u64 = 10_000;

/// Where rows that are left behind are told.
pub(super) type Sink<'a> = &'a mut dyn FnMut(Left) -> Result<(), SqlError>;

pub(super) fn move_table(carrier: &mut SqliteCarrier<'_>, at: usize, left: Sink<'_>) -> Result<Moved, SqlError> {
    let begun = Instant::now();
    let mut moved = Moved::default();
    before(carrier, at, &mut moved)?;
    // Whether a parent is there is asked of bad rows, too: a value that cannot be had is NULL there.
    carrier.shared.lenient.store(true, Ordering::Relaxed);
    let probed = probe(carrier, at, &mut moved, left);
    carrier.shared.lenient.store(false, Ordering::Relaxed);
    probed?;
    moved.probed = begun.elapsed();
    fault::point("transfer.probed");
    let begun = Instant::now();
    if !(moved.before == 0 && carrier.plan(at).new_key.is_none() && straight_in(carrier, at, &mut moved)?) {
        staging::stage(carrier, at, &mut moved, left)?;
    }
    moved.copied = begun.elapsed();
    fault::point("transfer.copied");
    Ok(moved)
}

/// What the target's table has before.
fn before(carrier: &SqliteCarrier<'_>, at: usize, moved: &mut Moved) -> Result<(), SqlError> {
    let table = carrier.plan(at);
    let target = quoted(&table.to);
    moved.before = u64::try_from(carrier.number(&format!("SELECT count(*) FROM main.{target}"))?).unwrap_or_default();
    if let [key] = table.target_key.as_slice() {
        let sql = format!("SELECT max({0}) FROM main.{target} WHERE typeof({0}) = 'integer'", quoted(key));
        moved.highest_before = carrier.view()?.query_row(&sql, [], |row| row.get(0)).map_err(translate)?;
    }
    Ok(())
}

/// Looks at every row by every rule.
fn probe(carrier: &SqliteCarrier<'_>, at: usize, moved: &mut Moved, left: Sink<'_>) -> Result<(), SqlError> {
    let table = carrier.plan(at);
    let (inputs, parents) = (table.inputs.len(), table.parents.len());
    let sql = carrier.with_careful_sql(at, |sql| {
        let (inputs, parents) = (sql.inputs(), sql.parents());
        format!("SELECT {}{inputs}{parents} FROM {} WHERE manage_bad({at}{inputs}{parents})", sql.row, sql.from())
    });
    let view = carrier.view()?;
    let mut statement = view.prepare(&sql).map_err(translate)?;
    let mut rows = statement.query([]).map_err(translate)?;
    let mut ignored = vec![false; table.columns.len()];
    while let Some(row) = rows.next().map_err(translate)? {
        let mut cells = Vec::with_capacity(inputs);
        for input in 1..=inputs {
            cells.push(cell(row.get_ref(input).map_err(translate)?));
        }
        let found: Vec<bool> = (0..parents).map(|parent| row.get(1 + inputs + parent).unwrap_or(false)).collect();
        let number = cell(row.get_ref(0).map_err(translate)?);
        let verdict = table.judge(&cells, &found, &carrier.shared.now, &mut ignored);
        let told = Told { table, at, number: &number, inputs: &cells };
        if let Some(why) = &verdict.skip {
            told.tell(Fate::Skipped, "", "skip", why, left)?;
            moved.skipped += 1;
        }
        let good = verdict.is_good();
        for (column, fault) in &verdict.faults {
            moved.grave |= TablePlan::is_grave(fault);
            let fate = if fault.warning { Fate::Warned } else { Fate::Rejected };
            told.tell(fate, column, fault.rule, &fault.message, left)?;
        }
        if !good {
            told.leave(carrier)?;
            moved.rejected += u64::from(verdict.skip.is_none());
        }
    }
    moved.read = carrier.shared.seen[at].load(Ordering::Relaxed);
    Ok(())
}

/// A row of which something is told.
pub(super) struct Told<'a> {
    pub(super) table: &'a TablePlan,
    pub(super) at: usize,
    pub(super) number: &'a Cell<'a>,
    pub(super) inputs: &'a [Cell<'a>],
}

impl Told<'_> {
    pub(super) fn tell(&self, fate: Fate, column: &str, rule: &str, message: &str, left: Sink<'_>) -> Result<(), SqlError> {
        left(Left {
            fate,
            row: pack(&[self.number.borrowed()]),
            key: self.table.key_text(self.inputs).unwrap_or_else(|| format!("row {}", self.number.shown())),
            column: column.to_owned(),
            rule: rule.trim_end_matches('!').to_owned(),
            message: message.to_owned(),
        })
    }

    /// Keeps the row back from every later statement.
    pub(super) fn leave(&self, carrier: &SqliteCarrier<'_>) -> Result<(), SqlError> {
        let table = i64::try_from(self.at).unwrap_or_default();
        let mut statement =
            carrier.view()?.prepare("INSERT OR IGNORE INTO temp.manage_left VALUES ($1, $2)").map_err(translate)?;
        statement.execute(params![table, owned(self.number.borrowed())]).map_err(translate)?;
        Ok(())
    }
}

/// Writes all good rows into an empty table with one statement. `false` where a constraint is violated: then nothing was
/// written, and the rows have to be sorted first.
fn straight_in(carrier: &mut SqliteCarrier<'_>, at: usize, moved: &mut Moved) -> Result<bool, SqlError> {
    let (good, left) = (moved.read - moved.rejected - moved.skipped, moved.rejected + moved.skipped);
    let insert = carrier.with_sql(at, |sql| {
        let table = &sql.tables[at];
        let columns: Vec<_> = table.columns.iter().map(|column| quoted(&column.to)).collect();
        let values: Vec<_> = (0..columns.len()).map(|column| sql.value(column)).collect();
        let back = if left == 0 { String::new() } else { format!(" WHERE {}", sql.not_left()) };
        // The order of the source is its own already.
        let order = if table.order.is_empty() { String::new() } else { format!(" {}", sql.order()) };
        format!(
            "INSERT OR ABORT INTO {} ({}) SELECT {} FROM {}{back}{order}",
            sql.target(),
            columns.join(", "),
            values.join(", "),
            sql.from()
        )
    });
    carrier.batch("SAVEPOINT manage_straight")?;
    let indexes = if good >= MANY { take_indexes(carrier, at)? } else { Vec::new() };
    match carrier.execute(&insert) {
        Ok(inserted) => {
            moved.inserted = inserted;
            indexes.iter().try_for_each(|index| carrier.batch(index))?;
            carrier.batch("RELEASE manage_straight")?;
            Ok(true)
        }
        Err(error) if error.kind == SqlErrorKind::Constraint => {
            carrier.batch("ROLLBACK TO manage_straight; RELEASE manage_straight")?;
            Ok(false)
        }
        Err(error) => Err(error),
    }
}

/// Drops the indexes that keep nothing unique. Returns the statements that make them again.
fn take_indexes(carrier: &SqliteCarrier<'_>, at: usize) -> Result<Vec<String>, SqlError> {
    let table = &carrier.plan(at).to;
    let sql = "SELECT s.name FROM pragma_index_list($1, 'main') i JOIN main.sqlite_schema s ON s.type = 'index' AND s.name = i.name \
               WHERE i.origin = 'c' AND NOT i.\"unique\"";
    let mut statements = Vec::new();
    for name in carrier.strings(sql, table)? {
        let text = carrier.strings("SELECT sql FROM main.sqlite_schema WHERE type = 'index' AND name = $1", &name)?;
        carrier.batch(&format!("DROP INDEX main.{}", quoted(&name)))?;
        statements.extend(text);
    }
    Ok(statements)
}

/// Makes the counts of a table anew, of the rows that the transfer knows.
pub(super) fn recompute(carrier: &mut SqliteCarrier<'_>, at: usize) -> Result<u64, SqlError> {
    let table = carrier.plan(at);
    if table.after.is_empty() {
        return Ok(0);
    }
    let staged = carrier.staged[at];
    let (known, present) = carrier.with_sql(at, |sql| {
        let matches = sql.matches("r", "st");
        if !staged {
            // In parts nobody knows any more which rows were there; those that were not are removed by a rollback anyway.
            return ("1".to_owned(), i32::from(carrier.parts).to_string());
        }
        let known = format!("EXISTS (SELECT 1 FROM temp.manage_stage_{at} AS st WHERE {matches})");
        (known, format!("EXISTS (SELECT 1 FROM temp.manage_stage_{at} AS st WHERE {matches} AND st.t IS NOT NULL)"))
    });
    let key = carrier.with_sql(at, |sql| sql.target_key("r"));
    let columns: Vec<&str> = table.after.iter().map(|after| after.column.as_str()).collect();
    let names = pack(&columns.iter().map(|name| Cell::text(name)).collect::<Vec<_>>());
    let counts: Vec<String> = table
        .after
        .iter()
        .map(|after| {
            let on = after.on.iter().map(|(theirs, ours)| format!("c.{} = r.{}", quoted(theirs), quoted(ours)));
            let only = after
                .only
                .iter()
                .map(|(name, value)| format!("c.{} IS {}", quoted(name), literal_sql(value, &carrier.shared.now.text)));
            let conditions: Vec<_> = on.chain(only).collect();
            format!("(SELECT count(*) FROM main.{} AS c WHERE {})", quoted(&after.count), conditions.join(" AND "))
        })
        .collect();
    let differ: Vec<_> = columns.iter().zip(&counts).map(|(name, count)| format!("r.{} IS NOT {count}", quoted(name))).collect();
    let differ = differ.join(" OR ");
    let old: Vec<_> = columns.iter().map(|name| format!("r.{}", quoted(name))).collect();
    let target = format!("main.{} AS r", quoted(&table.to));
    let images = carrier.execute(&format!(
        "INSERT INTO temp.manage_image SELECT {at}, manage_pack({key}), {}, manage_pack({}), manage_pack({}) FROM {target} WHERE {present} AND ({differ})",
        literal_sql(&crate::domain::transfer::Literal::Text(names), ""),
        old.join(", "),
        counts.join(", "),
    ))?;
    let set: Vec<_> = columns.iter().zip(&counts).map(|(name, count)| format!("{} = {count}", quoted(name))).collect();
    carrier.execute(&format!("UPDATE OR ABORT {target} SET {} WHERE {known} AND ({differ})", set.join(", ")))?;
    Ok(images)
}
