//! What an application has set on its SQLite connection, and setting it back.

use std::path::PathBuf;
use std::time::Duration;

use super::Before;
use crate::backend::basic::Basic;
use crate::backend::error::SqlError;
use crate::backend::sqlite::file;
use crate::domain::schema::quoted;
use crate::domain::value::Value;

/// Pragmas of the connection that a migration may leave changed, and that can be read. `query_only` and
/// `writable_schema` come first: with them nothing else could be put right.
const PRAGMAS: [&str; 10] = [
    "query_only",
    "writable_schema",
    "foreign_keys",
    "defer_foreign_keys",
    "ignore_check_constraints",
    "legacy_alter_table",
    "recursive_triggers",
    "reverse_unordered_selects",
    "synchronous",
    "locking_mode",
];

/// How long a statement waits for another program's lock.
const PATIENCE: &str = "busy_timeout";

const ATTACHED: &str = "SELECT name FROM pragma_database_list WHERE name NOT IN ('main', 'temp')";

const TEMPORARY: &str = "SELECT name, type FROM temp.sqlite_schema WHERE type IN ('trigger', 'view', 'table') \
     AND name NOT GLOB 'sqlite_*' ORDER BY type DESC";

/// The real path of the database; `None` where it is in memory.
pub(super) fn file(session: &mut impl Basic) -> Result<Option<PathBuf>, SqlError> {
    let rows = session.query("SELECT file FROM pragma_database_list WHERE name = 'main'", &[])?;
    let path = rows.first().and_then(|row| row.text(0)).filter(|path| !path.is_empty()).map(PathBuf::from);
    Ok(path.map(file::real_path))
}

/// What is set. From here on a statement waits for another program's lock for `patience`: some of these settings are read
/// from the file.
pub(super) fn before(session: &mut impl Basic, patience: Duration) -> Result<Before, SqlError> {
    let mut settings = setting(session, PATIENCE)?.into_iter().collect::<Vec<_>>();
    session.execute(&format!("PRAGMA {PATIENCE} = {}", patience.as_millis()))?;
    for name in PRAGMAS {
        settings.extend(setting(session, name)?);
    }
    Ok(Before { settings, temporary: names(session, TEMPORARY)?, attached: names(session, ATTACHED)? })
}

fn setting(session: &mut impl Basic, name: &str) -> Result<Option<(String, Value)>, SqlError> {
    let rows = session.query(&format!("PRAGMA {name}"), &[])?;
    Ok(rows.first().and_then(|row| row.values.first().cloned()).map(|value| (name.to_owned(), value)))
}

/// Sets it back.
pub(super) fn restore(session: &mut impl Basic, before: &Before) -> Result<(), SqlError> {
    for name in names(session, ATTACHED)?.iter().filter(|name| !before.attached.contains(name)) {
        session.execute(&format!("DETACH {}", quoted(name)))?;
    }
    for (name, value) in before.settings.iter().filter(|(name, _)| name != PATIENCE) {
        match value {
            Value::Integer(number) => session.execute(&format!("PRAGMA {name} = {number}"))?,
            Value::Text(word) => session.execute(&format!("PRAGMA {name} = {}", quoted(word)))?,
            _ => {}
        }
    }
    Ok(())
}

/// Sets the application's patience back, which was ours until the end.
pub(super) fn restore_patience(session: &mut impl Basic, before: &Before) -> Result<(), SqlError> {
    match before.settings.iter().find(|(name, _)| name == PATIENCE) {
        Some((_, Value::Integer(millis))) => session.execute(&format!("PRAGMA {PATIENCE} = {millis}")),
        _ => Ok(()),
    }
}

/// Drops temporary tables and the like that were not there before.
pub(super) fn drop_temporary(session: &mut impl Basic, before: &Before) -> Result<(), SqlError> {
    for row in session.query(TEMPORARY, &[])? {
        let (name, kind) = (row.text(0).unwrap_or_default(), row.text(1).unwrap_or_default());
        if !before.temporary.iter().any(|known| known == name) {
            session.execute(&format!("DROP {kind} IF EXISTS temp.{}", quoted(name)))?;
        }
    }
    Ok(())
}

/// Whether a transaction is open, by SQLite's own word: it begins none within another. `None` where it does not tell.
pub(super) fn in_transaction(session: &mut impl Basic) -> Option<bool> {
    match session.execute("BEGIN") {
        Ok(()) => session.execute("ROLLBACK").is_ok().then_some(false),
        Err(error) => error.message.contains("within a transaction").then_some(true),
    }
}

fn names(session: &mut impl Basic, sql: &str) -> Result<Vec<String>, SqlError> {
    Ok(session.query(sql, &[])?.iter().filter_map(|row| row.text(0)).map(str::to_owned).collect())
}
