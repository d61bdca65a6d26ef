//! Constraints, indexes and triggers.

use std::collections::HashMap;

use super::{ask, name, oid, optional, text};
use crate::backend::error::SqlError;
use crate::backend::postgres::session::PostgresSession;
use crate::domain::schema::{Constraint, ConstraintKind, ForeignKey, Index, Trigger};

/// Those that a partition has from its parent are the parent's.
const CONSTRAINTS: &str = "SELECT k.oid::bigint, k.conrelid::bigint, k.conname::text, k.contype::text, \
     pg_catalog.pg_get_constraintdef(k.oid), fn.nspname::text, f.relname::text, k.conparentid <> 0 OR k.coninhcount > 0 \
     FROM pg_catalog.pg_constraint k JOIN pg_catalog.pg_namespace n ON n.oid = k.connamespace \
     LEFT JOIN (pg_catalog.pg_class f JOIN pg_catalog.pg_namespace fn ON fn.oid = f.relnamespace) ON f.oid = k.confrelid \
     WHERE OWN AND k.conrelid <> 0 AND k.contype IN ('p', 'u', 'c', 'f', 'x') ORDER BY k.conrelid, k.conname COLLATE \"C\"";

const KEY_COLUMNS: &str = "SELECT k.oid::bigint, a.attname::text, fa.attname::text \
     FROM pg_catalog.pg_constraint k JOIN pg_catalog.pg_namespace n ON n.oid = k.connamespace \
     CROSS JOIN LATERAL unnest(k.conkey) WITH ORDINALITY AS u (attnum, at) \
     JOIN pg_catalog.pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = u.attnum \
     LEFT JOIN pg_catalog.pg_attribute fa ON fa.attrelid = k.confrelid AND fa.attnum = k.confkey[u.at] \
     WHERE OWN AND k.contype IN ('p', 'f') ORDER BY k.oid, u.at";

/// That of a partitioned table makes those of its partitions. Neither those that a constraint stands on, nor those that a partition has from its parent.
const INDEXES: &str = "SELECT i.indrelid::bigint, c.relname::text, CASE WHEN c.relkind = 'I' \
         THEN replace(pg_catalog.pg_get_indexdef(c.oid), ' ON ONLY ', ' ON ') ELSE pg_catalog.pg_get_indexdef(c.oid) END, \
     NOT i.indisvalid AND c.relkind <> 'I' \
     FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid \
     JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
     WHERE OWN AND NOT c.relispartition AND NOT EXISTS (SELECT FROM pg_catalog.pg_constraint k \
         WHERE k.conindid = c.oid AND k.conrelid = i.indrelid AND k.contype IN ('p', 'u', 'x')) \
     ORDER BY i.indrelid, c.relname COLLATE \"C\"";

const TRIGGERS: &str = "SELECT t.tgrelid::bigint, t.tgname::text, pg_catalog.pg_get_triggerdef(t.oid), t.tgenabled::text \
     FROM pg_catalog.pg_trigger t JOIN pg_catalog.pg_class c ON c.oid = t.tgrelid \
     JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
     WHERE OWN AND NOT t.tgisinternal AND t.tgparentid = 0 ORDER BY t.tgrelid, t.tgname COLLATE \"C\"";

/// What a table's constraints say.
#[derive(Default)]
pub(super) struct Keys {
    pub(super) primary_key: Vec<String>,
    pub(super) constraints: Vec<Constraint>,
    pub(super) foreign_keys: Vec<ForeignKey>,
}

/// The constraints of every table, by the table's oid.
pub(super) fn keys(session: &mut PostgresSession) -> Result<HashMap<i64, Keys>, SqlError> {
    let mut columns: HashMap<i64, (Vec<String>, Vec<String>)> = HashMap::new();
    for row in ask(session, KEY_COLUMNS)? {
        let (own, parent) = columns.entry(oid(&row, 0)).or_default();
        own.push(text(&row, 1));
        parent.extend(optional(&row, 2));
    }
    let mut keys: HashMap<i64, Keys> = HashMap::new();
    for row in ask(session, CONSTRAINTS)? {
        let keys = keys.entry(oid(&row, 1)).or_default();
        let (own, parent) = columns.remove(&oid(&row, 0)).unwrap_or_default();
        let kind = match row.text(3) {
            Some("p") => ConstraintKind::PrimaryKey,
            Some("u") => ConstraintKind::Unique,
            Some("c") => ConstraintKind::Check,
            Some("f") => ConstraintKind::ForeignKey,
            _ => ConstraintKind::Exclude,
        };
        match kind {
            ConstraintKind::PrimaryKey => keys.primary_key = own,
            ConstraintKind::ForeignKey => {
                keys.foreign_keys.push(ForeignKey { columns: own, parent: name(&row, 5), parent_columns: parent });
            }
            _ => {}
        }
        if row.truth(7) != Some(true) {
            keys.constraints.push(Constraint { name: optional(&row, 2), kind, definition: text(&row, 4) });
        }
    }
    Ok(keys)
}

/// The indexes of every table and materialized view, by its oid.
pub(super) fn indexes(session: &mut PostgresSession) -> Result<HashMap<i64, Vec<Index>>, SqlError> {
    let mut indexes: HashMap<i64, Vec<Index>> = HashMap::new();
    for row in ask(session, INDEXES)? {
        let invalid = row.truth(3) == Some(true);
        indexes.entry(oid(&row, 0)).or_default().push(Index { name: text(&row, 1), definition: text(&row, 2), invalid });
    }
    Ok(indexes)
}

/// The triggers of every table and view, by its oid.
pub(super) fn triggers(session: &mut PostgresSession) -> Result<HashMap<i64, Vec<Trigger>>, SqlError> {
    let mut triggers: HashMap<i64, Vec<Trigger>> = HashMap::new();
    for row in ask(session, TRIGGERS)? {
        let state = match row.text(3) {
            Some("D") => Some("DISABLE"),
            Some("A") => Some("ENABLE ALWAYS"),
            Some("R") => Some("ENABLE REPLICA"),
            _ => None,
        };
        triggers.entry(oid(&row, 0)).or_default().push(Trigger { name: text(&row, 1), definition: text(&row, 2), state });
    }
    Ok(triggers)
}
