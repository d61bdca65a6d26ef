//! Functions, and what is known by its name only.

use super::{ask, name, oid, text};
use crate::backend::error::SqlError;
use crate::backend::postgres::session::PostgresSession;
use crate::domain::schema::{Function, Needs, Other};
use crate::domain::value::Row;

/// Without the constructors that a range type makes. What a signature's row types or a parsed body name decides when a function can be made.
const FUNCTIONS: &str = "SELECT n.nspname::text, p.proname::text, pg_catalog.pg_get_function_identity_arguments(p.oid), \
     pg_catalog.pg_get_functiondef(p.oid), (SELECT max(CASE WHEN c.relkind IN ('v', 'm') THEN 2 ELSE 1 END) FROM pg_catalog.pg_depend d \
         LEFT JOIN pg_catalog.pg_type t ON d.refclassid = 'pg_catalog.pg_type'::pg_catalog.regclass AND t.oid = d.refobjid \
         LEFT JOIN pg_catalog.pg_type e ON e.oid = t.typelem \
         JOIN pg_catalog.pg_class c ON c.oid = CASE WHEN d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass THEN d.refobjid \
             ELSE coalesce(nullif(t.typrelid, 0), e.typrelid) END \
         WHERE d.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass AND d.objid = p.oid AND c.relkind <> 'c')::bigint, p.oid::bigint \
     FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace \
     WHERE OWN AND p.prokind IN ('f', 'p', 'w') AND NOT_OF_AN_EXTENSION(pg_proc, p.oid) \
     AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend i WHERE i.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass \
         AND i.objid = p.oid AND i.deptype = 'i') \
     ORDER BY n.nspname COLLATE \"C\", p.proname COLLATE \"C\", 3";

