//! One table: the shortest way in.

use std::time::Instant;

use super::PostgresCarrier;
use super::comparing;
use super::judging::{Judge, Sink};
use super::sorting::Sorting;
use super::straight::{self, Straight};
use crate::backend::carrier::Moved;
use crate::backend::error::SqlError;
use crate::domain::fault;

pub(super) fn move_table(carrier: &mut PostgresCarrier<'_>, at: usize, left: Sink<'_>) -> Result<Moved, SqlError> {
    let begun = Instant::now();
    let before = before(carrier, at)?;
    let (plans, now) = (carrier.plans.clone(), carrier.now.clone());
    let plan = &plans[at];
    let there = if carrier.relations[at].part.is_all() { before.before } else { carrier.count_of_span(at, before.before)? };
    if there > 0
        && let Some(moved) = nothing_to_do(carrier, at, &before, there, begun)?
    {
        fault::point("transfer.copied");
        return Ok(moved);
    }
    let mut slower = before.slower;
    if there == 0 {
        match straight::go(carrier, at, before, begun, left)? {
            Straight::In(moved) => {
                fault::point("transfer.copied");
                return Ok(moved);
            }
            Straight::Not(why) => slower = why,
        }
    }
    let known = std::mem::take(&mut carrier.moves[at].left);
    let mut judge = Judge::new(plan, &now, &known);
    judge.moved = Moved { slower, ..before };
    let staged = carrier.stage(at, &mut judge, left);
    let mut moved = judge.moved;
    carrier.moves[at].left = known;
    staged?;
    carrier.moves[at].staged = true;
    moved.probed = begun.elapsed();
    fault::point("transfer.probed");
    let begun = Instant::now();
    let target = carrier.targets[at].clone();
    let mut sorting = Sorting { carrier: &mut *carrier, at, plan, target: &target, left };
    if !sorting.all_new(&mut moved)? {
        sorting.sort(&mut moved)?;
        sorting.write(&mut moved)?;
    }
    finish(carrier, at)?;
    moved.copied = begun.elapsed();
    fault::point("transfer.copied");
    Ok(moved)
}

/// What the target's table has before.
fn before(carrier: &mut PostgresCarrier<'_>, at: usize) -> Result<Moved, SqlError> {
    let name = carrier.targets[at].name.clone();
    // Later parts only have to know whether there are any.
    let rows =
        if carrier.relations[at].part.begins_later() { format!("(SELECT 1 FROM {name} LIMIT 1) AS r") } else { name.clone() };
    let mut moved = Moved { before: carrier.count_of(&format!("SELECT count(*) FROM {rows}"))?, ..Moved::default() };
    if let [key] = carrier.targets[at].key.as_slice()
        && matches!(key.wire.staged(), "smallint" | "integer" | "bigint")
        && moved.before > 0
    {
        moved.highest_before = Some(carrier.number(&format!("SELECT max({})::bigint FROM {name}", key.name))?);
    }
    Ok(moved)
}

/// Whether the target says what the source says already, so that there is nothing to do: told by both sums, at the cost
/// of a validation.
fn nothing_to_do(
    carrier: &mut PostgresCarrier<'_>,
    at: usize,
    before: &Moved,
    there: u64,
    begun: Instant,
) -> Result<Option<Moved>, SqlError> {
    let plan = &carrier.plans.clone()[at];
    if plan.new_key.is_some()
        || plan.target_key.is_empty()
        || plan.conflict == crate::domain::transfer::Conflict::Error
        || plan.conflict == crate::domain::transfer::Conflict::Skip
    {
        return Ok(None);
    }
    let relation = carrier.relations[at].clone();
    let spanned = relation.part.is_all() || carrier.span(at).is_some();
    if !spanned || carrier.needs_target(at) || carrier.source.count(&relation.counted())? != there {
        return Ok(None);
    }
    let Some(compared) = comparing::whole(carrier, at)? else { return Ok(None) };
    let rows = compared.expected.rows;
    carrier.moves[at].equal = Some(compared);
    Ok(Some(Moved { read: rows, unchanged: rows, probed: begun.elapsed(), ..*before }))
}

/// What has to follow when rows are in: sequences that go on after them, and what the planner knows.
pub(super) fn finish(carrier: &mut PostgresCarrier<'_>, at: usize) -> Result<(), SqlError> {
    let name = carrier.targets[at].name.clone();
    if carrier.rehearsed || carrier.relations[at].part.ends_earlier() {
        return Ok(());
    }
    carrier.go_on(at)?;
    carrier.batch(&format!("ANALYZE {name}"))
}
