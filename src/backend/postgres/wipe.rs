//! Emptying schemas within the transaction that is open: what the project made goes; extensions, other schemas, owners,
//! grants and default privileges stay, or are given back to what comes again under the same name.

use std::collections::BTreeSet;

use super::session::PostgresSession;
use crate::backend::Basic;
use crate::backend::copying::Rights;
use crate::backend::error::{SqlError, SqlErrorKind};
use crate::backend::full::Full;
use crate::domain::schema::quoted;
use crate::domain::value::Row;

/// Everything in the schemas `$1` that no extension has made, by type and name as `DROP` takes them. What belongs to
/// another object, such as an index or the sequence of a column, goes with it.
const OBJECTS: &str = "\
WITH own AS (SELECT n.oid FROM pg_catalog.pg_namespace n WHERE n.nspname = ANY ($1::pg_catalog.text[])), \
things AS ( \
    SELECT 1 AS place, 'pg_catalog.pg_class'::pg_catalog.regclass AS class, c.oid FROM pg_catalog.pg_class c \
    WHERE c.relnamespace IN (SELECT oid FROM own) AND c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S') \
    UNION ALL SELECT 2, 'pg_catalog.pg_proc'::pg_catalog.regclass, p.oid FROM pg_catalog.pg_proc p WHERE p.pronamespace IN (SELECT oid FROM own) \
    UNION ALL SELECT 2, 'pg_catalog.pg_operator'::pg_catalog.regclass, o.oid FROM pg_catalog.pg_operator o WHERE o.oprnamespace IN (SELECT oid FROM own) \
    UNION ALL SELECT 2, 'pg_catalog.pg_opclass'::pg_catalog.regclass, o.oid FROM pg_catalog.pg_opclass o WHERE o.opcnamespace IN (SELECT oid FROM own) \
    UNION ALL SELECT 2, 'pg_catalog.pg_opfamily'::pg_catalog.regclass, o.oid FROM pg_catalog.pg_opfamily o WHERE o.opfnamespace IN (SELECT oid FROM own) \
    UNION ALL SELECT 2, 'pg_catalog.pg_conversion'::pg_catalog.regclass, o.oid FROM pg_catalog.pg_conversion o WHERE o.connamespace IN (SELECT oid FROM own) \
    UNION ALL SELECT 2, 'pg_catalog.pg_ts_config'::pg_catalog.regclass, o.oid FROM pg_catalog.pg_ts_config o WHERE o.cfgnamespace IN (SELECT oid FROM own) \
    UNION ALL SELECT 3, 'pg_catalog.pg_ts_dict'::pg_catalog.regclass, o.oid FROM pg_catalog.pg_ts_dict o WHERE o.dictnamespace IN (SELECT oid FROM own) \
    UNION ALL SELECT 3, 'pg_catalog.pg_ts_template'::pg_catalog.regclass, o.oid FROM pg_catalog.pg_ts_template o WHERE o.tmplnamespace IN (SELECT oid FROM own) \
    UNION ALL SELECT 3, 'pg_catalog.pg_ts_parser'::pg_catalog.regclass, o.oid FROM pg_catalog.pg_ts_parser o WHERE o.prsnamespace IN (SELECT oid FROM own) \
    UNION ALL SELECT 4, 'pg_catalog.pg_type'::pg_catalog.regclass, t.oid FROM pg_catalog.pg_type t WHERE t.typnamespace IN (SELECT oid FROM own) \
        AND (t.typtype IN ('e', 'd', 'r') OR (t.typtype = 'c' AND EXISTS (SELECT FROM pg_catalog.pg_class c WHERE c.oid = t.typrelid AND c.relkind = 'c')) \
            OR (t.typtype = 'b' AND NOT EXISTS (SELECT FROM pg_catalog.pg_type e WHERE e.typarray = t.oid))) \
    UNION ALL SELECT 5, 'pg_catalog.pg_collation'::pg_catalog.regclass, o.oid FROM pg_catalog.pg_collation o WHERE o.collnamespace IN (SELECT oid FROM own) \
) \
SELECT i.type, i.identity FROM things, LATERAL pg_catalog.pg_identify_object(things.class, things.oid, 0) i \
WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_depend d WHERE d.classid = things.class AND d.objid = things.oid AND d.deptype IN ('e', 'i')) \
ORDER BY things.place, i.identity";

