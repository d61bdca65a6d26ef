//! schema.rs follows the migrations on databases of developers.

use crate::support::*;

const MIGRATION: &str = "20260101000000_users";

/// A project that names a schema.rs, on a database that `manage` makes itself.
fn development(backend: Backend) -> Project {
    Project::on(backend).file("diesel.toml", "[print_schema]\nfile = \"src/schema.rs\"\n").migration(
        MIGRATION,
        "CREATE TABLE users (id INTEGER PRIMARY KEY NOT NULL);",
        "DROP TABLE users;",
    )
}

#[test]
fn migrate_rollback_and_redo_rewrite_schema_rs_where_it_changes() {
    let project = development(Backend::Sqlite);

    let first = project.run("migrate");
    first.ok().says("schema.rs rewritten");
    assert_eq!(project.read("src/schema.rs"), project.run("schema print").ok().stdout);
    project.run("migrate").ok().does_not_say("rewritten");

    project.edit(&format!("migrations/{MIGRATION}/up.sql"), |text| text.replace(");", ", name TEXT);"));
    project.run("redo --yes").ok().says("schema.rs rewritten");
    assert!(project.read("src/schema.rs").contains("name -> Nullable<Text>"));

    project.run("rollback --yes").ok().says("schema.rs rewritten");
    assert!(!project.read("src/schema.rs").contains("users"));
}

#[test]
fn its_layout_is_left_to_the_project() {
    let project = development(Backend::Sqlite);
    project.run("migrate").ok();
    project.edit("src/schema.rs", |text| text.replace("    ", "\t"));

    project.run("migrate").ok().does_not_say("rewritten");

    assert!(project.read("src/schema.rs").contains('\t'));
}

#[test]
fn a_database_that_somebody_else_made_rewrites_nothing() {
    // Local and without a marker: unknown.
    for backend in [Backend::Sqlite, Backend::Postgres] {
        let project = development(backend);
        project.execute("CREATE TABLE older (id INTEGER PRIMARY KEY)");

        project.run("migrate").ok().does_not_say("rewritten");

        assert!(!project.has("src/schema.rs"));
    }
}

#[test]
fn a_protected_database_rewrites_nothing() {
    let project = development(Backend::Sqlite);
    project.write("manage.toml", "[environments.production]\nurl = \"sqlite:manage.db\"\nprotected = true\n");

    // By its name, and by a URL that happens to lead there.
    for arguments in ["migrate --env production --yes", "migrate --yes"] {
        if project.has("manage.db") {
            project.remove("manage.db");
        }
        project.command(arguments).without_env("DATABASE_URL").run().ok().does_not_say("rewritten");

        assert!(!project.has("src/schema.rs"));
    }
}

#[test]
fn a_schema_rs_of_the_other_database_is_left_as_it_is() {
    let project = development(Backend::Sqlite);
    let of_postgres = "diesel::table! {\n    users (id) {\n        id -> Int4,\n    }\n}\n";
    project.write("src/schema.rs", of_postgres);

    project.run("migrate").ok().says("src/schema.rs holds the types of PostgreSQL and is left as it is");

    assert_eq!(project.read("src/schema.rs"), of_postgres);
    project.run("schema check").ok().says("src/schema.rs holds the types of PostgreSQL, so it is not compared").says("no drift");
}

#[test]
fn what_cannot_be_written_is_a_warning_after_the_migrations() {
    let project = development(Backend::Sqlite);
    project
        .write(&format!("migrations/{MIGRATION}/up.sql"), "CREATE TABLE users (id INTEGER PRIMARY KEY NOT NULL, payload JSON);");

    project.run("migrate").ok().says("warning: schema.rs is not rewritten").says("users.payload");

    assert_eq!(project.value("SELECT count(*) FROM users"), "0");
}

#[test]
fn what_was_rewritten_is_a_fact() {
    let project = development(Backend::Sqlite);

    assert_eq!(project.run("migrate --json").ok().json()["schema_rs"], serde_json::json!(["src/schema.rs"]));
    // With nothing to do nobody looks at the file.
    assert_eq!(project.run("migrate --json").ok().json()["schema_rs"], serde_json::Value::Null);
}

#[test]
fn a_database_that_manage_made_on_a_server_counts_as_development() {
    let project = development(Backend::Postgres);
    let name = format!("{}_made", project.value("SELECT current_database()"));
    let url = project.database_url().replace(&project.value("SELECT current_database()"), &name);
    let with_url = |arguments: &str| project.command(arguments).env("DATABASE_URL", &url).run();
    with_url("database create").ok();

    let migrated = with_url("migrate");

    project.execute(&format!("DROP DATABASE {name} WITH (FORCE)"));
    migrated.ok().says("schema.rs rewritten");
    assert!(project.read("src/schema.rs").contains("id -> Int4"));
}
