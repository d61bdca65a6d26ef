//! The mapping's rules as functions of SQLite, with the same code that judges a row elsewhere.

use std::borrow::Cow;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use rusqlite::Connection;
use rusqlite::functions::{Context, FunctionFlags};
use rusqlite::types::{Value, ValueRef};

use super::super::errors::translate;
use crate::backend::carrier::{Chunk, Watch};
use crate::backend::error::SqlError;
use crate::domain::transfer::{Cell, Column, Moment, Sum, TablePlan, canonical_row, pack, pack_into};

/// So many rows are in a chunk.
const CHUNK: usize = 1000;

/// What the functions share with the carrier.
pub(super) struct Shared {
    pub(super) tables: Vec<TablePlan>,
    /// For each table and column: the inputs that it reads.
    uses: Vec<Vec<Vec<usize>>>,
    pub(super) now: Moment,
    /// For each table: how many rows were looked at.
    pub(super) seen: Vec<AtomicU64>,
    /// For each table: the columns whose value was another one than what was read, in any row so far.
    pub(super) changed: Vec<Mutex<Vec<bool>>>,
    /// Whether what cannot be converted is NULL: for looks at rows that were not judged.
    pub(super) lenient: AtomicBool,
    /// Who wants to know how far it has come.
    pub(super) watch: Arc<Watch>,
}

impl Shared {
    pub(super) fn of(tables: &[TablePlan], now: &Moment, watch: &Arc<Watch>) -> Self {
        Self {
            seen: tables.iter().map(|_| AtomicU64::new(0)).collect(),
            changed: tables.iter().map(|table| Mutex::new(vec![false; table.columns.len()])).collect(),
            uses: tables.iter().map(|table| table.columns.iter().map(Column::uses).collect()).collect(),
            tables: tables.to_vec(),
            now: now.clone(),
            lenient: AtomicBool::new(false),
            watch: Arc::clone(watch),
        }
    }

    pub(super) fn changed(&self, table: usize) -> Vec<bool> {
        self.changed[table].lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// Gives the functions to a connection.
pub(super) fn register(connection: &Connection, shared: &Arc<Shared>) -> Result<(), SqlError> {
    let flags = FunctionFlags::SQLITE_UTF8 | FunctionFlags::SQLITE_DIRECTONLY;
    let bad = Arc::clone(shared);
    connection.create_scalar_function("manage_bad", -1, flags, move |context| judge(&bad, context)).map_err(translate)?;
    let value = Arc::clone(shared);
    connection
        .create_scalar_function("manage_value", -1, flags, move |context| convert(&value, context, false))
        .map_err(translate)?;
    let kept = Arc::clone(shared);
    connection
        .create_scalar_function("manage_kept", -1, flags, move |context| convert(&kept, context, true))
        .map_err(translate)?;
    connection
        .create_scalar_function("manage_pack", -1, flags, |context| {
            let cells: Vec<_> = (0..context.len()).map(|at| cell(context.get_raw(at))).collect();
            Ok(pack(&cells))
        })
        .map_err(translate)
}

/// A side of a table as it is added up.
#[derive(Default)]
pub(super) struct Side {
    /// What was added.
    pub(super) sum: Sum,
    /// The rows of the chunk that is being filled.
    pub(super) chunk: Chunk,
    buffer: Vec<u8>,
}

/// Gives `manage_expected(inputs…)` to a connection: it adds the row that they are to become. Arguments of a function cost
/// much less than columns of a result, which SQLite guards one by one.
pub(super) fn expect(connection: &Connection, shared: &Arc<Shared>, at: usize, side: &Arc<Mutex<Side>>) -> Result<(), SqlError> {
    let (shared, side) = (Arc::clone(shared), Arc::clone(side));
    let flags = FunctionFlags::SQLITE_UTF8 | FunctionFlags::SQLITE_DIRECTONLY;
    let add = move |context: &Context<'_>| {
        let table = &shared.tables[at];
        let mut inputs = Vec::with_capacity(table.inputs.len());
        inputs.extend((0..table.inputs.len()).map(|input| cell(context.get_raw(input))));
        let mut side = side.lock().unwrap_or_else(PoisonError::into_inner);
        let Side { sum, buffer, .. } = &mut *side;
        match table.expected(&inputs, &shared.now, buffer) {
            Some(hash) => sum.add(hash),
            // A row that is no row was judged good: the sums must not agree.
            None => sum.rows += 1,
        }
        Ok(1)
    };
    connection.create_scalar_function("manage_expected", -1, flags, add).map_err(translate)
}

/// Gives `manage_actual(key…, columns…)` to a connection: it adds a row of the target, and says whether a chunk is full.
pub(super) fn find(connection: &Connection, table: &TablePlan, side: &Arc<Mutex<Side>>) -> Result<(), SqlError> {
    let key = table.target_key.len().max(1);
    let kinds: Vec<_> = table.checked().map(|(_, column)| column.kind).collect();
    let side = Arc::clone(side);
    let flags = FunctionFlags::SQLITE_UTF8 | FunctionFlags::SQLITE_DIRECTONLY;
    let add = move |context: &Context<'_>| {
        let mut side = side.lock().unwrap_or_else(PoisonError::into_inner);
        let Side { sum, chunk, buffer } = &mut *side;
        let fields = kinds.iter().enumerate().map(|(place, kind)| (*kind, cell(context.get_raw(key + place))));
        let hash = canonical_row(fields, buffer);
        sum.add(hash);
        if !chunk.hashes.is_empty() {
            chunk.keys.push('\u{1f}');
        }
        pack_into((0..key).map(|place| cell(context.get_raw(place))), &mut chunk.keys);
        chunk.hashes.extend_from_slice(&hash.to_le_bytes());
        Ok(chunk.hashes.len() == CHUNK * 8)
    };
    connection.create_scalar_function("manage_actual", -1, flags, add).map_err(translate)
}

