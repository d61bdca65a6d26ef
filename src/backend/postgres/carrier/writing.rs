//! What is inserted and updated from the stage, and counts that are made anew.

use std::fmt::Write as _;

use super::PostgresCarrier;
use super::staging::{filled, matches};
use super::straight::attempt;
use super::target::{Target, canonical_or_null, literal, packed};
use super::wire::Wire;
use crate::backend::carrier::Moved;
use crate::backend::error::SqlError;
use crate::domain::schema::{escaped_text, quoted};
use crate::domain::transfer::{Cell, TablePlan, pack};

/// Which of the staged rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Which {
    /// Those that the target has not.
    New,
    /// Those that it has.
    There,
}

impl Which {
    /// How the stage calls them.
    pub(super) fn act(self) -> char {
        match self {
            Self::New => 'i',
            Self::There => 'u',
        }
    }
}

pub(super) fn write(carrier: &mut PostgresCarrier<'_>, at: usize, moved: &mut Moved) -> Result<(), SqlError> {
    moved.inserted = insert(carrier, at, moved)?;
    let present = carrier.count_of(&format!("SELECT count(*) FROM manage_stage_{at} WHERE act = 'u'"))?;
    if present > 0 {
        moved.updated = some(carrier, at, Which::There, "")?;
        moved.unchanged = present - moved.updated;
    }
    Ok(())
}

/// Inserts the staged rows that are new.
pub(super) fn insert(carrier: &mut PostgresCarrier<'_>, at: usize, moved: &Moved) -> Result<u64, SqlError> {
    let plan = &carrier.plans.clone()[at];
    let relaxed = moved.read >= MANY && relax(carrier, plan)?;
    let inserted = some(carrier, at, Which::New, "")?;
    if relaxed {
        carrier.batch(STRICT)?;
    }
    Ok(inserted)
}

/// Writes some of the staged rows; `only` says which, behind all other conditions on `st`. Returns how many were not right
/// before.
pub(super) fn some(carrier: &mut PostgresCarrier<'_>, at: usize, which: Which, only: &str) -> Result<u64, SqlError> {
    let (plan, target) = (&carrier.plans.clone()[at], carrier.targets[at].clone());
    match which {
        Which::New => insert_some(carrier, at, plan, &target, only),
        Which::There => update_some(carrier, at, plan, &target, only),
    }
}

fn insert_some(
    carrier: &mut PostgresCarrier<'_>,
    at: usize,
    plan: &TablePlan,
    target: &Target,
    only: &str,
) -> Result<u64, SqlError> {
    let mut columns: Vec<_> = target.columns.iter().map(|column| column.name.clone()).collect();
    let mut values: Vec<_> =
        target.columns.iter().enumerate().map(|(number, column)| column.as_staged(&format!("st.c{number}"))).collect();
    if let Some(new) = &plan.new_key {
        columns.push(quoted(&new.column));
        values.push("st.new".to_owned());
    }
    carrier.execute(&format!(
        "INSERT INTO {} ({}) OVERRIDING SYSTEM VALUE SELECT {} FROM manage_stage_{at} AS st WHERE st.act = 'i' {only} ORDER BY st.o",
        target.name,
        columns.join(", "),
        values.join(", ")
    ))
}

/// From so many rows on foreign keys are looked at for all rows at once.
const MANY: u64 = 10_000;

/// Lets triggers fire again.
pub(super) const STRICT: &str = "SET LOCAL session_replication_role = origin";

/// Whether the triggers of foreign keys rest while rows are inserted, which takes a superuser: orphans are looked for
/// at once, nobody else can take a parent away, and every key is looked at once more in the end.
pub(super) fn relax(carrier: &mut PostgresCarrier<'_>, plan: &TablePlan) -> Result<bool, SqlError> {
    if plan.triggers || plan.parents.is_empty() || carrier.rehearsed {
        return Ok(false);
    }
    let mut statements = vec!["SET LOCAL session_replication_role = replica".to_owned()];
    for parent in &plan.parents {
        statements.push(format!("LOCK TABLE {} IN SHARE ROW EXCLUSIVE MODE NOWAIT", carrier.named(&parent.table)?));
    }
    // What is refused takes all of it back.
    attempt(carrier, &statements.join("; "))
}

/// The columns that are brought up to date in a row that is there.
pub(super) fn updatable(plan: &TablePlan, target: &Target) -> Vec<usize> {
    plan.updatable().filter(|at| !target.columns[*at].always).collect()
}

