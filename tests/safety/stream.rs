//! `--sql`: what a plain client makes of it is what `migrate` makes.

use std::path::Path;
use std::process::{Command, Stdio};

use crate::support::*;

/// Runs a text in sqlite3 or psql, stopping at the first error.
#[track_caller]
fn run_elsewhere(project: &Project, sql: &str) -> bool {
    match project.backend() {
        Backend::Sqlite => {
            let connection = rusqlite::Connection::open(project.path("manage.db")).expect("SQLite opens the file");
            connection.execute_batch(sql).inspect_err(|error| eprintln!("{error}\n{sql}")).is_ok()
        }
        Backend::Postgres => {
            use std::io::Write;
            let folder = std::env::var_os("MANAGE_TEST_PG_BIN").expect("tests/run.sh says where the programs are");
            let mut child = Command::new(Path::new(&folder).join("psql"))
                .args(["-X", "-q", "-v", "ON_ERROR_STOP=1", "-f", "-", project.database_url()])
                .stdin(Stdio::piped())
                .stdout(Stdio::null())
                .spawn()
                .expect("psql comes with the server");
            child.stdin.take().expect("a pipe").write_all(sql.as_bytes()).expect("psql reads");
            child.wait().expect("psql ends").success()
        }
    }
}

/// History and log without what changes from run to run.
fn memory(project: &Project) -> Vec<Vec<String>> {
    let schema = if project.backend() == Backend::Postgres { "manage" } else { "main" };
    let mut rows = project.query("SELECT version FROM __diesel_schema_migrations ORDER BY version");
    rows.extend(project.query(&format!(
        "SELECT history, version, name, action, statements, byte_checksum, token_checksum, up_text, down_text \
         FROM {schema}.manage_migration_log ORDER BY id"
    )));
    rows
}

/// The same migrations in two projects.
fn twins(backend: Backend) -> [Project; 2] {
    [Project::on(backend), Project::on(backend)].map(|project| {
        let project = project.migration("0_start", "CREATE TABLE start (id INTEGER);", "DROP TABLE start;");
        match backend {
            Backend::Sqlite => project
                .migration(
                    "1_family",
                    "CREATE TABLE parents (id INTEGER PRIMARY KEY, name TEXT);
                     CREATE TABLE children (id INTEGER PRIMARY KEY, parent_id INTEGER REFERENCES parents (id) ON DELETE CASCADE);
                     INSERT INTO parents VALUES (1, 'it''s; a \\ \"trap\" -- no');
                     INSERT INTO children VALUES (1, 1); -- the last line has a comment",
                    "DROP TABLE children; DROP TABLE parents;",
                )
                .migration(
                    "2_rebuild",
                    "CREATE TABLE n (id INTEGER PRIMARY KEY, name TEXT NOT NULL); INSERT INTO n SELECT * FROM parents;
                     DROP TABLE parents; ALTER TABLE n RENAME TO parents;",
                    "SELECT 1;",
                )
                .migration("3_pragma", "PRAGMA legacy_alter_table = ON; CREATE TABLE p (id INTEGER);", "DROP TABLE p;")
                .no_transaction("4_vacuum", "VACUUM;\nCREATE TABLE v (id INTEGER);", "DROP TABLE v;"),
            Backend::Postgres => project
                .migration(
                    "1_path",
                    "SELECT set_config('search_path', '', false);
                     SET ROLE pg_read_all_data; RESET ROLE; SET statement_timeout = '1h';
                     CREATE FUNCTION public.f() RETURNS text LANGUAGE sql AS $$ SELECT 'it''s; a \\ \"trap\" -- no' $$;
                     CREATE TABLE public.quoted (t text DEFAULT E'a\\'b\\\\c');",
                    "DROP TABLE quoted; DROP FUNCTION f;",
                )
                .migration(
                    "2_next",
                    "CREATE TABLE here AS SELECT f() AS t, current_setting('statement_timeout') AS s;",
                    "DROP TABLE here;",
                )
                .no_transaction(
                    "3_index",
                    "CREATE INDEX CONCURRENTLY h ON here (t);\nCREATE INDEX CONCURRENTLY s ON here (s);",
                    "DROP INDEX h; DROP INDEX s;",
                ),
        }
        .migration("5_it's a \\ quoted \"name\"", "CREATE TABLE five (id INTEGER);", "DROP TABLE five;")
        .migration("6'; DROP TABLE start; --_x", "CREATE TABLE six (id INTEGER);", "DROP TABLE six;")
        .migration("7_new; DROP TABLE start; --line", "CREATE TABLE seven (id INTEGER);", "DROP TABLE seven;")
    })
}

each_backend! {
    fn the_stream_keeps_to_the_flags_of_migrate(project: Project) {
        for flags in ["--fake", "--single-transaction", "--fake --single-transaction"] {
            let [here, there] = [(); 2].map(|()| {
                let project = Project::on(project.backend())
                    .migration("0_start", "CREATE TABLE start (id INTEGER);", "DROP TABLE start;");
                project.run("migrate").ok();
                project
                    .migration("1_a", "CREATE TABLE a (id INTEGER);\nINSERT INTO a VALUES (1);", "DROP TABLE a;")
                    .migration("2_b", "CREATE TABLE b AS SELECT * FROM a;", "DROP TABLE b;")
            });
            let sql = there.run(&format!("migrate --sql {flags}")).ok().stdout.clone();
            here.run(&format!("migrate {flags}")).ok();

            assert!(run_elsewhere(&there, &sql), "{sql}");

            assert_eq!(memory(&here), memory(&there), "{flags}");
            assert_eq!(here.dump(), there.dump(), "{flags}");
            let commits = if flags.contains("single") { 1 } else { 2 };
            assert_eq!(sql.matches("COMMIT;").count(), commits, "{sql}");
        }
    }

    fn the_stream_run_elsewhere_gives_what_migrate_gives(project: Project) {
        let [here, there] = twins(project.backend());
        // The ledger is there, so that the stream writes to it.
        for project in [&here, &there] {
            project.run("migrate --to 0").ok();
        }

        here.run("migrate").ok();
        let sql = there.run("migrate --sql").ok().stdout.clone();
        assert!(run_elsewhere(&there, &sql), "{sql}");

        assert_eq!(here.schema(), there.schema());
        assert_eq!(here.dump(), there.dump());
        assert_eq!(memory(&here), memory(&there));
        there.run("status --check").ok();

        here.run("rollback --all --yes").ok();
        let sql = there.run("rollback --all --sql").ok().stdout.clone();
        assert!(run_elsewhere(&there, &sql), "{sql}");

        assert_eq!(here.schema(), there.schema());
        assert_eq!(memory(&here), memory(&there));
    }

    fn the_stream_of_a_new_database_makes_the_history_itself(project: Project) {
        let [here, there] = twins(project.backend());

        here.run("migrate").ok();
        let sql = there.run("migrate --sql").ok().stdout.clone();
        assert!(run_elsewhere(&there, &sql), "{sql}");

        assert_eq!(here.schema(), there.schema());
        assert_eq!(here.dump(), there.dump());
        there.run("migrate").ok().says("nothing to do");
    }

    fn odd_names_reach_the_history_as_they_are(project: Project) {
        let [project, _] = twins(project.backend());

        project.run("migrate").ok();

        let versions = project.query("SELECT version FROM __diesel_schema_migrations ORDER BY 1").concat();
        assert!(versions.contains(&"6'; DROP TABLE start; ".to_owned()), "{versions:?}");
        assert_eq!(project.query("SELECT * FROM start").len(), 0);
        project.run("status --check").ok();
    }
}
