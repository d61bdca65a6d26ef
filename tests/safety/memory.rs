//! What a database says of its migrations: objects, history and log, laid side by side.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use crate::support::*;

/// Where the ledger's tables are.
pub fn ledger(project: &Project) -> &'static str {
    if project.backend() == Backend::Postgres { "manage" } else { "main" }
}

/// The tables there are, those of the tools too.
pub fn tables(project: &Project) -> Vec<String> {
    project
        .query(match project.backend() {
            Backend::Sqlite => "SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY 1",
            Backend::Postgres => "SELECT tablename FROM pg_tables WHERE schemaname IN ('public', 'manage') ORDER BY 1",
        })
        .concat()
}

/// The versions in the history.
pub fn history(project: &Project) -> Vec<String> {
    if !tables(project).contains(&"__diesel_schema_migrations".to_owned()) {
        return Vec::new();
    }
    project.query("SELECT version FROM __diesel_schema_migrations ORDER BY version").concat()
}

/// The versions that are applied by the log's word, in their order, and how often each was applied.
pub fn log(project: &Project) -> (Vec<String>, BTreeMap<String, usize>) {
    let (mut applied, mut count) = (BTreeMap::new(), BTreeMap::new());
    if tables(project).contains(&"manage_migration_log".to_owned()) {
        for row in project.query(&format!("SELECT version, action FROM {}.manage_migration_log ORDER BY id", ledger(project))) {
            match row[1].as_str() {
                "applied" | "faked" | "adopted" => {
                    *count.entry(row[0].clone()).or_default() += 1;
                    applied.insert(row[0].clone(), ());
                }
                "reverted" => drop(applied.remove(&row[0])),
                _ => {}
            }
        }
    }
    (applied.into_keys().collect(), count)
}

/// Waits until nobody else is connected: the server goes on for a moment after its client was killed.
#[track_caller]
pub fn until_alone(project: &Project) {
    if project.backend() == Backend::Sqlite {
        return;
    }
    let others = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() \
                  AND pid <> pg_backend_pid() AND backend_type = 'client backend'";
    let deadline = Instant::now() + Duration::from_secs(20);
    while project.value(others) != "0" {
        assert!(Instant::now() < deadline, "somebody stays connected");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// A migration whose object is there if and only if it is applied: version `n` makes the table `tn`.
#[track_caller]
pub fn nothing_is_half_recorded(project: &Project, context: &str) {
    until_alone(project);
    let recorded = history(project);
    let made: Vec<String> = tables(project)
        .iter()
        .filter_map(|table| table.strip_prefix('t'))
        .filter(|rest| rest.chars().all(|c| c.is_ascii_digit()))
        .map(str::to_owned)
        .collect();
    assert_eq!(recorded, made, "history and tables differ {context}");
    assert_eq!(recorded, log(project).0, "history and log differ {context}");
}
