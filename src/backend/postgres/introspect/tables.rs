//! Tables and views.

use std::collections::{HashMap, HashSet};

use super::constraints::{indexes, keys, triggers};
use super::{ask, columns, list, name, oid, optional, text};
use crate::backend::error::SqlError;
use crate::backend::postgres::session::PostgresSession;
use crate::domain::engine::Engine;
use crate::domain::schema::{Name, Table, TableKind, View, is_bookkeeping};
use crate::domain::value::Row;

const TABLES: &str = "SELECT c.oid::bigint, n.nspname::text, c.relname::text, c.relkind::text, c.relpersistence::text, \
     pg_catalog.obj_description(c.oid, 'pg_class'), x.extname::text, \
     CASE WHEN c.relkind = 'p' THEN pg_catalog.pg_get_partkeydef(c.oid) END, \
     pn.nspname::text, p.relname::text, pg_catalog.pg_get_expr(c.relpartbound, c.oid), \
     array_to_string(c.reloptions, E'\\n') \
     FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
     LEFT JOIN (pg_catalog.pg_depend e JOIN pg_catalog.pg_extension x ON x.oid = e.refobjid) \
         ON e.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND e.objid = c.oid AND e.deptype = 'e' \
     LEFT JOIN (pg_catalog.pg_inherits h JOIN pg_catalog.pg_class p ON p.oid = h.inhparent \
         JOIN pg_catalog.pg_namespace pn ON pn.oid = p.relnamespace) ON h.inhrelid = c.oid AND c.relispartition \
     WHERE OWN AND c.relkind IN ('r', 'p', 'f') ORDER BY n.nspname COLLATE \"C\", c.relname COLLATE \"C\"";

const VIEWS: &str = "SELECT c.oid::bigint, n.nspname::text, c.relname::text, c.relkind = 'm', pg_catalog.pg_get_viewdef(c.oid), \
     pg_catalog.obj_description(c.oid, 'pg_class'), array_to_string(c.reloptions, E'\\n') \
     FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
     WHERE OWN AND c.relkind IN ('v', 'm') AND NOT_OF_AN_EXTENSION(pg_class, c.oid) \
     ORDER BY n.nspname COLLATE \"C\", c.relname COLLATE \"C\"";

/// Views and the views that they use.
const VIEW_USES: &str = "SELECT DISTINCT r.ev_class::bigint, d.refobjid::bigint FROM pg_catalog.pg_rewrite r \
     JOIN pg_catalog.pg_depend d ON d.classid = 'pg_catalog.pg_rewrite'::pg_catalog.regclass AND d.objid = r.oid \
     AND d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.refobjid <> r.ev_class";

/// The tables.
pub(super) fn tables(session: &mut PostgresSession) -> Result<Vec<Table>, SqlError> {
    let rows = ask(session, TABLES)?;
    let mut columns = columns::columns(session)?;
    let mut keys = keys(session)?;
    let mut indexes = indexes(session)?;
    let mut triggers = triggers(session)?;
    let table = |row: &Row| {
        let oid = oid(row, 0);
        let keys = keys.remove(&oid).unwrap_or_default();
        Table {
            name: name(row, 1),
            kind: kind(row),
            options: (row.text(4) == Some("u")).then(|| "UNLOGGED".to_owned()).into_iter().chain(list(row, 11)).collect(),
            columns: columns.remove(&oid).unwrap_or_default(),
            primary_key: keys.primary_key,
            constraints: keys.constraints,
            foreign_keys: keys.foreign_keys,
            indexes: indexes.remove(&oid).unwrap_or_default(),
            triggers: triggers.remove(&oid).unwrap_or_default(),
            comment: optional(row, 5),
            extension: optional(row, 6),
            text: None,
        }
    };
    let tables: Vec<Table> = rows.iter().map(table).collect();
    Ok(tables.into_iter().filter(|table| !is_bookkeeping(Engine::Postgres, &table.name)).collect())
}

fn kind(row: &Row) -> TableKind {
    let by = optional(row, 7);
    match (row.text(3), row.text(9), by) {
        (_, Some(parent), by) => {
            TableKind::Partition { of: Name { schema: optional(row, 8), name: parent.to_owned() }, bound: text(row, 10), by }
        }
        (Some("f"), ..) => TableKind::Foreign,
        (_, None, Some(by)) => TableKind::Partitioned(by),
        (_, None, None) => TableKind::Ordinary,
    }
}

/// The views, each after those it uses.
pub(super) fn views(session: &mut PostgresSession) -> Result<Vec<View>, SqlError> {
    let rows = ask(session, VIEWS)?;
    let mut indexes = indexes(session)?;
    let mut triggers = triggers(session)?;
    let mut uses: HashMap<i64, Vec<i64>> = HashMap::new();
    for row in ask(session, VIEW_USES)? {
        uses.entry(oid(&row, 0)).or_default().push(oid(&row, 1));
    }
    let all: HashSet<i64> = rows.iter().map(|row| oid(row, 0)).collect();
    let (mut done, mut left, mut views) = (HashSet::new(), rows, Vec::new());
    while !left.is_empty() {
        let ready = |row: &Row| {
            uses.get(&oid(row, 0)).is_none_or(|uses| uses.iter().all(|used| !all.contains(used) || done.contains(used)))
        };
        let (mut now, later): (Vec<Row>, Vec<Row>) = left.into_iter().partition(ready);
        left = later;
        if now.is_empty() {
            // Views cannot use each other in a circle, but a catalogue is not to be trusted with an endless loop.
            now = std::mem::take(&mut left);
        }
        for row in &now {
            let oid = oid(row, 0);
            done.insert(oid);
            views.push(View {
                name: name(row, 1),
                materialized: row.truth(3) == Some(true),
                definition: text(row, 4),
                options: list(row, 6),
                indexes: indexes.remove(&oid).unwrap_or_default(),
                triggers: triggers.remove(&oid).unwrap_or_default(),
                comment: optional(row, 5),
            });
        }
    }
    Ok(views)
}
