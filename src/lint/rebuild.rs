//! SQLite: a table built anew, because ALTER TABLE cannot say it.
//!
//! <https://www.sqlite.org/lang_altertable.html#otheralter>

use super::reading::{Raw, Reading};
use crate::domain::sql::{self, Statement, What};

/// Rebuilds in the wrong order, and rebuilds that other clients would run with foreign keys on.
pub(super) fn rebuild(reading: &Reading<'_>, found: &mut Vec<Raw>) {
    let off = sql::directive(&reading.script.text, reading.script.engine, "foreign-keys-off").is_some()
        || reading.read.iter().any(|read| matches!(&read.statement, Statement::Pragma { name } if name == "foreign_keys"));
    let changes: Vec<_> = reading.changes().collect();
    for (number, (read, change)) in changes.iter().enumerate() {
        let What::RenameTable { from, to } = &change.what else { continue };
        let at = read.piece.start + change.at;
        let (before, after) = (&changes[..number], &changes[number + 1..]);
        if !read.new_here && after.iter().any(|(_, later)| is_made(&later.what, from)) {
            let dropped = after.iter().any(|(_, later)| is_dropped(&later.what, to));
            let end = if dropped { ", and are lost with it" } else { "" };
            found.push(Raw::at("rebuild", at, format!("foreign keys that point to {from} will point to {to}{end}")));
        } else if read.new_here && !off && before.iter().any(|(_, earlier)| is_dropped(&earlier.what, to)) {
            let message =
                format!("{to} is rebuilt with foreign keys on: manage switches them off by itself, other clients do not");
            found.push(Raw::at("rebuild", at, message).mild());
        }
    }
}

fn is_made(what: &What, name: &str) -> bool {
    match what {
        What::CreateTable { table, .. } => table == name,
        What::RenameTable { to, .. } => to == name,
        _ => false,
    }
}

fn is_dropped(what: &What, name: &str) -> bool {
    matches!(what, What::DropTable { table, .. } if table == name)
}
