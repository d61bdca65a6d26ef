//! Rules that look at a file as a whole.

use super::reading::{Raw, Read, Reading, Way};
use crate::domain::engine::Engine;
use crate::domain::sql::{Statement, What};
use crate::project::Migration;
use crate::project::migrations::Kind;

/// A migration without a way back.
pub(super) fn no_way_back(migration: &Migration) -> Option<Raw> {
    migration.down.is_none().then(|| Raw::file("no-way-back", "this migration has no way back"))
}

/// A way back that takes nothing back.
pub(super) fn empty_way_back(reading: &Reading<'_>, found: &mut Vec<Raw>) {
    if reading.way == Way::Down && reading.read.is_empty() && reading.migration.kind == Kind::Schema {
        found.push(Raw::file("no-way-back", "the way back has comments only: it takes nothing back"));
    }
}

/// Schema and rows in one file.
pub(super) fn mixed(reading: &Reading<'_>, found: &mut Vec<Raw>) {
    let schema = reading.changes().find(|(_, change)| is_schema(&change.what));
    let rows = reading.changes().find(|(read, change)| change.what.is_data() && !read.new_here);
    let is_data = reading.migration.kind == Kind::Data;
    match (schema, rows) {
        (Some((read, change)), _) if is_data => {
            let message = "kind = \"data\" in metadata.toml, but this changes the schema";
            found.push(Raw::at("mixed", read.piece.start + change.at, message));
        }
        (Some((schema, _)), Some((rows, change))) => {
            let message = format!("rows are changed in a file that changes the schema (line {})", schema.piece.line);
            found.push(Raw::at("mixed", rows.piece.start + change.at, message));
        }
        _ => {}
    }
}

fn is_schema(what: &What) -> bool {
    !what.is_data() && !matches!(what, What::CreateTable { temporary: true, .. })
}

/// CREATE without IF NOT EXISTS, DROP without IF EXISTS: one finding a file.
pub(super) fn if_exists(reading: &Reading<'_>, found: &mut Vec<Raw>) {
    let strict: Vec<_> = reading.changes().filter(|(read, change)| is_strict(reading, read, &change.what)).collect();
    let Some((first, _)) = strict.first() else { return };
    let phrase = match &first.changes[0].what {
        What::DropTable { .. } | What::DropIndex { .. } | What::DropOther { .. } => "DROP without IF EXISTS",
        _ => "CREATE without IF NOT EXISTS",
    };
    let others = match strict.len() - 1 {
        0 => String::new(),
        more => format!(", and {more} more in this file"),
    };
    found.push(Raw::at("if-exists", first.piece.start, format!("{phrase}{others}")));
}

fn is_strict(reading: &Reading<'_>, read: &Read, what: &What) -> bool {
    // IF NOT EXISTS would take an INVALID index for a good one; the runner looks at it.
    if matches!(read.statement, Statement::OutsideTransaction { .. }) {
        return false;
    }
    let kinds: &[&str] = match reading.script.engine {
        Engine::Sqlite => &["VIEW", "TRIGGER"],
        Engine::Postgres => &["SEQUENCE", "SCHEMA", "EXTENSION"],
    };
    match what {
        What::CreateTable { lenient, temporary, .. } => !lenient && !temporary,
        What::CreateIndex { lenient, .. } => !lenient,
        // What this file has made is there.
        What::DropTable { lenient, .. } | What::DropIndex { lenient, .. } => !lenient && !read.new_here,
        What::CreateOther { kind, lenient, .. } => !lenient && kinds.contains(kind),
        What::DropOther { lenient, .. } => !lenient,
        _ => false,
    }
}
