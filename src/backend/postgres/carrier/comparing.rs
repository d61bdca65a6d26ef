//! Both sides added up, and rows that differ.

use std::thread;

use super::beside::Taker;
use super::judging::{Judge, Seen};
use super::pouring::every;
use super::source::{Relation, Source, order};
use super::staging::matches;
use super::streaming::{Scan, select, stream};
use super::target::{Target, canonical};
use super::writing::updatable;
use super::{PostgresCarrier, postgres};
use crate::backend::basic::Basic;
use crate::backend::carrier::{Chunk, Compared, Scope};
use crate::backend::error::{SqlError, SqlErrorKind};
use crate::backend::paired::Paired;
use crate::backend::postgres::session::PostgresSession;
use crate::domain::transfer::{Cell, Conflict, Sum, TablePlan, pack_into};

/// So many rows are in a chunk.
const CHUNK: usize = 1000;
/// So many rows are held side by side at once.
const BATCH: usize = 2000;

pub(super) fn compare(
    carrier: &mut PostgresCarrier<'_>,
    at: usize,
    scope: Scope,
    chunks: &mut dyn FnMut(Chunk),
) -> Result<Compared, SqlError> {
    let plan = &carrier.plans.clone()[at];
    if scope == Scope::Earlier {
        if let Some(compared) = whole_columns(carrier, at, &checked(plan))? {
            return Ok(compared);
        }
        restage(carrier, at)?;
        return side_by_side(carrier, at, "true", plan.conflict == Conflict::Update);
    }
    if let Some(compared) = carrier.moves[at].equal.take() {
        return Ok(compared);
    }
    let staged = carrier.moves[at].staged;
    let target = carrier.targets[at].clone();
    // What is staged was added up while it was read, row by row; what went straight in as a whole.
    let (expected, present) = if staged {
        let new = format!("SELECT count(*), {} FROM manage_stage_{at} WHERE act = 'i'", summed("h"));
        let new = sum_of(carrier.postgres()?, &new)?;
        (new, carrier.count_of(&format!("SELECT count(*) FROM manage_stage_{at} WHERE act = 'u'"))?)
    } else {
        (carrier.moves[at].expected, 0)
    };
    let whole = carrier.relations[at].part.is_all();
    let rows = if staged && (!whole || carrier.count_of(&format!("SELECT count(*) FROM {}", target.name))? != expected.rows) {
        let found = match &plan.new_key {
            Some(new) => format!("r.{} = st.new", crate::domain::schema::quoted(&new.column)),
            None => matches(plan, &target, "r", "st"),
        };
        format!("manage_stage_{at} AS st JOIN {} AS r ON {found} WHERE st.act = 'i'", target.name)
    } else {
        carrier.spanned(at)
    };
    let asked = asked(&target, &checked(plan));
    let session = carrier.postgres()?;
    let scan = select(session, &asked, &rows)?;
    let actual = actual(session, &scan, chunks)?;
    let mut compared = Compared { expected, actual, differences: Vec::new() };
    if present > 0 {
        let present = side_by_side(carrier, at, "st.act = 'u'", true)?;
        compared.expected.join(present.expected);
        compared.actual.join(present.actual);
        compared.differences.extend(present.differences);
    }
    if compared.expected != compared.actual && compared.differences.is_empty() {
        if !staged {
            restage(carrier, at)?;
        }
        compared.differences = side_by_side(carrier, at, "st.act = 'i'", false)?.differences;
    }
    Ok(compared)
}

/// The columns that the checksum is made of, by their places.
fn checked(plan: &TablePlan) -> Vec<usize> {
    plan.checked().map(|(at, _)| at).collect()
}

/// Whether all rows of both sides say the same in the columns that a transfer would bring up to date; `None` where they
/// do not, or a row is not good.
pub(super) fn whole(carrier: &mut PostgresCarrier<'_>, at: usize) -> Result<Option<Compared>, SqlError> {
    let plan = &carrier.plans.clone()[at];
    let written = updatable(plan, &carrier.targets[at]);
    let columns: Vec<_> = checked(plan).into_iter().filter(|at| written.contains(at) || plan.matched.contains(at)).collect();
    whole_columns(carrier, at, &columns)
}

fn whole_columns(carrier: &mut PostgresCarrier<'_>, at: usize, columns: &[usize]) -> Result<Option<Compared>, SqlError> {
    let rows = carrier.spanned(at);
    let (compared, left) = both(carrier, at, columns, &rows)?;
    // A row that stays behind, of which nobody knows, must not be passed over.
    Ok((left == 0 && compared.is_equal()).then_some(compared))
}

