//! Both sides added up, and rows that differ.

use super::super::errors::translate;
use super::SqliteCarrier;
use super::functions::cell;
use crate::backend::carrier::{Chunk, Compared, Scope};
use crate::backend::error::SqlError;
use crate::domain::schema::quoted;
use crate::domain::transfer::{Cell, Conflict, Sum, TablePlan, canonical_field, canonical_row, pack};

/// So many rows are in a chunk.
const CHUNK: usize = 1000;
/// So many differences are told.
const SHOWN: usize = 20;

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
    let (expected, actual) = carrier.with_careful_sql(at, |sql| {
        let columns: String = table.checked().map(|(_, column)| format!(", r.{}", quoted(&column.to))).collect();
        let inputs = sql.inputs();
        let inputs = if inputs.is_empty() { ", NULL" } else { &inputs };
        if carrier.staged[at] {
            let stage = format!("temp.manage_stage_{at} AS st CROSS JOIN");
            let mut key = sql.target_key("r");
            if table.target_key.is_empty() {
                key = "r._rowid_".to_owned();
            }
            (
                format!(
                    "SELECT {} FROM {stage} {} ON {} = st.k{} WHERE st.act = 'i'",
                    &inputs[2..],
                    sql.rows(),
                    sql.row,
                    sql.maps()
                ),
                format!(
                    "SELECT {key}{columns} FROM {stage} {} AS r ON {} WHERE st.act = 'i'",
                    sql.target(),
                    sql.matches("r", "st")
                ),
            )
        } else {
            (
                format!("SELECT {} FROM {} WHERE {}", &inputs[2..], sql.from(), sql.not_left()),
                format!("SELECT {}{columns} FROM {} AS r", sql.target_key("r"), sql.target()),
            )
        }
    });
    compared.expected = expected_sum(carrier, table, &expected)?;
    compared.actual = actual_sum(carrier, table, &actual, chunks)?;
    Ok(())
}

fn expected_sum(carrier: &SqliteCarrier<'_>, table: &TablePlan, sql: &str) -> Result<Sum, SqlError> {
    let mut statement = carrier.view()?.prepare(sql).map_err(translate)?;
    let mut rows = statement.query([]).map_err(translate)?;
    let (mut sum, mut buffer) = (Sum::default(), Vec::new());
    while let Some(row) = rows.next().map_err(translate)? {
        let mut cells = Vec::with_capacity(table.inputs.len());
        for input in 0..table.inputs.len() {
            cells.push(cell(row.get_ref(input).map_err(translate)?));
        }
        match table.expected(&cells, &carrier.shared.now, &mut buffer) {
            Some(hash) => sum.add(hash),
            // A row that is no row was judged good: the sums must not agree.
            None => sum.rows += 1,
        }
    }
    Ok(sum)
}

fn actual_sum(carrier: &SqliteCarrier<'_>, table: &TablePlan, sql: &str, chunks: &mut dyn FnMut(Chunk)) -> Result<Sum, SqlError> {
    let key = table.target_key.len().max(1);
    let kinds: Vec<_> = table.checked().map(|(_, column)| column.kind).collect();
    let mut statement = carrier.view()?.prepare(sql).map_err(translate)?;
    let mut rows = statement.query([]).map_err(translate)?;
    let (mut sum, mut buffer) = (Sum::default(), Vec::new());
    let (mut keys, mut hashes) = (String::new(), Vec::with_capacity(CHUNK * 8));
    while let Some(row) = rows.next().map_err(translate)? {
        let mut cells = Vec::with_capacity(key);
        for place in 0..key {
            cells.push(cell(row.get_ref(place).map_err(translate)?));
        }
        let mut fields = Vec::with_capacity(kinds.len());
        for (place, kind) in kinds.iter().enumerate() {
            fields.push((*kind, cell(row.get_ref(key + place).map_err(translate)?)));
        }
        let hash = canonical_row(fields.into_iter(), &mut buffer);
        sum.add(hash);
        if !hashes.is_empty() {
            keys.push('\u{1f}');
        }
        keys.push_str(&pack(&cells));
        hashes.extend_from_slice(&hash.to_le_bytes());
        if hashes.len() == CHUNK * 8 {
            chunks(Chunk { keys: std::mem::take(&mut keys), hashes: std::mem::take(&mut hashes) });
        }
    }
    if !hashes.is_empty() {
        chunks(Chunk { keys, hashes });
    }
    Ok(sum)
}