/// Everything that is not in the schemas `$1`, and that a cascade could take along.
const OUTSIDE: &str = "\
WITH other AS (SELECT n.oid FROM pg_catalog.pg_namespace n WHERE NOT n.nspname = ANY ($1::pg_catalog.text[]) \
    AND n.nspname <> 'information_schema' AND n.nspname !~ '^pg_'), \
things AS ( \
    SELECT 'pg_catalog.pg_class'::pg_catalog.regclass AS class, c.oid, 0 AS part FROM pg_catalog.pg_class c WHERE c.relnamespace IN (SELECT oid FROM other) \
    UNION ALL SELECT 'pg_catalog.pg_class'::pg_catalog.regclass, a.attrelid, a.attnum FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_class c ON c.oid = a.attrelid \
        WHERE c.relnamespace IN (SELECT oid FROM other) AND c.relkind IN ('r', 'p', 'v', 'm', 'f', 'c') AND a.attnum > 0 AND NOT a.attisdropped \
    UNION ALL SELECT 'pg_catalog.pg_attrdef'::pg_catalog.regclass, d.oid, 0 FROM pg_catalog.pg_attrdef d JOIN pg_catalog.pg_class c ON c.oid = d.adrelid WHERE c.relnamespace IN (SELECT oid FROM other) \
    UNION ALL SELECT 'pg_catalog.pg_proc'::pg_catalog.regclass, p.oid, 0 FROM pg_catalog.pg_proc p WHERE p.pronamespace IN (SELECT oid FROM other) \
    UNION ALL SELECT 'pg_catalog.pg_type'::pg_catalog.regclass, t.oid, 0 FROM pg_catalog.pg_type t WHERE t.typnamespace IN (SELECT oid FROM other) \
    UNION ALL SELECT 'pg_catalog.pg_constraint'::pg_catalog.regclass, k.oid, 0 FROM pg_catalog.pg_constraint k WHERE k.connamespace IN (SELECT oid FROM other) \
    UNION ALL SELECT 'pg_catalog.pg_trigger'::pg_catalog.regclass, t.oid, 0 FROM pg_catalog.pg_trigger t JOIN pg_catalog.pg_class c ON c.oid = t.tgrelid WHERE c.relnamespace IN (SELECT oid FROM other) AND NOT t.tgisinternal \
    UNION ALL SELECT 'pg_catalog.pg_policy'::pg_catalog.regclass, p.oid, 0 FROM pg_catalog.pg_policy p JOIN pg_catalog.pg_class c ON c.oid = p.polrelid WHERE c.relnamespace IN (SELECT oid FROM other) \
    UNION ALL SELECT 'pg_catalog.pg_operator'::pg_catalog.regclass, o.oid, 0 FROM pg_catalog.pg_operator o WHERE o.oprnamespace IN (SELECT oid FROM other) \
    UNION ALL SELECT 'pg_catalog.pg_extension'::pg_catalog.regclass, x.oid, 0 FROM pg_catalog.pg_extension x \
    UNION ALL SELECT 'pg_catalog.pg_event_trigger'::pg_catalog.regclass, e.oid, 0 FROM pg_catalog.pg_event_trigger e \
) SELECT pg_catalog.pg_describe_object(class, oid, part) FROM things";

