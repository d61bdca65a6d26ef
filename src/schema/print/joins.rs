//! Which foreign keys become `joinable!`, and which tables stand in one group.

use std::collections::BTreeSet;

use super::names::{TableName, is_reserved, rust_name};
use super::tables::{Printed, candidates, key_columns};
use crate::domain::engine::Engine;
use crate::domain::schema::{ForeignKey, Name, Schema, Table};
use crate::project::PrintSchema;
use crate::project::diesel_toml::Groups;

/// A foreign key as Diesel sees it. Its order is the one in which it is printed.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Key {
    pub(super) child: TableName,
    pub(super) parent: TableName,
    pub(super) columns: Vec<String>,
    pub(super) rust_columns: Vec<String>,
    parent_columns: Vec<String>,
}

impl Key {
    /// The two tables, whichever points to the other.
    fn pair(&self) -> (&TableName, &TableName) {
        if self.parent < self.child { (&self.parent, &self.child) } else { (&self.child, &self.parent) }
    }
}

/// All foreign keys between tables of the schema that is printed.
pub(super) fn all(schema: &Schema, settings: &PrintSchema) -> Vec<Key> {
    let mut keys: Vec<Key> = match schema.engine {
        Engine::Sqlite => candidates(schema, settings).flat_map(|table| on_sqlite(schema, table)).collect(),
        Engine::Postgres => {
            let wanted = settings.schema.as_deref().unwrap_or(Name::PUBLIC);
            schema
                .tables
                .iter()
                .filter(|table| table.name.schema.as_deref() == Some(wanted))
                .flat_map(|table| {
                    let inside = table.foreign_keys.iter().filter(|key| key.parent.schema.as_deref() == Some(wanted));
                    inside.map(|key| made(table, &key.parent, key.columns.clone(), key.parent_columns.clone()))
                })
                .collect()
        }
    };
    keys.sort();
    for name in keys.iter_mut().flat_map(|key| &mut key.rust_columns) {
        if is_reserved(name) {
            name.push('_');
        }
    }
    keys
}

/// Each column of a foreign key is one of its own to Diesel.
fn on_sqlite(schema: &Schema, table: &Table) -> Vec<Key> {
    let one = |key: &ForeignKey, at: usize| {
        let parent_columns = match key.parent_columns.get(at) {
            Some(column) => vec![column.clone()],
            None => {
                let parent = schema.tables.iter().find(|parent| parent.name.name.eq_ignore_ascii_case(&key.parent.name));
                parent.map(|parent| key_columns(Engine::Sqlite, parent)).unwrap_or_default()
            }
        };
        made(table, &key.parent, vec![key.columns[at].clone()], parent_columns)
    };
    table.foreign_keys.iter().flat_map(|key| (0..key.columns.len()).map(move |at| one(key, at))).collect()
}

fn made(child: &Table, parent: &Name, columns: Vec<String>, parent_columns: Vec<String>) -> Key {
    let child = TableName::of(&child.name);
    let rust_columns = columns.iter().map(|column| rust_name(column, Some(&child.rust))).collect();
    Key { child, parent: TableName::of(parent), columns, rust_columns, parent_columns }
}

/// The foreign keys by which tables can be joined: of one column, to the whole primary key of another table, and the
/// only one between the two.
pub(super) fn foreign_keys(schema: &Schema, settings: &PrintSchema, tables: &[Printed]) -> Vec<Key> {
    let keys = all(schema, settings);
    let printed = |name: &TableName| tables.iter().any(|table| table.name == *name);
    let to_primary_key = |key: &Key| {
        let parent = candidates(schema, settings).find(|table| table.name.name == key.parent.sql);
        let columns = parent.map(|parent| key_columns(schema.engine, parent)).unwrap_or_default();
        columns.len() == 1 && columns.first() == key.parent_columns.first()
    };
    keys.iter()
        .filter(|key| key.parent != key.child && printed(&key.parent) && printed(&key.child) && key.columns.len() == 1)
        .filter(|key| to_primary_key(key))
        .filter(|key| keys.iter().filter(|other| other.pair() == key.pair()).count() == 1)
        .cloned()
        .collect()
}

/// The tables that `allow_tables_to_appear_in_same_query!` names together; a group of one is none.
pub(super) fn groups<'a>(settings: &PrintSchema, tables: &'a [Printed], keys: &'a [Key]) -> Vec<Vec<&'a TableName>> {
    let mut groups = match settings.allow_tables_to_appear_in_same_query_config {
        Groups::None => Vec::new(),
        Groups::AllTables => vec![tables.iter().map(|table| &table.name).collect()],
        Groups::FkRelatedTables => related(tables, keys),
    };
    groups.retain(|group| group.len() > 1);
    groups
}

/// The tables that foreign keys lead to, in either direction.
fn related<'a>(tables: &'a [Printed], keys: &'a [Key]) -> Vec<Vec<&'a TableName>> {
    let mut seen: BTreeSet<&TableName> = BTreeSet::new();
    let mut groups = Vec::new();
    for table in tables {
        let mut group = Vec::new();
        let mut open: Vec<&TableName> = if seen.insert(&table.name) { vec![&table.name] } else { Vec::new() };
        while let Some(name) = open.pop() {
            group.push(name);
            for key in keys {
                let other = if key.parent == *name {
                    &key.child
                } else if key.child == *name {
                    &key.parent
                } else {
                    continue;
                };
                if seen.insert(other) {
                    open.push(other);
                }
            }
        }
        group.sort();
        groups.push(group);
    }
    groups.sort();
    groups
}
