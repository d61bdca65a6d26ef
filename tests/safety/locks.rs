//! The lock: one at a time, said to those who wait, lost with the one who holds it. And Ctrl-C.

use std::fs;
use std::time::{Duration, Instant};

use rustix::process::Signal;

use super::memory::{history, nothing_is_half_recorded, until_alone};
use crate::support::*;

fn two(project: Project) -> Project {
    project.migration("11_a", "CREATE TABLE t11 (id INTEGER);", "DROP TABLE t11;").migration(
        "12_b",
        "CREATE TABLE t12 (id INTEGER);",
        "DROP TABLE t12;",
    )
}

/// A run that holds the lock for a while.
fn holder(project: &Project, milliseconds: u32) -> Running {
    let running = project.command("migrate").env("MANAGE_FAULT", format!("migrate.locked:1:sleep={milliseconds}")).spawn();
    let deadline = Instant::now() + Duration::from_secs(10);
    let locked =
        || match project.backend() {
            Backend::Sqlite => fs::File::options()
                .write(true)
                .open(project.path("manage.db-manage-lock"))
                .is_ok_and(|file| matches!(file.try_lock(), Err(fs::TryLockError::WouldBlock))),
            Backend::Postgres => project.value(
                "SELECT count(*) FROM pg_locks l JOIN pg_stat_activity a USING (pid) WHERE l.locktype = 'advisory' AND l.granted \
                 AND l.classid = x'6d616e61'::int::oid AND l.objid = x'67650001'::int::oid AND a.datname = current_database() \
                 AND a.application_name LIKE 'manage migrate on %'",
            ) == "1",
        };
    while !locked() {
        assert!(Instant::now() < deadline, "nobody takes the lock");
        std::thread::sleep(Duration::from_millis(5));
    }
    running
}

each_backend! {
    fn who_does_not_wait_is_told_who_holds_the_lock(project: Project) {
        let project = two(project);
        let running = holder(&project, 1500);

        for command in ["migrate --lock-timeout 0", "rollback --lock-timeout 0", "redo --yes --lock-timeout 100ms"] {
            let outcome = project.run(command);
            // There is nothing to take back yet, but that is not known before the lock is held.
            outcome.fails_with(6).says("another run holds the lock: pid ").says("manage migrate on ").says("since ");
        }
        if project.backend() == Backend::Sqlite {
            project.run("migrate --lock-timeout 0").says(&format!("pid {}", running.pid()));
        }

        running.wait().ok();
    }

    fn who_waits_says_for_whom_and_goes_on_then(project: Project) {
        let project = two(project);
        let running = holder(&project, 1200);

        let waiting = project.run("migrate");

        waiting.ok().says("waiting for the lock: held by pid ").says("nothing to do");
        running.wait().ok();
    }

    fn a_killed_holder_holds_nothing(project: Project) {
        let project = two(project);
        let running = holder(&project, 30_000);

        running.kill().exits_with(137);
        until_alone(&project);

        project.run("migrate --lock-timeout 0").ok();
    }

    fn ctrl_c_stops_after_the_migration_that_runs(project: Project) {
        for signal in [Signal::INT, Signal::TERM] {
            let project = two(Project::on(project.backend()));
            let running = project.command("migrate").held_at("migrate.begun");

            let outcome = running.signal_and_go_on(signal).wait();

            outcome.fails_with(7).says("✓ 11 a").says("stopped before 12").says("run the same command again");
            nothing_is_half_recorded(&project, "after Ctrl-C");
            assert_eq!(history(&project), ["11"]);
            project.run("migrate").ok().says("✓ 12 b");
        }
    }

    fn ctrl_c_while_waiting_ends_the_waiting(project: Project) {
        let project = two(project);
        let running = holder(&project, 1500);

        let waiting = project.command("migrate").spawn().until_it_says("waiting for the lock");
        waiting.signal(Signal::INT).wait().fails_with(7);

        running.wait().ok();
    }

    fn ctrl_c_twice_breaks_the_statement_off(project: Project) {
        let endless = match project.backend() {
            Backend::Sqlite => "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n;",
            Backend::Postgres => "SELECT pg_sleep(100);",
        };
        let written = match project.backend() {
            Backend::Sqlite => "CREATE TABLE big AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i FROM n;",
            Backend::Postgres => "CREATE TABLE big AS SELECT i FROM generate_series(1, 10000000000) AS s(i);",
        };
        for (third, first_stays) in [(endless, true), (written, project.backend() == Backend::Postgres)] {
            let project = two(Project::on(project.backend())).migration("13_c", &format!("CREATE TABLE t13 (id INTEGER);\n{third}"), "SELECT 1;");
            // The next statement is the one without an end.
            let running = project.command("migrate").held_at_pass("migrate.statement", 3).go_on();
            let begun = Instant::now();
            std::thread::sleep(Duration::from_millis(700));
            let running = running.signal(Signal::INT);
            std::thread::sleep(Duration::from_millis(200));

            let outcome = running.signal(Signal::INT).wait();

            outcome.fails_with(130);
            assert!(begun.elapsed() < Duration::from_secs(15));
            nothing_is_half_recorded(&project, &outcome.to_string());
            // SQLite ends the whole transaction when a statement that writes is broken off; then it says so.
            assert_eq!(history(&project).len(), if first_stays { 2 } else { 0 }, "{outcome}");
            if !first_stays {
                outcome.says("rolled back with it: 11, 12").does_not_say("✓");
            }
        }
    }
}

