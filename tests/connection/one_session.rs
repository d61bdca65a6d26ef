//! Everything on one session: what the choice of the connection stands on.

use std::fs;
use std::io::{Read, Write};
use std::path::Path;
use std::thread;
use std::time::Duration;

use diesel::prelude::*;
use diesel_migrations::{FileBasedMigrations, MigrationHarness};
use manage::backend::postgres::PostgresSession;
use manage::backend::refinery::OnRefinery;
use manage::backend::{Basic, Full, SqlError, SqlErrorKind};
use manage::domain::value::Value;
use refinery_core::{Migration, Runner};

use super::server::{open, server};

diesel::table! {
    pages (id) {
        id -> Int8,
        title -> Text,
        rank -> Nullable<Int4>,
    }
}

#[derive(Debug, PartialEq, Queryable, Insertable, Selectable)]
#[diesel(table_name = pages)]
struct Page {
    id: i64,
    title: String,
    rank: Option<i32>,
}

#[test]
fn diesel_migrations_copy_notices_and_cancel_share_one_connection() {
    let server = server();
    let name = server.database();
    let mut session = open(&server.tcp("postgres", &name, "sslmode=require"), &|_| None).expect("a session over TLS");
    let backend = pid(&mut session);

    migrations_of_diesel_run_and_revert(&mut session);
    migrations_of_refinery_run_grouped_and_once(&mut session);
    rows_go_in_and_out_by_the_dsl(&mut session);
    an_error_tells_all_that_the_server_knows(&mut session);
    notices_arrive(&mut session);
    many_rows_are_streamed(&mut session);
    another_thread_cancels(&mut session);
    copy_and_diesel_rows_are_rolled_back_together(&mut session);

    assert_eq!(pid(&mut session), backend, "all of it was one connection");
    assert_eq!(session.identity().expect("an identity").tls, Some(true));
}

fn pid(session: &mut PostgresSession) -> Option<i64> {
    session.query("SELECT pg_backend_pid()", &[]).expect("a number")[0].integer(0)
}

fn count(session: &mut PostgresSession, table: &str) -> i64 {
    session.query(&format!("SELECT count(*) FROM {table}"), &[]).expect("a count")[0].integer(0).expect("a number")
}

fn write_migration(folder: &Path, name: &str, up: &str, down: &str) {
    let folder = folder.join(name);
    fs::create_dir_all(&folder).expect("a folder");
    fs::write(folder.join("up.sql"), up).expect("up.sql");
    fs::write(folder.join("down.sql"), down).expect("down.sql");
}

fn migrations_of_diesel_run_and_revert(session: &mut PostgresSession) {
    let folder = tempfile::tempdir().expect("a folder");
    write_migration(
        folder.path(),
        "2026-01-01-000000_pages",
        "CREATE TABLE pages (id int8 PRIMARY KEY, title text NOT NULL UNIQUE, rank int4);",
        "DROP TABLE pages;",
    );
    write_migration(folder.path(), "2026-01-02-000000_tags", "CREATE TABLE tags (id int8);", "DROP TABLE tags;");
    let source = FileBasedMigrations::from_path(folder.path()).expect("migrations");

    let ran = session.run_pending_migrations(source.clone()).expect("both run").len();
    session.revert_last_migration(source.clone()).expect("one is reverted");

    assert_eq!(ran, 2);
    assert_eq!(session.applied_migrations().expect("a list").len(), 1);
    assert_eq!(session.find_table("tags"), Ok(None));

    write_migration(folder.path(), "2026-01-02-000000_tags", "CREATE TABLE tags (id int8); SELECT 1/0;", "");
    let source = FileBasedMigrations::from_path(folder.path()).expect("migrations");
    session.run_pending_migrations(source).map(|ran| ran.len()).expect_err("a division by zero");
    assert_eq!(session.last_failure().and_then(|error| error.sqlstate.as_deref()), Some("22012"));
    assert_eq!(session.find_table("tags"), Ok(None), "nothing of a failed migration stays");
}

fn migrations_of_refinery_run_grouped_and_once(session: &mut PostgresSession) {
    let migrations = [
        Migration::unapplied("V1__a", "CREATE TABLE a (id int8);").expect("a migration"),
        Migration::unapplied("V2__b", "CREATE TABLE b (id int8); INSERT INTO b VALUES (1);").expect("a migration"),
    ];
    let run = |session: &mut PostgresSession| {
        let mut runner = Runner::new(&migrations).set_grouped(true);
        runner.set_migration_table_name("ledger.history");
        runner.run(&mut OnRefinery(session)).expect("it runs").applied_migrations().len()
    };
    session.execute("CREATE SCHEMA ledger").expect("a schema");

    assert_eq!((run(session), run(session)), (2, 0));

    let broken = [
        migrations[0].clone(),
        migrations[1].clone(),
        Migration::unapplied("V3__c", "CREATE TABLE c (id int8); oops").expect("a migration"),
    ];
    let mut runner = Runner::new(&broken).set_grouped(true);
    runner.set_migration_table_name("ledger.history");
    runner.run(&mut OnRefinery(session)).map(|_| ()).expect_err("a syntax error");
    assert_eq!(session.find_table("c"), Ok(None));
    assert_eq!(count(session, "ledger.history"), 2);
}

