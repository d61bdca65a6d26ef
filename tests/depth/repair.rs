//! `manage repair`

use super::*;

const UP: &str = "migrations/1_users/up.sql";

fn edited(project: Project) -> Project {
    let project = project.migration("1_users", "CREATE TABLE users (id INTEGER);", "DROP TABLE users;");
    project.run("migrate").ok();
    project.edit(UP, |text| text.replace("INTEGER", "BIGINT"));
    project
}

#[track_caller]
fn refused(project: &Project, code: i32, arguments: &str) -> Outcome {
    let before = project.everything();
    let outcome = project.run(arguments);
    outcome.fails_with(code);
    assert_eq!(before, project.everything(), "it should have changed nothing\n{outcome}");
    outcome
}

each_backend! {
    fn an_edited_file_is_accepted_and_remembered(project: Project) {
        let project = edited(project);
        project.run("migrate").fails_with(5);
        project.write("migrations/1_users/down.sql", "DROP TABLE IF EXISTS users;");

        let outcome = project.run("repair 1 --reason 'the type was wrong' --yes");

        outcome.ok().snapshot("repair");
        project.run("status --check").ok().says("up to date").does_not_say("edited");
        let log = ledger(&project, "manage_migration_log");
        assert_eq!(
            project.query(&format!("SELECT name, up_text, down_text, message FROM {log} WHERE action = 'repaired'")),
            [["users", "CREATE TABLE users (id BIGINT);", "DROP TABLE IF EXISTS users;", "the type was wrong"]]
        );
        assert_ne!(project.value(&format!("SELECT os_user FROM {log} WHERE action = 'repaired'")), "");
        project.edit(UP, |text| text.replace("BIGINT", "TEXT"));
        project.run("status --check").exits_with(5);
    }

    fn the_time_that_it_took_stays_known(project: Project) {
        let project = edited(project);
        let before = project.run("status --json").json()["applied"][0]["duration_ms"].clone();

        let facts = project.run("repair 1_users --reason why --yes --json").ok().json();

        assert_eq!(facts["repaired"]["verdict"], "file-accepted");
        assert_eq!(facts["repaired"]["statement"], serde_json::Value::Null);
        assert_eq!(project.run("status --json").json()["applied"][0]["duration_ms"], before);
    }

    fn what_needs_no_repair_is_said_in_its_own_words(project: Project) {
        let project = edited(project)
            .migration("2_fine", "CREATE TABLE fine (id INTEGER);", "DROP TABLE fine;")
            .migration("3_gone", "CREATE TABLE gone (id INTEGER);", "DROP TABLE gone;");
        project.run("repair 1 --reason why --yes").ok();
        project.run("migrate").ok();
        project.remove("migrations/3_gone");
        project.write("migrations/4_new/up.sql", "SELECT 1;");
        project.write("migrations/0_other/up.sql", "SELECT 1;");
        project.execute("INSERT INTO __diesel_schema_migrations (version) VALUES ('0')");

        refused(&project, 2, "repair 2 --reason why --yes").says("2 fine was not edited").snapshot("repair_not_edited");
        refused(&project, 5, "repair 3 --reason why --yes").says("3 is applied, but no file has it");
        refused(&project, 2, "repair 4 --reason why --yes").says("4 new is not applied");
        refused(&project, 2, "repair 0 --reason why --yes").says("another tool");
        refused(&project, 2, "repair 9 --reason why --yes").says("there is no migration `9`");
        refused(&project, 2, "repair 2 --reason why --statement-done --yes").says("2 fine is not half-way");
    }

    fn a_reason_is_needed(project: Project) {
        let project = edited(project);

        refused(&project, 2, "repair 1 --yes").says("--reason");
        refused(&project, 2, "repair 1 --reason '  ' --yes").says("say why");
        refused(&project, 2, "repair 1 --reason a --statement-done --statement-not-done").says("cannot be used with");
    }

    fn it_is_asked_for_where_the_table_says_so(project: Project) {
        let development = project.backend() == Backend::Sqlite;
        let project = edited(project);

        // A file that manage made is stamped; a database of the server's is not.
        if development {
            project.run("repair 1 --reason why").ok();
        } else {
            refused(&project, 4, "repair 1 --reason why").says("--yes");
        }
    }

    fn a_ledger_of_the_first_version_is_read_as_it_is_and_brought_up_to_date_by_who_writes(project: Project) {
        let project = edited(project);
        let (log, ledger) = (ledger(&project, "manage_migration_log"), ledger(&project, "manage_ledger_history"));
        match project.backend() {
            Backend::Postgres => project.execute(&format!(
                "ALTER TABLE {log} ADD CONSTRAINT manage_migration_log_action_check CHECK (action IN ('applied', 'reverted', 'faked', 'failed'))"
            )),
            Backend::Sqlite => project.execute(
                "PRAGMA writable_schema = ON; UPDATE sqlite_schema SET sql = replace(sql, 'action         TEXT NOT NULL', \
                 'action         TEXT NOT NULL CHECK (action IN (''applied'', ''reverted'', ''faked'', ''failed''))') \
                 WHERE name = 'manage_migration_log'",
            ),
        }
        let newest = project.value(&format!("SELECT max(version) FROM {ledger}"));
        project.with_the_first_ledger();
        let before = project.query(&format!("SELECT * FROM {log}"));

        project.run("status --check").exits_with(5).says("edited");
        assert_eq!(project.value(&format!("SELECT max(version) FROM {ledger}")), "1");
        project.run("repair 1 --reason why --yes").ok();

        assert_eq!(project.value(&format!("SELECT max(version) FROM {ledger}")), newest);
        // A later version added `superseded`, the last column.
        let mut after = project.query(&format!("SELECT * FROM {log} WHERE action <> 'repaired'"));
        after.iter_mut().for_each(|row| drop(row.pop()));
        assert_eq!(after, before);
        project.run("status --check").ok();
    }
}

