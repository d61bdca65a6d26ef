//! The way back on PostgreSQL: what was inserted goes, what was updated is restored, where nobody changed it since.

use super::postgres_pair::*;
use super::*;

fn moved(old: Old) -> Pair {
    let pair = Pair::new(
        old,
        "CREATE TABLE person (id INTEGER PRIMARY KEY, name TEXT, note TEXT); INSERT INTO person VALUES (1, 'ann', 'a'), (2, 'bob', 'b'), (3, 'cyd', 'c'); \
         CREATE TABLE thing (id INTEGER PRIMARY KEY, owner INTEGER, label TEXT); INSERT INTO thing VALUES (1, 1, 'a'), (2, 2, 'b'), (3, 2, 'c')",
        "CREATE TABLE people (id SERIAL PRIMARY KEY, name TEXT UNIQUE, note TEXT, things BIGINT DEFAULT 0); \
         CREATE TABLE things (id INTEGER PRIMARY KEY, owner INTEGER REFERENCES people (id), label TEXT); \
         INSERT INTO people (id, name, note) VALUES (70, 'bob', 'before')",
        "[[table]]\nfrom = \"person\"\nto = \"people\"\nnew_key = \"id\"\nmatch = [\"name\"]\n[table.after]\nthings = { count = \"things\", on = { owner = \"id\" } }\n\
         [[table]]\nfrom = \"thing\"\nto = \"things\"\n[table.column.owner]\nidmap = \"person\"\n",
    );
    let facts = pair.transferred();
    let people = table(&facts, "people");
    assert_eq!(
        (people["inserted"].as_u64(), people["updated"].as_u64(), people["recomputed"].as_u64()),
        (Some(2), Some(1), Some(1))
    );
    pair
}

const PEOPLE: &str = "SELECT name, note, things FROM people ORDER BY name";

each_old! {
    fn everything_is_as_it_was(old) {
        let pair = moved(old);
        assert_eq!(pair.query(PEOPLE), [["ann", "a", "1"], ["bob", "b", "2"], ["cyd", "c", "0"]]);

        let undone = pair.run("transfer rollback --yes --json").ok().json();

        assert_eq!(pair.query(PEOPLE), [["bob", "before", "0"]]);
        assert_eq!(pair.value("SELECT count(*) FROM things"), "0");
        assert_eq!((undone["undone"].as_u64(), undone["conflicts_total"].as_u64()), (Some(1), Some(0)));
        pair.run("transfer rollback --yes").fails_with(2).says("no transfer is left");
        pair.run("transfer rollback 1 --yes").fails_with(5).says("run 1 was taken back already, by run 2");
    }

    fn a_row_that_was_changed_since_is_a_conflict_and_nothing_is_done(old) {
        let pair = moved(old);
        pair.execute("UPDATE things SET label = 'edited' WHERE id = 3; UPDATE people SET note = 'edited' WHERE id = 70");
        let before = pair.dump();

        let outcome = pair.run("transfer rollback --yes");

        outcome.fails_with(5).says("things id 3 was changed").says("people id 70 note: we wrote 'b', now 'edited'").says("--skip-conflicts");
        assert_eq!(before, pair.dump());
        pair.run("transfer rollback --yes --skip-conflicts").ok().says("things id 3 was changed");
        assert_eq!(pair.query("SELECT id, label FROM things"), [["3", "edited"]]);
        assert_eq!(pair.query("SELECT id, name, note FROM people"), [["70", "bob", "edited"]]);
    }
}

#[test]
fn a_row_to_which_native_rows_point_stays_and_its_count_is_made_anew() {
    let pair = moved(Old::Postgres);
    pair.execute(
        "INSERT INTO things SELECT 500, id, 'native' FROM people WHERE name = 'ann'; UPDATE people SET things = things + 1 WHERE name = 'ann'",
    );

    pair.run("transfer rollback --yes").fails_with(5).says("is needed: 1 row of things points to it");
    pair.run("transfer rollback --yes --skip-conflicts").ok();

    assert_eq!(pair.query(PEOPLE), [["ann", "a", "1"], ["bob", "before", "0"]]);
    assert_eq!(pair.query("SELECT id FROM things"), [["500"]]);
}

#[test]
fn the_old_database_and_the_mapping_are_not_needed() {
    let pair = moved(Old::Sqlite);
    pair.remove("old.db");
    pair.remove("transfer.toml");
    pair.execute("DELETE FROM things WHERE id = 1");

    pair.run("transfer rollback --yes").ok().says("1 row gone already");

    assert_eq!(pair.query(PEOPLE), [["bob", "before", "0"]]);
}

