//! Finds the account or site that a person named: by key first, then by what people call it.

use super::error::TenancyError;
use super::map::{Map, Table};
use crate::backend::{Basic, Session};
use crate::domain::schema::quoted;
use crate::domain::value::{Row, Value};

/// An account.
#[derive(Debug, Clone, PartialEq)]
pub struct Account {
    /// Its key.
    pub key: Value,
    /// What people call it: its first label, else its key.
    pub name: String,
    /// Whether it has a label, so that the key is worth saying.
    pub labelled: bool,
    /// Its status, where the map names a column.
    pub status: Option<String>,
    /// All its labels.
    labels: Vec<String>,
}

/// A site.
#[derive(Debug, Clone, PartialEq)]
pub struct Site {
    /// Its key.
    pub key: Value,
    /// What people call it.
    pub name: String,
}

/// A value as a person reads it.
pub fn shown(value: &Value) -> String {
    match value {
        Value::Null => "NULL".to_owned(),
        Value::Bool(truth) => truth.to_string(),
        Value::Integer(number) => number.to_string(),
        Value::Real(number) => number.to_string(),
        Value::Text(text) => in_one_line(text),
        Value::Bytes(bytes) => format!("{} bytes", bytes.len()),
    }
}

/// What somebody has typed, so that it starts no line of its own and commands no terminal.
fn in_one_line(text: &str) -> String {
    text.chars().map(|char| if char.is_control() { ' ' } else { char }).collect()
}

impl std::fmt::Display for Account {
    /// `acme (account 42)`
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.labelled {
            true => write!(f, "{} (account {})", self.name, shown(&self.key)),
            false => write!(f, "account {}", self.name),
        }
    }
}

impl Account {
    /// Why `--all-tenants` leaves it out.
    pub fn left_out(&self, map: &Map) -> Option<String> {
        let named = |name: &String| *name == shown(&self.key) || self.labels.contains(name);
        if map.config.system.iter().any(named) {
            return Some("a system account".to_owned());
        }
        let status = self.status.as_ref()?;
        map.config
            .account
            .skip
            .contains(status)
            .then(|| format!("its {} is {status}", map.config.account.status.as_deref().unwrap_or("status")))
    }
}

/// The account that `text` names: `42`, `acme`, `id:42`, `slug:acme`.
///
/// # Errors
/// When there is none, or the text means two.
pub fn account(map: &Map, session: &mut Session, text: &str) -> Result<Account, TenancyError> {
    let config = &map.config.account;
    let found = one(
        map,
        session,
        &Search { what: "account", table: map.account_table(), key: &config.key, labels: config.label.all(), within: None },
        text,
    )?;
    let Some(key) = found else {
        return Err(TenancyError::Unknown {
            what: "account",
            text: text.to_owned(),
            hint: format!("look into {}: key {}", config.table, also(config.label.all(), &config.key)),
        });
    };
    let all = accounts_where(map, session, Some(&key))?;
    all.into_iter().next().ok_or_else(|| TenancyError::Unknown {
        what: "account",
        text: text.to_owned(),
        hint: "it has just gone".to_owned(),
    })
}

/// All accounts in the order of their keys.
///
/// # Errors
/// What the database refuses.
pub fn accounts(map: &Map, session: &mut Session) -> Result<Vec<Account>, TenancyError> {
    accounts_where(map, session, None)
}

/// The site of `account` that `text` names.
///
/// # Errors
/// When there is none, the text means two, or it belongs to another account.
pub fn site(map: &Map, session: &mut Session, account: &Account, text: &str) -> Result<Site, TenancyError> {
    let (Some(config), Some(table)) = (&map.config.site, map.site_table()) else {
        return Err(TenancyError::Map("it names no table of sites".to_owned()));
    };
    let within = (config.account.as_str(), &account.key);
    let search = Search { what: "site", table, key: &config.key, labels: config.label.all(), within: Some(within) };
    let Some(key) = one(map, session, &search, text)? else {
        // Elsewhere there may be one, of which no more is said than that.
        let anywhere = Search { within: None, ..search };
        return match one(map, session, &anywhere, text) {
            Ok(Some(_)) | Err(TenancyError::Ambiguous { .. } | TenancyError::Several { .. }) => {
                Err(TenancyError::ForeignSite { site: text.to_owned(), account: account.name.clone() })
            }
            Ok(None) => {
                let hint = format!("look into {}: key {}", config.table, also(config.label.all(), &config.key));
                Err(TenancyError::Unknown { what: "site", text: text.to_owned(), hint })
            }
            Err(error) => Err(error),
        };
    };
    let name = match config.label.all().first() {
        None => shown(&key),
        Some(label) => {
            let sql = format!("SELECT {} FROM {} WHERE {} = $1", quoted(label), table.sql, quoted(&config.key));
            let rows = session.query(&sql, std::slice::from_ref(&key))?;
            rows.first().and_then(|row| row.values.first()).map_or_else(|| shown(&key), shown)
        }
    };
    Ok(Site { key, name })
}

