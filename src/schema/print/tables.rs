//! The tables that are printed, with their columns.

use super::error::PrintError;
use super::joins::{self, Key};
use super::names::{TableName, rust_name};
use super::types::{self, ColumnType};
use crate::domain::engine::Engine;
use crate::domain::schema::{Column, Name, Schema, Table, TableKind};
use crate::project::PrintSchema;
use crate::project::diesel_toml::ColumnSorting;

/// A table as it is printed.
pub(super) struct Printed {
    pub(super) name: TableName,
    /// The Rust names of the columns of its primary key.
    pub(super) primary_key: Vec<String>,
    pub(super) columns: Vec<PrintedColumn>,
    pub(super) comment: Option<String>,
}

/// A column as it is printed.
pub(super) struct PrintedColumn {
    pub(super) sql: String,
    pub(super) rust: String,
    pub(super) of: ColumnType,
    pub(super) comment: Option<String>,
}

/// The tables, in the order of their names.
pub(super) fn gather(schema: &Schema, settings: &PrintSchema) -> Result<Vec<Printed>, PrintError> {
    if let (Engine::Sqlite, Some(name)) = (schema.engine, &settings.schema) {
        return Err(PrintError::NoSchemas(name.clone()));
    }
    let keys = joins::all(schema, settings);
    candidates(schema, settings)
        .filter(|table| settings.filter.admits(&table.name.name))
        .map(|table| printed(schema, settings, &keys, table))
        .collect()
}

/// The tables of the schema that is printed, before the filter.
pub(super) fn candidates<'a>(schema: &'a Schema, settings: &'a PrintSchema) -> impl Iterator<Item = &'a Table> {
    let wanted = settings.schema.as_deref().unwrap_or(Name::PUBLIC);
    schema.tables.iter().filter(move |table| {
        let visible = match schema.engine {
            // Names that SQLite, which compares without case, may yet have for itself.
            Engine::Sqlite => !table.name.name.get(..6).is_some_and(|start| start.eq_ignore_ascii_case("sqlite")),
            Engine::Postgres => table.name.schema.as_deref() == Some(wanted) && table.kind != TableKind::Foreign,
        };
        visible && !table.name.name.starts_with("__")
    })
}

fn printed(schema: &Schema, settings: &PrintSchema, keys: &[Key], table: &Table) -> Result<Printed, PrintError> {
    let name = TableName::of(&table.name);
    let key = key_columns(schema.engine, table);
    if key.is_empty() {
        return Err(PrintError::NoPrimaryKey(table.name.name.clone()));
    }
    let column = |column: &Column| {
        let of = match schema.engine {
            Engine::Postgres => types::on_postgres(column, settings),
            Engine::Sqlite => types::on_sqlite(column, || {
                settings.sqlite_integer_primary_key_is_bigint == Some(true) && is_row_id(schema, keys, &name, table, column)
            }),
        };
        Ok(PrintedColumn {
            rust: rust_name(&column.name, Some(&name.rust)),
            of: of.ok_or_else(|| PrintError::UnknownType {
                table: table.name.name.clone(),
                column: column.name.clone(),
                type_text: column.type_text.to_lowercase(),
            })?,
            sql: column.name.clone(),
            comment: column.comment.clone(),
        })
    };
    let row_id = match &key[..] {
        [only] if !table.columns.iter().any(|column| column.name == *only) => Some(implicit(only)),
        _ => None,
    };
    let mut columns = row_id.iter().chain(&table.columns).map(column).collect::<Result<Vec<_>, PrintError>>()?;
    if settings.column_sorting == ColumnSorting::Name {
        columns.sort_by(|a, b| a.sql.cmp(&b.sql));
    }
    let primary_key = key.iter().map(|column| rust_name(column, Some(&name.rust))).collect();
    Ok(Printed { name, primary_key, columns, comment: table.comment.clone() })
}

/// The columns of a table's key as Diesel sees them: on SQLite in the table's order, and the row's id where there is
/// no key.
pub(super) fn key_columns(engine: Engine, table: &Table) -> Vec<String> {
    if engine == Engine::Postgres {
        return table.primary_key.clone();
    }
    let columns = || table.columns.iter().map(|column| &column.name);
    let key: Vec<String> = columns().filter(|column| table.primary_key.contains(column)).cloned().collect();
    if !key.is_empty() {
        return key;
    }
    let row_id = ["rowid", "oid", "_rowid_"].into_iter().find(|alias| !columns().any(|column| column == alias));
    row_id.map(str::to_owned).into_iter().collect()
}

/// SQLite's column for the row's id, in a table without a key.
fn implicit(name: &str) -> Column {
    Column {
        name: name.to_owned(),
        type_text: "Integer".to_owned(),
        nullable: false,
        default: None,
        generated: None,
        identity: None,
        collation: None,
        hidden: false,
        comment: None,
        underlying: None,
    }
}

/// Whether an integer column is the row's id, or points to one.
fn is_row_id(schema: &Schema, keys: &[Key], name: &TableName, table: &Table, column: &Column) -> bool {
    let of_row = |table: &Table, column: &str| {
        matches!(&key_columns(Engine::Sqlite, table)[..], [only] if only == column)
            && !table.options.iter().any(|option| option == "WITHOUT ROWID")
    };
    if column.type_text.eq_ignore_ascii_case("integer") && of_row(table, &column.name) {
        return true;
    }
    // Of several foreign keys of a column the last one counts.
    let key = keys.iter().rev().find(|key| key.child == *name && key.columns.len() == 1 && key.rust_columns[0] == column.name);
    let parent = key.and_then(|key| schema.tables.iter().find(|parent| parent.name.name == key.parent.sql));
    parent.is_some_and(|parent| matches!(&key_columns(Engine::Sqlite, parent)[..], [only] if of_row(parent, only)))
}
