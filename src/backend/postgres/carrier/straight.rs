//! An empty table: rows are streamed straight in, and what slows that down is made anew afterwards, in the same
//! transaction.

use std::time::Instant;

use super::PostgresCarrier;
use super::judging::{Judge, Shape, Sink};
use super::moving::finish;
use super::pouring::{Pour, wires};
use super::sifting::is_objection;
use super::source::order;
use super::wire::Wire;
use super::writing;
use crate::backend::basic::Basic;
use crate::backend::carrier::{Left, Moved, Slower};
use crate::backend::error::{SqlError, SqlErrorKind};
use crate::domain::fault;
use crate::domain::schema::{escaped_text, quoted};
use crate::domain::transfer::{Duplicates, Orphans, TablePlan};

/// From so many rows on indexes and keys are made after the rows are in.
const MANY: u64 = 10_000;

/// What came of it.
pub(super) enum Straight {
    /// All good rows are in.
    In(Moved),
    /// Nothing was written, and why.
    Not(Option<Slower>),
}

/// Constraints and indexes of a table that can be taken away and made anew exactly: what drops each, what makes it. The
/// least needed come first: foreign keys, indexes, unique keys, the primary key.
const TAKEN: &str = "
    SELECT 1 AS rank, k.conname::text AS name, format('ALTER TABLE %s DROP CONSTRAINT %I', k.conrelid::regclass, k.conname) AS dropped,
           format('ALTER TABLE %s ADD CONSTRAINT %I %s', k.conrelid::regclass, k.conname, pg_catalog.pg_get_constraintdef(k.oid)) AS made,
           format('LOCK TABLE %s IN ACCESS EXCLUSIVE MODE NOWAIT; ', k.confrelid::regclass) AS locked
      FROM pg_catalog.pg_constraint k
     WHERE k.conrelid = $1::text::regclass AND k.contype = 'f' AND k.convalidated AND k.conparentid = 0
       AND pg_catalog.obj_description(k.oid, 'pg_constraint') IS NULL
    UNION ALL
    SELECT CASE WHEN k.oid IS NULL THEN 2 WHEN i.indisprimary THEN 4 ELSE 3 END, c.relname::text,
           CASE WHEN k.oid IS NULL THEN format('DROP INDEX %s', c.oid::regclass)
                ELSE format('ALTER TABLE %s DROP CONSTRAINT %I', i.indrelid::regclass, k.conname) END,
           CASE WHEN k.oid IS NULL THEN pg_catalog.pg_get_indexdef(i.indexrelid)
                ELSE format('ALTER TABLE %s ADD CONSTRAINT %I %s', i.indrelid::regclass, k.conname, pg_catalog.pg_get_constraintdef(k.oid)) END,
           ''
      FROM pg_catalog.pg_index i
      JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid
      LEFT JOIN pg_catalog.pg_constraint k ON k.conindid = i.indexrelid AND k.contype IN ('p', 'u', 'x')
     WHERE i.indrelid = $1::text::regclass AND i.indisvalid AND NOT i.indisclustered AND NOT i.indisreplident
       AND coalesce(k.contype, 'u') <> 'x' AND NOT coalesce(k.condeferrable, false)
       AND pg_catalog.obj_description(c.oid, 'pg_class') IS NULL AND pg_catalog.obj_description(k.oid, 'pg_constraint') IS NULL
       AND c.reltablespace = 0 AND NOT EXISTS (SELECT 1 FROM pg_catalog.pg_attribute a WHERE a.attrelid = c.oid AND a.attstattarget >= 0 AND a.attstattarget IS NOT NULL AND a.attstattarget <> -1)
       AND NOT EXISTS (SELECT 1 FROM pg_catalog.pg_constraint f WHERE f.contype = 'f' AND f.conindid = i.indexrelid AND f.conrelid <> f.confrelid)
    ORDER BY 1, 2";

/// Everything that the catalogue says of a table's constraints and indexes.
const DEFINITIONS: &str = "
    SELECT 'constraint ' || k.conname || ' ' || pg_catalog.pg_get_constraintdef(k.oid) || ' ' || k.convalidated FROM pg_catalog.pg_constraint k WHERE k.conrelid = $1::text::regclass
    UNION ALL
    SELECT 'index ' || pg_catalog.pg_get_indexdef(i.indexrelid) || ' ' || i.indisvalid FROM pg_catalog.pg_index i WHERE i.indrelid = $1::text::regclass
    ORDER BY 1";

