//! What the commands say and leave, with PostgreSQL as the new database.

use super::postgres_pair::*;
use super::*;

/// Two rows, one of them under a new key.
fn little(old: Old) -> Pair {
    Pair::new(
        old,
        "CREATE TABLE guest (id INTEGER PRIMARY KEY, label TEXT); INSERT INTO guest VALUES (1, 'ann'), (2, 'bob')",
        "CREATE TABLE guests (id SERIAL PRIMARY KEY, name TEXT NOT NULL UNIQUE); INSERT INTO guests (name) VALUES ('native')",
        "[[table]]\nfrom = \"guest\"\nto = \"guests\"\nrename = { label = \"name\" }\nnew_key = \"id\"\nmatch = [\"name\"]\n",
    )
}

/// Everything of the new database, with what its sequences would give next.
fn state(pair: &Pair) -> String {
    let sequences = pair.query("SELECT schemaname, sequencename, last_value FROM pg_sequences ORDER BY 1, 2");
    format!("{}{sequences:?}", pair.everything())
}

each_old! {
    fn a_dry_run_leaves_the_target_as_it_was(old) {
        let pair = little(old);
        let before = state(&pair);

        let facts = pair.run("transfer dry-run --json").ok().json();
        pair.run("transfer all --dry-run").ok().says("2 rows would be written");

        assert_eq!(table(&facts, "guests")["written"], 2);
        assert_eq!(before, state(&pair));
        pair.run("transfer all --yes").ok();
        let between = state(&pair);
        pair.run("transfer dry-run").ok().says("0 rows would be written");
        assert_eq!(between, state(&pair));
    }

    fn a_run_that_fails_leaves_the_target_as_it_was(old) {
        let pair = little(old);
        pair.in_old("INSERT INTO guest VALUES (3, NULL)");
        // The ledger keeps what was said of the run; nothing else may differ.
        pair.run("transfer all --yes").fails_with(1).says("1 row was rejected");
        assert_eq!(pair.query("SELECT id, name FROM guests"), [["1", "native"]]);
        let sequence = "SELECT last_value FROM guests_id_seq";
        assert_eq!(pair.value(sequence), "1");

        pair.in_old("DELETE FROM guest WHERE id = 3");
        pair.run("transfer all --yes").ok();

        assert_eq!(pair.value("SELECT count(*) FROM guests"), "3");
    }

    fn validation_tells_what_was_changed_since(old) {
        let pair = little(old);
        pair.run("transfer all --yes").ok();
        pair.run("transfer validate").ok().says("says what the old one says");
        pair.execute("UPDATE guests SET name = 'eve' WHERE name = 'bob'");

        pair.run("transfer validate").exits_with(1).says("guests id 2 is missing");
        pair.execute("DELETE FROM guests WHERE name = 'ann'");
        let facts = pair.run("transfer validate --json").exits_with(1).json();
        assert_eq!(facts["valid"], false);
    }

    fn single_rows_that_the_mapping_names_are_looked_at(old) {
        let pair = Pair::new(
            old,
            "CREATE TABLE a (id BIGINT PRIMARY KEY, v TEXT); INSERT INTO a VALUES (1, 'x'), (9007199254740993, 'y''z')",
            "CREATE TABLE b (id BIGINT PRIMARY KEY, v TEXT)",
            "[[table]]\nfrom = \"a\"\nto = \"b\"\n[verify]\nexpect = { a = 2 }\n[verify.spot]\na = { id = [\"9007199254740993\"], v = [\"y'z\"] }\n",
        );

        pair.run("transfer all --yes").ok();
        pair.run("transfer validate").ok();
        pair.edit("transfer.toml", |text| text.replace("[\"y'z\"]", "[\"nobody\"]"));

        pair.run("transfer validate").exits_with(1).says("nobody");
    }

    fn a_source_that_is_not_the_expected_one_stops_it(old) {
        let pair = little(old);
        pair.edit("transfer.toml", |text| format!("{text}[verify]\nexpect = {{ guest = 3 }}\n"));

        pair.run("transfer all --yes").fails_with(1).says("guest has 2 rows, expected 3");
        assert_eq!(pair.value("SELECT count(*) FROM guests"), "1");
    }

    fn nothing_is_left_unsaid(old) {
        let pair = little(old);

        pair.run("transfer audit").ok().says("guest").says("2 rows");
        pair.run("transfer validate-schema").ok();
        pair.run("transfer map").ok().says("label").says("→ name");
        pair.run("transfer check-pk").ok();
        pair.run("transfer check-duplicates").ok().says("0 keys of more than one row");
        pair.run("transfer preflight").ok().says("nothing is in the way");
        pair.run("transfer status").ok().says("no transfer yet");
        assert_eq!(pair.value("SELECT count(*) FROM pg_namespace WHERE nspname = 'manage'"), "0", "looking makes nothing");
    }
}

#[test]
fn duplicates_are_found_before_anything_is_moved() {
    let pair = Pair::new(
        Old::Postgres,
        "CREATE TABLE a (id INTEGER PRIMARY KEY, v TEXT); INSERT INTO a VALUES (1, 'x'), (2, 'x'), (3, 'y'), (4, NULL), (5, NULL)",
        "CREATE TABLE b (id INTEGER PRIMARY KEY, v TEXT UNIQUE)",
        "[[table]]\nfrom = \"a\"\nto = \"b\"\n",
    );

    pair.run("transfer check-duplicates").exits_with(1).says("v 'x'");
    assert_eq!(pair.value("SELECT count(*) FROM b"), "0");
}

#[test]
fn a_mapping_that_was_changed_between_two_runs_says_what_is_new() {
    let pair = Pair::new(
        Old::Postgres,
        "CREATE TABLE a (id INTEGER PRIMARY KEY, v TEXT, w TEXT); INSERT INTO a VALUES (1, 'x', 'p'), (2, 'y', 'q')",
        "CREATE TABLE b (id INTEGER PRIMARY KEY, v TEXT)",
        "[[table]]\nfrom = \"a\"\nto = \"b\"\nskip = [\"w\"]\n",
    );
    pair.transferred();

    pair.edit("transfer.toml", |text| text.replace("skip = [\"w\"]", "skip = [\"v\"]\nrename = { w = \"v\" }"));
    pair.run("transfer validate").exits_with(1).says("b id 1: v is 'x', expected 'p'");
    let facts = pair.transferred();

    assert_eq!(table(&facts, "b")["updated"], 2);
    pair.is_settled();
    pair.run("transfer rollback --yes").ok();
    assert_eq!(pair.query("SELECT v FROM b ORDER BY id"), [["x"], ["y"]]);
}
