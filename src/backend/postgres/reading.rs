//! Reading only, on PostgreSQL: one transaction `REPEATABLE READ READ ONLY`, a savepoint around each query.

use crate::backend::basic::Basic;
use crate::backend::error::{SqlError, SqlErrorKind};
use crate::backend::reading::{Function, Read, Relation, RelationColumn, Relations};
use crate::domain::engine::Engine;
use crate::domain::schema::{Name, is_bookkeeping};
use crate::domain::value::{Row, Value};

use super::session::PostgresSession;

/// Strings are to end where the script's reader has seen them end.
const BEGIN: &str = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SET LOCAL standard_conforming_strings = on";

const SCHEMAS: &str = "SELECT nspname::text FROM pg_catalog.pg_namespace";

/// Columns of the server's own tables are not asked for: there are thousands, and nobody may name them.
const RELATIONS: &str = "SELECT n.nspname::text, c.relname::text, \
         pg_catalog.quote_ident(n.nspname) || '.' || pg_catalog.quote_ident(c.relname), c.relkind IN ('v', 'm'), \
         n.nspname IN ('pg_catalog', 'information_schema', 'manage') \
             OR EXISTS (SELECT 1 FROM pg_catalog.pg_depend d WHERE d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass \
                        AND d.objid = c.oid AND d.deptype = 'e'), \
         a.attname::text, NOT a.attnotnull, pg_catalog.format_type(a.atttypid, a.atttypmod), \
         EXISTS (SELECT FROM pg_catalog.pg_index i WHERE i.indrelid = c.oid AND i.indisprimary AND a.attnum = ANY (i.indkey)) \
     FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
     LEFT JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped \
         AND n.nspname NOT IN ('pg_catalog', 'information_schema') \
     WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND pg_catalog.pg_table_is_visible(c.oid) \
     ORDER BY n.nspname, c.relname, a.attnum";

const OPERATORS: &str = "SELECT DISTINCT o.oprname::text FROM pg_catalog.pg_operator o \
     JOIN pg_catalog.pg_namespace n ON n.oid = o.oprnamespace JOIN pg_catalog.pg_proc p ON p.oid = o.oprcode \
     JOIN pg_catalog.pg_language l ON l.oid = p.prolang \
     WHERE n.nspname <> 'pg_catalog' AND l.lanname NOT IN ('c', 'internal')";

/// Types to which, or from which, a function of the project's own casts; as the catalogue and as SQL calls them.
const CASTS: &str = "SELECT DISTINCT x.name FROM pg_catalog.pg_cast c JOIN pg_catalog.pg_proc p ON p.oid = c.castfunc \
     JOIN pg_catalog.pg_language l ON l.oid = p.prolang JOIN pg_catalog.pg_type t ON t.oid IN (c.castsource, c.casttarget) \
     JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace \
     CROSS JOIN LATERAL (VALUES (t.typname::text), (pg_catalog.format_type(t.oid, NULL))) AS x (name) \
     WHERE c.oid >= 16384 AND n.nspname <> 'pg_catalog' AND l.lanname NOT IN ('c', 'internal')";

/// The server's own functions are harmless but for those that run a query that they get as text or by a table's name.
const FUNCTIONS: &str = "SELECT p.proname::text, n.nspname::text, p.provolatile = 'v', \
         CASE WHEN n.nspname = 'pg_catalog' THEN p.proname !~ '_to_xml|^(ts_stat|ts_rewrite|query_to_|cursor_to_|pg_read_|pg_ls_|pg_stat_get_|lo_|currval|lastval|current_setting)' \
              WHEN p.prokind = 'a' THEN NOT EXISTS (SELECT FROM pg_catalog.pg_aggregate g JOIN pg_catalog.pg_proc s ON s.oid IN \
                  (g.aggtransfn, g.aggfinalfn, g.aggcombinefn, g.aggserialfn, g.aggdeserialfn, g.aggmtransfn, g.aggminvtransfn, g.aggmfinalfn) \
                  JOIN pg_catalog.pg_language sl ON sl.oid = s.prolang \
                  WHERE g.aggfnoid = p.oid AND sl.lanname NOT IN ('c', 'internal')) \
              ELSE p.provolatile = 'i' AND l.lanname IN ('c', 'internal') END, \
         p.pronargs = 1 AND t.typtype IN ('c', 'p') \
     FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace \
     JOIN pg_catalog.pg_language l ON l.oid = p.prolang \
     LEFT JOIN pg_catalog.pg_type t ON t.oid = p.proargtypes[0] \
     WHERE p.proname = ANY ($1::pg_catalog.text[])";