const OTHERS: &str = "SELECT 'aggregate', n.nspname || '.' || p.proname || '(' || pg_catalog.pg_get_function_identity_arguments(p.oid) || ')', '' \
     FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace \
     WHERE OWN AND p.prokind = 'a' AND NOT_OF_AN_EXTENSION(pg_proc, p.oid) \
     UNION ALL SELECT 'policy', pg_catalog.quote_ident(p.polname) || ' on ' || c.oid::pg_catalog.regclass::text, \
         CASE WHEN p.polpermissive THEN 'AS PERMISSIVE' ELSE 'AS RESTRICTIVE' END \
         || ' FOR ' || CASE p.polcmd WHEN 'r' THEN 'SELECT' WHEN 'a' THEN 'INSERT' WHEN 'w' THEN 'UPDATE' WHEN 'd' THEN 'DELETE' ELSE 'ALL' END \
         || ' TO ' || (SELECT pg_catalog.string_agg(CASE o.role WHEN 0 THEN 'PUBLIC' ELSE pg_catalog.quote_ident(pg_catalog.pg_get_userbyid(o.role)) END, ', ' ORDER BY 1) \
             FROM pg_catalog.unnest(p.polroles) o(role)) \
         || coalesce(' USING (' || pg_catalog.pg_get_expr(p.polqual, p.polrelid) || ')', '') \
         || coalesce(' WITH CHECK (' || pg_catalog.pg_get_expr(p.polwithcheck, p.polrelid) || ')', '') \
     FROM pg_catalog.pg_policy p JOIN pg_catalog.pg_class c ON c.oid = p.polrelid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE OWN \
     UNION ALL SELECT 'row security', c.oid::pg_catalog.regclass::text, CASE WHEN c.relforcerowsecurity THEN 'forced' ELSE 'enabled' END \
     FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE OWN AND c.relrowsecurity \
     UNION ALL SELECT 'rule', pg_catalog.quote_ident(r.rulename) || ' on ' || c.oid::pg_catalog.regclass::text, pg_catalog.pg_get_ruledef(r.oid) \
     FROM pg_catalog.pg_rewrite r JOIN pg_catalog.pg_class c ON c.oid = r.ev_class JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
     WHERE OWN AND r.rulename <> '_RETURN' AND NOT_OF_AN_EXTENSION(pg_class, c.oid) \
     UNION ALL SELECT 'inheritance', c.oid::pg_catalog.regclass::text || ' from ' || h.inhparent::pg_catalog.regclass::text, '' \
     FROM pg_catalog.pg_inherits h JOIN pg_catalog.pg_class c ON c.oid = h.inhrelid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
     WHERE OWN AND c.relkind IN ('r', 'p', 'f') AND NOT c.relispartition \
     UNION ALL SELECT 'foreign table', c.oid::pg_catalog.regclass::text, '' \
     FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
     WHERE OWN AND c.relkind = 'f' AND NOT_OF_AN_EXTENSION(pg_class, c.oid) \
     UNION ALL SELECT 'statistics', n.nspname || '.' || s.stxname, pg_catalog.pg_get_statisticsobjdef(s.oid) \
     FROM pg_catalog.pg_statistic_ext s JOIN pg_catalog.pg_namespace n ON n.oid = s.stxnamespace WHERE OWN \
     UNION ALL SELECT 'type', n.nspname || '.' || t.typname, '' \
     FROM pg_catalog.pg_type t JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace \
     WHERE OWN AND t.typtype = 'b' AND t.typelem = 0 AND NOT_OF_AN_EXTENSION(pg_type, t.oid) \
     UNION ALL SELECT 'operator', n.nspname || '.' || o.oprname || '(' || pg_catalog.format_type(o.oprleft, NULL) || ', ' || pg_catalog.format_type(o.oprright, NULL) || ')', '' \
     FROM pg_catalog.pg_operator o JOIN pg_catalog.pg_namespace n ON n.oid = o.oprnamespace WHERE OWN AND NOT_OF_AN_EXTENSION(pg_operator, o.oid) \
     UNION ALL SELECT 'collation', n.nspname || '.' || k.collname, '' \
     FROM pg_catalog.pg_collation k JOIN pg_catalog.pg_namespace n ON n.oid = k.collnamespace WHERE OWN AND NOT_OF_AN_EXTENSION(pg_collation, k.oid) \
     UNION ALL SELECT 'text search configuration', n.nspname || '.' || f.cfgname, '' \
     FROM pg_catalog.pg_ts_config f JOIN pg_catalog.pg_namespace n ON n.oid = f.cfgnamespace WHERE OWN AND NOT_OF_AN_EXTENSION(pg_ts_config, f.oid) \
     UNION ALL SELECT 'text search dictionary', n.nspname || '.' || f.dictname, '' \
     FROM pg_catalog.pg_ts_dict f JOIN pg_catalog.pg_namespace n ON n.oid = f.dictnamespace WHERE OWN AND NOT_OF_AN_EXTENSION(pg_ts_dict, f.oid) \
     UNION ALL SELECT 'event trigger', e.evtname::text, e.evtevent::text FROM pg_catalog.pg_event_trigger e \
     WHERE NOT_OF_AN_EXTENSION(pg_event_trigger, e.oid) \
     UNION ALL SELECT 'replica identity', c.oid::pg_catalog.regclass::text, \
         CASE c.relreplident WHEN 'f' THEN 'FULL' WHEN 'n' THEN 'NOTHING' ELSE 'USING INDEX ' || (SELECT pg_catalog.quote_ident(k.relname) \
             FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class k ON k.oid = i.indexrelid WHERE i.indrelid = c.oid AND i.indisreplident) END \
     FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
     WHERE OWN AND c.relkind IN ('r', 'p') AND c.relreplident <> 'd' \
     UNION ALL SELECT 'storage of a column', c.oid::pg_catalog.regclass::text || '.' || pg_catalog.quote_ident(a.attname), \
         (SELECT pg_catalog.string_agg('ALTER COLUMN ' || pg_catalog.quote_ident(a.attname) || ' SET ' || s.setting, ', ' ORDER BY s.setting) FROM (VALUES \
             ('STORAGE ' || CASE nullif(a.attstorage, t.typstorage) WHEN 'p' THEN 'PLAIN' WHEN 'e' THEN 'EXTERNAL' WHEN 'm' THEN 'MAIN' WHEN 'x' THEN 'EXTENDED' END), \
             ('COMPRESSION ' || CASE a.attcompression WHEN 'p' THEN 'pglz' WHEN 'l' THEN 'lz4' END), \
             ('STATISTICS ' || nullif(coalesce(a.attstattarget, -1), -1)), \
             ('(' || pg_catalog.array_to_string(a.attoptions, ', ') || ')')) s(setting) WHERE s.setting IS NOT NULL) \
     FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
     JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped JOIN pg_catalog.pg_type t ON t.oid = a.atttypid \
     WHERE OWN AND c.relkind IN ('r', 'p') AND NOT_OF_AN_EXTENSION(pg_class, c.oid) \
     AND (a.attstorage <> t.typstorage OR a.attcompression <> '' OR coalesce(a.attstattarget, -1) <> -1 OR a.attoptions IS NOT NULL) \
     UNION ALL SELECT 'clustered', c.oid::pg_catalog.regclass::text, 'CLUSTER ON ' || pg_catalog.quote_ident(k.relname) \
     FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class c ON c.oid = i.indrelid JOIN pg_catalog.pg_class k ON k.oid = i.indexrelid \
     JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE OWN AND i.indisclustered AND c.relkind IN ('r', 'm') AND NOT_OF_AN_EXTENSION(pg_class, c.oid) \
     UNION ALL SELECT 'comment', i.type || ' ' || i.identity, d.description \
     FROM pg_catalog.pg_description d CROSS JOIN LATERAL pg_catalog.pg_identify_object(d.classoid, d.objoid, d.objsubid) i \
     LEFT JOIN pg_catalog.pg_namespace n ON n.nspname = i.schema \
     WHERE i.type IN ('function', 'procedure', 'aggregate', 'type', 'sequence', 'index', 'table constraint', 'domain constraint', 'trigger', \
         'view column', 'materialized view column', 'composite type column', 'policy', 'rule', 'schema') \
     AND NOT (i.type = 'schema' AND i.identity ~ '^(pg_.*|information_schema|public|manage)$') AND (n.oid IS NULL AND i.identity !~ ' (pg_catalog|information_schema|manage)[.]' OR OWN) \
     AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend m WHERE m.classid = d.classoid AND m.objid = d.objoid AND m.deptype = 'e') \
     UNION ALL SELECT 'publication', p.pubname::text, '' FROM pg_catalog.pg_publication p \
     ORDER BY 1, 2";

/// The functions.
pub(super) fn functions(session: &mut PostgresSession) -> Result<Vec<Function>, SqlError> {
    let function = |row: &Row| Function {
        name: name(row, 0),
        arguments: text(row, 2),
        definition: text(row, 3),
        needs: match row.integer(4) {
            Some(2) => Needs::Views,
            Some(_) => Needs::Tables,
            None => Needs::Types,
        },
        number: oid(row, 5),
    };
    Ok(ask(session, FUNCTIONS)?.iter().map(function).collect())
}

/// What is known by its name only.
pub(super) fn others(session: &mut PostgresSession) -> Result<Vec<Other>, SqlError> {
    let other = |row: &Row| Other { kind: text(row, 0), name: text(row, 1), definition: text(row, 2) };
    Ok(ask(session, OTHERS)?.iter().map(other).collect())
}
