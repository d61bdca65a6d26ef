use super::*;
use Engine::{Postgres as PG, Sqlite as LITE};

fn all(engine: Engine, sql: &str) -> Vec<What> {
    changes(sql, engine).into_iter().map(|change| change.what).collect()
}

#[track_caller]
fn one(sql: &str, expected: What) {
    assert_eq!(all(PG, sql), std::slice::from_ref(&expected), "{sql}");
    assert_eq!(all(LITE, sql), [expected], "{sql}");
}

fn text(text: &str) -> String {
    text.to_owned()
}

#[test]
fn what_is_created_is_found_with_its_name() {
    one("CREATE TABLE IF NOT EXISTS app.T (a int)", What::CreateTable { table: text("t"), lenient: true, temporary: false });
    one("create temporary table \"t\" (a int)", What::CreateTable { table: text("t"), lenient: false, temporary: true });
    one("CREATE UNIQUE INDEX i ON t (a)", What::CreateIndex { index: Some(text("i")), table: text("t"), lenient: false });
    one("CREATE VIEW v AS SELECT 1", What::CreateOther { kind: "VIEW", name: text("v"), lenient: false });
    assert_eq!(
        all(PG, "CREATE OR REPLACE FUNCTION f() RETURNS int AS $$ DELETE FROM t $$ LANGUAGE sql"),
        [What::CreateOther { kind: "FUNCTION", name: text("f"), lenient: true }]
    );
    assert_eq!(
        all(PG, "CREATE INDEX CONCURRENTLY ON t (a)"),
        [What::CreateIndex { index: None, table: text("t"), lenient: false }]
    );
    assert_eq!(
        all(LITE, "CREATE VIRTUAL TABLE T USING fts5(a)"),
        [What::CreateTable { table: text("t"), lenient: false, temporary: false }]
    );
    assert_eq!(all(PG, "CREATE ROLE r"), [What::Schema]);
}

#[test]
fn every_dropped_table_is_found() {
    assert_eq!(
        all(PG, "DROP TABLE IF EXISTS a, s.\"B\" CASCADE"),
        [What::DropTable { table: text("a"), lenient: true }, What::DropTable { table: text("B"), lenient: true }]
    );
    one("DROP INDEX i", What::DropIndex { index: text("i"), lenient: false });
    one("DROP VIEW v", What::DropOther { kind: "VIEW", name: text("v"), lenient: false });
    assert_eq!(all(PG, "DROP FUNCTION f(int), g").len(), 2);
}

#[test]
fn every_action_of_an_alter_table_is_found_with_its_place() {
    let sql = "ALTER TABLE ONLY t ADD COLUMN a numeric(4, 2) NOT NULL, DROP b, ALTER COLUMN c DROP NOT NULL, ADD CONSTRAINT k CHECK (a > 0)";

    let found = changes(sql, PG);

    assert_eq!(found.iter().map(|change| &sql[change.at..change.at + 3]).collect::<Vec<_>>(), ["ADD", "DRO", "ALT", "ADD"]);
    let column =
        What::AddColumn { table: text("t"), column: text("a"), refused: Some(Refused::WithRows("NOT NULL without a default")) };
    assert_eq!(found[0].what, column);
    assert_eq!(found[1].what, What::DropColumn { table: text("t"), column: text("b") });
    assert_eq!(found[2].what, What::AlterTable { table: text("t") });
    assert_eq!(found[3].what, What::AlterTable { table: text("t") });
}

#[test]
fn renames_are_found() {
    one("ALTER TABLE t RENAME TO u", What::RenameTable { from: text("t"), to: text("u") });
    for sql in ["ALTER TABLE t RENAME COLUMN a TO b", "ALTER TABLE t RENAME a TO b"] {
        one(sql, What::RenameColumn { table: text("t"), from: text("a"), to: text("b") });
    }
    assert_eq!(all(PG, "ALTER TABLE t RENAME CONSTRAINT a TO b"), [What::AlterTable { table: text("t") }]);
}

#[test]
fn columns_that_sqlite_refuses_are_known() {
    let refused = |rest: &str| match all(LITE, &format!("ALTER TABLE t ADD COLUMN c {rest}")).remove(0) {
        What::AddColumn { refused, .. } => refused,
        other => panic!("{other:?}"),
    };

    assert_eq!(refused("INTEGER PRIMARY KEY"), Some(Refused::Always("PRIMARY KEY")));
    assert_eq!(refused("TEXT UNIQUE"), Some(Refused::Always("UNIQUE")));
    assert_eq!(refused("TEXT NOT NULL DEFAULT NULL"), Some(Refused::WithRows("NOT NULL without a default")));
    assert_eq!(refused("TEXT DEFAULT CURRENT_TIMESTAMP"), Some(Refused::WithRows("a default that is not constant")));
    for fine in ["TEXT", "", "VARCHAR(3) NOT NULL DEFAULT 'x'", "INTEGER DEFAULT -1 NOT NULL", "INT NOT NULL AS (a + 1)"] {
        assert_eq!(refused(fine), None, "{fine}");
    }
}

#[test]
fn changed_rows_are_found_with_their_limits() {
    let rows = |verb, limited| What::Rows { verb, table: text("t"), limited };

    one("DELETE FROM t", rows("DELETE", false));
    one("delete from t where id = 1", rows("DELETE", true));
    one("DELETE FROM t USING (SELECT 1 WHERE true) x", rows("DELETE", false));
    one("UPDATE t SET a = 1", rows("UPDATE", false));
    one("INSERT INTO t SELECT * FROM u", rows("INSERT", false));
    one("WITH x AS (SELECT 1 WHERE true), y (a) AS (SELECT 2) DELETE FROM t", rows("DELETE", false));
    assert_eq!(all(LITE, "INSERT OR IGNORE INTO t VALUES (1)"), [rows("INSERT", false)]);
    assert_eq!(all(PG, "COPY t FROM STDIN"), [rows("COPY", false)]);
    one("TRUNCATE TABLE t", What::Truncate { table: text("t") });
}

#[test]
fn queries_and_settings_change_nothing() {
    for sql in ["", "SELECT 1", "WITH x AS (DELETE FROM t) SELECT 1", "SET a = 1", "PRAGMA x = 1", "VACUUM", "COPY t TO STDOUT"] {
        assert_eq!(all(PG, sql), [], "{sql}");
    }
}

#[test]
fn values_of_enums_are_found_as_they_are_written() {
    assert_eq!(
        all(PG, "ALTER TYPE mood ADD VALUE IF NOT EXISTS 'so''so' AFTER 'sad'"),
        [What::AddEnumValue { name: text("mood"), value: text("'so''so'") }]
    );
    assert!(has_string("SELECT 'a', /* 'b' */ 'c'", PG, "'c'") && !has_string("SELECT /* 'b' */ 1", PG, "'b'"));
}
