//! Rows from the source through their rules into a table of the target, as one stream.

use std::io::Write as _;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread;

use super::beside::{Pieces, Taker};
use super::judging::{EachSeen, Judge, Seen, Shape, Sink, encode};
use super::source::{Relation, Source};
use super::straight::{KEPT, too_many};
use super::streaming::WAITING;
use super::target::Target;
use super::wire::{HEADER, TRAILER, Wire};
use super::{PostgresCarrier, postgres};
use crate::backend::carrier::{Left, Watch};
use crate::backend::error::{SqlError, SqlErrorKind};
use crate::backend::postgres::raw::RawError;
use crate::backend::postgres::session::PostgresSession;
use crate::domain::transfer::{Cell, TablePlan};

/// So many bytes are gathered before they are sent.
const CHUNK: usize = 1 << 16;

/// What a pour needs of the carrier beside the two databases.
pub(super) struct Pour<'a> {
    pub(super) shape: Shape,
    pub(super) into: String,
    pub(super) wires: Vec<Wire>,
    pub(super) watch: Option<&'a Watch>,
}

impl PostgresCarrier<'_> {
    /// Streams all rows of a table from the source, and pours the good ones into a table of the target at the same time.
    /// Returns how many went in.
    pub(super) fn pour(
        &mut self,
        at: usize,
        tail: &str,
        pour: &Pour<'_>,
        judge: &mut Judge<'_>,
        left: Sink<'_>,
    ) -> Result<u64, SqlError> {
        if self.needs_target(at) {
            return self.pour_ready(at, pour, judge, left);
        }
        let Self { session, source, plans, relations, .. } = self;
        if pour.shape == Shape::Straight
            && tail.is_empty()
            && let Some(pieces) = source.pieces(&plans[at], &relations[at])?
        {
            return pour_pieces(postgres(session)?, source, &pieces, relations[at].ids.len(), pour, judge, left);
        }
        let scan = source.scan(&plans[at], &relations[at], tail)?;
        let ids = relations[at].ids.len();
        let sql = copy(&pour.into);
        let mut trouble = None;
        postgres(session)?.raw(|client| {
            let mut writer = client.copy_in(&sql)?;
            let mut bytes = HEADER.to_vec();
            let mut place = 0;
            let streamed = source.stream(&scan, &mut |cells| {
                let seen = Seen { place, ids: &cells[..ids], inputs: &cells[ids..] };
                place += 1;
                if let Some(watch) = pour.watch {
                    watch.look();
                }
                if let Some(values) = judge.values(seen, left)? {
                    encode(pour.shape, judge, &pour.wires, seen, &values, &mut bytes)?;
                    if bytes.len() >= CHUNK {
                        writer.write_all(&bytes).map_err(|error| {
                            trouble = Some(RawError::from(error));
                            broke_off()
                        })?;
                        bytes.clear();
                    }
                }
                Ok(())
            });
            if let Some(error) = trouble.take() {
                return Err(error);
            }
            if let Err(error) = streamed {
                drop(writer);
                return Ok(Err(error));
            }
            bytes.extend_from_slice(&TRAILER);
            writer.write_all(&bytes)?;
            Ok(Ok(writer.finish()?))
        })?
    }

    /// The same for a table whose rows need rows of the target: they are read from there, a batch at a time.
    fn pour_ready(&mut self, at: usize, pour: &Pour<'_>, judge: &mut Judge<'_>, left: Sink<'_>) -> Result<u64, SqlError> {
        let sql = copy(&pour.into);
        let mut poured = 0;
        let mut bytes = HEADER.to_vec();
        let batches = self.ready_batches(at)?;
        for batch in batches {
            self.ready(at, batch, &mut |seen| {
                if let Some(watch) = pour.watch {
                    watch.look();
                }
                match judge.values(seen, left)? {
                    Some(values) => encode(pour.shape, judge, &pour.wires, seen, &values, &mut bytes),
                    None => Ok(()),
                }
            })?;
            bytes.extend_from_slice(&TRAILER);
            poured += send(self.postgres()?, &sql, &bytes)?;
            bytes.truncate(HEADER.len());
        }
        Ok(poured)
    }

    /// Gives every row of a table to `each`, as the source has it.
    pub(super) fn every(&mut self, at: usize, tail: &str, each: EachSeen<'_>) -> Result<(), SqlError> {
        if self.needs_target(at) {
            for batch in self.ready_batches(at)? {
                self.ready(at, batch, each)?;
            }
            return Ok(());
        }
        let Self { source, plans, relations, .. } = self;
        every(source, &plans[at], &relations[at], tail, each)
    }
}

