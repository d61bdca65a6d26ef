//! Values that do not fit PostgreSQL: every one is listed with its key, none goes in changed, none is lost uncounted.

use super::postgres_pair::*;
use super::*;

const NEW: &str = "CREATE TABLE parents (id INTEGER PRIMARY KEY);
    CREATE TABLE things (id INTEGER PRIMARY KEY, title VARCHAR(12) NOT NULL UNIQUE, count SMALLINT CHECK (count < 100), weight REAL, price NUMERIC(6, 2), data JSONB, at TIMESTAMP(3), day DATE, code UUID, parent INTEGER REFERENCES parents (id))";

const MAPPING: &str = "[[table]]\nfrom = \"parent\"\nto = \"parents\"\n[[table]]\nfrom = \"thing\"\nto = \"things\"\nrequire = { count = \">= 0\" }\n";

/// Both old databases, one with its types, the other without any.
fn old_tables(old: Old) -> String {
    let columns = match old {
        Old::Sqlite => "title, count INTEGER, weight REAL, price, data TEXT, at TEXT, day TEXT, code TEXT, parent INTEGER",
        Old::Postgres => {
            "title TEXT, count BIGINT, weight DOUBLE PRECISION, price NUMERIC, data TEXT, at TIMESTAMP, day TIMESTAMP, code TEXT, parent BIGINT"
        }
    };
    let good = "'2025-01-01 10:00:00', '2025-01-01', '00112233-4455-6677-8899-aabbccddeeff', 1";
    let row = |id: u32, title: &str, start: &str| format!("({id}, '{title}', {start}, {good})");
    let rows = [
        row(1, "good", "5, 1.5, 1.25, '[1]'"),
        row(2, "far too long a title", "5, 1.5, 1.25, '[1]'"),
        row(3, "r3", "-1, 1.5, 1.25, '[1]'"),
        row(4, "r4", "40000, 1.5, 1.25, '[1]'"),
        row(5, "r5", "5, 0.1, 1.25, '[1]'"),
        row(6, "r6", "5, 1.5, 1.125, '[1]'"),
        row(7, "r7", "5, 1.5, 12345.5, '[1]'"),
        row(8, "r8", "5, 1.5, 1.25, '[1'"),
        row(9, "r9", "5, 1.5, 1.25, '\"\\u0000\"'"),
        row(10, "r10", "500, 1.5, 1.25, '[1]'"),
        row(11, "twice", "5, 1.5, 1.25, '[1]'"),
        row(12, "twice", "6, 1.5, 1.25, '[1]'"),
        "(13, NULL, 5, 1.5, 1.25, '[1]', '2025-01-01 10:00:00', '2025-01-01', NULL, 1)".to_owned(),
        "(14, 'r14', 5, 1.5, 1.25, '[1]', '2025-01-01 10:00:00.1234', '2025-01-01', NULL, 1)".to_owned(),
        "(15, 'r15', 5, 1.5, 1.25, '[1]', '2025-01-01 10:00:00', '2025-01-01 00:00:01', NULL, 1)".to_owned(),
        "(16, 'r16', 5, 1.5, 1.25, '[1]', '2025-01-01 10:00:00', '2025-01-01', 'no uuid', 1)".to_owned(),
        "(17, 'r17', 5, 1.5, 1.25, '[1]', '2025-01-01 10:00:00', '2025-01-01', NULL, 99)".to_owned(),
        "(18, 'also good', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL)".to_owned(),
    ];
    format!(
        "CREATE TABLE thing (id INTEGER PRIMARY KEY, {columns}); INSERT INTO thing VALUES {}; CREATE TABLE parent (id INTEGER PRIMARY KEY); INSERT INTO parent VALUES (1)",
        rows.join(", ")
    )
}

/// The rules by which each row above is rejected.
const EXPECTED: [(&str, &str, &str); 16] = [
    ("id 10", "", "check"),
    ("id 11", "title", "duplicate"),
    ("id 12", "title", "duplicate"),
    ("id 13", "title", "not null"),
    ("id 14", "at", "time"),
    ("id 15", "day", "time"),
    ("id 16", "code", "uuid"),
    ("id 17", "parent", "orphan"),
    ("id 2", "title", "length"),
    ("id 3", "count", "require"),
    ("id 4", "count", "range"),
    ("id 5", "weight", "range"),
    ("id 6", "price", "range"),
    ("id 7", "price", "range"),
    ("id 8", "data", "json"),
    ("id 9", "data", "json"),
];

#[track_caller]
fn lists_all_of_them(facts: &serde_json::Value) {
    let mut told: Vec<_> = facts["rejected"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|row| ["key", "column", "rule"].map(|name| row[name].as_str().unwrap_or_default()))
        .map(|[key, column, rule]| (key, column, rule))
        .collect();
    told.sort_unstable();
    assert_eq!(told, EXPECTED);
    adds_up(facts);
    let things = table(facts, "things");
    assert_eq!((things["read"].as_u64(), things["rejected"].as_u64()), (Some(18), Some(16)), "{things}");
}