pub(super) fn go(
    carrier: &mut PostgresCarrier<'_>,
    at: usize,
    before: Moved,
    begun: Instant,
    left: Sink<'_>,
) -> Result<Straight, SqlError> {
    let (plans, now) = (carrier.plans.clone(), carrier.now.clone());
    let plan = &plans[at];
    if !may(carrier, at, plan) {
        return Ok(Straight::Not(None));
    }
    let target = carrier.targets[at].clone();
    carrier.batch("SAVEPOINT manage_straight")?;
    let many = is_long(carrier, at)?;
    let whole = carrier.relations[at].part.is_all();
    // What a part takes away the next one needs.
    let (taken, slower) = match many && whole && target.ordinary && !carrier.rehearsed {
        true => take(carrier, &target.name)?,
        false => (Taken::default(), None),
    };
    let relaxed = many && !whole && writing::relax(carrier, plan)?;
    // What was told of rows counts only where they stay as they are.
    let mut told: Vec<Left> = Vec::new();
    let known = std::mem::take(&mut carrier.moves[at].left);
    let mut judge = Judge::new(plan, &now, &known);
    judge.moved = Moved { slower, ..before };
    let columns: Vec<_> = target.columns.iter().map(|column| column.name.clone()).collect();
    let watch = std::sync::Arc::clone(&carrier.watch);
    let pour = Pour {
        shape: Shape::Straight,
        into: format!("{} ({})", target.name, columns.join(", ")),
        wires: wires(&target),
        watch: carrier.watched.then_some(&*watch),
    };
    let tail = if plan.order.is_empty() { String::new() } else { order(plan, &carrier.relations[at]) };
    let mut tell = |row: Left| {
        // So many are kept; more go by the stage, which need not keep any.
        if told.len() < KEPT {
            told.push(row);
            return Ok(());
        }
        Err(too_many())
    };
    let poured = carrier.pour(at, &tail, &pour, &mut judge, &mut tell);
    let mut moved = judge.moved;
    carrier.moves[at].expected = judge.sum;
    carrier.moves[at].left = known;
    moved.probed = begun.elapsed();
    fault::point("transfer.probed");
    let building = Instant::now();
    let built = poured.and_then(|rows| {
        moved.inserted = rows;
        if !whole {
            return check_part(carrier, at, rows, relaxed);
        }
        taken.made.iter().try_for_each(|sql| carrier.batch(sql))?;
        if taken.made.is_empty() {
            return Ok(());
        }
        let now = definitions(carrier, &target.name)?;
        if now == taken.before {
            return Ok(());
        }
        let message = format!("the constraints of {} are not what they were: {now:?} instead of {:?}", target.name, taken.before);
        Err(SqlError::new(SqlErrorKind::Other, message))
    });
    match built {
        Ok(()) => {
            carrier.batch("RELEASE manage_straight")?;
            finish(carrier, at)?;
            told.into_iter().try_for_each(left)?;
            moved.copied = building.elapsed();
            Ok(Straight::In(moved))
        }
        Err(error) if is_objection(&error) => {
            carrier.batch("ROLLBACK TO manage_straight; RELEASE manage_straight")?;
            Ok(Straight::Not(Some(Slower::Objected)))
        }
        Err(error) => Err(error),
    }
}

/// So many rows that are left are kept until it is known whether the others stay.
pub(super) const KEPT: usize = 10_000;

/// What ends a try in which more rows are left than can be kept.
pub(super) fn too_many() -> SqlError {
    SqlError::new(SqlErrorKind::Constraint, "too many rows are bad")
}

/// Whether rows can go in as they come: none needs another row, and every duplicate breaks a constraint.
fn may(carrier: &PostgresCarrier<'_>, at: usize, plan: &TablePlan) -> bool {
    (carrier.relations[at].part.is_all() || carrier.span(at).is_some())
        && plan.new_key.is_none()
        && is_unique(plan)
        && plan.duplicates == Duplicates::Reject
        && plan.orphans == Orphans::Reject
        && !carrier.needs_target(at)
        && carrier.targets[at].columns.iter().all(|column| column.wire != Wire::Cast)
}

/// Whether rows are found by a unique key of the target.
pub(super) fn is_unique(plan: &TablePlan) -> bool {
    let mut matched = plan.matched.clone();
    matched.sort_unstable();
    plan.unique.iter().any(|key| {
        let mut key = key.clone();
        key.sort_unstable();
        key == matched
    })
}

