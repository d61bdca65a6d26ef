//! What a file, a history or a ledger may hold that it should not.

use super::memory::{history, ledger};
use crate::support::*;

each_backend! {
    fn a_file_s_own_commit_is_refused_before_anything_runs(project: Project) {
        for smuggled in ["COMMIT;", "END;", "ROLLBACK;", "/* */ commit /* */ ;", "BEGIN;", "COMMIT TRANSACTION"] {
            let project = Project::on(project.backend())
                .migration("1_a", "CREATE TABLE t1 (id INTEGER);", "DROP TABLE t1;")
                .migration("2_b", &format!("CREATE TABLE t2 (id INTEGER);\n{smuggled}"), "DROP TABLE t2;");

            project.run("migrate").fails_with(2).says("migrations/2_b/up.sql:2");

            // On SQLite not even the file is made.
            assert!(["", "no database\n"].contains(&project.schema().as_str()), "not even the first ran: {smuggled}");
        }
    }

    fn a_history_with_a_version_twice_counts_it_once(project: Project) {
        let project = project
            .migration("1_a", "CREATE TABLE t1 (id INTEGER);", "DROP TABLE t1;")
            .migration("2_b", "CREATE TABLE t2 (id INTEGER);", "DROP TABLE t2;");
        project.execute(
            "CREATE TABLE __diesel_schema_migrations (version VARCHAR(50), run_on TIMESTAMP DEFAULT CURRENT_TIMESTAMP, note TEXT);
             CREATE TABLE t1 (id INTEGER); CREATE TABLE t2 (id INTEGER);
             INSERT INTO __diesel_schema_migrations (version) VALUES ('1'), ('2'), ('2');",
        );

        project.run("status").ok().says("2 applied, 0 pending");
        project.run("rollback --steps 2").ok().says("✓ 2 b").says("✓ 1 a");

        assert_eq!(history(&project).len(), 0);
        project.run("migrate").ok();
        assert_eq!(history(&project), ["1", "2"]);
    }

    fn a_history_that_is_a_view_is_read_and_never_half_written(project: Project) {
        let project = project
            .migration("1_a", "CREATE TABLE t1 (id INTEGER);", "DROP TABLE t1;")
            .migration("2_b", "CREATE TABLE t2 (id INTEGER);", "DROP TABLE t2;");
        project.execute(
            "CREATE TABLE old (v VARCHAR(50) PRIMARY KEY); INSERT INTO old VALUES ('1');
             CREATE VIEW __diesel_schema_migrations AS SELECT v AS version, CURRENT_TIMESTAMP AS run_on FROM old;",
        );

        project.run("status").ok().says("1 applied, 1 pending");
        let outcome = project.run("migrate");

        // PostgreSQL writes through a simple view.
        let through = outcome.code == 0;
        assert!(through || outcome.code == 3, "{outcome}");
        assert_eq!(project.schema().contains("table t2 column"), through);
        assert_eq!(project.query("SELECT v FROM old").len(), if through { 2 } else { 1 });
    }

    fn a_ledger_of_a_newer_version_is_left_alone(project: Project) {
        let project = project
            .migration("1_a", "CREATE TABLE t1 (id INTEGER);", "DROP TABLE t1;")
            .migration("2_b", "CREATE TABLE t2 (id INTEGER);", "DROP TABLE t2;");
        project.run("migrate --to 1").ok();
        project.execute(&format!(
            "INSERT INTO {}.manage_ledger_history (version, name, applied_on, checksum) VALUES (99, 'later', '2030-01-01T00:00:00Z', '1')",
            ledger(&project)
        ));
        let before = project.everything();

        for command in ["migrate", "rollback", "redo --yes", "status"] {
            project.run(command).fails_with(3).says("version 99");
        }

        assert_eq!(before, project.everything());
    }
}

#[test]
fn a_commit_inside_of_a_procedure_or_block_is_an_error_of_the_migration() {
    for smuggled in ["CALL sneak();", "DO $$ BEGIN INSERT INTO t VALUES (2); COMMIT; END $$;"] {
        let project = Project::on(Backend::Postgres)
            .migration(
                "1_a",
                "CREATE TABLE t (a INTEGER); CREATE PROCEDURE sneak() LANGUAGE plpgsql AS $$ BEGIN COMMIT; END $$;",
                "SELECT 1;",
            )
            .migration("2_b", &format!("INSERT INTO t VALUES (1);\n{smuggled}"), "SELECT 1;");

        project.run("migrate").fails_with(3).says("invalid transaction termination");

        assert_eq!((history(&project), project.value("SELECT count(*) FROM t")), (vec!["1".to_owned()], "0".to_owned()));
    }
}

#[test]
fn a_commit_behind_a_backslash_is_not_sent() {
    for smuggled in [
        // psql's way to send two statements at once.
        "SELECT 1\\; COMMIT;\nSELECT 1/0;",
        // To the server of these settings the string ends at the second quote.
        "SET standard_conforming_strings = off;\nSELECT 'x\\'' ; COMMIT; SELECT 'y\\'';\nSELECT 1/0;",
        "SELECT set_config('standard_conforming_strings', 'off', true);\nSELECT 'x\\'' ; COMMIT; SELECT 'y\\'';\nSELECT 1/0;",
    ] {
        let project =
            Project::on(Backend::Postgres).migration("1_a", &format!("CREATE TABLE half (a INTEGER);\n{smuggled}"), "SELECT 1;");

        let outcome = project.run("migrate");

        assert!([2, 3].contains(&outcome.code), "{outcome}");
        assert_eq!(project.schema(), "", "{smuggled}\n{outcome}");
    }
}

#[test]
fn strings_with_backslashes_are_what_they_always_were() {
    let project = Project::on(Backend::Postgres).migration(
        "1_a",
        "CREATE TABLE t (a TEXT); INSERT INTO t VALUES ('ends in \\'), (E'it\\'s');",
        "DROP TABLE t;",
    );

    project.run("migrate").ok();

    assert_eq!(project.query("SELECT a FROM t ORDER BY 1").concat(), ["ends in \\", "it's"]);
}
