//! What is different on a connection of the application's own.

use diesel::connection::SimpleConnection;
use diesel::sqlite::SqliteConnection;
use diesel::{Connection, RunQueryDsl, sql_query};
use manage::backend::SqlErrorKind;
use manage::domain::explain::Explain;
use manage::embed::Error;
use manage::migrate::MigrateError;

use super::*;

fn sqlite(project: &Project) -> SqliteConnection {
    SqliteConnection::establish(&project.path("manage.db").display().to_string()).expect("a connection")
}

each_backend! {
    fn a_file_without_a_transaction_is_refused_and_names_the_url(project: Project) {
        let index = match project.backend() {
            Backend::Sqlite => "VACUUM;",
            Backend::Postgres => "CREATE INDEX CONCURRENTLY i ON a (id);",
        };
        let project = two(project).no_transaction("3_i", index, "SELECT 1;");
        let mut own = Own::of(&url(&project));
        let before = project.everything();

        let error = own.migrate(&application(&project)).expect_err("it cannot run here");

        assert!(matches!(&error, Error::Migrate(MigrateError::NeedsSession { version }) if version.as_str() == "3"), "{error:?}");
        assert!(error.hint().expect("a hint").contains("over the database's URL"));
        assert_eq!(project.everything(), before, "nothing was done");
        application(&project).migrate(&url(&project)).expect("over the URL it runs");
        own.migrate(&application(&project)).expect("nothing is left to do");
    }

    fn a_connection_in_a_transaction_is_refused(project: Project) {
        let project = two(project);
        let mut own = Own::of(&url(&project));
        let error = match &mut own {
            Own::Sqlite(own) => own.transaction(|own| Ok::<_, diesel::result::Error>(application(&project).migrate(own))),
            Own::Postgres(own) => own.transaction(|own| Ok::<_, diesel::result::Error>(application(&project).migrate(own))),
        };

        let error = error.expect("the transaction ends").expect_err("one is open");
        assert!(matches!(&error, Error::Database(error) if error.kind == SqlErrorKind::InsideTransaction), "{error:?}");
        own.migrate(&application(&project)).expect("outside of it");
    }
}

#[test]
fn the_settings_of_an_sqlite_connection_stay_the_applications() {
    let project = two(Project::new()).migration(
        "3_s",
        "PRAGMA recursive_triggers = ON;\nPRAGMA foreign_keys = ON;\nCREATE TEMP TABLE gone (x);\nATTACH ':memory:' AS more;",
        "SELECT 1;",
    );
    // ATTACH runs outside of a transaction only, which a lent connection does not have.
    project.edit("migrations/3_s/up.sql", |text| text.replace("\nATTACH ':memory:' AS more;", ""));
    let mut own = Own::of(&url(&project));
    own.execute("PRAGMA foreign_keys = OFF; PRAGMA busy_timeout = 77; PRAGMA synchronous = OFF; CREATE TEMP TABLE mine (x)");

    own.migrate(&application(&project)).expect("it migrates");

    let mut set = |name: &str| own.text(&format!("SELECT CAST({name} AS TEXT) FROM pragma_{name}"));
    assert_eq!((set("foreign_keys"), set("recursive_triggers"), set("synchronous")), ("0".into(), "0".into(), "0".into()));
    assert_eq!(own.text("SELECT CAST(timeout AS TEXT) FROM pragma_busy_timeout"), "77");
    assert_eq!(own.text("SELECT group_concat(name) FROM temp.sqlite_schema"), "mine");
}

#[test]
fn the_settings_of_a_postgresql_connection_stay_the_applications() {
    let project = two(Project::on(Backend::Postgres)).migration(
        "3_s",
        "CREATE SCHEMA other;\nSET search_path = other;\nSET ROLE pg_read_all_data;\nRESET ROLE;\nCREATE TEMP TABLE gone (x int);\nSELECT set_config('statement_timeout', '1h', false);",
        "SELECT 1;",
    );
    let mut own = Own::of(&url(&project));
    own.execute("SET statement_timeout = '7s'; SET search_path = public; CREATE TEMP TABLE mine (x int)");

    own.migrate(&application(&project)).expect("it migrates");

    let mut setting = |name: &str| own.text(&format!("SELECT coalesce(current_setting('{name}', true), '')"));
    assert_eq!((setting("search_path"), setting("statement_timeout")), ("public".to_owned(), "7s".to_owned()));
    assert_eq!(own.text("SELECT string_agg(relname, ',')::text FROM pg_class WHERE relnamespace = pg_my_temp_schema()"), "mine");
    let held = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' \
                AND database = (SELECT oid FROM pg_database WHERE datname = current_database())";
    assert_eq!(project.value(held), "0", "the lock was given back");
}

#[test]
fn a_rebuild_keeps_the_rows_that_point_to_the_table() {
    let project = Project::new()
        .migration("1_a", "CREATE TABLE parent (id INTEGER PRIMARY KEY);\nCREATE TABLE child (p INTEGER REFERENCES parent (id) ON DELETE CASCADE);\nINSERT INTO parent VALUES (1);\nINSERT INTO child VALUES (1);", "SELECT 1;")
        .migration("2_rebuild", "CREATE TABLE new_parent (id INTEGER PRIMARY KEY, name TEXT);\nINSERT INTO new_parent (id) SELECT id FROM parent;\nDROP TABLE parent;\nALTER TABLE new_parent RENAME TO parent;", "SELECT 1;");
    let mut own = sqlite(&project);
    own.batch_execute("PRAGMA foreign_keys = ON").expect("a pragma");

    application(&project).migrate(&mut own).expect("it migrates");

    assert_eq!(project.value("SELECT count(*) FROM child"), "1");
    sql_query("INSERT INTO child VALUES (2)").execute(&mut own).expect_err("foreign keys are on again");
}

#[test]
fn a_trigger_that_ends_the_transaction_leaves_a_connection_that_works() {
    let project = two(Project::new())
        .migration("3_t", "CREATE TRIGGER t BEFORE INSERT ON b BEGIN SELECT RAISE(ROLLBACK, 'no'); END;", "DROP TRIGGER t;")
        .migration("4_i", "CREATE TABLE c (x);\nINSERT INTO b VALUES (1);", "SELECT 1;");
    let mut own = sqlite(&project);

    application(&project).migrate(&mut own).expect_err("the trigger says no");

    own.transaction(|own| sql_query("INSERT INTO a VALUES (7)").execute(own)).expect("the connection is as good as before");
    assert_eq!(application(&project).status(&mut own).expect("a status").applied.len(), 3);
    assert_eq!(project.value("SELECT count(*) FROM sqlite_schema WHERE name = 'c'"), "0");
}

#[test]
fn a_database_in_memory_is_migrated() {
    let project = two(Project::new());
    let mut own = SqliteConnection::establish(":memory:").expect("a connection");

    let done = application(&project).migrate(&mut own).expect("it migrates");

    assert_eq!(versions(&done), ["1", "2"]);
    application(&project).assert_up_to_date(&mut own).expect("up to date");
}
