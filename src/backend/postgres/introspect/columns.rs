//! Columns.

use std::collections::HashMap;

use super::{ask, oid, optional, text};
use crate::backend::error::SqlError;
use crate::backend::postgres::session::PostgresSession;
use crate::domain::schema::{Column, Generated, UnderlyingType};
use crate::domain::value::Row;

/// The last columns are what `information_schema.columns` calls `udt_schema`, `udt_name`, `domain_schema`,
/// `domain_name`, `is_nullable` and `character_maximum_length`.
const COLUMNS: &str = "SELECT c.oid::bigint, a.attname::text, pg_catalog.format_type(a.atttypid, a.atttypmod), a.attnotnull, \
     pg_catalog.pg_get_expr(d.adbin, d.adrelid), a.attidentity::text, a.attgenerated::text, \
     CASE WHEN a.attcollation <> 0 AND a.attcollation <> t.typcollation \
         THEN pg_catalog.quote_ident(kn.nspname) || '.' || pg_catalog.quote_ident(k.collname) END, \
     pg_catalog.col_description(c.oid, a.attnum), \
     'SEQUENCE NAME ' || i.objid::pg_catalog.regclass::text || ' ' || IDENTITY_OPTIONS, \
     coalesce(bn.nspname, tn.nspname)::text, coalesce(b.typname, t.typname)::text, \
     CASE WHEN t.typtype = 'd' THEN tn.nspname::text END, CASE WHEN t.typtype = 'd' THEN t.typname::text END, \
     NOT (a.attnotnull OR t.typtype = 'd' AND t.typnotnull), \
     CASE WHEN m.typmod = -1 THEN NULL WHEN m.typid IN (1042, 1043) THEN m.typmod - 4 \
         WHEN m.typid IN (1560, 1562) THEN m.typmod END::bigint \
     FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
     JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped \
     JOIN pg_catalog.pg_type t ON t.oid = a.atttypid JOIN pg_catalog.pg_namespace tn ON tn.oid = t.typnamespace \
     LEFT JOIN (pg_catalog.pg_type b JOIN pg_catalog.pg_namespace bn ON bn.oid = b.typnamespace) \
         ON t.typtype = 'd' AND b.oid = t.typbasetype \
     LEFT JOIN pg_catalog.pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum \
     LEFT JOIN (pg_catalog.pg_collation k JOIN pg_catalog.pg_namespace kn ON kn.oid = k.collnamespace) ON k.oid = a.attcollation \
     LEFT JOIN (pg_catalog.pg_depend i JOIN pg_catalog.pg_sequence s ON s.seqrelid = i.objid) \
         ON i.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND i.refclassid = i.classid \
         AND i.refobjid = c.oid AND i.refobjsubid = a.attnum AND i.deptype = 'i', \
     LATERAL (SELECT CASE WHEN t.typtype = 'd' THEN t.typbasetype ELSE a.atttypid END AS typid, \
         CASE WHEN t.typtype = 'd' THEN t.typtypmod ELSE a.atttypmod END AS typmod) m \
     WHERE OWN AND c.relkind IN ('r', 'p', 'f') ORDER BY c.oid, a.attnum";

/// The options of the sequence `s`, as `CREATE SEQUENCE` takes them.
pub(super) const SEQUENCE_OPTIONS: &str = "'START WITH ' || s.seqstart || ' INCREMENT BY ' || s.seqincrement || ' MINVALUE ' || s.seqmin \
     || ' MAXVALUE ' || s.seqmax || ' CACHE ' || s.seqcache || CASE WHEN s.seqcycle THEN ' CYCLE' ELSE '' END";

/// The columns of every table, by the table's oid.
pub(super) fn columns(session: &mut PostgresSession) -> Result<HashMap<i64, Vec<Column>>, SqlError> {
    let mut columns: HashMap<i64, Vec<Column>> = HashMap::new();
    for row in ask(session, &COLUMNS.replace("IDENTITY_OPTIONS", SEQUENCE_OPTIONS))? {
        columns.entry(oid(&row, 0)).or_default().push(column(&row));
    }
    Ok(columns)
}

fn column(row: &Row) -> Column {
    let expression = optional(row, 4);
    let generated = row.text(6).filter(|kind| !kind.is_empty());
    let identity = match row.text(5) {
        Some("a") => Some("ALWAYS"),
        Some("d") => Some("BY DEFAULT"),
        _ => None,
    };
    Column {
        name: text(row, 1),
        type_text: text(row, 2),
        nullable: row.truth(3) != Some(true),
        default: if generated.is_none() { expression.clone() } else { None },
        generated: generated.map(|kind| Generated { expression: expression.unwrap_or_default(), stored: kind == "s" }),
        identity: identity.map(|word| format!("{word} AS IDENTITY ({})", text(row, 9))),
        collation: optional(row, 7),
        hidden: false,
        comment: optional(row, 8),
        underlying: Some(UnderlyingType {
            schema: text(row, 10),
            name: text(row, 11),
            domain: optional(row, 12).zip(optional(row, 13)),
            nullable: row.truth(14) == Some(true),
            max_length: row.integer(15).and_then(|length| u64::try_from(length).ok()),
        }),
    }
}
