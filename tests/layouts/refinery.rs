//! Refinery's layout through the binary.

use manage::migrate::{Width, refinery_checksum};

use super::*;

/// Runs a command that must fail with this exit code and change nothing.
#[track_caller]
fn refused(project: &Project, code: i32, arguments: &str) -> Outcome {
    let before = project.everything();
    let outcome = project.run(arguments);
    outcome.fails_with(code);
    assert_eq!(before, project.everything(), "it should have changed nothing\n{outcome}");
    outcome
}

each_backend! {
    fn files_run_in_the_order_of_their_numbers(project: Project) {
        let project = refinery_project(project);

        project.run("migrate").ok().snapshot("refinery_migrate");

        assert_eq!(versions(&project), ["1", "2", "10"]);
        assert_eq!(actions(&project), ["applied"; 3]);
        project.run("migrate").ok().says("nothing to do");
        project.run("status").ok().snapshot("refinery_status");
    }

    fn there_is_no_way_back(project: Project) {
        let project = refinery_project(project);
        project.run("migrate --plan").ok().says("no way back");
        project.run("migrate").ok();

        refused(&project, 2, "rollback").snapshot("refinery_rollback");
        refused(&project, 2, "redo --yes");
    }

    fn targets_are_typed_as_numbers_or_as_files(project: Project) {
        let project = refinery_project(project);

        project.run("migrate --to V1__users").ok();
        assert_eq!(versions(&project), ["1"]);
        project.run("migrate 002").ok();
        assert_eq!(versions(&project), ["1", "2"]);
        refused(&project, 2, "migrate 3").says("there is no migration `3`");
        refused(&project, 2, "migrate 1").says("1 lies behind: 2 is applied already");
        project.run("sqlmigrate 10").ok().says("ADD COLUMN title");
    }

    fn what_the_stream_writes_is_what_manage_writes(project: Project) {
        let project = refinery_project(project);
        let sql = project.run("migrate --sql").ok().stdout.clone();

        project.execute(&sql);
        let streamed = rows(&project);

        let other = refinery_project(Project::on(project.backend()));
        other.run("migrate").ok();
        assert_eq!(streamed, rows(&other));
        project.run("status --check").ok();
    }

    fn files_are_found_in_folders_below(project: Project) {
        let project = file(project, "2025/V1__a", "CREATE TABLE a (id INTEGER);");
        let project = file(project, "2026/first/V2__b", "CREATE TABLE b (id INTEGER);").file("migrations/README.md", "words");

        project.run("migrate").ok();

        assert_eq!(versions(&project), ["1", "2"]);
    }

    fn a_v_file_that_comes_late_stops_and_a_u_file_runs(project: Project) {
        let project = refinery_project(project);
        project.run("migrate").ok();
        let project = file(project, "U3__notes", "CREATE TABLE notes (id INTEGER);");
        project.run("status").ok().says("1 pending · run them");
        project.run("migrate").ok().says("3 notes");

        let project = file(project, "V4__late", "CREATE TABLE late (id INTEGER);");
        refused(&project, 5, "migrate").snapshot("refinery_out_of_order");
        project.run("migrate --allow-out-of-order").ok();

        assert_eq!(versions(&project), ["1", "2", "3", "4", "10"]);
    }

    fn missing_files_and_edits_stop(project: Project) {
        let project = refinery_project(project);
        project.run("migrate").ok();
        project.edit("migrations/V2__posts.sql", |text| format!("-- why\r\n{text}"));
        project.run("migrate").ok();
        project.edit("migrations/V2__posts.sql", |text| text.replace("posts_id", "posts_key"));
        refused(&project, 5, "migrate").says("2 posts was edited after it was applied");

        project.remove("migrations/V1__users.sql");

        refused(&project, 5, "migrate").says("1 is applied, but no file has it");
        project.run("status").ok().says("users");
    }

    fn an_edit_is_shown_and_accepted(project: Project) {
        let project = refinery_project(project);
        project.run("migrate").ok();
        project.edit("migrations/V2__posts.sql", |text| text.replace("posts_id", "posts_key"));
        refused(&project, 5, "migrate");
        project.run("status --diff 2").ok().says("-CREATE INDEX posts_id").says("+CREATE INDEX posts_key").says("manage repair 2");

        let facts = project.run("repair V2__posts --reason why --yes --json").ok().json();

        assert_eq!(facts["repaired"]["verdict"], "file-accepted");
        project.run("status --check").ok().says("up to date");
        assert_eq!(actions(&project), ["applied", "applied", "applied", "repaired"]);
        let checksum = refinery_checksum("posts", 2, &project.read("migrations/V2__posts.sql"), Width::Four);
        assert_eq!(rows(&project)[1], ["2", "posts", &checksum.to_string()]);
    }

    fn a_renamed_file_is_accepted_under_its_new_name(project: Project) {
        let project = refinery_project(project);
        project.run("migrate").ok();
        let text = project.read("migrations/V1__users.sql");
        project.remove("migrations/V1__users.sql");
        let project = file(project, "V1__people", &text);

        project.run("repair 1 --reason 'a better name' --yes").ok();

        assert_eq!(rows(&project)[0][1], "people");
        project.run("migrate").ok().says("nothing to do");
    }

    fn everything_is_rehearsed_and_taken_back(project: Project) {
        let project = refinery_project(project);
        project.run("migrate --to 1").ok();
        let before = project.everything();

        project.run("migrate --rehearse").ok().says("~ 2 posts").says("~ 10 titles").says("do it: manage migrate");

        assert_eq!(before, project.everything());
    }

    fn a_half_way_statement_is_decided(project: Project) {
        let project = refinery_project(project);
        project.run("migrate").ok();
        let project = file(project, "V11__v", "-- manage: no-transaction\nVACUUM;\nCREATE TABLE v (id INTEGER);\n");
        project.command("migrate").env("MANAGE_FAULT", "progress.started:1").run().exits_with(134);
        project.run("migrate").fails_with(5).says("manage repair 11 --reason TEXT --statement-done");

        project.run("repair 11 --reason looked --statement-not-done --yes").ok();

        project.run("migrate").ok().says("11 v");
        assert_eq!(versions(&project), ["1", "2", "10", "11"]);
    }

    fn a_renamed_file_counts_as_edited_as_for_refinery(project: Project) {
        let project = refinery_project(project);
        project.run("migrate").ok();
        let text = project.read("migrations/V1__users.sql");
        project.remove("migrations/V1__users.sql");
        let project = file(project, "V1__people", &text);

        refused(&project, 5, "migrate").says("1 people was edited");
    }

    fn the_first_line_says_no_transaction(project: Project) {
        let project = refinery_project(project);
        project.run("migrate").ok();
        let statement = "VACUUM";
        let project = file(project, "V11__vacuum", &format!("{statement};\n"));
        refused(&project, 2, "migrate").says("-- manage: no-transaction in its first line");

        project.write("migrations/V11__vacuum.sql", &format!("-- so\n-- manage: no-transaction\n{statement};\n"));
        refused(&project, 2, "migrate").says("counts only in the first line");
        project.write("migrations/V11__vacuum.sql", &format!("-- manage: no-transaction\n{statement};\n"));

        project.run("migrate --plan").ok().says("without a transaction");
        project.run("migrate").ok();
        assert_eq!(versions(&project), ["1", "2", "10", "11"]);
    }

    fn names_that_do_not_fit_are_errors(project: Project) {
        let project = refinery_project(project);
        for (name, why) in [
            ("V3_notes", "two underscores"),
            ("v3__notes", "must begin with V or U"),
            ("V1.5__notes", "the version `1.5` is not a whole number"),
            ("V3__no-tes", "no `-`"),
            ("notes", "must begin with V or U"),
            ("V2__again", "two migrations have the version 2"),
            ("U2__again", "two migrations have the version 2"),
            ("V02__again", "two migrations have the version 2"),
        ] {
            project.write(&format!("migrations/{name}.sql"), "SELECT 1;");

            refused(&project, 2, "migrate").says(why).says(&format!("migrations/{name}.sql")).says("hint: ");
            project.run("status").fails_with(2);
            project.remove(&format!("migrations/{name}.sql"));
        }
        project.write("migrations/V1.5__notes.sql", "SELECT 1;");
        refused(&project, 2, "migrate").snapshot("refinery_version_with_a_point");
    }

    fn a_new_migration_has_the_next_number(project: Project) {
        let project = refinery_project(project);

        project.run("new migration Add sectors").ok().says("V11__add_sectors.sql").says("write the file");

        refused(&project, 2, "migrate").says("still the template");
        project.run("new migration --no-transaction index").ok();
        assert!(project.read("migrations/V12__index.sql").starts_with("-- manage: no-transaction\n"));
    }

    fn two_layouts_in_one_folder_are_refused_until_one_is_chosen(project: Project) {
        let project = refinery_project(project).migration("20260101000000_a", "CREATE TABLE a (id INTEGER);", "");

        refused(&project, 2, "migrate").snapshot("two_layouts");
        project.edit("manage.toml", |text| format!("{text}\n[migrations]\nlayout = \"diesel\"\n"));
        project.run("migrate --plan").ok().says("1 migration would run");
        project.edit("manage.toml", |text| text.replace("\"diesel\"", "\"refinery\""));

        refused(&project, 2, "migrate").says("  at migrations/20260101000000_a/").says("must begin with V or U");
    }

    fn a_version_that_does_not_fit_into_a_narrow_table_is_told(project: Project) {
        let project = refinery_project(project);
        project.run("migrate").ok();
        let project = file(project, "V20260110120000__x", "CREATE TABLE x (id INTEGER);");

        match project.backend() {
            // SQLite's columns hold any number.
            Backend::Sqlite => project.run("migrate").ok().clone(),
            Backend::Postgres => refused(&project, 2, "migrate").says("ALTER COLUMN version TYPE int8").clone(),
        };
    }
}

#[test]
fn an_empty_folder_is_diesels_unless_the_settings_say_otherwise() {
    let project = Project::new();
    project.run("new migration a").ok().says("up.sql");
    let project = Project::new().file("manage.toml", "[migrations]\nlayout = \"refinery\"\n");

    project.run("new migration a").ok().says("V1__a.sql");
}
