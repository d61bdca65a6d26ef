//! The mapping's rules as functions of SQLite, with the same code that judges a row elsewhere.

use std::borrow::Cow;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use rusqlite::Connection;
use rusqlite::functions::{Context, FunctionFlags};
use rusqlite::types::{Value, ValueRef};

use super::super::errors::translate;
use crate::backend::carrier::Watch;
use crate::backend::error::SqlError;
use crate::domain::transfer::{Cell, Moment, TablePlan, pack};

/// What the functions share with the carrier.
pub(super) struct Shared {
    pub(super) tables: Vec<TablePlan>,
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

/// Takes the functions away again.
pub(super) fn remove(connection: &Connection) -> Result<(), SqlError> {
    ["manage_bad", "manage_value", "manage_kept", "manage_pack"]
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
/// the inputs, and gives it where the new one comes from the clock.
fn convert(shared: &Shared, context: &Context<'_>, kept: bool) -> rusqlite::Result<Value> {
    let table = &shared.tables[index(context, 0)?];
    let column = &table.columns[index(context, 1)?];
    let first = if kept { 3 } else { 2 };
    let mut inputs = vec![Cell::Null; table.inputs.len()];
    for (at, input) in column.uses().into_iter().enumerate() {
        inputs[input] = cell(context.get_raw(first + at));
    }
    let converted = match column.value(&inputs, &shared.now, &mut Vec::new()) {
        Ok(cell) => cell,
        Err(_) if shared.lenient.load(Ordering::Relaxed) => Cell::Null,
        Err(fault) => {
            let why = format!("{}.{} {}", table.to, column.to, fault.message);
            return Err(rusqlite::Error::UserFunctionError(why.into()));
        }
    };
    if kept && matches!(&converted, Cell::Text(text) if **text == *shared.now.text.as_bytes()) {
        return Ok(owned(cell(context.get_raw(2))));
    }
    Ok(owned(converted))
}

fn index(context: &Context<'_>, at: usize) -> rusqlite::Result<usize> {
    context.get::<i64>(at).map(|number| usize::try_from(number).unwrap_or_default())
}

/// A value as SQLite gives it.
pub(super) fn cell(value: ValueRef<'_>) -> Cell<'_> {
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
    }
}
