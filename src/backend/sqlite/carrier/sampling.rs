//! Raw rows one by one, and duplicates.

use rusqlite::params_from_iter;

use super::super::errors::translate;
use super::functions::{cell, owned};
use super::{SqliteCarrier, cells};
use crate::backend::carrier::{DuplicateGroup, KeyDuplicates, Pick, Sampled};
use crate::backend::error::SqlError;
use crate::domain::schema::quoted;
use crate::domain::transfer::{Cell, Input};

/// So many groups are shown.
const SHOWN: usize = 20;

pub(super) fn sample(carrier: &SqliteCarrier<'_>, at: usize, pick: &Pick<'_>) -> Result<Vec<Sampled>, SqlError> {
    let mut found: Vec<Sampled> = Vec::new();
    for number in picked(carrier, at, pick)? {
        found.extend(one(carrier, at, number)?);
    }
    Ok(found)
}

/// The rows that are picked, each once, in the order of the source.
fn picked(carrier: &SqliteCarrier<'_>, at: usize, pick: &Pick<'_>) -> Result<Vec<rusqlite::types::Value>, SqlError> {
    let (row, rows) = carrier.with_careful_sql(at, |sql| (sql.row.to_owned(), sql.rows()));
    let view = carrier.view()?;
    match pick {
        Pick::Value { column, value } => {
            let sql = format!("SELECT {row} FROM {rows} WHERE CAST(s.{} AS TEXT) = $1 ORDER BY 1", quoted(column));
            let mut statement = view.prepare(&sql).map_err(translate)?;
            let found = statement.query_map([value], |row| row.get(0)).map_err(translate)?;
            found.collect::<Result<_, _>>().map_err(translate)
        }
        Pick::Random { count, seed } => {
            let total = u64::try_from(carrier.number(&format!("SELECT count(*) FROM {rows}"))?).unwrap_or_default();
            if total == 0 {
                return Ok(Vec::new());
            }
            let wanted = u64::from(*count).min(total);
            let places: std::collections::BTreeSet<u64> = if wanted == total {
                (0..total).collect()
            } else {
                let mut state = *seed;
                let mut places = std::collections::BTreeSet::new();
                while (places.len() as u64) < wanted {
                    places.insert(next(&mut state) % total);
                }
                places
            };
            // One walk through the rows' numbers, whatever gaps they have.
            let mut statement = view.prepare(&format!("SELECT {row} FROM {rows} ORDER BY 1")).map_err(translate)?;
            let mut found = statement.query([]).map_err(translate)?;
            let (mut place, mut numbers) = (0, Vec::new());
            while let Some(row) = found.next().map_err(translate)? {
                if places.contains(&place) {
                    numbers.push(row.get(0).map_err(translate)?);
                }
                place += 1;
            }
            Ok(numbers)
        }
    }
}

/// SplitMix64 (Steele, Lea, Flood 2014).
fn next(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut mixed = *state;
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

/// One raw row: its columns as they lie there, by name; everything else by a query of its own.
fn one(carrier: &SqliteCarrier<'_>, at: usize, number: rusqlite::types::Value) -> Result<Option<Sampled>, SqlError> {
    let table = carrier.plan(at);
    let (row, rows) = carrier.with_careful_sql(at, |sql| (sql.row.to_owned(), sql.rows()));
    let view = carrier.view()?;
    let mut statement = view.prepare(&format!("SELECT s.* FROM {rows} WHERE {row} = $1")).map_err(translate)?;
    let names: Vec<String> = statement.column_names().iter().map(|name| (*name).to_owned()).collect();
    let mut found = statement.query([&number]).map_err(translate)?;
    let Some(raw) = found.next().map_err(translate)? else { return Ok(None) };
    let raw = cells(raw, 0, names.len())?;
    let of = |name: &str| names.iter().position(|known| known == name).map_or(Cell::Null, |place| raw[place].clone());
    let mut inputs: Vec<Cell<'static>> = Vec::with_capacity(table.inputs.len());
    for input in &table.inputs {
        let value = match input {
            Input::Column(name) => of(name),
            Input::Number => of("manage_n"),
            Input::Value => of("manage_value"),
            Input::Sql(text) => single(carrier, &format!("SELECT ({text}) FROM {rows} WHERE {row} = $1"), vec![number.clone()])?,
            Input::Mapped { table: of, by } => {
                match carrier.shared.tables.iter().position(|other| other.from.table == *of && other.new_key.is_some()) {
                    Some(map) => single(
                        carrier,
                        &format!("SELECT new FROM temp.manage_map_{map} WHERE old = $1"),
                        vec![owned(inputs[*by].borrowed())],
                    )?,
                    None => Cell::Null,
                }
            }
            Input::Lookup { table, column, on } => {
                let conditions: Vec<_> =
                    on.iter().enumerate().map(|(place, (name, _))| format!("{} = ${}", quoted(name), place + 1)).collect();
                let binds = on.iter().map(|(_, by)| owned(inputs[*by].borrowed())).collect();
                single(
                    carrier,
                    &format!("SELECT {} FROM main.{} WHERE {}", quoted(column), quoted(table), conditions.join(" AND ")),
                    binds,
                )?
            }
        };
        inputs.push(value);
    }
    let left = carrier
        .view()?
        .prepare("SELECT 1 FROM temp.manage_left WHERE t = $1 AND k = $2")
        .and_then(|mut statement| statement.exists(rusqlite::params![i64::try_from(at).unwrap_or_default(), number]))
        .map_err(translate)?;
    let key = table.key_text(&inputs).unwrap_or_else(|| format!("row {number:?}"));
    let found = in_target(carrier, at, &inputs)?;
    Ok(Some(Sampled { key, inputs, left, found }))
}

fn single(carrier: &SqliteCarrier<'_>, sql: &str, binds: Vec<rusqlite::types::Value>) -> Result<Cell<'static>, SqlError> {
    let mut statement = carrier.view()?.prepare(sql).map_err(translate)?;
    let mut rows = statement.query(params_from_iter(binds)).map_err(translate)?;
    match rows.next().map_err(translate)? {
        Some(row) => Ok(cell(row.get_ref(0).map_err(translate)?).into_owned()),
        None => Ok(Cell::Null),
    }
}

/// The row of the target that a raw row means.
fn in_target(carrier: &SqliteCarrier<'_>, at: usize, inputs: &[Cell<'static>]) -> Result<Option<Vec<Cell<'static>>>, SqlError> {
    let table = carrier.plan(at);
    let mut binds = Vec::new();
    let mut conditions = Vec::new();
    for (place, column) in table.matched.iter().map(|column| &table.columns[*column]).enumerate() {
        let Ok(value) = column.value(inputs, &carrier.shared.now, &mut Vec::new()) else { return Ok(None) };
        binds.push(owned(value));
        conditions.push(format!("{} = ${}", quoted(&column.to), place + 1));
    }
    if conditions.is_empty() {
        return Ok(None);
    }
    let columns: Vec<_> = table.columns.iter().map(|column| quoted(&column.to)).collect();
    let sql = format!("SELECT {} FROM main.{} WHERE {}", columns.join(", "), quoted(&table.to), conditions.join(" AND "));
    let mut statement = carrier.view()?.prepare(&sql).map_err(translate)?;
    let mut rows = statement.query(params_from_iter(binds)).map_err(translate)?;
    rows.next().map_err(translate)?.map(|row| cells(row, 0, table.columns.len())).transpose()
}

