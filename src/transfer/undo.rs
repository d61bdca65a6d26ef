//! The way back: what a run inserted goes, what it updated is restored, where nobody changed it since.

use super::error::TransferError;
use crate::backend::{Basic, Full, Session, SqlError};
use crate::domain::engine::Engine;
use crate::domain::fault;
use crate::domain::schema::{Schema, quoted};
use crate::domain::transfer::{Cell, Kind, canonical_row, unpack};
use crate::domain::value::Value;
use crate::ledger::{Ledger, Run, TransferImage, TransferTable};

/// So many conflicts are kept in words.
const KEPT: usize = 1000;

/// Taking a transfer back.
#[derive(Clone, Copy)]
pub struct Undo<'a> {
    /// The ledger.
    pub ledger: Ledger,
    /// The run that is taken back.
    pub run: &'a Run,
    /// Whether rows that were changed since are left as they are.
    pub skip_conflicts: bool,
}

/// What was taken back.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Undone {
    /// For each table of the target, the children first: its name, rows that were removed, rows that were restored,
    /// counts that were made anew.
    pub tables: Vec<(String, u64, u64, u64)>,
    /// Rows that were gone already.
    pub gone: u64,
    /// Rows that were changed since.
    pub conflicts: u64,
    /// The first of them, in words.
    pub told: Vec<String>,
}

impl Undone {
    /// Rows that were changed by it.
    pub fn rows(&self) -> u64 {
        self.tables.iter().map(|(_, removed, restored, recounted)| removed + restored + recounted).sum()
    }

    fn conflict(&mut self, words: String) {
        self.conflicts += 1;
        if self.told.len() < KEPT {
            self.told.push(words);
        }
    }
}

impl Undo<'_> {
    /// Takes the run back, in the transaction that is open; the caller commits or rolls back.
    ///
    /// # Errors
    /// When rows were changed since and are not to be left, or the database refuses.
    pub fn take_back(&self, session: &mut Session) -> Result<Undone, TransferError> {
        let schema = session.introspect()?;
        let tables = self.ledger.transfer_tables(session, self.run.id)?;
        let mut undone = Undone::default();
        let mut recount = Vec::new();
        let mut restored = vec![0; tables.len()];
        self.restore(session, &tables, &mut restored, &mut recount, &mut undone)?;
        for (at, table) in tables.iter().enumerate().rev().filter(|(_, table)| table.state == "moved") {
            let removed = self.remove(session, table, &schema, &mut recount, &mut undone)?;
            undone.tables.push((table.target.clone(), removed, restored[at], 0));
        }
        for (place, key) in recount {
            let Some(table) = tables.iter().find(|table| table.place == place) else { continue };
            let changed = recounted(session, table, &key)?;
            if let Some(told) = undone.tables.iter_mut().find(|(name, ..)| *name == table.target) {
                told.3 += changed;
            }
        }
        if undone.conflicts > 0 && !self.skip_conflicts {
            let rows = if undone.conflicts == 1 { "1 row was".to_owned() } else { format!("{} rows were", undone.conflicts) };
            return Err(TransferError::Conflicts { run: self.run.id, rows, conflicts: undone.told });
        }
        fault::point("transfer.undo.before_commit");
        Ok(undone)
    }

    /// Restores what was updated, the last first.
    fn restore(
        &self,
        session: &mut Session,
        tables: &[TransferTable],
        restored: &mut [u64],
        recount: &mut Vec<(usize, String)>,
        undone: &mut Undone,
    ) -> Result<(), TransferError> {
        let mut before = i64::MAX;
        loop {
            let images = self.ledger.transfer_images(session, self.run.id, before, 500)?;
            let Some(last) = images.last() else { return Ok(()) };
            before = last.number;
            for image in &images {
                let Some(at) = tables.iter().position(|table| table.place == image.place) else { continue };
                match restore_one(session, &tables[at], image)? {
                    Restored::Done => restored[at] += 1,
                    Restored::Recount => recount.push((image.place, image.key.clone())),
                    Restored::Conflict(words) => undone.conflict(words),
                }
            }
        }
    }

    /// Removes what was inserted.
    fn remove(
        &self,
        session: &mut Session,
        table: &TransferTable,
        schema: &Schema,
        recount: &mut Vec<(usize, String)>,
        undone: &mut Undone,
    ) -> Result<u64, TransferError> {
        let columns = written(table);
        let children = children(schema, table);
        let mut chunk = 0;
        let mut removed = 0;
        let mut buffer = Vec::new();
        let Some(name) = session.find_shown(&table.target)? else {
            if table.inserted > 0 {
                undone.conflict(format!("the table {} is gone", table.target));
            }
            return Ok(0);
        };
        let names = if columns.is_empty() {
            "1".to_owned()
        } else {
            let read = |(name, kind): &(String, Kind)| readable(session.engine(), name, *kind);
            columns.iter().map(read).collect::<Vec<_>>().join(", ")
        };
        while let Some((keys, hashes)) = self.ledger.transfer_chunk(session, self.run.id, table.place, chunk)? {
            chunk += 1;
            for (key, hash) in keys.split('\u{1f}').zip(hashes.chunks_exact(8)) {
                let Some(found) = find(session, &name.0, table, key, &names)? else {
                    undone.gone += 1;
                    continue;
                };
                let fields = columns.iter().zip(&found).map(|((_, kind), cell)| (*kind, cell.borrowed()));
                let now = canonical_row(fields, &mut buffer).to_le_bytes();
                if now != hash {
                    undone.conflict(format!("{} {} was changed", table.target, told(table, key)));
                    continue;
                }
                if let Some(words) = pointed_to(session, &name.0, table, key, &children)? {
                    undone.conflict(format!("{} {} is needed: {words}", table.target, told(table, key)));
                    // Some of the rows that it counts may be gone.
                    if table.counts.is_some() {
                        recount.push((table.place, key.to_owned()));
                    }
                    continue;
                }
                let (condition, binds) = by_key(table, key, 0);
                removed += session.execute_with(&format!("DELETE FROM {} WHERE {condition}", name.0), &binds)?;
            }
        }
        Ok(removed)
    }
}

