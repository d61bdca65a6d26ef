//! `lock_timeout`, `statement_timeout`, and trying again.

use std::time::{Duration, Instant};

use super::*;

fn with_table(project: Project) -> Project {
    let project = project.migration("1_t", "CREATE TABLE t (a INTEGER);", "DROP TABLE t;");
    project.run("migrate").ok();
    project
}

/// Holds a lock on the table, or on all of SQLite's file, until it is dropped.
enum Holder {
    Sqlite(rusqlite::Connection),
    Postgres(Box<postgres::Client>),
}

fn hold(project: &Project) -> Holder {
    match project.backend() {
        Backend::Sqlite => {
            let connection = rusqlite::Connection::open(project.path("manage.db")).expect("it is there");
            connection.execute_batch("BEGIN IMMEDIATE").expect("nobody else writes");
            Holder::Sqlite(connection)
        }
        Backend::Postgres => {
            let mut config: postgres::Config = project.database_url().parse().expect("it is a URL");
            let mut client = config.application_name("report").connect(postgres::NoTls).expect("the server is there");
            client.batch_execute("BEGIN; SELECT a + 4711 FROM t").expect("the table is there");
            Holder::Postgres(Box::new(client))
        }
    }
}

impl Holder {
    fn release(self) {
        match self {
            Self::Sqlite(connection) => connection.execute_batch("ROLLBACK").expect("it is open"),
            Self::Postgres(mut client) => client.batch_execute("ROLLBACK").expect("it is open"),
        }
    }
}

each_backend! {
    fn a_lock_that_comes_free_is_waited_for_in_short_tries(project: Project) {
        let project = with_table(project)
            .migration("2_c", "-- manage: lock_timeout 200ms\nALTER TABLE t ADD COLUMN b INTEGER;\n", "ALTER TABLE t DROP COLUMN b;");
        let holder = hold(&project);

        let running = project.command("migrate").spawn().until_it_says("try 2 of 4");
        holder.release();
        let outcome = running.wait();

        outcome.ok().says("✓ 2 c");
        if project.backend() == Backend::Postgres {
            outcome.says("blocked by pid").says("report").says("idle in transaction").does_not_say("4711 FROM");
        }
        assert_eq!(history(&project), ["1", "2"]);
        let failures = project.value(&format!("SELECT count(*) FROM {} WHERE action = 'failed'", ledger(&project, "manage_migration_log")));
        assert_eq!(failures, "0");
    }

    fn a_lock_that_does_not_come_free_is_exit_6_and_leaves_nothing(project: Project) {
        let project = with_table(project)
            .file("manage.toml", "[database]\nurl = \"${DATABASE_URL:-sqlite:manage.db}\"\n[migrations]\nlock_timeout = \"100ms\"\nretries = 1\n")
            .migration("2_c", "CREATE TABLE u (a INTEGER);\nALTER TABLE t ADD COLUMN b INTEGER;\n", "SELECT 1;");
        let holder = hold(&project);
        let before = project.schema();

        let outcome = project.run("migrate -v");

        outcome.fails_with(6).says("try 2 of 2").does_not_say("try 3");
        if project.backend() == Backend::Postgres {
            outcome.says("detail: blocked by pid").says("statement 2 of 2").says("SELECT a + 4711 FROM t");
        }
        assert_eq!((history(&project), project.schema()), (vec!["1".to_owned()], before));
        holder.release();
        project.run("migrate").ok();
    }

    fn a_statement_that_takes_too_long_is_broken_off(project: Project) {
        let slow = match project.backend() {
            Backend::Sqlite => "INSERT INTO t WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000000000) SELECT i FROM n;",
            Backend::Postgres => "SELECT pg_sleep(60);",
        };
        let project = with_table(project)
            .migration("2_fine", "CREATE TABLE fine (a INTEGER);", "DROP TABLE fine;")
            .migration("3_slow", &format!("-- manage: statement_timeout 300ms\n{slow}"), "SELECT 1;");
        let begun = Instant::now();

        let outcome = project.run("migrate");

        outcome.fails_with(3).says("3 slow").says("timeout").says("rolled back whole");
        assert!(begun.elapsed() < Duration::from_secs(30), "{outcome}");
        assert_eq!(history(&project), ["1", "2"]);
        assert_eq!(project.value("SELECT count(*) FROM t"), "0");
    }

    fn the_limits_of_a_file_end_with_it(project: Project) {
        if project.backend() == Backend::Sqlite {
            return;
        }
        let look = "INSERT INTO seen SELECT current_setting('lock_timeout'), current_setting('statement_timeout');";
        let project = project
            .migration("1_t", "CREATE TABLE seen (l TEXT, s TEXT);", "")
            .migration("2_a", &format!("-- manage: lock_timeout 5s\n-- manage: statement_timeout 1min\n{look}"), "")
            .migration("3_b", look, "")
            .no_transaction("4_c", &format!("-- manage: lock_timeout 7s\n{look}"), "")
            .migration("5_d", look, "");

        project.run("migrate").ok();

        assert_eq!(project.query("SELECT l, s FROM seen"), [["5s", "1min"], ["0", "0"], ["7s", "0"], ["0", "0"]]);
    }

    fn a_directive_without_a_time_is_refused_with_its_place(project: Project) {
        let project = project.migration("1_t", "SELECT 1;\n-- manage: lock_timeout soon\n", "");

        let outcome = project.run("migrate");

        outcome.fails_with(2).says("1_t/up.sql:2:1").snapshot("patience_directive");
        project.write("manage.toml", "[migrations]\nlock_timeout = \"soon\"\n");
        project.run("migrate").fails_with(2).says("manage.toml:2:16");
    }
}

