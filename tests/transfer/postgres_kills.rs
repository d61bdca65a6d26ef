//! Killed at every point on PostgreSQL, servers that die, connections that are lost: as before, or whole.
#![cfg(any(debug_assertions, feature = "faults"))]

use manage::domain::fault;
use rustix::process::Signal;

use super::postgres_pair::*;
use super::*;

const OLD: &str = "CREATE TABLE person (id INTEGER PRIMARY KEY, name TEXT); INSERT INTO person VALUES (1, 'ann'), (2, 'bob'); \
    CREATE TABLE thing (id INTEGER PRIMARY KEY, owner INTEGER, label TEXT); INSERT INTO thing VALUES (1, 1, 'a'), (2, 2, 'b'), (3, 2, 'c'); \
    CREATE TABLE word (id INTEGER PRIMARY KEY, t TEXT); INSERT INTO word VALUES (1, 'x'), (2, 'y')";

const NEW: &str = "CREATE TABLE people (id SERIAL PRIMARY KEY, name TEXT UNIQUE, things BIGINT DEFAULT 0); \
    CREATE TABLE things (id INTEGER PRIMARY KEY, owner INTEGER REFERENCES people (id), label TEXT); \
    CREATE TABLE words (id SERIAL PRIMARY KEY, t TEXT); INSERT INTO people (id, name) VALUES (70, 'bob')";

const MAPPING: &str = "[[table]]\nfrom = \"person\"\nto = \"people\"\nnew_key = \"id\"\nmatch = [\"name\"]\nconflict = \"skip\"\n[table.after]\nthings = { count = \"things\", on = { owner = \"id\" } }\n\
    [[table]]\nfrom = \"thing\"\nto = \"things\"\n[table.column.owner]\nidmap = \"person\"\n[[table]]\nfrom = \"word\"\nto = \"words\"\n";

fn busy(old: Old) -> Pair {
    let pair = Pair::new(old, OLD, NEW, MAPPING);
    // The ledger is there, so that a kill is one of the transfer's own.
    pair.run("notes add --title begun").ok();
    pair
}

/// The rows by what people see: numbers that were drawn from a sequence are not given back by a kill.
fn rows(project: &Project) -> Vec<Vec<String>> {
    project.query(
        "SELECT 'person', p.name, p.things::text FROM people p \
         UNION ALL SELECT 'thing', t.label, p.name FROM things t LEFT JOIN people p ON p.id = t.owner UNION ALL SELECT 'word', t, id::text FROM words ORDER BY 1, 2, 3",
    )
}

/// Kills a command at every pass of every point; tells which points were passed.
fn killed(old: Old, before: Option<&str>, command: &str, prefix: &str) -> Vec<&'static str> {
    let pair = busy(old);
    before.into_iter().for_each(|before| {
        pair.run(before).ok();
    });
    let as_before = rows(&pair);
    pair.run(command).ok();
    let whole = rows(&pair);
    assert_ne!(as_before, whole);
    let mut passed = Vec::new();
    for point in fault::POINTS.iter().filter(|point| point.starts_with(prefix)) {
        for pass in 1.. {
            let pair = busy(old);
            before.into_iter().for_each(|before| {
                pair.run(before).ok();
            });

            let outcome = pair.command(command).env("MANAGE_FAULT", format!("{point}:{pass}")).run();

            if outcome.code == 0 {
                break;
            }
            outcome.exits_with(134);
            passed.push(*point);
            let committed = point.ends_with("after_commit");
            assert_eq!(rows(&pair), if committed { whole.as_slice() } else { &as_before }, "after a kill at {point}:{pass}");
            if !committed {
                pair.run(command).ok();
                assert_eq!(pair.value("SELECT count(*) FROM manage.manage_runs WHERE state = 'running'"), "0");
            }
            assert_eq!(rows(&pair), whole, "after a kill at {point}:{pass} and another run");
        }
    }
    passed.dedup();
    passed
}

const TRANSFER: [&str; 6] = [
    "transfer.begun",
    "transfer.probed",
    "transfer.copied",
    "transfer.compared",
    "transfer.before_commit",
    "transfer.after_commit",
];

#[test]
fn a_transfer_is_there_as_a_whole_or_not_at_all() {
    assert_eq!(killed(Old::Postgres, None, "transfer all --yes --now 2025-01-01", "transfer."), TRANSFER);
}

#[test]
fn a_way_back_is_gone_as_a_whole_or_not_at_all() {
    let passed = killed(Old::Sqlite, Some("transfer all --yes"), "transfer rollback --yes", "transfer.undo.");

    assert_eq!(passed, ["transfer.undo.before_commit", "transfer.undo.after_commit"]);
}

