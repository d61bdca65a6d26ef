//! What is refused, and what fails after the wipe: the old content is there afterwards, whole.

use super::*;

/// A check of this query.
fn check(sql: &str) -> String {
    format!("/* manage\ndescription = \"a check\"\n*/\n{sql}\n")
}

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
        // A look into the database would be somebody who is connected.
        let first = project.command(&format!("reset --confirm {token} --no-backup --reason x")).held_at("reset.begun");
        // Of the second one it is said that the token was used, or that the first one is connected.
        project.run(&format!("reset --confirm {token} --lock-timeout 0")).fails_with(4);
        first.go_on().wait().ok();
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

    fn a_check_that_fails_leaves_the_old_content(project: Project) {
        let project = old(project);
        project.write("scripts/verify_names.sql", &check("SELECT 'targets' AS table_name, id, 'no name' AS what FROM targets WHERE name IS NULL"));
        // The new schema comes with a row that one check does not like, and another cannot be made on it.
        project.edit("migrations/20260601000000_baseline/up.sql", |text| format!("{text}INSERT INTO channels VALUES (1);\n"));
        let cases = [
            ("channels", "SELECT 'channels' AS table_name, id, 'unwanted' AS what FROM channels", "✗ channels: 1 finding, the first: unwanted"),
            ("gone", "SELECT 'gone' AS table_name, id, 'left' AS what FROM gone", "✗ gone: "),
        ];
        let plan = ledger(&project, "manage_reset_plan");
        for (name, sql, said) in cases {
            let script = format!("scripts/verify_{name}.sql");
            project.write(&script, &check(sql));
            let before = project.everything();
            let token = token(&project);

            let outcome = project.run(&format!("reset --confirm {token} --no-backup --reason x"));

            outcome.fails_with(1).says("1 of 2 checks does not pass on the new content; the old content is in place").says(said);
            assert_eq!(content(&project), "old");
            project.execute(&format!("DELETE FROM {plan}"));
            assert_eq!(before, project.everything());
            project.remove(&script);
        }
        // One that is not valid stops it before anything is planned; one that needs a value is left out.
        project.write("scripts/verify_broken.sql", "/* manage\nbroken\n*/ SELECT 1");
        refused(&project, "reset --plan", 2).says("scripts/verify_broken.sql:2");
        project.write("scripts/verify_broken.sql", "/* manage\ndescription = \"x\"\n[params]\nleast = { type = \"integer\", required = true }\n*/ SELECT id, 'x' AS what FROM targets WHERE id > :least");
        reset(&project, "--no-backup --reason x").ok().says(", 1 check passed");
    }

    fn the_command_of_a_plan_has_what_the_plan_was_given(project: Project) {
        let project = old(project);
        let plan = project.run("reset --plan --backup 'the old one.bak' --reason \"it's time\"").ok().clone();
        plan.says(r"--backup 'the old one.bak' --reason 'it'\''s time'");
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
