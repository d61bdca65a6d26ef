//! Small questions about a table that each database answers in its own words.

use super::basic::Basic;
use super::error::SqlError;
use super::full::TableName;
use crate::domain::engine::Engine;
use crate::domain::schema::{quoted, quoted_text};
use crate::domain::sql::Condition;

/// The type of a column, as the database names it (`integer`, `bigint`; on SQLite as it was declared); `None` where there
/// is no such column.
///
/// # Errors
/// What the database refuses.
pub fn column_type(session: &mut impl Basic, table: &TableName, column: &str) -> Result<Option<String>, SqlError> {
    let (sql, table) = match session.engine() {
        Engine::Sqlite => {
            let name = table.0.strip_prefix("main.").unwrap_or(&table.0).trim_matches('"').replace("\"\"", "\"");
            ("SELECT type FROM pragma_table_info($1, 'main') WHERE name = $2", name)
        }
        Engine::Postgres => (
            "SELECT pg_catalog.format_type(a.atttypid, NULL) FROM pg_catalog.pg_attribute a \
             WHERE a.attrelid = pg_catalog.to_regclass($1)::oid AND a.attname = $2 AND NOT a.attisdropped",
            table.0.clone(),
        ),
    };
    let rows = session.query(sql, &[table.into(), column.into()])?;
    Ok(rows.first().and_then(|row| row.text(0)).map(str::to_owned))
}

/// Whether the column is there that a condition of a file names, by the catalogue at this moment.
///
/// # Errors
/// What the database refuses.
pub fn has_column(session: &mut impl Basic, condition: &Condition) -> Result<bool, SqlError> {
    let sql = format!("SELECT 1 WHERE {}", column_is_there(session.engine(), condition));
    Ok(!session.query(&sql, &[])?.is_empty())
}

/// An expression that says whether the column of a condition is there.
pub fn column_is_there(engine: Engine, condition: &Condition) -> String {
    let column = quoted_text(&condition.column);
    match engine {
        Engine::Sqlite => {
            let of = condition.table.iter().rev().map(|name| quoted_text(name)).collect::<Vec<_>>().join(", ");
            format!("EXISTS (SELECT 1 FROM pragma_table_xinfo({of}) WHERE name = {column} COLLATE NOCASE)")
        }
        Engine::Postgres => {
            let table = quoted_text(&condition.table.iter().map(|name| quoted(name)).collect::<Vec<_>>().join("."));
            format!(
                "EXISTS (SELECT 1 FROM pg_catalog.pg_attribute WHERE attrelid = pg_catalog.to_regclass({table}) \
                 AND attname = {column} AND attnum > 0 AND NOT attisdropped)"
            )
        }
    }
}

/// An expression for this moment by the database's clock, in UTC, as RFC 3339 writes it.
pub fn rfc3339_now(engine: Engine) -> &'static str {
    match engine {
        Engine::Sqlite => "strftime('%Y-%m-%dT%H:%M:%fZ', 'now')",
        Engine::Postgres => {
            "pg_catalog.to_char(pg_catalog.clock_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"')"
        }
    }
}
