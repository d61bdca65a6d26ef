//! Killed at every point: the target is as before or whole, and the next run ends as an undisturbed one.
#![cfg(any(debug_assertions, feature = "faults"))]

use manage::domain::fault;

use super::*;

fn busy() -> Project {
    let project = pair(
        "CREATE TABLE person (id INTEGER PRIMARY KEY, name TEXT); INSERT INTO person VALUES (1, 'ann'), (2, 'bob');
         CREATE TABLE thing (id INTEGER PRIMARY KEY, owner INTEGER, label TEXT); INSERT INTO thing VALUES (1, 1, 'a'), (2, 2, 'b'), (3, 2, 'c');",
        "CREATE TABLE people (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT UNIQUE, things INTEGER DEFAULT 0);
         CREATE TABLE things (id INTEGER PRIMARY KEY, owner INTEGER REFERENCES people (id), label TEXT);
         INSERT INTO people (id, name) VALUES (70, 'bob');",
        "[[table]]\nfrom = \"person\"\nto = \"people\"\nnew_key = \"id\"\nmatch = [\"name\"]\nconflict = \"skip\"\n[table.after]\nthings = { count = \"things\", on = { owner = \"id\" } }\n\
         [[table]]\nfrom = \"thing\"\nto = \"things\"\n[table.column.owner]\nidmap = \"person\"\n",
    );
    // The ledger is there, so that a kill is one of the transfer's own.
    project.run("notes add --title begun").ok();
    project
}

/// The rows of the project's own tables.
fn rows(project: &Project) -> String {
    project.dump().lines().filter(|line| !line.contains("sqlite_sequence")).collect::<Vec<_>>().join("\n")
}

fn killed(before: Option<&str>, command: &str, prefix: &str) -> Vec<&'static str> {
    let undisturbed = busy();
    if let Some(before) = before {
        undisturbed.run(before).ok();
    }
    let as_before = rows(&undisturbed);
    undisturbed.run(command).ok();
    let whole = rows(&undisturbed);
    assert_ne!(as_before, whole);
    let mut passed = Vec::new();
    for point in fault::POINTS.iter().filter(|point| point.starts_with(prefix)) {
        for pass in 1.. {
            let project = busy();
            if let Some(before) = before {
                project.run(before).ok();
            }

            let outcome = project.command(command).env("MANAGE_FAULT", format!("{point}:{pass}")).run();

            if outcome.code == 0 {
                break;
            }
            outcome.exits_with(134);
            passed.push(*point);
            let now = rows(&project);
            let committed = point.ends_with("after_commit");
            assert_eq!(now, if committed { whole.as_str() } else { as_before.as_str() }, "after a kill at {point}:{pass}");
            if !committed {
                project.run(command).ok();
                assert_eq!(
                    project.value("SELECT count(*) FROM manage_runs WHERE state = 'running'"),
                    "0",
                    "the killed one is settled"
                );
            }
            assert_eq!(rows(&project), whole, "after a kill at {point}:{pass} and another run");
            assert_eq!(project.value("PRAGMA integrity_check"), "ok");
        }
    }
    passed.dedup();
    passed
}

#[test]
fn a_transfer_is_there_as_a_whole_or_not_at_all() {
    let passed = killed(None, "transfer all --yes --now 2025-01-01", "transfer.");

    assert_eq!(
        passed,
        [
            "transfer.begun",
            "transfer.probed",
            "transfer.copied",
            "transfer.compared",
            "transfer.before_commit",
            "transfer.after_commit"
        ]
    );
}

#[test]
fn a_way_back_is_gone_as_a_whole_or_not_at_all() {
    let passed = killed(Some("transfer all --yes --now 2025-01-01"), "transfer rollback --yes", "transfer.undo.");

    assert_eq!(passed, ["transfer.undo.before_commit", "transfer.undo.after_commit"]);
}

#[test]
fn a_dry_run_that_is_killed_leaves_nothing_in_the_target() {
    let project = busy();
    let before = bytes(&project, "manage.db");

    project.command("transfer dry-run").env("MANAGE_FAULT", "transfer.copied:2").run().exits_with(134);

    assert_eq!(before, bytes(&project, "manage.db"));
}

#[test]
fn a_source_that_is_written_to_while_it_is_read_is_noticed() {
    let project = busy();
    on(&project, "old.db", "PRAGMA journal_mode = WAL");
    let running = project.command("transfer all --yes --json").env("MANAGE_FAULT", "transfer.begun:1:sleep=4000").spawn();
    until_it_is_in_its_transaction(&project);
    on(&project, "old.db", "INSERT INTO person VALUES (9, 'late')");

    let facts = running.wait().fails_with(5).json();

    assert!(facts["error"]["message"].as_str().is_some_and(|text| text.contains("somebody wrote to the source")), "{facts}");
    assert_eq!(project.value("SELECT count(*) FROM things"), "0");
}

/// Waits until the run is recorded and its transaction holds the target.
fn until_it_is_in_its_transaction(project: &Project) {
    let target = rusqlite::Connection::open(project.path("manage.db")).expect("it is there");
    target.busy_timeout(std::time::Duration::ZERO).expect("a setting");
    let running = "SELECT count(*) FROM manage_runs WHERE state = 'running'";
    loop {
        let recorded = target.query_row(running, [], |row| row.get::<_, i64>(0)).is_ok_and(|count| count == 1);
        if recorded && target.execute_batch("BEGIN IMMEDIATE; ROLLBACK").is_err() {
            return;
        }
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
}
