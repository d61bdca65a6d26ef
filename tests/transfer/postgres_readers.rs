//! Several sessions that read one snapshot of the old database; and who else is connected.
#![cfg(any(debug_assertions, feature = "faults"))]

use super::postgres_pair::*;
use super::*;

/// Rows enough for several pieces, not all of them good.
const OLD: &str = "CREATE TABLE big (id BIGINT PRIMARY KEY, label TEXT, n INTEGER, doc JSONB); \
    INSERT INTO big SELECT i, 'label of the row number ' || i || repeat('.', (i % 90)::integer), i % 1000, jsonb_build_object('n', i, 'of', array[i, -i]) FROM generate_series(1, 40000) AS g (i)";

const NEW: &str = "CREATE TABLE large (id BIGINT PRIMARY KEY, label VARCHAR(120) NOT NULL, n SMALLINT, doc JSON); CREATE INDEX large_n ON large (n)";

const MAPPING: &str = "[options]\non_error = \"reject\"\n[[table]]\nfrom = \"big\"\nto = \"large\"\n";

fn pair() -> Pair {
    Pair::new(Old::Postgres, OLD, NEW, MAPPING)
}

const SAID: &str =
    "SELECT count(*) || ' ' || sum(id) || ' ' || sum(length(label)) || ' ' || sum(n) || ' ' || sum(length(doc::text)) FROM large";

#[test]
fn several_readers_bring_what_one_brings() {
    let (one, several) = (pair(), pair());
    for pair in [&one, &several] {
        // Rows that were written again lie elsewhere in the table.
        pair.in_old("UPDATE big SET n = n + 1 WHERE id % 7 = 0; UPDATE big SET label = NULL WHERE id IN (3, 39999); UPDATE big SET n = 99999 WHERE id = 20000");
    }

    let first = one.run("transfer all --yes --json").exits_with(1).json();
    let second = several.run("transfer all --yes --json --jobs 5").exits_with(1).json();

    adds_up(&second);
    assert_eq!(second["rejected_total"], 3, "{second}");
    for fact in ["checksum", "expected_checksum", "read", "written"] {
        assert_eq!(first["tables"][0][fact], second["tables"][0][fact], "{fact}");
    }
    assert_eq!(one.value(SAID), several.value(SAID));
    let left = |pair: &Pair| pair.run("transfer status --rejected --json").json()["rejected"].clone();
    assert_eq!(left(&one), left(&several));
    // Each is compared by the other number of readers.
    one.run("transfer validate --jobs 3").ok();
    several.run("transfer validate").ok();
    assert_eq!(several.run("transfer all --yes --json --jobs 4").exits_with(1).json()["rows"], 0);
}

#[test]
fn several_readers_see_what_differs() {
    let pair = pair();
    pair.run("transfer all --yes --jobs 3").ok();
    pair.execute("UPDATE large SET label = 'another' WHERE id = 31000; DELETE FROM large WHERE id = 7");

    let outcome = pair.run("transfer validate --jobs 3");

    outcome.exits_with(1).says("large id 31000: label").says("large id 7 is missing");
}

#[test]
fn several_readers_see_one_snapshot() {
    let pair = pair();
    let running = pair.command("transfer all --yes --json --jobs 3").held_at("transfer.begun");
    pair.in_old("UPDATE big SET label = 'late'");

    let facts = running.go_on().wait().fails_with(5).json();

    assert!(facts["error"]["message"].to_string().contains("somebody wrote to the source"), "{facts}");
    assert_eq!(pair.value("SELECT count(*) FROM large"), "0");
}

#[test]
fn a_reader_that_is_ended_ends_the_run() {
    let pair = pair();
    let running = pair.command("transfer all --yes --json --jobs 4").held_at("transfer.begun");
    // One of the four, not the first one.
    pair.in_old(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() ORDER BY backend_start DESC LIMIT 1",
    );

    let outcome = running.go_on().wait();

    outcome.fails_with(3).does_not_say("panicked");
    assert_eq!(pair.value("SELECT count(*) FROM large"), "0");
    pair.run("transfer all --yes --jobs 2").ok();
}

#[test]
fn a_server_without_room_for_more_sessions_is_told() {
    let pair = pair();
    pair.in_old("DO $$ BEGIN EXECUTE format('ALTER DATABASE %I CONNECTION LIMIT 3', current_database()); END $$; \
        DROP ROLE IF EXISTS manage_few; CREATE ROLE manage_few LOGIN CONNECTION LIMIT 2; GRANT SELECT ON ALL TABLES IN SCHEMA public TO manage_few");
    let url = pair.old_url().replacen("postgres@", "manage_few@", 1);

    let outcome = pair.run(&format!("transfer all --yes --jobs 9 --source {url}"));

    outcome.fails_with(3).says("too many connections").says("--jobs 2");
    pair.run(&format!("transfer all --yes --jobs 2 --source {url}")).ok();
    pair.in_old("DROP OWNED BY manage_few; DROP ROLE manage_few");
}

#[test]
fn an_sqlite_file_is_read_by_one_and_says_so() {
    let pair = Pair::new(
        Old::Sqlite,
        "CREATE TABLE big (id INTEGER PRIMARY KEY, label TEXT, n INTEGER, doc TEXT); INSERT INTO big VALUES (1, 'a', 1, '{}')",
        NEW,
        "[[table]]\nfrom = \"big\"\nto = \"large\"\n",
    );

    pair.run("transfer all --yes --jobs 2").ok().says("an SQLite file is read by one");

    pair.run("transfer all --yes --jobs 0").fails_with(2);
}

#[test]
fn who_else_is_connected_is_named() {
    let pair = pair();
    pair.run("transfer preflight").ok().says("nobody else is connected on either side");
    let connected = |project: &Project, name: &str| {
        let mut client = postgres::Client::connect(project.database_url(), postgres::NoTls).expect("it connects");
        client.batch_execute(&format!("SET application_name = '{name}'")).expect("it runs");
        client
    };
    let _old = connected(pair.old(), "the old bot");
    let _new = connected(&pair, "the new bot");

    let facts = pair.run("transfer preflight --json").ok().json();
    let outcome = pair.run("transfer all --yes");

    let sessions = facts["checks"].as_array().expect("checks").iter().find(|check| check["name"] == "sessions").cloned();
    let sessions = sessions.expect("the sessions are told");
    assert_eq!(sessions["status"], "warn");
    assert!(sessions["message"].to_string().contains("the old bot"), "{sessions}");
    assert!(sessions["message"].to_string().contains("the new bot"), "{sessions}");
    outcome.ok().says("others use the old database: pid").says("the old bot").says("the new bot");
}
