//! What an SQLite file holds: its schema, and a checksum a table.

use rusqlite::Connection;
use rusqlite::types::ValueRef;
use siphasher::sip128::{Hasher128 as _, SipHasher13};
use std::hash::Hasher as _;

use super::errors::translate;
use crate::backend::error::SqlError;
use crate::domain::content::{Content, TableSum};

/// Tables with rows of their own. Of SQLite's own tables the counters of AUTOINCREMENT count.
const TABLES: &str = "SELECT name FROM main.sqlite_schema WHERE type = 'table' AND rootpage > 0 \
     AND (substr(name, 1, 7) <> 'sqlite_' OR name = 'sqlite_sequence') ORDER BY name";

const SCHEMA: &str = "SELECT type || ' ' || name || ' on ' || tbl_name || ': ' || coalesce(sql, 'automatic') FROM main.sqlite_schema \
     WHERE substr(name, 1, 11) <> 'sqlite_stat' ORDER BY 1";

/// Reads it in the transaction that is open. `seen` is called with the bytes of each table's rows.
pub(super) fn content(connection: &Connection, seen: &mut dyn FnMut(u64)) -> Result<Content, SqlError> {
    let mut statement = connection.prepare(SCHEMA).map_err(translate)?;
    let schema = statement.query_map([], |row| row.get::<_, String>(0)).and_then(Iterator::collect).map_err(translate)?;
    let mut statement = connection.prepare(TABLES).map_err(translate)?;
    let names = statement.query_map([], |row| row.get::<_, String>(0)).and_then(Iterator::collect::<Result<Vec<_>, _>>);
    let mut tables = Vec::new();
    for table in names.map_err(translate)? {
        let sql = format!("SELECT * FROM main.\"{}\"", table.replace('"', "\"\""));
        let (rows, checksum) = sum(connection, &sql, seen)?;
        tables.push(TableSum { table, rows, checksum });
    }
    Ok(Content { schema, tables })
}

/// The rows of a query and the sum of their hashes (SipHash-1-3 of 128 bits over kind, length and bytes of each
/// value), which is the same in every order.
fn sum(connection: &Connection, sql: &str, seen: &mut dyn FnMut(u64)) -> Result<(u64, String), SqlError> {
    let mut statement = connection.prepare(sql).map_err(translate)?;
    let columns = statement.column_count();
    let mut rows = statement.raw_query();
    let (mut count, mut total, mut bytes) = (0_u64, 0_u128, 0_u64);
    let mut buffer = Vec::new();
    while let Some(row) = rows.next().map_err(translate)? {
        buffer.clear();
        for at in 0..columns {
            write(&mut buffer, row.get_ref(at).map_err(translate)?);
        }
        let mut hasher = SipHasher13::new();
        hasher.write(&buffer);
        total = total.wrapping_add(hasher.finish128().as_u128());
        count += 1;
        bytes += buffer.len() as u64;
        if bytes > 1 << 20 {
            seen(std::mem::take(&mut bytes));
        }
    }
    seen(bytes);
    Ok((count, format!("{total:032x}")))
}

fn write(buffer: &mut Vec<u8>, value: ValueRef<'_>) {
    let mut put = |kind: u8, bytes: &[u8]| {
        buffer.push(kind);
        buffer.extend_from_slice(&(bytes.len() as u64).to_le_bytes());
        buffer.extend_from_slice(bytes);
    };
    match value {
        ValueRef::Null => put(0, &[]),
        ValueRef::Integer(value) => put(1, &value.to_le_bytes()),
        ValueRef::Real(value) => put(2, &value.to_bits().to_le_bytes()),
        ValueRef::Text(bytes) => put(3, bytes),
        ValueRef::Blob(bytes) => put(4, bytes),
    }
}
