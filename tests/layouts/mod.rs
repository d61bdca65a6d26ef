//! Layouts of migrations other than diesel's own, and taking over what another tool has begun.

mod adopt;
mod alternate;
mod init;
mod refinery;

use crate::support::*;

/// Adds a file of refinery's.
fn file(project: Project, name: &str, sql: &str) -> Project {
    project.file(&format!("migrations/{name}.sql"), sql)
}

/// Three files of refinery's, whose numbers have another order than their texts.
fn refinery_project(project: Project) -> Project {
    let project = file(project, "V1__users", "CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT);\n");
    let project =
        file(project, "V2__posts", "CREATE TABLE posts (id INTEGER PRIMARY KEY);\nCREATE INDEX posts_id ON posts (id);\n");
    file(project, "V10__titles", "ALTER TABLE posts ADD COLUMN title TEXT;\n")
}

/// Version, name and checksum of refinery's rows.
fn rows(project: &Project) -> Vec<Vec<String>> {
    project.query("SELECT version, name, checksum FROM refinery_schema_history ORDER BY version")
}

/// The versions in refinery's history.
fn versions(project: &Project) -> Vec<String> {
    rows(project).into_iter().map(|row| row[0].clone()).collect()
}

/// The actions in the log.
fn actions(project: &Project) -> Vec<String> {
    let schema = if project.backend() == Backend::Postgres { "manage." } else { "" };
    project.query(&format!("SELECT action FROM {schema}manage_migration_log ORDER BY id")).concat()
}
