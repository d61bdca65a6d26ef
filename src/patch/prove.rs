//! The database's own counters against the plan.

use std::collections::BTreeMap;

use super::error::PatchError;
use crate::backend::patching::{Counted, Target, Written};
use crate::project::scripts::Op;

/// Says whether what was written since is exactly `rows` of the target, and nothing else.
///
/// # Errors
/// When it is not: the whole run must be rolled back.
pub(super) fn only(written: &Written, target: &Target, op: Op, rows: u64) -> Result<(), PatchError> {
    let rows = i64::try_from(rows).unwrap_or(i64::MAX);
    let wanted = match op {
        Op::Update => Counted { updated: rows, ..Counted::default() },
        Op::Delete => Counted { deleted: rows, ..Counted::default() },
        Op::Insert => Counted { inserted: rows, ..Counted::default() },
    };
    let mut elsewhere = Vec::new();
    let mut found = Counted::default();
    for (table, counted) in &written.tables {
        if *table == target.counted {
            found = *counted;
        } else {
            elsewhere.push(format!("{table}: {counted}"));
        }
    }
    // A table without row numbers is counted only together with others of its kind.
    let uncounted = if target.uncounted { rows } else { 0 };
    if written.elsewhere != uncounted {
        elsewhere.push(format!("{} rows that the database does not say more about", written.elsewhere - uncounted));
    }
    if !written.storage.is_empty() {
        elsewhere.push("a table or trigger was made, emptied, altered or dropped".to_owned());
    }
    if !elsewhere.is_empty() {
        let mut error = PatchError::refused(
            format!("writing {} wrote elsewhere, too; all of it was rolled back", target.name),
            "a trigger or a cascade does it: look at them before anything else",
        )
        .started();
        error.details = elsewhere;
        return Err(error);
    }
    if found != wanted && !target.uncounted {
        let told = if found == Counted::default() { "none".to_owned() } else { found.to_string() };
        return Err(PatchError::refused(
            format!("the database counts other rows of {} than were planned; all of it was rolled back", target.name),
            "a trigger writes other rows of the same table: look at it before anything else",
        )
        .with(format!("planned: {wanted}"))
        .with(format!("counted: {told}"))
        .started());
    }
    Ok(())
}

/// Says whether planning has written nothing but the image.
///
/// # Errors
/// When the script's query, or a function that it calls, has written something.
pub(super) fn nothing_but(written: &Written, image: &str, rows: u64) -> Result<(), PatchError> {
    let rows = i64::try_from(rows).unwrap_or(i64::MAX);
    let own = |table: &str| image == table || image.strip_prefix("main.") == Some(table);
    let others =
        written.tables.iter().any(|(table, counted)| !own(table) || *counted != Counted { inserted: rows, ..Counted::default() });
    if others || written.elsewhere != 0 || !written.storage.is_empty() {
        return Err(PatchError::refused(
            "the script's query has written something while it was only to plan",
            "a query calls no function that writes",
        )
        .started());
    }
    Ok(())
}

/// Says whether all parts together have written what they say, and nothing else but the ledger was written.
///
/// # Errors
/// When something else was.
pub(super) fn in_all(written: &Written, parts: &[(&str, &str, u64)]) -> Result<(), PatchError> {
    let mut wanted: BTreeMap<&str, Counted> = BTreeMap::new();
    for (table, op, rows) in parts {
        let rows = i64::try_from(*rows).unwrap_or(i64::MAX);
        let counted = wanted.entry(table).or_default();
        match *op {
            "update" => counted.updated += rows,
            "delete" => counted.deleted += rows,
            _ => counted.inserted += rows,
        }
    }
    let ledger = |table: &str| table.starts_with("manage.") || table.starts_with("manage_");
    let details: Vec<String> = written
        .tables
        .iter()
        .filter(|(table, counted)| !ledger(table) && wanted.get(table.as_str()) != Some(*counted))
        .map(|(table, counted)| format!("{table}: {counted}"))
        .collect();
    if details.is_empty() && written.storage.is_empty() {
        return Ok(());
    }
    let mut error = PatchError::refused(
        "something else was written than the parts say; all of it was rolled back",
        "a trigger that is put off to the end does it: look at it before anything else",
    )
    .started();
    error.details = details;
    Err(error)
}
