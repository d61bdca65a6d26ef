//! Rows to which only the target can object: each is listed by its key, with the target's words.

use super::postgres_pair::*;
use super::*;

const REJECT: &str = "[options]\non_error = \"reject\"\n";

/// What was rejected of a run: key and rule.
fn rejected(facts: &serde_json::Value) -> Vec<(String, String)> {
    let text = |row: &serde_json::Value, name: &str| row[name].as_str().unwrap_or_default().to_owned();
    facts["rejected"].as_array().expect("a list").iter().map(|row| (text(row, "key"), text(row, "rule"))).collect()
}

/// Moves rows of `a` to `b`, some of which the target refuses: the others go in, and a validation agrees.
#[track_caller]
fn refuses(old: Old, rows: &str, new: &str, left: &[(&str, &str)], there: &[&str]) {
    let pair = Pair::new(
        old,
        &format!("CREATE TABLE a (id INTEGER PRIMARY KEY, t TEXT, n INTEGER); INSERT INTO a VALUES {rows}"),
        new,
        &format!("{REJECT}[[table]]\nfrom = \"a\"\nto = \"b\"\n"),
    );
    let before = pair.query("SELECT id::text FROM b ORDER BY id");

    let dry = pair.run("transfer dry-run --json").exits_with(1).json();
    assert_eq!(pair.query("SELECT id::text FROM b ORDER BY id"), before);
    let facts = pair.run("transfer all --yes --json").exits_with(1).json();

    adds_up(&facts);
    let left: Vec<_> = left.iter().map(|(key, rule)| ((*key).to_owned(), (*rule).to_owned())).collect();
    assert_eq!(rejected(&facts), left, "{facts}");
    assert_eq!(rejected(&dry), left, "{dry}");
    assert_eq!(pair.query("SELECT id::text FROM b ORDER BY id").concat(), there);
    pair.run("transfer validate").ok();
}

