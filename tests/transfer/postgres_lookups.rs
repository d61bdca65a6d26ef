//! Rows of the target are found by values of every type.

use super::postgres_pair::*;
use super::*;

/// Types, and a value of each in two spellings, where it has two.
const TYPES: [(&str, &str, &str); 10] = [
    ("BOOLEAN", "true", "true"),
    ("TIMESTAMPTZ", "'2025-01-01 10:00:00.5+00'", "'2025-01-01 12:00:00.5+02'"),
    ("TIMESTAMP", "'2025-01-01 10:00:00.25'", "'2025-01-01 10:00:00.250'"),
    ("NUMERIC(9, 2)", "1.5", "1.50"),
    ("DOUBLE PRECISION", "1", "1.0"),
    ("DATE", "'2025-01-01'", "'2025-01-01'"),
    ("UUID", "'00112233-4455-6677-8899-aabbccddeeff'", "'00112233-4455-6677-8899-AABBCCDDEEFF'"),
    ("TEXT", "'it''s'", "'it''s'"),
    ("CHAR(5)", "'ab'", "'ab '"),
    ("BYTEA", "'\\x00ff'", "'\\x00FF'"),
];

#[test]
fn a_key_is_looked_up_by_any_type() {
    for (kind, value, spelt) in TYPES {
        let pair = Pair::new(
            Old::Postgres,
            &format!("CREATE TABLE a (id INTEGER PRIMARY KEY, f {kind}); INSERT INTO a VALUES (1, {value}), (2, NULL)"),
            &format!(
                "CREATE TABLE k (id INTEGER PRIMARY KEY, f {kind} UNIQUE); INSERT INTO k VALUES (10, {spelt}); \
                 CREATE TABLE b (id INTEGER PRIMARY KEY, k_id INTEGER REFERENCES k (id))"
            ),
            "[[table]]\nfrom = \"a\"\nto = \"b\"\nskip = [\"f\"]\nlookup.k_id = { table = \"k\", column = \"id\", on = { f = \"col:f\" } }\n",
        );

        pair.transferred();

        assert_eq!(pair.query("SELECT id, k_id FROM b ORDER BY id"), [["1", "10"], ["2", "NULL"]], "{kind}");
        pair.is_settled();
    }
}

#[test]
fn a_row_is_updated_only_while_a_column_of_any_type_holds_a_value() {
    for (kind, given, held, other) in [
        ("NUMERIC(5, 2)", "0", "0", "1"),
        ("DOUBLE PRECISION", "1.5", "1.5", "1.25"),
        ("BOOLEAN", "true", "true", "false"),
        ("TIMESTAMPTZ", "\"text:2025-01-01 10:00:00.5\"", "'2025-01-01 12:00:00.5+02'", "'2025-01-01'"),
        ("TEXT", "\"text:open\"", "'open'", "'closed'"),
    ] {
        let pair = Pair::new(
            Old::Postgres,
            "CREATE TABLE a (id INTEGER PRIMARY KEY, v TEXT); INSERT INTO a VALUES (1, 'new'), (2, 'new')",
            &format!(
                "CREATE TABLE b (id INTEGER PRIMARY KEY, v TEXT, n {kind}); INSERT INTO b VALUES (1, 'old', {held}), (2, 'old', {other})"
            ),
            &format!("[[table]]\nfrom = \"a\"\nto = \"b\"\nset = {{ n = {given} }}\nupdate_only_if = {{ n = {given} }}\n"),
        );

        let facts = pair.transferred();

        assert_eq!(pair.query("SELECT v FROM b ORDER BY id"), [["new"], ["old"]], "{kind}");
        assert_eq!(
            (table(&facts, "b")["updated"].as_u64(), table(&facts, "b")["unchanged"].as_u64()),
            (Some(1), Some(1)),
            "{kind}"
        );
    }
}

#[test]
fn a_key_may_hold_a_truth() {
    let pair = Pair::new(
        Old::Postgres,
        "CREATE TABLE a (f BOOLEAN, n INTEGER, v TEXT, PRIMARY KEY (f, n)); INSERT INTO a VALUES (true, 1, 'x'), (false, 1, 'y')",
        "CREATE TABLE b (f BOOLEAN, n INTEGER, v TEXT, PRIMARY KEY (f, n))",
        "[[table]]\nfrom = \"a\"\nto = \"b\"\n",
    );

    pair.transferred();

    assert_eq!(pair.query("SELECT f, n, v FROM b ORDER BY v"), [["t", "1", "x"], ["f", "1", "y"]]);
    pair.is_settled();
    pair.run("transfer rollback --yes").ok();
    assert_eq!(pair.value("SELECT count(*) FROM b"), "0");
}

each_old! {
    fn whole_numbers_are_compared_to_the_last_digit(old) {
        let pair = Pair::new(
            old,
            "CREATE TABLE a (id BIGINT PRIMARY KEY); INSERT INTO a VALUES (9007199254740991), (9007199254740992), (9007199254740993)",
            "CREATE TABLE b (id BIGINT PRIMARY KEY)",
            "[[table]]\nfrom = \"a\"\nto = \"b\"\nonly = { id = \"> 9007199254740992\" }\n",
        );

        let facts = pair.transferred();

        assert_eq!(pair.query("SELECT id FROM b"), [["9007199254740993"]]);
        assert_eq!(table(&facts, "b")["skipped"], 2);
    }
}

#[test]
fn rows_of_partitions_without_a_key_are_told_apart() {
    let pair = Pair::new(
        Old::Postgres,
        "CREATE TABLE a (n INTEGER, v INTEGER) PARTITION BY LIST (n); CREATE TABLE a1 PARTITION OF a FOR VALUES IN (1); CREATE TABLE a2 PARTITION OF a FOR VALUES IN (2); \
         INSERT INTO a VALUES (1, -1), (2, 5), (2, 6)",
        "CREATE TABLE b (n INTEGER, v INTEGER, UNIQUE (n, v))",
        "[options]\nunmapped_tables = \"report\"\non_error = \"reject\"\n[[table]]\nfrom = \"a\"\nto = \"b\"\nrequire = { v = \">= 0\" }\n",
    );

    pair.run("transfer all --yes").exits_with(1);

    assert_eq!(pair.query("SELECT n, v FROM b ORDER BY v"), [["2", "5"], ["2", "6"]]);
    pair.run("transfer validate").ok().says("2 expected").says("2 found");
}
