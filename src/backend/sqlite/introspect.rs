//! The schema of an SQLite database, by its pragmas; by the statements' text where pragmas are silent.

use super::session::SqliteSession;
use crate::backend::basic::Basic;
use crate::backend::error::SqlError;
use crate::domain::engine::Engine;
use crate::domain::schema::{
    Column, Constraint, ConstraintKind, ForeignKey, Generated, Index, Name, Schema, Table, TableKind, Trigger, View, Written,
    is_bookkeeping, written,
};
use crate::domain::value::{Row, Value};

const TABLES: &str = "SELECT l.name, l.type, l.wr, l.strict, s.sql FROM pragma_table_list l \
     JOIN main.sqlite_schema s ON s.type = 'table' AND s.name = l.name \
     WHERE l.schema = 'main' AND l.type <> 'view' AND substr(l.name, 1, 7) <> 'sqlite_' ORDER BY l.name";

const COLUMNS: &str = "SELECT name, type, \"notnull\", dflt_value, pk, hidden FROM pragma_table_xinfo($1, 'main') ORDER BY cid";

const FOREIGN_KEYS: &str = "SELECT id, \"table\", \"from\", \"to\", on_update, on_delete \
     FROM pragma_foreign_key_list($1, 'main') ORDER BY id, seq";

/// Indexes that UNIQUE makes, with their columns.
const UNIQUES: &str = "SELECT i.name, x.name FROM pragma_index_list($1, 'main') i, pragma_index_xinfo(i.name, 'main') x \
     WHERE i.origin = 'u' AND x.key = 1 ORDER BY i.seq DESC, x.seqno";

/// In the order in which they were made, so that a view comes after what it uses.
const VIEWS: &str = "SELECT name, sql FROM main.sqlite_schema WHERE type = 'view' ORDER BY rowid";

const INDEXES: &str =
    "SELECT name, sql FROM main.sqlite_schema WHERE type = 'index' AND tbl_name = $1 AND sql IS NOT NULL ORDER BY name";

const TRIGGERS: &str = "SELECT name, sql FROM main.sqlite_schema WHERE type = 'trigger' AND tbl_name = $1 ORDER BY name";

/// Reads the schema.
pub(super) fn introspect(session: &mut SqliteSession) -> Result<Schema, SqlError> {
    let mut schema = Schema::empty(Engine::Sqlite);
    for row in session.query(TABLES, &[])? {
        let table = table(session, &row)?;
        if !is_bookkeeping(Engine::Sqlite, &table.name) {
            schema.tables.push(table);
        }
    }
    for row in session.query(VIEWS, &[])? {
        let name = text(&row, 0);
        schema.views.push(View {
            triggers: triggers(session, &name)?,
            name: named(name),
            materialized: false,
            definition: text(&row, 1),
            options: Vec::new(),
            indexes: Vec::new(),
            comment: None,
        });
    }
    Ok(schema)
}

fn table(session: &mut SqliteSession, row: &Row) -> Result<Table, SqlError> {
    let (name, statement) = (text(row, 0), text(row, 4));
    let said = written(&statement);
    let kind = match row.text(1) {
        Some("virtual") => TableKind::Virtual(statement.clone()),
        Some("shadow") => TableKind::Shadow,
        _ => TableKind::Ordinary,
    };
    let mut options = Vec::new();
    for (column, option) in [(2, "WITHOUT ROWID"), (3, "STRICT")] {
        if row.truth(column) == Some(true) {
            options.push(option.to_owned());
        }
    }
    if said.autoincrement {
        options.push("AUTOINCREMENT".to_owned());
    }
    let rows = session.query(COLUMNS, &[Value::from(name.as_str())])?;
    let primary_key = primary_key(&rows);
    let foreign_keys = foreign_keys(session, &name)?;
    let mut constraints = Vec::new();
    if !primary_key.is_empty() {
        constraints.push(constraint(ConstraintKind::PrimaryKey, format!("PRIMARY KEY ({})", primary_key.join(", "))));
    }
    for columns in uniques(session, &name)? {
        constraints.push(constraint(ConstraintKind::Unique, format!("UNIQUE ({})", columns.join(", "))));
    }
    constraints.extend(said.checks.iter().map(|check| constraint(ConstraintKind::Check, format!("CHECK ({check})"))));
    constraints.extend(foreign_keys.iter().map(|(_, definition)| constraint(ConstraintKind::ForeignKey, definition.clone())));
    Ok(Table {
        columns: columns(&rows, &said),
        primary_key,
        constraints,
        foreign_keys: foreign_keys.into_iter().map(|(key, _)| key).collect(),
        indexes: indexes(session, &name)?,
        triggers: triggers(session, &name)?,
        name: named(name),
        kind,
        options,
        comment: None,
        extension: None,
        text: Some(statement),
    })
}

