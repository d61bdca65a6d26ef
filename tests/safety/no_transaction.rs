//! Files without a transaction: taken up where they stopped, and never where nobody can tell.

use crate::support::*;

fn recorded(project: &Project) -> Vec<String> {
    project.query("SELECT version FROM __diesel_schema_migrations ORDER BY version").concat()
}

fn progress(project: &Project) -> usize {
    let schema = if project.backend() == Backend::Postgres { "manage" } else { "main" };
    project.query(&format!("SELECT 1 FROM {schema}.manage_migration_progress")).len()
}

fn tables_with_rows() -> Project {
    Project::on(Backend::Postgres).migration(
        "1_t",
        "CREATE TABLE t (a INTEGER, b INTEGER); INSERT INTO t VALUES (1, 1), (1, 2);",
        "DROP TABLE t;",
    )
}

const TWO_INDEXES: &str = "CREATE INDEX CONCURRENTLY t_a ON t (a);\nCREATE INDEX CONCURRENTLY t_b ON t (missing);\n";

fn valid_indexes(project: &Project) -> Vec<String> {
    project.query("SELECT indexrelid::regclass FROM pg_index WHERE indisvalid AND indrelid = 't'::regclass ORDER BY 1").concat()
}

#[test]
fn a_failure_at_the_second_statement_keeps_the_first_and_the_next_run_begins_there() {
    let project = tables_with_rows().no_transaction("2_i", TWO_INDEXES, "DROP INDEX t_a; DROP INDEX t_b;");

    let outcome = project.run("migrate");

    outcome.fails_with(3).says("statement 2 of 2").says("its first statement stayed, the next run begins after it");
    assert_eq!((recorded(&project), valid_indexes(&project)), (vec!["1".to_owned()], vec!["t_a".to_owned()]));

    project.edit("migrations/2_i/up.sql", |text| text.replace("missing", "b"));
    project.run("migrate").ok().says("statement 1 of 2   done by an earlier run");

    assert_eq!((recorded(&project).len(), valid_indexes(&project)), (2, vec!["t_a".to_owned(), "t_b".to_owned()]));
    assert_eq!(progress(&project), 0);
}

#[test]
fn an_executed_statement_that_was_edited_stops_the_run() {
    let project = tables_with_rows().no_transaction("2_i", TWO_INDEXES, "SELECT 1;");
    project.run("migrate").fails_with(3);
    for edited in [
        "CREATE INDEX CONCURRENTLY t_a ON t (b);\nCREATE INDEX CONCURRENTLY t_b ON t (b);\n",
        "CREATE INDEX CONCURRENTLY t_b ON t (b);\nCREATE INDEX CONCURRENTLY t_a ON t (a);\n",
        "-- nothing is left of it\n",
    ] {
        project.write("migrations/2_i/up.sql", edited);

        project.run("migrate").fails_with(5).says("edited");

        assert_eq!((recorded(&project).len(), valid_indexes(&project)), (1, vec!["t_a".to_owned()]));
    }
}

#[test]
fn line_ends_and_comments_of_an_executed_statement_may_change() {
    let project = tables_with_rows().no_transaction("2_i", TWO_INDEXES, "SELECT 1;");
    project.run("migrate").fails_with(3);

    project.write(
        "migrations/2_i/up.sql",
        "-- why\r\nCREATE INDEX  CONCURRENTLY\r\nt_a ON t (a);\r\nCREATE INDEX CONCURRENTLY t_b ON t (b);",
    );
    project.run("migrate").ok();

    assert_eq!(valid_indexes(&project), ["t_a", "t_b"]);
}

#[test]
fn a_unique_index_over_duplicates_names_the_way_out() {
    let project = tables_with_rows().no_transaction("2_i", "CREATE UNIQUE INDEX CONCURRENTLY u ON t (a);", "DROP INDEX u;");

    let drop = "DROP INDEX CONCURRENTLY public.u;";
    project.run("migrate").fails_with(3).says(drop);
    project.run("migrate").fails_with(5).says("INVALID").says(drop);

    project.execute(drop);
    project.execute("DELETE FROM t WHERE b = 2");
    project.run("migrate").ok();
    assert_eq!(valid_indexes(&project), ["u"]);
}