/// Duplicates in the source of each unique key of the target.
pub(super) fn duplicates(carrier: &SqliteCarrier<'_>, at: usize) -> Result<Vec<KeyDuplicates>, SqlError> {
    let table = carrier.plan(at);
    let mut keys = table.unique.clone();
    if !table.matched.is_empty() && !keys.contains(&table.matched) {
        keys.push(table.matched.clone());
    }
    let mut all = Vec::new();
    for key in keys {
        let names: Vec<String> = key.iter().map(|column| table.columns[*column].to.clone()).collect();
        let inner = carrier.with_careful_sql(at, |sql| {
            let values: Vec<_> = key
                .iter()
                .enumerate()
                .map(|(place, column)| {
                    let collation =
                        table.columns[*column].collation.as_ref().map(|name| format!(" COLLATE {name}")).unwrap_or_default();
                    format!("{}{collation} AS u{place}", sql.value(*column))
                })
                .collect();
            format!("SELECT {} FROM {}", values.join(", "), sql.from())
        });
        let columns: Vec<_> = (0..key.len()).map(|place| format!("u{place}")).collect();
        let there: Vec<_> = columns.iter().map(|column| format!("{column} IS NOT NULL")).collect();
        let columns = columns.join(", ");
        let grouped = format!("SELECT {columns}, count(*) AS n FROM ({inner}) WHERE {} GROUP BY {columns}", there.join(" AND "));
        let view = carrier.view()?;
        let (rows, distinct, groups, in_groups): (i64, i64, i64, i64) = view
            .query_row(
                &format!("SELECT coalesce(sum(n), 0), count(*), coalesce(sum(n > 1), 0), coalesce(sum(CASE WHEN n > 1 THEN n END), 0) FROM ({grouped})"),
                [],
                |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)),
            )
            .map_err(translate)?;
        let mut statement = view
            .prepare(&format!("{grouped} HAVING count(*) > 1 ORDER BY n DESC, {columns} LIMIT {SHOWN}"))
            .map_err(translate)?;
        let mut found = statement.query([]).map_err(translate)?;
        let mut shown = Vec::new();
        while let Some(row) = found.next().map_err(translate)? {
            let values = cells(row, 0, key.len())?;
            let text: Vec<_> = names.iter().zip(&values).map(|(name, value)| format!("{name} {}", value.shown())).collect();
            let rows: i64 = row.get(key.len()).map_err(translate)?;
            shown.push(DuplicateGroup { key: text.join(", "), rows: u64::try_from(rows).unwrap_or_default() });
        }
        let number = |value: i64| u64::try_from(value).unwrap_or_default();
        all.push(KeyDuplicates {
            columns: names,
            rows: number(rows),
            distinct: number(distinct),
            groups: number(groups),
            in_groups: number(in_groups),
            shown,
        });
    }
    Ok(all)
}
