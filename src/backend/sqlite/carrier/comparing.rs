//! Both sides added up, and rows that differ.

use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rusqlite::{Connection, OpenFlags};

use super::super::errors::translate;
use super::functions::{self, Shared, Side, cell};
use super::{SqliteCarrier, data_version};
use crate::backend::carrier::{Chunk, Compared, Scope};
use crate::backend::error::SqlError;
use crate::backend::paired::Paired;
use crate::domain::schema::quoted;
use crate::domain::transfer::{Conflict, Input, Sum, TablePlan};

/// From so many rows on both sides are added up at the same time.
const LONG: u64 = 10_000;

pub(super) fn compare(
    carrier: &mut SqliteCarrier<'_>,
    at: usize,
    scope: Scope,
    chunks: &mut dyn FnMut(Chunk),
) -> Result<Compared, SqlError> {
    if scope == Scope::Earlier {
        let rows = carrier.with_careful_sql(at, |sql| {
            format!("FROM {} LEFT JOIN {} AS r ON {} WHERE {}", sql.from(), sql.target(), by_value(sql), sql.not_left())
        });
        let overrides = matches!(carrier.plan(at).conflict, Conflict::Update);
        carrier.shared.lenient.store(true, std::sync::atomic::Ordering::Relaxed);
        let compared = side_by_side(carrier, at, &rows, overrides);
        carrier.shared.lenient.store(false, std::sync::atomic::Ordering::Relaxed);
        return compared;
    }
    let mut compared = Compared::default();
    inserted(carrier, at, &mut compared, chunks)?;
    if carrier.staged[at] {
        let rows = carrier.with_careful_sql(at, |sql| {
            format!(
                "FROM temp.manage_stage_{at} AS st CROSS JOIN {} ON {} = st.k{} LEFT JOIN {} AS r ON {} WHERE st.act = 'u'",
                sql.rows(),
                sql.row,
                sql.maps(),
                sql.target(),
                sql.matches("r", "st")
            )
        });
        let present = side_by_side(carrier, at, &rows, true)?;
        for (sum, more) in [(&mut compared.expected, present.expected), (&mut compared.actual, present.actual)] {
            sum.rows += more.rows;
            sum.sum = sum.sum.wrapping_add(more.sum);
        }
        compared.differences.extend(present.differences);
    }
    if compared.expected != compared.actual && compared.differences.is_empty() {
        let rows = carrier.with_careful_sql(at, |sql| {
            format!("FROM {} LEFT JOIN {} AS r ON {} WHERE {}", sql.from(), sql.target(), by_value(sql), sql.not_left())
        });
        compared.differences = side_by_side(carrier, at, &rows, false)?.differences;
    }
    Ok(compared)
}

fn by_value(sql: &super::sql::Sql<'_>) -> String {
    let table = &sql.tables[sql.at];
    let pairs: Vec<_> =
        table.matched.iter().map(|column| format!("r.{} = {}", quoted(&table.columns[*column].to), sql.value(*column))).collect();
    if pairs.is_empty() { "0".to_owned() } else { pairs.join(" AND ") }
}

/// The rows that were inserted: what they are to be by the source, and what they are.
fn inserted(
    carrier: &SqliteCarrier<'_>,
    at: usize,
    compared: &mut Compared,
    chunks: &mut dyn FnMut(Chunk),
) -> Result<(), SqlError> {
    let table = carrier.plan(at);
    let left = carrier.number(&format!("SELECT EXISTS (SELECT 1 FROM temp.manage_left WHERE t = {at})"))? != 0;
    let (expected, actual) = carrier.with_careful_sql(at, |sql| {
        let columns: String = table.checked().map(|(_, column)| format!(", r.{}", quoted(&column.to))).collect();
        let inputs = sql.inputs();
        let inputs = inputs.trim_start_matches(", ");
        if carrier.staged[at] {
            let stage = format!("temp.manage_stage_{at} AS st CROSS JOIN");
            let mut key = sql.target_key("r");
            if table.target_key.is_empty() {
                key = "r._rowid_".to_owned();
            }
            (
                format!(
                    "SELECT count(manage_expected({inputs})) FROM {stage} {} ON {} = st.k{} WHERE st.act = 'i'",
                    sql.rows(),
                    sql.row,
                    sql.maps()
                ),
                format!(
                    "SELECT 1 FROM {stage} {} AS r ON {} WHERE CASE WHEN st.act = 'i' THEN manage_actual({key}{columns}) END",
                    sql.target(),
                    sql.matches("r", "st")
                ),
            )
        } else {
            let back = if left { format!(" WHERE {}", sql.not_left()) } else { String::new() };
            (
                format!("SELECT count(manage_expected({inputs})) FROM {}{back}", sql.from()),
                format!("SELECT 1 FROM {} AS r WHERE manage_actual({}{columns})", sql.target(), sql.target_key("r")),
            )
        }
    });
    // Only what lies in the source alone can be read beside; that of the writer's transaction is seen by the writer alone.
    let alone = !left && carrier.is_alone(at);
    let beside = alone.then(|| beside(&carrier.file).ok()).flatten();
    let view = carrier.view()?;
    let (shared, sql) = (&carrier.shared, &expected);
    std::thread::scope(|scope| {
        let adding = beside.map(|beside| scope.spawn(move || expected_sum(&beside, shared, at, sql)));
        compared.actual = actual_sum(view, table, &actual, chunks)?;
        let sum = adding.and_then(|adding| adding.join().ok()?.ok());
        // What somebody has written meanwhile is not in the snapshot of the move.
        compared.expected = match sum.filter(|_| data_version(&carrier.watch).is_ok_and(|version| version == carrier.version)) {
            Some(sum) => sum,
            None => expected_sum(view, shared, at, sql)?,
        };
        Ok(())
    })
}