enum Restored {
    Done,
    /// Nobody says what a count was to be but the rows themselves.
    Recount,
    Conflict(String),
}

fn restore_one(session: &mut Session, table: &TransferTable, image: &TransferImage) -> Result<Restored, TransferError> {
    let texts = |text: &str| unpack(text).unwrap_or_default();
    let columns: Vec<String> = texts(&image.columns).iter().filter_map(|cell| cell.as_str().map(str::to_owned)).collect();
    let (before, after) = (texts(&image.before), texts(&image.after));
    let changed: Vec<usize> = (0..columns.len()).filter(|at| before.get(*at) != after.get(*at)).collect();
    let counts: Vec<String> = counted(table).into_iter().map(|count| count.column).collect();
    let is_count = changed.iter().all(|at| counts.contains(&columns[*at]));
    let Some(name) = session.find_shown(&table.target)? else {
        return Ok(Restored::Conflict(format!("the table {} is gone", table.target)));
    };
    let names: Vec<_> = changed.iter().map(|at| quoted(&columns[*at])).collect();
    let kinds = written(table);
    let kind = |name: &str| kinds.iter().find(|(known, _)| known == name).map_or(Kind::Int(64), |(_, kind)| *kind);
    let read: Vec<_> = changed.iter().map(|at| readable(session.engine(), &columns[*at], kind(&columns[*at]))).collect();
    let Some(found) = find(session, &name.0, table, &image.key, &read.join(", "))? else {
        return Ok(Restored::Conflict(format!("{} {} is gone, and was updated", table.target, told(table, &image.key))));
    };
    for (at, now) in changed.iter().zip(&found) {
        if *now != after[*at] {
            if is_count {
                return Ok(Restored::Recount);
            }
            return Ok(Restored::Conflict(format!(
                "{} {} {}: we wrote {}, now {}",
                table.target,
                told(table, &image.key),
                columns[*at],
                after[*at].shown(),
                now.shown()
            )));
        }
    }
    let set: Vec<_> = names.iter().enumerate().map(|(number, name)| format!("{name} = ${}", number + 1)).collect();
    let (condition, keys) = by_key(table, &image.key, set.len());
    let binds: Vec<Value> = changed.iter().map(|at| value(&before[*at])).chain(keys).collect();
    session.execute_with(&format!("UPDATE {} SET {} WHERE {condition}", name.0, set.join(", ")), &binds)?;
    Ok(Restored::Done)
}

