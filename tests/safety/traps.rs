//! Migrations that share a transaction on SQLite, and what may end it or leak out of it.

use crate::support::*;

fn recorded(project: &Project) -> Vec<String> {
    project.query("SELECT version FROM __diesel_schema_migrations ORDER BY version").concat()
}

fn tables(project: &Project) -> Vec<String> {
    project.query("SELECT name FROM sqlite_schema WHERE type = 'table' AND name GLOB 't[0-9]*' ORDER BY name").concat()
}

/// `1`, `2` and `4` make a table each; `3` is the one of the test.
fn three(third: &str) -> Project {
    Project::new()
        .migration("1_a", "CREATE TABLE t1 (id INTEGER PRIMARY KEY);", "DROP TABLE t1;")
        .migration("2_b", "CREATE TABLE t2 (id INTEGER PRIMARY KEY);", "DROP TABLE t2;")
        .migration("3_c", third, "DROP TABLE t3;")
        .migration("4_d", "CREATE TABLE t4 (id INTEGER PRIMARY KEY);", "DROP TABLE t4;")
}

#[test]
fn a_migration_that_fails_leaves_those_before_it() {
    let project = three("CREATE TABLE t3 (id INTEGER); SELECT missing;");

    let outcome = project.run("migrate");

    outcome.fails_with(3).says("✓ 1 a").says("✓ 2 b").does_not_say("✓ 3").says("done before it: 1, 2 · not tried: 4");
    assert_eq!((recorded(&project), tables(&project)), (vec!["1".into(), "2".into()], vec!["t1".into(), "t2".into()]));
}

#[test]
fn a_raise_rollback_in_a_group_takes_the_whole_group_and_says_so() {
    let project = three(
        "CREATE TABLE t3 (id INTEGER);
         CREATE TRIGGER no AFTER INSERT ON t3 BEGIN SELECT RAISE(ROLLBACK, 'not like this'); END;
         INSERT INTO t3 VALUES (1);",
    );

    let outcome = project.run("migrate");

    outcome.fails_with(3).says("not like this").does_not_say("✓").says("done before it: none").says("rolled back with it: 1, 2");
    assert_eq!((recorded(&project).len(), tables(&project).len()), (0, 0));
    project.write("migrations/3_c/up.sql", "CREATE TABLE t3 (id INTEGER);");
    project.run("migrate").ok();
    assert_eq!(tables(&project), ["t1", "t2", "t3", "t4"]);
}

#[test]
fn an_or_rollback_in_a_group_takes_the_whole_group_too() {
    let project = three("CREATE TABLE t3 (id INTEGER UNIQUE); INSERT INTO t3 VALUES (1); INSERT OR ROLLBACK INTO t3 VALUES (1);");

    project.run("migrate").fails_with(3).does_not_say("✓").says("rolled back with it: 1, 2");

    assert_eq!((recorded(&project).len(), tables(&project).len()), (0, 0));
}

#[test]
fn a_deferred_foreign_key_is_checked_before_the_next_migration() {
    let project = three(
        "CREATE TABLE t3 (id INTEGER, up INTEGER REFERENCES t1 (id) DEFERRABLE INITIALLY DEFERRED); INSERT INTO t3 VALUES (1, 7);",
    );

    let outcome = project.run("migrate");

    outcome
        .fails_with(3)
        .says("deferred foreign key")
        .says("t3: row 1 points to a missing row of t1")
        .says("done before it: 1, 2");
    assert_eq!((recorded(&project).len(), tables(&project)), (2, vec!["t1".to_owned(), "t2".to_owned()]));
}

#[test]
fn a_savepoint_of_our_own_cannot_be_released_by_a_file() {
    for smuggled in [
        "CREATE TABLE t3 (id INTEGER); RELEASE SAVEPOINT diesel_savepoint_1; SELECT missing;",
        "CREATE TABLE t3 (id INTEGER); RELEASE diesel_savepoint_1; SAVEPOINT diesel_savepoint_1; SELECT missing;",
        "CREATE TABLE t3 (id INTEGER); RELEASE \"DIESEL_savepoint_1\"; SELECT missing;",
        "CREATE TABLE t3 (id INTEGER); ROLLBACK TRANSACTION TO SAVEPOINT diesel_savepoint_1; SELECT missing;",
        "CREATE TABLE t3 (id INTEGER); RELEASE SAVEPOINT diesel_savepoint_1;",
    ] {
        let project = three(smuggled);

        project.run("migrate").fails_with(2).says("diesel_savepoint");

        // What is wrong with a file is said before a database is made.
        assert!(!project.has("manage.db"), "{smuggled}");
    }
}

#[test]
fn savepoints_of_a_file_are_its_own_business() {
    let project = three(
        "SAVEPOINT mine; CREATE TABLE t3 (id INTEGER); ROLLBACK TO mine; CREATE TABLE t3 (id INTEGER, left_open TEXT); SAVEPOINT open;",
    );

    project.run("migrate").ok();

    assert_eq!(tables(&project), ["t1", "t2", "t3", "t4"]);
}