fn columns(rows: &[Row], said: &Written) -> Vec<Column> {
    let mut computed = said.computed.iter();
    let column = |row: &Row| {
        let name = text(row, 0);
        let hidden = row.integer(5).unwrap_or_default();
        let collation = said.collations.iter().find(|(column, _)| column.eq_ignore_ascii_case(&name));
        Column {
            type_text: text(row, 1),
            nullable: row.truth(2) != Some(true),
            default: row.text(3).map(str::to_owned),
            generated: matches!(hidden, 2 | 3)
                .then(|| Generated { expression: computed.next().cloned().unwrap_or_default(), stored: hidden == 3 }),
            identity: None,
            collation: collation.map(|(_, name)| name.clone()),
            hidden: hidden == 1,
            comment: None,
            underlying: None,
            name,
        }
    };
    rows.iter().map(column).collect()
}

/// The columns of the primary key, in the key's order.
fn primary_key(rows: &[Row]) -> Vec<String> {
    let mut key: Vec<(i64, String)> =
        rows.iter().filter_map(|row| row.integer(4).filter(|at| *at > 0).map(|at| (at, text(row, 0)))).collect();
    key.sort();
    key.into_iter().map(|(_, name)| name).collect()
}

/// The foreign keys, each with its definition.
fn foreign_keys(session: &mut SqliteSession, table: &str) -> Result<Vec<(ForeignKey, String)>, SqlError> {
    let rows = session.query(FOREIGN_KEYS, &[table.into()])?;
    let mut keys: Vec<(Option<i64>, ForeignKey, String)> = Vec::new();
    for row in &rows {
        let id = row.integer(0);
        if keys.last().is_none_or(|(last, ..)| *last != id) {
            let actions = format!(" ON UPDATE {} ON DELETE {}", text(row, 4), text(row, 5));
            let key = ForeignKey { columns: Vec::new(), parent: named(text(row, 1)), parent_columns: Vec::new() };
            keys.push((id, key, actions));
        }
        if let Some((_, key, _)) = keys.last_mut() {
            key.columns.push(text(row, 2));
            key.parent_columns.extend(row.text(3).map(str::to_owned));
        }
    }
    let defined = |(_, key, actions): (_, ForeignKey, String)| {
        let to = if key.parent_columns.is_empty() { String::new() } else { format!(" ({})", key.parent_columns.join(", ")) };
        let definition = format!("FOREIGN KEY ({}) REFERENCES {}{to}{actions}", key.columns.join(", "), key.parent);
        (key, definition.replace(" ON UPDATE NO ACTION", "").replace(" ON DELETE NO ACTION", ""))
    };
    // The pragma counts from the last one written.
    Ok(keys.into_iter().rev().map(defined).collect())
}

fn uniques(session: &mut SqliteSession, table: &str) -> Result<Vec<Vec<String>>, SqlError> {
    let mut uniques: Vec<(String, Vec<String>)> = Vec::new();
    for row in session.query(UNIQUES, &[table.into()])? {
        let index = text(&row, 0);
        match uniques.last_mut() {
            Some((last, columns)) if *last == index => columns.push(text(&row, 1)),
            _ => uniques.push((index, vec![text(&row, 1)])),
        }
    }
    Ok(uniques.into_iter().map(|(_, columns)| columns).collect())
}

fn indexes(session: &mut SqliteSession, table: &str) -> Result<Vec<Index>, SqlError> {
    let rows = session.query(INDEXES, &[table.into()])?;
    Ok(rows.iter().map(|row| Index { name: text(row, 0), definition: text(row, 1), invalid: false }).collect())
}

fn triggers(session: &mut SqliteSession, table: &str) -> Result<Vec<Trigger>, SqlError> {
    let rows = session.query(TRIGGERS, &[table.into()])?;
    Ok(rows.iter().map(|row| Trigger { name: text(row, 0), definition: text(row, 1), state: None }).collect())
}

fn constraint(kind: ConstraintKind, definition: String) -> Constraint {
    Constraint { name: None, kind, definition }
}

fn named(name: String) -> Name {
    Name { schema: None, name }
}

fn text(row: &Row, at: usize) -> String {
    row.text(at).unwrap_or_default().to_owned()
}
