//! What is refused, and what fails after the wipe: the old content is there afterwards, whole.

use super::*;

each_backend! {
    fn a_token_is_good_once(project: Project) {
        let project = old(project);
        let token = token(&project);
        project.run(&format!("reset --confirm {token}")).ok();

        refused(&project, &format!("reset --confirm {token}"), 4).says("no such token");
    }

    fn a_token_is_used_up_by_a_reset_that_fails(project: Project) {
        let project = old(project).file("taken.bak", "something else");
        let token = token(&project);
        refused(&project, &format!("reset --confirm {token} --backup taken.bak"), 2).says("overwrites nothing");

        refused(&project, &format!("reset --confirm {token}"), 4).says("this token was used");
    }

    fn two_cannot_use_one_token(project: Project) {
        let project = old(project);
        let token = token(&project);
        let first = project.command(&format!("reset --confirm {token} --no-backup --reason x"));
        let mut running = first.env("MANAGE_FAULT", "reset.begun:1:sleep=2500").spawn();
        let used = format!("SELECT count(*) FROM {} WHERE used_at IS NOT NULL", ledger(&project, "manage_reset_plan"));
        while project.value(&used) == "0" {
            assert!(running.is_running());
        }
        // Of the second one it is said that the token was used, or that the first one is connected.
        project.run(&format!("reset --confirm {token} --lock-timeout 0")).fails_with(4);
        running.wait().ok();
        assert_eq!(content(&project), "new");
    }

    fn a_token_is_good_for_15_minutes(project: Project) {
        let project = old(project);
        let table = ledger(&project, "manage_reset_plan");
        for shift in ["- 901", "+ 60"] {
            let token = token(&project);
            project.execute(&format!("UPDATE {table} SET planned_at = planned_at {shift}"));
            refused(&project, &format!("reset --confirm {token}"), 4).says("not good any more");
            project.execute(&format!("DELETE FROM {table}"));
        }
        let token = token(&project);
        project.execute(&format!("UPDATE {table} SET planned_at = planned_at - 800"));
        project.run(&format!("reset --confirm {token}")).ok();
    }

    fn the_token_of_another_database_is_not_good_here(project: Project) {
        let other = old(Project::on(project.backend()));
        let project = old(project);
        let theirs = token(&other);
        refused(&project, &format!("reset --confirm {theirs}"), 4).says("no such token");
        refused(&project, "reset --confirm nonsense", 4).says("no such token");
        refused(&project, "reset --confirm ''", 4);
        // Also where its row was copied.
        let table = ledger(&project, "manage_reset_plan");
        let row = other.query(&format!("SELECT token, digest, binding, planned_at FROM {table}")).remove(0);
        token(&project);
        project.execute(&format!(
            "INSERT INTO {table} (token, digest, binding, planned_at) VALUES ('{}', '{}', '{}', {})",
            row[0], row[1], row[2], row[3]
        ));
        refused(&project, &format!("reset --confirm {theirs}"), 4).says("was given for another database");
    }

    fn a_token_does_not_come_back_with_a_backup(project: Project) {
        let project = old(project);
        let token = token(&project);
        project.run("backup with-token.bak").ok();
        project.run(&format!("reset --confirm {token}")).ok();
        project.run("restore with-token.bak --yes --no-backup --reason x").ok();

        refused(&project, &format!("reset --confirm {token}"), 4).says("no such token");
        tidy(&project);
    }

    fn a_plan_that_is_another_by_now_is_a_conflict(project: Project) {
        let project = old(project);
        let first = token(&project);
        project.execute("CREATE TABLE newer (id INTEGER)");
        refused(&project, &format!("reset --confirm {first}"), 5).says("the plan is another one by now");
        project.execute("DROP TABLE newer");
        let second = token(&project);
        project.edit("migrations/20260601000000_baseline/up.sql", |text| format!("{text}CREATE TABLE newer (id INTEGER);\n"));
        refused(&project, &format!("reset --confirm {second}"), 5);
        // Rows may come meanwhile.
        let third = token(&project);
        project.execute("INSERT INTO targets VALUES (4, 'd')");
        project.run(&format!("reset --confirm {third}")).ok().says("4 rows gone");
    }

    fn protected_and_unknown_databases_are_never_reset(project: Project) {
        let project = old(project);
        let token = token(&project);
        for how in ["production", "unknown", "environment"] {
            match how {
                "production" => mark(&project, "production", true),
                "unknown" => unmark(&project),
                _ => {
                    mark(&project, "development", false);
                    let url = project.database_url();
                    project.write("manage.toml", &format!("[environments.production]\nurl = \"{url}\"\nprotected = true\n"));
                }
            }
            for command in ["reset", "reset --plan", "reset --yes", "reset --yes --no-backup --reason x", &format!("reset --confirm {token}")] {
                refused(&project, command, 4).says("never done");
            }
            Terminal::run(&project, "reset").finish().exits_with(4).does_not_say("Type");
        }
    }

    fn consent_comes_from_no_setting_variable_or_pipe(project: Project) {
        let project = old(project);
        let name = database_name(&project);
        project.write(".env", "MANAGE_YES=1\nMANAGE_CONFIRM=1\n");
        let before = project.dump();
        let mut invocation = project.command("reset --yes").input(&format!("{name}\ny\n"));
        for variable in ["MANAGE_YES", "MANAGE_CONFIRM", "CI", "FORCE", "PRISMA_USER_CONSENT_FOR_DANGEROUS_AI_ACTION"] {
            invocation = invocation.env(variable, &name);
        }
        invocation.run().fails_with(4).says("needs the token of a plan").says("manage reset --plan");
        assert_eq!(before, project.dump());
        project.write("manage.toml", "[reset]\nyes = true\n");
        refused(&project, "reset", 2);
    }

    fn a_probe_that_fails_leaves_the_old_content(project: Project) {
        let project = old(project);
        project.edit("probes/targets.sql", |text| text.replace("200, 300", "20, 30"));
        let before = project.everything();
        let token = token(&project);

        let outcome = project.run(&format!("reset --confirm {token} --no-backup --reason x"));

        outcome.fails_with(1).says("1 of 2 probes not as they should be; the old content is in place");
        assert_eq!(content(&project), "old");
        let plan = ledger(&project, "manage_reset_plan");
        project.execute(&format!("DELETE FROM {plan}"));
        assert_eq!(before, project.everything());
        assert!(!project.list(".").iter().any(|name| name.contains("-manage-restore-")));
    }

    fn what_stopped_half_way_comes_first(project: Project) {
        let project = old(project);
        let slow = match project.backend() {
            Backend::Sqlite => "VACUUM;",
            Backend::Postgres => "CREATE INDEX CONCURRENTLY slow ON targets (id);",
        };
        reset(&project, "--no-backup --reason x").ok();
        let project = project.no_transaction("20260701000000_slow", slow, "SELECT 1;");
        project.command("migrate").env("MANAGE_FAULT", "progress.started:1").run().exits_with(134);

        refused(&project, "reset --plan", 4).says("stopped half-way").says("manage repair");
        refused(&project, "reset --confirm x", 4).says("stopped half-way");
    }
}

#[test]
fn a_file_that_somebody_has_open_is_not_reset() {
    let project = old(Project::new());
    let token = token(&project);
    let connection = rusqlite::Connection::open(project.path("manage.db")).expect("it opens");
    let rows: i64 = connection.query_row("SELECT count(*) FROM targets", [], |row| row.get(0)).expect("it is there");
    assert_eq!(rows, 3);

    refused(&project, &format!("reset --confirm {token}"), 4)
        .says("has the file open")
        .says(&format!("pid {}", std::process::id()));
    project.run("reset --plan").ok().says("in the way now: pid");
    drop(connection);

    project.run(&format!("reset --confirm {token}")).ok();
}

#[test]
fn a_connected_session_is_named() {
    let project = old(Project::on(Backend::Postgres));
    let token = token(&project);
    let client = postgres::Client::connect(project.database_url(), postgres::NoTls).expect("it connects");

    refused(&project, &format!("reset --confirm {token}"), 4).says("is connected");
    drop(client);

    project.run(&format!("reset --confirm {token}")).ok();
}
