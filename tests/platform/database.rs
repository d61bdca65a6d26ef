//! A database of its own for each test, on either engine, and what the tests ask of it.

use std::sync::atomic::{AtomicU32, Ordering};

use diesel::{connection::SimpleConnection, prelude::*, sql_query, sql_types::Text};

use super::files::{Direction, Migration, migrations};

/// Runs a test once on SQLite and once on PostgreSQL.
macro_rules! each_database {
    ($(fn $name:ident($db:ident: &mut dyn Database) $body:block)*) => { $(
        mod $name {
            #[allow(unused_imports)]
            use super::*;
            use $crate::platform::database::{Database, Postgres, Sqlite};

            fn test($db: &mut dyn Database) $body

            #[test]
            fn on_sqlite() {
                test(&mut Sqlite::new());
            }

            #[test]
            fn on_postgres() {
                test(&mut Postgres::new());
            }
        }
    )* };
}
pub(crate) use each_database;

/// A column as `schema.rs` would write it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Column {
    pub table: String,
    pub name: String,
    /// Diesel's type, `Nullable<…>` included.
    pub sql_type: String,
}

pub trait Database {
    /// `sqlite` or `postgres`, as in `up.postgres.sql`.
    fn variant(&self) -> &'static str;
    /// Runs one script as the engine would run it: all of it or nothing.
    fn run(&mut self, text: &str, in_transaction: bool) -> Result<(), String>;
    /// The column `line` of a query.
    fn lines(&mut self, query: &str) -> Vec<String>;
    /// Everything that the schema consists of, as comparable text.
    fn catalogue(&mut self) -> Vec<String>;
    /// Every column of every table, by table, then in the table's own order.
    fn columns(&mut self) -> Vec<Column>;
}

impl dyn Database + '_ {
    pub fn migrate(&mut self, migration: &Migration, direction: Direction) -> Result<(), String> {
        let text = migration.text(direction, self.variant());
        self.run(&text, migration.in_transaction()).map_err(|error| format!("{}: {error}", migration.name))
    }

    pub fn up(&mut self, migration: &Migration) {
        self.migrate(migration, Direction::Up).expect("up works");
    }

    pub fn down(&mut self, migration: &Migration) {
        self.migrate(migration, Direction::Down).expect("down works");
    }

    pub fn up_all(&mut self) {
        migrations().iter().for_each(|migration| self.up(migration));
    }

    /// Applies everything before the migration of this name and gives that migration.
    pub fn up_to_before(&mut self, name: &str) -> Migration {
        for migration in migrations() {
            if migration.name.ends_with(name) {
                return migration;
            }
            self.up(&migration);
        }
        panic!("no migration is called {name}")
    }

    pub fn execute(&mut self, text: &str) {
        self.run(text, true).expect("the statement works");
    }

    pub fn line(&mut self, query: &str) -> String {
        self.lines(query).join("\n")
    }
}

#[derive(QueryableByName)]
struct Line {
    #[diesel(sql_type = Text)]
    line: String,
}

pub struct Sqlite {
    pub connection: SqliteConnection,
}

impl Sqlite {
    pub fn new() -> Self {
        let mut connection = SqliteConnection::establish(":memory:").expect("SQLite opens a database in memory");
        connection.batch_execute("PRAGMA foreign_keys = ON").expect("SQLite has foreign keys");
        Self { connection }
    }
}

impl Database for Sqlite {
    fn variant(&self) -> &'static str {
        "sqlite"
    }

    fn run(&mut self, text: &str, in_transaction: bool) -> Result<(), String> {
        // A rebuild switches foreign keys off, which SQLite does outside a transaction only.
        let rebuild = text.contains("PRAGMA foreign_keys = OFF;");
        if !in_transaction {
            return self.connection.batch_execute(text).map_err(|error| error.to_string());
        }
        let body = text.replace("PRAGMA foreign_keys = OFF;", "").replace("PRAGMA foreign_keys = ON;", "");
        if rebuild {
            self.connection.batch_execute("PRAGMA foreign_keys = OFF").expect("outside a transaction");
        }
        let result = self
            .connection
            .immediate_transaction(|connection| connection.batch_execute(&body))
            .map_err(|error| error.to_string());
        self.connection.batch_execute("PRAGMA foreign_keys = ON").expect("outside a transaction");
        let broken = self.lines("SELECT \"table\" || ' ' || rowid AS line FROM pragma_foreign_key_check");
        assert_eq!(broken, Vec::<String>::new(), "foreign keys that point nowhere");
        result
    }

    fn lines(&mut self, query: &str) -> Vec<String> {
        let rows: Vec<Line> = sql_query(query).load(&mut self.connection).expect("the query works");
        rows.into_iter().map(|row| row.line).collect()
    }

    fn catalogue(&mut self) -> Vec<String> {
        let lines =
            self.lines("SELECT type || ' ' || name || ' ' || coalesce(sql, '') AS line FROM sqlite_schema ORDER BY type, name");
        // A table that was renamed into its place has its name in quotes; that is the only difference.
        lines.into_iter().map(|line| line.replace('"', "")).collect()
    }

    fn columns(&mut self) -> Vec<Column> {
        let lines = self.lines(
            "SELECT t.name || '|' || c.name || '|' || c.type || '|' || (NOT c.\"notnull\") || '|' || c.pk AS line
             FROM sqlite_schema t, pragma_table_info(t.name) c WHERE t.type = 'table' ORDER BY t.name, c.cid",
        );
        lines.iter().map(|line| column(line, |declared, key| if key { "BigInt" } else { diesel_type(declared) })).collect()
    }
}