fn interrupted(fault: &str) -> Project {
    let project = Project::on(Backend::Postgres).migration("1_t", "CREATE TABLE t (a INTEGER);", "DROP TABLE t;").no_transaction(
        "2_v",
        "VACUUM t;\nINSERT INTO t VALUES (1);",
        "VACUUM t;",
    );
    project.command("migrate").env("MANAGE_FAULT", fault).run().exits_with(134);
    project
}

#[test]
fn the_error_of_an_interrupted_statement_names_the_two_commands_and_each_goes_on() {
    for (flag, state) in [("--statement-done", "done by an earlier run"), ("--statement-not-done", "statement 1 of 2")] {
        let project = interrupted("progress.executed:1");
        let outcome = project.run("migrate");
        outcome.fails_with(5).snapshot("repair_hint");
        let command = format!("repair 2 --reason TEXT {flag}");
        outcome.says(&format!("manage {command}"));

        let facts = project.run(&format!("{command} --yes --json")).ok().json();

        assert_eq!((&facts["repaired"]["statement"], &facts["repaired"]["direction"]), (&1.into(), &"up".into()));
        project.run("migrate").ok().says(state);
        assert_eq!((history(&project).len(), project.value("SELECT count(*) FROM t")), (2, "1".to_owned()));
        project.run("status --check").ok().does_not_say("edited");
        refused(&project, 2, "repair 2 --reason x --statement-done --yes").says("is not half-way");
    }
}

#[test]
fn a_statement_that_is_known_is_not_decided_twice() {
    let project = interrupted("progress.started:1");
    project.run("repair 2 --reason x --statement-done --yes").ok().snapshot("repair_statement");

    refused(&project, 2, "repair 2 --reason x --statement-done --yes").says("of each of its statements it is known");
    refused(&project, 2, "repair 2 --reason x --yes").says("not applied yet: it stopped half-way");
}

#[test]
fn a_statement_of_the_way_back_is_decided_without_accepting_the_file() {
    let project = interrupted("progress.started:1");
    project.run("repair 2 --reason x --statement-not-done --yes").ok();
    project.run("migrate").ok();
    project.edit("migrations/2_v/up.sql", |text| text.replace("(1)", "(2)"));
    project.command("rollback").env("MANAGE_FAULT", "progress.started:1").run().exits_with(134);

    project.run("repair 2 --reason x --statement-not-done --yes").ok().says("go on: manage rollback");

    let count = "SELECT count(*) FROM manage.manage_migration_log WHERE action = 'repaired' AND up_text IS NULL";
    assert_eq!(project.value(count), "2");
    project.run("rollback").ok();
    assert_eq!(history(&project), ["1"]);
}

#[test]
fn a_repair_waits_for_the_lock() {
    let project = edited(Project::on(Backend::Postgres));
    let mut other = postgres::Client::connect(project.database_url(), postgres::NoTls).expect("the server is there");
    other.batch_execute("SELECT pg_advisory_lock(x'6d616e6167650001'::bit(64)::bigint)").expect("it is free");

    refused(&project, 6, "repair 1 --reason x --yes --lock-timeout 0").says("another run holds the lock");
}