/// Adds up what good rows of the source are to become, and what rows of the target are: at the same time where the source
/// alone tells the one. Also says how many rows stay behind, of which nobody knew.
fn both(carrier: &mut PostgresCarrier<'_>, at: usize, columns: &[usize], rows: &str) -> Result<(Compared, u64), SqlError> {
    let (plans, now) = (carrier.plans.clone(), carrier.now.clone());
    let plan = &plans[at];
    let relation = carrier.relations[at].clone();
    let known = std::mem::take(&mut carrier.moves[at].left);
    let target = carrier.targets[at].clone();
    let summed = format!("SELECT count(*), {} FROM {rows}", summed(&checksum(&target, columns)));
    let compared = if carrier.needs_target(at) {
        let mut judge = Judge::adding(plan, &now, &known, columns);
        carrier.every(at, "", &mut |seen| judge.count(seen)).and_then(|()| {
            let actual = sum_of(carrier.postgres()?, &summed)?;
            Ok((Compared { expected: judge.sum, actual, differences: Vec::new() }, judge.left()))
        })
    } else {
        let PostgresCarrier { session, source, .. } = carrier;
        let (now, known) = (&now, &known);
        postgres(session).and_then(|session| {
            thread::scope(|scope| {
                let relation = &relation;
                let adding = scope.spawn(move || add_up(source, relation, Judge::adding(plan, now, known, columns)));
                let actual = sum_of(session, &summed);
                let stopped = |_| Err(SqlError::new(SqlErrorKind::Other, "the reader of the source stopped"));
                let (expected, left) = adding.join().unwrap_or_else(stopped)?;
                Ok((Compared { expected, actual: actual?, differences: Vec::new() }, left))
            })
        })
    };
    carrier.moves[at].left = known;
    compared
}

/// Adds up what the rows of the source are to become, and counts those that stay behind.
fn add_up(source: &mut Source<'_>, relation: &Relation, mut judge: Judge<'_>) -> Result<(Sum, u64), SqlError> {
    let plan = judge.plan;
    if let Some(pieces) = source.pieces(plan, relation)? {
        let ids = relation.ids.len();
        for piece in source.read_pieces(&pieces, &|| Adding { judge: judge.anew(), ids })? {
            judge.join(&piece.judge);
        }
    } else {
        every(source, plan, relation, "", &mut |seen| judge.count(seen))?;
    }
    Ok((judge.sum, judge.left()))
}

/// Adds up one piece of a table.
struct Adding<'a> {
    judge: Judge<'a>,
    ids: usize,
}

impl Taker for Adding<'_> {
    fn take(&mut self, cells: &[Cell<'_>]) -> Result<(), SqlError> {
        let (ids, inputs) = cells.split_at(self.ids);
        self.judge.count(Seen { place: 0, ids, inputs })
    }
}

/// What is asked of rows of the target: their key, then the checksum of some columns.
fn asked(target: &Target, columns: &[usize]) -> Vec<(String, bool)> {
    let mut asked: Vec<(String, bool)> = target.key.iter().map(|column| (format!("r.{}", column.name), false)).collect();
    asked.push((checksum(target, columns), false));
    asked
}

/// The checksum of some columns of a row.
fn checksum(target: &Target, columns: &[usize]) -> String {
    let text = canonical(columns.iter().map(|at| (target.columns[*at].wire, format!("r.{}", target.columns[*at].name))));
    format!("pg_catalog.hashtextextended({text}, 0)")
}

/// The sum of checksums, as text: modulo 2^64 it is that of [`Sum`].
fn summed(hash: &str) -> String {
    format!("(coalesce(pg_catalog.sum({hash}), 0) % 18446744073709551616)::text")
}

/// What a query of a count and a sum of checksums says.
fn sum_of(session: &mut PostgresSession, sql: &str) -> Result<Sum, SqlError> {
    let rows = session.query(sql, &[])?;
    let row = rows.first();
    let count = row.and_then(|row| row.integer(0)).and_then(|rows| u64::try_from(rows).ok()).unwrap_or_default();
    let sum = row.and_then(|row| row.text(1)).and_then(|text| text.parse::<i128>().ok()).unwrap_or_default();
    Ok(Sum { rows: count, sum: sum as u64 })
}

