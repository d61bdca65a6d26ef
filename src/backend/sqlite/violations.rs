//! Rows that point to missing ones.

use std::collections::HashMap;

use crate::backend::basic::Basic;
use crate::backend::error::SqlError;
use crate::backend::full::Violation;
use crate::domain::value::Value;

/// Every row that violates a foreign key.
///
/// A rebuilt table gives its rows other numbers, so a row is known by what it points to. A row without a number
/// (WITHOUT ROWID) is known by its table only: then the count tells whether there are more of them.
pub(in crate::backend) fn find(session: &mut impl Basic) -> Result<Vec<Violation>, SqlError> {
    let rows = session.query("PRAGMA main.foreign_key_check", &[])?;
    let mut queries: HashMap<(String, i64), String> = HashMap::new();
    let mut found = Vec::with_capacity(rows.len());
    for row in &rows {
        let (table, parent) = (row.text(0).unwrap_or("?"), row.text(2).unwrap_or("?"));
        let Some(number) = row.integer(1) else {
            let words = format!("{table}: a row points to a missing row of {parent}");
            found.push(Violation { key: words.clone(), words });
            continue;
        };
        let foreign_key = (table.to_owned(), row.integer(3).unwrap_or_default());
        if !queries.contains_key(&foreign_key) {
            let query = values_query(session, table, foreign_key.1)?;
            queries.insert(foreign_key.clone(), query);
        }
        let values = session.query(&queries[&foreign_key], &[Value::Integer(number)])?;
        let values = values.first().and_then(|row| row.text(0)).unwrap_or_default();
        found.push(Violation {
            words: format!("{table}: row {number} points to a missing row of {parent}"),
            key: format!("{table} {parent} {values}"),
        });
    }
    Ok(found)
}

/// The query for the values of a foreign key in one row.
fn values_query(session: &mut impl Basic, table: &str, foreign_key: i64) -> Result<String, SqlError> {
    let columns = session.query(
        "SELECT \"from\" FROM pragma_foreign_key_list($1, 'main') WHERE id = $2 ORDER BY seq",
        &[table.into(), Value::Integer(foreign_key)],
    )?;
    let quoted = |name: &str| format!("\"{}\"", name.replace('"', "\"\""));
    let values: Vec<String> =
        columns.iter().filter_map(|row| row.text(0)).map(|column| format!("quote({})", quoted(column))).collect();
    let values = if values.is_empty() { "''".to_owned() } else { values.join(" || ',' || ") };
    Ok(format!("SELECT {values} FROM main.{} WHERE rowid = $1", quoted(table)))
}
