//! What a PostgreSQL database holds: its schema, and a checksum a table.

use super::session::PostgresSession;
use crate::backend::Basic;
use crate::backend::error::SqlError;
use crate::backend::full::Full;
use crate::domain::content::{Content, TableSum};
use crate::domain::schema::{Function, NamedType, Schema};

/// Tables with rows of their own; those of extensions are the extension's.
const TABLES: &str = "SELECT pg_catalog.quote_ident(n.nspname) || '.' || pg_catalog.quote_ident(c.relname) \
     FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
     WHERE c.relkind = 'r' AND c.relpersistence <> 't' AND n.nspname NOT IN ('pg_catalog', 'information_schema') \
     AND n.nspname !~ '^pg_(toast|temp)' AND NOT EXISTS (SELECT 1 FROM pg_catalog.pg_depend d \
         WHERE d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.objid = c.oid AND d.deptype = 'e') ORDER BY 1";

const LARGE_OBJECTS: &str = "SELECT count(*) FROM pg_catalog.pg_largeobject_metadata";

/// What decides how a row is written as text, and what would end a transaction that has to wait for `pg_dump`.
const SETTINGS: &str = "SET LOCAL search_path = pg_catalog; SET LOCAL TimeZone = 'UTC'; SET LOCAL DateStyle = 'ISO, MDY'; \
     SET LOCAL IntervalStyle = 'postgres'; SET LOCAL bytea_output = 'hex'; SET LOCAL extra_float_digits = 1; \
     SET LOCAL row_security = off; SET LOCAL statement_timeout = 0; SET LOCAL idle_in_transaction_session_timeout = 0";

impl PostgresSession {
    /// What the database holds, in one snapshot.
    pub(in crate::backend) fn content(&mut self) -> Result<Content, SqlError> {
        self.begin_comparable_snapshot()?;
        let content = self.content_in_snapshot(&mut || Ok(()));
        self.rollback()?;
        content
    }

    /// Opens a transaction that sees one snapshot, and writes rows as text as every other such transaction does.
    pub(super) fn begin_comparable_snapshot(&mut self) -> Result<(), SqlError> {
        self.begin()?;
        self.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")?;
        self.execute(SETTINGS)?;
        let version = self.query("SELECT pg_catalog.current_setting('server_version_num')::int", &[])?;
        if version.first().and_then(|row| row.integer(0)).is_some_and(|version| version >= 170_000) {
            self.execute("SET LOCAL transaction_timeout = 0")?;
        }
        Ok(())
    }

    /// What the database holds in the transaction that is open. `between` is called after every table.
    pub(super) fn content_in_snapshot(&mut self, between: &mut dyn FnMut() -> Result<(), SqlError>) -> Result<Content, SqlError> {
        let mut tables = Vec::new();
        for table in self.query(TABLES, &[])?.iter().filter_map(|row| row.text(0)) {
            let sql = format!(
                "SELECT pg_catalog.count(*), \
                 coalesce(pg_catalog.sum(pg_catalog.hashtextextended((t.*)::pg_catalog.text, 0)), 0)::pg_catalog.text \
                 FROM ONLY {table} AS t"
            );
            let rows = self.query(&sql, &[])?;
            let row = rows.first();
            tables.push(TableSum {
                table: table.to_owned(),
                rows: row.and_then(|row| row.integer(0)).map_or(0, i64::unsigned_abs),
                checksum: row.and_then(|row| row.text(1)).unwrap_or_default().to_owned(),
            });
            between()?;
        }
        let objects = self.query(LARGE_OBJECTS, &[])?;
        if let Some(rows @ 1..) = objects.first().and_then(|row| row.integer(0)) {
            tables.push(TableSum { table: "large objects".to_owned(), rows: rows.unsigned_abs(), checksum: String::new() });
        }
        Ok(Content { schema: lines(&self.introspect()?), tables })
    }
}

/// A schema, a line an object. Objects may come in another order after a restore.
fn lines(schema: &Schema) -> Vec<String> {
    let Schema { engine: _, namespaces, extensions, types, sequences, tables, views, functions, others } = schema;
    let mut lines: Vec<String> = Vec::new();
    let mut add = |what: &dyn std::fmt::Debug| lines.push(format!("{what:?}"));
    namespaces.iter().for_each(|item| add(item));
    extensions.iter().for_each(|item| add(item));
    // Numbers of objects are the server's own.
    types.iter().for_each(|item| add(&NamedType { number: 0, ..item.clone() }));
    sequences.iter().for_each(|item| add(item));
    tables.iter().for_each(|item| add(item));
    views.iter().for_each(|item| add(item));
    functions.iter().for_each(|item| add(&Function { number: 0, ..item.clone() }));
    others.iter().for_each(|item| add(item));
    lines.sort();
    lines
}
