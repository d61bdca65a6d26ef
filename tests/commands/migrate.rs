//! `manage migrate`

use super::*;

each_backend! {
    fn all_pending_migrations_run_and_are_recorded(project: Project) {
        let project = with_two_migrations(project);

        project.run("migrate").ok().snapshot("migrate");

        assert_eq!(history(&project), ["20260101000000", "20260102000000"]);
        assert!(project.schema().contains("posts_id"));
    }

    fn a_second_run_does_nothing(project: Project) {
        let project = applied(project);
        let before = project.everything();

        project.run("migrate").ok().snapshot("migrate_nothing_to_do");

        assert_eq!(before, project.everything());
    }

    fn a_project_without_migrations_has_nothing_to_do(project: Project) {
        let before = project.everything();

        project.run("migrate").ok().says("nothing to do");

        assert_eq!(before, project.everything());
    }

    fn a_version_is_gone_up_to_in_every_spelling(project: Project) {
        let project = with_two_migrations(project)
            .migration("2026-01-03-000000_tags", "CREATE TABLE tags (id INTEGER);", "DROP TABLE tags;");

        project.run("migrate 20260101000000").ok();
        assert_eq!(history(&project), ["20260101000000"]);
        project.run("migrate --to 20260102000000_posts").ok();
        assert_eq!(history(&project).len(), 2);
        project.run("migrate --to 2026-01-03-000000").ok();

        assert_eq!(history(&project), ["20260101000000", "20260102000000", "20260103000000"]);
        project.run("migrate --to 20260103000000").ok().says("nothing to do");
    }

    fn so_many_steps_are_gone(project: Project) {
        let project = with_two_migrations(project);

        project.run("migrate --steps 1").ok();
        assert_eq!(history(&project), ["20260101000000"]);
        project.run("migrate --steps 5").ok();

        assert_eq!(history(&project).len(), 2);
    }

    fn a_plan_shows_and_changes_nothing(project: Project) {
        let project = with_two_migrations(project)
            .one_way_migration("20260103000000_a_rather_long_name_of_a_migration", "INSERT INTO posts VALUES (1);")
            .file("migrations/20260103000000_a_rather_long_name_of_a_migration/metadata.toml", "run_in_transaction = true\nkind = \"data\"\n")
            .no_transaction("20260104000000_vacuum", "VACUUM;", "");
        let before = project.everything();

        project.run("migrate --plan").ok().snapshot("migrate_plan");
        let facts = project.run("migrate --steps 3 --plan --json").ok().json();

        assert_eq!(before, project.everything());
        assert_eq!(versions(&facts, "plan"), ["20260101000000", "20260102000000", "20260103000000"]);
        assert_eq!(facts["plan"][1]["statements"], 2);
        assert_eq!(facts["plan"][1]["file"], "migrations/20260102000000_posts/up.sql");
        assert_eq!(versions(&facts, "applied"), Vec::<String>::new());
        assert_eq!(versions(&facts, "pending").len(), 4);
        project.run("migrate 20260102000000 --plan").ok().says("do it: manage migrate 20260102000000");
    }

    fn the_sql_that_would_run_does_what_migrate_does(project: Project) {
        let project = with_two_migrations(project);
        let sql = project.run("migrate --sql").ok().stdout.clone();
        assert_eq!(project.schema(), if project.backend() == Backend::Sqlite { "no database\n" } else { "" });

        project.execute(&sql);

        project.run("migrate").ok().says("nothing to do");
        assert!(project.schema().contains("posts_id"));
    }

    fn the_sql_of_an_applied_database_is_what_is_missing(project: Project) {
        let project = with_two_migrations(project);
        project.run("migrate --steps 1").ok();

        let outcome = project.run("migrate --sql");

        outcome.ok().says("-- 20260102000000 posts (up)\nBEGIN;\nCREATE TABLE posts").says("COMMIT;");
        assert!(outcome.stderr.starts_with("-- ") && outcome.stderr.contains("1 applied, 1 pending"), "{outcome}");
        outcome.does_not_say("TABLE users");
        project.execute(&outcome.stdout);
        project.run("status --check").ok();
    }

    fn plan_and_sql_are_one_or_the_other(project: Project) {
        project.run("migrate --plan --sql").fails_with(2).says("cannot be used with");
        project.run("migrate 1 --to 2").fails_with(2).says("cannot be used with");
        project.run("migrate --to 2 --steps 1").fails_with(2).says("cannot be used with");
    }

    fn a_single_transaction_takes_all_or_none(project: Project) {
        let project = with_two_migrations(project).migration("20260103000000_bad", "CREATE TABLE users (id INTEGER);", "");
        let before = project.schema();

        project.run("migrate --single-transaction").fails_with(3).snapshot("migrate_single_transaction_fails");
        if project.backend() == Backend::Postgres {
            assert_eq!(project.schema(), before);
        }
        assert_eq!(history(&project), Vec::<String>::new());
        project.remove("migrations/20260103000000_bad");
        project.run("migrate --single-transaction").ok();

        assert_eq!(history(&project).len(), 2);
    }

    fn a_file_without_a_transaction_cannot_share_one(project: Project) {
        let project = with_two_migrations(project).no_transaction("20260103000000_vacuum", "VACUUM;", "");
        project.run("migrate --steps 1").ok();

        refused(&project, 2, "migrate --single-transaction").snapshot("migrate_single_transaction_of_another_kind");
    }

    fn a_fake_only_records(project: Project) {
        let project = with_two_migrations(project);
        project.execute("CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT)");

        project.run("migrate 20260101000000 --fake").ok().snapshot("migrate_fake");
        project.run("migrate").ok();

        assert_eq!(history(&project).len(), 2);
    }

    fn a_late_migration_needs_a_word(project: Project) {
        let project = applied(project).migration("20260101120000_late", "CREATE TABLE late (id INTEGER);", "DROP TABLE late;");

        refused(&project, 5, "migrate").snapshot("migrate_out_of_order");
        project.run("migrate --allow-out-of-order").ok();

        assert_eq!(history(&project).len(), 3);
    }

    fn a_failed_migration_leaves_what_ran_before_it(project: Project) {
        let project = with_two_migrations(project)
            .migration("20260103000000_bad", "CREATE TABLE x (id INTEGER);\n\nINSERT INTO nowhere VALUES (1);\n", "")
            .migration("20260104000000_after", "CREATE TABLE after_it (id INTEGER);", "");

        let outcome = project.run("migrate");

        outcome.fails_with(3).snapshot("migrate_fails");
        assert_eq!(history(&project).len(), 2);
        assert!(!project.schema().contains("table x "));
        project.edit("migrations/20260103000000_bad/up.sql", |text| text.replace("INSERT INTO nowhere VALUES (1);", ""));
        project.run("migrate").ok();
        assert_eq!(history(&project).len(), 4);
    }

    fn a_failure_tells_programs_what_was_done(project: Project) {
        let project = with_two_migrations(project).migration("20260103000000_bad", "SELECT 1;\nSELECT * FROM nowhere;", "");

        let outcome = project.run("migrate --json");

        let facts = outcome.fails_with(3).json();
        assert_eq!(versions(&facts, "applied"), ["20260101000000", "20260102000000"]);
        assert_eq!((&facts["schema"], &facts["exit_code"]), (&1.into(), &3.into()));
        let error = &facts["error"];
        assert_eq!(error["file"], "migrations/20260103000000_bad/up.sql");
        assert_eq!(error["line"], 2);
        assert!(error["cause"].as_str().expect("a cause").contains("nowhere"), "{error}");
        assert_eq!(error["sqlstate"], if project.backend() == Backend::Sqlite { "SQLITE_ERROR" } else { "42P01" });
        assert_eq!(outcome.stderr, "");
    }

    fn a_file_without_a_transaction_tells_its_statements(project: Project) {
        let project = project
            .migration("20260101000000_a", "CREATE TABLE a (id INTEGER);", "DROP TABLE a;")
            .no_transaction("20260102000000_index", "CREATE INDEX a1 ON a (id);\nCREATE INDEX a2 ON a (id);", "DROP INDEX a1;");

        project.run("migrate").ok().snapshot("migrate_without_a_transaction");
        project.run("rollback").ok();

        assert_eq!(history(&project), ["20260101000000"]);
    }

    fn the_lock_is_waited_for_as_long_as_asked(project: Project) {
        let project = project.migration("20260101000000_a", "CREATE TABLE a (id INTEGER);", "DROP TABLE a;");
        project.run("migrate").ok();
        let holder = hold_the_lock(&project);
        project.run("migrate --lock-timeout 0").ok().says("nothing to do");
        project.write("migrations/20260102000000_b/up.sql", "CREATE TABLE b (id INTEGER);");
        project.write("migrations/20260102000000_b/down.sql", "DROP TABLE b;");

        project.run("migrate --lock-timeout 0").fails_with(6).says("another run holds the lock").says("hint: ");
        project.run("rollback --lock-timeout 50ms").fails_with(6).says("waiting for the lock");
        project.run("redo --lock-timeout 0s --yes").fails_with(6);
        let facts = project.run("migrate --json --lock-timeout 50ms").fails_with(6).json();
        assert_eq!(facts["exit_code"], 6);
        drop(holder);
        if project.backend() == Backend::Postgres {
            // A server notices only at its next word to a client that the client is gone.
            project.query(
                "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()",
            );
        }

        project.run("migrate").ok();
    }

    fn a_database_is_waited_for(project: Project) {
        let project = with_two_migrations(project);

        project.run("migrate --wait-for-db 5s").ok();
    }
}

