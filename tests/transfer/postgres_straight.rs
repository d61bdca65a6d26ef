//! Many rows into an empty table: keys and indexes are made after the rows, and are then what they were.

use std::collections::BTreeSet;

use super::postgres_pair::*;
use super::*;

/// What the catalogue says of all constraints and indexes, with validity and comments.
const DEFINITIONS: &str = "
    SELECT conrelid::regclass::text, conname::text, pg_get_constraintdef(oid), convalidated::text, coalesce(obj_description(oid, 'pg_constraint'), '-')
      FROM pg_constraint WHERE connamespace = 'public'::regnamespace
    UNION ALL SELECT indrelid::regclass::text, indexrelid::regclass::text, pg_get_indexdef(indexrelid), concat(indisvalid, indisready, indisprimary, indisclustered, indisreplident),
      coalesce(obj_description(indexrelid, 'pg_class'), '-') FROM pg_index JOIN pg_class c ON c.oid = indrelid WHERE c.relnamespace = 'public'::regnamespace
    ORDER BY 1, 2, 3";

const ROWS: &str = "12000";

/// A long table with everything that may hang on one, and what else the new database has.
fn long(old: Old, more: &str) -> Pair {
    let rows = match old {
        Old::Postgres => {
            format!("INSERT INTO a SELECT i, i % 10 + 1, 'row ' || i, i % 7 FROM generate_series(1, {ROWS}) AS g (i)")
        }
        Old::Sqlite => format!(
            "WITH RECURSIVE g (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM g WHERE i < {ROWS}) INSERT INTO a SELECT i, i % 10 + 1, 'row ' || i, i % 7 FROM g"
        ),
    };
    let pair = Pair::new(
        old,
        &format!("CREATE TABLE a (id INTEGER PRIMARY KEY, parent INTEGER, t TEXT, n INTEGER); {rows}"),
        "CREATE TABLE parents (id INTEGER PRIMARY KEY); INSERT INTO parents SELECT generate_series(1, 10); \
         CREATE TABLE b (id INTEGER CONSTRAINT \"The Key\" PRIMARY KEY, parent INTEGER NOT NULL CONSTRAINT \"points to\" REFERENCES parents (id) ON DELETE CASCADE, t TEXT, n INTEGER, \
         CONSTRAINT b_t UNIQUE (t), CHECK (n >= 0), boss INTEGER REFERENCES b (id)); \
         CREATE INDEX b_n ON b (n DESC NULLS LAST, t) WHERE n > 1; CREATE INDEX \"b Lower\" ON b (lower(t)) INCLUDE (n) WITH (fillfactor = 70); CREATE INDEX b_told ON b (parent); \
         COMMENT ON INDEX b_told IS 'told'; COMMENT ON CONSTRAINT \"points to\" ON b IS 'said'; COMMENT ON COLUMN b.t IS 'text'",
        "[[table]]\nfrom = \"a\"\nto = \"b\"\nset = { boss = \"null\" }\n",
    );
    pair.execute(more);
    pair
}

/// The indexes of the table by their numbers: one that is made anew gets another.
fn numbers(pair: &Pair) -> BTreeSet<String> {
    pair.query("SELECT indexrelid::text FROM pg_index WHERE indrelid = 'b'::regclass").concat().into_iter().collect()
}

/// The rows arrive whole, and the schema is what it was. Returns how many of the indexes are others, and of how many.
#[track_caller]
fn arrives(pair: &Pair, outcome: impl FnOnce(&Pair) -> Outcome) -> (usize, usize) {
    let (before, indexes) = ((pair.schema(), pair.query(DEFINITIONS)), numbers(pair));

    outcome(pair).ok().says("12 000 written");

    assert_eq!((pair.schema(), pair.query(DEFINITIONS)), before);
    assert_eq!(
        pair.value("SELECT count(*) || ' ' || sum(id) || ' ' || sum(parent) || ' ' || sum(length(t)) FROM b"),
        "12000 72006000 66000 96894"
    );
    (indexes.difference(&numbers(pair)).count(), indexes.len())
}

fn all(pair: &Pair) -> Outcome {
    pair.run("transfer all --yes")
}

