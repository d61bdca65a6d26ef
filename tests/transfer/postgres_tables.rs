//! Tables of every shape: names, schemas, keys, identity and generated columns, types of one's own.

use super::postgres_pair::*;
use super::*;

#[test]
fn names_keep_their_case_and_their_schema() {
    let pair = Pair::new(
        Old::Postgres,
        "CREATE SCHEMA \"Old World\"; CREATE TABLE \"Old World\".\"Order\" (\"Id\" INTEGER PRIMARY KEY, \"some text\" TEXT, \"SELECT\" INTEGER); \
         INSERT INTO \"Old World\".\"Order\" VALUES (1, 'x', 5), (2, NULL, 6)",
        "CREATE SCHEMA audit; CREATE TABLE audit.\"Orders\" (\"Id\" SERIAL PRIMARY KEY, \"the \"\"Text\" TEXT, \"SELECT\" INTEGER UNIQUE)",
        "[[table]]\nfrom = \"Old World.Order\"\nto = \"audit.Orders\"\n[table.rename]\n\"some text\" = 'the \"Text'\n",
    );

    pair.transferred();

    assert_eq!(pair.query("SELECT * FROM audit.\"Orders\" ORDER BY 1"), [["1", "x", "5"], ["2", "NULL", "6"]]);
    assert_eq!(pair.value("INSERT INTO audit.\"Orders\" (\"SELECT\") VALUES (9) RETURNING \"Id\""), "3", "the sequence went on");
    pair.execute("DELETE FROM audit.\"Orders\" WHERE \"Id\" = 3");
    pair.is_settled();
}

each_old! {
    fn identity_columns_keep_the_keys_and_go_on_after_them(old) {
        let pair = Pair::new(
            old,
            "CREATE TABLE a (id INTEGER PRIMARY KEY, v TEXT); INSERT INTO a VALUES (7, 'x'), (41, 'y')",
            "CREATE TABLE b (id INTEGER GENERATED ALWAYS AS IDENTITY PRIMARY KEY, v TEXT, twice TEXT GENERATED ALWAYS AS (v || v) STORED)",
            "[[table]]\nfrom = \"a\"\nto = \"b\"\n",
        );

        pair.transferred();

        assert_eq!(pair.query("SELECT id, v, twice FROM b ORDER BY id"), [["7", "x", "xx"], ["41", "y", "yy"]]);
        assert_eq!(pair.value("INSERT INTO b (v) VALUES ('z') RETURNING id"), "42");
        pair.in_old("UPDATE a SET v = 'changed' WHERE id = 7; INSERT INTO a VALUES (50, 'new')");
        let facts = pair.transferred();
        assert_eq!((table(&facts, "b")["inserted"].as_u64(), table(&facts, "b")["updated"].as_u64()), (Some(1), Some(1)));
        assert_eq!(pair.query("SELECT id, twice FROM b ORDER BY id"), [["7", "changedchanged"], ["41", "yy"], ["42", "zz"], ["50", "newnew"]]);
        assert_eq!(pair.value("INSERT INTO b (v) VALUES ('z') RETURNING id"), "51");
    }

    fn keys_of_several_columns(old) {
        let pair = Pair::new(
            old,
            "CREATE TABLE a (guild BIGINT, name TEXT, v TEXT, PRIMARY KEY (guild, name)); \
             INSERT INTO a VALUES (9007199254740993, 'a b', 'x'), (9007199254740993, 'A''B', 'y'), (1, '', NULL)",
            "CREATE TABLE b (guild BIGINT, name TEXT, v TEXT, PRIMARY KEY (guild, name))",
            "[[table]]\nfrom = \"a\"\nto = \"b\"\n",
        );

        pair.transferred();

        let all = "SELECT guild, name, v FROM b ORDER BY guild, name COLLATE \"C\"";
        let whole = pair.query(all);
        assert_eq!(whole, [["1", "", "NULL"], ["9007199254740993", "A'B", "y"], ["9007199254740993", "a b", "x"]]);
        pair.is_settled();
        pair.execute("UPDATE b SET v = 'other' WHERE name = 'A''B'");
        pair.run("transfer validate").exits_with(1).says("name 'A'B': v is 'other', expected 'y'");
        pair.transferred();
        assert_eq!(pair.query(all), whole);
        pair.run("transfer rollback --yes").ok();
        assert_eq!(pair.value("SELECT v FROM b WHERE name = 'A''B'"), "other");
    }

    fn a_table_without_a_key(old) {
        let pair = Pair::new(
            old,
            "CREATE TABLE a (x TEXT, y INTEGER); INSERT INTO a VALUES ('p', 1), ('p', 2), ('q', 2)",
            "CREATE TABLE b (x TEXT, y INTEGER)",
            "[[table]]\nfrom = \"a\"\nto = \"b\"\nmatch = [\"x\", \"y\"]\n",
        );

        pair.transferred();

        let all = "SELECT x, y FROM b ORDER BY x, y";
        assert_eq!(pair.query(all), [["p", "1"], ["p", "2"], ["q", "2"]]);
        pair.is_settled();
        pair.run("transfer rollback --yes").ok();
        assert_eq!(pair.value("SELECT count(*) FROM b"), "0");
    }

    fn rows_that_point_to_rows_of_their_own_table(old) {
        let rows: Vec<_> = (1..=300).map(|id| format!("({id}, {})", if id == 300 { "NULL".to_owned() } else { (id + 1).to_string() })).collect();
        let pair = Pair::new(
            old,
            &format!("CREATE TABLE a (id INTEGER PRIMARY KEY, boss INTEGER); INSERT INTO a VALUES {}", rows.join(", ")),
            "CREATE TABLE b (id INTEGER PRIMARY KEY, boss INTEGER REFERENCES b (id))",
            "[[table]]\nfrom = \"a\"\nto = \"b\"\n",
        );

        pair.transferred();

        assert_eq!(pair.value("SELECT count(*) || ' ' || sum(boss) FROM b"), "300 45149");
        pair.is_settled();
        // The last one's boss is nobody: the whole chain hangs on it.
        pair.execute("DELETE FROM b");
        pair.in_old("UPDATE a SET boss = 999 WHERE id = 300");
        pair.map("[options]\non_error = \"reject\"\n[[table]]\nfrom = \"a\"\nto = \"b\"\n");
        let facts = pair.run("transfer all --yes --json").exits_with(1).json();
        adds_up(&facts);
        assert_eq!(table(&facts, "b")["rejected"], 300);
    }

    fn labels_and_domains_of_the_target(old) {
        let pair = Pair::new(
            old,
            "CREATE TABLE a (id INTEGER PRIMARY KEY, mood TEXT, mail TEXT, level INTEGER); \
             INSERT INTO a VALUES (1, 'so, la', 'x@y', 3), (2, 'it''s', NULL, NULL)",
            "CREATE TYPE mood AS ENUM ('sad', 'so, la', 'it''s'); CREATE DOMAIN mail AS TEXT CHECK (VALUE LIKE '%@%'); CREATE DOMAIN level AS SMALLINT; \
             CREATE TABLE b (id INTEGER PRIMARY KEY, mood mood, mail mail, level level)",
            "[options]\non_error = \"reject\"\n[[table]]\nfrom = \"a\"\nto = \"b\"\n",
        );

        pair.transferred();

        assert_eq!(pair.query("SELECT id, mood, mail, level FROM b ORDER BY id"), [["1", "so, la", "x@y", "3"], ["2", "it's", "NULL", "NULL"]]);
        pair.is_settled();
        pair.in_old("INSERT INTO a VALUES (3, 'SAD', 'x@y', 3), (4, 'sad', 'x@y', 40000), (5, 'sad', 'z@y', 4)");
        let facts = pair.run("transfer all --yes --json").exits_with(1).json();
        adds_up(&facts);
        assert_eq!((table(&facts, "b")["rejected"].as_u64(), table(&facts, "b")["written"].as_u64()), (Some(2), Some(1)), "{facts}");
        let left = pair.run("transfer status --rejected");
        left.ok().says("b id 3: mood 'SAD' is not one of sad, so, la, it's").says("b id 4: level 40000 does not fit a whole number of 16 bits");
        pair.execute("DELETE FROM b");
        pair.run("transfer all --yes").exits_with(1);
        assert_eq!(pair.query("SELECT id, mood FROM b ORDER BY id"), [["1", "so, la"], ["2", "it's"], ["5", "sad"]]);
    }
}