/// Adds up the target's side: each row comes as its key and its checksum.
fn actual(session: &mut PostgresSession, scan: &Scan, chunks: &mut dyn FnMut(Chunk)) -> Result<Sum, SqlError> {
    let mut sum = Sum::default();
    let mut chunk = Chunk::default();
    stream(session, scan, &mut |cells| {
        let Some((Cell::Int(hash), key)) = cells.split_last() else { return Ok(()) };
        sum.add(*hash as u64);
        if !chunk.hashes.is_empty() {
            chunk.keys.push('\u{1f}');
        }
        pack_into(key.iter().map(Cell::borrowed), &mut chunk.keys);
        chunk.hashes.extend_from_slice(&hash.to_le_bytes());
        if chunk.hashes.len() == CHUNK * 8 {
            chunks(std::mem::take(&mut chunk));
        }
        Ok(())
    })?;
    if !chunk.hashes.is_empty() {
        chunks(chunk);
    }
    Ok(sum)
}

/// Stages the rows of a table for a look; of an earlier transfer those too that could not go in now.
fn restage(carrier: &mut PostgresCarrier<'_>, at: usize) -> Result<(), SqlError> {
    let (plans, now) = (carrier.plans.clone(), carrier.now.clone());
    let known = std::mem::take(&mut carrier.moves[at].left);
    let mut judge = Judge::new(&plans[at], &now, &known);
    // Rows that were judged when they were moved need not be staged to be missing.
    judge.lenient = !carrier.moves[at].judged;
    let staged = carrier.stage(at, &mut judge, &mut |_| Ok(()));
    carrier.moves[at].left = known;
    staged
}

/// A row of the source that is kept for a moment.
struct Kept {
    place: u64,
    name: String,
    inputs: Vec<Cell<'static>>,
}

/// Each staged row beside the row that the target has for it.
fn side_by_side(carrier: &mut PostgresCarrier<'_>, at: usize, which: &str, overrides: bool) -> Result<Compared, SqlError> {
    let (plans, now) = (carrier.plans.clone(), carrier.now.clone());
    let plan = &plans[at];
    let target = carrier.targets[at].clone();
    carrier.index_stage(at)?;
    let mut paired = Paired::new(plan, &now, overrides, updatable(plan, &target));
    let mut wanted: Vec<(String, bool)> = vec![("st.o".to_owned(), false)];
    let there =
        plan.matched.first().map_or_else(|| "false".to_owned(), |at| format!("r.{} IS NOT NULL", target.columns[*at].name));
    wanted.push((there, false));
    wanted.extend(paired.columns().map(|(at, _)| (format!("r.{}", target.columns[at].name), false)));
    let from = format!("manage_stage_{at} AS st LEFT JOIN {} AS r ON {}", target.name, matches(plan, &target, "r", "st"));
    let relation = carrier.relations[at].clone();
    let tail = order(plan, &relation);
    let mut kept: Vec<Kept> = Vec::with_capacity(BATCH);
    let mut flush = |session: &mut PostgresSession, kept: &mut Vec<Kept>| -> Result<(), SqlError> {
        let (Some(first), Some(last)) = (kept.first(), kept.last()) else { return Ok(()) };
        let range = format!("{from} WHERE {which} AND st.o BETWEEN {} AND {} ORDER BY st.o", first.place, last.place);
        let scan = select(session, &wanted, &range)?;
        let mut rows = kept.drain(..);
        stream(session, &scan, &mut |cells| {
            let Cell::Int(place) = &cells[0] else { return Ok(()) };
            let Some(row) = rows.find(|row| i64::try_from(row.place).ok() == Some(*place)) else { return Ok(()) };
            let actual = (cells[1] == Cell::Int(1)).then_some(&cells[2..]);
            paired.add(&row.inputs, actual, &|| row.name.clone());
            Ok(())
        })
    };
    let keep = |seen: Seen<'_>| Kept {
        place: seen.place,
        name: seen.key(plan),
        inputs: seen.inputs.iter().map(|cell| cell.borrowed().into_owned()).collect(),
    };
    if carrier.needs_target(at) {
        for batch in carrier.ready_batches(at)? {
            carrier.ready(at, batch, &mut |seen| {
                kept.push(keep(seen));
                Ok(())
            })?;
            flush(carrier.postgres()?, &mut kept)?;
        }
    } else {
        let PostgresCarrier { session, source, .. } = carrier;
        let session = postgres(session)?;
        every(source, plan, &relation, &tail, &mut |seen| {
            kept.push(keep(seen));
            if kept.len() == BATCH { flush(session, &mut kept) } else { Ok(()) }
        })?;
        flush(session, &mut kept)?;
    }
    Ok(paired.compared)
}
