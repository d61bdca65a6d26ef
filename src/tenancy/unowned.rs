//! Rows that belong to nobody: no path resolves, two disagree, or the account does not exist.

use super::error::TenancyError;
use super::find::shown;
use super::map::{Map, Table, column};
use crate::backend::{Basic, Session};

/// The rows of one table that belong to nobody.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unowned {
    /// The table.
    pub table: String,
    /// Rows for which no path leads to an account that exists.
    pub nowhere: i64,
    /// Rows for which two paths lead to different accounts.
    pub disagree: i64,
    /// The keys of the first of them; none where the table has no primary key.
    pub keys: Vec<String>,
}

/// How many keys are told.
const SHOWN: usize = 5;

/// Counts the rows of `table` that belong to nobody; `None` where its rows belong to no account at all.
///
/// # Errors
/// What the database refuses.
pub fn unowned(map: &Map, table: &Table, session: &mut Session) -> Result<Option<Unowned>, TenancyError> {
    if table.paths.is_empty() || table.sql == map.account_table().sql {
        return Ok(None);
    }
    let ways = map.accounts_of(table, "t");
    let names: Vec<String> = (0..ways.len()).map(|at| format!("a{at}")).collect();
    let listed: Vec<String> = ways.iter().zip(&names).map(|(way, name)| format!("{way} AS {name}")).collect();
    let first = match names.len() {
        1 => names[0].clone(),
        _ => format!("COALESCE({})", names.join(", ")),
    };
    let mut pairs: Vec<String> = Vec::new();
    for (at, a) in names.iter().enumerate() {
        pairs.extend(names[at + 1..].iter().map(|b| format!("{a} <> {b}")));
    }
    let disagree = if pairs.is_empty() { "1 = 0".to_owned() } else { pairs.join(" OR ") };
    let root = map.account_table();
    let nowhere =
        format!("NOT EXISTS (SELECT 1 FROM {} AS r WHERE {} = {first})", root.sql, column("r", &map.config.account.key));
    let rows = |keys: &[String]| {
        let inner: Vec<&str> = listed.iter().chain(keys).map(String::as_str).collect();
        format!("(SELECT {} FROM {} AS t) AS w", inner.join(", "), table.sql)
    };
    let counts = session.query(
        &format!(
            "SELECT COALESCE(sum(CASE WHEN {disagree} THEN 0 WHEN {nowhere} THEN 1 ELSE 0 END), 0), \
             COALESCE(sum(CASE WHEN {disagree} THEN 1 ELSE 0 END), 0) FROM {}",
            rows(&[])
        ),
        &[],
    )?;
    let number = |at| counts.first().and_then(|row| row.integer(at)).unwrap_or_default();
    let mut unowned = Unowned { table: table.name.clone(), nowhere: number(0), disagree: number(1), keys: Vec::new() };
    let keys: Vec<&str> = map.key_columns(table);
    if unowned.nowhere + unowned.disagree > 0 && !keys.is_empty() {
        let inner: Vec<String> = keys.iter().zip(0..).map(|(key, at)| format!("{} AS k{at}", column("t", key))).collect();
        let outer: Vec<String> = (0..keys.len()).map(|at| format!("k{at}")).collect();
        let sql = format!(
            "SELECT {0} FROM {1} WHERE {disagree} OR {nowhere} ORDER BY {0} LIMIT {SHOWN}",
            outer.join(", "),
            rows(&inner)
        );
        let told = session.query(&sql, &[])?;
        unowned.keys = told.iter().map(|row| row.values.iter().map(shown).collect::<Vec<_>>().join(" ")).collect();
    }
    Ok(Some(unowned))
}
