//! Migrations that cannot be read or run: the place is told, the next step is told, nothing is written.

use super::*;

const BAD: &str = "20260103000000_bad";

/// `migrate` fails and leaves database and history as they are, on a database that holds something.
#[track_caller]
fn refused_migrate(project: Project, code: i32) -> (Project, Outcome) {
    let outcome = refused(&project, code, "migrate");
    outcome.says("hint: ");
    refused(&project, code, "migrate --plan");
    refused(&project, code, "migrate --sql");
    (project, outcome)
}

fn with_bad(project: Project, up: &str) -> Project {
    applied(project).migration(BAD, up, "SELECT 1;")
}

each_backend! {
    fn a_folder_without_the_way_forward(project: Project) {
        let project = applied(project).file(&format!("migrations/{BAD}/down.sql"), "SELECT 1;");

        refused_migrate(project, 2).1.snapshot("bad_without_up");
    }

    fn a_way_forward_of_zero_bytes(project: Project) {
        refused_migrate(with_bad(project, ""), 2).1.snapshot("bad_empty_up");
    }

    fn a_pipe_in_the_place_of_a_file_is_not_waited_for(project: Project) {
        let project = with_bad(project, "");
        std::fs::remove_file(project.path(format!("migrations/{BAD}/up.sql"))).expect("the folder is ours");
        let made = std::process::Command::new("mkfifo").arg(project.path(format!("migrations/{BAD}/up.sql"))).status();
        assert!(made.expect("mkfifo is everywhere").success());

        refused_migrate(project, 3).1.says("it is not a regular file");
    }

    fn an_empty_way_back_never_stops_migrate(project: Project) {
        let project = applied(project).migration(BAD, "CREATE TABLE x (id INTEGER);", "");

        project.run("migrate").ok();
        refused(&project, 2, "rollback").says("has no way back");
    }

    fn comments_alone_are_a_step_that_does_nothing(project: Project) {
        let project = with_bad(project, "-- nothing to do on this database\n");

        project.run("migrate").ok().says("0 statements");
    }

    fn a_way_forward_that_is_not_text(project: Project) {
        let project = with_bad(project, "x");
        std::fs::write(project.path(format!("migrations/{BAD}/up.sql")), b"SELECT 'gr\xf6\xdfer';").expect("the folder is ours");

        refused_migrate(project, 2).1.says(&format!("  at migrations/{BAD}/up.sql:1:11\n")).says("not UTF-8");
    }

    fn two_of_one_version(project: Project) {
        let project = applied(project).migration("2026-01-02-000000_again", "SELECT 1;", "");

        refused_migrate(project, 2).1.snapshot("bad_duplicate");
    }

    fn a_version_that_is_too_long(project: Project) {
        let name = format!("{}_x", "1".repeat(51));
        let project = applied(project).migration(&name, "SELECT 1;", "");

        refused_migrate(project, 2).1.says("longer than 50 characters");
    }

    fn a_name_without_a_version(project: Project) {
        let project = applied(project).migration("_x", "SELECT 1;", "");

        refused_migrate(project, 2).1.says("has no version");
    }

    fn targets_that_are_not_there_or_lie_behind(project: Project) {
        let project = applied(project);

        refused(&project, 2, "migrate 20990101000000").snapshot("bad_unknown_target");
        refused(&project, 2, "migrate --to 2026").says("did you mean 20260101000000 users");
        refused(&project, 2, "migrate posts").says("did you mean 20260102000000 posts");
        refused(&project, 2, "migrate 20260101000000").snapshot("bad_target_behind");
        refused(&project, 2, "migrate -5");
        refused(&project, 2, "migrate --to ''");
    }

    fn a_commit_of_its_own(project: Project) {
        let (project, outcome) = refused_migrate(with_bad(project, "CREATE TABLE x (id INTEGER);\n  COMMIT;\n"), 2);
        outcome.snapshot("bad_commit");

        for words in ["BEGIN", "START TRANSACTION", "ROLLBACK", "/* now */ commit", "END"] {
            if words == "START TRANSACTION" && project.backend() == Backend::Sqlite {
                continue;
            }
            project.write(&format!("migrations/{BAD}/up.sql"), &format!("SELECT 1; {words};"));
            refused(&project, 2, "migrate").says("inside a migration that runs in a transaction");
        }
    }

    fn a_statement_that_cannot_run_in_a_transaction(project: Project) {
        refused_migrate(with_bad(project, "SELECT 1;\n\tVACUUM;"), 2).1.snapshot("bad_outside_a_transaction");
    }

    fn a_string_that_is_not_closed(project: Project) {
        refused_migrate(with_bad(project, "INSERT INTO users VALUES (3, 'größer);\n\nSELECT 1;\n"), 2).1.snapshot("bad_open_string");
    }

    fn a_comment_that_is_not_closed(project: Project) {
        let project = with_bad(project, "SELECT 1;\n/* and so\non");

        match project.backend() {
            // SQLite takes the end of the file for the end of the comment.
            Backend::Sqlite => project.run("migrate").ok().clone(),
            Backend::Postgres => refused(&project, 2, "migrate").says(":2:1").clone(),
        };
    }

    fn history_that_no_file_has(project: Project) {
        let project = applied(project).migration(BAD, "SELECT 1;", "");
        project.remove("migrations/20260101000000_users");

        refused_migrate(project, 5).1.snapshot("bad_history_without_files");
    }

    fn an_edited_file(project: Project) {
        let project = applied(project).migration(BAD, "SELECT 1;", "");
        project.edit("migrations/20260101000000_users/up.sql", |text| text.replace("TEXT", "VARCHAR(9)"));

        let (project, outcome) = refused_migrate(project, 5);

        outcome.snapshot("bad_edited");
        project.edit("migrations/20260101000000_users/up.sql", |text| {
            format!("\u{feff}{}", text.replace("VARCHAR(9)", "TEXT /* a name */").replace('\n', "\r\n"))
        });
        project.run("migrate").ok().says("1 migration applied");
    }

    fn odd_metadata_is_warned_about(project: Project) {
        let project = applied(project);
        let metadata = |name: &str, text: &str| {
            project.write(&format!("migrations/2026020{name}/up.sql"), "SELECT 1;");
            project.write(&format!("migrations/2026020{name}/metadata.toml"), text);
        };
        metadata("1000000_not_toml", "run_in_transaction = \n");
        metadata("2000000_not_said", "kind = \"data\"\n");
        metadata("3000000_no_boolean", "\nrun_in_transaction = \"no\"\n");
        metadata("4000000_fine", "run_in_transaction = false\nother = 1\n");

        project.run("migrate --plan").ok().snapshot("bad_metadata_warnings");
        metadata("5000000_kind", "run_in_transaction = true\nkind = \"both\"\n");

        refused_migrate(project, 2).1.snapshot("bad_metadata_kind");
    }

    fn files_beside_the_migrations_are_passed_over(project: Project) {
        let project = applied(project)
            .file("migrations/README.md", "words")
            .file("migrations/.hidden/x", "")
            .file("migrations/archive/20200101000000_old/up.sql", "SELEC");

        project.run("status --check").ok();
    }

    fn files_of_one_database_only(project: Project) {
        let project = applied(project)
            .file(&format!("migrations/{BAD}/up.sqlite.sql"), "CREATE TABLE of_sqlite (id INTEGER);")
            .file(&format!("migrations/{BAD}/up.postgres.sql"), "CREATE TABLE of_postgres (id INTEGER);");

        project.run("migrate").ok();

        assert!(project.schema().contains(&format!("of_{}", project.backend().word())));
    }
}

#[test]
fn what_only_psql_understands_is_refused() {
    let backslash = with_bad(Project::on(Backend::Postgres), "SELECT 1;\n\\set ON_ERROR_STOP on\nSELECT 2;\n");
    refused_migrate(backslash, 2).1.snapshot("bad_psql_command");

    let copy = with_bad(Project::on(Backend::Postgres), "COPY users FROM stdin;\n1\tAda\n\\.\n");
    refused_migrate(copy, 2).1.snapshot("bad_copy_from_stdin");
}