#[test]
fn an_invalid_index_is_not_taken_for_one_that_exists() {
    let project =
        tables_with_rows().no_transaction("2_i", "CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS u ON t (a);", "DROP INDEX u;");
    project.run("migrate --to 1").ok();
    let mut client = postgres::Client::connect(project.database_url(), postgres::NoTls).expect("the server is there");
    client.batch_execute("CREATE UNIQUE INDEX CONCURRENTLY u ON t (a)").expect_err("there are duplicates");
    assert_eq!(valid_indexes(&project).len(), 0, "it is there, and INVALID");

    project.run("migrate").says("INVALID").says("DROP INDEX CONCURRENTLY public.u;").does_not_say("✓ 2");

    assert_eq!(recorded(&project), ["1"]);
}

#[test]
fn an_interrupted_index_is_decided_from_the_catalogue() {
    for (fault, skipped) in [("progress.started:1", false), ("progress.executed:1", true), ("progress.done:1", true)] {
        let project = tables_with_rows().no_transaction("2_i", &TWO_INDEXES.replace("missing", "b"), "SELECT 1;");
        project.command("migrate").env("MANAGE_FAULT", fault).run().exits_with(134);
        project.run("status --check").exits_with(5).says("half-way");

        let outcome = project.run("migrate");

        outcome.ok();
        assert_eq!(outcome.stderr.contains("statement 1 of 2   done by an earlier run"), skipped, "{fault}\n{outcome}");
        assert_eq!((valid_indexes(&project).len(), progress(&project), recorded(&project).len()), (2, 0, 2), "{fault}");
    }
}

#[test]
fn an_interrupted_statement_of_another_kind_is_left_to_a_person() {
    let project = tables_with_rows().no_transaction("2_v", "VACUUM t;", "SELECT 1;");
    project.command("migrate").env("MANAGE_FAULT", "progress.started:1").run().exits_with(134);

    for _ in 0..2 {
        project.run("migrate").fails_with(5).says("nobody can tell").says("2 v");
        assert_eq!(recorded(&project), ["1"]);
    }
    // Who has looked, and knows that it is done, records it.
    project.run("migrate --fake").ok();
    assert_eq!((recorded(&project).len(), progress(&project)), (2, 0));
    project.run("status --check").ok();
}