/// Holds the migration lock as another run does.
fn hold_the_lock(project: &Project) -> Running {
    let slow = match project.backend() {
        Backend::Sqlite => {
            "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000000000) SELECT count(*) FROM n;"
        }
        Backend::Postgres => "SELECT pg_sleep(60);",
    };
    project.write("other/20260101000000_a/up.sql", "CREATE TABLE a (id INTEGER);");
    project.write("other/20260102000000_slow/up.sql", slow);
    project.write("elsewhere/manage.toml", "[migrations]\ndir = \"../other\"\n");
    let url = match project.backend() {
        Backend::Sqlite => format!("sqlite:{}", project.path("manage.db").display()),
        Backend::Postgres => project.database_url().to_owned(),
    };
    let log = project.path("log");
    let running = project.command("migrate --project elsewhere").args(["--database", &url, "--log"]).args([&log]).spawn();
    while !std::fs::read_to_string(&log).is_ok_and(|text| text.contains("migration begins")) {
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    running
}

#[test]
fn a_server_that_never_comes_is_not_waited_for_longer_than_asked() {
    let project = Project::new();

    let outcome = project.run("migrate --wait-for-db 300ms --database postgres://ann@127.0.0.1:1/x");

    outcome.fails_with(3).snapshot("migrate_waits_in_vain");
}

#[test]
fn a_wrong_password_is_not_waited_for() {
    let cluster = Cluster::with().access("host all ada 127.0.0.1/32 scram-sha-256").start();
    cluster.execute("CREATE ROLE ada LOGIN PASSWORD 'secret'");
    let url = cluster.tcp_url("postgres").replace("postgres@", "ada:wrong@");
    let begun = std::time::Instant::now();

    let outcome = Project::new().command("migrate --wait-for-db 50s").args(["--database", &url]).run();

    outcome.fails_with(3).says("password").does_not_say("wrong");
    assert!(begun.elapsed().as_secs() < 40);
}

#[test]
fn words_that_are_no_time_are_refused() {
    let project = with_two_migrations(Project::new());

    for time in ["soon", "5 weeks", "-1s", "s", "", "1e400s", "NaN", "99999999999999999999999h"] {
        let outcome = project.command("migrate").args([format!("--lock-timeout={time}")]).run();
        outcome.fails_with(2).says("--lock-timeout");
        project.command("migrate").args([format!("--wait-for-db={time}")]).run().fails_with(2).says("--wait-for-db");
    }
    project.run("migrate --lock-timeout soon").snapshot("migrate_lock_timeout_soon");
    assert!(!project.has("manage.db"));
}

#[test]
fn no_database_is_made_where_there_is_nothing_to_do_or_a_file_is_wrong() {
    let project = Project::new();

    project.run("migrate").ok().says("nothing to do");
    project.write("migrations/20260101000000_a/up.sql", "SELECT 'open;");
    project.run("migrate").fails_with(2).says("up.sql:1:8");
    project.run("migrate 5").fails_with(2);

    assert_eq!(project.list(""), ["manage.toml", "migrations"]);
}
