//! Numbered migrations inside an application: the version stands in its own settings table.

use manage::guards::Deed;

use super::*;
use crate::numbered::{bot, setting, version};

/// As [`bot`] has them on the disk.
static FILES: [(&str, &str); 3] = [
    (
        "001_settings_of_chats.sql",
        "-- up\nCREATE TABLE chat_settings (chat_id INTEGER, k TEXT);\n-- down\nDROP TABLE chat_settings;\n",
    ),
    (
        "002_add_note.sql",
        "-- up\n-- manage: unless column chat_settings.note\nALTER TABLE chat_settings ADD COLUMN note TEXT;\n\
         -- down\nALTER TABLE chat_settings DROP COLUMN note;\n",
    ),
    ("003_mark.postgres.sql", "-- up\nINSERT INTO chat_settings VALUES (3, 'postgres', NULL);\n-- down\n-- nothing to do\n"),
];

/// A file of both databases' variants, and of one.
const SQLITES: (&str, &str) =
    ("003_mark.sqlite.sql", "-- up\nINSERT INTO chat_settings VALUES (3, 'sqlite', NULL);\n-- down\n-- nothing to do\n");

each_backend! {
    fn forward_and_back_both_ways(project: Project) {
        let project = bot(project);
        for way in WAYS {
            let migrations = application(&project);

            let done = migrate(&project, &migrations, way).unwrap_or_else(|error| panic!("{way:?}: {}", error.report()));

            assert_eq!(versions(&done), ["1", "2", "3"], "{way:?}");
            assert_eq!(version(&project), "3");
            assert!(setting(&project, "db_migration_last_run").as_str() > "2026");
            assert!(versions(&migrate(&project, &migrations, way).expect("nothing to do")).is_empty());
            assert_up_to_date(&project, &migrations, way).expect("up to date");
            let seen = status(&project, &migrations, way);
            assert_eq!(seen.last_run.as_deref(), Some(setting(&project, "db_migration_last_run").as_str()));
            // The command line sees the same.
            project.run("status --check").ok().says("3 applied");
            rollback(&project, &migrations, way, 1).expect("it goes back");
            assert_eq!(version(&project), "2", "the registered version before");
            let seen = status(&project, &migrations, way);
            let versions = [seen.current_version(), seen.latest_version()].map(|version| version.expect("a version").to_string());
            assert_eq!(versions, ["2", "3"]);
            rollback(&project, &migrations, way, 9).expect("it goes back");
            assert_eq!(version(&project), "0");
        }
    }

    fn a_program_carries_them(project: Project) {
        let files: &'static [(&str, &str)] = Box::leak(Box::new([FILES[0], FILES[1], FILES[2], SQLITES]));
        let migrations = Migrations::compiled("db", files, None).settings_table("bot_settings").consent(Deed::Rollback);
        for way in WAYS {
            let done = migrate(&project, &migrations, way).unwrap_or_else(|error| panic!("{way:?}: {}", error.report()));

            assert_eq!(versions(&done), ["1", "2", "3"]);
            assert_eq!(project.value("SELECT value FROM bot_settings WHERE key = 'db_migration_version'"), "3");
            assert_eq!(project.value("SELECT k FROM chat_settings"), project.backend().word());
            assert_up_to_date(&project, &migrations, way).expect("up to date");
            rollback(&project, &migrations, way, 3).expect("all of it");
        }
        let error = migrate(&project, &migrations.settings_table("x; DROP"), Way::Url).expect_err("no name");
        assert!(error.to_string().contains("is no name of a table here"), "{error}");
    }

    fn a_version_that_cannot_be_read_is_an_error(project: Project) {
        let project = bot(project);
        project.run("migrate").ok();
        project.execute("UPDATE settings SET value = 'three' WHERE key = 'db_migration_version'");
        let before = project.everything();
        for way in WAYS {
            let error = migrate(&project, &application(&project), way).expect_err("it is unreadable");

            assert!(error.report().contains("the version cannot be read"), "{}", error.report());
            assert_eq!(before, project.everything(), "{way:?}");
        }
    }

    fn a_failure_keeps_the_version_before_it_and_is_retried_after_the_fix(project: Project) {
        for way in WAYS {
            let project = crate::numbered::file(bot(Project::on(project.backend())), "004_bad", "CREATE TABLE d (id INTEGER);\nNONSENSE;", "DROP TABLE d;");

            let error = migrate(&project, &application(&project), way).expect_err("nonsense");

            assert!(error.report().contains("004_bad.sql:3:1"), "{}", error.report());
            assert_eq!(version(&project), "3", "{way:?}");
            assert!(!project.schema().contains(" d "), "{}", project.schema());
            project.edit("migrations/004_bad.sql", |text| text.replace("NONSENSE;", ""));
            assert_eq!(versions(&migrate(&project, &application(&project), way).expect("it is right now")), ["4"]);
            assert_eq!(version(&project), "4");
        }
    }

    fn an_old_database_keeps_its_data_and_its_dashed_keys(project: Project) {
        for way in WAYS {
            let project = bot(Project::on(project.backend()));
            crate::numbered::old_settings(&project, "1");
            project.execute(
                "CREATE TABLE chat_users (chat_id INTEGER, user_id INTEGER, PRIMARY KEY (chat_id, user_id)); \
                 INSERT INTO chat_users VALUES (1, 2)",
            );

            let done = migrate(&project, &application(&project), way).unwrap_or_else(|error| panic!("{}", error.report()));

            assert_eq!(versions(&done), ["2", "3"], "{way:?}");
            assert_eq!((version(&project), setting(&project, "greeting")), ("3".to_owned(), "hello".to_owned()));
            assert_eq!(project.value("SELECT count(*) FROM chat_users"), "1");
        }
    }
}
