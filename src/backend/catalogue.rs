//! What a database holds, as lines of text: for comparing a schema with itself, before and after.
//!
//! Every line is one object or one column, the same on both sides if and only if the object is. `order t: a, b`
//! is the order of a table's columns. What `manage` and diesel keep for themselves is left out.

use super::basic::Basic;
use super::error::SqlError;
use crate::domain::engine::Engine;
use crate::domain::sql::{significant_tokens, tokens};

/// The catalogue, sorted.
///
/// # Errors
/// What the database refuses.
pub fn catalogue(session: &mut impl Basic) -> Result<Vec<String>, SqlError> {
    let engine = session.engine();
    let query = match engine {
        Engine::Sqlite => SQLITE,
        Engine::Postgres => POSTGRES,
    };
    let mut lines = Vec::new();
    for row in session.query(query, &[])? {
        let line = row.text(0).unwrap_or_default();
        match row.text(1) {
            None => lines.push(line.to_owned()),
            Some(sql) if line.starts_with("table ") => lines.extend(said_by_the_table(line, sql, engine)),
            Some(sql) => lines.push(format!("{line} {}", plain(sql, engine))),
        }
    }
    lines.sort();
    lines.dedup();
    Ok(lines)
}

/// A statement without its white space, comments and needless quotes: a rename on SQLite puts quotes around names.
fn plain(sql: &str, engine: Engine) -> String {
    let words =
        significant_tokens(sql, engine).map(|word| match word.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) {
            Some(name) if !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') => name,
            _ => word,
        });
    words.collect::<Vec<_>>().join(" ")
}

/// What SQLite tells of a table in no other way than by the statement that made it: its checks, generated
/// columns, collations and AUTOINCREMENT.
fn said_by_the_table(line: &str, sql: &str, engine: Engine) -> Vec<String> {
    let mut lines = vec![line.to_owned()];
    let all: Vec<_> = tokens(sql, engine).filter(|token| !token.kind.is_trivia()).collect();
    for (number, token) in all.iter().enumerate() {
        let word = token.text(sql);
        if word.eq_ignore_ascii_case("AUTOINCREMENT") {
            lines.push(format!("{line} autoincrement"));
        } else if word.eq_ignore_ascii_case("COLLATE") {
            lines.extend(all.get(number + 1).map(|name| format!("{line} collate {}", name.text(sql).to_uppercase())));
        } else if (word.eq_ignore_ascii_case("CHECK") || word.eq_ignore_ascii_case("AS"))
            && all.get(number + 1).is_some_and(|next| next.text(sql) == "(")
        {
            let mut depth = 0_usize;
            let group = all[number + 1..].iter().take_while(|token| {
                match token.text(sql) {
                    "(" => depth += 1,
                    ")" => depth -= 1,
                    _ => {}
                }
                depth > 0
            });
            let end = group.last().map_or(token.end, |last| last.end);
            lines.push(format!("{line} {} {} )", word.to_lowercase(), plain(&sql[token.end..end], engine)));
        }
    }
    lines
}

const SQLITE: &str = "
WITH own AS (
    SELECT s.* FROM main.sqlite_schema s
    WHERE s.tbl_name NOT LIKE 'sqlite\\_%' ESCAPE '\\' AND s.tbl_name NOT LIKE 'manage\\_%' ESCAPE '\\'
        AND s.tbl_name NOT IN ('__diesel_schema_migrations', 'refinery_schema_history')
), tables AS (SELECT name, sql FROM own WHERE type = 'table')
SELECT 'table ' || t.name || iif(l.wr, ' without rowid', '') || iif(l.strict, ' strict', ''), t.sql
FROM tables t JOIN pragma_table_list l ON l.schema = 'main' AND l.name = t.name
UNION ALL
SELECT 'column ' || t.name || '.' || c.name || ' ' || upper(c.type) || iif(c.[notnull], ' NOT NULL', '')
    || iif(c.pk, ' key ' || c.pk, '') || iif(c.hidden, ' hidden ' || c.hidden, '') || coalesce(' default ' || c.dflt_value, ''), NULL
