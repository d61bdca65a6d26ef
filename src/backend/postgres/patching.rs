//! What a patch needs on PostgreSQL: the catalogue, and the counters of the transaction.

use std::collections::BTreeMap;
use std::time::Duration;

use super::session::PostgresSession;
use crate::backend::basic::Basic;
use crate::backend::error::{SqlError, SqlErrorKind};
use crate::backend::full::{Full, Limits, Span};
use crate::backend::patching::{Child, Counted, Foreign, TRIGGER, Target, TargetColumn, UniqueKey, Written};
use crate::backend::reading::Read;
use crate::domain::value::{Row, Value};

const TABLE: &str = "SELECT c.oid::bigint, c.relname::text, \
         pg_catalog.quote_ident(n.nspname) || '.' || pg_catalog.quote_ident(c.relname), n.nspname || '.' || c.relname, \
         CASE WHEN c.relkind = 'p' THEN 'it is partitioned' WHEN c.relispartition THEN 'it is a partition' \
              WHEN c.relkind = 'f' THEN 'it is a foreign table' WHEN c.relkind <> 'r' THEN 'it is no table' \
              WHEN c.relpersistence = 't' THEN 'it is temporary' \
              WHEN EXISTS (SELECT 1 FROM pg_catalog.pg_inherits i WHERE c.oid IN (i.inhparent, i.inhrelid)) THEN 'it inherits, or is inherited from' \
              WHEN EXISTS (SELECT 1 FROM pg_catalog.pg_rewrite r WHERE r.ev_class = c.oid AND r.ev_enabled <> 'D') THEN 'it has rewrite rules' END \
     FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
     WHERE c.oid = pg_catalog.to_regclass($1)::oid";

/// What the server itself owns stays as it is in an image; reading other types back needs the project's own schema.
const COLUMNS: &str = "SELECT a.attnum::bigint, a.attname::text, pg_catalog.format_type(a.atttypid, a.atttypmod), \
         t.typnamespace = 'pg_catalog'::pg_catalog.regnamespace AND t.typtype IN ('b', 'r', 'm'), \
         t.typcategory IN ('S', 'V') AND t.typnamespace = 'pg_catalog'::pg_catalog.regnamespace, \
         a.attgenerated <> '', a.attidentity = 'a', \
         CASE WHEN a.attidentity <> '' THEN 'pg_catalog.nextval(' || pg_catalog.quote_literal(pg_catalog.pg_get_serial_sequence(pg_catalog.quote_ident(n.nspname) || '.' || pg_catalog.quote_ident(c.relname), a.attname)) || '::pg_catalog.regclass)' \
              ELSE pg_catalog.pg_get_expr(d.adbin, d.adrelid) END, \
         t.typname = 'bpchar', pg_catalog.quote_ident(tn.nspname) || '.' || pg_catalog.quote_ident(t.typname) \
     FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_type t ON t.oid = a.atttypid JOIN pg_catalog.pg_namespace tn ON tn.oid = t.typnamespace \
     JOIN pg_catalog.pg_class c ON c.oid = a.attrelid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
     LEFT JOIN pg_catalog.pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum \
     WHERE a.attrelid = $1::pg_catalog.oid AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum";

const KEYS: &str = "SELECT i.indexrelid::bigint, a.attname::text \
     FROM pg_catalog.pg_index i \
     CROSS JOIN LATERAL unnest(i.indkey::int2[]) WITH ORDINALITY AS k (attnum, place) \
     LEFT JOIN pg_catalog.pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.attnum \
     WHERE i.indrelid = $1::pg_catalog.oid AND i.indisunique AND i.indisvalid AND i.indimmediate AND i.indpred IS NULL \
       AND i.indexprs IS NULL AND k.place <= i.indnkeyatts \
     ORDER BY NOT i.indisprimary, i.indexrelid, k.place";

const FOREIGN: &str = "SELECT con.oid::bigint, pg_catalog.quote_ident(n.nspname) || '.' || pg_catalog.quote_ident(c.relname), \
         a.attname::text, fa.attname::text \
     FROM pg_catalog.pg_constraint con JOIN pg_catalog.pg_class c ON c.oid = con.confrelid \
     JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
     CROSS JOIN LATERAL unnest(con.conkey, con.confkey) WITH ORDINALITY AS k (own, other, place) \
     JOIN pg_catalog.pg_attribute a ON a.attrelid = con.conrelid AND a.attnum = k.own \
     JOIN pg_catalog.pg_attribute fa ON fa.attrelid = con.confrelid AND fa.attnum = k.other \
     WHERE con.conrelid = $1::pg_catalog.oid AND con.contype = 'f' ORDER BY con.oid, k.place";

const CHILDREN: &str = "SELECT c.relname::text, con.confdeltype IN ('c', 'n', 'd'), con.confupdtype IN ('c', 'n', 'd'), \
         (SELECT pg_catalog.string_agg(a.attname, E'\\n') FROM pg_catalog.pg_attribute a \
          WHERE a.attrelid = con.confrelid AND a.attnum = ANY (con.confkey)) \
     FROM pg_catalog.pg_constraint con JOIN pg_catalog.pg_class c ON c.oid = con.conrelid \
     WHERE con.confrelid = $1::pg_catalog.oid AND con.contype = 'f' \
       AND (con.confdeltype IN ('c', 'n', 'd') OR con.confupdtype IN ('c', 'n', 'd')) ORDER BY 1";

