//! Watching from a second, short session for whom a statement waits: after its wait is over nobody can tell.

use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread;
use std::time::Duration;

use postgres::{Client, Config, NoTls};

use super::session::PostgresSession;
use super::tls::Tls;
use crate::backend::basic::Basic;
use crate::backend::error::SqlError;
use crate::backend::full::Blocker;

/// A statement that is through before this is not watched: another session costs the server a process.
const UNWATCHED: Duration = Duration::from_secs(1);

/// Times are clock times where they are of today. What this role may not see is left out.
const BLOCKERS: &str = "SELECT b.pid, concat_ws(', ', nullif(a.application_name, ''), a.usename::text, a.state, \
     'transaction since ' || pg_catalog.to_char(a.xact_start, 'HH24:MI:SS'), \
     'query of ' || pg_catalog.to_char(a.query_start, 'HH24:MI:SS')), coalesce(a.query, '') \
     FROM (SELECT DISTINCT pid FROM pg_catalog.unnest(pg_catalog.pg_blocking_pids($1)) u (pid)) b \
     LEFT JOIN pg_catalog.pg_stat_activity a ON a.pid = b.pid ORDER BY b.pid";

/// Executes `sql`, and gives with its error those who blocked it last.
pub(super) fn execute(session: &mut PostgresSession, sql: &str, patience: Duration) -> Result<(), (SqlError, Vec<Blocker>)> {
    let alone = |error| (error, Vec::new());
    let rows = session.query("SELECT pg_catalog.pg_backend_pid()", &[]).map_err(alone)?;
    let pid = rows.first().and_then(|row| row.integer(0)).and_then(|pid| i32::try_from(pid).ok()).unwrap_or_default();
    let (config, tls) = (session.config.clone(), session.tls.clone());
    let (over, is_over) = channel();
    thread::scope(|scope| {
        let watcher = scope.spawn(move || watch(&config, &tls, pid, patience, &is_over));
        let done = session.execute(sql);
        drop(over);
        // A watcher that failed has seen nothing.
        let blockers = watcher.join().unwrap_or_default();
        done.map_err(|error| (error, blockers))
    })
}

/// Looks until the statement is through.
fn watch(config: &Config, tls: &Tls, pid: i32, patience: Duration, over: &Receiver<()>) -> Vec<Blocker> {
    let mut blockers = Vec::new();
    let is_over = |wait| over.recv_timeout(wait) != Err(RecvTimeoutError::Timeout);
    if is_over((patience / 4).min(UNWATCHED)) {
        return blockers;
    }
    let connected = match tls {
        Tls::Off => config.connect(NoTls),
        Tls::On(connector) => config.connect(connector.clone()),
    };
    let Ok(mut client) = connected else { return blockers };
    let pause = (patience / 10).clamp(Duration::from_millis(10), Duration::from_millis(250));
    loop {
        match look(&mut client, pid) {
            Ok(seen) if !seen.is_empty() => blockers = seen,
            Ok(_) => {}
            Err(_) => return blockers,
        }
        if is_over(pause) {
            return blockers;
        }
    }
}

fn look(client: &mut Client, pid: i32) -> Result<Vec<Blocker>, postgres::Error> {
    let rows = client.query(BLOCKERS, &[&pid])?;
    rows.iter()
        .map(|row| {
            let pid: i32 = row.try_get(0)?;
            Ok(Blocker { pid: u32::try_from(pid).unwrap_or_default(), what: row.try_get(1)?, query: row.try_get(2)? })
        })
        .collect()
}
