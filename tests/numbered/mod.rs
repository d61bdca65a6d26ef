//! The numbered layout: `NNN_name.sql`, with the version in a settings table.

mod adopt;
mod conditions;
mod files;
mod generator;
mod run;
mod safety;
mod settings;

use crate::support::*;

/// A file with both parts.
pub fn file(project: Project, name: &str, up: &str, down: &str) -> Project {
    project.file(&format!("migrations/{name}.sql"), &format!("-- up\n{up}\n\n-- down\n{down}\n"))
}

/// Three migrations of a bot.
pub fn bot(project: Project) -> Project {
    let project = file(
        project,
        "001_initial",
        "CREATE TABLE IF NOT EXISTS chat_users (chat_id INTEGER, user_id INTEGER, PRIMARY KEY (chat_id, user_id));",
        "DROP TABLE IF EXISTS chat_users;",
    );
    let project = file(
        project,
        "002_add_is_spammer",
        "ALTER TABLE chat_users ADD COLUMN is_spammer BOOLEAN NOT NULL DEFAULT FALSE;",
        "ALTER TABLE chat_users DROP COLUMN is_spammer;",
    );
    file(
        project,
        "003_add_cache",
        "CREATE TABLE IF NOT EXISTS cache (key TEXT PRIMARY KEY, value TEXT);",
        "DROP TABLE IF EXISTS cache;",
    )
}

/// The value of a key of the settings table.
pub fn setting(project: &Project, key: &str) -> String {
    project.value(&format!("SELECT value FROM settings WHERE key = '{key}'"))
}

/// The version that the settings table has.
pub fn version(project: &Project) -> String {
    setting(project, "db_migration_version")
}

/// The settings table as Gromozeka makes it, with a key of its own and the dashed keys.
pub fn old_settings(project: &Project, version: &str) {
    project.execute(&format!(
        "CREATE TABLE settings (key TEXT PRIMARY KEY, value TEXT, created_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP, \
         updated_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP);\
         INSERT INTO settings (key, value) VALUES ('greeting', 'hello'), ('db-migration-version', '{version}'), \
         ('db-migration-last-run', '2025-10-24T10:00:00');"
    ));
}

/// Runs a command that must fail with this exit code and change nothing.
#[track_caller]
pub fn refused(project: &Project, code: i32, arguments: &str) -> Outcome {
    let before = project.everything();
    let outcome = project.run(arguments);
    outcome.fails_with(code);
    assert_eq!(before, project.everything(), "it should have changed nothing\n{outcome}");
    outcome
}
