//! What a file sets ends with it, and the history is found where the session finds it.

use crate::support::*;

/// A migration that sets something, and one that sees whether it is still set.
fn set_and_see(set: &str, see: &str) -> Project {
    Project::on(Backend::Postgres).migration("1_set", set, "SELECT 1;").migration(
        "2_see",
        &format!("CREATE TABLE public.seen AS SELECT {see}::text AS it;"),
        "DROP TABLE public.seen;",
    )
}

#[test]
fn settings_of_a_file_do_not_reach_the_next() {
    let function = "CREATE FUNCTION public.sneak() RETURNS void LANGUAGE plpgsql AS $$ BEGIN
        PERFORM set_config('search_path', 'pg_catalog', false); PERFORM set_config('work_mem', '1MB', false); END $$;
        SELECT public.sneak();";
    let cases = [
        (
            "SELECT pg_catalog.set_config('search_path', '', false); CREATE TABLE public.t (id int);",
            "current_setting('search_path')",
        ),
        ("SET search_path TO pg_catalog;", "current_setting('search_path')"),
        ("SET ROLE pg_monitor;", "current_user"),
        ("SET SESSION AUTHORIZATION pg_monitor;", "session_user"),
        ("SET statement_timeout = '50ms';", "current_setting('statement_timeout') || pg_sleep(0.1)"),
        ("SET lock_timeout = '1ms';", "current_setting('lock_timeout')"),
        ("SET default_transaction_isolation = 'serializable';", "current_setting('transaction_isolation')"),
        ("SET session_replication_role = replica;", "current_setting('session_replication_role')"),
        ("SET application_name = 'other';", "current_setting('application_name') LIKE 'manage migrate%'"),
        ("SET check_function_bodies = off; SET row_security = off;", "current_setting('check_function_bodies')"),
        (function, "current_setting('search_path') || current_setting('work_mem')"),
        ("SET standard_conforming_strings = off;", "current_setting('standard_conforming_strings')"),
        ("CREATE TEMP TABLE secret AS SELECT 1;", "to_regclass('secret') IS NULL"),
    ];
    for (set, see) in cases {
        let changed = set_and_see(set, see);
        let unchanged = set_and_see("SELECT 1;", see);

        for project in [&changed, &unchanged] {
            project.run("migrate").ok();
        }

        assert_eq!(changed.query("SELECT it FROM public.seen"), unchanged.query("SELECT it FROM public.seen"), "{set}");
        let history = "SELECT version FROM public.__diesel_schema_migrations ORDER BY version";
        assert_eq!(changed.query(history).concat(), ["1", "2"], "{set}");
        assert_eq!(
            changed.query("SELECT schemaname FROM pg_tables WHERE tablename = '__diesel_schema_migrations'").concat(),
            ["public"]
        );
    }
}

#[test]
fn a_dump_as_the_only_migration_is_recorded() {
    let project = Project::on(Backend::Postgres).migration(
        "1_dump",
        "SET statement_timeout = 0;\nSET client_encoding = 'UTF8';\nSET standard_conforming_strings = on;\n\
         SELECT pg_catalog.set_config('search_path', '', false);\nSET check_function_bodies = false;\nSET xmloption = content;\n\
         SET client_min_messages = warning;\nSET row_security = off;\nSET default_tablespace = '';\n\
         CREATE TABLE public.accounts (id bigint NOT NULL);\n",
        "DROP TABLE accounts;",
    );

    project.run("migrate").ok();
    project.run("rollback").ok();
    project.run("migrate").ok();

    assert_eq!(project.value("SELECT count(*) FROM public.__diesel_schema_migrations"), "1");
}

#[test]
fn each_schema_has_the_history_that_its_search_path_finds() {
    let files = |project: Project| {
        project
            .migration("1_t", "CREATE TABLE t (a INTEGER);", "DROP TABLE t;")
            .no_transaction(
                "2_i",
                "CREATE INDEX CONCURRENTLY t_a ON t (a);\nCREATE INDEX CONCURRENTLY t_b ON t (missing);",
                "SELECT 1;",
            )
            .migration("3_u", "CREATE TABLE u (a INTEGER);", "DROP TABLE u;")
    };
    let project = files(Project::on(Backend::Postgres));
    project.execute("CREATE SCHEMA one; CREATE SCHEMA \"Two.b\"");
    let url = |path: &str| {
        let separator = if project.database_url().contains('?') { '&' } else { '?' };
        format!("{}{separator}options=-csearch_path%3D{path}", project.database_url())
    };
    let run = |arguments: &str, path: &str| project.command(arguments).env("DATABASE_URL", url(path)).run();
    let versions = |schema: &str| {
        project.query(&format!("SELECT version FROM {schema}.__diesel_schema_migrations ORDER BY version")).concat()
    };

    // The first is half-way in its second migration; that says nothing about the other.
    run("migrate", "one").fails_with(3);
    project.edit("migrations/2_i/up.sql", |text| text.replace("missing", "a"));
    run("migrate --steps 2", "%22Two.b%22").ok().does_not_say("earlier run");
    assert_eq!((versions("one"), versions("\"Two.b\"")), (vec!["1".to_owned()], vec!["1".to_owned(), "2".to_owned()]));
    run("migrate", "one").ok().says("statement 1 of 2   done by an earlier run");
    assert_eq!(versions("one").len(), 3);
    let indexes = "SELECT schemaname || '.' || indexname FROM pg_indexes WHERE indexname ~ '^t_' ORDER BY 1";
    assert_eq!(project.query(indexes).concat(), ["Two.b.t_a", "Two.b.t_b", "one.t_a", "one.t_b"]);

    // What one takes back is still applied, and guarded against edits, in the other.
    run("rollback --to 1", "one").ok();
    project.edit("migrations/2_i/up.sql", |text| text.replace("t_b ON t (a)", "t_b ON t (a, a)"));
    run("status --check", "%22Two.b%22").exits_with(5).says("edited");
    run("status --check", "one").exits_with(1);
    assert_eq!(project.query("SELECT 1 FROM pg_tables WHERE schemaname = 'public'").len(), 0);
}
