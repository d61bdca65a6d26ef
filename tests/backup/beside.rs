//! Other processes that have the SQLite file open during a restore.

use std::time::Duration;

use super::*;

fn open(project: &Project) -> rusqlite::Connection {
    let connection = rusqlite::Connection::open(project.path("manage.db")).expect("it opens");
    connection.busy_timeout(Duration::from_secs(30)).expect("it can wait");
    connection
}

fn count(connection: &rusqlite::Connection) -> i64 {
    connection.query_row("SELECT count(*) FROM customers", [], |row| row.get(0)).expect("the file is whole")
}

#[test]
fn a_reader_in_a_transaction_sees_the_old_content_and_then_the_new_one() {
    let (project, backup) = backed_up(Project::new());
    project.execute("PRAGMA journal_mode = WAL");
    let reader = open(&project);
    reader.execute_batch("BEGIN").expect("it begins");
    assert_eq!(count(&reader), 3);

    project.run(&format!("restore {backup} --yes")).ok();

    assert_eq!(count(&reader), 3);
    reader.execute_batch("COMMIT").expect("it ends");
    assert_eq!(count(&reader), 2);
    // What it writes is in the one file that there is.
    reader.execute_batch("INSERT INTO customers VALUES (7, 'late')").expect("it writes");
    drop(reader);
    assert_eq!(customers(&project), "3");
    assert_eq!(project.value("PRAGMA integrity_check"), "ok");
}

#[test]
fn with_a_rollback_journal_a_reader_is_waited_for_and_at_last_given_up() {
    let (project, backup) = backed_up(Project::new());
    let reader = open(&project);
    reader.execute_batch("BEGIN").expect("it begins");
    assert_eq!(count(&reader), 3);

    let outcome = project.run(&format!("restore {backup} --yes --lock-timeout 1s"));

    outcome.fails_with(6).says("another program uses the file").says("the old one is there, whole");
    assert_eq!(count(&reader), 3);
    reader.execute_batch("COMMIT").expect("it ends");
    assert_eq!(litter(&project), Vec::<String>::new());
    project.run(&format!("restore {backup} --yes")).ok();
    assert_eq!(count(&reader), 2);
}

#[test]
fn an_open_write_transaction_is_waited_for() {
    let (project, backup) = backed_up(Project::new());
    project.execute("PRAGMA journal_mode = WAL");
    let writer = open(&project);
    writer.execute_batch("BEGIN IMMEDIATE; INSERT INTO customers VALUES (8, 'half')").expect("it begins");

    let outcome = project.run(&format!("restore {backup} --yes --no-backup --reason x --lock-timeout 1s"));

    assert!([6, 3].contains(&outcome.code), "{outcome}");
    writer.execute_batch("COMMIT").expect("it is undisturbed");
    assert_eq!(customers(&project), "4");
}

/// Readers and writers all the while: each look sees the old content or the new one.
#[test]
fn nobody_sees_a_mixture() {
    for journal in ["WAL", "DELETE"] {
        let project = shop(Project::new());
        project.execute(&format!(
            "PRAGMA journal_mode = {journal}; CREATE TABLE left_side (v TEXT); CREATE TABLE right_side (v TEXT);"
        ));
        let fill = |value: &str| {
            format!(
                "DELETE FROM left_side; DELETE FROM right_side;
                 WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5000) INSERT INTO left_side SELECT '{value}' FROM n;
                 INSERT INTO right_side SELECT v FROM left_side;"
            )
        };
        project.execute(&fill("old"));
        project.run("backup old.bak").ok();
        project.execute(&fill("new"));
        let reader = open(&project);
        let mut running = project.command("restore old.bak --yes --no-backup --reason x").spawn();
        let mut seen = std::collections::BTreeSet::new();

        while running.is_running() {
            let sql = "SELECT min(v), max(v), count(*) FROM (SELECT v FROM left_side UNION ALL SELECT v FROM right_side)";
            let look: (String, String, i64) =
                reader.query_row(sql, [], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?))).expect("the file is whole");
            assert_eq!((look.0.clone(), look.2), (look.1, 10_000));
            seen.insert(look.0);
        }

        running.wait().ok();
        assert!(seen.contains("new"), "{seen:?}");
        let last: String = reader.query_row("SELECT max(v) FROM left_side", [], |row| row.get(0)).expect("it is whole");
        assert_eq!(last, "old");
    }
}