/// Takes the functions away again.
pub(super) fn remove(connection: &Connection) -> Result<(), SqlError> {
    ["manage_bad", "manage_value", "manage_kept", "manage_pack", "manage_expected", "manage_actual"]
        .into_iter()
        .try_for_each(|name| connection.remove_function(name, -1))
        .map_err(translate)
}

/// `manage_bad(table, inputs…, parents…)`: whether there is anything to say of a row.
fn judge(shared: &Shared, context: &Context<'_>) -> rusqlite::Result<bool> {
    let at = index(context, 0)?;
    let table = &shared.tables[at];
    shared.seen[at].fetch_add(1, Ordering::Relaxed);
    shared.watch.look();
    let mut inputs = Vec::with_capacity(table.inputs.len());
    inputs.extend((0..table.inputs.len()).map(|input| cell(context.get_raw(input + 1))));
    let parents: Vec<bool> =
        (0..table.parents.len()).map(|parent| context.get_raw(1 + inputs.len() + parent) == ValueRef::Integer(1)).collect();
    let mut changed = shared.changed[at].lock().unwrap_or_else(PoisonError::into_inner);
    let verdict = table.judge(&inputs, &parents, &shared.now, &mut changed);
    Ok(verdict.skip.is_some() || !verdict.faults.is_empty())
}

/// `manage_value(table, column, inputs it uses…)`: a column's value. `manage_kept` takes the value that is there before
/// the inputs, and gives it where the new one comes from the clock or only fills in for NULL.
fn convert(shared: &Shared, context: &Context<'_>, kept: bool) -> rusqlite::Result<Value> {
    let (table_at, column_at) = (index(context, 0)?, index(context, 1)?);
    let table = &shared.tables[table_at];
    let column = &table.columns[column_at];
    let first = if kept { 3 } else { 2 };
    let mut inputs = vec![Cell::Null; table.inputs.len()];
    for (at, input) in shared.uses[table_at][column_at].iter().enumerate() {
        inputs[*input] = cell(context.get_raw(first + at));
    }
    let converted = match column.value(&inputs, &shared.now, &mut Vec::new()) {
        Ok(cell) => cell,
        Err(_) if shared.lenient.load(Ordering::Relaxed) => Cell::Null,
        Err(fault) => {
            let why = format!("{}.{} {}", table.to, column.to, fault.message);
            return Err(rusqlite::Error::UserFunctionError(why.into()));
        }
    };
    let clocked = matches!(&converted, Cell::Text(text) if **text == *shared.now.text.as_bytes());
    if kept && (clocked || !table.null_overwrites && column.is_filled_in(&inputs, &shared.now)) {
        return Ok(owned(cell(context.get_raw(2))));
    }
    Ok(owned(converted))
}

fn index(context: &Context<'_>, at: usize) -> rusqlite::Result<usize> {
    context.get::<i64>(at).map(|number| usize::try_from(number).unwrap_or_default())
}

/// A value as SQLite gives it.
pub(in crate::backend) fn cell(value: ValueRef<'_>) -> Cell<'_> {
    match value {
        ValueRef::Null => Cell::Null,
        ValueRef::Integer(value) => Cell::Int(value),
        ValueRef::Real(value) => Cell::Real(value),
        ValueRef::Text(text) => Cell::Text(Cow::Borrowed(text)),
        ValueRef::Blob(bytes) => Cell::Blob(Cow::Borrowed(bytes)),
    }
}

/// A value as SQLite takes it.
pub(super) fn owned(cell: Cell<'_>) -> Value {
    match cell {
        Cell::Null => Value::Null,
        Cell::Int(value) => Value::Integer(value),
        Cell::Real(value) => Value::Real(value),
        Cell::Text(text) => match String::from_utf8(text.into_owned()) {
            Ok(text) => Value::Text(text),
            Err(error) => Value::Blob(error.into_bytes()),
        },
        Cell::Blob(bytes) => Value::Blob(bytes.into_owned()),
        other => Value::Text(other.plain_text().into_owned()),
    }
}
