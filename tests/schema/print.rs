//! `manage schema print` against what diesel's own tool printed.

use std::fs;
use std::path::{Path, PathBuf};

use crate::support::*;

/// The cases for one database: `tests/fixtures/print_schema/<backend>/<case>/`.
pub(super) fn cases(backend: Backend) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/print_schema").join(backend.word());
    let mut cases: Vec<_> =
        fs::read_dir(folder).expect("the fixtures are there").map(|entry| entry.expect("readable").path()).collect();
    cases.sort();
    assert!(cases.len() > 5, "{cases:?}");
    cases
}

/// A project whose database `input.sql` has made.
fn project_of(case: &Path, backend: Backend) -> Project {
    let mut project = Project::on(backend).file("diesel.toml", "");
    for name in ["diesel.toml", "rustfmt.toml", "schema.patch"] {
        if let Ok(text) = fs::read_to_string(case.join(name)) {
            project = project.file(name, &text);
        }
    }
    project.execute(&fs::read_to_string(case.join("input.sql")).expect("a case has its input"));
    project
}

fn every_case(backend: Backend) {
    for case in cases(backend) {
        let expected = fs::read_to_string(case.join("schema.rs")).expect("a case has diesel's output");
        let project = project_of(&case, backend);

        let printed = project.run("schema print").ok().stdout.clone();

        assert_eq!(printed, expected, "{}", case.display());
    }
}

#[test]
fn sqlite_is_printed_as_diesel_prints_it() {
    every_case(Backend::Sqlite);
}

#[test]
fn postgres_is_printed_as_diesel_prints_it() {
    every_case(Backend::Postgres);
}

#[test]
fn the_root_project_has_the_schema_rs_that_its_migrations_make() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut project = Project::new();
    for name in ["diesel.toml", "rustfmt.toml"] {
        project = project.file(name, &fs::read_to_string(root.join(name)).expect("the root has it"));
    }
    for folder in fs::read_dir(root.join("migrations")).expect("the root has migrations") {
        for file in fs::read_dir(folder.expect("readable").path()).expect("a migration is a folder") {
            let file = file.expect("readable").path();
            let path = file.strip_prefix(root).expect("it lies in the root").display().to_string();
            project = project.file(&path, &fs::read_to_string(&file).expect("readable"));
        }
    }
    project.run("migrate").ok();

    let printed = project.run("schema print").ok().stdout.clone();

    assert_eq!(printed, include_str!("../../src/platform/schema.rs"));
}

each_backend! {
    fn bookkeeping_tables_are_not_printed(project: Project) {
        let project = project.migration("20260101000000_users", "CREATE TABLE users (id INTEGER PRIMARY KEY NOT NULL);", "DROP TABLE users;");
        project.run("migrate").ok();

        let printed = project.run("schema print").ok().stdout.clone();

        assert!(printed.contains("users (id)") && !printed.contains("manage") && !printed.contains("migrations"), "{printed}");
    }

    fn printing_changes_nothing_and_has_an_alias(project: Project) {
        project.execute("CREATE TABLE users (id INTEGER PRIMARY KEY)");
        let before = project.everything();

        let printed = project.run("schema print").ok().stdout.clone();
        let alias = project.run("print-schema").ok().stdout.clone();

        assert_eq!(printed, alias);
        assert_eq!(before, project.everything());
    }

    fn the_texts_are_facts(project: Project) {
        let project = project.file("diesel.toml", "[print_schema]\nfile = \"src/schema.rs\"\n");
        project.execute("CREATE TABLE users (id INTEGER PRIMARY KEY NOT NULL)");

        let facts = project.run("schema print --json").ok().json();

        assert_eq!(facts["schemas"][0]["key"], "default");
        assert_eq!(facts["schemas"][0]["file"], "src/schema.rs");
        assert_eq!(facts["schemas"][0]["text"].as_str(), Some(&*project.run("schema print -q").ok().stdout));
    }

    fn one_of_several_is_chosen_by_its_key(project: Project) {
        let project = project.file("diesel.toml", "[print_schema.a]\nfilter = { only_tables = [\"^a\"] }\n[print_schema.b]\nfilter = { only_tables = [\"^b\"] }\n");
        project.execute("CREATE TABLE apples (id INTEGER PRIMARY KEY); CREATE TABLE bees (id INTEGER PRIMARY KEY)");

        let printed = project.run("schema print --key b").ok().stdout.clone();

        assert!(printed.contains("bees") && !printed.contains("apples"), "{printed}");
        project.run("schema print --key c").fails_with(2).says("diesel.toml has no [print_schema.c]").says("a, b, default");
    }

    fn settings_that_diesel_does_not_know_are_refused(project: Project) {
        let project = project.file("diesel.toml", "[print_schema]\nfiel = \"src/schema.rs\"\n");
        project.execute("CREATE TABLE users (id INTEGER PRIMARY KEY)");

        project.run("schema print").fails_with(2).says("unknown field `fiel`").says("diesel.toml:1");
    }

    fn a_patch_that_does_not_fit_is_refused(project: Project) {
        let patch = "--- a\n+++ b\n@@ -1,1 +1,1 @@\n-nothing like this\n+that\n";
        let project = project.file("diesel.toml", "[print_schema]\npatch_file = \"schema.patch\"\n").file("schema.patch", patch);
        project.execute("CREATE TABLE users (id INTEGER PRIMARY KEY)");

        project.run("schema print").fails_with(2).says("the patch cannot be applied to schema.rs");

        project.remove("schema.patch");
        project.run("schema print").fails_with(3).says("cannot read").says("schema.patch");
    }
}

#[test]
fn a_table_without_a_primary_key_is_named() {
    let project = Project::on(Backend::Postgres);
    project.execute("CREATE TABLE events (at TIMESTAMP)");

    project.run("schema print").fails_with(2).says("the table events has no primary key").says("except_tables = [\"^events$\"]");
}

#[test]
fn a_type_that_diesel_does_not_know_on_sqlite_is_named() {
    let project = Project::new();
    project.execute("CREATE TABLE events (id INTEGER PRIMARY KEY, payload JSON)");

    project.run("schema print").fails_with(2).says("the type `json` of events.payload is none that Diesel knows");
}

#[test]
fn sqlite_has_no_schemas() {
    let project = Project::new().file("diesel.toml", "[print_schema]\nschema = \"side\"\n");
    project.execute("CREATE TABLE events (id INTEGER PRIMARY KEY)");

    project.run("schema print").fails_with(2).says("diesel.toml names the schema side, but SQLite has no schemas");
}

#[test]
fn the_search_path_does_not_matter() {
    let project = Project::on(Backend::Postgres);
    project.execute("CREATE TYPE mood AS ENUM ('sad'); CREATE TABLE users (id SERIAL PRIMARY KEY, mood mood)");
    let before = project.run("schema print").ok().stdout.clone();

    project.execute(&format!("ALTER DATABASE {} SET search_path = pg_catalog", project.value("SELECT current_database()")));

    assert_eq!(before, project.run("schema print").ok().stdout);
}
