//! `--rehearse`

use super::*;

fn with_table(project: Project) -> Project {
    let project = project.migration("1_t", "CREATE TABLE t (a INTEGER PRIMARY KEY); INSERT INTO t VALUES (1);", "DROP TABLE t;");
    project.run("migrate").ok();
    project
}

/// Schema and rows, and the files of the project's folder: a copy must not stay.
fn everything(project: &Project) -> String {
    format!("{}{:?}", project.everything(), project.list(""))
}

each_backend! {
    fn a_rehearsal_runs_everything_and_changes_nothing(project: Project) {
        let project = with_table(project)
            .migration("2_b", "UPDATE t SET a = 2;\nALTER TABLE t ADD COLUMN b INTEGER;\nCREATE TABLE u (a INTEGER);\n", "DROP TABLE u;")
            .migration("3_c", "INSERT INTO u VALUES (7);\n", "DELETE FROM u;");
        let before = everything(&project);

        let outcome = project.run("migrate --rehearse");
        let facts = project.run("migrate --rehearse --json").ok().json();

        outcome.ok().snapshot("rehearse");
        assert_eq!(before, everything(&project));
        let rehearsed = facts["rehearsed"].as_array().expect("a list");
        assert_eq!(rehearsed.iter().map(|part| part["version"].as_str()).collect::<Vec<_>>(), [Some("2"), Some("3")]);
        let statements = rehearsed[0]["statements"].as_array().expect("a list");
        assert_eq!(statements.len(), 3);
        if project.backend() == Backend::Postgres {
            assert_eq!((&statements[0]["lock"], &statements[0]["relations"][0]), (&"RowExclusiveLock".into(), &"t".into()));
            assert_eq!((&statements[1]["lock"], &statements[1]["relations"][0]), (&"AccessExclusiveLock".into(), &"t".into()));
            assert_eq!(statements[2]["lock"], serde_json::Value::Null);
        }
        assert_eq!(facts["applied"], serde_json::json!([]));
        project.run("migrate").ok();
        assert_eq!(history(&project), ["1", "2", "3"]);
    }

    fn a_rehearsal_that_fails_says_so_as_migrate_does_and_changes_nothing(project: Project) {
        let project = with_table(project)
            .migration("2_b", "CREATE TABLE u (a INTEGER);", "DROP TABLE u;")
            .migration("3_c", "DELETE FROM t;\nINSERT INTO nowhere VALUES (1);\n", "SELECT 1;");
        let before = everything(&project);

        let outcome = project.run("migrate --rehearse");

        outcome.fails_with(3).says("migration 3 c failed at statement 2 of 2").says("3_c/up.sql:2");
        assert_eq!(before, everything(&project), "{outcome}");
    }

    fn the_way_back_is_rehearsed(project: Project) {
        let project = with_table(project);
        let before = everything(&project);

        project.run("rollback --rehearse").ok().says("~ 1 t").says("do it: manage rollback");
        project.run("rollback --all --rehearse").ok();

        assert_eq!(before, everything(&project));
    }

    fn a_first_rehearsal_makes_no_ledger(project: Project) {
        let project = project.migration("1_t", "CREATE TABLE t (a INTEGER);", "DROP TABLE t;");
        project.execute("CREATE TABLE there (a INTEGER)");
        let before = project.everything();

        project.run("migrate --rehearse").ok().says("~ 1 t");
        project.run("rollback --rehearse").ok().says("nothing to rehearse");

        assert_eq!(before, project.everything());
        // On SQLite the lock's own file stays, as after every run; the copy does not.
        assert!(project.list("").iter().all(|name| !name.contains("rehearsal")));
    }
}

#[test]
fn what_cannot_be_taken_back_is_named() {
    let project = with_table(Project::on(Backend::Postgres))
        .migration("2_s", "CREATE SEQUENCE s;", "DROP SEQUENCE s;")
        .no_transaction("3_v", "VACUUM t;", "SELECT 1;")
        .migration("4_n", "SELECT nextval('s');", "SELECT 1;");
    project.run("migrate --to 2").ok();

    project.run("migrate --rehearse").ok().says("left out, since they cannot be taken back: 3 v").says("not given back: s");

    assert_eq!(history(&project), ["1", "2"]);
}

#[test]
fn a_deferred_constraint_fails_in_a_rehearsal_too() {
    let project = with_table(Project::on(Backend::Postgres)).migration(
        "2_r",
        "CREATE TABLE r (t INTEGER REFERENCES t (a) DEFERRABLE INITIALLY DEFERRED);\nINSERT INTO r VALUES (99);\n",
        "DROP TABLE r;",
    );
    let before = everything(&project);

    project.run("migrate --rehearse").fails_with(3).says("violates foreign key");

    assert_eq!(before, everything(&project));
}

#[test]
fn a_lock_that_is_not_to_be_had_ends_the_rehearsal_and_nothing_is_done_for_real() {
    let project = with_table(Project::on(Backend::Postgres))
        .migration("2_a", "CREATE TABLE u (a INTEGER);", "DROP TABLE u;")
        .migration("3_b", "-- manage: lock_timeout 100ms\nALTER TABLE t ADD COLUMN b INTEGER;\n", "SELECT 1;");
    let mut holder = postgres::Client::connect(project.database_url(), postgres::NoTls).expect("the server is there");
    holder.batch_execute("BEGIN; SELECT * FROM t").expect("the table is there");
    let before = everything(&project);

    project.run("migrate --rehearse").fails_with(6).does_not_say("try 2");

    assert_eq!(before, everything(&project));
    drop(holder);
}

#[test]
fn on_sqlite_everything_is_rehearsed_on_a_copy_but_what_reaches_another_database() {
    let project = with_table(Project::new()).no_transaction("2_v", "VACUUM;", "SELECT 1;").migration(
        "3_a",
        "ATTACH 'other.db' AS other;\nCREATE TABLE other.x (a INTEGER);\n",
        "SELECT 1;",
    );
    let before = everything(&project);

    project.run("migrate --rehearse").ok().says("~ 2 v").says("left out, since they cannot be taken back: 3 a");

    assert_eq!(before, everything(&project));
}

#[test]
fn a_database_that_is_not_made_yet_is_not_made_by_a_rehearsal() {
    let project = Project::new().migration("1_t", "SELECT 1;", "SELECT 1;");

    project.run("migrate --rehearse").fails_with(2).says("manage database create");

    assert!(!project.has("manage.db"));
    project.run("migrate --rehearse --plan").fails_with(2);
}