#[test]
fn arrays_become_json() {
    let pair = Pair::new(
        Old::Postgres,
        "CREATE TABLE a (id INTEGER PRIMARY KEY, roles BIGINT[], names TEXT[]); \
         INSERT INTO a VALUES (1, '{1,9007199254740993}', ARRAY['a,b', 'c\"d', E'e\\nf', NULL]), (2, '{}', NULL)",
        "CREATE TABLE b (id INTEGER PRIMARY KEY, roles JSONB NOT NULL, names JSON)",
        "[[table]]\nfrom = \"a\"\nto = \"b\"\n[table.column]\nroles = { to_json = true, coalesce = \"json:[]\" }\nnames = { to_json = true, coalesce = \"json:[]\" }\n",
    );

    pair.transferred();

    assert_eq!(
        pair.query("SELECT roles, names::jsonb FROM b ORDER BY id"),
        [["[1, 9007199254740993]", r#"["a,b", "c\"d", "e\nf", null]"#], ["[]", "[]"]]
    );
    pair.is_settled();
}

#[test]
fn times_without_a_zone_are_of_the_declared_one() {
    for old in [Old::Sqlite, Old::Postgres] {
        let kind = if old == Old::Sqlite { "DATETIME" } else { "TIMESTAMP" };
        let pair = Pair::new(
            old,
            &format!(
                "CREATE TABLE a (id INTEGER PRIMARY KEY, at {kind}, also {kind}); INSERT INTO a VALUES (1, '2025-01-01 01:30:00.25', '2025-07-01 00:00:00')"
            ),
            "CREATE TABLE b (id INTEGER PRIMARY KEY, at TIMESTAMPTZ, also TIMESTAMP)",
            "[options]\nnaive_time = \"+02:00\"\n[[table]]\nfrom = \"a\"\nto = \"b\"\n[table.column]\nalso = { zone = \"-03:30\" }\n",
        );
        // What the server shows by itself must not matter.
        let name = pair.value("SELECT current_database()");
        pair.execute(&format!(
            "ALTER DATABASE {name} SET TimeZone = 'Asia/Tokyo'; ALTER DATABASE {name} SET DateStyle = 'SQL, DMY'"
        ));

        pair.transferred();

        assert_eq!(
            pair.query(
                "SELECT to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS.MS'), to_char(also, 'YYYY-MM-DD HH24:MI') FROM b"
            ),
            [["2024-12-31 23:30:00.250", "2025-07-01 03:30"]],
            "{old:?}"
        );
        pair.is_settled();
    }
}
