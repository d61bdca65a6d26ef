//! What is found, and how it is shown.

use super::{LATER, USERS, found, with_pending};
use crate::support::*;

each_backend! {
    fn what_loses_rows_is_an_error_with_its_place(project: Project) {
        let project = with_pending(project, "-- they go\nDROP TABLE users;\n", "CREATE TABLE users (id BIGINT PRIMARY KEY);\n");
        let before = project.everything();

        project.run("lint").exits_with(1).snapshot("lint_destructive");

        assert_eq!(before, project.everything());
    }

    fn facts_say_the_same(project: Project) {
        let project = with_pending(project, "DELETE FROM users;\n", "");

        let outcome = project.run("lint --json");

        let facts = outcome.exits_with(1).json();
        assert_eq!(found(&outcome), ["no-way-back", "destructive"]);
        assert_eq!(facts["counts"], serde_json::json!({ "error": 1, "warning": 1, "hint": 0 }));
        assert_eq!(facts["looked_at"], 1);
        let finding = &facts["findings"][1];
        assert_eq!(finding["file"], format!("migrations/{LATER}/up.sql"));
        assert_eq!((&finding["line"], &finding["column"]), (&1.into(), &1.into()));
        assert!(finding["help"].as_str().is_some_and(|help| help.contains("allow destructive")));
    }

    fn warnings_alone_are_no_failure_unless_strict(project: Project) {
        let project = with_pending(project, "SELECT 1;\n", "-- nothing\n");

        assert_eq!(found(project.run("lint --json").ok()), ["no-way-back"]);
        project.run("lint --strict").exits_with(1).snapshot("lint_strict");
    }

    fn hints_are_counted_and_shown_with_v(project: Project) {
        let project = with_pending(project, "ALTER TABLE users RENAME COLUMN name TO full_name;\n", "ALTER TABLE users RENAME COLUMN full_name TO name;\n");

        project.run("lint").ok().says("1 hint (-v shows them)").does_not_say("rename-in-use");
        project.run("lint -v").ok().snapshot("lint_hints");
    }

    fn a_clean_migration_is_clean(project: Project) {
        let project = with_pending(project, "ALTER TABLE users ADD COLUMN age BIGINT;\n", "ALTER TABLE users DROP COLUMN age;\n");

        project.run("lint").ok().snapshot("lint_clean");
        project.run("check -q").ok().says("nothing found");
    }

    fn every_file_that_cannot_run_is_found_at_once(project: Project) {
        let project = with_pending(project, "BEGIN;\nSELECT 1;\nCOMMIT;\n", "SELECT 'open;\n");
        let project = project.migration("20260103000000_template", "-- manage: unedited\n", "VACUUM;\n");

        let outcome = project.run("lint --json");

        assert_eq!(found(outcome.exits_with(1)), ["own-transaction", "own-transaction", "cannot-run", "template", "not-alone"]);
    }

    fn settings_turn_rules_off(project: Project) {
        let project = with_pending(project, "DELETE FROM users;\n", "");
        let settings = project.read("manage.toml");

        project.write("manage.toml", &format!("{settings}[lint]\noff = [\"no-way-back\"]\nwarn = [\"destructive\"]\n"));
        assert_eq!(found(project.run("lint --json").ok()), ["destructive"]);

        project.write("manage.toml", &format!("{settings}[lint]\noff = [\"no-way\"]\n"));
        project.run("lint").fails_with(2).snapshot("lint_unknown_rule");
    }
}

#[test]
fn squawks_findings_have_our_words_and_the_safe_way() {
    let up = "CREATE INDEX users_name ON users (name);\nALTER TABLE users ALTER COLUMN name SET NOT NULL;\nCREATE INDEX users_id ON users (id);\n";
    let project = with_pending(Project::on(Backend::Postgres), up, "SELECT 1;\n");

    project.run("lint").exits_with(1).snapshot("lint_squawk");

    // The advice is followed.
    project.remove(&format!("migrations/{LATER}"));
    let project = project.no_transaction(
        LATER,
        "CREATE INDEX CONCURRENTLY users_name ON users (name);\n",
        "DROP INDEX CONCURRENTLY users_name;\n",
    );
    assert!(found(project.run("lint --json").ok()).is_empty());
}

#[test]
fn a_column_that_sqlite_adds_to_an_empty_table_only_is_found() {
    let project = with_pending(
        Project::new(),
        "ALTER TABLE users ADD COLUMN age BIGINT NOT NULL;\n",
        "ALTER TABLE users DROP COLUMN age;\n",
    );

    project.run("lint").exits_with(1).snapshot("lint_sqlite_add_column");
    project.edit(&format!("migrations/{LATER}/up.sql"), |up| up.replace("NOT NULL", "NOT NULL DEFAULT 0"));
    project.run("lint").ok();
}

#[test]
fn a_word_of_one_database_in_a_file_for_both_is_a_hint() {
    let project = Project::new()
        .migration(USERS, "CREATE TABLE users (id INTEGER PRIMARY KEY AUTOINCREMENT);\n", "DROP TABLE users;\n")
        .migration(LATER, "SELECT 1;\n", "SELECT 1;\n");
    project.run("lint -v").ok().does_not_say("database-specific");

    let project = project.file(&format!("migrations/{LATER}/up.postgres.sql"), "SELECT 2;\n");

    project.run("lint -v").ok().says("AUTOINCREMENT is SQLite's, and both databases run this file (database-specific)");
}
