//! `manage lint --roundtrip`

use super::{LATER, USERS, with_pending};
use crate::support::*;

/// The scratch databases that are left, and the files in the temporary folder.
fn left(project: &Project) -> Vec<String> {
    let mut left = project.list("tmp");
    if project.backend() == Backend::Postgres {
        // Other tests make their own; one of ours carries the process that made it, which is gone.
        let rows = project.query("SELECT datname::text FROM pg_database WHERE datname LIKE 'manage\\_scratch%'");
        left.extend(rows.concat().into_iter().filter(|name| !is_running(name)));
    }
    left
}

fn is_running(scratch: &str) -> bool {
    let pid = scratch.trim_start_matches("manage_scratch_").split('_').next().unwrap_or_default();
    std::path::Path::new("/proc").join(pid).exists()
}

fn run(project: &Project, arguments: &str) -> Outcome {
    std::fs::create_dir_all(project.path("tmp")).expect("the folder is ours");
    let outcome = project.command(arguments).env("TMPDIR", project.path("tmp")).run();
    assert_eq!(left(project), [""; 0], "something is left\n{outcome}");
    outcome
}

each_backend! {
    fn what_comes_back_as_it_was_is_fine_and_nothing_is_left(project: Project) {
        let project = with_pending(project, "CREATE TABLE t (a BIGINT, b TEXT DEFAULT 'x' CHECK (b <> ''));\n", "DROP TABLE t;\n")
            .one_way_migration("20260103000000_one_way", "-- manage: allow no-way-back a note\nSELECT 1;\n");
        let before = project.everything();

        run(&project, "lint --roundtrip").ok().snapshot("lint_roundtrip");

        assert_eq!(before, project.everything());
    }

    fn what_a_way_back_forgets_is_found(project: Project) {
        let up = "CREATE TABLE t (a BIGINT);\nCREATE INDEX users_name ON users (name);\n";
        let project = with_pending(project, up, "DROP TABLE t;\n")
            .migration("20260103000000_next", "CREATE TABLE n (a BIGINT);\n", "DROP TABLE n;\n");

        // The second up.sql meets the index that is still there.
        run(&project, "lint --since 20260101000000 --roundtrip").exits_with(1).snapshot("lint_roundtrip_forgets");
    }

    fn a_check_that_does_not_come_back_is_found(project: Project) {
        let project = project.migration(USERS, "CREATE TABLE u (a BIGINT, b BIGINT CHECK (b > 0));\n", "DROP TABLE u;\n").migration(
            LATER,
            "-- manage: allow destructive a trial\nALTER TABLE u DROP COLUMN b;\n",
            "ALTER TABLE u ADD COLUMN b BIGINT;\n",
        );

        let facts = run(&project, "lint --roundtrip --json").exits_with(1).json();

        assert_eq!((&facts["roundtrip"][0]["status"], &facts["roundtrip"][1]["status"]), (&"same".into(), &"differs".into()));
        let message = facts["findings"].as_array().and_then(|all| all.iter().find(|finding| finding["rule"] == "roundtrip")).expect("found");
        assert!(message["message"].as_str().is_some_and(|text| text.contains("does not bring back") && text.contains("lost:")), "{message}");
    }

    fn another_order_of_columns_is_a_hint(project: Project) {
        let project = project.migration(USERS, "CREATE TABLE u (a BIGINT, b BIGINT);\n", "DROP TABLE u;\n").migration(
            LATER,
            "-- manage: allow destructive a trial\nALTER TABLE u DROP COLUMN a;\n",
            "ALTER TABLE u ADD COLUMN a BIGINT;\n",
        );

        run(&project, "lint --roundtrip -v").ok().says("brings the columns back in another order").says("a, b became b, a");
    }

    fn a_way_back_that_fails_is_found_with_its_place(project: Project) {
        let project = with_pending(project, "CREATE TABLE t (a BIGINT);\n", "DROP TABLE t;\nDROP TABLE nonsense;\n")
            .migration("20260103000000_next", "CREATE TABLE n (a BIGINT);\n", "DROP TABLE n;\n");

        run(&project, "lint --roundtrip").exits_with(1).snapshot("lint_roundtrip_fails");
    }

    fn what_comes_after_a_way_forward_that_fails_is_not_tried(project: Project) {
        let project = with_pending(project, "SELECT nonsense;\n", "SELECT 1;\n")
            .migration("20260103000000_next", "CREATE TABLE n (a BIGINT);\n", "DROP TABLE n;\n");

        let facts = run(&project, "lint --roundtrip --json").exits_with(1).json();

        let status: Vec<_> = (0..3).map(|number| facts["roundtrip"][number]["status"].clone()).collect();
        assert_eq!(status, ["same", "failed", "not-tried"]);
    }
}

#[test]
fn files_without_a_transaction_run_too() {
    let project = with_pending(Project::on(Backend::Postgres), "SELECT 1;\n", "SELECT 1;\n").no_transaction(
        "20260103000000_index",
        "CREATE INDEX CONCURRENTLY users_name ON users (name);\n",
        "DROP INDEX CONCURRENTLY users_name;\n",
    );

    run(&project, "lint --roundtrip").ok().says("index").does_not_say("failed");
}

#[test]
fn a_role_that_may_make_no_database_is_told_so() {
    let project = with_pending(Project::on(Backend::Postgres), "SELECT 1;\n", "SELECT 1;\n");
    let role = format!("lint_{}", project.value("SELECT current_database()::text"));
    project.execute(&format!("CREATE ROLE \"{role}\" LOGIN; GRANT SELECT ON __diesel_schema_migrations TO \"{role}\""));

    let outcome = project.command("lint --roundtrip").env("PGUSER", &role);
    let url = project.database_url().replacen("postgres@", &format!("{role}@"), 1);
    let outcome = outcome.env("DATABASE_URL", url).run();

    project.execute(&format!("DROP OWNED BY \"{role}\"; DROP ROLE \"{role}\""));
    outcome.fails_with(3).says("permission denied to create database").says("CREATEDB");
}

#[test]
fn beside_a_protected_database_none_is_made() {
    let project = with_pending(Project::on(Backend::Postgres), "SELECT 1;\n", "SELECT 1;\n");
    let settings = project.read("manage.toml");
    project
        .write("manage.toml", &format!("{settings}[environments.production]\nurl = \"${{DATABASE_URL}}\"\nprotected = true\n"));

    run(&project, "lint --roundtrip").fails_with(4).says("which is protected");
    run(&project, "lint").ok();
}
