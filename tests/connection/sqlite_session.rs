//! Everything on one SQLite session, as far as it applies there.

use std::fs;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Barrier};
use std::thread;
use std::time::Duration;

use diesel::prelude::*;
use diesel_migrations::{FileBasedMigrations, MigrationHarness};
use manage::backend::refinery::OnRefinery;
use manage::backend::sqlite::SqliteSession;
use manage::backend::{Access, Basic, Full, Opening, SqlErrorKind};
use manage::domain::value::Value;
use refinery_core::{Migration, Runner};
use tempfile::TempDir;

diesel::table! {
    pages (id) {
        id -> BigInt,
        title -> Text,
    }
}

pub fn scratch() -> (SqliteSession, TempDir) {
    let folder = TempDir::new().expect("a folder");
    (open(&folder, Access::Create).expect("a session"), folder)
}

fn open(folder: &TempDir, access: Access) -> Result<SqliteSession, manage::backend::SqlError> {
    let opening = Opening { access, application: "manage test", environment: &|_| None, connect_timeout: None };
    SqliteSession::open(&folder.path().join("a b#%?.db"), &opening)
}

#[test]
fn diesel_refinery_and_statements_share_one_session() {
    let (mut session, folder) = scratch();
    let migration = folder.path().join("migrations/1_pages");
    fs::create_dir_all(&migration).expect("a folder");
    fs::write(migration.join("up.sql"), "CREATE TABLE pages (id INTEGER PRIMARY KEY, title TEXT NOT NULL);").expect("up.sql");
    fs::write(migration.join("down.sql"), "DROP TABLE pages;").expect("down.sql");
    let files = FileBasedMigrations::from_path(folder.path().join("migrations")).expect("migrations");

    // Diesel's harness and its DSL.
    assert_eq!(session.diesel().run_pending_migrations(files.clone()).expect("it runs").len(), 1);
    diesel::insert_into(pages::table).values((pages::id.eq(1), pages::title.eq("one"))).execute(session.diesel()).expect("a row");

    // A transaction begun by us holds rows of both, and gives both back.
    session.begin().expect("a transaction");
    diesel::insert_into(pages::table).values((pages::id.eq(2), pages::title.eq("two"))).execute(session.diesel()).expect("a row");
    session.execute_with("INSERT INTO pages (title) VALUES ($1)", &[Value::from("three")]).expect("a row");
    let nested = session.diesel().transaction::<(), diesel::result::Error, _>(|connection| {
        diesel::delete(pages::table).execute(connection)?;
        Err(diesel::result::Error::RollbackTransaction)
    });
    assert_eq!(nested, Err(diesel::result::Error::RollbackTransaction));
    assert_eq!(session.query("SELECT id FROM pages", &[]).expect("rows").len(), 3);
    session.rollback().expect("rolled back");
    assert_eq!(pages::table.select(pages::title).load::<String>(session.diesel()), Ok(vec!["one".to_owned()]));

    // refinery's runner.
    let migrations =
        [Migration::unapplied("V1__a", "CREATE TABLE a (id INTEGER); CREATE TABLE b (id INTEGER);").expect("a migration")];
    let mut runner = Runner::new(&migrations).set_grouped(true);
    runner.set_migration_table_name("history_of_refinery");
    assert_eq!(runner.run(&mut OnRefinery(&mut session)).expect("it runs").applied_migrations().len(), 1);
    assert_eq!(runner.run(&mut OnRefinery(&mut session)).expect("nothing to do").applied_migrations().len(), 0);

    // Hooks see what diesel writes.
    let seen = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&seen);
    let hook = move |_, _: &str, _: &str, _| {
        count.fetch_add(1, Ordering::SeqCst);
    };
    session.view().update_hook(Some(hook)).expect("a hook");
    diesel::update(pages::table).set(pages::title.eq("1")).execute(session.diesel()).expect("a row");
    assert_eq!(seen.load(Ordering::SeqCst), 1);
    session.view().update_hook(None::<fn(_, &str, &str, _)>).expect("no hook");

    session.diesel().revert_all_migrations(files).expect("it reverts");
    assert_eq!(session.find_table("pages").expect("an answer"), None);
}

