//! The project's database, seen without `manage`.

use std::fmt::Write;

use postgres::SimpleQueryMessage;
use rusqlite::OpenFlags;
use rusqlite::types::ValueRef;

use super::postgres::connect;
use super::project::{Backend, Project};

/// Tables that migration tools keep for themselves.
const BOOKKEEPING: &str = "('__diesel_schema_migrations', 'refinery_schema_history')";

/// Whose tables a text is about.
#[derive(Clone, Copy, PartialEq)]
enum Tables {
    /// The project's own.
    OfTheProject,
    /// Those in which tools remember what they did, too.
    All,
}

impl Project {
    /// Runs statements. On SQLite this makes the file where it is missing.
    #[track_caller]
    pub fn execute(&self, sql: &str) {
        match self.backend() {
            Backend::Sqlite => {
                let connection = rusqlite::Connection::open(self.path("manage.db")).expect("SQLite opens the file");
                connection.execute_batch(sql).unwrap_or_else(|error| panic!("{sql}: {error}"));
            }
            Backend::Postgres => {
                connect(self.database_url()).batch_execute(sql).unwrap_or_else(|error| panic!("{sql}: {error:?}"))
            }
        }
    }

    /// The rows of one query as text; NULL is `NULL`, a blob of SQLite is `x'…'`.
    #[track_caller]
    pub fn query(&self, sql: &str) -> Vec<Vec<String>> {
        match self.backend() {
            Backend::Sqlite => self.query_sqlite(sql).unwrap_or_else(|error| panic!("{sql}: {error}")),
            Backend::Postgres => self.query_postgres(sql).unwrap_or_else(|error| panic!("{sql}: {error:?}")),
        }
    }

    /// The one value of a query that gives one.
    #[track_caller]
    pub fn value(&self, sql: &str) -> String {
        let rows = self.query(sql);
        assert!(matches!(&rows[..], [row] if row.len() == 1), "one value was asked for: {sql}\n{rows:?}");
        rows.concat().remove(0)
    }

    /// Takes the ledger back to what its first version had.
    pub fn with_the_first_ledger(&self) {
        let (schema, list) = match self.backend() {
            Backend::Sqlite => ("main", "SELECT name FROM sqlite_schema WHERE type = 'table'"),
            Backend::Postgres => ("manage", "SELECT tablename FROM pg_tables WHERE schemaname = 'manage'"),
        };
        let first = ["manage_migration_log", "manage_migration_progress", "manage_marker", "manage_ledger_history"];
        for table in self.query(list).concat() {
            if table.starts_with("manage_") && !first.contains(&table.as_str()) {
                self.execute(&format!("DROP TABLE {schema}.{table}"));
            }
        }
        self.execute(&format!(
            "ALTER TABLE {schema}.manage_migration_log DROP COLUMN superseded;
             DELETE FROM {schema}.manage_ledger_history WHERE version > 1"
        ));
        match self.backend() {
            Backend::Postgres => self.execute("DROP FUNCTION manage.manage_note_stays"),
            Backend::Sqlite => self.execute("UPDATE manage_marker SET binding = substr(binding, 1, instr(binding, 'uuid=') - 1)"),
        }
    }

    /// The schema as stable text: tables, columns, foreign keys, indexes, views, triggers; on PostgreSQL also
    /// constraints, types, sequences and functions. Without the tables of migration tools.
    pub fn schema(&self) -> String {
        self.schema_of(Tables::OfTheProject)
    }

    /// Every row of the project's own tables, sorted.
    pub fn dump(&self) -> String {
        self.dump_of(Tables::OfTheProject)
    }

    /// Schema and rows of all tables, those of migration tools too: what a command that only looks must not change.
    pub fn everything(&self) -> String {
        format!("{}{}", self.schema_of(Tables::All), self.dump_of(Tables::All))
    }

    fn schema_of(&self, tables: Tables) -> String {
        if !self.has_database() {
            return "no database\n".to_owned();
        }
        let sql = match self.backend() {
            Backend::Sqlite => SQLITE_SCHEMA.replace("OWN", &own(tables, "s.tbl_name")),
            Backend::Postgres => POSTGRES_SCHEMA
                .replace("OWN", &own(tables, "c.relname"))
                .replace("NOT_THE_LEDGER", if tables == Tables::All { "true" } else { "n.nspname <> 'manage'" }),
        };
        let mut lines: Vec<_> = self.query(&sql).concat();
        lines.sort();
        lines.into_iter().fold(String::new(), |text, line| text + &line.split_whitespace().collect::<Vec<_>>().join(" ") + "\n")
    }

