//! The migration lock: an advisory lock of the session, tried and never waited for.
//!
//! A statement that waits for it would be a transaction that waits, and `CREATE INDEX CONCURRENTLY` of the
//! holder waits for all transactions: a deadlock. So callers ask again and again.

use super::session::PostgresSession;
use crate::backend::basic::Basic;
use crate::backend::error::SqlError;
use crate::backend::full::Holder;
use crate::domain::value::{Row, Value};

/// The key of the migration lock: `manage` in ASCII, then the lock's number. Every version must use the same.
pub const MIGRATION_LOCK: i64 = 0x6d61_6e61_6765_0001;

/// The server shows at most so many bytes of an application's name.
const NAME_BYTES: usize = 63;

/// Rows of `pg_locks` for [`MIGRATION_LOCK`], which is shown there as two halves.
const HELD: &str = "FROM pg_catalog.pg_locks l WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 1 \
     AND l.classid = ($1::int8 >> 32)::oid AND l.objid = ($1::int8 & 4294967295)::oid \
     AND l.database = (SELECT oid FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database())";

fn key() -> Value {
    Value::Integer(MIGRATION_LOCK)
}

/// Takes the lock if it is free, and says to others what it is taken for.
pub(super) fn try_lock(session: &mut PostgresSession, what: &str) -> Result<bool, SqlError> {
    // The server counts how often a session took it; once is enough for us.
    if holds(session)? {
        return Ok(true);
    }
    let taken = first(session.query("SELECT pg_catalog.pg_try_advisory_lock($1::int8)", &[key()])?);
    if taken {
        let name = shortened(what);
        session.query("SELECT pg_catalog.set_config('application_name', $1, false)", &[name.into()])?;
        session.settings.application = Some(name.to_owned());
    }
    Ok(taken)
}

/// Whether this very backend holds the lock. Behind a pooler that changes backends it does not.
pub(super) fn holds(session: &mut PostgresSession) -> Result<bool, SqlError> {
    let sql = format!("SELECT EXISTS (SELECT 1 {HELD} AND l.pid = pg_catalog.pg_backend_pid())");
    Ok(first(session.query(&sql, &[key()])?))
}

/// Who holds the lock. A role without privileges sees the process and the name, but not since when.
pub(super) fn holder(session: &mut PostgresSession) -> Result<Option<Holder>, SqlError> {
    let sql = format!(
        "SELECT h.pid, nullif(a.application_name, ''), a.usename::text, \
         coalesce(nullif(a.client_hostname, ''), pg_catalog.host(a.client_addr)), \
         CASE WHEN a.backend_start::date = current_date THEN pg_catalog.to_char(a.backend_start, 'HH24:MI:SS') \
         ELSE pg_catalog.to_char(a.backend_start, 'YYYY-MM-DD HH24:MI:SS') END \
         FROM (SELECT l.pid {HELD}) h LEFT JOIN pg_catalog.pg_stat_activity a ON a.pid = h.pid LIMIT 1"
    );
    let rows = session.query(&sql, &[key()])?;
    Ok(rows.first().map(|row| Holder {
        pid: row.integer(0).and_then(|pid| u32::try_from(pid).ok()),
        what: what_of(row.text(1), row.text(2), row.text(3)),
        since: row.text(4).map(str::to_owned),
    }))
}

/// Gives the lock back, and the session its own name.
pub(super) fn unlock(session: &mut PostgresSession) -> Result<(), SqlError> {
    if holds(session)? {
        session.query("SELECT pg_catalog.pg_advisory_unlock($1::int8)", &[key()])?;
    }
    if session.settings.application.take().is_some() {
        session.execute("RESET application_name")?;
    }
    Ok(())
}

/// `manage migrate, ann from 10.0.0.7`, as far as it is known.
fn what_of(application: Option<&str>, user: Option<&str>, host: Option<&str>) -> Option<String> {
    let from = host.map(|host| format!("from {host}"));
    let who = [user.map(str::to_owned), from].into_iter().flatten().collect::<Vec<_>>().join(" ");
    let parts: Vec<&str> = application.into_iter().chain((!who.is_empty()).then_some(who.as_str())).collect();
    (!parts.is_empty()).then(|| parts.join(", "))
}

fn shortened(text: &str) -> &str {
    &text[..text.floor_char_boundary(NAME_BYTES)]
}

fn first(rows: Vec<Row>) -> bool {
    rows.first().and_then(|row| row.truth(0)).unwrap_or(false)
}