fn rows_go_in_and_out_by_the_dsl(session: &mut PostgresSession) {
    let page = |id: i64, title: &str, rank| Page { id, title: title.to_owned(), rank };
    let rows = vec![page(1, "one", Some(1)), page(2, "zwölf 🙂", None)];

    let written = diesel::insert_into(pages::table).values(&rows).execute(session);
    let read = pages::table.filter(pages::id.eq_any([1_i64, 2])).order(pages::id).select(Page::as_select()).load(session);
    let gone = diesel::delete(pages::table.find(2)).returning(pages::title).get_result::<String>(session);

    assert_eq!(written, Ok(2));
    assert_eq!(read.expect("rows"), rows);
    assert_eq!(gone.as_deref(), Ok("zwölf 🙂"));
}

fn an_error_tells_all_that_the_server_knows(session: &mut PostgresSession) {
    let sql = "DO $$BEGIN RAISE EXCEPTION 'no' USING ERRCODE = 'P0042', DETAIL = 'the detail', HINT = 'the hint'; END$$";

    let raised = session.execute(sql).expect_err("it raises");
    let unknown = session.execute("SELECT 1;\nSELECT nothing").expect_err("no such column");
    let twice = diesel::insert_into(pages::table).values((pages::id.eq(1), pages::title.eq("x"))).execute(session);

    assert_eq!(
        (raised.sqlstate.as_deref(), raised.detail.as_deref(), raised.hint.as_deref()),
        (Some("P0042"), Some("the detail"), Some("the hint"))
    );
    assert!(raised.context.is_some_and(|context| context.contains("RAISE")));
    assert_eq!(unknown.position, Some("SELECT 1;\nSELECT ".len()));
    let Err(diesel::result::Error::DatabaseError(kind, told)) = twice else { panic!("{twice:?}") };
    assert!(matches!(kind, diesel::result::DatabaseErrorKind::UniqueViolation));
    assert_eq!((told.table_name(), told.constraint_name()), (Some("pages"), Some("pages_pkey")));
    let last = session.last_failure().expect("a failure");
    assert_eq!((last.kind, last.sqlstate.as_deref()), (SqlErrorKind::Constraint, Some("23505")));
    assert_eq!(last.detail.as_deref(), Some("Key (id)=(1) already exists."));
}

fn notices_arrive(session: &mut PostgresSession) {
    session.take_notices();

    session.execute("DO $$BEGIN RAISE NOTICE 'one'; RAISE WARNING 'two'; END$$").expect("it runs");

    let notices = session.take_notices();
    let said: Vec<_> = notices.iter().map(|notice| (notice.severity.as_str(), notice.message.as_str())).collect();
    assert_eq!(said, [("NOTICE", "one"), ("WARNING", "two")]);
    assert!(session.take_notices().is_empty());
}

fn many_rows_are_streamed(session: &mut PostgresSession) {
    let mut sum = 0;

    let rows = session
        .stream_rows("SELECT n, 'row ' || n FROM generate_series(1, $1::int) n", &[Value::Integer(100_000)], |row| {
            sum += row.integer(0).unwrap_or_default();
            Ok(())
        })
        .expect("rows");

    assert_eq!((rows, sum), (100_000, 5_000_050_000));
    let stopped = session
        .stream_rows("SELECT * FROM generate_series(1, 100000)", &[], |_| Err(SqlError::new(SqlErrorKind::Other, "enough")));
    assert_eq!(stopped.map_err(|error| error.message), Err("enough".to_owned()));
    assert_eq!(count(session, "pages"), 1, "the session goes on after a stream that was dropped");
}

fn another_thread_cancels(session: &mut PostgresSession) {
    let handle = session.cancel_handle();
    let other = thread::spawn(move || {
        thread::sleep(Duration::from_millis(200));
        handle.cancel()
    });

    let error = session.execute("SELECT pg_sleep(60)").expect_err("it is cancelled");

    assert_eq!((error.kind, error.sqlstate.as_deref()), (SqlErrorKind::Cancelled, Some("57014")));
    assert_eq!(other.join().expect("the other thread"), Ok(()));
}

fn copy_and_diesel_rows_are_rolled_back_together(session: &mut PostgresSession) {
    session.begin().expect("a transaction");
    diesel::insert_into(pages::table).values((pages::id.eq(10), pages::title.eq("diesel"))).execute(session).expect("a row");

    let copied = session.raw(|client| {
        let mut writer = client.copy_in("COPY pages (id, title) FROM STDIN")?;
        writer.write_all(b"11\tcopied\n12\ttoo\n")?;
        Ok(writer.finish()?)
    });
    let seen = pages::table.count().get_result::<i64>(session);
    let out = session.raw(|client| {
        let mut text = String::new();
        client.copy_out("COPY (SELECT title FROM pages ORDER BY id) TO STDOUT")?.read_to_string(&mut text)?;
        Ok(text)
    });
    session.rollback().expect("all of it is rolled back");

    assert_eq!((copied, seen), (Ok(2), Ok(4)));
    assert_eq!(out.as_deref(), Ok("one\ndiesel\ncopied\ntoo\n"));
    assert_eq!(count(session, "pages"), 1);
}