    fn dump_of(&self, tables: Tables) -> String {
        let mut text = String::new();
        for table in self.tables(tables) {
            let mut rows: Vec<_> = self.query(&format!("SELECT * FROM {table}")).iter().map(|row| row.join(" | ")).collect();
            rows.sort();
            for row in rows {
                writeln!(text, "{table}: {row}").expect("a String takes everything");
            }
        }
        text
    }

    /// The tables' names, quoted, sorted.
    fn tables(&self, tables: Tables) -> Vec<String> {
        if !self.has_database() {
            return Vec::new();
        }
        let sql = match self.backend() {
            Backend::Sqlite => format!(
                "SELECT '\"' || name || '\"' FROM sqlite_schema s WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' AND {}",
                own(tables, "s.name")
            ),
            Backend::Postgres => format!(
                "SELECT format('%I.%I', n.nspname, c.relname) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace \
                 WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND n.nspname !~ '^pg_' \
                 AND n.nspname <> 'information_schema' AND {} AND {}",
                own(tables, "c.relname"),
                if tables == Tables::All { "true" } else { "n.nspname <> 'manage'" },
            ),
        };
        let mut names = self.query(&sql).concat();
        names.sort();
        names
    }

    fn has_database(&self) -> bool {
        self.backend() == Backend::Postgres || self.has("manage.db")
    }

    fn query_sqlite(&self, sql: &str) -> rusqlite::Result<Vec<Vec<String>>> {
        // Without the flag that creates: a look must not make a database.
        let connection = rusqlite::Connection::open_with_flags(self.path("manage.db"), OpenFlags::SQLITE_OPEN_READ_WRITE)?;
        let mut statement = connection.prepare(sql)?;
        let width = statement.column_count();
        statement.query_map([], |row| (0..width).map(|column| row.get_ref(column).map(shown)).collect())?.collect()
    }

    fn query_postgres(&self, sql: &str) -> Result<Vec<Vec<String>>, postgres::Error> {
        let mut rows = Vec::new();
        for message in connect(self.database_url()).simple_query(sql)? {
            if let SimpleQueryMessage::Row(row) = message {
                rows.push((0..row.len()).map(|column| row.get(column).unwrap_or("NULL").to_owned()).collect());
            }
        }
        Ok(rows)
    }
}

fn shown(value: ValueRef<'_>) -> String {
    match value {
        ValueRef::Null => "NULL".to_owned(),
        ValueRef::Integer(number) => number.to_string(),
        ValueRef::Real(number) => number.to_string(),
        ValueRef::Text(text) => String::from_utf8_lossy(text).into_owned(),
        ValueRef::Blob(bytes) => format!("x'{}'", bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>()),
    }
}

/// The condition under which a table counts.
fn own(tables: Tables, name: &str) -> String {
    match tables {
        Tables::All => "true".to_owned(),
        Tables::OfTheProject => format!("substr({name}, 1, 7) <> 'manage_' AND {name} NOT IN {BOOKKEEPING}"),
    }
}

/// Columns from the pragmas rather than the text of CREATE TABLE, which ALTER TABLE rewrites in its own way.
const SQLITE_SCHEMA: &str = r"
SELECT 'table ' || s.name || ' column ' || c.name || ' ' || c.type
    || iif(c.[notnull], ' NOT NULL', '') || coalesce(' DEFAULT ' || c.dflt_value, '')
    || iif(c.pk, ' PRIMARY KEY ' || c.pk, '') || iif(c.hidden, ' GENERATED ' || c.hidden, '')
FROM sqlite_schema s, pragma_table_xinfo(s.name) c
WHERE s.type = 'table' AND s.name NOT LIKE 'sqlite\_%' ESCAPE '\' AND OWN
UNION ALL
SELECT 'table ' || s.name || ' foreign key ' || f.[from] || ' -> ' || f.[table] || ' ' || coalesce(f.[to], '')
    || ' ON UPDATE ' || f.on_update || ' ON DELETE ' || f.on_delete