each_old! {
    fn the_check_and_the_length_of_a_domain(old) {
        refuses(
            old,
            "(1, 'good', 1), (2, 'far too long', 2), (3, 'fine', -3), (4, NULL, 4)",
            "CREATE DOMAIN short AS VARCHAR(5); CREATE DOMAIN positive AS INTEGER CHECK (VALUE > 0); CREATE TABLE b (id INTEGER PRIMARY KEY, t short, n positive)",
            &[("id 2", "length"), ("id 3", "check")],
            &["1", "4"],
        );
    }

    fn an_index_on_an_expression(old) {
        refuses(
            old,
            "(1, 'Ann', 1), (2, 'bob', 2), (3, 'ANN', 3), (4, 'cid', 4)",
            "CREATE TABLE b (id INTEGER PRIMARY KEY, t TEXT, n INTEGER); CREATE UNIQUE INDEX b_lower ON b (lower(t)); INSERT INTO b VALUES (40, 'CID', 1)",
            &[("id 3", "unique"), ("id 4", "unique")],
            &["1", "2", "40"],
        );
    }

    fn an_exclusion_constraint(old) {
        refuses(
            old,
            "(1, 'a', 1), (2, 'b', 5), (3, 'c', 5)",
            "CREATE TABLE b (id INTEGER PRIMARY KEY, t TEXT, n INTEGER, EXCLUDE USING btree (n WITH =))",
            &[("id 3", "target")],
            &["1", "2"],
        );
    }

    fn a_partition_that_is_not_there(old) {
        refuses(
            old,
            "(1, 'a', 1), (150, 'b', 5), (3, 'c', 5)",
            "CREATE TABLE b (id INTEGER PRIMARY KEY, t TEXT, n INTEGER) PARTITION BY RANGE (id); CREATE TABLE b_1 PARTITION OF b FOR VALUES FROM (0) TO (100)",
            &[("id 150", "check")],
            &["1", "3"],
        );
    }

    fn a_row_that_is_there_and_may_not_become_that(old) {
        refuses(
            old,
            "(1, 'a', 1), (2, 'b', -5), (3, 'c', 5)",
            "CREATE DOMAIN positive AS INTEGER CHECK (VALUE > 0); CREATE TABLE b (id INTEGER PRIMARY KEY, t TEXT, n positive); INSERT INTO b VALUES (2, 'b', 2), (3, 'x', 5)",
            &[("id 2", "check")],
            &["1", "2", "3"],
        );
    }

    fn a_trigger_that_raises(old) {
        let pair = Pair::new(
            old,
            "CREATE TABLE a (id INTEGER PRIMARY KEY, t TEXT); INSERT INTO a VALUES (1, 'a'), (2, 'no'), (3, 'c')",
            "CREATE TABLE b (id INTEGER PRIMARY KEY, t TEXT); CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF NEW.t = 'no' THEN RAISE 'never'; END IF; RETURN NEW; END $$; \
             CREATE TRIGGER t BEFORE INSERT ON b FOR EACH ROW EXECUTE FUNCTION f()",
            "[options]\non_error = \"reject\"\ntriggers = \"fire\"\n[[table]]\nfrom = \"a\"\nto = \"b\"\n",
        );

        let facts = pair.run("transfer all --yes --json").exits_with(1).json();

        assert_eq!(rejected(&facts), [("id 2".to_owned(), "target".to_owned())]);
        assert_eq!(facts["rejected"][0]["message"], "never");
    }

    fn a_text_that_is_no_address_of_a_network(old) {
        refuses(
            old,
            "(1, '10.0.0.1/32', 1), (2, 'somewhere', 2), (3, NULL, 3)",
            "CREATE TABLE b (id INTEGER PRIMARY KEY, t INET, n INTEGER)",
            &[("id 2", "target")],
            &["1", "3"],
        );
    }

    fn where_nothing_is_rejected_it_stops_and_lists_them(old) {
        let pair = Pair::new(
            old,
            "CREATE TABLE a (id INTEGER PRIMARY KEY, n INTEGER); INSERT INTO a VALUES (1, 1), (2, -2), (3, 3), (4, -4)",
            "CREATE DOMAIN positive AS INTEGER CHECK (VALUE > 0); CREATE TABLE b (id INTEGER PRIMARY KEY, n positive)",
            "[[table]]\nfrom = \"a\"\nto = \"b\"\n",
        );

        let outcome = pair.run("transfer all --yes");

        outcome.fails_with(1).says("id 2").says("and 1 more").says("positive_check");
        assert_eq!(pair.value("SELECT count(*) FROM b"), "0");
    }
}

#[test]
fn many_bad_rows_among_many_good_ones() {
    let pair = Pair::new(
        Old::Postgres,
        "CREATE TABLE a (id INTEGER PRIMARY KEY, n INTEGER); INSERT INTO a SELECT i, CASE WHEN i % 400 = 7 THEN -1 ELSE i END FROM generate_series(1, 20000) AS g (i)",
        "CREATE DOMAIN positive AS INTEGER CHECK (VALUE > 0); CREATE TABLE b (id INTEGER PRIMARY KEY, n positive)",
        &format!("{REJECT}[[table]]\nfrom = \"a\"\nto = \"b\"\n"),
    );

    let facts = pair.run("transfer all --yes --json").exits_with(1).json();

    adds_up(&facts);
    assert_eq!(facts["rejected_total"], 50);
    assert_eq!(pair.value("SELECT count(*) FROM b"), "19950");
}

#[test]
fn where_every_row_is_refused_the_target_speaks_once() {
    let pair = Pair::new(
        Old::Postgres,
        "CREATE TABLE a (id INTEGER PRIMARY KEY, n INTEGER); INSERT INTO a SELECT i, -1 FROM generate_series(1, 3000) AS g (i)",
        "CREATE DOMAIN positive AS INTEGER CHECK (VALUE > 0); CREATE TABLE b (id INTEGER PRIMARY KEY, n positive)",
        &format!("{REJECT}[[table]]\nfrom = \"a\"\nto = \"b\"\n"),
    );

    pair.run("transfer all --yes").fails_with(3).says("positive_check");

    assert_eq!(pair.value("SELECT count(*) FROM b"), "0");
}
