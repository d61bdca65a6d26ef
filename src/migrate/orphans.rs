//! Rows that point nowhere: those that a migration made, told from those that were there before.

use std::collections::HashMap;

use crate::backend::{SqlError, SqlErrorKind, Violation};

/// An error where `after` has more than `before`.
pub(super) fn refuse_new(before: &[Violation], after: Vec<Violation>) -> Result<(), SqlError> {
    let mut known: HashMap<&str, usize> = HashMap::new();
    for violation in before {
        *known.entry(&violation.key).or_default() += 1;
    }
    let mut new = after;
    new.retain(|violation| match known.get_mut(violation.key.as_str()) {
        Some(count @ 1..) => {
            *count -= 1;
            false
        }
        _ => true,
    });
    if new.is_empty() {
        return Ok(());
    }
    let rows = if new.len() == 1 { "1 row violates".to_owned() } else { format!("{} rows violate", new.len()) };
    let mut error = SqlError::new(SqlErrorKind::Constraint, format!("{rows} a foreign key afterwards"));
    error.detail = Some(listed(&new));
    Err(error)
}

/// The first of them in words.
pub(super) fn listed(violations: &[Violation]) -> String {
    let shown: Vec<&str> = violations.iter().take(5).map(|violation| violation.words.as_str()).collect();
    match violations.len().saturating_sub(shown.len()) {
        0 => shown.join("; "),
        more => format!("{}; and {more} more", shown.join("; ")),
    }
}
