//! Both sides added up, and rows that differ.

use std::collections::HashSet;
use std::thread;

use super::judging::{Judge, Seen, every};
use super::source::{Scan, order, select, stream};
use super::staging::matches;
use super::target::{Target, canonical};
use super::writing::updatable;
use super::{PostgresCarrier, postgres};
use crate::backend::basic::Basic;
use crate::backend::carrier::{Chunk, Compared, Scope};
use crate::backend::error::{SqlError, SqlErrorKind};
use crate::backend::paired::Paired;
use crate::backend::postgres::session::PostgresSession;
use crate::domain::transfer::{Cell, Conflict, Moment, Sum, TablePlan, canonical_field, hash64, pack_into};

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
        let sql = format!(
            "SELECT count(*) FILTER (WHERE act = 'i'), (coalesce(sum(h) FILTER (WHERE act = 'i'), 0) % 18446744073709551616)::text, \
             count(*) FILTER (WHERE act = 'u') FROM manage_stage_{at}"
        );
        let rows = carrier.postgres()?.query(&sql, &[])?;
        let number =
            |at| rows.first().and_then(|row| row.integer(at)).and_then(|rows| u64::try_from(rows).ok()).unwrap_or_default();
        let sum = rows.first().and_then(|row| row.text(1)).and_then(|text| text.parse::<i128>().ok()).unwrap_or_default();
        (Sum { rows: number(0), sum: sum as u64 }, number(2))
    } else {
        (carrier.moves[at].expected, 0)
    };
    let rows = if staged && carrier.count_of(&format!("SELECT count(*) FROM {}", target.name))? != expected.rows {
        let found = match &plan.new_key {
            Some(new) => format!("r.{} = st.new", crate::domain::schema::quoted(&new.column)),
            None => matches(plan, &target, "r", "st"),
        };
        format!("manage_stage_{at} AS st JOIN {} AS r ON {found} WHERE st.act = 'i'", target.name)
    } else {
        format!("{} AS r", target.name)
    };
    let (asked, rows) = (asked(&target, &checked(plan)), rows);
    let session = carrier.postgres()?;
    let scan = select(session, &asked, &rows)?;
    let actual = actual(session, &scan, chunks)?;
    let mut compared = Compared { expected, actual, differences: Vec::new() };
    if present > 0 {
        let present = side_by_side(carrier, at, "st.act = 'u'", true)?;
        for (sum, more) in [(&mut compared.expected, present.expected), (&mut compared.actual, present.actual)] {
            sum.rows += more.rows;
            sum.sum = sum.sum.wrapping_add(more.sum);
        }
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
    let rows = format!("{} AS r", carrier.targets[at].name);
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
    // A row's place among all is that of the stage, whose order is the mapping's.
    let tail = if carrier.moves[at].staged { order(plan, &relation) } else { String::new() };
    let known = std::mem::take(&mut carrier.moves[at].left);
    let target = carrier.targets[at].clone();
    let asked = asked(&target, columns);
    let compared = if carrier.needs_target(at) {
        let mut adding = Adding::new(plan, &now, columns, &known);
        carrier.every(at, &tail, &mut |seen| adding.add(seen)).and_then(|()| {
            let scan = select(carrier.postgres()?, &asked, rows)?;
            let actual = actual(carrier.postgres()?, &scan, &mut |_| {})?;
            Ok((Compared { expected: adding.sum, actual, differences: Vec::new() }, adding.left()))
        })
    } else {
        let PostgresCarrier { session, source, .. } = carrier;
        let (now, known) = (&now, &known);
        postgres(session).and_then(|session| {
            let scan = select(session, &asked, rows)?;
            thread::scope(|scope| {
                let relation = &relation;
                let tail = &tail;
                let adding = scope.spawn(move || {
                    let mut adding = Adding::new(plan, now, columns, known);
                    every(source, plan, relation, tail, &mut |seen| adding.add(seen)).map(|()| (adding.sum, adding.left()))
                });
                let actual = actual(session, &scan, &mut |_| {});
                let stopped = |_| Err(SqlError::new(SqlErrorKind::Other, "the reader of the source stopped"));
                let (expected, left) = adding.join().unwrap_or_else(stopped)?;
                Ok((Compared { expected, actual: actual?, differences: Vec::new() }, left))
            })
        })
    };
    carrier.moves[at].left = known;
    compared
}

/// What is asked of rows of the target: their key, then the checksum of some columns.
fn asked(target: &Target, columns: &[usize]) -> Vec<(String, bool)> {
    let hash = canonical(columns.iter().map(|at| (target.columns[*at].wire, format!("r.{}", target.columns[*at].name))));
    let mut asked: Vec<(String, bool)> = target.key.iter().map(|column| (format!("r.{}", column.name), false)).collect();
    asked.push((format!("pg_catalog.hashtextextended({hash}, 0)"), false));
    asked
}

/// The source's side as it is added up.
struct Adding<'a> {
    judge: Judge<'a>,
    columns: &'a [usize],
    sum: Sum,
    buffer: Vec<u8>,
}

impl<'a> Adding<'a> {
    fn new(plan: &'a TablePlan, now: &'a Moment, columns: &'a [usize], known: &'a HashSet<u64>) -> Self {
        Self { judge: Judge::new(plan, now, known), columns, sum: Sum::default(), buffer: Vec::new() }
    }

    fn left(&self) -> u64 {
        self.judge.moved.rejected + self.judge.moved.skipped
    }

    fn add(&mut self, seen: Seen<'_>) -> Result<(), SqlError> {
        let plan = self.judge.plan;
        let Some(values) = self.judge.values(seen, &mut |_| Ok(()))? else { return Ok(()) };
        self.buffer.clear();
        for (number, at) in self.columns.iter().enumerate() {
            if number > 0 {
                self.buffer.push(0x1f);
            }
            canonical_field(plan.columns[*at].kind, &values[*at], &mut self.buffer);
        }
        self.sum.add(hash64(&self.buffer, 0));
        Ok(())
    }
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
    carrier.batch(&format!("CREATE UNIQUE INDEX IF NOT EXISTS manage_stage_{at}_o ON manage_stage_{at} (o)"))?;
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
