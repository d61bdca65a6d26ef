//! Broken rows: each stands beside the clean ones, wrong in one way only.

use std::collections::BTreeMap;

use super::clean::Row;
use super::shape::Shape;
use super::tables::Table;
use crate::domain::value::Value;

/// A broken state: an entry of the manifest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct State {
    /// The rules that it breaks, `S4-39`.
    pub rules: &'static [&'static str],
    /// The check that must find it.
    pub check: &'static str,
    /// The table of the row.
    pub table: &'static str,
    /// Its key, `id`.
    pub key: i64,
    /// What is wrong with it.
    pub what: String,
}

/// A column and its value.
pub(super) type Column<'a> = (&'a str, Value);

/// Rows and the manifest, as they come together.
pub(super) struct Broken<'a> {
    /// The clean rows beside which they stand.
    pub shape: &'a Shape,
    /// The manifest.
    pub states: Vec<State>,
    rows: BTreeMap<Table, Vec<Row>>,
    names: u64,
}

impl<'a> Broken<'a> {
    /// Nothing yet.
    pub fn beside(shape: &'a Shape) -> Self {
        Self { shape, states: Vec::new(), rows: BTreeMap::new(), names: 0 }
    }

    /// The rows of a table.
    pub fn rows(&self, table: Table) -> &[Row] {
        self.rows.get(&table).map_or(&[], Vec::as_slice)
    }

    /// Adds a row in which nothing is wrong but what `columns` say, and returns its key.
    pub fn add(&mut self, table: Table, columns: &[Column<'_>]) -> i64 {
        self.names += 1;
        let before = self.shape.count(table) + self.rows(table).len() as u64;
        let id = self.shape.id(table, before);
        let row = table
            .columns()
            .iter()
            .map(|name| match columns.iter().find(|(column, _)| column == name) {
                Some((_, value)) => value.clone(),
                None => self.usual(table, name, id),
            })
            .collect();
        self.rows.entry(table).or_default().push(row);
        id
    }

    /// Notes that the row `key` of a table is wrong.
    pub fn note(&mut self, check: &'static str, rules: &'static [&'static str], table: Table, key: i64, what: impl Into<String>) {
        self.states.push(State { rules, check, table: table.name(), key, what: what.into() });
    }

    /// What a column holds where nothing else is said: a row of the first site that is fine by itself.
    fn usual(&self, table: Table, column: &str, id: i64) -> Value {
        let name = || format!("broken {}", self.names);
        match (table, column) {
            (_, "id") => id.into(),
            (_, "account_id") => self.account(),
            (_, "site_id") => self.shape.id(Table::Sites, 0).into(),
            (_, "sector_id") => self.shape.id(Table::Sectors, 0).into(),
            (Table::Sites | Table::Terms, "slug") => format!("test-broken-{}", self.names).into(),
            (_, "name" | "title" | "keyword") => name().into(),
            (Table::Accounts, "status") => "active".into(),
            (Table::Tasks, "status") => "queued".into(),
            (Table::Content, "status") => "draft".into(),
            (_, "status") => "new".into(),
            (_, "content_type") => "post".into(),
            (_, "content_structure") => "article".into(),
            (_, "intent") => "informational".into(),
            (_, "source") => "native".into(),
            (_, "sync_status") => "pending".into(),
            (_, "taxonomy_type") => "category".into(),
            (_, "config") => "{}".into(),
            // One of its own: a site has one integration a platform.
            (_, "platform") => format!("other-{}", self.names).into(),
            (_, "is_active") => true.into(),
            (_, "disabled" | "sync_enabled") => false.into(),
            (_, "created_at" | "updated_at") => self.shape.time(self.names).into(),
            (_, "keywords_count" | "total_volume" | "ideas_count" | "content_count" | "volume" | "difficulty" | "word_count") => {
                Value::Integer(0)
            }
            _ => Value::Null,
        }
    }

    /// The account.
    pub fn account(&self) -> Value {
        self.shape.id(Table::Accounts, 0).into()
    }
}