/// Owners and grants of what is in the schemas `$1`: what it is, what it is called, and the statement.
const RIGHTS: &str = "\
WITH own AS (SELECT n.oid, n.nspname FROM pg_catalog.pg_namespace n WHERE n.nspname = ANY ($1::pg_catalog.text[])), \
relations AS (SELECT c.*, pg_catalog.format('%I.%I', o.nspname, c.relname) AS called FROM pg_catalog.pg_class c JOIN own o ON o.oid = c.relnamespace \
    WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S')), \
routines AS (SELECT p.*, (pg_catalog.pg_identify_object('pg_catalog.pg_proc'::pg_catalog.regclass, p.oid, 0)).identity AS called \
    FROM pg_catalog.pg_proc p JOIN own o ON o.oid = p.pronamespace), \
types AS (SELECT t.*, pg_catalog.format('%I.%I', o.nspname, t.typname) AS called FROM pg_catalog.pg_type t JOIN own o ON o.oid = t.typnamespace \
    WHERE t.typtype IN ('e', 'd', 'r')), \
given AS ( \
    SELECT 1 AS place, 'schema' AS what, pg_catalog.quote_ident(n.nspname) AS called, pg_catalog.format('ALTER SCHEMA %I OWNER TO %I', n.nspname, pg_catalog.pg_get_userbyid(n.nspowner)) AS sql \
        FROM pg_catalog.pg_namespace n JOIN own o ON o.oid = n.oid WHERE pg_catalog.pg_get_userbyid(n.nspowner) <> current_user AND n.nspname <> 'public' \
    UNION ALL SELECT 1, 'relation', called, pg_catalog.format('ALTER TABLE %s OWNER TO %I', called, pg_catalog.pg_get_userbyid(relowner)) FROM relations r \
        WHERE pg_catalog.pg_get_userbyid(relowner) <> current_user \
        AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d WHERE d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.objid = r.oid AND r.relkind = 'S' AND d.deptype IN ('a', 'i')) \
    UNION ALL SELECT 1, 'routine', called, pg_catalog.format('ALTER ROUTINE %s OWNER TO %I', called, pg_catalog.pg_get_userbyid(proowner)) FROM routines WHERE pg_catalog.pg_get_userbyid(proowner) <> current_user \
    UNION ALL SELECT 1, 'type', called, pg_catalog.format('ALTER TYPE %s OWNER TO %I', called, pg_catalog.pg_get_userbyid(typowner)) FROM types WHERE pg_catalog.pg_get_userbyid(typowner) <> current_user \
    UNION ALL SELECT 2, 'routine', called, pg_catalog.format('REVOKE ALL ON ROUTINE %s FROM PUBLIC', called) FROM routines WHERE proacl IS NOT NULL \
    UNION ALL SELECT 2, 'type', called, pg_catalog.format('REVOKE ALL ON TYPE %s FROM PUBLIC', called) FROM types WHERE typacl IS NOT NULL \
    UNION ALL SELECT 3, 'schema', pg_catalog.quote_ident(n.nspname), pg_catalog.format('GRANT %s ON SCHEMA %I TO GRANTEE', a.privilege_type, n.nspname) || '|' || a.grantee || '|' || a.is_grantable \
        FROM pg_catalog.pg_namespace n JOIN own o ON o.oid = n.oid, pg_catalog.aclexplode(n.nspacl) a WHERE a.grantee <> n.nspowner AND n.nspname <> 'public' \
    UNION ALL SELECT 3, 'relation', called, pg_catalog.format('GRANT %s ON %s %s TO GRANTEE', a.privilege_type, CASE relkind WHEN 'S' THEN 'SEQUENCE' ELSE 'TABLE' END, called) || '|' || a.grantee || '|' || a.is_grantable \
        FROM relations, pg_catalog.aclexplode(relacl) a WHERE a.grantee <> relowner \
    UNION ALL SELECT 3, 'column', called || '|' || pg_catalog.quote_ident(t.attname), pg_catalog.format('GRANT %s (%I) ON TABLE %s TO GRANTEE', a.privilege_type, t.attname, called) || '|' || a.grantee || '|' || a.is_grantable \
        FROM relations JOIN pg_catalog.pg_attribute t ON t.attrelid = relations.oid AND NOT t.attisdropped, pg_catalog.aclexplode(t.attacl) a WHERE a.grantee <> relowner \
    UNION ALL SELECT 3, 'routine', called, pg_catalog.format('GRANT %s ON ROUTINE %s TO GRANTEE', a.privilege_type, called) || '|' || a.grantee || '|' || a.is_grantable \
        FROM routines, pg_catalog.aclexplode(proacl) a WHERE a.grantee <> proowner \
    UNION ALL SELECT 3, 'type', called, pg_catalog.format('GRANT %s ON TYPE %s TO GRANTEE', a.privilege_type, called) || '|' || a.grantee || '|' || a.is_grantable \
        FROM types, pg_catalog.aclexplode(typacl) a WHERE a.grantee <> typowner \
    UNION ALL SELECT 3, 'schema', pg_catalog.quote_ident(o.nspname), pg_catalog.format('ALTER DEFAULT PRIVILEGES FOR ROLE %I IN SCHEMA %I GRANT %s ON %s TO GRANTEE', pg_catalog.pg_get_userbyid(d.defaclrole), o.nspname, a.privilege_type, \
        CASE d.defaclobjtype WHEN 'r' THEN 'TABLES' WHEN 'S' THEN 'SEQUENCES' WHEN 'f' THEN 'FUNCTIONS' ELSE 'TYPES' END) || '|' || a.grantee || '|' || a.is_grantable \
        FROM pg_catalog.pg_default_acl d JOIN own o ON o.oid = d.defaclnamespace, pg_catalog.aclexplode(d.defaclacl) a WHERE o.nspname <> 'public' \
) \
SELECT what, called, pg_catalog.split_part(sql, '|', 1), \
    CASE WHEN pg_catalog.split_part(sql, '|', 2) = '' THEN NULL WHEN pg_catalog.split_part(sql, '|', 2) = '0' THEN 'PUBLIC' \
        ELSE pg_catalog.quote_ident(pg_catalog.pg_get_userbyid(pg_catalog.split_part(sql, '|', 2)::pg_catalog.oid)) END, \
    pg_catalog.split_part(sql, '|', 3) = 'true' FROM given ORDER BY place, called";

