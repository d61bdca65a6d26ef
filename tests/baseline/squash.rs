//! `manage baseline squash`.

use super::{history, refinerys_history};
use crate::support::*;

/// The folder of the baseline.
fn baseline(project: &Project) -> String {
    let found = project.list("migrations").into_iter().find(|name| name.ends_with("_baseline"));
    found.expect("there is a baseline")
}

each_backend! {
    fn all_migrations_become_one(project: Project) {
        let project = history(project);
        project.run("migrate").ok();
        let before = project.everything();

        let outcome = project.run("baseline squash");

        outcome.ok().says("in place of 3 migrations").says("up, down, up leaves no trace");
        outcome.says("not in it: 2 rows that migrations put into plans; --with-data plans takes them in");
        outcome.snapshot("baseline_squash");
        assert_eq!(before, project.everything(), "the live database is only read");
        assert_eq!(project.list("migrations"), [baseline(&project), "archive".to_owned()]);
        assert_eq!(project.list("migrations/archive"), ["20250101000000_users", "20250102000000_plans", "20250103000000_posts"]);
        let down = project.read(&format!("migrations/{}/down.sql", baseline(&project)));
        let at = |words: &str| down.find(words).unwrap_or_else(|| panic!("{words} is missing in {down}"));
        assert!(at("DROP VIEW") < at("\"posts\"") && at("\"posts\"") < at("\"users\"") && at("\"posts\"") < at("\"plans\""));
    }

    fn it_makes_the_same_schema_with_the_rows_that_are_asked_for(project: Project) {
        let project = history(project);
        project.run("migrate").ok();
        let (schema, rows) = (project.schema(), project.dump());
        project.run("rollback --all --yes").ok();
        assert_ne!(schema, project.schema());

        project.run("baseline squash --with-data plans --name fresh_start").ok().says("with 2 rows of plans").does_not_say("not in it");
        project.run("migrate").ok().says("fresh_start");

        assert_eq!(schema, project.schema());
        assert_eq!(rows, project.dump());
    }

    fn drift_is_refused_and_listed(project: Project) {
        let project = history(project);
        project.run("migrate").ok();
        project.execute("CREATE TABLE extra (id INTEGER PRIMARY KEY); DROP INDEX posts_user");

        let outcome = project.run("baseline squash");

        outcome.fails_with(5).says("+ table extra only in the live database").says("- index posts_user only in the migrations");
        assert_eq!(project.list("migrations").len(), 3, "nothing is moved");
        assert!(!project.has("migrations/archive"));
    }

    fn a_database_that_is_behind_is_refused(project: Project) {
        let project = history(project);
        project.run("migrate --steps 1").ok();

        project.run("baseline squash").fails_with(5).says("2 pending migrations");

        assert!(!project.has("migrations/archive"));
    }

    fn refinerys_layout_gets_a_file_without_a_way_back(project: Project) {
        let project = refinerys_history(project);
        project.run("migrate").ok();
        let schema = project.schema();

        project.run("baseline squash").ok().says("migrations/V3__baseline.sql");

        assert_eq!(project.list("migrations"), ["V3__baseline.sql", "archive"]);
        // refinery looks into folders, too.
        assert_eq!(project.list("migrations/archive"), ["V1__users.sql.archived", "V2__posts.sql.archived"]);
        project.run("migrate").ok().says("only recorded");
        assert_eq!(schema, project.schema());
        assert_eq!(project.value("SELECT version FROM refinery_schema_history"), "3", "refinery refuses versions without a file");
        project.run("status --check").ok().says("up to date");
    }

    fn a_second_baseline_replaces_the_first(project: Project) {
        let project = history(project);
        project.run("migrate").ok();
        project.run("baseline squash").ok();
        project.run("migrate").ok();
        let project = project.migration("20991231000000_tags", "CREATE TABLE tags (id INTEGER PRIMARY KEY NOT NULL);", "DROP TABLE tags;");
        project.run("migrate").ok();
        let schema = project.schema();

        project.run("baseline squash --name second").ok().says("in place of 2 migrations");

        project.run("migrate").ok().says("only recorded");
        project.run("status --check").ok();
        assert_eq!(schema, project.schema());
        assert_eq!(project.list("migrations/archive").len(), 5);
    }

    fn there_must_be_migrations(project: Project) {
        project.run("baseline squash").fails_with(2).says("there are no migrations to squash");
    }
}

#[test]
fn one_for_each_database() {
    let project = history(Project::on(Backend::Postgres)).file(
        "migrations/20250101000000_users/up.sqlite.sql",
        "CREATE TABLE users (id INTEGER PRIMARY KEY NOT NULL, email TEXT NOT NULL DEFAULT 'x');",
    );
    project.run("migrate").ok();
    let schema = project.schema();

    project.run("baseline squash").fails_with(2).says("these migrations run on SQLite, too").says("--also URL");
    project.run("baseline squash --also sqlite:other.db").ok().says("proved on SQLite").says("proved on PostgreSQL");

    let folder = format!("migrations/{}", baseline(&project));
    assert_eq!(project.list(&folder), ["down.postgres.sql", "down.sqlite.sql", "up.postgres.sql", "up.sqlite.sql"]);
    project.run("migrate").ok().says("only recorded");
    assert_eq!(schema, project.schema());
    project.run("migrate --database sqlite:other.db").ok().says("1 migration applied");
}
