//! From an old database to a new one, through the binary: SQLite to SQLite, and `postgres_…` from both to PostgreSQL.

mod bad_calls;
mod canonical;
mod commands;
mod example;
mod kills;
mod poisoned;
mod postgres_bad_calls;
mod postgres_canonical;
mod postgres_commands;
mod postgres_kills;
mod postgres_lookups;
mod postgres_objections;
mod postgres_pair;
mod postgres_parts;
mod postgres_poisoned;
mod postgres_readers;
mod postgres_rollback;
mod postgres_rules;
mod postgres_sequences;
mod postgres_straight;
mod postgres_tables;
mod postgres_values;
mod rollback;
mod rules;
mod tux;

use crate::support::*;

/// Runs statements on another file of the project, which is made where it is missing.
#[track_caller]
pub fn on(project: &Project, file: &str, sql: &str) {
    let connection = rusqlite::Connection::open(project.path(file)).expect("SQLite opens the file");
    connection.execute_batch(sql).unwrap_or_else(|error| panic!("{file}: {sql}: {error}"));
}

/// The bytes of a file.
pub fn bytes(project: &Project, file: &str) -> Vec<u8> {
    std::fs::read(project.path(file)).unwrap_or_else(|error| panic!("{file}: {error}"))
}

/// One old table of two rows, its new table in the project's database, and the mapping.
pub fn little(project: Project) -> Project {
    on(
        &project,
        "old.db",
        "CREATE TABLE guest (id INTEGER PRIMARY KEY, label TEXT); INSERT INTO guest VALUES (1, 'ann'), (2, 'bob');",
    );
    project.execute("CREATE TABLE guests (id INTEGER PRIMARY KEY, name TEXT NOT NULL)");
    project.file("transfer.toml", "version = 1\n[[table]]\nfrom = \"guest\"\nto = \"guests\"\nrename = { label = \"name\" }\n")
}

/// A project with these old and new tables, and this mapping after its first line.
pub fn pair(old: &str, new: &str, mapping: &str) -> Project {
    let project = Project::new();
    on(&project, "old.db", old);
    project.execute(new);
    project.file("transfer.toml", &format!("version = 1\n[source]\nurl = \"old.db\"\n{mapping}"))
}

/// What a transfer says of one table.
pub fn table<'a>(facts: &'a serde_json::Value, name: &str) -> &'a serde_json::Value {
    let tables = facts["tables"].as_array().unwrap_or_else(|| panic!("there are no tables in {facts}"));
    tables.iter().find(|table| table["table"] == name).unwrap_or_else(|| panic!("{name} is not among {tables:?}"))
}

/// For every table: read is the sum of all that became of the rows.
#[track_caller]
pub fn adds_up(facts: &serde_json::Value) {
    for table in facts["tables"].as_array().expect("there are tables") {
        let count = |name: &str| table[name].as_u64().unwrap_or_else(|| panic!("{name} is missing in {table}"));
        assert_eq!(count("read"), count("written") + count("unchanged") + count("rejected") + count("skipped"), "{table}");
    }
}