/// Schemas of `$1` in which an extension lives: they stay, empty but for it.
const WITH_EXTENSION: &str = "SELECT DISTINCT n.nspname::pg_catalog.text FROM pg_catalog.pg_extension x \
     JOIN pg_catalog.pg_namespace n ON n.oid = x.extnamespace";

impl PostgresSession {
    /// Empties the schemas `own` and drops those of `drop`, in the transaction that is open.
    pub(in crate::backend) fn wipe(&mut self, own: &[String], drop: &[String]) -> Result<Rights, SqlError> {
        let rights = self.rights(own)?;
        let before = self.outside(own)?;
        let list = array(own);
        for row in self.query(OBJECTS, &[list.as_str().into()])? {
            let (kind, name) = (row.text(0).unwrap_or_default(), row.text(1).unwrap_or_default());
            self.execute(&format!("DROP {kind} IF EXISTS {name} CASCADE"))?;
        }
        let keep: Vec<String> = texts(&self.query(WITH_EXTENSION, &[])?);
        let here: Vec<String> = texts(&self.query("SELECT nspname::pg_catalog.text FROM pg_catalog.pg_namespace", &[])?);
        for schema in drop.iter().filter(|schema| here.contains(schema) && !keep.contains(schema)) {
            self.execute(&format!("DROP SCHEMA {}", quoted(schema)))?;
        }
        // What the server says of each cascade is known.
        let _ = self.take_notices();
        let after = self.outside(own)?;
        let lost: Vec<&String> = before.difference(&after).collect();
        if let Some(first) = lost.first() {
            let more = if lost.len() > 1 { format!(" and {} more", lost.len() - 1) } else { String::new() };
            let mut error = SqlError::new(SqlErrorKind::Other, format!("{first}{more} would go with it, and stands elsewhere"));
            error.detail = Some(lost.iter().take(10).map(|name| name.as_str()).collect::<Vec<_>>().join(", "));
            return Err(error.with_hint("drop it first, and make it anew afterwards"));
        }
        Ok(rights)
    }

