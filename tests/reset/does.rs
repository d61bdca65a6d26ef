//! Resets that go through.

use super::*;

each_backend! {
    fn a_reset_and_the_way_back(project: Project) {
        let project = old(project);
        project.run("notes add --title 'before it all'").ok();
        let before = project.dump();

        let outcome = reset(&project, "--reason 'version 2'");

        outcome.ok().says("3 rows gone").says("2 probes as they should be").says("everything comes back by: manage restore backups/");
        assert_eq!(content(&project), "new");
        assert_eq!(project.schema().matches("gone").count(), 0, "{}", project.schema());
        project.run("status").ok().says("20260601000000").does_not_say("20260101000000").says("development");
        project.run("schema check").ok();
        project.run("schema probe").ok();
        project.run("notes list").ok().says("before it all").says("reset, 3 rows gone");
        let note = project.run("notes search version").ok().stdout.clone();
        assert!(note.contains("reset"), "{note}");
        project.run("doctor").says("the content is from the reset at").says("way back: manage restore backups/");

        let back = outcome.stdout.lines().find_map(|line| line.split_once("comes back by: manage ")).map(|(_, back)| back.to_owned());
        project.run(&format!("{} --yes --no-backup --reason 'the users were not told'", back.expect("it is printed"))).ok();

        assert_eq!(before, project.dump());
        assert_eq!(targets(&project), "3");
        project.run("notes list").ok().says("reset, 3 rows gone");
        project.run("doctor").says("the content is that of backups/");
        tidy(&project);
    }

    fn on_a_terminal_the_name_is_typed(project: Project) {
        let project = old(project);
        let name = database_name(&project);

        for answer in ["", "y", "yes", "development"] {
            let asked = Terminal::run(&project, "reset --yes").expect("go on: ").type_line(answer).finish();
            asked.exits_with(4).says("nothing was changed").says("targets (3)");
            assert_eq!(content(&project), "old");
        }
        Terminal::run(&project, "reset").expect("go on: ").type_line(&name).finish().ok().says("3 rows gone");

        assert_eq!(content(&project), "new");
    }

    fn a_staging_database_goes_the_same_way(project: Project) {
        let project = old(project);
        mark(&project, "staging", false);

        refused(&project, "reset --yes", 4).says("needs the token of a plan");
        reset(&project, "").ok();

        assert_eq!(content(&project), "new");
        project.run("marker show").ok().says("staging");
    }

    fn without_a_backup_the_reason_is_kept_and_there_is_no_way_back(project: Project) {
        let project = old(project);
        let token = token(&project);
        project.run(&format!("reset --confirm {token} --no-backup")).fails_with(2);

        let outcome = project.run(&format!("reset --confirm {token} --no-backup --reason 'no room'"));

        outcome.ok().says("there is no way back");
        assert_eq!(content(&project), "new");
        let reason = format!("SELECT reason FROM {}", ledger(&project, "manage_reset"));
        assert_eq!(project.value(&reason), "no room");
        assert!(!project.has("backups"));
    }

    fn it_can_be_done_again_and_again(project: Project) {
        let project = old(project);
        for round in 0..3 {
            reset(&project, &format!("--backup round{round}.bak")).ok();
            project.execute("INSERT INTO targets (id, name) VALUES (1, 'x')");
            assert!(project.has(&format!("round{round}.bak.json")));
        }
        assert_eq!(targets(&project), "1");
        let log = format!("SELECT count(*) FROM {} WHERE NOT superseded", ledger(&project, "manage_migration_log"));
        assert_eq!(project.value(&log), "1");
    }

    fn the_facts_of_a_reset(project: Project) {
        let facts = reset(&old(project), "--json").ok().json();

        assert_eq!(facts["reset"]["rows"], 3);
        assert_eq!(facts["before"]["proved"], true);
        assert!(facts["reset"]["way_back"].as_str().is_some_and(|back| back.starts_with("manage restore ")));
        assert!(facts["note"]["id"].is_number(), "{facts}");
    }
}

/// Who opened the file after the look at who has it open sees the old content, then the new one, and writes into it.
#[test]
fn who_has_the_file_open_sees_the_old_content_or_the_new_one() {
    for journal in ["WAL", "DELETE"] {
        let project = old(Project::new());
        project.execute(&format!("PRAGMA journal_mode = {journal}"));
        let inode = std::os::unix::fs::MetadataExt::ino(&project.path("manage.db").metadata().expect("it is there"));
        let token = token(&project);
        let running = project.command(&format!("reset --confirm {token} --no-backup --reason x")).held_at("reset.recorded");
        let connection = rusqlite::Connection::open(project.path("manage.db")).expect("it opens");
        connection.busy_timeout(std::time::Duration::from_secs(30)).expect("it waits");
        // Both in one snapshot: the rows are those of the columns.
        let both = "SELECT (SELECT count(*) FROM targets), (SELECT count(*) FROM pragma_table_info('targets'))";
        let look =
            || -> (i64, i64) { connection.query_row(both, [], |row| Ok((row.get(0)?, row.get(1)?))).expect("it can be read") };
        let mut seen = vec![look()];
        let mut running = running.go_on();
        while running.is_running() {
            let pair = look();
            if seen.last() != Some(&pair) {
                seen.push(pair);
            }
        }
        running.wait().ok();
        connection.execute("INSERT INTO targets (id, name) VALUES (7, 'after')", []).expect("it writes");

        assert_eq!(seen.first(), Some(&(3, 2)), "{journal}");
        assert!(seen.iter().all(|pair| [(3, 2), (0, 4)].contains(pair)), "{journal} {seen:?}");
        assert_eq!(targets(&project), "1");
        assert_eq!(project.value("PRAGMA journal_mode").to_uppercase(), journal);
        assert_eq!(std::os::unix::fs::MetadataExt::ino(&project.path("manage.db").metadata().expect("it is there")), inode);
    }
}

#[test]
fn what_a_file_says_of_itself_stays() {
    let project = old(Project::new());
    project.execute("PRAGMA application_id = 4711; PRAGMA page_size = 8192; VACUUM");

    reset(&project, "").ok();

    assert_eq!(project.value("PRAGMA application_id"), "4711");
    assert_eq!(project.value("PRAGMA page_size"), "8192");
    assert_eq!(project.value("PRAGMA integrity_check"), "ok");
}