#[test]
fn a_link_to_a_database_has_the_lock_of_the_database() {
    let project = two(Project::new());
    project.run("migrate --to 11").ok();
    std::os::unix::fs::symlink(project.path("manage.db"), project.path("link.db")).expect("a link");
    let running = holder(&project, 1000);

    project.command("migrate --lock-timeout 0").env("DATABASE_URL", "sqlite:link.db").run().fails_with(6);

    running.wait().ok();
    assert!(!project.has("link.db-manage-lock"));
}

#[test]
fn a_lock_that_a_file_gives_up_stops_the_run() {
    let discard =
        Project::on(Backend::Postgres).no_transaction("11_a", "CREATE TABLE t11 (id INTEGER);\nDISCARD ALL;", "SELECT 1;");
    let unlock = Project::on(Backend::Postgres).migration(
        "11_a",
        "CREATE TABLE t11 (id INTEGER); SELECT pg_advisory_unlock_all();",
        "SELECT 1;",
    );
    for project in [discard, unlock] {
        let project = project.migration("12_b", "CREATE TABLE t12 (id INTEGER);", "DROP TABLE t12;");

        let outcome = project.run("migrate");

        outcome.fails_with(3).says("✓ 11 a").says("the lock was lost before 12").says("done before it: 11 · not tried: 12");
        nothing_is_half_recorded(&project, "");
        project.run("migrate").ok().says("✓ 12 b");
    }
}

#[test]
fn a_lock_file_that_somebody_deletes_stops_the_run() {
    let project = two(Project::new()).migration("13_c", "PRAGMA user_version = 3;", "SELECT 1;");
    let running = project.command("migrate").held_at("migrate.begun");
    fs::remove_file(project.path("manage.db-manage-lock")).expect("it is there");

    running.go_on().wait().fails_with(3).says("the lock was lost before 12").says("✓ 11 a");

    project.run("migrate").ok();
}

#[test]
fn a_database_that_was_deleted_while_somebody_waited_is_not_migrated_in_secret() {
    let project = two(Project::new());
    project.run("migrate --to 11").ok();
    let running = holder(&project, 1500);
    let waiting = project.command("migrate").spawn().until_it_says("waiting for the lock");
    fs::remove_file(project.path("manage.db")).expect("it is there");

    let outcome = running.wait();
    outcome.fails_with(3).does_not_say("✓");
    waiting.wait().fails_with(3).says("deleted or replaced").does_not_say("✓");

    project.run("migrate").ok().says("✓ 11 a");
}

#[test]
fn a_redo_that_is_stopped_or_fails_says_how_to_go_on() {
    let project = two(Project::new());
    project.run("migrate").ok();
    let running = project.command("redo --yes").held_at("rollback.before_commit");
    running.signal_and_go_on(Signal::INT).wait().fails_with(7).says("manage migrate");
    assert_eq!(history(&project), ["11"]);
    project.run("migrate").ok();

    project.write("migrations/12_b/up.sql", "CREATE TABLE t12 (id INTEGER); SELECT missing;");
    // To redo it again would take the one before it back.
    project.run("redo --yes").fails_with(3).says("it was taken back before").says("manage migrate");
    assert_eq!(history(&project), ["11"]);
}
