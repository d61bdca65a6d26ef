//! Making test data.

use super::broken::State;
use super::error::TestDataError;
use super::mark::{Mark, PURPOSE};
use super::shape::Shape;
use super::states::{neighbour, states};
use super::tables::Table;
use super::{PREFIX, clean, slug_of};
use crate::backend::{Basic, Full, Session, TableName};
use crate::domain::schema::{Name, Schema, quoted, quoted_if_needed};

/// Tables that grew by more are made known to the planner.
const MANY: u64 = 10_000;

/// What is wished for.
#[derive(Debug, Clone)]
pub struct Wish {
    /// The account, as it was typed.
    pub account: String,
    /// How many rows, of [`SMALLEST`](super::SMALLEST) at least. The broken ones come on top.
    pub scale: u64,
    /// The seed.
    pub seed: u64,
    /// Whether to add every broken state.
    pub broken: bool,
}

/// What was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Injected {
    /// The account's slug.
    pub slug: String,
    /// The account's key.
    pub account: i64,
    /// The test account to which broken rows point.
    pub neighbour: Option<String>,
    /// Rows by table.
    pub tables: Vec<(&'static str, u64)>,
    /// The manifest of what was broken where.
    pub broken: Vec<State>,
}

/// Makes a test account in one transaction.
///
/// # Errors
/// When the account is somebody's, the schema is another, or the database refuses. Nothing is changed then.
pub fn inject(session: &mut Session, wish: &Wish) -> Result<Injected, TestDataError> {
    session.begin()?;
    match within(session, wish) {
        Ok(injected) => {
            session.commit()?;
            Ok(injected)
        }
        Err(error) => {
            // Where this fails too, the connection is lost, and nothing was committed.
            let _ = session.rollback();
            Err(error)
        }
    }
}

fn within(session: &mut Session, wish: &Wish) -> Result<Injected, TestDataError> {
    let slug = slug_of(&wish.account)?;
    let schema = session.introspect()?;
    let names = tables(session, &schema)?;
    let all: Vec<TableName> = names.iter().map(|(_, name)| name.clone()).collect();
    session.keep_writers_away(&all)?;
    refuse_others(session, wish, &slug, &names)?;

    let mut shape = Shape::new(&slug, wish.seed, wish.scale);
    // Keys are not known yet, but how many there are.
    let numbers = wish.broken.then(|| states(&shape));
    let broken_rows = |table| numbers.as_ref().map_or(0, |broken| broken.rows(table).len() as u64);
    let counts: Vec<(Table, u64)> =
        Table::ALL.into_iter().map(|table| (table, shape.count(table) + broken_rows(table))).collect();
    drop(numbers);
    for (table, name) in names.iter().filter(|(table, _)| table.has_id()) {
        let count = counts.iter().find(|(counted, _)| counted == table).map_or(0, |(_, count)| *count);
        let before = session.reserve_ids(name, count)?;
        shape.before.insert(*table, before);
    }

    let broken = wish.broken.then(|| states(&shape));
    for (table, name) in &names {
        let wrong = broken.iter().flat_map(|broken| broken.rows(*table).iter().cloned());
        session.fill(name, table.columns(), &mut clean::rows(&shape, *table).chain(wrong))?;
    }
    let ranges = counts.iter().filter(|(table, count)| table.has_id() && *count > 0);
    let mark = Mark {
        seed: wish.seed,
        rows: counts.iter().map(|(_, count)| count).sum(),
        ranges: ranges.map(|(table, count)| (*table, shape.id(*table, 0)..=shape.id(*table, count - 1))).collect(),
    };
    let account = shape.id(Table::Accounts, 0);
    let prompts = table_name(&names, Table::Prompts);
    let written = session.execute_with(
        &format!("UPDATE {prompts} SET body = $1 WHERE account_id = $2 AND purpose = $3"),
        &[mark.text().into(), account.into(), PURPOSE.into()],
    )?;
    debug_assert_eq!(written, 1);
    if mark.rows > MANY {
        session.analyze(&all)?;
    }
    Ok(Injected {
        neighbour: wish.broken.then(|| neighbour(&slug)),
        slug,
        account,
        tables: counts.into_iter().map(|(table, count)| (table.name(), count)).collect(),
        broken: broken.map(|broken| broken.states).unwrap_or_default(),
    })
}