/// One count that is made anew.
struct Count {
    column: String,
    table: String,
    on: Vec<(String, String)>,
    only: Vec<(String, Cell<'static>)>,
}

fn counted(table: &TransferTable) -> Vec<Count> {
    let Some(cells) = table.counts.as_deref().and_then(unpack) else { return Vec::new() };
    let mut cells = cells.into_iter();
    let text = |cell: Option<Cell<'static>>| cell.and_then(|cell| cell.as_str().map(str::to_owned));
    let number = |cell: Option<Cell<'static>>| if let Some(Cell::Int(number)) = cell { number } else { 0 };
    let mut counts = Vec::new();
    while let (Some(column), Some(table)) = (text(cells.next()), text(cells.next())) {
        let on = (0..number(cells.next())).filter_map(|_| Some((text(cells.next())?, text(cells.next())?))).collect();
        let only = (0..number(cells.next())).filter_map(|_| Some((text(cells.next())?, cells.next()?))).collect();
        counts.push(Count { column, table, on, only });
    }
    counts
}

/// Makes the counts of one row anew. Returns how many rows got another count.
fn recounted(session: &mut Session, table: &TransferTable, key: &str) -> Result<u64, SqlError> {
    let Some(name) = session.find_shown(&table.target)? else { return Ok(0) };
    let mut changed = 0;
    for count in counted(table) {
        let Some(children) = session.find_shown(&count.table)? else { continue };
        let on = count.on.iter().map(|(theirs, ours)| format!("c.{} = {}.{}", quoted(theirs), name.0, quoted(ours)));
        let mut binds: Vec<Value> = Vec::new();
        let mut conditions: Vec<String> = on.collect();
        for (column, cell) in &count.only {
            binds.push(value(cell));
            conditions.push(format!("c.{} IS NOT DISTINCT FROM ${}", quoted(column), binds.len()));
        }
        let rows = format!("(SELECT count(*) FROM {} AS c WHERE {})", children.0, conditions.join(" AND "));
        let (condition, keys) = by_key(table, key, binds.len());
        binds.extend(keys);
        let column = quoted(&count.column);
        changed = session
            .execute_with(
                &format!("UPDATE {} SET {column} = {rows} WHERE {condition} AND {column} IS DISTINCT FROM {rows}", name.0),
                &binds,
            )?
            .max(changed);
    }
    Ok(changed)
}

/// The columns that the checksum is made of.
fn written(table: &TransferTable) -> Vec<(String, Kind)> {
    let cells = unpack(&table.written_columns).unwrap_or_default();
    let text = |cell: &Cell<'_>| cell.as_str().map(str::to_owned);
    cells.chunks_exact(2).filter_map(|pair| Some((text(&pair[0])?, Kind::named(pair[1].as_str()?)?))).collect()
}

fn key_columns(table: &TransferTable) -> Vec<String> {
    let cells = unpack(&table.key_columns).unwrap_or_default();
    cells.iter().filter_map(|cell| cell.as_str().map(str::to_owned)).collect()
}

/// A column as it is read: a type that is only known to the server comes as text.
fn readable(engine: Engine, name: &str, kind: Kind) -> String {
    match (engine, kind) {
        (Engine::Postgres, Kind::Any) => format!("{}::text", quoted(name)),
        _ => quoted(name),
    }
}

/// A condition that finds a row by its packed key, its placeholders counted on from `from`.
fn by_key(table: &TransferTable, key: &str, from: usize) -> (String, Vec<Value>) {
    let columns = key_columns(table);
    let cells = unpack(key).unwrap_or_default();
    // Where there is no key, PostgreSQL tells rows apart by where they lie, SQLite by a number.
    let without = if matches!(cells.first(), Some(Cell::Text(_))) { "ctid" } else { "rowid" };
    let names = if columns.is_empty() { vec![without.to_owned()] } else { columns.iter().map(|name| quoted(name)).collect() };
    let conditions: Vec<_> = names.iter().enumerate().map(|(at, name)| format!("{name} = ${}", from + at + 1)).collect();
    (conditions.join(" AND "), cells.iter().map(value).collect())
}

fn told(table: &TransferTable, key: &str) -> String {
    let columns = key_columns(table);
    let cells = unpack(key).unwrap_or_default();
    let name = |at: usize| columns.get(at).map_or("row", String::as_str).to_owned();
    cells.iter().enumerate().map(|(at, cell)| format!("{} {}", name(at), cell.shown())).collect::<Vec<_>>().join(", ")
}

fn find(
    session: &mut Session,
    name: &str,
    table: &TransferTable,
    key: &str,
    columns: &str,
) -> Result<Option<Vec<Cell<'static>>>, SqlError> {
    let (condition, binds) = by_key(table, key, 0);
    let rows = session.query(&format!("SELECT {columns} FROM {name} WHERE {condition}"), &binds)?;
    Ok(rows.into_iter().next().map(|row| row.values.into_iter().map(cell).collect()))
}

