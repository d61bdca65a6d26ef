//! One table read by several sessions side by side: all of them see one snapshot, and each takes one piece after another.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;

use super::source::{Relation, Source};
use super::streaming::{Scan, stream};
use crate::backend::basic::Basic;
use crate::backend::error::{SqlError, SqlErrorKind};
use crate::backend::postgres::session::PostgresSession;
use crate::domain::schema::escaped_text;
use crate::domain::transfer::{Cell, TablePlan};

/// So many pieces are cut for each reader, since no two have equally many rows.
const FOR_EACH: u64 = 4;
/// A table of fewer blocks is read by one.
const FEW: u64 = 256;

/// A table that is read in pieces.
pub(super) struct Pieces {
    /// The rows of all of them.
    scan: Scan,
    /// What finds the rows of each, behind the query.
    tails: Vec<String>,
}

/// What takes the rows of one piece.
pub(super) trait Taker: Send {
    /// A row.
    fn take(&mut self, cells: &[Cell<'_>]) -> Result<(), SqlError>;

    /// After the last one.
    fn end(&mut self) -> Result<(), SqlError> {
        Ok(())
    }
}

impl Source<'_> {
    /// Cuts a table into pieces for all readers. `None` where one reader is enough, or its rows do not lie in one heap.
    pub(super) fn pieces(&mut self, plan: &TablePlan, relation: &Relation) -> Result<Option<Pieces>, SqlError> {
        let Self::Postgres { session, beside, .. } = self else { return Ok(None) };
        let (Some(heap), true) = (&relation.heap, relation.part.is_all()) else { return Ok(None) };
        if beside.is_empty() {
            return Ok(None);
        }
        let sql = format!(
            "SELECT pg_catalog.pg_relation_size({}::regclass) / pg_catalog.current_setting('block_size')::bigint",
            escaped_text(heap)
        );
        let blocks = session.query(&sql, &[])?.first().and_then(|row| row.integer(0));
        let blocks = blocks.and_then(|blocks| u64::try_from(blocks).ok()).unwrap_or_default();
        if blocks < FEW {
            return Ok(None);
        }
        let count = (beside.len() as u64 + 1) * FOR_EACH;
        let tails = (0..count).map(|piece| tail(blocks * piece / count, blocks * (piece + 1) / count, piece + 1 == count));
        let tails = tails.collect();
        Ok(Some(Pieces { scan: self.scan(plan, relation, "")?, tails }))
    }

    /// Reads all pieces. `begin` makes what takes the rows of one; they come back in the order of the pieces.
    pub(super) fn read_pieces<T: Taker>(&mut self, pieces: &Pieces, begin: &(dyn Fn() -> T + Sync)) -> Result<Vec<T>, SqlError> {
        let Self::Postgres { session, beside, .. } = self else { return Ok(Vec::new()) };
        let (next, stopped, trouble) = (AtomicUsize::new(0), AtomicBool::new(false), Mutex::new(None));
        let read = |session: &mut PostgresSession| {
            let mut done = Vec::new();
            while !stopped.load(Ordering::Relaxed) {
                let number = next.fetch_add(1, Ordering::Relaxed);
                let Some(tail) = pieces.tails.get(number) else { break };
                let mut piece = begin();
                let taken = stream(session, &pieces.scan.with(tail), &mut |cells| {
                    if stopped.load(Ordering::Relaxed) {
                        return Err(SqlError::new(SqlErrorKind::Other, "another reader broke off"));
                    }
                    piece.take(cells)
                });
                if let Err(error) = taken.and_then(|()| piece.end()) {
                    // What others say afterwards only follows from it.
                    if !stopped.swap(true, Ordering::Relaxed)
                        && let Ok(mut first) = trouble.lock()
                    {
                        *first = Some(error);
                    }
                    break;
                }
                done.push((number, piece));
            }
            done
        };
        let mut all = thread::scope(|scope| {
            let sessions = beside.iter_mut().chain(std::iter::once(&mut **session));
            let readers: Vec<_> = sessions.map(|session| scope.spawn(|| read(session))).collect();
            let mut all = Vec::new();
            for reader in readers {
                match reader.join() {
                    Ok(done) => all.extend(done),
                    Err(_) => stopped.store(true, Ordering::Relaxed),
                }
            }
            all
        });
        if stopped.into_inner() {
            let broke_off = || SqlError::new(SqlErrorKind::Other, "a reader of the source stopped");
            return Err(trouble.into_inner().ok().flatten().unwrap_or_else(broke_off));
        }
        all.sort_unstable_by_key(|(number, _)| *number);
        Ok(all.into_iter().map(|(_, piece)| piece).collect())
    }
}

/// The rows of some blocks of a heap; the last piece takes whatever follows.
fn tail(from: u64, to: u64, last: bool) -> String {
    let end = if last { String::new() } else { format!(" AND s.ctid < '({to},0)'::tid") };
    format!(" WHERE s.ctid >= '({from},0)'::tid{end}")
}