impl PostgresSession {
    pub(in crate::backend) fn begin_snapshot(&mut self, shared: Option<&str>) -> Result<(), SqlError> {
        match shared {
            None => self.execute(BEGIN)?,
            Some(name) if name.chars().all(|c| c.is_ascii_hexdigit() || c == '-') => {
                self.execute(&BEGIN.replacen(';', &format!("; SET TRANSACTION SNAPSHOT '{name}';"), 1))?;
            }
            Some(_) => return Err(SqlError::new(SqlErrorKind::Other, "the name of the shared snapshot is not understood")),
        }
        // The snapshot is taken by the first query.
        self.query("SELECT 1", &[]).map(drop)
    }

    pub(in crate::backend) fn export_snapshot(&mut self) -> Result<Option<String>, SqlError> {
        let rows = self.query("SELECT pg_catalog.pg_export_snapshot()", &[])?;
        Ok(rows.first().and_then(|row| row.text(0)).map(str::to_owned))
    }

    pub(in crate::backend) fn end_snapshot(&mut self) -> Result<(), SqlError> {
        self.rollback()
    }

    pub(in crate::backend) fn read_rows(
        &mut self,
        read: &Read,
        take: &mut dyn FnMut(Row) -> Result<(), SqlError>,
    ) -> Result<(), SqlError> {
        self.within_savepoint(|session| session.stream_rows(&read.sql, &read.binds, take).map(drop))
    }

    pub(in crate::backend) fn prepare_read(&mut self, read: &Read) -> Result<Vec<String>, SqlError> {
        self.within_savepoint(|session| {
            let prepared = session.prepare(&(read.sql.clone(), Vec::new()), false);
            let statement = session.said(prepared)?;
            Ok(statement.columns().iter().map(|column| column.name().to_owned()).collect())
        })
    }

    fn within_savepoint<T>(&mut self, work: impl FnOnce(&mut Self) -> Result<T, SqlError>) -> Result<T, SqlError> {
        self.execute("SAVEPOINT manage_read")?;
        let done = work(self);
        match &done {
            Ok(_) => self.execute("RELEASE SAVEPOINT manage_read")?,
            // What the server said first counts; a lost connection shows again at the next query.
            Err(_) => drop(self.execute("ROLLBACK TO SAVEPOINT manage_read")),
        }
        done
    }

    pub(in crate::backend) fn relations(&mut self) -> Result<Relations, SqlError> {
        let schemas = self.query(SCHEMAS, &[])?.iter().filter_map(|row| row.text(0)).map(str::to_owned).collect();
        let mut visible: Vec<Relation> = Vec::new();
        for row in self.query(RELATIONS, &[])? {
            let text = |at| row.text(at).unwrap_or_default().to_owned();
            let name = Name { schema: Some(text(0)), name: text(1) };
            if visible.last().is_none_or(|last| last.sql != text(2)) {
                visible.push(Relation {
                    schema: text(0),
                    name: text(1),
                    sql: text(2),
                    view: row.truth(3) == Some(true),
                    foreign: row.truth(4) == Some(true) || is_bookkeeping(Engine::Postgres, &name),
                    columns: Vec::new(),
                });
            }
            if let (Some(column), Some(relation)) = (row.text(5), visible.last_mut()) {
                relation.columns.push(RelationColumn {
                    name: column.to_owned(),
                    nullable: row.truth(6) == Some(true),
                    type_text: text(7),
                    key: row.truth(8) == Some(true),
                });
            }
        }
        let operators = self.query(OPERATORS, &[])?.iter().filter_map(|row| row.text(0)).map(str::to_owned).collect();
        let casts = self.query(CASTS, &[])?.iter().filter_map(|row| row.text(0)).map(str::to_owned).collect();
        Ok(Relations { schemas, visible, operators, casts })
    }

    pub(in crate::backend) fn functions(&mut self, names: &[String]) -> Result<Vec<Function>, SqlError> {
        let quoted: Vec<String> =
            names.iter().map(|name| format!("\"{}\"", name.replace('\\', "\\\\").replace('"', "\\\""))).collect();
        let rows = self.query(FUNCTIONS, &[Value::Text(format!("{{{}}}", quoted.join(",")))])?;
        Ok(rows
            .iter()
            .map(|row| Function {
                name: row.text(0).unwrap_or_default().to_owned(),
                schema: row.text(1).unwrap_or_default().to_owned(),
                volatile: row.truth(2) != Some(false),
                harmless: row.truth(3) == Some(true),
                like_a_column: row.truth(4) == Some(true),
            })
            .collect())
    }
}
