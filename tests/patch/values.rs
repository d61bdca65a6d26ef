//! Values that are easily spoilt: through plan, write, read-back and undo, byte for byte.

use crate::support::*;

/// A project without accounts.
fn plain(project: Project, schema: &str) -> Project {
    let project = project.migration("20260101000000_values", schema, "SELECT 1");
    project.run("migrate").ok();
    project
}

/// Applies a patch and takes it back; gives the rows in between.
#[track_caller]
fn there_and_back(project: &Project, head: &str, sql: &str) -> String {
    project.write_fix("values", head, sql);
    let before = project.dump();
    project.run("fix values --yes --max-rows 999").ok();
    let changed = project.dump();
    assert_ne!(before, changed);
    project.run("undo --last --yes --max-rows 999").ok();
    assert_eq!(before, project.dump());
    project.run("fix values --yes --max-rows 999").ok();
    assert_eq!(changed, project.dump());
    project.run("undo --last --yes --max-rows 999").ok();
    assert_eq!(before, project.dump());
    changed
}

#[test]
fn values_of_postgres_stay_what_they_are() {
    let project = plain(
        Project::on(Backend::Postgres),
        "CREATE SCHEMA \"Other Place\";
         CREATE TYPE \"Other Place\".mood AS ENUM ('sad', 'it''s ok', 'happy');
         CREATE DOMAIN positive AS integer CHECK (VALUE > 0);
         CREATE TYPE pair AS (a integer, b text);
         CREATE TABLE \"Other Place\".\"Odd Table\" (
            \"Key 1\" text, \"select\" bigint, big bigint, num numeric, money numeric(40, 10), real8 double precision, real4 real,
            short varchar(5), fixed char(5), bits bit(3), raw bytea, doc json, docb jsonb, list integer[], moods \"Other Place\".mood[],
            mood \"Other Place\".mood, dom positive, both_of pair, at timestamp(3), atz timestamptz, d date, t time, span interval,
            net inet, uid uuid, range_of int4range, flag boolean, x xml, gen bigint GENERATED ALWAYS AS (\"select\" * 2) STORED,
            idy bigint GENERATED ALWAYS AS IDENTITY,
            PRIMARY KEY (\"Key 1\", \"select\"));
         INSERT INTO \"Other Place\".\"Odd Table\" VALUES
            ('a''b', 1, 9223372036854775807, 1.00, 1234567890123456789012345678.0123456789, 'NaN', 'Infinity', 'abc  ', 'ab', B'101', '\\x00ff',
             '{\"a\":  1, \"a\": 2}', '{\"b\": 1}', '[2:3]={1,NULL}', '{sad,\"it''s ok\"}', 'sad', 7, '(1,\"x, y\")', '2026-01-01 00:00:00.123', '2026-01-01 00:00:00+05',
             '2026-02-28', '23:59:59.999999', '1 mon 2 days 03:04:05.000006', '10.0.0.0/8', '00000000-0000-0000-0000-000000000001', '[1,5)', true, '<a/>', DEFAULT, DEFAULT),
            ('ü', 2, 9007199254740993, 'NaN', 0.5, '-Infinity', 1e-30, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 'infinity', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, DEFAULT, DEFAULT);",
    );
    let project = &project;
    let table = "table = '\"Other Place\".\"Odd Table\"'\nkey = [\"Key 1\", \"select\"]";
    let from = "FROM \"Other Place\".\"Odd Table\"";
    // Values that `=` takes for the same are changes.
    let changed = there_and_back(
        project,
        table,
        &format!(
            "SELECT \"Key 1\", \"select\", big - 2 AS big, CASE WHEN num = 'NaN' THEN 123456789012345678901234567890.12345678900 ELSE 1.0 END AS num, \
             money * 2 AS money, 'Infinity'::float8 AS real8, 'NaN'::float4 AS real4, 'abc' AS short, 'x' AS fixed, '110' AS bits, '\\x01'::bytea AS raw, \
             '{{\"a\":1, \"a\": 2}}' AS doc, '{{\"b\": 1.0}}' AS docb, '{{1,NULL}}'::int[] AS list, ARRAY['happy']::\"Other Place\".mood[] AS moods, \
             'it''s ok' AS mood, 8 AS dom, ROW(2, 'z \"q\"')::pair AS both_of, NULL AS at, '2026-01-01 00:00:00.000001+00' AS atz, NULL AS d, NULL AS t, \
             NULL AS span, '::1' AS net, NULL AS uid, 'empty'::int4range AS range_of, NULL AS flag, '<b/>'::xml AS x {from}"
        ),
    );
    for text in [
        "9223372036854775805",
        "9007199254740991",
        "123456789012345678901234567890.12345678900",
        "it's ok",
        "1.0 |",
        "{\"a\":1, \"a\": 2}",
    ] {
        assert!(changed.contains(text), "{text}\n{changed}");
    }
    there_and_back(project, &format!("{table}\nop = \"delete\""), &format!("SELECT \"Key 1\", \"select\" {from}"));
    let refused = |sql: &str, code: i32, says: &str| {
        project.write_fix("values", table, sql);
        let before = project.dump();
        project.run("fix values --yes --max-rows 999").fails_with(code).says(says);
        assert_eq!(before, project.dump());
    };
    refused(&format!("SELECT \"Key 1\", \"select\", 'much too long' AS short {from}"), 3, "the plan cannot be made");
    refused(&format!("SELECT \"Key 1\", \"select\", 'much too long' AS fixed {from}"), 3, "the plan cannot be made");
    refused(&format!("SELECT \"Key 1\", \"select\", 'furious' AS mood {from}"), 3, "the plan cannot be made");
    refused(&format!("SELECT \"Key 1\", \"select\", -1 AS dom {from}"), 3, "the plan cannot be made");
    refused(&format!("SELECT \"Key 1\", \"select\", 1 AS gen {from}"), 2, "is filled by the database");
    refused(&format!("SELECT \"Key 1\", \"select\", 1 AS idy {from}"), 2, "is filled by the database");
}

#[test]
fn values_of_sqlite_stay_what_they_are() {
    let project = plain(
        Project::new(),
        "CREATE TABLE \"odd table\" (\"key 1\" TEXT COLLATE NOCASE, \"select\" INTEGER, i INTEGER, r REAL, n NUMERIC, t TEXT, b BLOB, bare,
            gen INTEGER GENERATED ALWAYS AS (\"select\" * 2) STORED, PRIMARY KEY (\"key 1\", \"select\"));
         CREATE TABLE narrow (code TEXT PRIMARY KEY, v ANY) STRICT, WITHOUT ROWID;
         CREATE TABLE numbered (id INTEGER PRIMARY KEY AUTOINCREMENT, v TEXT);
         INSERT INTO \"odd table\" (\"key 1\", \"select\", i, r, n, t, b, bare) VALUES
            ('a''B', 1, 9223372036854775807, 1e999, 9007199254740993, '05', x'00ff', 5), ('ü', 2, 'text', -0.0, 1.5, x'6162', '', '5'),
            ('c', 3, NULL, NULL, NULL, NULL, NULL, NULL);
         INSERT INTO narrow VALUES ('a', 1), ('b', '1'), ('c', NULL);
         INSERT INTO numbered VALUES (1, 'a'), (9, 'b'); DELETE FROM numbered WHERE id = 9;",
    );
    let project = &project;
    let changed = there_and_back(
        project,
        "table = '\"odd table\"'\nkey = [\"key 1\", \"select\"]",
        "SELECT \"key 1\", \"select\", i - 2 AS i, -1e999 AS r, '9007199254740991' AS n, 5 AS t, x'' AS b, \
         CASE typeof(bare) WHEN 'integer' THEN '5' WHEN 'text' THEN 5 ELSE 5.0 END AS bare FROM \"odd table\"",
    );
    for text in ["9223372036854775805", "9007199254740991"] {
        assert!(changed.contains(text), "{text}\n{changed}");
    }
    there_and_back(
        project,
        "table = \"narrow\"\nkey = [\"code\"]",
        "SELECT code, CASE typeof(v) WHEN 'integer' THEN '1' WHEN 'text' THEN 1 ELSE 1.0 END AS v FROM narrow",
    );
    there_and_back(project, "table = \"narrow\"\nkey = [\"code\"]\nop = \"delete\"", "SELECT code FROM narrow WHERE code <> 'c'");
    project.write_fix("values", "table = \"numbered\"\nop = \"insert\"", "SELECT 'made' AS v FROM numbered");
    project.run("fix values --yes --max-rows 9").ok();
    assert_eq!(project.value("SELECT id FROM numbered WHERE v = 'made'"), "10");
}

#[test]
fn tables_that_cannot_be_proved_are_refused() {
    let project = plain(
        Project::on(Backend::Postgres),
        "CREATE TABLE parted (id bigint PRIMARY KEY, v text) PARTITION BY RANGE (id);
         CREATE TABLE parted_1 PARTITION OF parted FOR VALUES FROM (0) TO (100);
         CREATE TABLE keyless (v text);
         CREATE VIEW seen AS SELECT * FROM keyless;
         CREATE TABLE parent (id bigint PRIMARY KEY, v text); CREATE TABLE child () INHERITS (parent);
         CREATE TABLE late (id bigint UNIQUE DEFERRABLE, v text);
         CREATE TABLE few (id bigint, v text); CREATE UNIQUE INDEX ON few (id) WHERE v IS NOT NULL;
         INSERT INTO parted VALUES (1, 'a'); INSERT INTO parent VALUES (1, 'a'); INSERT INTO late VALUES (1, 'a'); INSERT INTO few VALUES (1, 'a')",
    );
    for (table, why) in [
        ("parted", "partitioned"),
        ("parted_1", "partition"),
        ("keyless", "has no key"),
        ("seen", "no table"),
        ("parent", "inherit"),
        ("late", "key"),
        ("few", "key"),
    ] {
        project.write_fix("values", &format!("table = \"{table}\""), "SELECT 1 AS id, 'b' AS v");
        project.run("fix values --yes --max-rows 9").fails_with(4).says(why);
    }
}

each_backend! {
    fn what_a_trigger_changes_in_the_row_goes_back_with_it(project: Project) {
        let postgres = project.backend() == Backend::Postgres;
        let project = plain(project, "CREATE TABLE pages (id BIGINT PRIMARY KEY, v TEXT, touched BIGINT NOT NULL DEFAULT 0, untouched TEXT);
            INSERT INTO pages VALUES (1, 'a', 0, 'x'), (2, 'b', 5, 'y');");
        if postgres {
            project.execute("CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN \
                IF NEW.touched = OLD.touched THEN NEW.touched := OLD.touched + 1; END IF; RETURN NEW; END $$; \
                CREATE TRIGGER touch BEFORE UPDATE ON pages FOR EACH ROW EXECUTE FUNCTION touch()");
            there_and_back(&project, "table = \"pages\"", "SELECT id, v || '!' AS v FROM pages WHERE v NOT LIKE '%!'");
        } else {
            // SQLite's triggers cannot change the row that is written, only write it again, which is counted.
            project.execute("CREATE TRIGGER touch AFTER UPDATE OF v ON pages BEGIN UPDATE pages SET touched = touched + 1 WHERE id = NEW.id; END");
            project.write_fix("values", "table = \"pages\"", "SELECT id, v || '!' AS v FROM pages");
            project.run("fix values --yes --max-rows 9").fails_with(4).says("the database counts other rows");
        }
    }
}
