//! Transactions that end otherwise than planned.

use std::io::Write;

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::result::{DatabaseErrorKind, Error};
use manage::backend::{Access, Basic, Full, SqlErrorKind};

use super::server::{fresh, open, open_as};

fn no_environment(_: &str) -> Option<String> {
    None
}

#[test]
fn a_swallowed_error_makes_commit_an_error() {
    let (_server, _, mut session) = fresh();
    session.execute("CREATE TABLE t (a int)").expect("a table");

    let answer = session.transaction(|session| {
        session.batch_execute("INSERT INTO t VALUES (1)")?;
        let swallowed = session.batch_execute("SELECT 1/0");
        assert!(swallowed.is_err());
        Ok::<_, Error>(())
    });

    assert!(answer.is_err(), "the rows are not there, so it must not look as if they were");
    assert_eq!(session.last_failure().and_then(|error| error.sqlstate.as_deref()), Some("25P02"));
    assert_eq!(session.query("SELECT a FROM t", &[]).expect("the session goes on"), []);
    assert!(!session.in_transaction());
}

#[test]
fn a_deferred_foreign_key_fails_at_commit_and_breaks_nothing() {
    let (_server, _, mut session) = fresh();
    session
        .execute(
            "CREATE TABLE parent (id int PRIMARY KEY);
             CREATE TABLE child (id int REFERENCES parent DEFERRABLE INITIALLY DEFERRED)",
        )
        .expect("tables");
    session.take_notices();

    session.begin().expect("a transaction");
    session.execute("INSERT INTO child VALUES (1)").expect("checked later");
    let error = session.commit().expect_err("now it is checked");

    assert_eq!((error.kind, error.sqlstate.as_deref()), (SqlErrorKind::Constraint, Some("23503")));
    assert_eq!(session.take_notices(), [], "the warning about a rollback of nothing is ours, not theirs");
    session.begin().expect("another transaction");
    session.execute("INSERT INTO parent VALUES (1)").expect("a row");
    session.commit().expect("it is kept");
    assert_eq!(session.query("SELECT id FROM parent", &[]).expect("rows").len(), 1);
}

#[test]
fn a_lost_backend_is_a_connection_error_from_then_on() {
    let (server, name, mut session) = fresh();
    let pid = session.query("SELECT pg_backend_pid()", &[]).expect("a number")[0].integer(0).expect("a number");
    session.begin().expect("a transaction");

    server.admin(&name).query("SELECT pg_terminate_backend($1)", &[pid.into()]).expect("it is killed");
    let error = session.execute("SELECT 1").expect_err("nobody is there");
    let next = session.commit().expect_err("nobody is there");

    assert_eq!((error.kind, next.kind), (SqlErrorKind::Connection, SqlErrorKind::Connection), "{error:?} {next:?}");
    assert_eq!(session.rollback().expect_err("nobody is there").kind, SqlErrorKind::Connection);
}

#[test]
fn a_commit_in_a_file_is_noticed() {
    let (_server, _, mut session) = fresh();

    session.begin().expect("a transaction");
    session.execute("COMMIT").expect("the file's own");

    assert!(!session.in_transaction());
}

#[test]
fn an_aborted_transaction_is_still_one() {
    let (_server, _, mut session) = fresh();

    session.begin().expect("a transaction");
    session.execute("SELECT 1/0").expect_err("a division by zero");

    assert!(session.in_transaction());
    assert_eq!(session.rollback(), Ok(()));
    assert!(!session.in_transaction());
}

#[test]
fn a_commit_inside_of_an_aborted_savepoint_ends_the_savepoint() {
    let (_server, _, mut session) = fresh();
    session.execute("CREATE TABLE t (a int)").expect("a table");

    session.begin().expect("a transaction");
    session.execute("INSERT INTO t VALUES (1)").expect("a row");
    session.begin().expect("a savepoint");
    session.execute("SELECT 1/0").expect_err("a division by zero");
    let error = session.commit().expect_err("the savepoint is lost");
    session.commit().expect("what was before it is kept");

    assert_eq!(error.sqlstate.as_deref(), Some("25P02"));
    assert_eq!(session.query("SELECT a FROM t", &[]).expect("rows").len(), 1);
}

#[test]
fn what_cannot_run_in_a_transaction_says_so() {
    let (_server, _, mut session) = fresh();
    session.execute("CREATE TABLE t (a int)").expect("a table");

    session.begin().expect("a transaction");
    let error = session.execute("CREATE INDEX CONCURRENTLY i ON t (a)").expect_err("not in here");
    session.rollback().expect("rolled back");

    assert_eq!(error.kind, SqlErrorKind::InsideTransaction);
    session.execute("CREATE INDEX CONCURRENTLY i ON t (a)").expect("out here it can");
}

#[test]
fn a_serialization_failure_is_known_to_both() {
    let (server, name, mut first) = fresh();
    let mut second = server.admin(&name);
    first.execute("CREATE TABLE t (a int); INSERT INTO t VALUES (1)").expect("a table");

    for session in [&mut first, &mut second] {
        session.begin().expect("a transaction");
        session.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ").expect("a level");
        session.query("SELECT a FROM t", &[]).expect("a snapshot");
    }
    first.execute("UPDATE t SET a = 2").expect("the first wins");
    first.commit().expect("the first wins");
    let answer = diesel::sql_query("UPDATE t SET a = 3").execute(&mut second);

    let Err(Error::DatabaseError(kind, _)) = answer else { panic!("{answer:?}") };
    assert!(matches!(kind, DatabaseErrorKind::SerializationFailure));
    assert_eq!(second.last_failure().map(|error| error.kind), Some(SqlErrorKind::Serialization));
    second.rollback().expect("rolled back");
}