fn also(labels: &[String], key: &str) -> String {
    std::iter::once(key).chain(labels.iter().map(String::as_str)).collect::<Vec<_>>().join(", ")
}

/// Where to look for a row.
#[derive(Clone, Copy)]
struct Search<'a> {
    what: &'static str,
    table: &'a Table,
    key: &'a str,
    labels: &'a [String],
    within: Option<(&'a str, &'a Value)>,
}

/// The key of the one row that `text` names.
fn one(map: &Map, session: &mut Session, search: &Search<'_>, text: &str) -> Result<Option<Value>, TenancyError> {
    let known = |prefix: &str| {
        std::iter::once(search.key).chain(search.labels.iter().map(String::as_str)).find(|column| map.same(column, prefix))
    };
    // `id:` and `slug:` always work: the key and the first label, whatever their columns are called.
    let chosen = text.split_once(':').and_then(|(prefix, rest)| {
        let column = known(prefix).or(match prefix {
            "id" => Some(search.key),
            "slug" => search.labels.first().map(String::as_str),
            _ => None,
        })?;
        Some((column, rest))
    });
    if let Some((column, rest)) = chosen {
        return Ok(by(session, search, column, rest)?.map(|(key, _)| key));
    }
    let mut found: Option<(Value, String)> = None;
    for column in std::iter::once(search.key).chain(search.labels.iter().map(String::as_str)) {
        let Some((key, column)) = by(session, search, column, text)? else { continue };
        match &found {
            None => found = Some((key, column)),
            Some((other, _)) if *other == key => {}
            Some((_, first)) => {
                return Err(TenancyError::Ambiguous {
                    what: search.what,
                    text: text.to_owned(),
                    first: first.clone(),
                    second: column,
                });
            }
        }
    }
    Ok(found.map(|(key, _)| key))
}

fn by(session: &mut Session, search: &Search<'_>, column: &str, text: &str) -> Result<Option<(Value, String)>, TenancyError> {
    let mut sql = format!("SELECT {} FROM {} WHERE CAST({} AS TEXT) = $1", quoted(search.key), search.table.sql, quoted(column));
    let mut binds = vec![Value::Text(text.to_owned())];
    if let Some((account, key)) = search.within {
        sql.push_str(&format!(" AND {} = $2", quoted(account)));
        binds.push(key.clone());
    }
    let rows = session.query(&sql, &binds)?;
    match rows.len() {
        0 => Ok(None),
        1 => Ok(rows[0].values.first().cloned().map(|key| (key, column.to_owned()))),
        count => Err(TenancyError::Several { what: search.what, text: text.to_owned(), column: column.to_owned(), count }),
    }
}

fn accounts_where(map: &Map, session: &mut Session, key: Option<&Value>) -> Result<Vec<Account>, TenancyError> {
    let config = &map.config.account;
    let columns: Vec<String> =
        std::iter::once(&config.key).chain(&config.status).chain(config.label.all()).map(|name| quoted(name)).collect();
    let condition = if key.is_some() { format!(" WHERE {} = $1", quoted(&config.key)) } else { String::new() };
    let sql =
        format!("SELECT {} FROM {}{condition} ORDER BY {}", columns.join(", "), map.account_table().sql, quoted(&config.key));
    let rows = session.query(&sql, key.map(std::slice::from_ref).unwrap_or_default())?;
    Ok(rows.iter().map(|row| read(row, config.status.is_some())).collect())
}

fn read(row: &Row, has_status: bool) -> Account {
    let key = row.values.first().cloned().unwrap_or(Value::Null);
    let from = 1 + usize::from(has_status);
    let labels: Vec<String> = row.values.iter().skip(from).filter(|value| **value != Value::Null).map(shown).collect();
    Account {
        name: labels.first().cloned().unwrap_or_else(|| shown(&key)),
        labelled: !labels.is_empty(),
        status: if has_status { row.values.get(1).map(shown) } else { None },
        key,
        labels,
    }
}
