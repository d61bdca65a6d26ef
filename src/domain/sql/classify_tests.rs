use super::*;
use Engine::{Postgres as PG, Sqlite as LITE};

#[track_caller]
fn all_are(engine: Engine, expected: &Statement, statements: &[&str]) {
    for sql in statements {
        assert_eq!(&classify(sql, engine), expected, "{sql}");
    }
}

#[track_caller]
fn control(engine: Engine, sql: &str, words: &str) {
    all_are(engine, &Statement::TransactionControl { words: words.into() }, &[sql]);
}

#[track_caller]
fn outside(engine: Engine, sql: &str, words: &str) {
    all_are(engine, &Statement::OutsideTransaction { words: words.into() }, &[sql]);
}

#[test]
fn statements_that_begin_or_end_a_transaction() {
    for engine in [PG, LITE] {
        control(engine, "BEGIN", "BEGIN");
        control(engine, "/* x */ begin -- y\n immediate transaction", "BEGIN");
        control(engine, "COMMIT", "COMMIT");
        control(engine, "end transaction", "END");
        control(engine, "Rollback", "ROLLBACK");
        control(engine, "ROLLBACK TRANSACTION", "ROLLBACK");
    }
    control(PG, "START TRANSACTION ISOLATION LEVEL SERIALIZABLE", "START TRANSACTION");
    control(PG, "ABORT WORK", "ABORT");
    control(PG, "COMMIT AND CHAIN", "COMMIT");
    control(PG, "PREPARE TRANSACTION 'x'", "PREPARE TRANSACTION");
    control(PG, "COMMIT PREPARED 'x'", "COMMIT PREPARED");
    control(PG, "ROLLBACK PREPARED 'to'", "ROLLBACK PREPARED");
}

#[test]
fn savepoints_and_look_alikes_are_other() {
    let names = ["SAVEPOINT a", "RELEASE a", "ROLLBACK TO a", "ROLLBACK TRANSACTION TO SAVEPOINT a"];

    all_are(PG, &Statement::Other, &names);
    all_are(LITE, &Statement::Other, &names);
    all_are(PG, &Statement::Other, &["PREPARE transaction AS SELECT 1", "PREPARE transaction (int) AS SELECT $1", "START x"]);
    all_are(LITE, &Statement::Other, &["", "-- BEGIN", "'BEGIN'", "\"begin\"", "SELECT 'COMMIT'", "ABORT"]);
}

#[test]
fn statements_that_postgres_refuses_inside_a_transaction() {
    for (sql, words) in [
        ("CREATE INDEX CONCURRENTLY a ON b (c)", "CREATE INDEX CONCURRENTLY"),
        ("create unique index /* x */ concurrently on b (c)", "CREATE INDEX CONCURRENTLY"),
        ("DROP INDEX CONCURRENTLY IF EXISTS a", "DROP INDEX CONCURRENTLY"),
        ("REINDEX INDEX CONCURRENTLY a", "REINDEX CONCURRENTLY"),
        ("REINDEX (VERBOSE, CONCURRENTLY) TABLE a", "REINDEX CONCURRENTLY"),
        ("REINDEX (concurrently = on, tablespace b) TABLE a", "REINDEX CONCURRENTLY"),
        ("REINDEX SCHEMA a", "REINDEX SCHEMA"),
        ("REINDEX (VERBOSE) DATABASE a", "REINDEX DATABASE"),
        ("REINDEX SYSTEM", "REINDEX SYSTEM"),
        ("VACUUM", "VACUUM"),
        ("VACUUM (FULL, ANALYZE) a", "VACUUM"),
        ("ALTER SYSTEM SET work_mem = '1MB'", "ALTER SYSTEM"),
        ("CREATE DATABASE a", "CREATE DATABASE"),
        ("DROP DATABASE IF EXISTS a", "DROP DATABASE"),
        ("CREATE TABLESPACE a LOCATION '/a'", "CREATE TABLESPACE"),
        ("DROP TABLESPACE a", "DROP TABLESPACE"),
        ("ALTER DATABASE a SET TABLESPACE b", "ALTER DATABASE SET TABLESPACE"),
        ("CLUSTER", "CLUSTER"),
        ("CLUSTER VERBOSE", "CLUSTER"),
        ("CLUSTER (VERBOSE)", "CLUSTER"),
        ("DISCARD ALL", "DISCARD ALL"),
        ("ALTER TABLE ONLY s.\"A\" DETACH PARTITION s.b CONCURRENTLY", "DETACH PARTITION CONCURRENTLY"),
        ("CREATE SUBSCRIPTION s CONNECTION 'x' PUBLICATION p", "CREATE SUBSCRIPTION"),
        ("CREATE SUBSCRIPTION s CONNECTION 'x' PUBLICATION p WITH (create_slot, enabled = false)", "CREATE SUBSCRIPTION"),
        ("DROP SUBSCRIPTION s", "DROP SUBSCRIPTION"),
        ("ALTER SUBSCRIPTION s REFRESH PUBLICATION", "ALTER SUBSCRIPTION REFRESH"),
        ("ALTER SUBSCRIPTION s ADD PUBLICATION p", "ALTER SUBSCRIPTION PUBLICATION"),
        ("ALTER SUBSCRIPTION s SET (failover = true)", "ALTER SUBSCRIPTION SET"),
    ] {
        outside(PG, sql, words);
    }
}

