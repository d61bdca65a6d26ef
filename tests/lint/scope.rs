//! Which migrations are looked at.

use super::{LATER, USERS, found, with_pending};
use crate::support::*;

each_backend! {
    fn what_is_applied_is_not_looked_at_unless_asked(project: Project) {
        let project = with_pending(project, "DELETE FROM users;\n", "SELECT 1;\n");
        project.run("migrate").ok();

        project.run("lint").ok().snapshot("lint_nothing_pending");
        assert_eq!(found(project.run("lint --all --json").exits_with(1)), ["destructive"]);
        assert_eq!(found(project.run("lint --since 20260101000000 --json").exits_with(1)), ["destructive"]);
        assert!(found(project.run(&format!("lint --since {LATER} --json")).ok()).is_empty());
    }

    fn an_unknown_version_is_an_error(project: Project) {
        let project = with_pending(project, "SELECT 1;\n", "SELECT 1;\n");

        project.run("lint --since 2027").fails_with(2).says("there is no migration `2027`");
        project.run("lint --since 2027 --all").fails_with(2);
    }
}

#[test]
fn without_a_database_all_migrations_count_as_pending() {
    let project = Project::new().migration(USERS, "CREATE TABLE users (id BIGINT);\n", "DROP TABLE users;\n").migration(
        LATER,
        "DELETE FROM users;\n",
        "SELECT 1;\n",
    );

    project.run("lint").exits_with(1).snapshot("lint_no_database");

    assert!(!project.has("manage.db"));
}

#[test]
fn a_server_that_is_not_there_is_a_warning() {
    let project = Project::new().migration(USERS, "CREATE TABLE users (id BIGINT);\n", "DROP TABLE users;\n");

    let outcome = project.run("lint --database postgres://127.0.0.1:1/none");

    outcome.ok().says("the database is not reached, so all migrations count as pending").says("1 migration looked at");
    project.run("lint --all --database postgres://127.0.0.1:1/none").ok().does_not_say("not reached");
}