/// Brings rows up to date that are there, and keeps what they were.
fn update_some(
    carrier: &mut PostgresCarrier<'_>,
    at: usize,
    plan: &TablePlan,
    target: &Target,
    only: &str,
) -> Result<u64, SqlError> {
    let columns = updatable(plan, target);
    if columns.is_empty() {
        return Ok(0);
    }
    let now = escaped_text(&carrier.now.text);
    let filled = filled(plan);
    let values: Vec<String> = columns
        .iter()
        .map(|number| {
            let (column, known) = (&plan.columns[*number], &target.columns[*number]);
            let there = format!("r.{}", known.name);
            let mut value = known.as_staged(&format!("st.c{number}"));
            // What would come from the clock stays as it is.
            if column.may_come_from_the_clock() {
                value = format!("CASE WHEN {value} = {now} THEN {there} ELSE {value} END");
            }
            if filled.contains(number) {
                value = format!("CASE WHEN st.f{number} THEN {there} ELSE {value} END");
            }
            if plan.null_overwrites { value } else { format!("coalesce({value}, {there})") }
        })
        .collect();
    let known: Vec<_> = columns.iter().map(|number| &target.columns[*number]).collect();
    let differ: Vec<_> = known
        .iter()
        .zip(&values)
        .map(|(column, value)| {
            format!("{} IS DISTINCT FROM {}", column.compared(&format!("r.{}", column.name)), column.compared(value))
        })
        .collect();
    let mut condition = format!("st.act = 'u' {only} AND {} AND ({})", matches(plan, target, "r", "st"), differ.join(" OR "));
    for (number, (name, _)) in plan.update_only_if.iter().enumerate() {
        let wire = carrier.wire_of(at, name)?;
        let held = canonical_or_null(wire, &format!("r.{}", quoted(name)));
        let _ = write!(condition, " AND {held} = st.u{number}");
    }
    let names = pack(&columns.iter().map(|number| Cell::text(&plan.columns[*number].to)).collect::<Vec<_>>());
    let olds = known.iter().map(|column| (column.wire, format!("r.{}", column.name)));
    let news = known.iter().zip(&values).map(|(column, value)| (column.wire, value.clone()));
    let set: Vec<_> = known.iter().zip(&values).map(|(column, value)| format!("{} = {value}", column.name)).collect();
    carrier.execute(&format!(
        "INSERT INTO manage_image SELECT {at}, {}, {}, {}, {} FROM manage_stage_{at} AS st JOIN {} AS r ON {condition}",
        target.packed_key("r"),
        escaped_text(&names),
        packed(olds),
        packed(news),
        target.name,
    ))?;
    carrier.execute(&format!("UPDATE {} AS r SET {} FROM manage_stage_{at} AS st WHERE {condition}", target.name, set.join(", ")))
}

/// Makes the counts of a table anew, of the rows that the transfer knows.
pub(super) fn recompute(carrier: &mut PostgresCarrier<'_>, at: usize) -> Result<u64, SqlError> {
    let (plan, target) = (&carrier.plans.clone()[at], carrier.targets[at].clone());
    if plan.after.is_empty() {
        return Ok(0);
    }
    let matches = matches(plan, &target, "r", "st");
    let known = |more: &str| format!("EXISTS (SELECT 1 FROM manage_stage_{at} AS st WHERE {matches}{more})");
    let (known, present) = match carrier.moves[at].staged {
        true => (known(""), known(" AND st.t IS NOT NULL")),
        // In parts nobody knows any more which rows were there; those that were not are removed by a rollback anyway.
        false => ("true".to_owned(), carrier.parts.to_string()),
    };
    let mut counts = Vec::new();
    for after in &plan.after {
        let name = carrier.named(&after.count)?;
        let on = after.on.iter().map(|(theirs, ours)| format!("c.{} = r.{}", quoted(theirs), quoted(ours)));
        let only = after
            .only
            .iter()
            .map(|(name, value)| format!("c.{} IS NOT DISTINCT FROM {}", quoted(name), literal(value, &carrier.now.text)));
        let conditions: Vec<_> = on.chain(only).collect();
        counts.push(format!("(SELECT count(*) FROM {name} AS c WHERE {})", conditions.join(" AND ")));
    }
    let columns: Vec<_> = plan.after.iter().map(|after| format!("r.{}", quoted(&after.column))).collect();
    let differ: Vec<_> = columns.iter().zip(&counts).map(|(name, count)| format!("{name} IS DISTINCT FROM {count}")).collect();
    let differ = differ.join(" OR ");
    let names = pack(&plan.after.iter().map(|after| Cell::text(&after.column)).collect::<Vec<_>>());
    let whole = |values: &[String]| packed(values.iter().map(|value| (Wire::Int8, value.clone())));
    let images = carrier.execute(&format!(
        "INSERT INTO manage_image SELECT {at}, {}, {}, {}, {} FROM {} AS r WHERE {present} AND ({differ})",
        target.packed_key("r"),
        escaped_text(&names),
        whole(&columns),
        whole(&counts),
        target.name,
    ))?;
    let set: Vec<_> =
        plan.after.iter().zip(&counts).map(|(after, count)| format!("{} = {count}", quoted(&after.column))).collect();
    carrier.execute(&format!("UPDATE {} AS r SET {} WHERE {known} AND ({differ})", target.name, set.join(", ")))?;
    Ok(images)
}