#[test]
fn ctrl_c_in_a_pause_stops_before_the_migration() {
    let project = with_table(Project::on(Backend::Postgres)).migration(
        "2_c",
        "-- manage: lock_timeout 3s\nALTER TABLE t ADD COLUMN b INTEGER;\n",
        "SELECT 1;",
    );
    let _holder = hold(&project);

    let running = project.command("migrate").spawn().until_it_says("try 2 of 4");
    let outcome = running.signal(rustix::process::Signal::INT).wait();

    outcome.fails_with(7).says("stopped before 2");
    assert_eq!(history(&project), ["1"]);
}

#[test]
fn a_statement_without_a_transaction_is_tried_again_by_itself() {
    let project = with_table(Project::on(Backend::Postgres)).no_transaction(
        "2_c",
        "-- manage: lock_timeout 200ms\nINSERT INTO t VALUES (1);\nALTER TABLE t ADD COLUMN b INTEGER;\n",
        "SELECT 1;",
    );
    let holder = hold(&project);

    let running = project.command("migrate").spawn().until_it_says("try 2 of 4");
    holder.release();
    let outcome = running.wait();

    outcome.ok().says("blocked by pid").does_not_say("done by an earlier run");
    assert_eq!(project.value("SELECT count(*) FROM t"), "1");
}

#[test]
fn an_index_that_was_left_invalid_is_not_tried_again() {
    let project = with_table(Project::on(Backend::Postgres)).no_transaction(
        "2_i",
        "-- manage: lock_timeout 200ms\nCREATE INDEX CONCURRENTLY t_a ON t (a);\n",
        "DROP INDEX t_a;",
    );
    // A writer's transaction lets the build begin and then keeps it waiting.
    let mut writer = postgres::Client::connect(project.database_url(), postgres::NoTls).expect("the server is there");
    writer.batch_execute("BEGIN; INSERT INTO t VALUES (1)").expect("the table is there");

    let outcome = project.run("migrate");

    outcome.fails_with(3).says("DROP INDEX CONCURRENTLY public.t_a;").does_not_say("try 2");
    drop(writer);
}
