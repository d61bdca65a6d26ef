//! The rows of a table as statements that put them in again.

use super::{Basic, SqlError};
use crate::domain::engine::Engine;
use crate::domain::schema::{Schema, Table, quoted, quoted_text};

/// How many rows a table has.
///
/// # Errors
/// What the database refuses.
pub fn count(session: &mut impl Basic, table: &Table) -> Result<i64, SqlError> {
    let rows = session.query(&format!("SELECT count(*) FROM {}", table.name.sql()), &[])?;
    Ok(rows.first().and_then(|row| row.integer(0)).unwrap_or_default())
}

/// `INSERT` statements of all rows of a table, in the order of its key; on PostgreSQL its sequences are moved past them.
///
/// # Errors
/// What the database refuses.
pub fn inserts(session: &mut impl Basic, schema: &Schema, table: &Table) -> Result<Vec<String>, SqlError> {
    let columns: Vec<_> = table.columns.iter().filter(|column| column.generated.is_none() && !column.hidden).collect();
    let engine = session.engine();
    let literal = |name: &String| match engine {
        Engine::Sqlite => format!("quote({})", quoted(name)),
        Engine::Postgres => format!("pg_catalog.quote_nullable({}::text)", quoted(name)),
    };
    let literals: Vec<String> = columns.iter().map(|column| literal(&column.name)).collect();
    let order: Vec<String> = match &table.primary_key[..] {
        [] => (1..=columns.len()).map(|at| at.to_string()).collect(),
        key => key.iter().map(|name| quoted(name)).collect(),
    };
    let name = table.name.sql();
    let sql = format!("SELECT {} FROM {name} ORDER BY {}", literals.join(", "), order.join(", "));
    let names: Vec<String> = columns.iter().map(|column| quoted(&column.name)).collect();
    let own = if columns.iter().any(|column| column.identity.is_some()) { " OVERRIDING SYSTEM VALUE" } else { "" };
    let mut statements = Vec::new();
    for row in session.query(&sql, &[])? {
        let values: Vec<&str> = (0..columns.len()).map(|at| row.text(at).unwrap_or("NULL")).collect();
        statements.push(format!("INSERT INTO {name} ({}){own} VALUES ({})", names.join(", "), values.join(", ")));
    }
    if engine == Engine::Postgres && !statements.is_empty() {
        let owned = |column: &str| {
            schema
                .sequences
                .iter()
                .any(|sequence| sequence.owned_by.as_ref().is_some_and(|(owner, name)| *owner == table.name && name == column))
        };
        let counting = columns.iter().filter(|column| column.identity.is_some() || owned(&column.name));
        statements.extend(counting.map(|column| {
            let sequence = format!("pg_catalog.pg_get_serial_sequence({}, {})", quoted_text(&name), quoted_text(&column.name));
            format!("SELECT pg_catalog.setval({sequence}, (SELECT max({}) FROM {name}))", quoted(&column.name))
        }));
    }
    Ok(statements)
}
