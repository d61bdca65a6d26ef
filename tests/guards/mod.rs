//! What may be done where: the table cell by cell, the marker, and the ways to hit the wrong database.

mod lowering;
mod marker;
mod table;
mod thirty;

use crate::commands::{USERS, applied, database_name, mark, refused, unmark, with_two_migrations};
use crate::support::*;

/// The ledger's table of this name.
fn ledger(project: &Project, table: &str) -> String {
    if project.backend() == Backend::Sqlite { table.to_owned() } else { format!("manage.{table}") }
}

/// The name and the protection that the marker has, `none` without one.
fn marker_of(project: &Project) -> String {
    let sql =
        format!("SELECT name || CASE WHEN protected THEN ', protected' ELSE '' END FROM {}", ledger(project, "manage_marker"));
    project.query(&sql).concat().pop().unwrap_or_else(|| "none".to_owned())
}
