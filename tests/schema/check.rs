//! `manage schema check`.

use crate::support::*;

const USERS: &str = "CREATE TABLE users (id INTEGER PRIMARY KEY NOT NULL, email TEXT NOT NULL, note TEXT DEFAULT 'x');
CREATE INDEX users_email ON users (email);";

fn migrated(project: Project) -> Project {
    let project = project
        .file("diesel.toml", "[print_schema]\nfile = \"src/schema.rs\"\n")
        .migration("20260101000000_users", USERS, "DROP TABLE users;")
        .migration(
            "20260102000000_posts",
            "CREATE TABLE posts (id INTEGER PRIMARY KEY NOT NULL, user_id INTEGER NOT NULL REFERENCES users (id));",
            "DROP TABLE posts;",
        );
    project.run("migrate").ok();
    let printed = project.run("schema print").ok().stdout.clone();
    project.file("src/schema.rs", &printed)
}

/// Runs `manage schema check`, after which nothing of a scratch database is left.
#[track_caller]
fn check(project: &Project, arguments: &str) -> Outcome {
    let run = project.command(&format!("schema check {arguments}")).env("TMPDIR", project.home()).spawn();
    let pid = run.pid();
    let outcome = run.wait();
    let left = match project.backend() {
        Backend::Postgres => {
            project.value(&format!("SELECT count(*) FROM pg_database WHERE datname LIKE 'manage\\_scratch\\_{pid}\\_%'"))
        }
        Backend::Sqlite => std::fs::read_dir(project.home()).expect("the folder is ours").count().to_string(),
    };
    assert_eq!(left, "0", "a scratch database is left\n{outcome}");
    outcome
}