/// One piece of a table that is read beside others: its rows are judged, and sent as they go in.
struct Piece<'a> {
    judge: Judge<'a>,
    pour: &'a Pour<'a>,
    /// How many fields tell a row from others.
    ids: usize,
    left: Vec<Left>,
    /// How many rows are left in all pieces.
    count: &'a AtomicUsize,
    bytes: Vec<u8>,
    sender: SyncSender<Vec<u8>>,
}

impl Piece<'_> {
    fn send(&mut self) -> Result<(), SqlError> {
        self.sender.send(std::mem::take(&mut self.bytes)).map_err(|_| broke_off())
    }
}

impl Taker for Piece<'_> {
    fn take(&mut self, cells: &[Cell<'_>]) -> Result<(), SqlError> {
        let (ids, inputs) = cells.split_at(self.ids);
        let seen = Seen { place: 0, ids, inputs };
        if let Some(watch) = self.pour.watch {
            watch.look();
        }
        let (mine, count) = (&mut self.left, self.count);
        let mut tell = |left: Left| {
            mine.push(left);
            if count.fetch_add(1, Ordering::Relaxed) < KEPT { Ok(()) } else { Err(too_many()) }
        };
        if let Some(values) = self.judge.values(seen, &mut tell)? {
            encode(self.pour.shape, &mut self.judge, &self.pour.wires, seen, &values, &mut self.bytes)?;
            if self.bytes.len() >= CHUNK {
                self.send()?;
            }
        }
        Ok(())
    }

    fn end(&mut self) -> Result<(), SqlError> {
        self.send()
    }
}

fn broke_off() -> SqlError {
    SqlError::new(SqlErrorKind::Other, "the target broke off")
}

/// Pours a table that several sessions read: each judges what it reads, and one stream goes in.
fn pour_pieces(
    session: &mut PostgresSession,
    source: &mut Source<'_>,
    pieces: &Pieces,
    ids: usize,
    pour: &Pour<'_>,
    judge: &mut Judge<'_>,
    left: Sink<'_>,
) -> Result<u64, SqlError> {
    let sql = copy(&pour.into);
    let count = AtomicUsize::new(0);
    let by = judge.anew();
    let (poured, read) = session.raw(|client| {
        let mut writer = client.copy_in(&sql)?;
        writer.write_all(HEADER)?;
        thread::scope(|scope| {
            let (sender, batches) = sync_channel::<Vec<u8>>(WAITING);
            let (count, by) = (&count, &by);
            let reading = scope.spawn(move || {
                let begin =
                    || Piece { judge: by.anew(), pour, ids, left: Vec::new(), count, bytes: Vec::new(), sender: sender.clone() };
                // What a piece sends by is gone with it, so that the batches end.
                let pieces = source.read_pieces(pieces, &begin)?;
                Ok(pieces.into_iter().map(|piece| (piece.judge, piece.left)).collect::<Vec<_>>())
            });
            let mut written = Ok(());
            for bytes in batches {
                written = writer.write_all(&bytes);
                if written.is_err() {
                    break;
                }
            }
            let read = reading.join().unwrap_or_else(|_| Err(broke_off()));
            written?;
            if read.is_err() {
                drop(writer);
                return Ok((0, read));
            }
            writer.write_all(&TRAILER)?;
            Ok((writer.finish()?, read))
        })
    })?;
    for (other, told) in read? {
        judge.join(&other);
        told.into_iter().try_for_each(&mut *left)?;
    }
    Ok(poured)
}

/// Gives every row of a table to `each`, where the source alone tells its inputs.
pub(super) fn every(
    source: &mut Source<'_>,
    plan: &TablePlan,
    relation: &Relation,
    tail: &str,
    each: EachSeen<'_>,
) -> Result<(), SqlError> {
    let scan = source.scan(plan, relation, tail)?;
    let ids = relation.ids.len();
    let mut place = 0;
    source.stream(&scan, &mut |cells| {
        let seen = Seen { place, ids: &cells[..ids], inputs: &cells[ids..] };
        place += 1;
        each(seen)
    })
}

/// The wires of a table's columns.
pub(super) fn wires(target: &Target) -> Vec<Wire> {
    target.columns.iter().map(|column| column.wire).collect()
}

fn copy(into: &str) -> String {
    format!("COPY {into} FROM STDIN (FORMAT binary)")
}

/// Sends rows that are ready.
pub(super) fn send(session: &mut PostgresSession, sql: &str, bytes: &[u8]) -> Result<u64, SqlError> {
    session.raw(|client| {
        let mut writer = client.copy_in(sql)?;
        writer.write_all(bytes)?;
        Ok(writer.finish()?)
    })
}
