//! `manage notes add`, `list`, `show` and `search`.

use super::*;

each_backend! {
    fn a_note_keeps_who_when_why_and_where(project: Project) {
        let project = applied(project);
        mark(&project, "staging", false);

        project
            .command("notes add --title 'restarted the importer' --reason SUP-1432 --account acme -m 'It had stopped.'")
            .env("MANAGE_USER", "Anna  Berg")
            .run()
            .ok()
            .snapshot("notes_add");

        let note = notes(&project).remove(0);
        assert_eq!(note["title"], "restarted the importer");
        assert_eq!((&note["kind"], &note["reason"], &note["account"]), (&"by hand".into(), &"SUP-1432".into(), &"acme".into()));
        assert_eq!((&note["who"], &note["environment"]), (&"Anna Berg".into(), &"staging".into()));
        assert_eq!(note["body"], "It had stopped.");
        assert_ne!(note["os_user"], note["who"]);
        assert!(note["written_at"].as_str().expect("text").ends_with('Z') && !note["host"].as_str().expect("text").is_empty());
        project.run("notes list").ok().snapshot("notes_list");
        project.run("notes show 1").ok().says("# restarted the importer").says("| why | SUP-1432 |");
    }

    fn text_may_come_from_standard_input(project: Project) {
        let project = applied(project);

        project.command("notes add").input("# Rebuilt the index\n\nIt took 40 s.\n").run().ok();
        project.command("notes add --title again -m -").input("More.\n").run().ok();

        let notes = notes(&project);
        assert_eq!((&notes[1]["title"], &notes[1]["body"]), (&"Rebuilt the index".into(), &"It took 40 s.".into()));
        assert_eq!((&notes[0]["title"], &notes[0]["body"]), (&"again".into(), &"More.".into()));
        refused(&project, 2, "notes add").says("a note needs words");
        refused(&project, 2, "notes add --title ' '");
        refused(&project, 2, "notes add --title x --open ''");
    }

    fn sql_by_hand_is_open_until_a_migration_mirrors_it(project: Project) {
        let project = applied(project);
        project.write("hand.sql", "UPDATE tasks SET title = 'anna@example.com'");
        project.write("docs/notes/README.md", "# Notes\n");

        project
            .command("notes add --title 'titles set' --sql hand.sql --account acme --site blog --rows tasks=3 --rows sites=0 --backup acme.dump --script import.py --date 2026-11-20")
            .run()
            .ok();

        let note = notes(&project).remove(0);
        assert_eq!(note["open"][0]["text"], "no migration mirrors hand.sql, which was run by hand", "{note:#}");
        let facts = &note["facts"];
        assert_eq!((&facts["sql"]["file"], &facts["rows"]["tasks"], &facts["backup"]), (&"hand.sql".into(), &3.into(), &"acme.dump".into()));
        assert_eq!((&facts["scripts"][0], &facts["site"], &facts["date"]), (&"import.py".into(), &"blog".into(), &"2026-11-20".into()));
        project.run("notes check").exits_with(1).says("no migration mirrors hand.sql");
        project.run("notes search import.py").ok().says("titles set");
        // The checksum tells which text it was; the text itself may hold what belongs in no file.
        project.run("notes show 1").ok().says("sha256").does_not_say("anna@");
        let version = project.value("SELECT min(version) FROM __diesel_schema_migrations");
        refused(&project, 2, "notes add --title x --migration 19990101000000 --done 1.1").says("there is no migration 19990101000000");
        project.run(&format!("notes add --title mirrored --migration {version} --done 1.1")).ok();
        project.run("notes check").ok().says("nothing open");
        project.run(&format!("notes add --title again --sql hand.sql --migration {version}")).ok();
        project.run("notes check").ok().says("nothing open");
        refused(&project, 3, "notes add --title x --sql none.sql").says("cannot read none.sql");
        refused(&project, 2, "notes add --title x --rows tasks");
        refused(&project, 2, "notes add --title x --site blog");
    }

    fn what_is_open_is_closed_by_a_later_note(project: Project) {
        let project = applied(project);
        project
            .command("notes add --title 'index by hand' --open 'make a migration of it' --open 'tell the team'")
            .env("MANAGE_USER", "Anna")
            .run()
            .ok();

        project.run("notes check").exits_with(1).snapshot("notes_check_open");
        project.run("notes list").ok().says("(2 open)");
        project.run("notes add --title told --done 1.2").ok();
        project.run("notes check").exits_with(1).says("1.1 open since").does_not_say("1.2 open");
        project.run("notes add --title rest --done 1").ok();

        project.run("notes check").ok().says("nothing open");
        project.run("notes show 1").ok().says("nothing of it is open any more");
        let open = notes(&project)[2]["open"].clone();
        assert!(open.as_array().expect("a list").iter().all(|item| item["done"] == true), "{open}");
        for wrong in ["1.3", "9", "2", "x", "1.x"] {
            refused(&project, 2, &format!("notes add --title x --done {wrong}"));
        }
    }

    fn notes_are_found_by_kind_account_time_and_words(project: Project) {
        let project = applied(project);
        for (title, more) in [("Größe geändert", "--account acme"), ("importer restarted", "--kind restart"), ("importer looked at", "-m 'see SUP-9'")] {
            project.run(&format!("notes add --title '{title}' {more}")).ok();
        }
        let found = |arguments: &str| -> Vec<i64> {
            let facts = project.run(&format!("notes {arguments} --json")).ok().json();
            facts["notes"].as_array().expect("a list").iter().filter_map(|note| note["id"].as_i64()).collect()
        };

        assert_eq!(found("list"), [3, 2, 1]);
        assert_eq!(found("list --limit 2"), [3, 2]);
        assert_eq!(found("list --account acme"), [1]);
        assert_eq!(found("list --kind restart"), [2]);
        assert_eq!(found("list --since 1h"), [3, 2, 1]);
        assert_eq!(found("list --since 9999-01-01"), Vec::<i64>::new());
        assert_eq!(found("search importer"), [3, 2]);
        assert_eq!(found("search IMPORTER sup-9"), [3]);
        assert_eq!(found("search grösse") , Vec::<i64>::new());
        assert_eq!(found("search GRÖßE"), [1]);
        assert_eq!(found("search 100%_"), Vec::<i64>::new());
        assert_eq!(found("search importer --limit 1"), [3]);
        project.run("notes list --since gestern").fails_with(2).says("2026-11-21");
        project.run("notes show 9").fails_with(2).says("there is no note 9");
    }

    fn looking_makes_nothing(project: Project) {
        let before = project.everything();

        for command in ["notes list", "notes search x", "notes check", "notes export", "marker show"] {
            project.run(command).ok();
        }
        project.run("notes show 1").fails_with(2);

        assert_eq!(before, project.everything());
        assert!(!project.has("docs") && !project.has("manage.db"));
    }

    fn the_first_note_makes_the_ledger(project: Project) {
        if project.backend() == Backend::Sqlite {
            project.run("notes add --title x").fails_with(2).says("not made yet");
        }
        project.execute("CREATE TABLE theirs (id INTEGER)");

        project.run("notes add --title x").ok();

        assert_eq!(notes(&project).len(), 1);
        assert_eq!(notes(&project)[0]["environment"], serde_json::Value::Null);
    }

    fn a_password_does_not_come_into_a_note(project: Project) {
        let project = applied(project).file("docs/notes/README.md", "");

        project.run("notes add --title 'moved to postgres://u:geheim@h/d' --reason 'password=geheim' -m 'postgres://u:geheim@h/d' --open 'change postgres://u:geheim@h/d'").ok().does_not_say("geheim");

        assert!(!project.everything().contains("geheim"));
        project.run("notes show 1").ok().does_not_say("geheim");
    }

    fn a_note_is_neither_changed_nor_deleted_nor_replaced(project: Project) {
        let project = applied(project);
        project.run("notes add --title one").ok();
        let table = table(&project);
        let before = project.everything();
        let mut attempts = vec![format!("UPDATE {table} SET title = 'x'"), format!("DELETE FROM {table}")];
        match project.backend() {
            Backend::Sqlite => attempts.push(format!(
                "INSERT OR REPLACE INTO {table} (id, kind, title, database, os_user, host, tool_version) VALUES (1, 'k', 'x', 'd', 'u', 'h', 'm')"
            )),
            Backend::Postgres => attempts.push(format!("TRUNCATE {table}")),
        }

        for attempt in attempts {
            let said = match project.backend() {
                Backend::Sqlite => rusqlite::Connection::open(project.path("manage.db"))
                    .and_then(|connection| connection.execute_batch(&attempt))
                    .expect_err("it should be refused")
                    .to_string(),
                Backend::Postgres => postgres::Client::connect(project.database_url(), postgres::NoTls)
                    .and_then(|mut client| client.batch_execute(&attempt))
                    .expect_err("it should be refused")
                    .as_db_error()
                    .expect("the server says so")
                    .message()
                    .to_owned(),
            };
            assert!(said.contains("append-only"), "{attempt}: {said}");
        }

        assert_eq!(before, project.everything());
    }

    fn many_write_at_once(project: Project) {
        let project = applied(project).file("docs/notes/README.md", "");

        let runs: Vec<_> = (0..6).map(|number| project.command(&format!("notes add --title 'number {number}'")).spawn()).collect();
        for run in runs {
            run.wait().ok();
        }

        assert_eq!(notes(&project).len(), 6);
        project.run("notes check").ok();
    }

    fn control_characters_reach_no_terminal(project: Project) {
        let project = applied(project);

        project.manage(["notes", "add", "--title", "a\u{1b}[31mb", "-m", "c\u{1b}]0;x\u{7}d", "--kind", "k\u{1b}[0m"]).ok();

        for command in ["notes list", "notes show 1", "notes search a"] {
            project.run(command).ok().does_not_say("\u{1b}");
        }
    }
}
