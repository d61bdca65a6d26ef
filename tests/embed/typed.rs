//! What comes back: outcomes and errors that a program can read.

use manage::domain::explain::{Class, Explain};
use manage::embed::Error;
use manage::migrate::{FailedAt, MigrateError, ProblemKind};

use super::*;

each_backend! {
    fn forward_and_back_both_ways(project: Project) {
        let project = two(project);
        let migrations = application(&project);
        for way in WAYS {
            let before = status(&project, &migrations, way);
            assert_eq!((before.applied.len(), before.pending.len(), before.is_up_to_date()), (0, 2, false));

            let done = migrate(&project, &migrations, way).expect("it migrates");
            assert_eq!((versions(&done), done.pending.len()), (vec!["1".to_owned(), "2".to_owned()], 0));
            let again = migrate(&project, &migrations, way).expect("nothing to do");
            assert!(again.finished.is_empty());
            assert_up_to_date(&project, &migrations, way).expect("up to date");
            project.run("status --check").ok();

            let back = rollback(&project, &migrations, way, 1).expect("back");
            assert_eq!((versions(&back), back.pending.len()), (vec!["2".to_owned()], 1));
            let back = rollback(&project, &migrations, way, 99).expect("all that there are");
            assert_eq!(versions(&back), ["1"]);
            assert!(rollback(&project, &migrations, way, 1).expect("nothing left").finished.is_empty());
        }
        assert!(matches!(migrations.rollback(&url(&project), 0), Err(Error::NoSteps)));
    }

    fn up_to_a_version(project: Project) {
        let project = two(project);
        for way in WAYS {
            let done = migrate(&project, &application(&project).to("1"), way).expect("it migrates");

            assert_eq!((versions(&done), done.pending.len()), (vec!["1".to_owned()], 1));
            rollback(&project, &application(&project), way, 1).expect("back");
        }
    }

    fn what_is_pending_and_what_was_edited_are_listed(project: Project) {
        let project = two(project);
        let migrations = application(&project);
        migrate(&project, &migrations.clone().to("1"), Way::Url).expect("it migrates");
        project.edit("migrations/1_a/up.sql", |text| text.replace("PRIMARY KEY", "UNIQUE"));

        for way in WAYS {
            let error = assert_up_to_date(&project, &migrations, way).expect_err("it is not");

            assert_eq!((error.to_string().as_str(), error.class()), ("the database is not up to date: 1 pending, 1 problem", Class::Conflict));
            let Error::NotUpToDate(found) = &error else { panic!("{error:?}") };
            assert_eq!(found.pending.iter().map(ToString::to_string).collect::<Vec<_>>(), ["2 b"]);
            assert_eq!((found.problems[0].kind, found.problems[0].name.as_str()), (ProblemKind::Edited, "a"));
            assert!(error.report().contains("1 a was edited after it was applied"), "{}", error.report());
            migrate(&project, &migrations, way).expect_err("an edited file stops it");
        }
    }

    fn a_failure_leaves_what_was_before_and_is_retried(project: Project) {
        let project = two(project);
        let good = project.read("migrations/2_b/up.sql");
        for way in WAYS {
            project.write("migrations/2_b/up.sql", "CREATE TABLE b (id INTEGER PRIMARY KEY);\nINSERT INTO nowhere VALUES (1);");
            let error = migrate(&project, &application(&project), way).expect_err("the table is not there");

            let Error::Migrate(MigrateError::Statement(failed)) = &error else { panic!("{error:?}") };
            let FailedAt::Statement { number, of, place } = &failed.at else { panic!("{failed:?}") };
            assert_eq!((*number, *of, failed.done.len()), (2, 2, 1));
            assert!(place.file.ends_with("2_b/up.sql") && place.line == Some(2), "{place}");
            let report = error.report();
            for part in ["migration 2 b failed at statement 2 of 2", "INSERT INTO nowhere", "done before it: 1", "rolled back whole", "hint: "] {
                assert!(report.contains(part), "{part} is not in\n{report}");
            }
            let after = status(&project, &application(&project), way);
            assert_eq!((after.applied.len(), after.pending.len(), after.problems.len()), (1, 1, 0));

            project.write("migrations/2_b/up.sql", &good);
            let done = migrate(&project, &application(&project), way).expect("it is right now");
            assert_eq!(versions(&done), ["2"]);
            rollback(&project, &application(&project), way, 2).expect("back");
        }
    }
}

#[test]
fn a_missing_file_is_a_database_with_everything_pending() {
    let project = two(Project::new());

    let found = application(&project).status("app.db").expect("a status");

    assert_eq!((found.applied.len(), found.pending.len()), (0, 2));
    assert!(!project.has("app.db"), "a look creates nothing");
    application(&project).migrate("app.db").expect("it migrates");
    assert!(project.has("app.db"), "a relative path is relative to the project");
}

#[test]
fn what_is_no_project_or_no_url_has_its_error() {
    let nowhere = manage::Project::open("no/such/folder").expect_err("there is none");
    assert_eq!(Error::from(nowhere).class(), Class::Usage);

    let project = two(Project::new());
    let error = application(&project).migrate("mysql://h/x").expect_err("not one of ours");
    assert!(matches!(error, Error::Url(_)), "{error:?}");
    let error = application(&project).migrate("sqlite:no/such/folder/x.db").expect_err("no folder");
    assert!(matches!(error, Error::Database(_)), "{error:?}");
}

#[test]
fn a_read_only_file_is_not_migrated() {
    let project = two(Project::new());
    let migrations = application(&project);
    migrations.clone().to("1").migrate("app.db").expect("it migrates");
    let mut own = Own::of(&project.path("app.db").display().to_string());
    own.execute("PRAGMA query_only = ON");

    own.migrate(&migrations).expect_err("it can only be read");

    assert_eq!(migrations.status("app.db").expect("a status").pending.len(), 1);
}

each_backend! {
    fn the_patience_of_the_projects_settings_holds(project: Project) {
        let settings = "[database]\nurl = \"${DATABASE_URL:-sqlite:manage.db}\"\n[migrations]\nlock_timeout = \"50ms\"\nretries = 0\n";
        let project = two(project).file("manage.toml", settings);
        project.run("migrate").ok();
        let project = project.migration("3_c", "ALTER TABLE b ADD COLUMN c INTEGER;", "ALTER TABLE b DROP COLUMN c;");
        let mut other = Own::of(&url(&project));
        other.execute(match project.backend() {
            Backend::Sqlite => "BEGIN IMMEDIATE",
            Backend::Postgres => "BEGIN; LOCK TABLE b IN ACCESS SHARE MODE",
        });
        for way in WAYS {
            let begun = std::time::Instant::now();

            let error = migrate(&project, &application(&project), way).expect_err("somebody else has the table");

            assert!(begun.elapsed() < std::time::Duration::from_secs(20), "{way:?}: {}", error.report());
        }
        other.execute("ROLLBACK");
        migrate(&project, &application(&project), Way::Connection).expect("the table is free");
    }
}
