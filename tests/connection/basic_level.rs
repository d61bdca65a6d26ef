//! The *Basic* level: the same few calls on `manage`'s own sessions and on an application's Diesel connection.

use diesel::sqlite::SqliteConnection;
use diesel::{Connection, RunQueryDsl, sql_query};
use manage::backend::{Basic, OnDiesel, SqlErrorKind};
use manage::domain::value::Value;

use super::server::{open, server};
use super::sqlite_session::scratch;

fn all_of_it(connection: &mut impl Basic) {
    connection.execute("CREATE TABLE things (id BIGINT PRIMARY KEY, name TEXT, size DOUBLE PRECISION)").expect("a table");
    let row = |id: i64, name: &str| [Value::from(name), Value::Integer(id), Value::Null];

    // Placeholders are found by their number, in whatever order they stand.
    let written = connection.execute_with("INSERT INTO things (id, name, size) VALUES ($2, $1, $3)", &row(7, "a'b \u{1f600}"));
    assert_eq!(written.expect("a row"), 1);

    connection.begin().expect("a transaction");
    connection.execute_with("INSERT INTO things (id, name, size) VALUES ($2, $1, $3)", &row(8, "gone")).expect("a row");
    connection.begin().expect("a savepoint");
    connection.execute("DELETE FROM things").expect("no rows");
    connection.rollback().expect("back to the savepoint");
    let inside = connection.query("SELECT count(*) FROM things", &[]).expect("a count");
    assert_eq!(inside[0].integer(0), Some(2));
    connection.rollback().expect("back to the start");

    let rows = connection.query("SELECT id, name, size FROM things WHERE id >= $1", &[Value::Integer(1)]).expect("rows");
    assert_eq!(rows.len(), 1);
    assert_eq!(rows[0].get("name"), Some(&Value::from("a'b \u{1f600}")));
    assert_eq!(rows[0].values, [Value::Integer(7), Value::from("a'b \u{1f600}"), Value::Null]);

    let twice = connection.execute_with("INSERT INTO things (id) VALUES ($1)", &[Value::Integer(7)]).expect_err("a second 7");
    assert_eq!(twice.kind, SqlErrorKind::Constraint);
    connection.query("SELECT nonsense FROM things", &[]).expect_err("no such column");
    assert_eq!(connection.query("SELECT id FROM things", &[]).expect("still alive").len(), 1);
}

#[test]
fn on_an_applications_sqlite_connection() {
    let mut connection = SqliteConnection::establish(":memory:").expect("a connection");

    all_of_it(&mut OnDiesel(&mut connection));

    // The application goes on with its own connection.
    sql_query("DROP TABLE things").execute(&mut connection).expect("dropped");
}

#[test]
fn on_an_applications_postgresql_connection() {
    let server = server();
    let mut connection = open(&server.tcp("postgres", &server.database(), "sslmode=disable"), &|_| None).expect("a session");

    // Seen only as a Diesel connection, as libpq's would be.
    all_of_it(&mut OnDiesel(&mut connection));

    connection.transaction(|connection| sql_query("DROP TABLE things").execute(connection)).expect("dropped");
}

#[test]
fn on_our_own_sessions() {
    let server = server();
    let mut postgres = open(&server.tcp("postgres", &server.database(), "sslmode=disable"), &|_| None).expect("a session");
    let (mut sqlite, _folder) = scratch();

    all_of_it(&mut postgres);
    all_of_it(&mut sqlite);
}
