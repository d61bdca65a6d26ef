//! `manage adopt`

use super::*;

each_backend! {
    fn a_version_is_taken_over_and_edits_are_noticed(project: Project) {
        let project = bot(project);
        old_settings(&project, "2");
        project.execute("CREATE TABLE chat_users (chat_id INTEGER, user_id INTEGER, is_spammer BOOLEAN, PRIMARY KEY (chat_id, user_id))");

        project.run("adopt").ok().snapshot("numbered_adopt");

        assert_eq!((version(&project), setting(&project, "db_migration_last_run")), ("2".to_owned(), "2025-10-24T10:00:00".to_owned()));
        assert_eq!(setting(&project, "db-migration-version"), "2");
        let after = project.everything();
        project.run("adopt").ok().says("nothing to do");
        assert_eq!(after, project.everything());
        project.edit("migrations/001_initial.sql", |text| text.replace("chat_id INTEGER", "chat_id BIGINT"));
        refused(&project, 5, "migrate").says("1 initial was edited after it was applied");
    }

    fn a_version_above_the_files_is_not_taken_over(project: Project) {
        let project = bot(project);
        old_settings(&project, "7");

        refused(&project, 5, "adopt").says("7 is applied, but no file has it");
    }

    fn tables_without_a_version_are_compared_and_recorded(project: Project) {
        let project = bot(project);
        project.execute(
            "CREATE TABLE chat_users (chat_id INTEGER, user_id INTEGER, is_spammer BOOLEAN NOT NULL DEFAULT FALSE, PRIMARY KEY (chat_id, user_id));\
             CREATE TABLE cache (key TEXT PRIMARY KEY, value TEXT); INSERT INTO cache VALUES ('a', 'b');",
        );
        // As the application has made it, or not yet.
        let other = bot(Project::on(project.backend()));
        other.execute("CREATE TABLE settings (key VARCHAR(40) PRIMARY KEY, value VARCHAR(40), created_at TIMESTAMP, updated_at TIMESTAMP);");

        project.run("adopt --yes").ok().says("3 migrations recorded as applied");

        assert_eq!((version(&project), project.value("SELECT count(*) FROM cache")), ("3".to_owned(), "1".to_owned()));
        project.run("migrate").ok().says("nothing to do");
        refused(&other, 5, "adopt --yes").does_not_say("settings").says("only in the migrations");
    }

    fn a_database_that_was_there_starts_at_0_and_keeps_its_rows(project: Project) {
        let project = bot(project);
        project.execute("CREATE TABLE chat_users (chat_id INTEGER, user_id INTEGER, PRIMARY KEY (chat_id, user_id)); INSERT INTO chat_users VALUES (1, 2)");
        project.run("status").ok().says("0 applied, 3 pending");

        project.run("migrate").ok().snapshot("numbered_upgrade");

        assert_eq!((version(&project), project.value("SELECT count(*) FROM chat_users")), ("3".to_owned(), "1".to_owned()));
    }
}