each_old! {
    fn somebody_who_writes_to_the_source_is_noticed(old) {
        for (change, named) in [
            ("INSERT INTO person VALUES (9, 'late')", "person"),
            ("UPDATE thing SET label = 'other' WHERE id = 3", "thing"),
            ("DELETE FROM word WHERE id = 1", "word"),
        ] {
            let pair = busy(old);
            if old == Old::Sqlite {
                pair.in_old("PRAGMA journal_mode = WAL");
            }
            let running = pair.command("transfer all --yes --json").held_at("transfer.begun");
            pair.in_old(change);

            let facts = running.go_on().wait().fails_with(5).json();

            let message = facts["error"].to_string();
            assert!(message.contains("somebody wrote to the source"), "{facts}");
            assert!(old == Old::Sqlite || message.contains(named), "{facts}");
            assert_eq!(pair.value("SELECT count(*) FROM things"), "0");
        }
    }

    fn ctrl_c_stops_it_and_nothing_is_written(old) {
        let pair = busy(old);
        let before = rows(&pair);

        let running = pair.command("transfer all --yes --json").held_at("transfer.copied");
        let facts = running.signal_and_go_on(Signal::INT).wait().fails_with(7).json();

        adds_up(&facts);
        assert_eq!(rows(&pair), before);
        pair.run("transfer all --yes").ok();
        assert_eq!(pair.value("SELECT count(*) FROM things"), "3");
    }

    fn readers_of_the_target_go_on_and_see_all_of_it_at_once(old) {
        let pair = busy(old);
        let counts = "SELECT (SELECT count(*) FROM people) || ' ' || (SELECT count(*) FROM things) || ' ' || (SELECT count(*) FROM words)";

        let running = pair.command("transfer all --yes").held_at("transfer.before_commit");
        assert_eq!(pair.value(counts), "1 0 0");
        running.go_on().wait().ok();

        assert_eq!(pair.value(counts), "2 3 2");
    }
}

#[test]
fn a_writer_elsewhere_on_the_source_s_server_is_nothing() {
    let pair = busy(Old::Postgres);
    let running = pair.command("transfer all --yes").held_at("transfer.begun");
    pair.in_old("CREATE TABLE unrelated (id INTEGER); INSERT INTO unrelated VALUES (1)");
    Project::on(Backend::Postgres).execute("CREATE TABLE t (id INTEGER); INSERT INTO t VALUES (1)");

    running.go_on().wait().ok();
}

#[test]
fn another_transfer_is_told_who_holds_the_lock() {
    let pair = busy(Old::Postgres);
    let running = pair.command("transfer all --yes").held_at("transfer.compared");

    let outcome = pair.run("transfer all --yes --lock-timeout 0");

    outcome.fails_with(6).says("another run holds the lock").says("manage transfer all");
    pair.run("transfer status").ok().says("running");
    running.go_on().wait().ok();
    assert_eq!(pair.value("SELECT count(*) FROM things"), "3");
}

/// Ends every session that runs in a database, but ours.
fn end_all_sessions(project: &Project) {
    project.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()",
    );
}

#[test]
fn a_source_that_goes_away_is_told_and_nothing_is_written() {
    for point in ["transfer.begun", "transfer.copied", "transfer.compared"] {
        let pair = busy(Old::Postgres);
        let before = rows(&pair);
        let running = pair.command("transfer all --yes --json").held_at(point);
        end_all_sessions(pair.old());

        let outcome = running.go_on().wait();

        let facts = outcome.fails_with(3).json();
        assert!(facts["error"]["message"].is_string(), "{facts}");
        outcome.does_not_say("panicked");
        assert_eq!(rows(&pair), before, "{point}");
        pair.run("transfer status").ok().says("failed");
        pair.transferred();
        pair.run("transfer validate").ok();
    }
}

#[test]
fn a_target_that_goes_away_is_told_and_nothing_is_written() {
    for point in ["transfer.begun", "transfer.copied", "transfer.before_commit"] {
        let pair = busy(Old::Sqlite);
        let before = rows(&pair);
        let running = pair.command("transfer all --yes --json").held_at(point);
        end_all_sessions(&pair);

        let outcome = running.go_on().wait();

        assert!(outcome.fails_with(3).json()["error"]["message"].is_string());
        outcome.does_not_say("panicked");
        assert_eq!(rows(&pair), before, "{point}");
        pair.transferred();
        pair.run("transfer validate").ok();
    }
}

#[test]
fn a_server_that_dies_in_the_middle_has_the_target_as_it_was() {
    let cluster = Cluster::start();
    let pair = Pair::between(Old::Sqlite, Project::at(&cluster.url("postgres")));
    pair.in_old(OLD);
    pair.execute(NEW);
    pair.map(MAPPING);
    let before = rows(&pair);
    let running = pair.command("transfer all --yes").held_at("transfer.compared");
    cluster.kill();

    running.go_on().wait().fails_with(3).does_not_say("panicked");

    cluster.restart();
    assert_eq!(rows(&pair), before);
    let facts = pair.transferred();
    for table in facts["tables"].as_array().expect("tables") {
        assert_eq!(table["checksum"], table["expected_checksum"], "{table}");
    }
    pair.run("transfer validate").ok();
}
