//! The commands.

use super::*;

each_backend! {
    fn a_fresh_database_gets_all_of_it(project: Project) {
        let project = bot(project);
        project.run("migrate --plan").ok().says("3 migrations would run");

        project.run("migrate").ok().snapshot("numbered_migrate");

        assert_eq!(version(&project), "3");
        let last_run = setting(&project, "db_migration_last_run");
        assert!(last_run.ends_with('Z') && last_run.as_bytes()[10] == b'T', "{last_run}");
        project.run("status").ok().snapshot("numbered_status");
        project.run("status --check").ok();
        project.run("migrate").ok().says("nothing to do");
    }

    fn status_counts_and_names_the_last_run(project: Project) {
        let project = bot(project);
        let facts = project.run("status --json").ok().json();
        assert_eq!((facts["current_version"].as_str(), facts["latest_version"].as_str()), (Some("0"), Some("3")));
        assert!(facts["last_run"].is_null());
        project.run("migrate 2").ok();

        let facts = project.run("status --json").ok().json();

        assert_eq!((facts["current_version"].as_str(), facts["latest_version"].as_str()), (Some("2"), Some("3")));
        assert_eq!((facts["pending_count"].as_i64(), facts["total_migrations"].as_i64()), (Some(1), Some(3)));
        assert_eq!(facts["last_run"].as_str(), Some(setting(&project, "db_migration_last_run").as_str()));
        assert_eq!(facts["applied"][1]["name"], "add_is_spammer");
        assert!(facts["applied"][1]["applied_at"].as_str().is_some_and(|moment| moment.starts_with("20")), "{facts}");
    }

    fn an_empty_folder_has_nothing_to_do(project: Project) {
        let project = project.file("manage.toml", "[database]\nurl = \"${DATABASE_URL:-sqlite:manage.db}\"\n[migrations]\nlayout = \"numbered\"\n");
        let before = project.everything();

        project.run("migrate").ok().says("nothing to do");

        assert_eq!(before, project.everything());
    }

    fn targets_are_numbers_or_files(project: Project) {
        let project = bot(project);
        project.run("migrate 001_initial").ok();
        assert_eq!(version(&project), "1");
        project.run("migrate --to 002").ok();
        assert_eq!(version(&project), "2");
        project.run("migrate 2").ok().says("nothing to do");

        refused(&project, 2, "migrate 9").says("target version 9 is higher than the latest version, 3");
        refused(&project, 2, "migrate 1").snapshot("numbered_behind");
        refused(&project, 2, "migrate --to=-1");
        refused(&project, 2, "migrate two").says("there is no migration `two`");
        project.run("sqlmigrate 3").ok().says("cache");
        project.run("migrate --steps 1").ok();
        assert_eq!(version(&project), "3");
    }

    fn a_failure_is_rolled_back_and_tried_again_after_the_fix(project: Project) {
        let project = file(bot(project), "004_bad", "CREATE TABLE fine (id INTEGER);\nINSERT INTO nowhere VALUES (1);", "DROP TABLE fine;");

        project.run("migrate").fails_with(3).snapshot("numbered_fails");

        assert_eq!(version(&project), "3");
        assert!(!project.schema().contains("fine"));
        project.edit("migrations/004_bad.sql", |text| text.replace("nowhere", "fine"));
        project.run("migrate").ok().says("1 migration applied");
        assert_eq!(version(&project), "4");
    }

    fn the_way_back_leaves_the_registered_version_before(project: Project) {
        let project = bot(project);
        let empty = { project.run("migrate 1").ok(); project.run("rollback").ok(); project.schema() };
        project.run("migrate").ok();

        project.run("rollback").ok().snapshot("numbered_rollback");
        assert_eq!(version(&project), "2");
        project.run("redo --yes").ok().says("1 migration redone");
        assert_eq!(version(&project), "2");
        project.run("rollback --to 1").ok();
        assert_eq!(version(&project), "1");
        project.run("migrate").ok();
        project.run("rollback --steps 99").ok().says("3 migrations reverted");

        assert_eq!(version(&project), "0");
        assert_eq!(empty, project.schema());
        project.run("rollback").ok().says("nothing to take back");
        refused(&project, 2, "rollback --steps 0");
        project.run("migrate").ok();
        assert_eq!(version(&project), "3");
    }

    fn without_a_way_back_nothing_is_touched(project: Project) {
        let project = bot(project).file("migrations/004_drop.sql", "-- up\nDROP TABLE cache;\n");
        let project = file(project, "005_more", "CREATE TABLE more (id INTEGER);", "DROP TABLE more;");
        project.run("migrate --plan").ok().says("no way back");
        project.run("migrate").ok();

        refused(&project, 2, "rollback --steps 2").snapshot("numbered_irreversible");
        project.edit("migrations/004_drop.sql", |text| format!("{text}-- down\n-- Irreversible: the rows of cache are gone\n"));
        refused(&project, 2, "rollback --steps 2").says("4 drop has no way back");
        project.run("rollback").ok();
        // A way back that has nothing to do says so in a comment.
        project.edit("migrations/004_drop.sql", |text| text.replace("Irreversible: the", "nothing to do, the"));
        project.run("rollback").ok().says("reverted, 0 statements");
        assert_eq!(version(&project), "3");
    }

    fn what_the_stream_writes_is_what_manage_writes(project: Project) {
        let project = bot(project);
        let sql = project.run("migrate --sql").ok().stdout.clone();
        let other = bot(Project::on(project.backend()));
        other.run("migrate").ok();

        project.execute(&sql);

        assert_eq!((version(&project), project.schema()), (version(&other), other.schema()));
        project.run("status --check").ok();
        let sql = project.run("rollback --steps 2 --sql").ok().stdout.clone();
        project.execute(&sql);
        assert_eq!(version(&project), "1");
    }

    fn all_of_it_in_one_transaction_or_only_recorded(project: Project) {
        let project = bot(project);
        project.run("migrate --fake 2").ok().says("only recorded");
        assert_eq!(version(&project), "2");
        assert!(!project.schema().contains("chat_users"));
        let project = file(bot(Project::on(project.backend())), "004_bad", "SELECT broken FROM nowhere;", "");

        project.run("migrate --single-transaction").fails_with(3);

        assert!(!project.schema().contains("settings"), "the settings table is made in the same transaction");
        project.write("migrations/004_bad.sql", "-- up\nSELECT 1;\n-- down\n");
        project.run("migrate --single-transaction").ok();
        assert_eq!(version(&project), "4");
    }

    fn lint_and_its_round_trip_read_the_parts(project: Project) {
        let project = bot(project);
        project.run("lint --all").ok();
        project.run("lint --roundtrip").ok().says("up, down, up: the same");
        assert!(!project.schema().contains("settings"));
        project.edit("migrations/002_add_is_spammer.sql", |text| text.replace("ALTER TABLE chat_users DROP COLUMN is_spammer;", "-- forgotten"));

        project.run("lint --roundtrip --since 001").exits_with(1).says("002_add_is_spammer.sql");
    }

    fn data_and_files_without_a_transaction_are_told_in_the_head(project: Project) {
        let project = bot(project).file("migrations/004_rows.sql", "-- manage: data\n-- up\nINSERT INTO cache VALUES ('a', 'b');\n-- down\nDELETE FROM cache;\n");
        project.run("migrate --plan").ok().says("data");
        let statement = match project.backend() {
            Backend::Sqlite => "VACUUM",
            Backend::Postgres => "CREATE INDEX CONCURRENTLY cache_value ON cache (value)",
        };
        project.write("migrations/005_alone.sql", &format!("-- up\n{statement};\n"));
        refused(&project, 2, "migrate").says("-- manage: no-transaction before its line -- up");
        project.write("migrations/005_alone.sql", &format!("-- up\n-- manage: no-transaction\n{statement};\n"));
        refused(&project, 2, "migrate").says("no-transaction counts only before the line -- up");
        project.write("migrations/005_alone.sql", &format!("-- manage: no-transaction\n-- up\n{statement};\n"));

        project.run("migrate").ok();

        assert_eq!(version(&project), "5");
    }

    fn the_first_file_may_run_without_a_transaction(project: Project) {
        let project = project.file("migrations/001_a.sql", "-- manage: no-transaction\n-- up\nINSERT INTO settings (key, value) VALUES ('a', 'b');\n");

        project.run("migrate").ok();

        assert_eq!((version(&project), setting(&project, "a")), ("1".to_owned(), "b".to_owned()));
    }

    fn doctor_schema_and_init_know_it(project: Project) {
        let project = bot(project);
        project.run("doctor").ok().says("3 migrations, 0 without a way back");
        project.run("migrate").ok();
        project.run("doctor").ok().says("3 applied, 0 pending");
        project.run("schema check").ok();
        project.run("schema dump").ok().says("settings");
        project.remove("manage.toml");

        project.run("init").ok().says("migrations is in the numbered layout");

        assert!(project.read("manage.toml").contains("layout = \"numbered\"\n"));
        project.run("status --check").ok();
    }

    fn a_rehearsal_runs_and_leaves_nothing(project: Project) {
        let project = bot(project);
        project.run("migrate 1").ok();
        let (schema, version_before) = (project.schema(), version(&project));

        project.run("migrate --rehearse --yes").ok();

        assert_eq!((project.schema(), version(&project)), (schema, version_before));
        let project = bot(Project::on(project.backend()));
        project.execute("CREATE TABLE other (id INTEGER)");
        project.run("migrate --rehearse --yes").ok();
        assert!(!project.schema().contains("settings"));
    }

    fn a_difference_is_shown_and_an_edit_can_be_accepted(project: Project) {
        let project = bot(project);
        project.run("migrate").ok();
        project.edit("migrations/003_add_cache.sql", |text| text.replace("value TEXT", "value VARCHAR(9)"));
        project.run("migrate").fails_with(5);

        project.run("status --diff 003").says("value VARCHAR(9)").says("value TEXT");
        project.run("repair 3 --yes --reason checked").ok();

        project.run("status --check").ok();
        project.run("migrate").ok().says("nothing to do");
    }

    fn a_statement_that_nobody_can_tell_is_repaired(project: Project) {
        let (statement, fault) = match project.backend() {
            Backend::Sqlite => ("VACUUM", "progress.started:1"),
            Backend::Postgres => ("ALTER SYSTEM RESET archive_mode", "progress.started:1"),
        };
        let project = project.file("migrations/001_alone.sql", &format!("-- manage: no-transaction\n-- up\n{statement};\n"));
        project.command("migrate").env("MANAGE_FAULT", fault).run().exits_with(134);
        project.run("migrate").fails_with(5);

        project.run("repair 1 --yes --statement-not-done --reason looked").ok();

        project.run("migrate").ok();
        assert_eq!(version(&project), "1");
    }
}
