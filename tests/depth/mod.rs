//! What goes beyond running: repairs, differences, patience, rehearsals, cheap commits.

mod commits;
mod difference;
mod looking;
mod patience;
mod rehearse;
mod repair;

use crate::support::*;

/// What the history holds.
fn history(project: &Project) -> Vec<String> {
    project.query("SELECT version FROM __diesel_schema_migrations ORDER BY version").concat()
}

/// A table of the ledger, with its schema.
fn ledger(project: &Project, table: &str) -> String {
    let schema = if project.backend() == Backend::Postgres { "manage" } else { "main" };
    format!("{schema}.{table}")
}
