//! Called from an application with an async runtime.

use diesel::prelude::*;
use manage::backend::Basic;

use super::server::{open, server};

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().build().expect("a runtime")
}

#[test]
fn a_session_works_on_the_thread_of_a_runtime() {
    let server = server();
    let name = server.database();

    runtime().block_on(async {
        let mut session = open(&server.socket(&name), &|_| None).expect("a session");
        session.begin().expect("a transaction");
        let rows = session.query("SELECT n FROM generate_series(1, 1000) n", &[]).expect("rows");
        let one = diesel::select(diesel::dsl::sql::<diesel::sql_types::Int4>("1")).get_result::<i32>(&mut session);
        session.commit().expect("it ends");

        assert_eq!((rows.len(), one), (1000, Ok(1)));
        drop(session);
    });
}

#[test]
fn the_client_itself_is_not_lent_there() {
    let server = server();
    let mut session = server.admin("postgres");

    let error = runtime().block_on(async { session.raw(|client| Ok(client.is_closed())) }).expect_err("it would panic");

    assert_eq!(error.hint.as_deref(), Some("call it on a thread of its own: std::thread::spawn"));
}

#[test]
fn a_blocking_thread_of_a_runtime_works_too() {
    let server = server();
    let url = server.socket("postgres");

    let rows = runtime().block_on(async {
        let work = move || open(&url, &|_| None).expect("a session").query("SELECT 1", &[]).expect("rows").len();
        tokio::task::spawn_blocking(work).await.expect("the thread")
    });

    assert_eq!(rows, 1);
}