    /// Gives owners and grants back to what is there again under its name.
    pub(in crate::backend) fn give_back(&mut self, rights: &Rights) -> Result<usize, SqlError> {
        let mut given = 0;
        for right in &rights.0 {
            let (called, column) = right.called.split_once('|').unwrap_or((&right.called, ""));
            let there = match right.what.as_str() {
                "schema" => "SELECT pg_catalog.to_regnamespace($1) IS NOT NULL",
                "routine" => "SELECT pg_catalog.to_regprocedure($1) IS NOT NULL",
                "type" => "SELECT pg_catalog.to_regtype($1) IS NOT NULL",
                "column" => {
                    "SELECT EXISTS (SELECT FROM pg_catalog.pg_attribute WHERE attrelid = pg_catalog.to_regclass($1) \
                     AND pg_catalog.quote_ident(attname) = $2 AND NOT attisdropped)"
                }
                _ => "SELECT pg_catalog.to_regclass($1) IS NOT NULL",
            };
            let binds: &[_] = if column.is_empty() { &[called.into()] } else { &[called.into(), column.into()] };
            if self.query(there, binds)?.first().and_then(|row| row.truth(0)) == Some(true) {
                self.execute(&right.sql)?;
                given += 1;
            }
        }
        Ok(given)
    }

    /// How many large objects there are: they are in no schema.
    pub(in crate::backend) fn large_objects(&mut self) -> Result<u64, SqlError> {
        let rows = self.query("SELECT count(*) FROM pg_catalog.pg_largeobject_metadata", &[])?;
        Ok(rows.first().and_then(|row| row.integer(0)).map_or(0, i64::unsigned_abs))
    }

    /// Owners and grants of what is in the schemas `own`.
    pub(in crate::backend) fn rights(&mut self, own: &[String]) -> Result<Rights, SqlError> {
        let list = array(own);
        let rows = self.query(RIGHTS, &[list.as_str().into()])?;
        let read = |row: &Row| {
            let mut sql = row.text(2).unwrap_or_default().to_owned();
            if let Some(grantee) = row.text(3) {
                sql = sql.strip_suffix("GRANTEE").map(|sql| format!("{sql}{grantee}")).unwrap_or(sql);
                if row.truth(4) == Some(true) && grantee != "PUBLIC" {
                    sql.push_str(" WITH GRANT OPTION");
                }
            }
            crate::backend::copying::Right {
                what: row.text(0).unwrap_or_default().to_owned(),
                called: row.text(1).unwrap_or_default().to_owned(),
                sql,
            }
        };
        Ok(Rights(rows.iter().map(read).collect()))
    }

    fn outside(&mut self, own: &[String]) -> Result<BTreeSet<String>, SqlError> {
        let list = array(own);
        Ok(texts(&self.query(OUTSIDE, &[list.as_str().into()])?).into_iter().collect())
    }
}

/// The names as PostgreSQL writes an array.
fn array(names: &[String]) -> String {
    let quoted: Vec<String> =
        names.iter().map(|name| format!("\"{}\"", name.replace('\\', "\\\\").replace('"', "\\\""))).collect();
    format!("{{{}}}", quoted.join(","))
}

fn texts(rows: &[Row]) -> Vec<String> {
    rows.iter().filter_map(|row| row.text(0).map(str::to_owned)).collect()
}
