//! The schema of a PostgreSQL database, by its catalogue.
//!
//! The catalogue rather than `information_schema`, which hides what the role may not use and knows no indexes.
//! While it is read the `search_path` is empty, so that definitions name everything with its schema and read the
//! same whoever asks.

mod columns;
mod constraints;
mod routines;
mod tables;
mod types;

use super::session::PostgresSession;
use crate::backend::basic::Basic;
use crate::backend::error::SqlError;
use crate::domain::engine::Engine;
use crate::domain::schema::{Name, Schema};
use crate::domain::value::Row;

const SEARCH_PATH: &str = "SELECT pg_catalog.set_config('search_path', $1, false)";

const NAMESPACES: &str = "SELECT n.nspname::text FROM pg_catalog.pg_namespace n \
     WHERE OWN AND n.nspname <> 'public' AND NOT_OF_AN_EXTENSION(pg_namespace, n.oid) ORDER BY n.nspname COLLATE \"C\"";

const EXTENSIONS: &str = "SELECT n.nspname::text, x.extname::text FROM pg_catalog.pg_extension x JOIN pg_catalog.pg_namespace n ON n.oid = x.extnamespace \
     WHERE x.extname <> 'plpgsql' ORDER BY x.extname COLLATE \"C\"";

/// Reads the schema.
pub(super) fn introspect(session: &mut PostgresSession) -> Result<Schema, SqlError> {
    let before = session.query("SELECT pg_catalog.current_setting('search_path')", &[])?;
    let before = before.first().and_then(|row| row.text(0)).unwrap_or_default().to_owned();
    session.query(SEARCH_PATH, &["".into()])?;
    let schema = read(session);
    let restored = session.query(SEARCH_PATH, &[before.as_str().into()]);
    let schema = schema?;
    restored?;
    Ok(schema)
}

fn read(session: &mut PostgresSession) -> Result<Schema, SqlError> {
    let mut schema = Schema::empty(Engine::Postgres);
    schema.namespaces = ask(session, NAMESPACES)?.iter().map(|row| text(row, 0)).collect();
    schema.extensions = ask(session, EXTENSIONS)?.iter().map(|row| name(row, 0)).collect();
    schema.types = types::types(session)?;
    schema.sequences = types::sequences(session)?;
    schema.tables = tables::tables(session)?;
    schema.views = tables::views(session)?;
    schema.functions = routines::functions(session)?;
    schema.others = routines::others(session)?;
    Ok(schema)
}

/// Runs a query in which `OWN` stands for "the namespace `n` is the project's", and
/// `NOT_OF_AN_EXTENSION(class, oid)` for "no extension made it".
fn ask(session: &mut PostgresSession, sql: &str) -> Result<Vec<Row>, SqlError> {
    let own = "n.nspname !~ '^pg_' AND n.nspname NOT IN ('information_schema', 'manage')";
    let mut sql = sql.replace("OWN", own);
    while let Some((before, rest)) = sql.split_once("NOT_OF_AN_EXTENSION(")
        && let Some((arguments, after)) = rest.split_once(')')
        && let Some((class, oid)) = arguments.split_once(", ")
    {
        sql = format!(
            "{before}NOT EXISTS (SELECT FROM pg_catalog.pg_depend made WHERE made.classid = 'pg_catalog.{class}'::pg_catalog.regclass \
             AND made.objid = {oid} AND made.deptype = 'e'){after}"
        );
    }
    session.query(&sql, &[])
}

fn name(row: &Row, at: usize) -> Name {
    Name { schema: Some(text(row, at)), name: text(row, at + 1) }
}

fn text(row: &Row, at: usize) -> String {
    row.text(at).unwrap_or_default().to_owned()
}

fn optional(row: &Row, at: usize) -> Option<String> {
    row.text(at).map(str::to_owned)
}

/// A list that the query joined with line ends.
fn list(row: &Row, at: usize) -> Vec<String> {
    row.text(at).into_iter().flat_map(str::lines).map(str::to_owned).collect()
}

fn oid(row: &Row, at: usize) -> i64 {
    row.integer(at).unwrap_or_default()
}
