//! What `status`, `doctor` and `--plan` say of what was only recorded, and of what is running now.

use std::time::{Duration, Instant};

use super::*;

fn two(project: Project) -> Project {
    project.migration("1_t", "CREATE TABLE t (a INTEGER);", "DROP TABLE t;").migration(
        "2_u",
        "CREATE TABLE u (a INTEGER);",
        "DROP TABLE u;",
    )
}

/// A run that has begun a statement of its file without a transaction, and stays in it.
fn in_the_middle(project: &Project, command: &str) -> Running {
    let running = project.command(command).env("MANAGE_FAULT", "progress.started:1:sleep=60000").spawn();
    let deadline = Instant::now() + Duration::from_secs(20);
    let started = format!("SELECT count(*) FROM {} WHERE state = 'started'", ledger(project, "manage_migration_progress"));
    while project.value(&started) != "1" {
        assert!(Instant::now() < deadline, "the statement is not begun");
        std::thread::sleep(Duration::from_millis(5));
    }
    running
}

each_backend! {
    fn what_was_only_recorded_is_not_called_applied(project: Project) {
        let project = two(project);
        project.execute("CREATE TABLE t (a INTEGER)");
        project.run("migrate --fake --to 1").ok();
        project.run("migrate").ok();

        project.run("status").ok().snapshot("status_faked");
        let facts = project.run("status --json").ok().json();

        assert_eq!((&facts["applied"][0]["recorded_as"], &facts["applied"][1]["recorded_as"]), (&"faked".into(), &"applied".into()));
        project.edit("migrations/1_t/up.sql", |text| text.replace("INTEGER", "BIGINT"));
        project.run("repair 1 --reason why --yes").ok();
        project.run("status").ok().says("faked");
    }

    fn a_file_that_another_process_runs_is_not_called_interrupted(project: Project) {
        let project = two(project);
        project.run("migrate").ok();
        let project = project.no_transaction("3_v", "VACUUM;", "VACUUM;");
        let running = in_the_middle(&project, "migrate");

        let looked = project.run("status --check");
        let facts = project.run("status --json").ok().json();
        let examined = project.run("doctor");
        let waited = project.run("rollback --lock-timeout 0 --yes");
        running.kill();

        looked.exits_with(1).says("3 v is running now, without a transaction, by pid ").does_not_say("half-way");
        assert_eq!((&facts["running"][0]["version"], &facts["problems"]), (&"3".into(), &serde_json::json!([])));
        examined.ok().says("3 v is running now").does_not_say("half-way");
        waited.fails_with(6).says("another run holds the lock").does_not_say("half-way");
        crate::safety::memory::until_alone(&project);
        project.run("status --check").exits_with(5).says("half-way").does_not_say("running");
    }

    fn a_way_back_that_another_process_runs_is_said_too(project: Project) {
        let project = two(project).no_transaction("3_v", "VACUUM;", "VACUUM;");
        project.run("migrate").ok();
        let running = in_the_middle(&project, "rollback");

        let looked = project.run("status --check");
        running.kill();

        looked.exits_with(1).says("3 v is being reverted now").does_not_say("up to date");
    }

    fn several_without_a_way_back_have_none(project: Project) {
        let project = two(project).one_way_migration("3_c", "CREATE TABLE c (a INTEGER);").one_way_migration("4_d", "CREATE TABLE d (a INTEGER);");
        project.run("migrate").ok();

        project.run("rollback --steps 2").fails_with(2).says("4 d, 3 c have no way back");
        project.run("rollback").fails_with(2).says("4 d has no way back");
    }

    fn a_plan_of_what_is_only_recorded_says_so(project: Project) {
        let project = two(project);

        project.run("migrate --plan --fake").ok().says("2 migrations would be recorded without running · do it: manage migrate --fake");
        project.run("migrate --plan --single-transaction").ok()
            .says("2 migrations would run in one transaction · do it: manage migrate --single-transaction");

        let project = project.no_transaction("3_v", "VACUUM;", "VACUUM;");
        project.run("migrate --plan --single-transaction").fails_with(2).says("3 runs without a transaction");
        project.run("migrate --sql --single-transaction").fails_with(2).says("3 runs without a transaction");
        project.run("migrate --plan --fake --single-transaction").ok();
    }
}