#[test]
fn waiting_for_a_row_ends_when_the_busy_timeout_does() {
    let (server, name, mut first) = fresh();
    let mut second = server.admin(&name);
    first.execute("CREATE TABLE t (a int)").expect("a table");
    second.set_busy_timeout(std::time::Duration::from_millis(50)).expect("a timeout");

    first.begin().expect("a transaction");
    first.execute("LOCK TABLE t").expect("a lock");
    second.restore_settings().expect("our own setting stays");
    let error = second.query("SELECT a FROM t", &[]).expect_err("the table is locked");

    assert_eq!((error.kind, error.sqlstate.as_deref()), (SqlErrorKind::Busy, Some("55P03")));
}

#[test]
fn a_read_only_session_cannot_write_even_after_a_reset() {
    let (server, name, mut writer) = fresh();
    writer.execute("CREATE TABLE t (a int)").expect("a table");
    let mut reader = open_as(&server.socket(&name), &no_environment, Access::Read).expect("a session");

    let error = reader.execute("INSERT INTO t VALUES (1)").expect_err("it only reads");
    reader.restore_settings().expect("settings");
    let again = reader.execute_with("INSERT INTO t VALUES ($1)", &[1.into()]).expect_err("it still only reads");

    assert_eq!((error.kind, again.kind), (SqlErrorKind::ReadOnly, SqlErrorKind::ReadOnly));
    assert_eq!(reader.try_lock("manage status"), Ok(true), "a lock is not a write");
    assert_eq!(reader.find_table("t").map(|table| table.is_some()), Ok(true));
}

#[test]
fn settings_of_a_file_are_set_back_also_inside_a_transaction() {
    let (_server, _, mut session) = fresh();
    let settings = |session: &mut manage::backend::postgres::PostgresSession| {
        let sql = "SELECT current_setting('search_path'), current_user::text, current_setting('application_name'), \
                   current_setting('work_mem')";
        session.query(sql, &[]).expect("settings")[0].values.clone()
    };
    let before = settings(&mut session);
    let change = "SET search_path = ''; SET work_mem = '1MB'; SET application_name = 'x'; SET ROLE reader";

    session.execute(change).expect("changes");
    assert_ne!(settings(&mut session), before);
    session.restore_settings().expect("set back");
    assert_eq!(settings(&mut session), before);

    session.begin().expect("a transaction");
    session.execute(change).expect("changes");
    session.execute("RESET ROLE; SET SESSION AUTHORIZATION reader").expect("changes");
    session.restore_settings().expect("set back");
    session.commit().expect("it is kept");
    assert_eq!(settings(&mut session), before);
}

#[test]
fn a_role_without_privileges_is_told_what_it_may_know() {
    let (server, name, mut admin) = fresh();
    admin.execute("CREATE TABLE t (a int)").expect("a table");
    assert_eq!(admin.try_lock("manage migrate"), Ok(true));
    let mut reader = open(&server.tcp("reader", &name, "sslmode=disable"), &no_environment).expect("a session");

    let identity = reader.identity().expect("it may know where it is");
    let holder = reader.lock_holder().expect("an answer").expect("somebody holds it");
    let error = reader.query("SELECT a FROM t", &[]).expect_err("it may not read");

    assert_eq!(identity.role.as_deref(), Some("reader"));
    assert!(holder.pid.is_some() && holder.what.is_some_and(|what| what.starts_with("manage migrate, postgres")));
    assert_eq!(holder.since, None);
    assert_eq!(error.kind, SqlErrorKind::Permission);
    assert_eq!(reader.find_table("t").map(|table| table.is_some()), Ok(true));
}

#[test]
fn a_copy_that_is_left_unfinished_keeps_nothing() {
    let (_server, _, mut session) = fresh();
    session.execute("CREATE TABLE t (a int)").expect("a table");

    session.begin().expect("a transaction");
    session.execute("INSERT INTO t VALUES (1)").expect("a row");
    let error = session
        .raw(|client| {
            let mut writer = client.copy_in("COPY t FROM STDIN")?;
            writer.write_all(b"2\n")?;
            Err::<(), _>(std::io::Error::other("the file has ended early").into())
        })
        .expect_err("what is copied cannot be read");
    let commit = session.commit().expect_err("the transaction was aborted");

    assert_eq!(error.message, "the file has ended early");
    assert_eq!(commit.sqlstate.as_deref(), Some("25P02"));
    assert_eq!(session.query("SELECT a FROM t", &[]).expect("the session goes on"), []);
}

#[test]
fn a_line_that_cannot_be_copied_is_named() {
    let (_server, _, mut session) = fresh();
    session.execute("CREATE TABLE t (a int)").expect("a table");

    let error = session
        .raw(|client| {
            let mut writer = client.copy_in("COPY t FROM STDIN")?;
            writer.write_all(b"1\ntwo\n")?;
            Ok(writer.finish()?)
        })
        .expect_err("it is no number");

    assert_eq!(error.sqlstate.as_deref(), Some("22P02"));
    assert_eq!(error.context.as_deref(), Some("COPY t, line 2, column a: \"two\""));
}

#[test]
fn a_cancel_handle_outlives_what_it_cancels() {
    let (_server, _, session) = fresh();
    let handle = session.cancel_handle();

    assert_eq!(handle.cancel(), Ok(()), "nothing runs, nothing happens");
    drop(session);

    assert_eq!(handle.cancel(), Ok(()), "the session is gone, and the server does not mind");
}