impl SqliteCarrier<'_> {
    /// Whether the rows that a table gets are told by the source's file alone, and are worth another connection.
    fn is_alone(&self, at: usize) -> bool {
        let table = self.plan(at);
        self.shared.seen[at].load(Ordering::Relaxed) >= LONG
            && !self.staged[at]
            && table.from.unpivot.is_none()
            && table.inputs.iter().all(|input| matches!(input, Input::Column(_)))
    }
}

/// Another connection to the source. It waits for nobody: the writer can do without it.
fn beside(file: &str) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_URI | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let beside = Connection::open_in_memory_with_flags(flags)?;
    beside.busy_timeout(Duration::ZERO)?;
    beside.execute("ATTACH $1 AS source", [file])?;
    beside.execute_batch("PRAGMA source.cache_size = -1000")?;
    Ok(beside)
}

fn expected_sum(connection: &Connection, shared: &Arc<Shared>, at: usize, sql: &str) -> Result<Sum, SqlError> {
    let side = Arc::default();
    functions::expect(connection, shared, at, &side)?;
    connection.query_row(sql, [], |_| Ok(())).map_err(translate)?;
    Ok(side.lock().unwrap_or_else(PoisonError::into_inner).sum)
}

fn actual_sum(view: &Connection, table: &TablePlan, sql: &str, chunks: &mut dyn FnMut(Chunk)) -> Result<Sum, SqlError> {
    let side: Arc<Mutex<Side>> = Arc::default();
    functions::find(view, table, &side)?;
    let side = || side.lock().unwrap_or_else(PoisonError::into_inner);
    let mut statement = view.prepare(sql).map_err(translate)?;
    let mut full = statement.query([]).map_err(translate)?;
    while full.next().map_err(translate)?.is_some() {
        chunks(std::mem::take(&mut side().chunk));
    }
    let last = std::mem::take(&mut side().chunk);
    if !last.hashes.is_empty() {
        chunks(last);
    }
    Ok(side().sum)
}

/// Each row of the source beside the row that the target has for it. With `overrides` a row that is there keeps what the
/// mapping lets it keep: that is not compared.
fn side_by_side(carrier: &SqliteCarrier<'_>, at: usize, rows: &str, overrides: bool) -> Result<Compared, SqlError> {
    let table = carrier.plan(at);
    let updatable = carrier.with_careful_sql(at, |sql| sql.updatable());
    let mut paired = Paired::new(table, &carrier.shared.now, overrides, updatable);
    let checked = paired.columns().count();
    let inputs = table.inputs.len();
    let sql = carrier.with_careful_sql(at, |sql| {
        let columns: String = paired.columns().map(|(_, column)| format!(", r.{}", quoted(&column.to))).collect();
        let there = table
            .matched
            .first()
            .map_or_else(|| "0".to_owned(), |column| format!("r.{} IS NOT NULL", quoted(&table.columns[*column].to)));
        format!("SELECT {}, {there}{}{columns} {rows}", sql.row, sql.inputs())
    });
    let mut statement = carrier.view()?.prepare(&sql).map_err(translate)?;
    let mut found = statement.query([]).map_err(translate)?;
    while let Some(row) = found.next().map_err(translate)? {
        let mut cells = Vec::with_capacity(inputs + checked);
        for place in 0..inputs + checked {
            cells.push(cell(row.get_ref(2 + place).map_err(translate)?));
        }
        let there: bool = row.get(1).map_err(translate)?;
        let number = cell(row.get_ref(0).map_err(translate)?);
        let name = || table.key_text(&cells[..inputs]).unwrap_or_else(|| format!("row {}", number.shown()));
        paired.add(&cells[..inputs], there.then_some(&cells[inputs..]), &name);
    }
    Ok(paired.compared)
}
