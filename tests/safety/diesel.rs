//! Diesel's own harness and `manage` take turns on one database.

use diesel::SqliteConnection;
use diesel::connection::Connection;
use diesel_migrations::{FileBasedMigrations, MigrationHarness};
use manage::backend::postgres::PostgresSession;

use crate::support::*;

/// Versions of 1, 8, 14 and 18 digits, with dashes and without, and one that is a word: the text decides.
const NAMES: [&str; 9] = [
    "00000000000000_diesel_initial_setup",
    "2024-01-15_eight_digits",
    "20240115093000_fourteen",
    "2024-01-15-093000-0001_eighteen",
    "2024-01-16-000000_dashes",
    "20240116_eight_again",
    "3_one_digit",
    "10_two_digits",
    "word_after_all",
];

fn project(backend: Backend) -> Project {
    NAMES.iter().enumerate().fold(Project::on(backend), |project, (at, name)| {
        let (up, down) =
            (format!("CREATE TABLE t{at} (id INTEGER);\nINSERT INTO t{at} VALUES ({at});"), format!("DROP TABLE t{at};"));
        if at % 4 == 3 { project.no_transaction(name, &up, &down) } else { project.migration(name, &up, &down) }
    })
}

/// One migration by diesel alone. Returns its version.
fn by_diesel(project: &Project, forward: bool) -> String {
    let source = FileBasedMigrations::from_path(project.path("migrations")).expect("diesel reads the files");
    match project.backend() {
        Backend::Sqlite => {
            let file = project.path("manage.db").display().to_string();
            one(&mut SqliteConnection::establish(&file).expect("SQLite opens the file"), source, forward)
        }
        Backend::Postgres => {
            one(&mut PostgresSession::establish(project.database_url()).expect("the server is there"), source, forward)
        }
    }
}

fn one<C, DB>(connection: &mut C, source: FileBasedMigrations, forward: bool) -> String
where
    C: MigrationHarness<DB>,
    DB: diesel::backend::Backend,
    FileBasedMigrations: diesel::migration::MigrationSource<DB>,
{
    let done = if forward { connection.run_next_migration(source) } else { connection.revert_last_migration(source) };
    done.map(|version| version.to_string()).unwrap_or_else(|error| panic!("diesel: {error}"))
}

/// The history's table and rows, but for the moments, whose form is compared.
fn history(project: &Project) -> Vec<Vec<String>> {
    let (shape, rows) = match project.backend() {
        Backend::Sqlite => (
            "SELECT sql FROM sqlite_schema WHERE name = '__diesel_schema_migrations'",
            "SELECT version, typeof(version), typeof(run_on), length(run_on) FROM __diesel_schema_migrations ORDER BY rowid",
        ),
        Backend::Postgres => (
            "SELECT table_schema, column_name, data_type, character_maximum_length, is_nullable, column_default \
             FROM information_schema.columns WHERE table_name = '__diesel_schema_migrations' ORDER BY 2",
            "SELECT version, run_on > now() AT TIME ZONE 'UTC' - interval '1 hour' FROM __diesel_schema_migrations ORDER BY ctid",
        ),
    };
    [project.query(shape), project.query(rows)].concat()
}

each_backend! {
    fn diesel_and_manage_take_turns_in_both_directions(given: Project) {
        for first in [0, 1] {
            let (mixed, pure) = (project(given.backend()), project(given.backend()));
            for step in 0..NAMES.len() {
                let expected = by_diesel(&pure, true);

                if step % 2 == first {
                    mixed.run("migrate --steps 1").ok().says(&format!("✓ {expected} "));
                } else {
                    assert_eq!(by_diesel(&mixed, true), expected);
                }

                let versions = |project: &Project| {
                    let mut rows = history(project);
                    rows.sort();
                    rows
                };
                assert_eq!(versions(&mixed), versions(&pure), "step {step}");
                assert_eq!((mixed.schema(), mixed.dump()), (pure.schema(), pure.dump()));
            }
            mixed.run("status --check").ok().says("up to date");

            for step in 0..NAMES.len() {
                let expected = by_diesel(&pure, false);

                if step % 2 == first {
                    mixed.run("rollback").ok().says(&format!("✓ {expected} "));
                } else {
                    assert_eq!(by_diesel(&mixed, false), expected);
                }

                assert_eq!((mixed.schema(), mixed.dump()), (pure.schema(), pure.dump()), "step {step}");
            }
            // And forward again, all at once.
            mixed.run("migrate").ok();
            while history(&pure).len() < history(&mixed).len() {
                by_diesel(&pure, true);
            }
            assert_eq!(mixed.schema(), pure.schema());
        }
    }

    fn a_file_that_diesel_finished_is_not_half_way(given: Project) {
        let project = Project::on(given.backend())
            .no_transaction("1_t", "CREATE TABLE IF NOT EXISTS a (id INTEGER);\nSELECT missing;", "DROP TABLE a;")
            .migration("2_u", "CREATE TABLE u (id INTEGER);", "DROP TABLE u;");
        project.run("migrate").fails_with(3);
        project.edit("migrations/1_t/up.sql", |text| text.replace("missing", "1"));
        assert_eq!(by_diesel(&project, true), "1");

        project.run("migrate").ok().says("✓ 2 u");
        project.run("status --check").ok();

        project.run("rollback --all --yes").ok();
        project.run("migrate").ok().does_not_say("earlier run");
        assert!(project.schema().contains("table a column id"), "its first statement ran again");
    }
}