const TRIGGERS: &str = "SELECT tgname::text FROM pg_catalog.pg_trigger \
     WHERE tgrelid = $1::pg_catalog.oid AND NOT tgisinternal AND tgenabled IN ('O', 'A') \
       AND tgname <> $2 ORDER BY tgname";

/// The same, each with what switches it off and on again.
const RESTING: &str = "SELECT pg_catalog.format('ALTER TABLE %s DISABLE TRIGGER %I', t.tgrelid::pg_catalog.regclass, t.tgname), \
         pg_catalog.format('ALTER TABLE %s ENABLE %s TRIGGER %I', t.tgrelid::pg_catalog.regclass, CASE t.tgenabled WHEN 'A' THEN 'ALWAYS' ELSE '' END, t.tgname) \
     FROM pg_catalog.pg_trigger t WHERE t.tgrelid = pg_catalog.to_regclass($1)::pg_catalog.oid AND NOT t.tgisinternal \
       AND t.tgenabled IN ('O', 'A') AND t.tgname <> $2 ORDER BY t.tgname";

/// What is counted is of this transaction and of earlier ones of the session: only differences say something.
const COUNTERS: &str = "SELECT schemaname || '.' || relname, n_tup_ins, n_tup_upd, n_tup_del \
     FROM pg_catalog.pg_stat_xact_user_tables WHERE n_tup_ins + n_tup_upd + n_tup_del > 0";

/// TRUNCATE is counted nowhere, but gives a table new storage; DDL makes new rows of the catalogue. The snapshot of the
/// transaction shows only our own.
const STORAGE: &str = "SELECT pg_catalog.md5(COALESCE(pg_catalog.string_agg(line, ' ' ORDER BY line), '')), \
         pg_catalog.current_setting('track_counts') = 'on' FROM ( \
         SELECT c.oid || ':' || c.relfilenode || ':' || c.xmin AS line \
         FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
         WHERE n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast', 'manage') \
         UNION ALL SELECT 't' || t.oid || ':' || t.xmin FROM pg_catalog.pg_trigger t \
     ) AS lines";

/// Values are to read as they were written, whatever the session was told; a moment that is written to a column without
/// a zone is UTC, as on SQLite.
const SETTINGS: &str = "SET LOCAL standard_conforming_strings = on; SET LOCAL extra_float_digits = 1; \
     SET LOCAL datestyle = 'ISO, YMD'; SET LOCAL intervalstyle = 'postgres'; SET LOCAL timezone = 'UTC'; SET LOCAL bytea_output = 'hex'; \
     SET LOCAL idle_in_transaction_session_timeout = 0";

impl PostgresSession {
    pub(in crate::backend) fn begin_patch(&mut self, lock: Duration, statement: Option<Duration>) -> Result<(), SqlError> {
        self.begin()?;
        self.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")?;
        self.execute(SETTINGS)?;
        self.limit(Limits { lock: Some(lock), statement }, Span::Transaction)?;
        let counts = self.query("SELECT pg_catalog.current_setting('track_counts') = 'on'", &[])?;
        if counts.first().and_then(|row| row.truth(0)) != Some(true) {
            return Err(SqlError::new(SqlErrorKind::Other, "the server does not count what is written: track_counts is off")
                .with_hint("switch track_counts on: without it nobody can prove what a patch has written"));
        }
        Ok(())
    }

    pub(in crate::backend) fn end_patch(&mut self) -> Result<(), SqlError> {
        Ok(())
    }

    pub(in crate::backend) fn settle(&mut self) -> Result<(), SqlError> {
        self.execute("SET CONSTRAINTS ALL IMMEDIATE")
    }

    pub(in crate::backend) fn written(&mut self) -> Result<Written, SqlError> {
        let rows = self.query(COUNTERS, &[])?;
        let counted = |row: &Row| {
            Some((
                row.text(0)?.to_owned(),
                Counted { inserted: row.integer(1)?, updated: row.integer(2)?, deleted: row.integer(3)? },
            ))
        };
        let tables: BTreeMap<String, Counted> = rows.iter().filter_map(counted).collect();
        if tables.len() != rows.len() {
            return Err(SqlError::new(SqlErrorKind::Other, "the server's counters cannot be read"));
        }
        let storage = self.query(STORAGE, &[])?;
        // Only a superuser can switch it off, and a trigger may be one's.
        if storage.first().and_then(|row| row.truth(1)) != Some(true) {
            return Err(SqlError::new(
                SqlErrorKind::Other,
                "something has switched off track_counts: nobody can say what was written",
            ));
        }
        let storage = storage.first().and_then(|row| row.text(0)).unwrap_or_default().to_owned();
        Ok(Written { tables, elsewhere: 0, storage })
    }