FROM sqlite_schema s, pragma_foreign_key_list(s.name) f
WHERE s.type = 'table' AND OWN
UNION ALL
SELECT 'table ' || s.name || ' index ' || iif(i.origin = 'c', i.name, i.origin) || iif(i.[unique], ' UNIQUE', '')
    || ' (' || (SELECT group_concat(coalesce(x.name, 'expression') || iif(x.[desc], ' DESC', ''), ', ')
                FROM pragma_index_xinfo(i.name) x WHERE x.key) || ')'
    || coalesce((SELECT ' ' || substr(d.sql, instr(upper(d.sql), ' WHERE ') + 1) FROM sqlite_schema d
                 WHERE d.type = 'index' AND d.name = i.name AND i.partial), '')
FROM sqlite_schema s, pragma_index_list(s.name) i
WHERE s.type = 'table' AND OWN
UNION ALL
SELECT s.type || ' ' || s.name || ' ' || s.sql FROM sqlite_schema s WHERE s.type IN ('view', 'trigger') AND OWN
";

const POSTGRES_SCHEMA: &str = r"
WITH n AS (
    SELECT n.oid, n.nspname, CASE n.nspname WHEN 'public' THEN '' ELSE n.nspname || '.' END AS prefix
    FROM pg_namespace n
    WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema' AND NOT_THE_LEDGER
), c AS (
    SELECT c.*, n.prefix || c.relname AS shown FROM pg_class c JOIN n ON n.oid = c.relnamespace WHERE OWN
), own_types AS (
    SELECT t.oid, t.typtype, t.typbasetype, t.typtypmod, n.prefix || t.typname AS shown FROM pg_type t JOIN n ON n.oid = t.typnamespace
)
SELECT 'schema ' || nspname FROM n WHERE nspname <> 'public'
UNION ALL
SELECT 'table ' || shown || ' kind ' || relkind::text FROM c WHERE relkind IN ('r', 'p', 'f')
UNION ALL
SELECT 'table ' || c.shown || ' column ' || a.attname || ' ' || format_type(a.atttypid, a.atttypmod)
    || CASE WHEN a.attnotnull THEN ' NOT NULL' ELSE '' END
    || coalesce(' DEFAULT ' || pg_get_expr(d.adbin, d.adrelid), '')
    || CASE WHEN a.attidentity <> '' THEN ' IDENTITY ' || a.attidentity::text ELSE '' END
    || CASE WHEN a.attgenerated <> '' THEN ' GENERATED ' || a.attgenerated::text ELSE '' END
FROM c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
WHERE c.relkind IN ('r', 'p', 'f')
UNION ALL
SELECT 'table ' || c.shown || ' constraint ' || k.conname || ' ' || pg_get_constraintdef(k.oid)
FROM c JOIN pg_constraint k ON k.conrelid = c.oid
UNION ALL
SELECT 'table ' || c.shown || ' index ' || pg_get_indexdef(i.indexrelid) || CASE WHEN i.indisvalid THEN '' ELSE ' INVALID' END
FROM c JOIN pg_index i ON i.indrelid = c.oid
UNION ALL
SELECT 'table ' || c.shown || ' trigger ' || pg_get_triggerdef(t.oid)
FROM c JOIN pg_trigger t ON t.tgrelid = c.oid WHERE NOT t.tgisinternal
UNION ALL
SELECT 'view ' || shown || ' ' || pg_get_viewdef(oid) FROM c WHERE relkind IN ('v', 'm')
UNION ALL
SELECT 'sequence ' || shown FROM c WHERE relkind = 'S'
UNION ALL
SELECT 'type ' || t.shown || ' enum ' || string_agg(e.enumlabel, ', ' ORDER BY e.enumsortorder)
FROM own_types t JOIN pg_enum e ON e.enumtypid = t.oid GROUP BY t.shown
UNION ALL
SELECT 'type ' || shown || ' domain ' || format_type(typbasetype, typtypmod) FROM own_types WHERE typtype = 'd'
UNION ALL
SELECT 'function ' || n.prefix || p.proname || ' ' || md5(pg_get_functiondef(p.oid))
FROM pg_proc p JOIN n ON n.oid = p.pronamespace WHERE p.prokind IN ('f', 'p')
UNION ALL
SELECT 'extension ' || extname FROM pg_extension WHERE extname <> 'plpgsql'
";