#[test]
fn pragmas_of_a_file_end_with_it() {
    for pragma in [
        "ignore_check_constraints = ON",
        "recursive_triggers = ON",
        "defer_foreign_keys = ON",
        "query_only = OFF",
        "legacy_alter_table = ON",
        "case_sensitive_like = ON",
        "foreign_keys = OFF",
    ] {
        let project = three(&format!("PRAGMA {pragma}; CREATE TABLE t3 (id INTEGER);")).one_way_migration(
            "5_e",
            "CREATE TABLE seen (name TEXT, value INTEGER);
                 INSERT INTO seen SELECT 'foreign_keys', foreign_keys FROM pragma_foreign_keys;
                 INSERT INTO seen SELECT 'ignore_check', ignore_check_constraints FROM pragma_ignore_check_constraints;
                 INSERT INTO seen SELECT 'recursive', recursive_triggers FROM pragma_recursive_triggers;
                 INSERT INTO seen SELECT 'defer', defer_foreign_keys FROM pragma_defer_foreign_keys;
                 INSERT INTO seen SELECT 'legacy', legacy_alter_table FROM pragma_legacy_alter_table;
                 INSERT INTO seen SELECT 'like', 'a' LIKE 'A';",
        );

        project.run("migrate").ok();

        let seen: Vec<_> = project.query("SELECT name || ' ' || value FROM seen").concat();
        assert_eq!(seen, ["foreign_keys 1", "ignore_check 0", "recursive 0", "defer 0", "legacy 0", "like 1"], "{pragma}");
    }
}

#[test]
fn a_journal_switched_off_by_a_file_is_on_for_the_next() {
    let project = Project::new()
        .no_transaction(
            "1_off",
            "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA locking_mode = EXCLUSIVE;",
            "SELECT 1;",
        )
        .one_way_migration("2_a", "CREATE TABLE t2 (id INTEGER);")
        .one_way_migration("3_b", "CREATE TABLE t3 (id INTEGER); SELECT missing;");

    project.run("migrate").fails_with(3);

    assert_eq!((recorded(&project), tables(&project)), (vec!["1".to_owned(), "2".to_owned()], vec!["t2".to_owned()]));
    assert_eq!(project.query("PRAGMA integrity_check").concat(), ["ok"]);
}

#[test]
fn a_write_ahead_log_asked_for_by_a_file_stays() {
    let project = Project::new()
        .no_transaction("1_wal", "PRAGMA journal_mode = WAL;", "PRAGMA journal_mode = DELETE;")
        .one_way_migration("2_a", "CREATE TABLE t2 (id INTEGER);");

    project.run("migrate").ok();

    assert_eq!(project.value("PRAGMA journal_mode"), "wal");
    project.run("status").ok().says("up to date");
}

#[test]
fn an_attached_file_is_written_and_detached() {
    let project = three("ATTACH 'other.db' AS other; CREATE TABLE other.t9 (id INTEGER); CREATE TABLE t3 (id INTEGER);")
        .one_way_migration("5_e", "ATTACH 'other.db' AS other; INSERT INTO other.t9 VALUES (1);")
        .one_way_migration("6_f", "CREATE TABLE t6 AS SELECT name FROM pragma_database_list;");

    project.run("migrate").ok();

    assert_eq!(tables(&project), ["t1", "t2", "t3", "t4", "t6"]);
    assert_eq!(project.value("SELECT count(*) FROM t6 WHERE name = 'other'"), "0");
}

#[test]
fn an_attached_file_follows_the_fate_of_its_migration() {
    let project =
        three("ATTACH 'other.db' AS other; CREATE TABLE other.t9 (id INTEGER); CREATE TABLE t3 (id INTEGER); SELECT missing;");

    project.run("migrate").fails_with(3).says("done before it: 1, 2");

    let other = rusqlite::Connection::open(project.path("other.db")).expect("a file");
    assert_eq!(other.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get::<_, i64>(0)), Ok(0));
    assert_eq!(tables(&project), ["t1", "t2"]);
}

#[test]
fn a_temporary_table_does_not_stand_in_for_a_real_one_in_the_next_migration() {
    let project = three("CREATE TEMP TABLE t1 (id INTEGER, trap INTEGER); CREATE TABLE t3 (id INTEGER);")
        .one_way_migration("5_e", "ALTER TABLE t1 ADD COLUMN real TEXT;");

    project.run("migrate").ok();

    assert_eq!(project.query("SELECT name FROM pragma_table_info('t1')").concat(), ["id", "real"]);
}

#[test]
fn a_group_is_committed_every_second_and_marks_come_after_the_commit() {
    // Half a second or so each, so that three of them need two commits at least.
    let slow = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000000) SELECT count(*) FROM n;";
    let mut project = Project::new();
    for number in 1..=8 {
        project = project.one_way_migration(&format!("{number}_a"), &format!("CREATE TABLE t{number} (id INTEGER);\n{slow}"));
    }
    let project = project.one_way_migration("9_z", "SELECT missing;");

    let running = project.command("migrate").spawn().until_it_says("✓ 1 a");
    // What has a mark is seen by others.
    assert!(recorded(&project).contains(&"1".to_owned()));
    running.wait().fails_with(3).says("✓ 8 a").does_not_say("✓ 9");

    assert_eq!(recorded(&project).len(), 8);
}

#[test]
fn a_mark_comes_after_the_commit() {
    let project = three("CREATE TABLE t3 (id INTEGER);");

    let outcome = project.command("migrate").env("MANAGE_FAULT", "migrate.before_commit:1").run();

    outcome.exits_with(134).does_not_say("✓");
    assert_eq!(tables(&project).len(), 0);
}