each_backend! {
    fn what_migrations_made_has_no_drift(project: Project) {
        let project = migrated(project);
        let before = project.everything();

        check(&project, "").ok().says("2 applied, 0 pending").says("no drift");

        assert_eq!(before, project.everything());
        assert_eq!(check(&project, "--json").ok().json()["drift"], serde_json::json!([]));
    }

    fn every_difference_is_listed(project: Project) {
        let project = migrated(project);
        project.execute("CREATE TABLE extra (id INTEGER PRIMARY KEY); DROP INDEX users_email");
        project.execute("ALTER TABLE posts ADD COLUMN title VARCHAR(9)");
        match project.backend() {
            Backend::Postgres => project.execute("ALTER TABLE users ALTER COLUMN email TYPE VARCHAR(80), ALTER COLUMN email DROP NOT NULL, ALTER COLUMN note DROP DEFAULT"),
            Backend::Sqlite => project.execute(
                "PRAGMA foreign_keys = OFF; CREATE TABLE new (id INTEGER PRIMARY KEY NOT NULL, email VARCHAR(80), note TEXT); DROP TABLE users; ALTER TABLE new RENAME TO users",
            ),
        }

        project.execute("CREATE VIEW v AS SELECT id FROM users");

        let outcome = check(&project, "");

        outcome.exits_with(5);
        for line in [
            "+ table extra only in the live database",
            "+ view v only in the live database",
            "- index users_email only in the migrations",
            "+ column posts.title only in the live database",
            "~ column users.email: null forbidden in the migrations, allowed in the live database",
            "~ column users.note: default 'x'",
            "7 differences",
        ] {
            outcome.says(line);
        }
        let (text, varchar) = match project.backend() {
            Backend::Postgres => ("text", "character varying(80)"),
            Backend::Sqlite => ("TEXT", "VARCHAR(80)"),
        };
        outcome.says(&format!("~ column users.email: type {text} in the migrations, {varchar} in the live database"));
        let json = check(&project, "--json").exits_with(5).json();
        let drift = json["drift"].as_array().expect("a list");
        assert_eq!(drift.len(), 7, "{drift:#?}");
        let kind = drift.iter().find(|one| one["object"] == "column users.email" && one["of"] == "type").expect("it is listed");
        assert_eq!((kind["kind"].as_str(), kind["expected"].as_str(), kind["found"].as_str()), (Some("changed"), Some(text), Some(varchar)));
    }

    fn a_schema_rs_that_is_not_what_the_migrations_make_is_shown(project: Project) {
        let project = migrated(project);
        project.edit("src/schema.rs", |text| text.replace("        email -> Text,\n", ""));

        check(&project, "").exits_with(5).says("~ src/schema.rs is not what the migrations make").says("-        email -> Text,");

        project.remove("src/schema.rs");
        check(&project, "").exits_with(5).says("- src/schema.rs does not exist");
    }

    fn the_layout_of_schema_rs_is_no_drift(project: Project) {
        let project = migrated(project);
        project.edit("src/schema.rs", |text| text.replace("        ", "  ").replace("(posts, users,);", "(\n    posts,\n    users,\n);"));

        check(&project, "").ok().says("no drift");
    }

    fn pending_migrations_are_no_drift(project: Project) {
        let project = migrated(project).one_way_migration("20260103000000_tags", "CREATE TABLE tags (id INTEGER PRIMARY KEY NOT NULL);");

        let outcome = check(&project, "");
        outcome.ok().says("1 migration pending: compared with what the applied ones make").says("no drift");

        // A schema.rs that has the pending table already is in order as well.
        project.edit("src/schema.rs", |text| {
            text.replace("(posts, users,);", "(posts, tags, users,);")
                .replace("diesel::table! {\n    users", "diesel::table! {\n    tags (id) {\n        id -> Int,\n    }\n}\n\ndiesel::table! {\n    users")
        });
        let name = if project.backend() == Backend::Postgres { "Int4" } else { "Integer" };
        project.edit("src/schema.rs", |text| text.replace("-> Int,", &format!("-> {name},")));
        check(&project, "").ok().says("no drift");
    }

    fn an_applied_migration_without_a_file_is_listed(project: Project) {
        let project = migrated(project);
        project.remove("migrations/20260102000000_posts");
        project.remove("src/schema.rs");
        project.write("diesel.toml", "");

        let outcome = check(&project, "");

        outcome.exits_with(5).says("+ migration 20260102000000 posts only in the live database").says("+ table posts only in the live database");
    }

    fn migrations_that_do_not_run_from_the_beginning_are_told_and_leave_nothing(project: Project) {
        let project = project.one_way_migration("20260101000000_later", "ALTER TABLE by_hand ADD COLUMN x INTEGER;");
        project.execute("CREATE TABLE by_hand (id INTEGER PRIMARY KEY)");
        project.run("migrate").ok();
        let before = project.everything();

        check(&project, "").fails_with(3).says("the migrations do not run on an empty database").says("up.sql:1");

        assert_eq!(before, project.everything());
    }

    fn a_rebuild_that_quotes_names_is_no_drift(project: Project) {
        let project = project
            .migration("20260101000000_clusters", "CREATE TABLE clusters (id INTEGER PRIMARY KEY NOT NULL, name TEXT CHECK (name <> ''));", "DROP TABLE clusters;");
        project.run("migrate").ok();
        project.execute("CREATE TABLE other (id INTEGER PRIMARY KEY NOT NULL, name TEXT CHECK (name <> '')); DROP TABLE clusters; ALTER TABLE other RENAME TO clusters");
        if project.backend() == Backend::Postgres {
            project.execute("ALTER TABLE clusters RENAME CONSTRAINT other_pkey TO clusters_pkey; ALTER TABLE clusters RENAME CONSTRAINT other_name_check TO clusters_name_check");
        }

        check(&project, "").ok().says("no drift");
    }
}

#[test]
fn a_database_that_is_not_made_yet_has_no_drift() {
    let project = Project::new().migration("20260101000000_users", USERS, "DROP TABLE users;");

    check(&project, "").ok().says("not made yet").says("no drift");

    assert!(!project.has("manage.db"));
}