#[test]
fn a_mapping_that_was_changed_since_is_told_and_what_was_written_goes() {
    let pair = moved(Old::Postgres);
    pair.edit("transfer.toml", |text| text.replace("match = [\"name\"]", "match = [\"note\"]"));

    pair.run("transfer rollback --yes").ok().says("the mapping was changed since run 1");

    assert_eq!(pair.query(PEOPLE), [["bob", "before", "0"]]);
}

#[test]
fn rows_are_found_again_by_keys_of_every_type() {
    let columns = "u UUID, t TEXT, n NUMERIC, b BYTEA, z TIMESTAMPTZ, s TIMESTAMP, d DATE, f DOUBLE PRECISION, m mood, ip INET";
    let names = "u, t, n, b, z, s, d, f, m, ip";
    let types = "CREATE TYPE mood AS ENUM ('so, la', 'it''s');";
    let made = |name: &str| format!("{types} CREATE TABLE {name} ({columns}, v TEXT, PRIMARY KEY ({names}))");
    let pair = Pair::new(
        Old::Postgres,
        &format!(
            "{}; INSERT INTO a VALUES \
             ('00112233-4455-6677-8899-aabbccddeeff', E'a\\\\b\\nc''\"\\t', 1.50, '\\x00ff', '2025-01-01 10:00:00.5+03', '2025-01-01 10:00:00.25', 'infinity', 0.1, 'so, la', '10.0.0.0/8', 'x'), \
             ('00112233-4455-6677-8899-aabbccddeeff', '', 0, '\\x', 'infinity', '-infinity', '2024-02-29', '-0', 'it''s', '::1', 'y')",
            made("a")
        ),
        &made("b"),
        "[[table]]\nfrom = \"a\"\nto = \"b\"\n",
    );
    pair.transferred();
    pair.is_settled();
    pair.execute("UPDATE b SET v = 'other' WHERE v = 'y'");
    pair.transferred();
    assert_eq!(pair.value("SELECT string_agg(v, ' ' ORDER BY v) FROM b"), "x y");

    pair.run("transfer rollback --yes").ok();

    assert_eq!(pair.value("SELECT string_agg(v, ' ' ORDER BY v) FROM b"), "other x");
    pair.execute("UPDATE b SET v = 'y' WHERE v = 'other'");
    pair.run("transfer rollback --yes").ok();
    assert_eq!(pair.value("SELECT count(*) FROM b"), "0");
}

each_old! {
    fn a_way_back_is_shown_before_it_is_gone(old) {
        let pair = moved(old);
        let before = pair.everything();
        pair.run("transfer rollback --dry-run").ok().says("would be removed");
        pair.run("undo --last --dry-run").ok().says("would be removed");
        assert_eq!(before, pair.everything());
    }

    fn a_key_may_hold_the_character_that_separates_keys(old) {
        let pair = Pair::new(
            old,
            "CREATE TABLE a (t TEXT PRIMARY KEY); INSERT INTO a VALUES ('a\u{1f}b'), ('c')",
            "CREATE TABLE b (t TEXT PRIMARY KEY)",
            "[[table]]\nfrom = \"a\"\nto = \"b\"\n",
        );
        pair.transferred();

        pair.run("transfer rollback --yes").ok();

        assert_eq!(pair.value("SELECT count(*) FROM b"), "0");
    }
}
each_old! {
    fn a_column_with_a_scale_of_its_own_is_no_change(old) {
        let pair = Pair::new(
            old,
            "CREATE TABLE a (id INTEGER PRIMARY KEY, n NUMERIC); INSERT INTO a VALUES (1, 1.25), (2, 40)",
            "CREATE TABLE b (id INTEGER PRIMARY KEY, n NUMERIC(9, 4))",
            "[[table]]\nfrom = \"a\"\nto = \"b\"\n",
        );
        pair.transferred();
        pair.in_old("INSERT INTO a VALUES (3, 1.5); UPDATE a SET n = 2.5 WHERE id = 1");

        let facts = pair.transferred();

        assert_eq!((table(&facts, "b")["updated"].as_u64(), table(&facts, "b")["unchanged"].as_u64()), (Some(1), Some(1)));
        pair.run("transfer rollback --yes").ok();
        assert_eq!(pair.query("SELECT n FROM b ORDER BY id"), [["1.2500"], ["40.0000"]]);
    }
}
