//! Every command and flag through the binary, on both databases.

mod bad_databases;
mod bad_migrations;
mod bad_projects;
mod choice;
mod database;
mod doctor;
mod habits;
mod help;
mod migrate;
mod new;
mod output;
mod passwords;
mod redo;
mod rollback;
mod sql_errors;
mod status;

use crate::support::*;

/// Two migrations that can be taken back.
pub const USERS: &str = "20260101000000_users";
const POSTS: &str = "20260102000000_posts";

pub fn with_two_migrations(project: Project) -> Project {
    project.migration(USERS, "CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT);\n", "DROP TABLE users;\n").migration(
        POSTS,
        "CREATE TABLE posts (id INTEGER PRIMARY KEY);\nCREATE INDEX posts_id ON posts (id);\n",
        "DROP TABLE posts;\n",
    )
}

/// The same, applied.
pub fn applied(project: Project) -> Project {
    let project = with_two_migrations(project);
    project.run("migrate").ok();
    project
}

/// Versions in a list of a command's facts.
fn versions(facts: &serde_json::Value, list: &str) -> Vec<String> {
    let list = facts[list].as_array().unwrap_or_else(|| panic!("there should be a list {list}: {facts}"));
    list.iter().map(|item| item["version"].as_str().expect("an item has a version").to_owned()).collect()
}

/// What the history holds.
fn history(project: &Project) -> Vec<String> {
    project.query("SELECT version FROM __diesel_schema_migrations ORDER BY version").concat()
}

/// Runs a command that must fail with this exit code and leave schema, rows and history as they are.
#[track_caller]
pub fn refused(project: &Project, code: i32, arguments: &str) -> Outcome {
    let before = project.everything();
    let outcome = project.run(arguments);
    outcome.fails_with(code);
    assert_eq!(before, project.everything(), "it should have changed nothing\n{outcome}");
    outcome
}

/// Writes a marker into the ledger, bound to this database.
pub fn mark(project: &Project, name: &str, protected: bool) {
    let binding = match project.backend() {
        Backend::Sqlite => {
            use std::os::unix::fs::MetadataExt;
            let file = project.path("manage.db").canonicalize().expect("the file is there");
            let inode = file.metadata().expect("the file is there").ino();
            format!(
                "'path={}' || char(10) || 'inode={inode}' || char(10) || (SELECT 'uuid=' || uuid || char(10) FROM manage_database)",
                file.display()
            )
        }
        Backend::Postgres => "(SELECT 'system identifier=' || system_identifier || chr(10) FROM pg_control_system()) || \
             (SELECT 'database oid=' || oid || chr(10) || 'database name=' || datname || chr(10) FROM pg_database \
              WHERE datname = current_database())"
            .to_owned(),
    };
    let (table, protected) = match project.backend() {
        Backend::Sqlite => ("manage_marker", i32::from(protected).to_string()),
        Backend::Postgres => ("manage.manage_marker", protected.to_string()),
    };
    project.execute(&format!(
        "DELETE FROM {table}; INSERT INTO {table} (only_row, name, protected, binding) VALUES (1, '{name}', {protected}, {binding})"
    ));
}

/// Takes the marker away.
pub fn unmark(project: &Project) {
    let table = if project.backend() == Backend::Sqlite { "manage_marker" } else { "manage.manage_marker" };
    project.execute(&format!("DELETE FROM {table}"));
}

/// The name that a person has to type for the project's database.
pub fn database_name(project: &Project) -> String {
    match project.backend() {
        Backend::Sqlite => "manage.db".to_owned(),
        Backend::Postgres => project.value("SELECT current_database()"),
    }
}