FROM tables t, pragma_table_xinfo(t.name) c
UNION ALL
SELECT 'order ' || t.name || ': ' || (SELECT group_concat(name, ', ') FROM (SELECT name FROM pragma_table_info(t.name) ORDER BY cid)), NULL
FROM tables t
UNION ALL
SELECT 'foreign key ' || t.name || ' (' || group_concat(k.[from], ', ') || ') to ' || k.[table] || ' ('
    || coalesce(group_concat(k.[to], ', '), '') || ') on update ' || k.on_update || ' on delete ' || k.on_delete, NULL
FROM tables t, pragma_foreign_key_list(t.name) k GROUP BY t.name, k.id
UNION ALL
SELECT 'unique ' || t.name || ' (' || (SELECT group_concat(x.name || ' ' || x.coll, ', ') FROM pragma_index_xinfo(i.name) x WHERE x.key) || ')', NULL
FROM tables t, pragma_index_list(t.name) i WHERE i.origin = 'u'
UNION ALL
SELECT o.type || ' ' || o.name, o.sql FROM own o WHERE o.type IN ('index', 'view', 'trigger') AND o.sql IS NOT NULL
";

const POSTGRES: &str = "
WITH n AS (
    SELECT oid, nspname FROM pg_catalog.pg_namespace
    WHERE nspname !~ '^pg_' AND nspname NOT IN ('information_schema', 'manage')
), foreign_objects AS (
    SELECT classid, objid FROM pg_catalog.pg_depend WHERE deptype = 'e'
), c AS (
    SELECT c.oid, c.relkind, c.relrowsecurity, n.nspname || '.' || c.relname AS name, c.reloptions, c.relpersistence, c.relam
    FROM pg_catalog.pg_class c JOIN n ON n.oid = c.relnamespace
    WHERE c.relname NOT IN ('__diesel_schema_migrations', 'refinery_schema_history')
        AND NOT EXISTS (SELECT 1 FROM foreign_objects d WHERE d.classid = 'pg_catalog.pg_class'::regclass AND d.objid = c.oid)
), a AS (
    SELECT c.name, c.relkind, a.* FROM c JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid
    WHERE c.relkind IN ('r', 'p', 'f', 'v', 'm', 'c') AND a.attnum > 0 AND NOT a.attisdropped
)
SELECT 'schema ' || nspname, NULL FROM n
UNION ALL
SELECT CASE relkind WHEN 'S' THEN 'sequence ' WHEN 'v' THEN 'view ' WHEN 'm' THEN 'materialized view ' WHEN 'c' THEN 'type '
    WHEN 'p' THEN 'partitioned table ' WHEN 'f' THEN 'foreign table ' ELSE 'relation ' END || name || ' ' || relpersistence::text
    || CASE WHEN relrowsecurity THEN ' row security' ELSE '' END || coalesce(' ' || reloptions::text, ''), NULL
FROM c WHERE relkind IN ('r', 'p', 'f', 'v', 'm', 'c', 'S')
UNION ALL
SELECT 'column ' || a.name || '.' || a.attname || ' ' || pg_catalog.format_type(a.atttypid, a.atttypmod)
    || CASE WHEN a.attnotnull THEN ' NOT NULL' ELSE '' END
    || coalesce(' default ' || pg_catalog.pg_get_expr(d.adbin, d.adrelid), '')
    || CASE WHEN a.attidentity <> '' THEN ' identity ' || a.attidentity::text ELSE '' END
    || CASE WHEN a.attgenerated <> '' THEN ' generated ' || a.attgenerated::text ELSE '' END
    || CASE WHEN a.attcollation <> t.typcollation THEN ' collate ' || a.attcollation::regcollation::text ELSE '' END, NULL