#[test]
fn functions_triggers_types_and_sequences_drift_too() {
    let project = Project::on(Backend::Postgres).migration(
        "20260101000000_all",
        "CREATE TYPE mood AS ENUM ('sad', 'ok');
         CREATE SEQUENCE numbers;
         CREATE TABLE users (id INTEGER PRIMARY KEY, mood mood);
         CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$;
         CREATE TRIGGER touched BEFORE UPDATE ON users FOR EACH ROW EXECUTE FUNCTION touch();",
        "DROP TABLE users; DROP FUNCTION touch(); DROP SEQUENCE numbers; DROP TYPE mood;",
    );
    project.run("migrate").ok();
    check(&project, "").ok();
    project.execute("ALTER TYPE mood ADD VALUE 'happy'; ALTER SEQUENCE numbers INCREMENT BY 5; ALTER TABLE users DISABLE TRIGGER touched; ALTER TABLE users ENABLE ROW LEVEL SECURITY");
    project.execute("CREATE OR REPLACE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN OLD; END $$");

    let outcome = check(&project, "");

    outcome.exits_with(5);
    for line in [
        "~ type mood: definition ENUM ('sad', 'ok') in the migrations, ENUM ('sad', 'ok', 'happy') in the live database",
        "~ trigger users.touched: state ENABLE in the migrations, DISABLE in the live database",
        "~ function touch(): another definition in the live database than in the migrations",
        "RETURN OLD",
        "~ sequence numbers: another definition",
        "+ row security public.users only in the live database",
    ] {
        outcome.says(line);
    }
}

#[test]
fn a_database_from_a_restored_dump_has_no_drift() {
    let migration = "CREATE TABLE users (id INTEGER PRIMARY KEY, status VARCHAR(9) CHECK (status IN ('new', 'it''s')));
        CREATE INDEX active ON users (id) WHERE status IN ('new', 'old');
        CREATE VIEW fresh AS SELECT id FROM users WHERE status IN ('new', 'fresh');";
    let project = Project::on(Backend::Postgres).one_way_migration("20260101000000_users", migration);
    let original = Project::on(Backend::Postgres);
    original.execute(migration);
    project.execute(&original.run("schema dump").ok().stdout);
    project.run("migrate --fake").ok();

    check(&project, "").ok().says("no drift");
}

#[test]
fn a_role_without_createdb_is_told_what_it_needs() {
    let project = migrated(Project::on(Backend::Postgres));
    let role = format!("poor_{}", project.value("SELECT current_database()"));
    project.execute(&format!(
        "CREATE ROLE {role} LOGIN; GRANT USAGE ON SCHEMA public, manage TO {role}; GRANT SELECT ON ALL TABLES IN SCHEMA public, manage TO {role}"
    ));
    let url = project.database_url().replace("postgres@", &format!("{role}@"));

    let outcome = project.manage(["schema", "check", "--database", &url]);

    project.execute(&format!("DROP OWNED BY {role}; DROP ROLE {role}"));
    outcome.fails_with(3).says("permission denied to create database").says("CREATEDB");
}

#[test]
fn the_search_path_of_the_database_counts_in_the_replay() {
    let project = Project::on(Backend::Postgres)
        .migration("20260101000000_app", "CREATE SCHEMA IF NOT EXISTS app;", "DROP SCHEMA app;")
        .migration("20260102000000_users", "CREATE TABLE users (id INTEGER PRIMARY KEY);", "DROP TABLE users;");
    project.execute(&format!(
        "CREATE SCHEMA app; ALTER DATABASE {} SET search_path = app, public",
        project.value("SELECT current_database()")
    ));
    project.run("migrate").ok();
    assert_eq!(project.value("SELECT count(*) FROM app.users"), "0");

    check(&project, "").ok().says("no drift");
}

#[test]
fn a_check_that_is_interrupted_leaves_nothing() {
    let project = Project::on(Backend::Postgres).one_way_migration("20260101000000_slow", "SELECT pg_sleep(50);");
    project.run("migrate --fake").ok();
    let run = project.command("schema check").spawn();
    let pid = run.pid();
    let wait_for = |sql: &str, value: &str| {
        let begun = std::time::Instant::now();
        while project.value(sql) != value {
            assert!(begun.elapsed().as_secs() < 30, "{sql}");
            std::thread::sleep(std::time::Duration::from_millis(20));
        }
    };
    wait_for(
        &format!(
            "SELECT count(*) FROM pg_stat_activity WHERE query = 'SELECT pg_sleep(50)' AND datname LIKE 'manage\\_scratch\\_{pid}\\_%'"
        ),
        "1",
    );

    let run = run.signal(rustix::process::Signal::INT);
    std::thread::sleep(std::time::Duration::from_millis(300));
    let outcome = run.signal(rustix::process::Signal::INT).wait();

    outcome.fails_with(130);
    wait_for(&format!("SELECT count(*) FROM pg_database WHERE datname LIKE 'manage\\_scratch\\_{pid}\\_%'"), "0");
}
