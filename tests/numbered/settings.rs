//! The settings table.

use super::*;

each_backend! {
    fn a_table_that_is_there_is_kept_with_its_rows(project: Project) {
        let project = bot(project);
        project.execute(
            "CREATE TABLE settings (key TEXT PRIMARY KEY, value TEXT, created_at TIMESTAMP, updated_at TIMESTAMP);\
             INSERT INTO settings VALUES ('greeting', 'hello', '2025-10-24 10:00:00', '2025-10-24 10:00:00')",
        );

        project.run("migrate").ok().says("the database has tables, but no version: it starts at 0");

        assert_eq!(project.query("SELECT value, CAST(updated_at AS VARCHAR(19)) FROM settings WHERE key = 'greeting'"), [["hello", "2025-10-24 10:00:00"]]);
        assert_eq!(version(&project), "3");
    }

    fn the_moment_of_making_is_kept_and_that_of_the_update_is_not(project: Project) {
        let project = bot(project);
        project.run("migrate 1").ok();
        project.execute("UPDATE settings SET created_at = '2001-01-01 00:00:00', updated_at = '2001-01-01 00:00:00'");

        project.run("migrate").ok();

        for row in project.query("SELECT key, CAST(created_at AS VARCHAR(19)), CAST(updated_at AS VARCHAR(19)) FROM settings ORDER BY key") {
            assert_eq!(row[1], "2001-01-01 00:00:00", "{row:?}");
            assert!(row[2].as_str() > "2026", "{row:?}");
        }
    }

    fn a_table_without_moments_will_do(project: Project) {
        let project = bot(project);
        project.execute("CREATE TABLE settings (key VARCHAR(99) PRIMARY KEY, value VARCHAR(99))");

        project.run("migrate").ok();

        assert_eq!(version(&project), "3");
    }

    fn another_name_is_taken_from_the_settings_of_the_project(project: Project) {
        let project = bot(project);
        project.execute("CREATE TABLE settings (id INTEGER, name TEXT)");
        refused(&project, 2, "migrate").says("is no table of settings").says("settings_table = ");
        refused(&project, 2, "status");
        project.edit("manage.toml", |text| format!("{text}\n[migrations]\nsettings_table = \"order\"\n"));

        project.run("migrate").ok();

        assert_eq!(project.value("SELECT value FROM \"order\" WHERE key = 'db_migration_version'"), "3");
        project.run("status --check").ok();
        project.run("rollback --all --yes").ok();
        project.edit("manage.toml", |text| text.replace("\"order\"", "\"Drop Table\""));
        refused(&project, 2, "migrate").says("manage.toml:").says("is no name of a table here");
    }

    fn a_version_that_cannot_be_read_is_an_error_and_an_empty_one_is_0(project: Project) {
        let project = bot(project);
        project.run("migrate").ok();
        for value in ["three", "3.0", "-1", "3 of 4"] {
            project.execute(&format!("UPDATE settings SET value = '{value}' WHERE key = 'db_migration_version'"));

            for command in ["status", "migrate", "rollback", "migrate --plan", "adopt"] {
                refused(&project, 3, command).says("the version cannot be read").says(value);
            }
            project.run("doctor").exits_with(1).says("the version cannot be read");
        }
        for empty in ["''", "NULL"] {
            project.execute(&format!("UPDATE settings SET value = {empty} WHERE key = 'db_migration_version'"));
            project.run("status").ok().says("0 applied, 3 pending");
        }
    }

    fn the_keys_of_older_programs_are_read_and_kept_in_step(project: Project) {
        let project = bot(project);
        old_settings(&project, "1");
        project.execute("CREATE TABLE chat_users (chat_id INTEGER, user_id INTEGER, PRIMARY KEY (chat_id, user_id)); INSERT INTO chat_users VALUES (1, 2)");
        let before = project.everything();
        project.run("status").ok().says("1 applied, 2 pending").says("last run 2025-10-24T10:00:00");
        assert_eq!(before, project.everything());

        project.run("migrate").ok().says("2 migrations applied");

        assert_eq!((version(&project), setting(&project, "db-migration-version")), ("3".to_owned(), "3".to_owned()));
        for key in ["db-migration-last-run", "db_migration_last_run"] {
            assert!(setting(&project, key).as_str() > "2026", "{key} is kept in step");
        }
        assert_eq!(project.value("SELECT count(*) FROM chat_users"), "1");
        project.run("rollback").ok();
        assert_eq!((version(&project), setting(&project, "db-migration-version")), ("2".to_owned(), "2".to_owned()));
        // The older program goes on by itself.
        project.execute("UPDATE settings SET value = '3' WHERE key = 'db-migration-version'");
        for command in ["status", "migrate", "adopt"] {
            refused(&project, 3, command).says("two versions: db_migration_version is 2, db-migration-version is 3").says("UPDATE");
        }
    }

    fn a_migration_may_rebuild_the_table_itself(project: Project) {
        let project = file(
            bot(project),
            "004_remove_timestamp_defaults",
            "CREATE TABLE settings_new (key TEXT PRIMARY KEY, value TEXT, created_at TIMESTAMP NOT NULL, updated_at TIMESTAMP NOT NULL);
             INSERT INTO settings_new SELECT key, value, created_at, updated_at FROM settings;
             DROP TABLE settings;
             ALTER TABLE settings_new RENAME TO settings;",
            "-- irreversible: nobody needs the defaults",
        );
        project.run("migrate 1").ok();
        project.execute("INSERT INTO settings (key, value) VALUES ('greeting', 'hello')");

        project.run("migrate").ok();

        assert_eq!((version(&project), setting(&project, "greeting")), ("4".to_owned(), "hello".to_owned()));
        project.run("status --check").ok();
        // The other way: the first of all rebuilds it, and loses key and moments.
        let project = Project::on(project.backend());
        let project = file(project, "001_plain", "CREATE TABLE n (key TEXT, value TEXT); INSERT INTO n SELECT key, value FROM settings; DROP TABLE settings; ALTER TABLE n RENAME TO settings;", "-- nothing to do");
        project.run("migrate").ok();
        assert_eq!(version(&project), "1");
        project.run("rollback").ok();
        assert_eq!((version(&project), project.value("SELECT count(*) FROM settings")), ("0".to_owned(), "2".to_owned()));
    }

    fn a_migration_that_drops_the_table_is_refused(project: Project) {
        let project = file(bot(project), "004_drop", "DROP TABLE settings;", "");

        project.run("migrate").fails_with(3).says("has dropped").says("which keeps the version");

        assert_eq!(version(&project), "3");
    }

    fn a_record_that_was_kept_out_fails_the_migration(project: Project) {
        let project = bot(project);
        project.run("migrate 1").ok();
        project.execute(match project.backend() {
            Backend::Sqlite => "CREATE TRIGGER keep BEFORE UPDATE ON settings BEGIN SELECT RAISE(IGNORE); END",
            Backend::Postgres => "CREATE RULE keep AS ON UPDATE TO settings DO INSTEAD NOTHING",
        });

        project.run("migrate").fails_with(3).says("the record was not written");

        assert_eq!(version(&project), "1");
        assert!(!project.schema().contains("is_spammer"));
    }

    fn the_table_is_made_in_the_transaction_of_the_first_migration(project: Project) {
        let project = file(project, "001_bad", "INSERT INTO settings (key, value) VALUES ('a', 'b');\nSELECT broken FROM nowhere;", "");

        project.run("migrate").fails_with(3);

        assert!(!project.schema().contains("settings"), "{}", project.schema());
        project.run("status").ok().says("0 applied, 1 pending");
    }
}

#[test]
fn in_another_schema_it_is_found_again() {
    let project = bot(Project::on(Backend::Postgres));
    project.execute(
        "CREATE SCHEMA app; DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET search_path = app', current_database()); END $$",
    );

    project.run("migrate").ok();

    assert_eq!(project.value("SELECT value FROM app.settings WHERE key = 'db_migration_version'"), "3");
    assert_eq!(project.value("SELECT DISTINCT history FROM manage.manage_migration_log"), "numbered in app");
    project.edit("migrations/003_add_cache.sql", |text| text.replace("value TEXT", "value INTEGER"));
    project.run("migrate").fails_with(5).says("3 add_cache was edited");
}
