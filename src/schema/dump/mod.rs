//! The schema as SQL that makes it on an empty database of the same kind. Pure.
//!
//! Owners, privileges and rows are not part of it, nor are bookkeeping tables.

mod drop;
mod postgres;
mod sqlite;

pub use drop::children_first;

use crate::domain::engine::Engine;
use crate::domain::schema::Schema;

/// SQLite deletes the rows of a table before it drops it, and rows in a circle of foreign keys hold one another.
const FOREIGN_KEYS_OFF: &str = "-- manage: foreign-keys-off\n";

/// A schema as SQL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dump {
    /// The statements.
    pub sql: String,
    /// What is in the schema and not in the statements: `policy p on public.users`. They name it in comments too.
    pub left_out: Vec<String>,
}

/// Writes the statements.
pub fn dump(schema: &Schema) -> Dump {
    let (statements, left_out) = match schema.engine {
        Engine::Sqlite => (sqlite::statements(schema), Vec::new()),
        Engine::Postgres => postgres::statements(schema),
    };
    let mut sql = format!("-- The schema of a {} database, without rows, owners and privileges.\n", schema.engine);
    for object in &left_out {
        sql.push_str(&format!("-- left out: {}\n", object.replace('\n', " ")));
    }
    for statement in statements {
        sql.push('\n');
        sql.push_str(&statement);
        sql.push_str(";\n");
    }
    Dump { sql, left_out }
}

/// The statements that take everything back that [`dump()`] makes, in reverse order of dependencies, but for extensions.
pub fn drop_all(schema: &Schema) -> String {
    let head = if schema.engine == Engine::Sqlite && drop::goes_in_circles(schema) { FOREIGN_KEYS_OFF } else { "" };
    drop::statements(schema).into_iter().fold(head.to_owned(), |sql, statement| format!("{sql}{statement};\n"))
}

/// The statements of [`dump()`] without its head, as a migration: what they set for themselves is set back.
pub fn as_migration(schema: &Schema) -> Dump {
    let (statements, left_out) = match schema.engine {
        Engine::Sqlite => (sqlite::statements(schema), Vec::new()),
        Engine::Postgres => {
            let (mut statements, left_out) = postgres::statements(schema);
            statements.extend(["RESET check_function_bodies".to_owned(), "RESET search_path".to_owned()]);
            (statements, left_out)
        }
    };
    Dump { sql: statements.into_iter().map(|statement| format!("{statement};\n\n")).collect(), left_out }
}
