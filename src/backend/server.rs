//! What a PostgreSQL server is asked, on any connection to it: who it is, which table a name means, and for the
//! migration lock.
//!
//! The lock is an advisory lock of the session, tried and never waited for. A statement that waits for it would be a
//! transaction that waits, and `CREATE INDEX CONCURRENTLY` of the holder waits for all transactions: a deadlock. So
//! callers ask again and again.

use std::time::Duration;

use super::basic::Basic;
use super::error::{SqlError, SqlErrorKind};
use super::full::{Holder, Identity, Limits, Location, Span, TableName};
use crate::domain::engine::Engine;
use crate::domain::value::{Row, Value};

/// The key of the migration lock: `manage` in ASCII, then the lock's number. Every version must use the same.
pub const MIGRATION_LOCK: i64 = 0x6d61_6e61_6765_0001;

/// Rows of `pg_locks` for [`MIGRATION_LOCK`], which is shown there as two halves.
const HELD: &str = "FROM pg_catalog.pg_locks l WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 1 \
     AND l.classid = ($1::int8 >> 32)::oid AND l.objid = ($1::int8 & 4294967295)::oid \
     AND l.database = (SELECT oid FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database())";

/// Names stand with their schema, since the `search_path` may be anybody's.
const IDENTITY: &str = "SELECT pg_catalog.current_database()::text, pg_catalog.current_setting('server_version'), \
     (SELECT ssl FROM pg_catalog.pg_stat_ssl WHERE pid = pg_catalog.pg_backend_pid()), current_user::text, \
     (SELECT oid::int8 FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database()), \
     pg_catalog.has_function_privilege('pg_catalog.pg_control_system()', 'EXECUTE')";

const SYSTEM_IDENTIFIER: &str = "SELECT system_identifier::text FROM pg_catalog.pg_control_system()";

const FIND_TABLE: &str = "SELECT pg_catalog.quote_ident(n.nspname) || '.' || pg_catalog.quote_ident(c.relname) \
     FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
     WHERE c.oid = pg_catalog.to_regclass($1)::oid AND c.relkind IN ('r', 'p', 'v', 'm', 'f')";

fn key() -> Value {
    Value::Integer(MIGRATION_LOCK)
}

/// Takes the lock if it is free.
pub(super) fn try_lock(session: &mut impl Basic) -> Result<bool, SqlError> {
    // The server counts how often a session took it; once is enough for us.
    Ok(holds_lock(session)? || first(session.query("SELECT pg_catalog.pg_try_advisory_lock($1::int8)", &[key()])?))
}

/// Whether this very backend holds the lock. Behind a pooler that changes backends it does not.
pub(super) fn holds_lock(session: &mut impl Basic) -> Result<bool, SqlError> {
    let sql = format!("SELECT EXISTS (SELECT 1 {HELD} AND l.pid = pg_catalog.pg_backend_pid())");
    Ok(first(session.query(&sql, &[key()])?))
}