#[test]
fn statements_that_postgres_allows_inside_a_transaction() {
    let allowed = [
        "CREATE INDEX a ON b (c)",
        "CREATE INDEX \"concurrently\" ON b (c)",
        "DROP INDEX a",
        "REINDEX TABLE a",
        "REINDEX (CONCURRENTLY off) INDEX a",
        "REINDEX (CONCURRENTLY = false) INDEX a",
        "ALTER TYPE a ADD VALUE 'b'",
        "REFRESH MATERIALIZED VIEW CONCURRENTLY a",
        "ALTER DATABASE a SET work_mem = '1MB'",
        "CLUSTER a",
        "CLUSTER VERBOSE a USING b",
        "ANALYZE",
        "DISCARD PLANS",
        "ALTER TABLE a DETACH PARTITION b",
        "ALTER TABLE a DETACH PARTITION b FINALIZE",
        "CREATE SUBSCRIPTION s CONNECTION 'x' PUBLICATION p WITH (create_slot = false)",
        "CREATE SUBSCRIPTION s CONNECTION 'x' PUBLICATION p WITH (connect = 'off')",
        "ALTER SUBSCRIPTION s SET PUBLICATION p WITH (refresh = false)",
        "ALTER SUBSCRIPTION s DISABLE",
        "ALTER SUBSCRIPTION s SET (binary = true)",
    ];

    all_are(PG, &Statement::Other, &allowed);
}

#[test]
fn sqlite_vacuums_outside_and_knows_no_concurrent_index() {
    outside(LITE, "VACUUM INTO 'x'", "VACUUM");
    all_are(LITE, &Statement::Other, &["CREATE INDEX CONCURRENTLY a ON b (c)", "REINDEX", "ALTER SYSTEM"]);
}

#[test]
fn pragmas_have_their_name_without_schema() {
    let foreign_keys = Statement::Pragma { name: "foreign_keys".into() };

    all_are(LITE, &foreign_keys, &["PRAGMA foreign_keys", "pragma main.Foreign_Keys=OFF", "PRAGMA \"main\".[foreign_keys](0)"]);
    all_are(LITE, &Statement::Pragma { name: "journal_mode".into() }, &["PRAGMA journal_mode = wal"]);
    all_are(PG, &Statement::Other, &["PRAGMA foreign_keys"]);
}

#[test]
fn attach_copy_and_commands_of_psql() {
    all_are(LITE, &Statement::Attach, &["ATTACH 'a' AS b", "detach database b"]);
    all_are(PG, &Statement::CopyFromStdin, &["COPY s.t (a, \"b\") FROM STDIN WITH (FORMAT csv)", "copy binary t from stdin;"]);
    all_are(PG, &Statement::Other, &["COPY t TO STDOUT", "COPY t FROM '/a'", "COPY (SELECT a FROM stdin) TO STDOUT"]);
    all_are(LITE, &Statement::Other, &["COPY t FROM STDIN"]);
    all_are(PG, &Statement::PsqlCommand { command: "\\connect".into() }, &["\\connect db", "-- x\n\\connect"]);
}

#[test]
fn dropped_and_renamed_tables_have_their_own_name() {
    let dropped = |table: &str| Statement::DropTable { table: table.into() };
    let renamed = |to: &str| Statement::RenameTable { to: to.into() };

    all_are(
        LITE,
        &dropped("Old"),
        &["DROP TABLE Old", "drop table if exists main.[Old]", "DROP TABLE 'Old'", "DROP TABLE `Old`"],
    );
    all_are(PG, &dropped("old"), &["DROP TABLE Old", "DROP TABLE IF EXISTS Public.OLD CASCADE", "DROP TABLE \"old\", b"]);
    all_are(PG, &dropped("O\"ld"), &["DROP TABLE a.b.\"O\"\"ld\""]);
    all_are(LITE, &renamed("New"), &["ALTER TABLE a RENAME TO New", "alter table main.\"a\" rename to \"New\""]);
    all_are(PG, &renamed("new"), &["ALTER TABLE IF EXISTS ONLY a.b * RENAME TO New"]);

    let columns = ["ALTER TABLE a RENAME b TO c", "ALTER TABLE a RENAME COLUMN b TO c", "ALTER TABLE a ADD b"];
    all_are(LITE, &Statement::Other, &columns);
    all_are(PG, &Statement::Other, &columns);
    all_are(PG, &Statement::Other, &["DROP TABLE", "DROP TABLE U&\"a\"", "DROP VIEW a", "ALTER VIEW a RENAME TO b"]);
}
