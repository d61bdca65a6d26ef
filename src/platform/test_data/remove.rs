//! Removing test data: exactly the marked rows, all of them or none.

use super::error::TestDataError;
use super::inject::{account, sql_name, table_name, tables};
use super::mark::Mark;
use super::slug_of;
use super::tables::{LOOSE_POINTERS, Table};
use crate::backend::{Basic, Full, Session, TableName};
use crate::domain::schema::{Schema, quoted};

/// What was removed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Removed {
    /// The account's slug.
    pub slug: String,
    /// Rows by table; none where there was nothing to remove.
    pub tables: Vec<(&'static str, u64)>,
}

/// Removes a test account in one transaction.
///
/// # Errors
/// When the account is not a test account, rows that are not test data depend on it, or the database refuses. Nothing
/// is changed then.
pub fn remove(session: &mut Session, typed: &str) -> Result<Removed, TestDataError> {
    session.begin()?;
    match within(session, typed) {
        Ok(removed) => {
            session.commit()?;
            Ok(removed)
        }
        Err(error) => {
            // Where this fails too, the connection is lost, and nothing was committed.
            let _ = session.rollback();
            Err(error)
        }
    }
}

fn within(session: &mut Session, typed: &str) -> Result<Removed, TestDataError> {
    let slug = slug_of(typed)?;
    let schema = session.introspect()?;
    let names = tables(session, &schema)?;
    let all: Vec<TableName> = names.iter().map(|(_, name)| name.clone()).collect();
    session.keep_writers_away(&all)?;
    let bare = typed.strip_prefix("slug:").unwrap_or(typed);
    let mark = match account(session, &slug, &names)? {
        Some((_, Some(mark))) => mark,
        Some((_, None)) => return Err(TestDataError::Real { slug, instead: None }),
        None if bare != slug && account(session, bare, &names)?.is_some() => {
            return Err(TestDataError::Real { slug: bare.to_owned(), instead: None });
        }
        None => return Ok(Removed { slug, tables: Vec::new() }),
    };
    refuse_dependants(session, &slug, &mark, &schema, &names)?;
    let mut removed = Vec::new();
    for (table, name) in names.iter().rev() {
        let count = match marked(&mark, *table) {
            Some(condition) => session.execute_with(&format!("DELETE FROM {name} WHERE {condition}"), &[])?,
            None => 0,
        };
        removed.push((table.name(), count));
    }
    removed.reverse();
    Ok(Removed { slug, tables: removed })
}

/// The condition of a table's marked rows. A key alone is not enough: SQLite gives the key of a deleted row again.
fn marked(mark: &Mark, table: Table) -> Option<String> {
    let accounts = mark.ranges.get(&Table::Accounts)?;
    let ours = format!("account_id BETWEEN {} AND {}", accounts.start(), accounts.end());
    match (table, mark.ranges.get(&table)) {
        (Table::Balances, _) => Some(ours),
        (_, None) => None,
        (Table::Accounts, Some(range)) => Some(format!("id BETWEEN {} AND {}", range.start(), range.end())),
        (_, Some(range)) => Some(format!("id BETWEEN {} AND {} AND {ours}", range.start(), range.end())),
    }
}

/// Rows that are not marked must not belong to the account or point into it: removing would change or break them.
fn refuse_dependants(
    session: &mut Session,
    slug: &str,
    mark: &Mark,
    schema: &Schema,
    names: &[(Table, TableName)],
) -> Result<(), TestDataError> {
    let of_ours = |name: &str| names.iter().find(|(_, known)| known.0 == name).map(|(table, _)| *table);
    let mut pointers: Vec<(String, String, Table)> = Vec::new();
    for table in &schema.tables {
        for key in &table.foreign_keys {
            let parent = names.iter().map(|(table, _)| *table).find(|ours| {
                ours.name() == key.parent.name
                    && (key.parent.schema.is_none() || sql_name(&key.parent) == table_name(names, *ours))
            });
            if let (Some(parent), [column]) = (parent, key.columns.as_slice()) {
                pointers.push((sql_name(&table.name), column.clone(), parent));
            }
        }
    }
    for (table, column, parent) in LOOSE_POINTERS {
        pointers.push((table_name(names, table).to_owned(), column.to_owned(), parent));
    }
    let mut found = Vec::new();
    for (table, column, parent) in pointers {
        let Some(range) = mark.ranges.get(&parent) else { continue };
        let strangers = match of_ours(&table).and_then(|table| marked(mark, table)) {
            Some(condition) => format!(" AND NOT ({condition})"),
            None => String::new(),
        };
        let quoted = quoted(&column);
        let sql = format!("SELECT count(*) FROM {table} WHERE {quoted} BETWEEN {} AND {}{strangers}", range.start(), range.end());
        let rows = session.query(&sql, &[])?;
        let count = rows.first().and_then(|row| row.integer(0)).unwrap_or_default();
        if count > 0 {
            let shown = table.trim_start_matches("main.").trim_start_matches("public.").trim_matches('"');
            found.push(format!("{shown}.{column}: {count} to {}", parent.name()));
        }
    }
    if found.is_empty() { Ok(()) } else { Err(TestDataError::Depended { slug: slug.to_owned(), rows: found }) }
}