/// Who holds the lock. A role without privileges sees the process and the name, but not since when.
pub(super) fn lock_holder(session: &mut impl Basic) -> Result<Option<Holder>, SqlError> {
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

/// Gives the lock back.
pub(super) fn unlock(session: &mut impl Basic) -> Result<(), SqlError> {
    if holds_lock(session)? {
        session.query("SELECT pg_catalog.pg_advisory_unlock($1::int8)", &[key()])?;
    }
    Ok(())
}

/// Which database was reached at `location`. The binding's `system identifier` is empty where the role may not read it.
pub(super) fn identity(session: &mut impl Basic, location: Location) -> Result<Identity, SqlError> {
    let rows = session.query(IDENTITY, &[])?;
    let row = rows.first().ok_or_else(|| SqlError::new(SqlErrorKind::Other, "the server does not say who it is"))?;
    let text = |at| row.text(at).unwrap_or_default().to_owned();
    let name = text(0);
    let oid = row.integer(4).unwrap_or_default().to_string();
    let system = match row.truth(5) {
        Some(true) => {
            let found = session.query(SYSTEM_IDENTIFIER, &[])?;
            ("system identifier", found.first().and_then(|row| row.text(0)).unwrap_or_default().to_owned())
        }
        _ => ("system identifier", String::new()),
    };
    Ok(Identity {
        engine: Engine::Postgres,
        version: text(1).split_whitespace().next().unwrap_or_default().to_owned(),
        location,
        tls: row.truth(2),
        role: Some(text(3)),
        binding: vec![system, ("database oid", oid), ("database name", name.clone())],
        name,
    })
}

/// The table that `name` means, read as SQL reads it: `accounts`, `"Accounts"`, `manage.runs`.
pub(super) fn find_table(session: &mut impl Basic, name: &str) -> Result<Option<TableName>, SqlError> {
    let rows = session.query(FIND_TABLE, &[name.into()])?;
    Ok(rows.first().and_then(|row| row.text(0)).map(|found| TableName(found.to_owned())))
}

/// The table that people call `shown`: with its schema, where that is not `public`, and letter by letter.
#[cfg(all(feature = "full", feature = "postgres"))]
pub(super) fn find_shown(session: &mut impl Basic, shown: &str) -> Result<Option<TableName>, SqlError> {
    let sql = "SELECT pg_catalog.quote_ident(n.nspname) || '.' || pg_catalog.quote_ident(c.relname) \
         FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
         WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') \
         AND CASE n.nspname WHEN 'public' THEN c.relname::text ELSE n.nspname || '.' || c.relname END = $1 \
         ORDER BY n.nspname = 'public' DESC LIMIT 1";
    let rows = session.query(sql, &[shown.into()])?;
    Ok(rows.first().and_then(|row| row.text(0)).map(|found| TableName(found.to_owned())))
}

/// With `standard_conforming_strings` off a backslash hides the quote behind it, and a `COMMIT` may stand where we have
/// read a string.
pub(super) fn refuse_misread(session: &mut impl Basic, sql: &str) -> Result<(), SqlError> {
    if !sql.contains("\\'") {
        return Ok(());
    }
    let set = session.query("SELECT pg_catalog.current_setting('standard_conforming_strings')", &[])?;
    if set.first().and_then(|row| row.text(0)) == Some("on") {
        return Ok(());
    }
    Err(SqlError::new(SqlErrorKind::Other, "standard_conforming_strings is off, so \\' cannot be read for certain")
        .with_hint("leave the setting on, and write strings with backslashes as E'…'"))
}

/// How long statements may wait and take.
pub(super) fn limit(session: &mut impl Basic, limits: Limits, span: Span) -> Result<(), SqlError> {
    let set = match span {
        Span::BeforeTransaction => return Ok(()),
        Span::Transaction => "SET LOCAL",
        Span::Session => "SET",
    };
    // Of less than a millisecond one is left: zero means *for ever* to PostgreSQL.
    let setting = |name: &str, limit: Option<Duration>| {
        limit.map(|limit| format!("{set} {name} = {};", limit.as_millis().clamp(1, i32::MAX.unsigned_abs().into())))
    };
    let all: String =
        [setting("lock_timeout", limits.lock), setting("statement_timeout", limits.statement)].into_iter().flatten().collect();
    if all.is_empty() { Ok(()) } else { session.execute(&all) }
}

/// `manage migrate, ann from 10.0.0.7`, as far as it is known.
fn what_of(application: Option<&str>, user: Option<&str>, host: Option<&str>) -> Option<String> {
    let from = host.map(|host| format!("from {host}"));
    let who = [user.map(str::to_owned), from].into_iter().flatten().collect::<Vec<_>>().join(" ");
    let parts: Vec<&str> = application.into_iter().chain((!who.is_empty()).then_some(who.as_str())).collect();
    (!parts.is_empty()).then(|| parts.join(", "))
}

fn first(rows: Vec<Row>) -> bool {
    rows.first().and_then(|row| row.truth(0)).unwrap_or(false)
}
