//! Killed at every point: the target is as before or whole, and the next run ends as an undisturbed one.
#![cfg(any(debug_assertions, feature = "faults"))]

use manage::domain::fault;
use rustix::process::Signal;

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

    for point in fault::POINTS.iter().filter(|point| point.starts_with("transfer.") && !point.ends_with("_commit")) {
        project.command("transfer dry-run").env("MANAGE_FAULT", format!("{point}:1")).run().exits_with(134);
    }

    assert_eq!(before, bytes(&project, "manage.db"));
}

#[test]
fn a_source_that_is_written_to_while_it_is_read_is_noticed() {
    let project = busy();
    on(&project, "old.db", "PRAGMA journal_mode = WAL");
    let running = project.command("transfer all --yes --json").held_at("transfer.begun");
    on(&project, "old.db", "INSERT INTO person VALUES (9, 'late')");

    let facts = running.go_on().wait().fails_with(5).json();

    assert!(facts["error"]["message"].as_str().is_some_and(|text| text.contains("somebody wrote to the source")), "{facts}");
    assert_eq!(project.value("SELECT count(*) FROM things"), "0");
}

#[test]
fn readers_of_the_target_go_on_and_see_all_of_it_at_once() {
    let project = busy();

    let running = project.command("transfer all --yes").held_at("transfer.before_commit");
    assert_eq!(project.value("SELECT (SELECT count(*) FROM people) || ' ' || (SELECT count(*) FROM things)"), "1 0");
    running.go_on().wait().ok();

    assert_eq!(project.value("SELECT (SELECT count(*) FROM people) || ' ' || (SELECT count(*) FROM things)"), "2 3");
}

#[test]
fn another_transfer_is_told_who_holds_the_lock() {
    let project = busy();
    let running = project.command("transfer all --yes").held_at("transfer.compared");

    let outcome = project.run("transfer all --yes --lock-timeout 0");

    outcome.fails_with(6).says("another run holds the lock").says(&format!("pid {}", running.pid()));
    project.run("transfer preflight").exits_with(1).says("held by pid");
    project.run("transfer status").ok().says("running");
    running.go_on().wait().ok();
    assert_eq!(project.value("SELECT count(*) FROM things"), "3");
}

#[test]
fn ctrl_c_stops_it_and_nothing_is_written() {
    let project = busy();
    let before = rows(&project);

    let running = project.command("transfer all --yes --json").held_at("transfer.copied");
    let facts = running.signal_and_go_on(Signal::INT).wait().fails_with(7).json();

    assert!(facts["error"]["hint"].as_str().is_some_and(|hint| hint.contains("begins anew")), "{facts}");
    adds_up(&facts);
    assert_eq!(rows(&project), before);
    project.run("transfer status").ok().says("stopped before the end; nothing was written");
    project.run("transfer all --yes").ok();
    assert_eq!(project.value("SELECT count(*) FROM things"), "3");
}

#[test]
fn a_killed_run_is_told_until_the_next_one_settles_it() {
    let project = busy();
    project.command("transfer all --yes").held_at("transfer.compared").kill();

    project.run("transfer status").ok().says("killed");
    project.run("transfer all --yes").ok();

    project.run("transfer status --run 1").ok().says("failed").says("it was killed: nothing of it is there");
}