each_old! {
    fn everything_that_hangs_on_a_table_is_as_it_was(old) {
        let pair = long(old, "");

        // All but the one with a comment, which would be lost.
        assert_eq!(arrives(&pair, all), (4, 5));

        // What was made anew does what it says.
        pair.execute("DELETE FROM parents WHERE id = 10");
        assert_eq!(pair.value("SELECT count(*) FROM b WHERE parent = 10"), "0", "the foreign key cascades");
        pair.run("transfer validate").exits_with(1);
    }

    fn two_rows_of_one_key_among_many_are_both_listed(old) {
        let pair = long(old, "");
        pair.in_old("UPDATE a SET t = 'row 77' WHERE id = 11111");
        let before = (pair.schema(), pair.query(DEFINITIONS));

        let facts = pair.run("transfer all --yes --json").fails_with(1).json();

        adds_up(&facts);
        let mut keys: Vec<_> = facts["rejected"].as_array().expect("a list").iter().map(|row| row["key"].as_str()).collect();
        keys.sort();
        assert_eq!(keys, [Some("id 11111"), Some("id 77")]);
        assert_eq!((pair.schema(), pair.query(DEFINITIONS)), before);
        assert_eq!(pair.value("SELECT count(*) FROM b"), "0");
    }

    fn rows_that_are_bad_by_themselves_stay_behind_and_the_others_go(old) {
        let pair = long(old, "");
        pair.in_old("UPDATE a SET n = -1 WHERE id = 5; UPDATE a SET parent = 99 WHERE id = 6");
        pair.edit("transfer.toml", |text| text.replace("[[table]]", "[options]\non_error = \"reject\"\n[[table]]"));
        let before = (pair.schema(), pair.query(DEFINITIONS));

        let facts = pair.run("transfer all --yes --json").exits_with(1).json();

        adds_up(&facts);
        assert_eq!((table(&facts, "b")["written"].as_u64(), facts["rejected_total"].as_u64()), (Some(11_998), Some(2)), "{facts}");
        assert_eq!((pair.schema(), pair.query(DEFINITIONS)), before);
        pair.run("transfer validate").ok();
    }
}

#[test]
fn a_view_and_a_table_that_need_the_key_keep_it() {
    let pair = long(
        Old::Postgres,
        "CREATE VIEW v AS SELECT id, t, n FROM b GROUP BY id; CREATE TABLE foreigner (b INTEGER REFERENCES b (id))",
    );

    // The primary key stays, and the one with a comment.
    assert_eq!(arrives(&pair, all), (3, 5));

    pair.execute("INSERT INTO foreigner VALUES (1)");
}

#[test]
fn what_is_special_about_an_index_stays() {
    let pair = long(
        Old::Postgres,
        "CREATE INDEX b_ordered ON b (n, id); ALTER TABLE b CLUSTER ON b_ordered; CREATE UNIQUE INDEX b_same ON b (id, parent); \
         ALTER TABLE b REPLICA IDENTITY USING INDEX b_same; ALTER INDEX \"b Lower\" ALTER COLUMN 1 SET STATISTICS 500; \
         ALTER TABLE b ADD CONSTRAINT later UNIQUE (n, id) DEFERRABLE INITIALLY DEFERRED; ALTER TABLE b ADD CONSTRAINT unsure CHECK (n < 100) NOT VALID",
    );

    assert_eq!(arrives(&pair, all), (3, 8));

    assert_eq!(
        pair.value("SELECT attstattarget FROM pg_attribute WHERE attrelid = '\"b Lower\"'::regclass AND attnum = 1"),
        "500"
    );
    assert_eq!(pair.value("SELECT relreplident FROM pg_class WHERE oid = 'b'::regclass"), "i");
}

#[test]
fn a_table_that_somebody_uses_is_not_touched() {
    let pair = long(Old::Postgres, "");
    let mut reader = postgres::Client::connect(pair.database_url(), postgres::NoTls).expect("it is there");
    reader.batch_execute("BEGIN; LOCK TABLE b IN ACCESS SHARE MODE").expect("nobody else is there");

    assert_eq!(arrives(&pair, all), (0, 5));

    reader.batch_execute("COMMIT").expect("it is open");
}

#[test]
fn a_role_that_does_not_own_the_table_goes_the_slower_way() {
    let pair = long(Old::Postgres, "");
    let name = pair.value("SELECT current_database()");
    let role = format!("writer_of_{name}");
    pair.execute(&format!(
        "CREATE ROLE {role} LOGIN; GRANT CREATE ON DATABASE {name} TO {role}; GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {role}"
    ));
    let url = pair.database_url().replace("postgres@", &format!("{role}@"));

    assert_eq!(arrives(&pair, |pair| pair.command("transfer all --yes --target").args([&url]).run()), (0, 5));

    pair.execute(&format!("REASSIGN OWNED BY {role} TO postgres; DROP OWNED BY {role}; DROP ROLE {role}"));
}