#[test]
fn an_error_has_its_place_and_its_code() {
    let (mut session, _folder) = scratch();
    session.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, name TEXT UNIQUE NOT NULL)").expect("a table");

    let unknown = session.execute("SELECT nonsense FROM t").expect_err("no such column");
    assert_eq!((unknown.message.as_str(), unknown.position), ("no such column: nonsense", Some(7)));

    session.execute("INSERT INTO t (name) VALUES ('a')").expect("a row");
    let twice = session.execute("INSERT INTO t (name) VALUES ('a')").expect_err("a second a");
    assert_eq!((twice.kind, twice.sqlstate.as_deref()), (SqlErrorKind::Constraint, Some("SQLITE_CONSTRAINT_UNIQUE")));
}

#[test]
fn a_transaction_that_a_trigger_ended_is_noticed() {
    let (mut session, _folder) = scratch();
    session.execute("CREATE TABLE t (id INTEGER)").expect("a table");
    session
        .execute("CREATE TRIGGER no BEFORE INSERT ON t WHEN new.id = 13 BEGIN SELECT RAISE(ROLLBACK, 'unlucky'); END")
        .expect("a trigger");
    session.begin().expect("a transaction");
    session.begin().expect("a savepoint");
    session.execute("INSERT INTO t VALUES (1)").expect("a row");
    session.execute("INSERT INTO t VALUES (13)").expect_err("the trigger");

    assert!(!session.in_transaction());
    session.commit().expect_err("there is nothing to commit");

    session.begin().expect("and a new one begins");
    session.commit().expect("it commits");
    assert_eq!(session.query("SELECT count(*) FROM t", &[]).expect("a count")[0].integer(0), Some(0));
}

#[test]
fn a_running_statement_is_interrupted_from_another_thread() {
    let (mut session, _folder) = scratch();
    let interrupter = session.interrupter();
    let barrier = Arc::new(Barrier::new(2));
    let ready = Arc::clone(&barrier);
    let other = thread::spawn(move || {
        ready.wait();
        thread::sleep(Duration::from_millis(50));
        interrupter.interrupt();
        interrupter
    });

    barrier.wait();
    let forever = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n";
    let stopped = session.execute(forever).expect_err("it was interrupted");

    assert_eq!(stopped.kind, SqlErrorKind::Cancelled);
    drop(session);
    // The connection is closed: nothing happens.
    other.join().expect("the thread").interrupt();
}

#[test]
fn many_threads_open_their_own_handles() {
    let folder = Arc::new(TempDir::new().expect("a folder"));
    let threads: Vec<_> = (0..16)
        .map(|number: i64| {
            let folder = Arc::clone(&folder);
            thread::spawn(move || {
                let opening = Opening { access: Access::Create, application: "", environment: &|_| None, connect_timeout: None };
                let mut session = SqliteSession::open(&folder.path().join(format!("{number}.db")), &opening).expect("a session");
                session.execute("CREATE TABLE t (id INTEGER)").expect("a table");
                session.execute_with("INSERT INTO t VALUES ($1)", &[number.into()]).expect("a row");
                let own = diesel::sql_query("UPDATE t SET id = id").execute(session.diesel()).expect("a count");
                (own, session.query("SELECT id FROM t", &[]).expect("rows")[0].integer(0))
            })
        })
        .collect();

    for (number, thread) in (0i64..).zip(threads) {
        assert_eq!(thread.join().expect("the thread"), (1, Some(number)));
    }
}

#[test]
fn access_is_what_was_asked_for() {
    let folder = TempDir::new().expect("a folder");

    assert_eq!(open(&folder, Access::Read).map(drop).expect_err("missing").kind, SqlErrorKind::NoDatabase);
    assert_eq!(open(&folder, Access::Write).map(drop).expect_err("missing").kind, SqlErrorKind::NoDatabase);
    assert_eq!(fs::read_dir(folder.path()).expect("a folder").count(), 0, "a look makes nothing");

    let mut made = open(&folder, Access::Create).expect("made");
    assert!(made.created());
    made.execute("CREATE TABLE there (id INTEGER)").expect("a table");
    assert!(!open(&folder, Access::Create).expect("there").created());
    let refused = open(&folder, Access::Read).expect("there").execute("CREATE TABLE t (id INTEGER)").expect_err("read-only");
    assert_eq!(refused.kind, SqlErrorKind::ReadOnly);
}
