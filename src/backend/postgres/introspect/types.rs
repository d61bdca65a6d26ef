//! Types and sequences of the project's own.

use super::columns::SEQUENCE_OPTIONS;
use super::{ask, name, oid, optional, text};
use crate::backend::error::SqlError;
use crate::backend::postgres::session::PostgresSession;
use crate::domain::schema::{Name, NamedType, Sequence, TypeDefinition};
use crate::domain::value::Row;

/// In the order in which they were made: a type may use others.
const TYPES: &str = "SELECT n.nspname::text, t.typname::text, t.typtype::text, CASE t.typtype \
     WHEN 'e' THEN (SELECT 'ENUM (' || string_agg(pg_catalog.quote_literal(e.enumlabel), ', ' ORDER BY e.enumsortorder) || ')' \
         FROM pg_catalog.pg_enum e WHERE e.enumtypid = t.oid) \
     WHEN 'd' THEN pg_catalog.format_type(t.typbasetype, t.typtypmod) \
         || CASE WHEN t.typcollation <> 0 AND t.typcollation <> b.typcollation THEN ' COLLATE ' || (SELECT \
             pg_catalog.quote_ident(kn.nspname) || '.' || pg_catalog.quote_ident(k.collname) FROM pg_catalog.pg_collation k \
             JOIN pg_catalog.pg_namespace kn ON kn.oid = k.collnamespace WHERE k.oid = t.typcollation) ELSE '' END \
         || coalesce(' DEFAULT ' || pg_catalog.pg_get_expr(t.typdefaultbin, 0), '') || CASE WHEN t.typnotnull THEN ' NOT NULL' ELSE '' END \
         || coalesce((SELECT string_agg(' CONSTRAINT ' || pg_catalog.quote_ident(k.conname) || ' ' || pg_catalog.pg_get_constraintdef(k.oid), \
             '' ORDER BY k.conname COLLATE \"C\") FROM pg_catalog.pg_constraint k WHERE k.contypid = t.oid AND k.contype = 'c'), '') \
     WHEN 'c' THEN (SELECT '(' || coalesce(string_agg(pg_catalog.quote_ident(a.attname) || ' ' \
         || pg_catalog.format_type(a.atttypid, a.atttypmod), ', ' ORDER BY a.attnum), '') || ')' \
         FROM pg_catalog.pg_attribute a WHERE a.attrelid = t.typrelid AND a.attnum > 0 AND NOT a.attisdropped) \
     WHEN 'r' THEN (SELECT 'RANGE (subtype = ' || pg_catalog.format_type(r.rngsubtype, NULL) \
         || CASE WHEN r.rngsubdiff <> 0 THEN ', subtype_diff = ' || r.rngsubdiff::pg_catalog.regproc ELSE '' END || ')' \
         FROM pg_catalog.pg_range r WHERE r.rngtypid = t.oid) END, t.oid::bigint \
     FROM pg_catalog.pg_type t JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace \
     LEFT JOIN pg_catalog.pg_type b ON b.oid = t.typbasetype LEFT JOIN pg_catalog.pg_class c ON c.oid = t.typrelid \
     WHERE OWN AND (t.typtype IN ('e', 'd', 'r') OR t.typtype = 'c' AND c.relkind = 'c') \
     AND NOT_OF_AN_EXTENSION(pg_type, t.oid) ORDER BY t.oid";

const SEQUENCES: &str = "SELECT n.nspname::text, c.relname::text, 'AS ' || pg_catalog.format_type(s.seqtypid, NULL) || ' ' || OPTIONS, \
     tn.nspname::text, t.relname::text, a.attname::text \
     FROM pg_catalog.pg_sequence s JOIN pg_catalog.pg_class c ON c.oid = s.seqrelid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
     LEFT JOIN (pg_catalog.pg_depend d JOIN pg_catalog.pg_class t ON t.oid = d.refobjid JOIN pg_catalog.pg_namespace tn ON tn.oid = t.relnamespace \
         JOIN pg_catalog.pg_attribute a ON a.attrelid = t.oid AND a.attnum = d.refobjsubid) \
         ON d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.refclassid = d.classid AND d.objid = c.oid AND d.deptype IN ('a', 'i') \
     WHERE OWN AND d.deptype IS DISTINCT FROM 'i' AND NOT_OF_AN_EXTENSION(pg_class, c.oid) \
     ORDER BY n.nspname COLLATE \"C\", c.relname COLLATE \"C\"";

/// The types.
pub(super) fn types(session: &mut PostgresSession) -> Result<Vec<NamedType>, SqlError> {
    let defined = |row: &Row| {
        let definition = text(row, 3);
        NamedType {
            name: name(row, 0),
            number: oid(row, 4),
            definition: match row.text(2) {
                Some("e") => TypeDefinition::Enum(definition),
                Some("d") => TypeDefinition::Domain(definition),
                Some("r") => TypeDefinition::Range(definition),
                _ => TypeDefinition::Composite(definition),
            },
        }
    };
    Ok(ask(session, TYPES)?.iter().map(defined).collect())
}

/// The sequences.
pub(super) fn sequences(session: &mut PostgresSession) -> Result<Vec<Sequence>, SqlError> {
    let sequence = |row: &Row| Sequence {
        name: name(row, 0),
        definition: text(row, 2),
        owned_by: optional(row, 4)
            .zip(optional(row, 5))
            .map(|(table, column)| (Name { schema: optional(row, 3), name: table }, column)),
    };
    Ok(ask(session, &SEQUENCES.replace("OPTIONS", SEQUENCE_OPTIONS))?.iter().map(sequence).collect())
}