each_backend! {
    fn a_block_of_the_file_s_own_is_done_or_not(project: Project) {
        let project = project
            .migration("1_t", "CREATE TABLE t (a INTEGER);", "DROP TABLE t;")
            .no_transaction("2_b", "BEGIN;\nINSERT INTO t VALUES (1);\nINSERT INTO t VALUES (2);\nCOMMIT;\nINSERT INTO t VALUES (3);", "SELECT 1;");
        project.run("migrate --to 1").ok();
        // Statements of a block pass no point; that of the last statement comes after its COMMIT.
        project.command("migrate").env("MANAGE_FAULT", "migrate.statement:1").run().exits_with(134);
        assert_eq!(project.dump().lines().count(), 2);

        project.run("migrate").ok();

        assert_eq!(project.dump().lines().count(), 3);
        assert_eq!((recorded(&project).len(), progress(&project)), (2, 0));
    }

    fn a_block_that_fails_leaves_nothing_of_itself(project: Project) {
        let project = project
            .migration("1_t", "CREATE TABLE t (a INTEGER);", "DROP TABLE t;")
            .no_transaction("2_b", "INSERT INTO t VALUES (0);\nBEGIN;\nINSERT INTO t VALUES (1);\nSELECT missing;\nCOMMIT;", "SELECT 1;");

        project.run("migrate").fails_with(3).says("statement 4 of 5").says("its first statement stayed");
        assert_eq!(project.dump().lines().count(), 1);

        project.edit("migrations/2_b/up.sql", |text| text.replace("missing", "2"));
        project.run("migrate").ok();
        assert_eq!(project.dump().lines().count(), 2);
    }

    fn a_block_that_is_not_closed_is_an_error(project: Project) {
        for open in ["BEGIN;\nINSERT INTO t VALUES (1);", "BEGIN;\nINSERT INTO t VALUES (1);\nROLLBACK;\nBEGIN;\nSELECT 1;"] {
            let project = Project::on(project.backend())
                .migration("1_t", "CREATE TABLE t (a INTEGER);", "DROP TABLE t;")
                .no_transaction("2_b", open, "SELECT 1;");

            project.run("migrate").fails_with(3).says("not committed before the end of the file");

            assert_eq!((project.dump().as_str(), recorded(&project).len()), ("", 1));
        }
    }

    fn a_half_way_migration_that_is_faked_is_over(project: Project) {
        let project = project
            .no_transaction("1_t", "CREATE TABLE a (id INTEGER);\nCREATE TABLE b (id INTEGER);\nSELECT missing;", "DROP TABLE a;\nDROP TABLE b;")
            .migration("2_n", "CREATE TABLE n (id INTEGER);", "DROP TABLE n;");
        project.run("migrate").fails_with(3);

        project.run("migrate --fake --to 1").ok();
        project.run("status --check").exits_with(1);
        project.run("migrate").ok();

        // Forward again after a way back: nothing counts as done.
        project.write("migrations/1_t/up.sql", "CREATE TABLE a (id INTEGER);\nCREATE TABLE b (id INTEGER);\nSELECT 1;");
        project.run("rollback --all --yes").ok();
        project.run("migrate").ok();
        assert_eq!(project.query("SELECT 1 FROM a, b").len(), 0);
    }

    fn nothing_is_taken_back_under_a_half_way_migration(project: Project) {
        let project = project
            .migration("1_t", "CREATE TABLE t (id INTEGER);", "DROP TABLE t;")
            .no_transaction("2_i", "CREATE INDEX i ON t (id);\nSELECT missing;", "DROP INDEX i;");
        project.run("migrate").fails_with(3);

        // Its index would go with the table, and the next run would take it for made.
        project.run("rollback --yes").fails_with(5).says("half-way");

        project.edit("migrations/2_i/up.sql", |text| text.replace("missing", "1"));
        project.run("migrate").ok();
        project.run("rollback --all --yes").ok();
    }

    fn transactions_opened_in_odd_ways_do_not_hang(project: Project) {
        let odd: &[&str] = match project.backend() {
            Backend::Sqlite => &["BEGIN;\nBEGIN;\nSELECT missing;", "COMMIT;", "SAVEPOINT s;\nCREATE TABLE x (id INTEGER);\nSELECT missing;"],
            Backend::Postgres => &[
                "BEGIN;\nBEGIN;\nCREATE INDEX CONCURRENTLY i ON t (a);",
                "BEGIN;\nINSERT INTO t VALUES (1);\nCOMMIT AND CHAIN;\nVACUUM t;",
                "BEGIN;\nINSERT INTO t VALUES (1);\nROLLBACK AND CHAIN;\nVACUUM t;",
                "START TRANSACTION READ ONLY;\nCREATE TABLE x (id INTEGER);\nCOMMIT;",
                "PREPARE TRANSACTION 'x';\nVACUUM missing;",
                "BEGIN;\nPREPARE TRANSACTION 'x';\nVACUUM missing;",
            ],
        };
        for odd in odd {
            let project = Project::on(project.backend())
                .migration("1_t", "CREATE TABLE t (a INTEGER);", "DROP TABLE t;")
                .no_transaction("2_b", odd, "SELECT 1;");

            let outcome = project.run("migrate");

            assert!([2, 3].contains(&outcome.code), "{odd}\n{outcome}");
            assert_eq!(recorded(&project), ["1"], "{odd}\n{outcome}");
        }
    }
}

