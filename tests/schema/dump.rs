//! `manage schema dump`: what it prints makes the same schema.

use std::fs;
use std::path::Path;

use crate::support::*;

/// Makes a database with `sql`, dumps it into a second one, and compares both, with the kit's own eyes and with a
/// second dump.
fn comes_back(backend: Backend, sql: &str, what: &str) {
    let first = Project::on(backend);
    first.execute(sql);
    let dump = first.run("schema dump").ok().stdout.clone();

    let second = Project::on(backend);
    second.execute(&dump);

    assert_eq!(first.schema(), second.schema(), "{what}\n{dump}");
    assert_eq!(dump, second.run("schema dump").ok().stdout, "{what}");
}

fn fixtures(backend: Backend) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
    fs::read_to_string(folder.join(format!("dump/{}.sql", backend.word()))).expect("the fixture is there")
}

#[test]
fn a_dump_of_sqlite_comes_back() {
    comes_back(Backend::Sqlite, &fixtures(Backend::Sqlite), "dump/sqlite.sql");
}

#[test]
fn a_dump_of_postgres_comes_back() {
    comes_back(Backend::Postgres, &fixtures(Backend::Postgres), "dump/postgres.sql");
}

#[test]
fn every_database_that_can_be_printed_can_be_dumped() {
    for backend in [Backend::Sqlite, Backend::Postgres] {
        for case in super::print::cases(backend) {
            let sql = fs::read_to_string(case.join("input.sql")).expect("a case has its input");
            comes_back(backend, &sql, &case.display().to_string());
        }
    }
}

each_backend! {
    fn a_dump_is_a_migration(project: Project) {
        let original = Project::on(project.backend());
        original.execute("CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT NOT NULL DEFAULT 'x'); CREATE INDEX users_name ON users (name)");
        let dump = original.run("schema dump").ok().stdout.clone();

        let project = project.one_way_migration("20260101000000_baseline", &dump).one_way_migration("20260102000000_more", "CREATE TABLE more (id INTEGER PRIMARY KEY);");
        project.run("migrate").ok();

        assert_eq!(project.value("SELECT count(*) FROM users") + &project.value("SELECT count(*) FROM more"), "00");
    }

    fn bookkeeping_is_not_dumped_and_nothing_is_written(project: Project) {
        let project = project.migration("20260101000000_users", "CREATE TABLE users (id INTEGER PRIMARY KEY);", "DROP TABLE users;");
        project.run("migrate").ok();
        let before = project.everything();

        let outcome = project.run("schema dump --json").ok().json();

        let sql = outcome["sql"].as_str().expect("the statements");
        assert!(sql.contains("users") && !sql.contains("manage") && !sql.contains("diesel"), "{sql}");
        assert_eq!(outcome["left_out"], serde_json::json!([]));
        assert_eq!(before, project.everything());
    }
}

#[test]
fn what_is_left_out_is_named() {
    let project = Project::on(Backend::Postgres);
    project.execute(
        "CREATE TABLE users (id INTEGER PRIMARY KEY); CREATE TABLE admins () INHERITS (users);
         CREATE COLLATION numeric (provider = icu, locale = 'en-u-kn-true');
         CREATE AGGREGATE total (INTEGER) (SFUNC = int4pl, STYPE = INTEGER);
         CREATE PUBLICATION news FOR TABLE users",
    );

    let outcome = project.run("schema dump");

    outcome.exits_with(1).says("4 objects left out");
    for object in [
        "inheritance public.admins from public.users",
        "aggregate public.total(integer)",
        "collation public.numeric",
        "publication news",
    ] {
        assert!(outcome.stdout.contains(&format!("-- left out: {object}\n")), "{outcome}");
        assert!(outcome.stderr.contains(object), "{outcome}");
    }
}

#[test]
fn the_options_of_extensions_stay() {
    let project = Project::on(Backend::Postgres);
    // Not every server has the extensions of contrib.
    if project.value("SELECT count(*) FROM pg_available_extensions WHERE name = 'citext'") == "0" {
        return;
    }
    comes_back(
        Backend::Postgres,
        "CREATE SCHEMA ext; CREATE EXTENSION citext SCHEMA ext; CREATE TABLE users (id INTEGER PRIMARY KEY, email ext.citext UNIQUE)",
        "citext",
    );
}