FROM a JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
LEFT JOIN pg_catalog.pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
UNION ALL
SELECT 'order ' || name || ': ' || pg_catalog.string_agg(attname, ', ' ORDER BY attnum), NULL FROM a GROUP BY name
UNION ALL
SELECT 'constraint ' || c.name || ' ' || k.conname || ' ' || pg_catalog.pg_get_constraintdef(k.oid), NULL
FROM c JOIN pg_catalog.pg_constraint k ON k.conrelid = c.oid
UNION ALL
SELECT 'index ' || pg_catalog.pg_get_indexdef(i.indexrelid) || CASE WHEN i.indisvalid THEN '' ELSE ' INVALID' END, NULL
FROM c JOIN pg_catalog.pg_index i ON i.indrelid = c.oid
UNION ALL
SELECT 'trigger ' || pg_catalog.pg_get_triggerdef(t.oid) || ' ' || t.tgenabled::text, NULL
FROM c JOIN pg_catalog.pg_trigger t ON t.tgrelid = c.oid WHERE NOT t.tgisinternal
UNION ALL
SELECT 'policy ' || c.name || ' ' || p.polname || ' ' || p.polcmd::text || coalesce(' using ' || pg_catalog.pg_get_expr(p.polqual, p.polrelid), '')
    || coalesce(' check ' || pg_catalog.pg_get_expr(p.polwithcheck, p.polrelid), ''), NULL
FROM c JOIN pg_catalog.pg_policy p ON p.polrelid = c.oid
UNION ALL
SELECT 'view ' || name, pg_catalog.pg_get_viewdef(oid) FROM c WHERE relkind IN ('v', 'm')
UNION ALL
SELECT 'enum ' || n.nspname || '.' || t.typname || ': ' || pg_catalog.string_agg(e.enumlabel, ', ' ORDER BY e.enumsortorder), NULL
FROM pg_catalog.pg_type t JOIN n ON n.oid = t.typnamespace JOIN pg_catalog.pg_enum e ON e.enumtypid = t.oid GROUP BY n.nspname, t.typname
UNION ALL
SELECT 'domain ' || n.nspname || '.' || t.typname || ' ' || pg_catalog.format_type(t.typbasetype, t.typtypmod)
    || CASE WHEN t.typnotnull THEN ' NOT NULL' ELSE '' END || coalesce(' default ' || t.typdefault, '')
    || coalesce((SELECT pg_catalog.string_agg(' ' || pg_catalog.pg_get_constraintdef(k.oid), '' ORDER BY k.conname)
        FROM pg_catalog.pg_constraint k WHERE k.contypid = t.oid), ''), NULL
FROM pg_catalog.pg_type t JOIN n ON n.oid = t.typnamespace WHERE t.typtype = 'd'
UNION ALL
SELECT 'function ' || n.nspname || '.' || p.oid::regprocedure::text, pg_catalog.pg_get_functiondef(p.oid)
FROM pg_catalog.pg_proc p JOIN n ON n.oid = p.pronamespace
WHERE p.prokind IN ('f', 'p')
    AND NOT EXISTS (SELECT 1 FROM foreign_objects d WHERE d.classid = 'pg_catalog.pg_proc'::regclass AND d.objid = p.oid)
UNION ALL
SELECT 'comment ' || d.objoid::regclass::text || ' ' || d.objsubid || ' ' || d.description, NULL
FROM c JOIN pg_catalog.pg_description d ON d.objoid = c.oid AND d.classoid = 'pg_catalog.pg_class'::regclass AND d.objsubid = 0
UNION ALL
SELECT 'extension ' || extname, NULL FROM pg_catalog.pg_extension
";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_table_says_of_itself_is_told_without_its_layout() {
        let sql = "CREATE TABLE \"t\" (id INTEGER PRIMARY KEY AUTOINCREMENT,\n  a TEXT COLLATE nocase CHECK ( (\"a\") <> 'x' ), b AS (a || 'y'))";

        let lines = said_by_the_table("table t", sql, Engine::Sqlite);

        assert_eq!(
            lines,
            [
                "table t",
                "table t autoincrement",
                "table t collate NOCASE",
                "table t check ( ( a ) <> 'x' )",
                "table t as ( a || 'y' )"
            ]
        );
    }
}