/// Each row of the source beside the row that the target has for it. With `overrides` a row that is there keeps what the
/// mapping lets it keep: that is not compared.
fn side_by_side(carrier: &SqliteCarrier<'_>, at: usize, rows: &str, overrides: bool) -> Result<Compared, SqlError> {
    let table = carrier.plan(at);
    let checked: Vec<_> = table.checked().collect();
    let updatable = carrier.with_careful_sql(at, |sql| sql.updatable());
    let inputs = table.inputs.len();
    let sql = carrier.with_careful_sql(at, |sql| {
        let columns: String = checked.iter().map(|(_, column)| format!(", r.{}", quoted(&column.to))).collect();
        let there = table
            .matched
            .first()
            .map_or_else(|| "0".to_owned(), |column| format!("r.{} IS NOT NULL", quoted(&table.columns[*column].to)));
        format!("SELECT {}, {there}{}{columns} {rows}", sql.row, sql.inputs())
    });
    let mut statement = carrier.view()?.prepare(&sql).map_err(translate)?;
    let mut found = statement.query([]).map_err(translate)?;
    let mut compared = Compared::default();
    let (mut left, mut right) = (Vec::new(), Vec::new());
    while let Some(row) = found.next().map_err(translate)? {
        let mut cells = Vec::with_capacity(inputs);
        for input in 0..inputs {
            cells.push(cell(row.get_ref(2 + input).map_err(translate)?));
        }
        let there: bool = row.get(1).map_err(translate)?;
        let number = cell(row.get_ref(0).map_err(translate)?);
        let name = || table.key_text(&cells).unwrap_or_else(|| format!("row {}", number.shown()));
        left.clear();
        right.clear();
        let mut differing = Vec::new();
        let held = |name: &str| {
            let place = checked.iter().position(|(_, column)| column.to == name)?;
            row.get_ref(2 + inputs + place).ok().map(cell)
        };
        let stays = overrides && !table.may_update(&cells, &carrier.shared.now, &held);
        for (place, (column_at, column)) in checked.iter().enumerate() {
            let actual = cell(row.get_ref(2 + inputs + place).map_err(translate)?);
            let expected = column.value(&cells, &carrier.shared.now, &mut Vec::new());
            let keeps = overrides
                && (stays
                    || !updatable.contains(column_at) && !table.matched.contains(column_at)
                    || matches!(&expected, Ok(Cell::Null)) && !table.null_overwrites
                    || matches!(&expected, Ok(Cell::Text(text)) if **text == *carrier.shared.now.text.as_bytes()));
            let start = (left.len(), right.len());
            match &expected {
                Ok(expected) if !keeps => canonical_field(column.kind, expected, &mut left),
                _ => canonical_field(column.kind, &actual, &mut left),
            }
            canonical_field(column.kind, &actual, &mut right);
            if left[start.0..] != right[start.1..] && differing.len() < 3 {
                let expected = expected.map_or_else(|fault| format!("a value ({})", fault.message), |cell| cell.shown());
                differing.push(format!("{} is {}, expected {expected}", column.to, actual.shown()));
            }
            left.push(0x1f);
            right.push(0x1f);
        }
        compared.expected.add(crate::domain::transfer::hash64(&left, 0));
        if there {
            compared.actual.add(crate::domain::transfer::hash64(&right, 0));
        }
        if compared.differences.len() < SHOWN {
            if !there {
                compared.differences.push(format!("{} {} is missing", table.to, name()));
            } else if !differing.is_empty() {
                compared.differences.push(format!("{} {}: {}", table.to, name(), differing.join("; ")));
            }
        }
    }
    Ok(compared)
}
