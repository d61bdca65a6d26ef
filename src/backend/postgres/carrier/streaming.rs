//! Rows of a query, read by a thread of their own.

use std::io::BufRead;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;

use postgres::Client;
use rusqlite::Connection;

use super::wire::{Read, Rows, TRAILER, null, tagged};
use crate::backend::error::{SqlError, SqlErrorKind};
use crate::backend::postgres::raw::RawError;
use crate::backend::postgres::session::PostgresSession;
use crate::backend::sqlite::translate;
use crate::domain::transfer::Cell;

/// So many bytes of whole rows are handed over at once.
const BATCH: usize = 1 << 17;
/// So many batches wait at most.
pub(super) const WAITING: usize = 4;

/// A query whose rows are streamed.
#[derive(Debug, Clone, Default)]
pub(super) struct Scan {
    sql: String,
    pub(super) reads: Vec<Read>,
}

impl Scan {
    /// One of an SQLite file, with so many columns.
    pub(super) fn of_file(sql: String, columns: usize) -> Self {
        Self { sql, reads: vec![Read::Tagged; columns] }
    }

    /// The same query with more at its end.
    pub(super) fn with(&self, tail: &str) -> Self {
        Self { sql: format!("{}{tail}", self.sql), reads: self.reads.clone() }
    }
}

/// What takes the rows.
pub(super) type Each<'f> = &'f mut dyn FnMut(&[Cell<'_>]) -> Result<(), SqlError>;

/// A query of a session of PostgreSQL, whose types are asked first.
pub(super) fn select(session: &mut PostgresSession, wanted: &[(String, bool)], from: &str) -> Result<Scan, SqlError> {
    let columns: Vec<_> = wanted.iter().map(|(sql, _)| sql.as_str()).collect();
    let asked = format!("SELECT {} FROM {from}", columns.join(", "));
    let types = session.raw(|client| {
        let statement = client.prepare(&asked)?;
        Ok(statement.columns().iter().map(|column| column.type_().clone()).collect::<Vec<_>>())
    })?;
    let mut reads = Vec::new();
    let mut columns = Vec::new();
    for ((sql, json), kind) in wanted.iter().zip(&types) {
        let (read, before, after) = Read::of(kind, *json);
        columns.push(format!("{before}{sql}{after}"));
        reads.push(read);
    }
    Ok(Scan { sql: format!("SELECT {} FROM {from}", columns.join(", ")), reads })
}

/// Gives each row of a query to `each`.
pub(super) fn stream(session: &mut PostgresSession, scan: &Scan, each: Each<'_>) -> Result<(), SqlError> {
    let sql = format!("COPY ({}) TO STDOUT (FORMAT binary)", scan.sql);
    let mut taken = Ok(());
    let read = session.raw(|client| {
        thread::scope(|scope| {
            let (sender, batches) = sync_channel(WAITING);
            let reading = scope.spawn(move || read_postgres(client, &sql, &sender));
            taken = take(batches, scan, each);
            reading.join().unwrap_or_else(|_| Err(std::io::Error::other("the reader stopped").into()))
        })
    });
    // What went wrong here comes first: the reader only heard that nobody listens any more.
    taken.and(read)
}

/// Gives each row of a query of an SQLite file to `each`, which runs here while the rows are read elsewhere.
pub(super) fn stream_file(connection: &mut Connection, scan: &Scan, each: Each<'_>) -> Result<(), SqlError> {
    thread::scope(|scope| {
        let (sender, batches) = sync_channel(WAITING);
        let reading = scope.spawn(move || read_sqlite(connection, &scan.sql, scan.reads.len(), &sender));
        let taken = take(batches, scan, each);
        let read = reading.join().unwrap_or_else(|_| Err(stopped()));
        taken.and(read)
    })
}

fn stopped() -> SqlError {
    SqlError::new(SqlErrorKind::Other, "the reader of the source stopped")
}

fn read_postgres(client: &mut Client, sql: &str, sender: &SyncSender<Vec<u8>>) -> Result<(), RawError> {
    let mut reader = client.copy_out(sql)?;
    let mut batch = Vec::with_capacity(BATCH + BATCH / 4);
    loop {
        // The server sends each row as a message of its own, so that no row is cut.
        let length = {
            let bytes = reader.fill_buf()?;
            batch.extend_from_slice(bytes);
            bytes.len()
        };
        if length == 0 {
            break;
        }
        reader.consume(length);
        if batch.len() >= BATCH && sender.send(std::mem::replace(&mut batch, Vec::with_capacity(BATCH + BATCH / 4))).is_err() {
            return Ok(());
        }
    }
    let _ = sender.send(batch);
    Ok(())
}

fn read_sqlite(connection: &Connection, sql: &str, columns: usize, sender: &SyncSender<Vec<u8>>) -> Result<(), SqlError> {
    let mut statement = connection.prepare(sql).map_err(translate)?;
    let mut rows = statement.query([]).map_err(translate)?;
    let mut batch = Vec::with_capacity(BATCH + BATCH / 4);
    let count = i16::try_from(columns).unwrap_or(i16::MAX).to_be_bytes();
    while let Some(row) = rows.next().map_err(translate)? {
        batch.extend_from_slice(&count);
        for at in 0..columns {
            match row.get_ref(at).map_err(translate)? {
                rusqlite::types::ValueRef::Null => null(&mut batch),
                value => tagged(&crate::backend::sqlite::cell(value), &mut batch),
            }
        }
        if batch.len() >= BATCH && sender.send(std::mem::replace(&mut batch, Vec::with_capacity(BATCH + BATCH / 4))).is_err() {
            return Ok(());
        }
    }
    batch.extend_from_slice(&TRAILER);
    let _ = sender.send(batch);
    Ok(())
}

/// Hands the rows of the batches over, as they come.
fn take(batches: Receiver<Vec<u8>>, scan: &Scan, each: Each<'_>) -> Result<(), SqlError> {
    for batch in batches {
        let mut rows = Rows::new(&batch);
        let mut cells = Vec::with_capacity(scan.reads.len());
        while let Some(readable) = rows.next(&scan.reads, &mut cells) {
            if !readable {
                return Err(SqlError::new(SqlErrorKind::Other, "a row of the source came in a form that is not known"));
            }
            each(&cells)?;
        }
    }
    Ok(())
}
