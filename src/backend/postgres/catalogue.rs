//! What the catalogue says of indexes.

use super::session::PostgresSession;
use crate::backend::Basic;
use crate::backend::error::SqlError;
use crate::backend::full::{IndexState, TableName};
use crate::domain::sql::ConcurrentIndex;

const INVALID: &str = "SELECT pg_catalog.quote_ident(n.nspname) || '.' || pg_catalog.quote_ident(c.relname) \
     FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid \
     JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE NOT i.indisvalid ORDER BY 1";

/// An index lies in the schema of its table; a name without a schema is looked up as the statement would.
const STATE: &str = "SELECT i.indisvalid, pg_catalog.quote_ident(n.nspname) || '.' || pg_catalog.quote_ident(c.relname) \
     FROM pg_catalog.pg_class c JOIN pg_catalog.pg_index i ON i.indexrelid = c.oid \
     JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
     WHERE c.relname = $1 AND n.oid = CASE \
         WHEN $2::text IS NOT NULL THEN pg_catalog.to_regnamespace(pg_catalog.quote_ident($2::text))::oid \
         WHEN $3::text IS NOT NULL THEN (SELECT t.relnamespace FROM pg_catalog.pg_class t \
             WHERE t.oid = pg_catalog.to_regclass(pg_catalog.quote_ident($3::text))::oid) \
         ELSE (SELECT t.relnamespace FROM pg_catalog.pg_class t \
             WHERE t.oid = pg_catalog.to_regclass(pg_catalog.quote_ident($1))::oid) END";

/// The INVALID indexes of the database.
pub(super) fn invalid_indexes(session: &mut PostgresSession) -> Result<Vec<String>, SqlError> {
    let rows = session.query(INVALID, &[])?;
    Ok(rows
        .iter()
        .filter_map(|row| row.text(0))
        .map(|name| format!("the index {name} is INVALID: REINDEX INDEX CONCURRENTLY {name};"))
        .collect())
}

/// The state of one index.
pub(super) fn index_state(session: &mut PostgresSession, index: &ConcurrentIndex) -> Result<IndexState, SqlError> {
    let Some(name) = &index.name else { return Ok(IndexState::Unknown) };
    let rows = session.query(STATE, &[name.as_str().into(), index.schema.clone().into(), index.table.clone().into()])?;
    Ok(match rows.first() {
        None => IndexState::Absent,
        Some(row) if row.truth(0) == Some(true) => IndexState::Valid,
        Some(row) => IndexState::Invalid(TableName(row.text(1).unwrap_or(name).to_owned())),
    })
}
