//! Columns whose values are not shown: `[patches] masked` of manage.toml.

use crate::domain::value::Value;
use crate::patch::{Change, Done};

/// What stands for a value that is not shown.
pub const MASK: &str = "(masked)";

/// Whether a column's values are not shown.
pub fn is_masked(masked: &[String], table: &str, column: &str) -> bool {
    masked.iter().any(|name| name.rsplit_once('.').is_some_and(|(of, name)| of == table && name == column))
}

/// Takes the values of masked columns out of a plan: how many rows change stays.
pub fn mask(done: &mut Done, masked: &[String]) {
    for part in &mut done.parts {
        let mut kept: Vec<Change> = Vec::new();
        for change in std::mem::take(&mut part.changes) {
            if !is_masked(masked, &part.table, &change.column) {
                kept.push(change);
                continue;
            }
            match kept.iter_mut().find(|known| known.column == change.column) {
                Some(known) => known.rows += change.rows,
                None => kept.push(Change { before: Value::Text(MASK.to_owned()), after: Value::Text(MASK.to_owned()), ..change }),
            }
        }
        part.changes = kept;
    }
}