/// The tables in this database.
///
/// # Errors
/// When one of them, or a column, is missing.
pub(super) fn tables(session: &mut Session, schema: &Schema) -> Result<Vec<(Table, TableName)>, TestDataError> {
    let mut names = Vec::new();
    for table in Table::ALL {
        let Some(name) = session.find_table(table.name())? else {
            return Err(TestDataError::Schema { what: format!("there is no table {}", table.name()) });
        };
        let found = schema.tables.iter().find(|found| sql_name(&found.name) == name.0);
        let has = |column: &&&str| found.is_some_and(|found| found.columns.iter().any(|known| known.name == ***column));
        if let Some(missing) = table.columns().iter().find(|column| !has(column)) {
            return Err(TestDataError::Schema { what: format!("{} has no column {missing}", table.name()) });
        }
        names.push((table, name));
    }
    Ok(names)
}

/// The name as [`Full::find_table`] gives it.
pub(super) fn sql_name(name: &Name) -> String {
    match &name.schema {
        Some(schema) => format!("{}.{}", quoted_if_needed(schema), quoted_if_needed(&name.name)),
        None => format!("main.{}", quoted(&name.name)),
    }
}

pub(super) fn table_name(names: &[(Table, TableName)], table: Table) -> &str {
    names.iter().find(|(known, _)| *known == table).map_or(table.name(), |(_, name)| name.0.as_str())
}

/// The account of this slug: its key, and its mark where it has one.
pub(super) fn account(
    session: &mut Session,
    slug: &str,
    names: &[(Table, TableName)],
) -> Result<Option<(i64, Option<Mark>)>, TestDataError> {
    let (accounts, prompts) = (table_name(names, Table::Accounts), table_name(names, Table::Prompts));
    let sql = format!(
        "SELECT a.id, p.body FROM {accounts} a LEFT JOIN {prompts} p ON p.account_id = a.id AND p.purpose = $1 WHERE a.slug = $2"
    );
    let rows = session.query(&sql, &[PURPOSE.into(), slug.into()])?;
    let Some(row) = rows.first() else { return Ok(None) };
    let mark = match row.text(1) {
        None => None,
        Some(text) => {
            Some(Mark::parse(text).map_err(|line| TestDataError::Mark { slug: slug.to_owned(), line, purpose: PURPOSE })?)
        }
    };
    let id = row.integer(0).unwrap_or_default();
    // A mark that was copied to another account marks nothing there.
    Ok(Some((id, mark.filter(|mark| mark.ranges.get(&Table::Accounts).is_some_and(|ours| ours.contains(&id))))))
}

fn refuse_others(session: &mut Session, wish: &Wish, slug: &str, names: &[(Table, TableName)]) -> Result<(), TestDataError> {
    let typed = wish.account.strip_prefix("slug:").unwrap_or(&wish.account);
    // Whoever names a customer means the customer: no account beside it is made instead.
    if typed != slug && account(session, typed, names)?.is_some() {
        return Err(TestDataError::Real { slug: typed.to_owned(), instead: Some(slug.to_owned()) });
    }
    for slug in [slug.to_owned(), neighbour(slug)] {
        match account(session, &slug, names)? {
            None => {}
            Some((_, Some(mark))) => return Err(TestDataError::There { slug, rows: mark.rows, seed: mark.seed }),
            Some((_, None)) => return Err(TestDataError::Real { slug, instead: None }),
        }
    }
    debug_assert!(slug.starts_with(PREFIX));
    Ok(())
}