/// A PostgreSQL database that is dropped when the test is over.
pub struct Postgres {
    client: Option<postgres::Client>,
    server: postgres::Config,
    name: String,
}

impl Postgres {
    /// HOOK: the one place that knows where the server is. A test kit that starts a throw-away server replaces it.
    fn server() -> postgres::Config {
        let url = std::env::var("MANAGE_TEST_PG_URL")
            .expect("MANAGE_TEST_PG_URL must name a PostgreSQL server on which databases may be created");
        url.parse().expect("MANAGE_TEST_PG_URL is a PostgreSQL URL")
    }

    pub fn new() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let name = format!("manage_platform_{}_{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let server = Self::server();

        let mut admin = server.connect(postgres::NoTls).expect("the server answers");
        admin.batch_execute(&format!("CREATE DATABASE {name} TEMPLATE template0")).expect("databases may be created");

        let client = server.clone().dbname(&name).connect(postgres::NoTls).expect("the new database answers");
        Self { client: Some(client), server, name }
    }

    fn client(&mut self) -> &mut postgres::Client {
        self.client.as_mut().expect("only drop takes the client")
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        self.client.take();
        if let Ok(mut admin) = self.server.connect(postgres::NoTls) {
            let _ = admin.batch_execute(&format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", self.name));
        }
    }
}

impl Database for Postgres {
    fn variant(&self) -> &'static str {
        "postgres"
    }

    // Several statements in one message are one transaction; a single statement is free of one.
    fn run(&mut self, text: &str, _in_transaction: bool) -> Result<(), String> {
        self.client().batch_execute(text).map_err(|error| match error.as_db_error() {
            Some(error) => error.message().to_owned(),
            None => error.to_string(),
        })
    }

    fn lines(&mut self, query: &str) -> Vec<String> {
        let rows = self.client().query(query, &[]).expect("the query works");
        rows.iter().map(|row| row.get("line")).collect()
    }

    fn catalogue(&mut self) -> Vec<String> {
        self.lines(
            "SELECT line FROM (
                 SELECT concat_ws(' ', 'column', a.attrelid::regclass,
                            row_number() OVER (PARTITION BY a.attrelid ORDER BY a.attnum), a.attname,
                            format_type(a.atttypid, a.atttypmod), a.attnotnull, a.attidentity,
                            pg_get_expr(d.adbin, d.adrelid)) AS line
                 FROM pg_attribute a
                 JOIN pg_class c ON c.oid = a.attrelid
                 LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
                 WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r' AND a.attnum > 0 AND NOT a.attisdropped
                 UNION ALL
                 SELECT concat_ws(' ', 'constraint', conrelid::regclass, conname, pg_get_constraintdef(oid))
                 FROM pg_constraint WHERE connamespace = 'public'::regnamespace
                 UNION ALL
                 SELECT concat_ws(' ', 'index', indexdef) FROM pg_indexes WHERE schemaname = 'public'
                 UNION ALL
                 SELECT concat_ws(' ', 'sequence', sequencename, data_type) FROM pg_sequences WHERE schemaname = 'public'
                 UNION ALL
                 SELECT concat_ws(' ', 'invalid index', indexrelid::regclass) FROM pg_index WHERE NOT indisvalid
             ) everything ORDER BY line COLLATE \"C\"",
        )
    }

    fn columns(&mut self) -> Vec<Column> {
        let lines = self.lines(
            "SELECT concat_ws('|', table_name, column_name, data_type, (is_nullable = 'YES')::int, 0) AS line
             FROM information_schema.columns JOIN information_schema.tables USING (table_catalog, table_schema, table_name)
             WHERE table_schema = 'public' AND table_type = 'BASE TABLE'
             ORDER BY table_name COLLATE \"C\", ordinal_position",
        );
        lines.iter().map(|line| column(line, |declared, _| diesel_type(declared))).collect()
    }
}

/// Reads `table|column|type|nullable|place in the key`.
fn column(line: &str, type_of: fn(&str, bool) -> &'static str) -> Column {
    let [table, name, declared, nullable, key] = line.split('|').collect::<Vec<_>>()[..] else { panic!("{line}") };
    // On SQLite the generated key is the row's number, which has 64 bits whatever its declared type.
    let base = type_of(declared, key != "0" && declared == "INTEGER");
    let sql_type = if nullable == "1" { format!("Nullable<{base}>") } else { base.to_owned() };
    Column { table: table.to_owned(), name: name.to_owned(), sql_type }
}

fn diesel_type(declared: &str) -> &'static str {
    match declared.to_lowercase().split('(').next().unwrap_or_default() {
        "bigint" => "BigInt",
        "integer" => "Integer",
        "boolean" => "Bool",
        "text" | "varchar" | "character varying" => "Text",
        "timestamp" | "timestamp without time zone" => "Timestamp",
        other => panic!("the platform has no type {other}"),
    }
}
