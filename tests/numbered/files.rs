//! Names, numbers and parts of the files.

use super::*;

each_backend! {
    fn names_that_do_not_fit_are_errors_with_the_file_and_why(project: Project) {
        let project = bot(project);
        project.run("migrate --to 2").ok();
        for (name, why) in [
            ("4_short", "at least three digits: 004"),
            ("004-dash", "an underscore must stand between number and name"),
            ("004_", "a name is missing"),
            ("004_da-sh", "no '-'"),
            ("004_x.mysql", "may end in .sqlite or .postgres"),
            ("migration_004_x", "it must begin with a number"),
            ("notes", "it must begin with a number"),
            ("000_zero", "the first number is 001"),
        ] {
            let path = format!("migrations/{name}.sql");
            project.write(&path, "-- up\nSELECT 1;");

            refused(&project, 2, "migrate").says(why).says(&path).says("hint: name it");
            project.run("status").fails_with(2);
            project.remove(&path);
        }
        project.write("migrations/004_x.SQL", "-- up\nSELECT 1;");
        refused(&project, 2, "migrate").says("in lower case");
    }

    fn other_files_lie_there_unread(project: Project) {
        let project = bot(project).file("migrations/README.md", "words").file("migrations/.hidden.sql", "nothing").file("migrations/archive/1.sql", "old");

        project.run("migrate").ok().says("3 migrations applied");
    }

    fn two_of_one_number_are_an_error(project: Project) {
        for name in ["002_again", "0002_add_is_spammer"] {
            let project = file(bot(Project::on(project.backend())), name, "SELECT 1;", "");

            refused(&project, 2, "migrate").says("two migrations have the version 2").says(&format!("{name}.sql"));
        }
    }

    fn a_gap_is_an_error_that_names_the_number(project: Project) {
        let project = bot(project);
        project.run("migrate --to 1").ok();
        project.remove("migrations/002_add_is_spammer.sql");
        refused(&project, 2, "migrate").snapshot("numbered_gap");
        refused(&project, 2, "status");
        let project = file(Project::on(project.backend()), "002_second", "SELECT 1;", "");

        refused(&project, 2, "migrate").says("the migration 001 is missing").says("comes first");
    }

    fn numbers_order_as_numbers(project: Project) {
        let project = (1..=12).fold(project, |project, number| {
            file(project, &format!("{number:03}_t"), &format!("CREATE TABLE t{number} (id INTEGER);"), &format!("DROP TABLE t{number};"))
        });
        // More digits are as good.
        project.write("migrations/0013_t.sql", "-- up\nCREATE TABLE t13 (id INTEGER);\n-- down\nDROP TABLE t13;\n");

        project.run("migrate 9").ok();
        assert_eq!(version(&project), "9");
        project.run("migrate").ok().says("13 t");
        assert_eq!(version(&project), "13");
        project.run("rollback").ok().says("13 t");
        assert_eq!(version(&project), "12");
    }

    fn a_number_in_the_head_must_be_that_of_the_name(project: Project) {
        let project = project.file("migrations/001_a.sql", "-- adds a\n-- Version: 001\n\n-- up\nCREATE TABLE a (id INTEGER);\n");
        project.run("migrate").ok();
        let project = project.file("migrations/002_b.sql", "-- version: 3\n-- up\nCREATE TABLE b (id INTEGER);\n");

        refused(&project, 2, "migrate").snapshot("numbered_other_number");
        project.write("migrations/002_b.sql", "-- version: two\n-- up\nSELECT 1;\n");
        refused(&project, 2, "migrate").says("the file says version two, its name says 2");
        // Below the head it is a comment like any other.
        project.write("migrations/002_b.sql", "-- up\n-- version: 3\nCREATE TABLE b (id INTEGER);\n");
        project.run("migrate").ok();
    }

    fn parts_that_cannot_be_told_are_errors_with_their_place(project: Project) {
        for (text, why, place) in [
            ("CREATE TABLE a (id INTEGER);\n", "this stands before the line `-- up`", ":1:1"),
            ("-- a comment\n", "there is no line `-- up`", "001_a.sql\n"),
            ("-- up\nSELECT 1;\n-- up\n", "a second line `-- up`", ":3:1"),
            ("-- up\n-- down\n-- down\n", "a second line `-- down`", ":3:1"),
            ("-- down\n-- up\n", "the line `-- down` stands before", ":1:1"),
        ] {
            let project = Project::on(project.backend()).file("migrations/001_a.sql", text);

            refused(&project, 2, "migrate").says(why).says(place).says("hint: write a line `-- up`");
        }
    }

    fn an_error_in_a_part_has_the_line_of_the_file(project: Project) {
        let project = file(project, "001_a", "CREATE TABLE a (id INTEGER);", "\nDROP TABLE nothing_of_it;");
        project.run("migrate").ok();

        project.run("rollback").fails_with(3).says("migrations/001_a.sql:6:").says("DROP TABLE nothing_of_it");

        assert_eq!(version(&project), "1");
    }

    fn each_database_may_have_its_own_file(project: Project) {
        let project = project
            .file("migrations/001_a.sqlite.sql", "-- up\nCREATE TABLE on_sqlite (id INTEGER);\n-- down\nDROP TABLE on_sqlite;")
            .file("migrations/001_a.postgres.sql", "-- up\nCREATE TABLE on_postgres (id BIGINT);\n-- down\nDROP TABLE on_postgres;")
            .file("migrations/002_b.sql", "-- up\nCREATE TABLE b (id INTEGER);\n-- down\nDROP TABLE b;");

        project.run("migrate").ok().says("2 migrations applied");

        let word = project.backend().word();
        assert_eq!(project.value(&format!("SELECT count(*) FROM on_{word}")), "0");
        let other = if word == "sqlite" { "postgres" } else { "sqlite" };
        project.remove(&format!("migrations/001_a.{word}.sql"));
        refused(&project, 2, "migrate").says(&format!("001_a.{other}.sql has no file for"));
        // The one for both gives way to the one for this database.
        project.write("migrations/001_a.sql", "-- up\nSELECT broken FROM nowhere;\n");
        refused(&project, 5, "migrate").says("1 a was edited");
    }

    fn a_late_number_is_reported_as_out_of_order(project: Project) {
        let project = bot(project);
        project.run("migrate").ok();
        // A merge: somebody else's 002 pushes the others on.
        let (second, third) = (project.read("migrations/002_add_is_spammer.sql"), project.read("migrations/003_add_cache.sql"));
        for name in ["002_add_is_spammer", "003_add_cache"] {
            project.remove(&format!("migrations/{name}.sql"));
        }
        let project = file(project, "002_topics", "CREATE TABLE topics (id INTEGER);", "DROP TABLE topics;");
        project.write("migrations/003_add_is_spammer.sql", &second);
        project.write("migrations/004_add_cache.sql", &third);

        project.run("status --check").exits_with(5).snapshot("numbered_late");
        refused(&project, 5, "migrate").says("2 topics came late and would never run: add_is_spammer was applied as 2");
        refused(&project, 5, "migrate --allow-out-of-order").says("2 topics came late");
        let facts = project.run("status --json").ok().json();
        assert_eq!(facts["problems"][0]["kind"], "out-of-order");
    }

    fn edits_are_reported_and_comments_are_not(project: Project) {
        let project = bot(project);
        project.run("migrate").ok();
        project.edit("migrations/003_add_cache.sql", |text| format!("-- why\r\n{text}"));
        project.run("migrate").ok().says("nothing to do");
        // A new name for the same statements is none of the database's business.
        let text = project.read("migrations/003_add_cache.sql");
        project.remove("migrations/003_add_cache.sql");
        project.write("migrations/003_cache.sql", &text);
        project.run("status --check").ok();

        project.edit("migrations/003_cache.sql", |text| text.replace("value TEXT", "value INTEGER"));
        project.remove("migrations/002_add_is_spammer.sql");
        project.write("migrations/002_add_is_spammer.sql", "-- up\nSELECT 1;\n-- down\n");

        refused(&project, 5, "migrate").says("2 add_is_spammer was edited after it was applied").says("3 cache");
    }

    fn a_version_above_the_files_is_missing(project: Project) {
        let project = bot(project);
        project.run("migrate").ok();
        project.remove("migrations/003_add_cache.sql");

        refused(&project, 5, "migrate").says("3 is applied, but no file has it");
        refused(&project, 5, "rollback").says("3 cannot be reverted: no file has it");
        project.run("status").ok().says("add_cache");
    }

    fn layouts_are_told_apart(project: Project) {
        let mixed = bot(Project::on(project.backend())).migration("20260101000000_a", "CREATE TABLE a (id INTEGER);", "");
        refused(&mixed, 2, "migrate").snapshot("numbered_two_layouts");
        mixed.edit("manage.toml", |text| format!("{text}\n[migrations]\nlayout = \"numbered\"\n"));
        mixed.run("migrate").ok().says("3 migrations applied");

        let project = bot(project).file("migrations/V1__a.sql", "SELECT 1;");
        refused(&project, 2, "migrate").says("is refinery's").says("is a numbered one");
    }
}