/// Whether the source's table is so long that indexes are better made afterwards.
fn is_long(carrier: &mut PostgresCarrier<'_>, at: usize) -> Result<bool, SqlError> {
    let from = format!("(SELECT 1 FROM {} LIMIT {MANY}) AS s", carrier.relations[at].from);
    Ok(carrier.source.count(&from)? >= MANY)
}

/// Whether the rows of a part are those that its span finds, and none lacks its parent.
fn check_part(carrier: &mut PostgresCarrier<'_>, at: usize, rows: u64, relaxed: bool) -> Result<(), SqlError> {
    if relaxed {
        carrier.batch(writing::STRICT)?;
    }
    let found = carrier.count_of_span(at, 0)?;
    let objection = |what: &str| Err(SqlError::new(SqlErrorKind::Constraint, what));
    if found != rows {
        return objection("other rows lie among those of the part");
    }
    let (plans, target, spanned) = (carrier.plans.clone(), carrier.targets[at].clone(), carrier.spanned(at));
    for parent in plans[at].parents.iter().filter(|_| relaxed) {
        let name = carrier.named(&parent.table)?;
        let pairs = || parent.columns.iter().zip(&parent.key).map(|(at, key)| (&target.columns[*at].name, quoted(key)));
        let filled: Vec<_> = pairs().map(|(column, _)| format!("r.{column} IS NOT NULL")).collect();
        let equal: Vec<_> = pairs().map(|(column, key)| format!("p.{key} = r.{column}")).collect();
        let lonely = format!(
            "SELECT EXISTS (SELECT 1 FROM {spanned} AND {} AND NOT EXISTS (SELECT 1 FROM {name} AS p WHERE {}))::integer",
            filled.join(" AND "),
            equal.join(" AND ")
        );
        if carrier.number(&lonely)? != 0 {
            return objection("a row has no parent");
        }
    }
    Ok(())
}

/// What was taken away.
#[derive(Default)]
struct Taken {
    /// What the catalogue said before.
    before: Vec<String>,
    /// What makes it anew, in this order.
    made: Vec<String>,
}

fn take(carrier: &mut PostgresCarrier<'_>, name: &str) -> Result<(Taken, Option<Slower>), SqlError> {
    let mut taken = Taken { before: definitions(carrier, name)?, made: Vec::new() };
    if !attempt(carrier, &format!("LOCK TABLE {name} IN ACCESS EXCLUSIVE MODE NOWAIT"))? {
        return Ok((Taken::default(), Some(Slower::InUse)));
    }
    let referred = carrier.number(&format!(
        "SELECT count(*) FROM pg_catalog.pg_constraint f WHERE f.contype = 'f' AND f.confrelid = {}::regclass AND f.conrelid <> f.confrelid",
        escaped_text(name)
    ))?;
    let mut slower = (referred > 0).then_some(Slower::Needed);
    let found = carrier.postgres()?.query(TAKEN, &[name.into()])?;
    for row in found {
        let text = |at| row.text(at).unwrap_or_default().to_owned();
        // What a view needs stays; nobody is waited for, since others would wait behind us.
        if attempt(carrier, &format!("{}{}", text(4), text(2)))? {
            taken.made.push(text(3));
        } else {
            slower = Some(if text(4).is_empty() { Slower::Needed } else { Slower::InUse });
        }
    }
    // Keys before what needs them.
    taken.made.reverse();
    Ok((taken, slower))
}

/// Runs a statement that may be refused.
pub(super) fn attempt(carrier: &mut PostgresCarrier<'_>, sql: &str) -> Result<bool, SqlError> {
    carrier.batch("SAVEPOINT manage_attempt")?;
    match carrier.batch(sql) {
        Ok(()) => carrier.batch("RELEASE manage_attempt").map(|()| true),
        Err(error) if matches!(error.kind, SqlErrorKind::Connection | SqlErrorKind::Cancelled) => Err(error),
        Err(_) => carrier.batch("ROLLBACK TO manage_attempt; RELEASE manage_attempt").map(|()| false),
    }
}

fn definitions(carrier: &mut PostgresCarrier<'_>, name: &str) -> Result<Vec<String>, SqlError> {
    let rows = carrier.postgres()?.query(DEFINITIONS, &[name.into()])?;
    Ok(rows.iter().filter_map(|row| row.text(0).map(str::to_owned)).collect())
}