/// Foreign keys that point to a table: the child, its columns, the columns that they point to.
fn children(schema: &Schema, table: &TransferTable) -> Vec<(String, Vec<String>, Vec<String>)> {
    let mut found = Vec::new();
    for child in &schema.tables {
        for key in child.foreign_keys.iter().filter(|key| key.parent.to_string().eq_ignore_ascii_case(&table.target)) {
            let parent = if key.parent_columns.is_empty() { key_columns(table) } else { key.parent_columns.clone() };
            found.push((child.name.to_string(), key.columns.clone(), parent));
        }
    }
    found
}

/// Which rows point to a row, in words.
fn pointed_to(
    session: &mut Session,
    name: &str,
    table: &TransferTable,
    key: &str,
    children: &[(String, Vec<String>, Vec<String>)],
) -> Result<Option<String>, SqlError> {
    for (child, columns, parent) in children {
        let Some(from) = session.find_shown(child)? else { continue };
        let (condition, binds) = by_key(table, key, 0);
        let pairs: Vec<_> =
            columns.iter().zip(parent).map(|(theirs, ours)| format!("c.{} = p.{}", quoted(theirs), quoted(ours))).collect();
        let sql = format!(
            "SELECT count(*) FROM {} AS c WHERE EXISTS (SELECT 1 FROM (SELECT * FROM {name} WHERE {condition}) AS p WHERE {})",
            from.0,
            pairs.join(" AND ")
        );
        let rows = session.query(&sql, &binds)?;
        match rows.first().and_then(|row| row.integer(0)) {
            Some(0) => {}
            Some(1) => return Ok(Some(format!("1 row of {child} points to it"))),
            Some(count) => return Ok(Some(format!("{count} rows of {child} point to it"))),
            None => return Ok(Some(format!("whether rows of {child} point to it cannot be told"))),
        }
    }
    Ok(None)
}

fn cell(value: Value) -> Cell<'static> {
    match value {
        Value::Null => Cell::Null,
        Value::Bool(value) => Cell::Int(i64::from(value)),
        Value::Integer(value) => Cell::Int(value),
        Value::Real(value) => Cell::Real(value),
        Value::Text(text) => Cell::owned(text),
        Value::Bytes(bytes) => Cell::Blob(bytes.into()),
    }
}

fn value(cell: &Cell<'_>) -> Value {
    match cell {
        Cell::Null => Value::Null,
        Cell::Int(value) => Value::Integer(*value),
        Cell::Real(value) => Value::Real(*value),
        Cell::Text(text) => Value::Text(String::from_utf8_lossy(text).into_owned()),
        Cell::Blob(bytes) => Value::Bytes(bytes.to_vec()),
        other => Value::Text(other.plain_text().into_owned()),
    }
}
