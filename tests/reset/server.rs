//! What only a server has: extensions, other schemas, owners, grants, large objects, things that hang on others.

use super::*;

fn on_a_server() -> Project {
    old(Project::on(Backend::Postgres))
}

#[test]
fn extensions_other_schemas_grants_and_large_objects_stay() {
    let project = on_a_server();
    let role = format!("reader_{}", database_name(&project));
    project.execute(&format!(
        "CREATE ROLE {role}; CREATE EXTENSION IF NOT EXISTS pg_trgm; CREATE SCHEMA reporting; CREATE TABLE reporting.sums (n INTEGER); \
         INSERT INTO reporting.sums VALUES (1), (2); GRANT SELECT ON targets TO {role}; GRANT UPDATE (id) ON targets TO {role} WITH GRANT OPTION; \
         GRANT SELECT ON gone TO {role}; GRANT USAGE ON SCHEMA public TO {role}; ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT ON TABLES TO {role}; \
         SELECT lo_create(4711); CREATE TYPE mood AS ENUM ('good'); CREATE FUNCTION f(a INTEGER) RETURNS INTEGER LANGUAGE sql AS 'SELECT a'; \
         CREATE SEQUENCE alone; CREATE DOMAIN small AS INTEGER CHECK (VALUE < 9); CREATE TYPE pair AS (a INTEGER, b mood)"
    ));
    let plan = project.run("reset --plan");
    plan.ok().says("other schemas: reporting").says("tables elsewhere: reporting.sums (2)").says("extensions: pg_trgm");
    plan.says("large objects: 1").says("owners and grants").says("sequences: alone").says("functions: f").says("mood");

    let outcome = reset(&project, "");

    outcome.ok().says("given back");
    assert_eq!(content(&project), "new");
    assert_eq!(project.value("SELECT count(*) FROM reporting.sums"), "2");
    assert_eq!(project.value("SELECT count(*) FROM pg_extension WHERE extname = 'pg_trgm'"), "1");
    assert_eq!(project.value("SELECT count(*) FROM pg_largeobject_metadata"), "1");
    let may = |what: &str| project.value(&format!("SELECT has_table_privilege('{role}', 'targets', '{what}')::text"));
    assert_eq!((may("SELECT").as_str(), may("DELETE").as_str()), ("true", "false"));
    let column = format!("SELECT has_column_privilege('{role}', 'targets', 'id', 'UPDATE WITH GRANT OPTION')::text");
    assert_eq!(project.value(&column), "true");
    assert_eq!(project.value("SELECT count(*) FROM pg_default_acl"), "1");
    let left = "SELECT count(*) FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace WHERE nspname = 'public' AND typname IN ('mood', 'small', 'pair')";
    assert_eq!(project.value(left), "0");
    assert_eq!(project.value("SELECT count(*) FROM pg_proc WHERE proname = 'f'"), "0");
    project.execute(&format!("DROP OWNED BY {role}; DROP ROLE {role}"));
}

#[test]
fn an_owner_is_the_owner_afterwards() {
    let project = on_a_server();
    let role = format!("owner_{}", database_name(&project));
    project.execute(&format!("CREATE ROLE {role}; ALTER TABLE targets OWNER TO {role}"));

    reset(&project, "").ok();

    assert_eq!(project.value("SELECT tableowner FROM pg_tables WHERE tablename = 'targets'"), role);
    project.execute(&format!("REASSIGN OWNED BY {role} TO postgres; DROP OWNED BY {role}; DROP ROLE {role}"));
}

#[test]
fn a_schema_that_the_migrations_make_is_made_anew_with_its_grants() {
    let project = on_a_server();
    let role = format!("app_{}", database_name(&project));
    project.execute(&format!(
        "CREATE ROLE {role}; CREATE SCHEMA app; CREATE TABLE app.old (id INTEGER); GRANT USAGE ON SCHEMA app TO {role}; \
         ALTER DEFAULT PRIVILEGES IN SCHEMA app GRANT SELECT ON TABLES TO {role}"
    ));
    let project = project.migration(
        "20260603000000_app",
        "CREATE SCHEMA app; CREATE TABLE app.new (id INTEGER);",
        "DROP SCHEMA app CASCADE;",
    );

    reset(&project, "").ok();

    assert_eq!(project.query("SELECT tablename FROM pg_tables WHERE schemaname = 'app'").concat(), ["new"]);
    assert_eq!(project.value(&format!("SELECT has_schema_privilege('{role}', 'app', 'USAGE')::text")), "true");
    assert_eq!(project.value("SELECT count(*) FROM pg_default_acl"), "1");
    project.execute(&format!("DROP OWNED BY {role}; DROP ROLE {role}"));
}

#[test]
fn what_stands_elsewhere_and_would_go_too_stops_it() {
    for outside in [
        "CREATE SCHEMA reporting; CREATE VIEW reporting.v AS SELECT * FROM public.targets",
        "CREATE SCHEMA reporting; CREATE TABLE reporting.t (id INTEGER REFERENCES public.targets)",
        "CREATE TYPE mood AS ENUM ('a'); CREATE SCHEMA reporting; CREATE TABLE reporting.t (id INTEGER, m mood)",
    ] {
        let project = on_a_server();
        project.execute(outside);
        let before = project.dump();
        let token = token(&project);

        let outcome = project.run(&format!("reset --confirm {token} --no-backup --reason x"));

        outcome.fails_with(3).says("reporting").says("stands elsewhere").says("nothing was changed");
        assert_eq!(before, project.dump());
        assert_eq!(content(&project), "old");
    }
}

#[test]
fn slots_and_publications_stop_it() {
    let project = on_a_server();
    let token = token(&project);
    project.execute("CREATE PUBLICATION news FOR TABLE targets");

    refused(&project, &format!("reset --confirm {token}"), 4).says("the publication news");
}

#[test]
fn migrations_without_a_transaction_stop_it() {
    let project =
        on_a_server().no_transaction("20260604000000_i", "CREATE INDEX CONCURRENTLY i ON targets (name);", "DROP INDEX i;");

    refused(&project, "reset --plan", 2).says("runs without a transaction");
}

#[test]
fn something_that_changes_what_is_made_is_noticed_before_the_commit() {
    let project = on_a_server();
    project.execute(
        "CREATE SCHEMA guard; CREATE FUNCTION guard.meddle() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN \
         IF to_regclass('public.channels') IS NOT NULL AND to_regclass('public.meddled') IS NULL THEN CREATE TABLE public.meddled (id INTEGER); END IF; END $$; \
         CREATE EVENT TRIGGER meddle ON ddl_command_end WHEN TAG IN ('CREATE VIEW') EXECUTE FUNCTION guard.meddle()",
    );
    let token = token(&project);

    let outcome = project.run(&format!("reset --confirm {token} --no-backup --reason x"));

    outcome.fails_with(5).says("meddled").says("the old content is in place");
    assert_eq!(content(&project), "old");
    project.execute("DROP EVENT TRIGGER meddle");
}

#[test]
fn without_pg_dump_nothing_is_wiped_and_it_is_said_what_to_install() {
    let project = on_a_server();
    std::fs::create_dir_all(project.path("empty")).expect("the folder is ours");
    let plan = project.command("reset --plan").env("MANAGE_PG_BIN", "empty").run();
    plan.ok().says("✗ backup    none can be made: pg_dump is needed");
    let token = token(&project);

    let outcome = project.command(&format!("reset --confirm {token}")).env("MANAGE_PG_BIN", "empty").run();

    outcome.fails_with(3).says("install PostgreSQL's client programs");
    assert_eq!(content(&project), "old");
}
