//! Statements with values that are known only at run time.

use manage::backend::{Basic, Full, SqlErrorKind};
use manage::domain::value::Value;

use super::server::fresh;

#[test]
fn values_fit_parameters_of_every_type() {
    let (_server, _, mut session) = fresh();
    session
        .execute("CREATE TABLE t (a int2, b int4, c int8, d numeric, e text, f bool, g bytea, h float8, i date, j jsonb)")
        .expect("a table");
    let binds = [
        Value::Integer(1),
        Value::Integer(-2),
        Value::Integer(i64::MAX),
        Value::Integer(4),
        Value::from("five 🙂"),
        Value::Bool(true),
        Value::Bytes(vec![0, 255]),
        Value::Real(0.1),
        Value::from("2026-11-21"),
        Value::from(r#"{"a": 1}"#),
    ];

    let written = session.execute_with("INSERT INTO t VALUES ($1,$2,$3,$4,$5,$6,$7,$8,$9,$10)", &binds);

    assert_eq!(written, Ok(1));
    let rows = session.query("SELECT * FROM t", &[]).expect("the row");
    let mut expected = binds.to_vec();
    expected[3] = Value::from("4");
    assert_eq!(rows[0].values, expected);
    assert_eq!(&*rows[0].names, ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j"]);
    assert_eq!(session.execute_with("UPDATE t SET e = $1 WHERE a = $2", &[Value::Null, Value::Integer(1)]), Ok(1));
    assert_eq!(session.query("SELECT e FROM t", &[]).expect("the row")[0].values, [Value::Null]);
}

#[test]
fn begin_and_rollback_nest() {
    let (_server, _, mut session) = fresh();
    session.execute("CREATE TABLE t (a int)").expect("a table");

    session.begin().expect("a transaction");
    session.execute("INSERT INTO t VALUES (1)").expect("a row");
    session.begin().expect("a savepoint");
    let error = session.execute("INSERT INTO t VALUES (1/0)").expect_err("a division by zero");
    session.rollback().expect("back to the savepoint");
    assert!(session.in_transaction());
    session.commit().expect("the rest is kept");

    assert_eq!(error.sqlstate.as_deref(), Some("22012"));
    assert!(!session.in_transaction());
    assert_eq!(session.query("SELECT count(*) FROM t", &[]).expect("a count")[0].integer(0), Some(1));
    assert_eq!(session.rollback(), Ok(()));
}

#[test]
fn the_identity_names_server_database_and_role() {
    let (server, name, mut session) = fresh();

    let identity = session.identity().expect("an identity");

    assert_eq!((identity.name.as_str(), identity.role.as_deref(), identity.tls), (name.as_str(), Some("postgres"), Some(false)));
    assert!(identity.location.is_local());
    assert!(identity.version.chars().all(|c| c.is_ascii_digit() || c == '.'), "{}", identity.version);
    assert!(identity.binding.iter().all(|(_, value)| !value.is_empty()), "{:?}", identity.binding);
    drop(server);
}

#[test]
fn a_table_is_found_with_its_schema_and_quotes() {
    let (_server, _, mut session) = fresh();
    session
        .execute("CREATE TABLE plain (a int); CREATE SCHEMA \"S\"; CREATE TABLE \"S\".\"T\" (a int); CREATE INDEX i ON plain (a)")
        .expect("tables");

    let mut found = |name: &str| session.find_table(name).expect("an answer").map(|table| table.to_string());

    assert_eq!(found("plain").as_deref(), Some("public.plain"));
    assert_eq!(found("\"S\".\"T\"").as_deref(), Some("\"S\".\"T\""));
    assert_eq!(found("missing"), None);
    assert_eq!(found("nowhere.missing"), None);
    assert_eq!(found("i"), None);
}

#[test]
fn the_lock_is_one_sessions_and_others_see_whose() {
    let (server, name, mut first) = fresh();
    let mut second = server.admin(&name);

    assert_eq!(first.try_lock("manage migrate on here"), Ok(true));
    assert_eq!(first.try_lock("again"), Ok(true));
    assert_eq!(second.try_lock("manage rollback"), Ok(false));

    assert_eq!((first.holds_lock(), second.holds_lock()), (Ok(true), Ok(false)));
    let holder = second.lock_holder().expect("an answer").expect("a holder");
    assert_eq!(holder.what.as_deref(), Some("manage migrate on here, postgres"));
    assert!(holder.pid.is_some() && holder.since.is_some());
    first.unlock().expect("unlocked");
    assert_eq!(second.lock_holder(), Ok(None));
    assert_eq!(second.try_lock("manage rollback"), Ok(true));
}

#[test]
fn an_error_points_at_its_place_in_the_statement() {
    let (_server, _, mut session) = fresh();
    let sql = "SELECT 'äöü', missing_column";

    let error = session.query(sql, &[]).expect_err("no such column");

    assert_eq!(error.sqlstate.as_deref(), Some("42703"));
    assert_eq!(error.position.map(|at| &sql[at..]), Some("missing_column"));
    assert_eq!(error.kind, SqlErrorKind::Other);
}

#[test]
fn a_statement_that_cannot_be_sent_leaves_the_session_alive() {
    let (_server, _, mut session) = fresh();
    session.begin().expect("a transaction");

    let text = session.execute("SELECT 'a\0b'").expect_err("a NUL cannot be sent");
    let count = session.query("SELECT $1::int", &[]).expect_err("a parameter is missing");
    let rows = session.query("SELECT 1", &[]);

    assert_eq!((text.kind, count.kind), (SqlErrorKind::Other, SqlErrorKind::Other), "{text} {count}");
    assert_eq!(rows.map(|rows| rows.len()), Ok(1));
    session.commit().expect("nothing of it reached the server");
}
