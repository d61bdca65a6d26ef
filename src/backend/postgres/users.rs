//! Who else is connected to a database.

use super::session::PostgresSession;
use crate::backend::basic::Basic;
use crate::backend::error::SqlError;

const CONNECTED: &str = "SELECT 'pid ' || pid || coalesce(' ' || nullif(application_name, ''), '') || coalesce(' as ' || usename, '') \
     FROM pg_catalog.pg_stat_activity WHERE datname = coalesce($1, pg_catalog.current_database()) AND pid <> pg_catalog.pg_backend_pid() \
     AND coalesce(backend_type, 'client backend') = 'client backend' ORDER BY pid";

/// The other sessions on a database of the server, or on this one: `pid 4711 psql as app`.
pub(super) fn connected(session: &mut PostgresSession, database: Option<&str>) -> Result<Vec<String>, SqlError> {
    let rows = session.query(CONNECTED, &[database.map(str::to_owned).into()])?;
    Ok(rows.iter().filter_map(|row| row.text(0).map(str::to_owned)).collect())
}