    pub(in crate::backend) fn rest_triggers(&mut self, tables: &[Target]) -> Result<Vec<String>, SqlError> {
        let mut rested = Vec::new();
        for table in tables {
            for row in self.query(RESTING, &[table.sql.as_str().into(), TRIGGER.into()])? {
                let text = |at: usize| row.text(at).unwrap_or_default().to_owned();
                self.execute(&text(0)).map_err(|error| match error.kind {
                    SqlErrorKind::Permission => error.with_hint(
                        "rows go back without firing triggers again, and only the owner of a table can switch those off: \
                         connect as its owner",
                    ),
                    _ => error,
                })?;
                rested.push(text(1));
            }
        }
        Ok(rested)
    }

    pub(in crate::backend) fn wake_triggers(&mut self, rested: &[String]) -> Result<(), SqlError> {
        rested.iter().try_for_each(|sql| self.execute(sql))
    }

    /// The extended protocol takes one statement.
    pub(in crate::backend) fn run_statement(&mut self, statement: &Read, _target: &Target) -> Result<u64, SqlError> {
        self.execute_with(&statement.sql, &statement.binds)
    }

    pub(in crate::backend) fn stream_each(
        &mut self,
        sql: &str,
        binds: &[Value],
        take: &mut dyn FnMut(Row) -> Result<(), SqlError>,
    ) -> Result<(), SqlError> {
        self.stream_rows(sql, binds, take).map(drop)
    }

    pub(in crate::backend) fn only_one(&mut self, what: &str) -> Result<bool, SqlError> {
        let rows =
            self.query("SELECT pg_catalog.pg_try_advisory_xact_lock(pg_catalog.hashtextextended($1, 7061))", &[what.into()])?;
        Ok(rows.first().and_then(|row| row.truth(0)) == Some(true))
    }

    pub(in crate::backend) fn patch_target(&mut self, name: &str) -> Result<Option<Target>, SqlError> {
        let found = self.query(TABLE, &[name.into()])?;
        let Some(row) = found.first() else { return Ok(None) };
        let oid = [Value::Integer(row.integer(0).unwrap_or_default())];
        let text = |at: usize| row.text(at).unwrap_or_default().to_owned();
        let texts = |rows: &[Row]| rows.iter().filter_map(|row| row.text(0).map(str::to_owned)).collect::<Vec<_>>();
        Ok(Some(Target {
            name: text(1),
            sql: text(2),
            counted: text(3),
            refused: row.text(4).map(str::to_owned),
            columns: self.query(COLUMNS, &oid)?.iter().filter_map(column).collect(),
            keys: keys(&self.query(KEYS, &oid)?),
            foreign: foreign(&self.query(FOREIGN, &oid)?),
            children: self.query(CHILDREN, &oid)?.iter().filter_map(child).collect(),
            triggers: texts(&self.query(TRIGGERS, &[oid[0].clone(), TRIGGER.into()])?),
            uncounted: false,
        }))
    }
}

fn column(row: &Row) -> Option<TargetColumn> {
    let type_text = row.text(2)?.to_owned();
    let native = row.truth(3)?;
    Some(TargetColumn {
        number: usize::try_from(row.integer(0)?).ok()?,
        name: row.text(1)?.to_owned(),
        image_type: if native { type_text.clone() } else { "text".to_owned() },
        type_text,
        as_text: !native,
        assign: native && row.truth(4)?,
        generated: row.truth(5)?,
        always: row.truth(6)?,
        default: row.text(7).map(str::to_owned),
        padded: row.truth(8)?,
        bare_type: row.text(9)?.to_owned(),
    })
}

fn keys(rows: &[Row]) -> Vec<UniqueKey> {
    let mut found: Vec<(i64, UniqueKey)> = Vec::new();
    for row in rows {
        let (Some(index), Some(column)) = (row.integer(0), row.text(1)) else { continue };
        if found.last().is_none_or(|(last, _)| *last != index) {
            found.push((index, UniqueKey { columns: Vec::new(), collations: Vec::new() }));
        }
        if let Some((_, key)) = found.last_mut() {
            key.columns.push(column.to_owned());
            key.collations.push(None);
        }
    }
    found.into_iter().map(|(_, key)| key).collect()
}

fn foreign(rows: &[Row]) -> Vec<Foreign> {
    let mut found: Vec<(i64, Foreign)> = Vec::new();
    for row in rows {
        let text = |at: usize| row.text(at).unwrap_or_default().to_owned();
        let id = row.integer(0).unwrap_or_default();
        if found.last().is_none_or(|(last, _)| *last != id) {
            found.push((id, Foreign { columns: Vec::new(), parent: text(1), parent_columns: Vec::new() }));
        }
        if let Some((_, foreign)) = found.last_mut() {
            foreign.columns.push(text(2));
            foreign.parent_columns.push(text(3));
        }
    }
    found.into_iter().map(|(_, foreign)| foreign).collect()
}

fn child(row: &Row) -> Option<Child> {
    let columns = || row.text(3).unwrap_or_default().lines().map(str::to_owned).collect();
    Some(Child { name: row.text(0)?.to_owned(), on_delete: row.truth(1)?, on_update: row.truth(2)?.then(columns) })
}
