//! What migrations may set beside the schema, and what no dump of a schema says: privileges, owners, settings.

use super::{Basic, SqlError};
use crate::domain::engine::Engine;

const POSTGRES: &str = "SELECT x.what FROM ( \
     SELECT 'privileges on ' || c.oid::pg_catalog.regclass::text || ' ' || c.relacl::text AS what, c.relnamespace AS namespace \
         FROM pg_catalog.pg_class c WHERE c.relacl IS NOT NULL \
     UNION ALL SELECT 'privileges on ' || c.oid::pg_catalog.regclass::text || '.' || pg_catalog.quote_ident(a.attname) || ' ' || a.attacl::text, c.relnamespace \
         FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_class c ON c.oid = a.attrelid WHERE a.attacl IS NOT NULL \
     UNION ALL SELECT 'the owner of ' || c.oid::pg_catalog.regclass::text || ', ' || pg_catalog.pg_get_userbyid(c.relowner), c.relnamespace \
         FROM pg_catalog.pg_class c WHERE c.relkind IN ('r', 'p', 'v', 'm', 'S', 'f') AND c.relowner <> current_user::pg_catalog.regrole \
     UNION ALL SELECT 'privileges on ' || p.oid::pg_catalog.regprocedure::text || ' ' || p.proacl::text, p.pronamespace \
         FROM pg_catalog.pg_proc p WHERE p.proacl IS NOT NULL \
     UNION ALL SELECT 'the owner of ' || p.oid::pg_catalog.regprocedure::text || ', ' || pg_catalog.pg_get_userbyid(p.proowner), p.pronamespace \
         FROM pg_catalog.pg_proc p WHERE p.proowner <> current_user::pg_catalog.regrole \
     UNION ALL SELECT 'privileges on ' || pg_catalog.format_type(t.oid, NULL) || ' ' || t.typacl::text, t.typnamespace \
         FROM pg_catalog.pg_type t WHERE t.typacl IS NOT NULL \
     UNION ALL SELECT 'privileges on schema ' || pg_catalog.quote_ident(s.nspname) || ' ' || s.nspacl::text, s.oid \
         FROM pg_catalog.pg_namespace s WHERE s.nspacl IS NOT NULL \
     UNION ALL SELECT 'default privileges of ' || pg_catalog.pg_get_userbyid(d.defaclrole) || ' ' || d.defaclacl::text, d.defaclnamespace \
         FROM pg_catalog.pg_default_acl d \
     UNION ALL SELECT 'settings of the database ' || pg_catalog.array_to_string(s.setconfig, ', '), 0 \
         FROM pg_catalog.pg_db_role_setting s JOIN pg_catalog.pg_database b ON b.oid = s.setdatabase WHERE b.datname = pg_catalog.current_database() \
     ) x LEFT JOIN pg_catalog.pg_namespace n ON n.oid = x.namespace \
     WHERE n.nspname IS NULL OR (n.nspname !~ '^pg_' AND n.nspname NOT IN ('information_schema', 'manage')) ORDER BY 1";

const SQLITE: &str = "SELECT 'PRAGMA user_version = ' || user_version FROM pragma_user_version WHERE user_version <> 0 \
     UNION ALL SELECT 'PRAGMA application_id = ' || application_id FROM pragma_application_id WHERE application_id <> 0";

/// Each thing of that kind in a line.
///
/// # Errors
/// What the database refuses.
pub fn beside_the_schema(session: &mut impl Basic) -> Result<Vec<String>, SqlError> {
    let sql = match session.engine() {
        Engine::Sqlite => SQLITE,
        Engine::Postgres => POSTGRES,
    };
    Ok(session.query(sql, &[])?.iter().filter_map(|row| row.text(0)).map(str::to_owned).collect())
}