#[test]
fn a_chained_transaction_commits_with_its_progress() {
    let project = Project::on(Backend::Postgres).migration("1_t", "CREATE TABLE t (a INTEGER);", "DROP TABLE t;").no_transaction(
        "2_b",
        "BEGIN;\nINSERT INTO t VALUES (1);\nCOMMIT AND CHAIN;\nINSERT INTO t VALUES (2);\nSELECT missing;\nCOMMIT;",
        "SELECT 1;",
    );

    project.run("migrate").fails_with(3).says("its first 3 statements stayed");
    assert_eq!(project.value("SELECT count(*) FROM t"), "1");
    project.run("migrate").fails_with(3);
    assert_eq!(project.value("SELECT count(*) FROM t"), "1", "what is committed is not done again");
}

#[test]
fn settings_of_a_file_hold_when_it_is_taken_up_again() {
    let project = Project::on(Backend::Postgres)
        .migration(
            "1_t",
            "CREATE SCHEMA app; CREATE TABLE app.t (a INTEGER, b INTEGER); CREATE TABLE t (a INTEGER, b INTEGER);",
            "DROP TABLE t; DROP SCHEMA app CASCADE;",
        )
        .no_transaction(
            "2_i",
            "SET search_path = app;\nSELECT set_config('lock_timeout', '7s', false);\nCREATE INDEX CONCURRENTLY t_a ON t (missing);\nCREATE TABLE seen AS SELECT current_setting('lock_timeout') AS s;",
            "SELECT 1;",
        );
    project.run("migrate").fails_with(3);

    project.edit("migrations/2_i/up.sql", |text| text.replace("missing", "a"));
    project.run("migrate").ok();

    assert_eq!(project.query("SELECT schemaname FROM pg_indexes WHERE indexname = 't_a'").concat(), ["app"]);
    assert_eq!(project.value("SELECT s FROM app.seen"), "7s");
}

#[test]
fn an_interrupted_index_is_looked_for_where_the_file_s_settings_lead() {
    let project = Project::on(Backend::Postgres)
        .migration("1_t", "CREATE SCHEMA app; CREATE TABLE app.t (a INTEGER); CREATE TABLE t (a INTEGER);", "SELECT 1;")
        .no_transaction("2_i", "SET search_path = app;\nCREATE INDEX CONCURRENTLY t_a ON t (a);", "SELECT 1;");
    project.command("migrate").env("MANAGE_FAULT", "progress.executed:1").run().exits_with(134);

    project.run("migrate").ok().says("done by an earlier run");

    assert_eq!(project.query("SELECT schemaname FROM pg_indexes WHERE indexname = 't_a'").concat(), ["app"]);
}

#[test]
fn a_role_of_the_file_does_not_need_the_ledger() {
    let project = Project::on(Backend::Postgres);
    let role = format!("limited_{}", project.value("SELECT current_database()"));
    let project = project
        .migration("1_t", &format!("CREATE ROLE {role}; GRANT CREATE, USAGE ON SCHEMA public TO {role};"), "SELECT 1;")
        .no_transaction(
            "2_i",
            &format!("SET ROLE {role};\nCREATE TABLE t (a INTEGER);\nCREATE INDEX CONCURRENTLY t_a ON t (a);\nBEGIN;\nCREATE TABLE u (a INTEGER);\nCOMMIT;\nCREATE TABLE v (a INTEGER);"),
            "SELECT 1;",
        );

    project.run("migrate").ok();

    let owners = project.query("SELECT DISTINCT tableowner FROM pg_tables WHERE tablename IN ('t', 'u', 'v')").concat();
    assert_eq!(owners, [role.as_str()]);
    project.execute(&format!("DROP OWNED BY {role}; DROP ROLE {role}"));
}

#[test]
fn a_procedure_that_commits_runs_where_there_is_no_transaction() {
    let procedure = "CREATE TABLE t (a INTEGER);
        CREATE PROCEDURE fill() LANGUAGE plpgsql AS $$ BEGIN INSERT INTO t VALUES (1); COMMIT; INSERT INTO t VALUES (2); END $$;";
    let project = Project::on(Backend::Postgres)
        .migration("1_t", procedure, "DROP PROCEDURE fill; DROP TABLE t;")
        .no_transaction("2_c", "CALL fill();", "SELECT 1;");

    project.run("migrate").ok();

    assert_eq!(project.value("SELECT count(*) FROM t"), "2");
}
