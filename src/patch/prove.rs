//! The database's own counters against the plan.

use std::collections::{BTreeMap, BTreeSet};

use super::capture::{Seen, declaration};
use super::error::PatchError;
use crate::backend::patching::{Counted, Target, Written};
use crate::project::scripts::Op;

/// Says whether what was written since is exactly `rows` of the target, what was captured, and nothing else.
///
/// # Errors
/// When it is not: the whole run must be rolled back.
pub(super) fn only(written: &Written, target: &Target, op: Op, rows: u64, seen: &Seen) -> Result<(), PatchError> {
    let rows = i64::try_from(rows).unwrap_or(i64::MAX);
    let wanted = match op {
        Op::Update => Counted { updated: rows, ..Counted::default() },
        Op::Delete => Counted { deleted: rows, ..Counted::default() },
        Op::Insert => Counted { inserted: rows, ..Counted::default() },
    };
    let (mut elsewhere, mut undeclared) = (Vec::new(), Vec::new());
    let mut found = Counted::default();
    let none = Counted::default();
    let names: BTreeSet<&String> = written.tables.keys().chain(seen.tables.keys()).collect();
    for table in names {
        let counted = written.tables.get(table).copied().unwrap_or_default();
        let captured = seen.tables.get(table).copied().unwrap_or_default();
        if *table == target.counted {
            found = counted;
        } else if uncounted(seen, table, counted) || counted == captured {
        } else if seen.watches(table) {
            let told = |counted: Counted| if counted == none { "none".to_owned() } else { counted.to_string() };
            elsewhere.push(format!("{table}: {}, and captured: {}", told(counted), told(captured)));
        } else {
            elsewhere.push(format!("{table}: {counted}"));
            undeclared.extend(words(counted).map(|word| declaration(bare(table), &[], word)));
        }
    }
    // A table without row numbers is counted only together with others of its kind.
    let direct = if target.uncounted && !seen.watches(&target.counted) { rows } else { 0 };
    let more = written.elsewhere - direct - seen.uncounted;
    if more != 0 {
        elsewhere.push(format!("{more} rows that the database does not say more about"));
    }
    if !written.storage.is_empty() {
        elsewhere.push("a table or trigger was made, emptied, altered or dropped".to_owned());
        undeclared.clear();
    }
    if !elsewhere.is_empty() {
        let hint = match undeclared.as_slice() {
            [] => "a trigger or a cascade does it: look at them before anything else".to_owned(),
            several => format!(
                "a trigger or a cascade does it; if that is right, say so in the head of the script: {}",
                several.join(", ")
            ),
        };
        let mut error =
            PatchError::refused(format!("writing {} wrote elsewhere, too; all of it was rolled back", target.name), hint)
                .started();
        error.details = elsewhere;
        return Err(error);
    }
    let expected = match seen.watches(&target.counted) {
        true => seen.tables.get(&target.counted).copied().unwrap_or_default(),
        false => wanted,
    };
    let less = expected.inserted < wanted.inserted || expected.updated < wanted.updated || expected.deleted < wanted.deleted;
    if (found != expected && !target.uncounted) || less {
        let told = if found == none { "none".to_owned() } else { found.to_string() };
        let hint = match seen.watches(&target.counted) {
            true => "a trigger hides what it does: look at it before anything else".to_owned(),
            false => {
                let more = Counted {
                    inserted: found.inserted - wanted.inserted,
                    updated: found.updated - wanted.updated,
                    deleted: found.deleted - wanted.deleted,
                };
                let words: Vec<String> = words(more).map(|word| declaration(bare(&target.counted), &[], word)).collect();
                match words.as_slice() {
                    [] => "a trigger writes other rows of the same table: look at it before anything else".to_owned(),
                    several => format!(
                        "a trigger writes other rows of the same table; if that is right, say so in the head of the script: {}",
                        several.join(", ")
                    ),
                }
            }
        };
        return Err(PatchError::refused(
            format!("the database counts other rows of {} than were planned; all of it was rolled back", target.name),
            hint,
        )
        .with(format!("planned: {wanted}"))
        .with(format!("counted: {told}"))
        .started());
    }
    Ok(())
}

/// Whether the database does not count the rows of a table that is watched.
fn uncounted(seen: &Seen, table: &str, counted: Counted) -> bool {
    counted == Counted::default() && seen.is_uncounted(table)
}

/// What was done, in the words of a head.
fn words(counted: Counted) -> impl Iterator<Item = &'static str> {
    [(counted.inserted, "insert"), (counted.updated, "update"), (counted.deleted, "delete")]
        .into_iter()
        .filter_map(|(rows, word)| (rows > 0).then_some(word))
}

/// A table's name as a head has it.
fn bare(counted: &str) -> &str {
    counted.strip_prefix("public.").unwrap_or(counted)
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
pub(super) fn in_all(
    written: &Written,
    parts: &[(&str, &str, u64)],
    captured: &BTreeMap<String, Counted>,
) -> Result<(), PatchError> {
    let mut wanted: BTreeMap<&str, Counted> = captured.iter().map(|(table, counted)| (table.as_str(), *counted)).collect();
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
    let mut details: Vec<String> = written
        .tables
        .iter()
        .filter(|(table, counted)| !ledger(table) && wanted.get(table.as_str()) != Some(*counted))
        .map(|(table, counted)| format!("{table}: {counted}"))
        .collect();
    let missing = wanted
        .iter()
        .filter(|(table, counted)| !ledger(table) && **counted != Counted::default() && !written.tables.contains_key(**table));
    details.extend(missing.map(|(table, counted)| format!("{table}: not counted, and should be {counted}")));
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