each_old! {
    fn every_bad_row_is_listed_at_once_by_key_and_reason(old) {
        let pair = Pair::new(old, &old_tables(old), NEW, MAPPING);
        let before = pair.everything();

        lists_all_of_them(&pair.run("transfer dry-run --json").fails_with(1).json());
        assert_eq!(before, pair.everything());
        lists_all_of_them(&pair.run("transfer all --yes --json").fails_with(1).json());

        assert_eq!(pair.value("SELECT (SELECT count(*) FROM things) + (SELECT count(*) FROM parents)"), "0");
        let status = pair.run("transfer status --rejected --left left.csv --json").ok().json();
        assert_eq!(status["rejected_total"], 16);
        assert_eq!(pair.read("left.csv").lines().count(), 17);
    }

    fn the_rest_goes_in_where_it_says_so_and_the_exit_code_tells(old) {
        let pair = Pair::new(old, &old_tables(old), NEW, &format!("[options]\non_error = \"reject\"\n{MAPPING}"));

        lists_all_of_them(&pair.run("transfer all --yes --json").fails_with(1).json());

        let all = "SELECT id, title, price, at FROM things ORDER BY id";
        let good = [["1", "good", "1.25", "2025-01-01 10:00:00"], ["18", "also good", "NULL", "NULL"]];
        assert_eq!(pair.query(all), good);
        pair.run("transfer validate").ok();
        // Beside rows that are there it is the same list.
        let again = pair.run("transfer all --yes --json").fails_with(1).json();
        lists_all_of_them(&again);
        assert_eq!((again["rows"].as_u64(), table(&again, "things")["unchanged"].as_u64()), (Some(0), Some(2)));
        assert_eq!(pair.query(all), good);
    }

    fn a_row_that_another_one_has_the_place_of_is_told(old) {
        let pair = Pair::new(
            old,
            "CREATE TABLE a (id INTEGER PRIMARY KEY, name TEXT); INSERT INTO a VALUES (1, 'x'), (2, 'y')",
            "CREATE TABLE b (id INTEGER PRIMARY KEY, name TEXT UNIQUE); INSERT INTO b VALUES (7, 'y')",
            "[[table]]\nfrom = \"a\"\nto = \"b\"\n",
        );

        let facts = pair.run("transfer all --yes --json").fails_with(1).json();

        adds_up(&facts);
        let told = &facts["rejected"][0];
        assert_eq!((told["key"].as_str(), told["rule"].as_str(), &facts["rejected_total"]), (Some("id 2"), Some("unique"), &1.into()));
        assert_eq!(pair.query("SELECT id, name FROM b"), [["7", "y"]]);
    }
}

#[test]
fn what_a_column_of_sqlite_can_hold_and_one_of_the_server_cannot() {
    let pair = Pair::new(
        Old::Sqlite,
        "CREATE TABLE a (id INTEGER PRIMARY KEY, t TEXT, n INTEGER, f REAL, b BLOB, y BOOLEAN); \
         INSERT INTO a VALUES (1, 'a' || char(0) || 'b', 1, 1, NULL, 1), (2, CAST(x'ff41' AS TEXT), 1, 1, NULL, 0), (3, 'x', 'NaN', 1, NULL, 1), \
         (4, 'x', 9223372036854775808, 1, NULL, 1), (5, 'x', 1, 9e999, NULL, 1), (6, x'00', 1, 1, 'text', 7), (7, 'good', -9223372036854775808, 0.1, x'00ff', NULL)",
        "CREATE TABLE b (id BIGINT PRIMARY KEY, t TEXT, n BIGINT, f DOUBLE PRECISION, b BYTEA, y BOOLEAN)",
        "[options]\non_error = \"reject\"\n[[table]]\nfrom = \"a\"\nto = \"b\"\n",
    );

    let facts = pair.run("transfer all --yes --json").fails_with(1).json();

    adds_up(&facts);
    let mut told: Vec<_> = facts["rejected"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|row| format!("{} {}", row["key"], row["column"]).replace('"', ""))
        .collect();
    told.sort();
    assert_eq!(told, ["id 1 t", "id 2 t", "id 3 n", "id 4 n", "id 5 f", "id 6 b", "id 6 t", "id 6 y"]);
    assert_eq!(pair.query("SELECT * FROM b"), [["7", "good", "-9223372036854775808", "0.1", "\\x00ff", "NULL"]]);
    pair.run("transfer validate").ok();
}

#[test]
fn what_one_server_holds_and_no_rule_can_take() {
    let pair = Pair::new(
        Old::Postgres,
        "CREATE TABLE a (id INTEGER PRIMARY KEY, n NUMERIC, f DOUBLE PRECISION, at TIMESTAMPTZ, d DATE); \
         INSERT INTO a VALUES (1, 'NaN', 1, NULL, NULL), (2, 1, 'NaN', NULL, NULL), (3, 1, '-Infinity', NULL, NULL), (4, 1, 1, '294276-12-31', NULL), \
         (5, 1, 1, '0044-03-15 BC', NULL), (6, 1, 1, NULL, '10000-01-01'), (7, 'Infinity', 1, NULL, NULL), (8, 1, 1, 'infinity', '-infinity')",
        "CREATE TABLE b (id INTEGER PRIMARY KEY, n NUMERIC, f DOUBLE PRECISION, at TIMESTAMPTZ, d DATE)",
        "[options]\non_error = \"reject\"\n[[table]]\nfrom = \"a\"\nto = \"b\"\n",
    );

    let facts = pair.run("transfer all --yes --json").fails_with(1).json();

    adds_up(&facts);
    assert_eq!(facts["rejected_total"], 7, "{facts}");
    assert_eq!(pair.query("SELECT * FROM b"), [["8", "1", "1", "infinity", "-infinity"]]);
    pair.run("transfer validate").ok();
}
