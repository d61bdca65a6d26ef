//! What an application has set on its PostgreSQL connection, and setting it back.

use super::Before;
use crate::backend::basic::Basic;
use crate::backend::error::SqlError;
use crate::domain::value::Value;

/// What was set in the session or in its transaction, and the role, which is not among them. The server does not list
/// settings that nobody has declared (`my.word`); those stay as a file leaves them.
const SETTINGS: &str = "SELECT name, setting FROM pg_catalog.pg_settings WHERE source = 'session' \
     UNION ALL SELECT 'role', pg_catalog.current_setting('role') ORDER BY 1";

const TEMPORARY: &str = "SELECT pg_catalog.quote_ident(relname), CASE relkind WHEN 'v' THEN 'VIEW' WHEN 'S' THEN 'SEQUENCE' \
     ELSE 'TABLE' END FROM pg_catalog.pg_class WHERE relnamespace = pg_catalog.pg_my_temp_schema() \
     AND relkind IN ('r', 'p', 'v', 'S') ORDER BY relkind DESC";

/// What is set.
pub(super) fn before(session: &mut impl Basic) -> Result<Before, SqlError> {
    let temporary = session.query(TEMPORARY, &[])?.iter().filter_map(|row| row.text(0)).map(str::to_owned).collect();
    Ok(Before { settings: settings(session)?, temporary, attached: Vec::new() })
}

/// Sets it back, in a transaction or outside of one.
pub(super) fn restore(session: &mut impl Basic, before: &Before) -> Result<(), SqlError> {
    let now = settings(session)?;
    if now == before.settings {
        return Ok(());
    }
    for (name, _) in &now {
        if !before.settings.iter().any(|(known, _)| known == name) {
            // A setting of an extension has a point in its name.
            let quoted: Vec<String> = name.split('.').map(|part| format!("\"{}\"", part.replace('"', "\"\""))).collect();
            session.execute(&format!("RESET {}", quoted.join(".")))?;
        }
    }
    for (name, value) in before.settings.iter().filter(|setting| !now.contains(setting)) {
        session.query("SELECT pg_catalog.set_config($1, $2, false)", &[name.as_str().into(), value.clone()])?;
    }
    Ok(())
}

/// Drops temporary tables and the like that were not there before.
pub(super) fn drop_temporary(session: &mut impl Basic, before: &Before) -> Result<(), SqlError> {
    for row in session.query(TEMPORARY, &[])? {
        let (name, kind) = (row.text(0).unwrap_or_default(), row.text(1).unwrap_or_default());
        if !before.temporary.iter().any(|known| known == name) {
            session.execute(&format!("DROP {kind} IF EXISTS pg_temp.{name} CASCADE"))?;
        }
    }
    Ok(())
}

fn settings(session: &mut impl Basic) -> Result<Vec<(String, Value)>, SqlError> {
    let rows = session.query(SETTINGS, &[])?;
    Ok(rows.iter().filter_map(|row| Some((row.text(0)?.to_owned(), row.text(1)?.into()))).collect())
}
