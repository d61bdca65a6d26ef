//! What a rehearsal asks the server: which locks it took, what it cannot take back.

use std::collections::HashSet;

use super::session::PostgresSession;
use crate::backend::basic::Basic;
use crate::backend::error::SqlError;
use crate::backend::full::HeldLock;

/// Indexes are locked with their tables, the server's own tables by every statement.
const HELD: &str = "SELECT c.oid::int8, CASE n.nspname WHEN 'public' THEN '' ELSE n.nspname || '.' END || c.relname, l.mode \
     FROM pg_catalog.pg_locks l JOIN pg_catalog.pg_class c ON c.oid = l.relation JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
     WHERE l.pid = pg_catalog.pg_backend_pid() AND l.locktype = 'relation' AND l.granted \
     AND l.database = (SELECT oid FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database()) \
     AND c.relkind IN ('r', 'p', 'm', 'v', 'f', 'S') AND n.nspname NOT IN ('pg_catalog', 'pg_toast', 'information_schema') \
     ORDER BY 2, 3";

pub(super) fn relation_ids(session: &mut PostgresSession) -> Result<HashSet<i64>, SqlError> {
    let rows = session.query("SELECT oid::int8 FROM pg_catalog.pg_class WHERE relkind IN ('r', 'p', 'm', 'v', 'f', 'S')", &[])?;
    Ok(rows.iter().filter_map(|row| row.integer(0)).collect())
}

pub(super) fn held_locks(session: &mut PostgresSession) -> Result<Vec<HeldLock>, SqlError> {
    let rows = session.query(HELD, &[])?;
    let lock = |row: &crate::domain::value::Row| {
        Some(HeldLock { id: row.integer(0)?, relation: row.text(1)?.to_owned(), mode: row.text(2)?.to_owned() })
    };
    Ok(rows.iter().filter_map(lock).collect())
}

/// The server gives no number where the role may not read it.
pub(super) fn sequences(session: &mut PostgresSession) -> Result<Vec<(String, Option<i64>)>, SqlError> {
    let sql = "SELECT CASE schemaname WHEN 'public' THEN '' ELSE schemaname || '.' END || sequencename, last_value \
               FROM pg_catalog.pg_sequences WHERE schemaname <> 'manage' ORDER BY 1";
    let rows = session.query(sql, &[])?;
    Ok(rows.iter().filter_map(|row| Some((row.text(0)?.to_owned(), row.integer(1)))).collect())
}

/// Behind a savepoint, whose end defers again what was deferred.
pub(super) fn check_deferred(session: &mut PostgresSession) -> Result<(), SqlError> {
    session.begin()?;
    let checked = session.execute("SET CONSTRAINTS ALL IMMEDIATE");
    session.rollback()?;
    checked
}
