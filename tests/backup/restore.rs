//! Restoring.

use super::*;

each_backend! {
    fn a_restore_brings_the_content_back_and_prints_the_way_on(project: Project) {
        let (project, backup) = backed_up(project);

        let outcome = project.run(&format!("restore {backup} --yes"));

        outcome.ok().says("restored from").says("way back: manage restore backups/");
        assert_eq!(customers(&project), "2");
        project.run("status").ok().says("up to date").says("development");
        project.run("doctor").ok().says("the content is that of");
        project.run("notes list").ok().says("restored from backups/");
        assert_eq!(litter(&project), Vec::<String>::new());

        let before = project.list("backups").into_iter().find(|name| name.contains("before-restore") && !name.ends_with(".json"));
        project.run(&format!("restore backups/{} --yes", before.expect("it was made"))).ok();
        assert_eq!(customers(&project), "3");
        tidy(&project);
    }

    fn the_log_of_newer_migrations_goes_on_as_superseded(project: Project) {
        let (project, backup) = backed_up(project);
        let project = project.migration("20260202000000_more", "CREATE TABLE more (id INTEGER);", "DROP TABLE more;");
        project.run("migrate").ok();

        project.run(&format!("restore {backup} --yes")).ok().says("carried over as superseded");

        project.run("status").ok().says("1 applied, 1 pending");
        project.run("migrate").ok().says("1 migration applied");
        let table = if project.backend() == Backend::Sqlite { "manage_migration_log" } else { "manage.manage_migration_log" };
        assert_eq!(project.value(&format!("SELECT count(*) FROM {table} WHERE superseded")), "1");
        assert_eq!(project.value(&format!("SELECT count(*) FROM {table} WHERE version = '20260202000000'")), "2");
        project.run("status").ok().says("2 applied, 0 pending");
        tidy(&project);
    }

    fn newer_notes_go_on_as_superseded(project: Project) {
        let (project, backup) = backed_up(project);
        project.run("notes add --title 'Eve was added'").ok();

        project.run(&format!("restore {backup} --yes")).ok().says("carried over as superseded");

        let table = if project.backend() == Backend::Sqlite { "manage_note" } else { "manage.manage_note" };
        assert_eq!(project.value(&format!("SELECT count(*) FROM {table} WHERE title = 'Eve was added' AND superseded")), "1");
        tidy(&project);
    }

    fn without_a_backup_of_the_present_the_reason_is_kept(project: Project) {
        let (project, backup) = backed_up(project);

        let facts = project.command(&format!("restore {backup} --yes --json --no-backup --reason")).args(["no room left"]).run();

        let facts = facts.ok().json();
        assert_eq!(facts["restored"]["way_back"], serde_json::Value::Null);
        let table = if project.backend() == Backend::Sqlite { "manage_restore" } else { "manage.manage_restore" };
        assert_eq!(project.value(&format!("SELECT reason FROM {table}")), "no room left");
        assert!(project.list("backups").iter().all(|name| !name.contains("before")));
        tidy(&project);
    }

    fn a_restore_waits_for_the_lock_and_says_who_holds_it(project: Project) {
        let (project, backup) = backed_up(project);
        let project = project.migration("20260303000000_slow", "CREATE TABLE slow (id INTEGER);", "DROP TABLE slow;");
        let holder = project.command("migrate -v").env("MANAGE_FAULT", "migrate.locked:1:sleep=20000").spawn();
        while project.run("doctor").stdout.contains("lock         free") {}

        let outcome = project.run(&format!("restore {backup} --yes --no-backup --reason x --lock-timeout 0 --terminate"));

        outcome.fails_with(6).says("another run holds the lock");
        holder.kill();
        assert_eq!(customers(&project), "3");
        tidy(&project);
    }
}

#[test]
fn the_journal_and_the_pages_of_the_file_may_be_others() {
    for (journal, page) in [("WAL", 8192), ("WAL", 4096), ("DELETE", 8192)] {
        let (project, backup) = backed_up(Project::new());
        project.execute(&format!(
            "PRAGMA journal_mode = DELETE; PRAGMA page_size = {page}; VACUUM; PRAGMA journal_mode = {journal};"
        ));
        let inode = inode(&project);

        project.run(&format!("restore {backup} --yes")).ok();

        assert_eq!(customers(&project), "2");
        assert_eq!(project.value("PRAGMA journal_mode").to_uppercase(), journal);
        assert_eq!(project.value("PRAGMA integrity_check"), "ok");
        // The file is the same one, so nobody who has it open writes into a lost one.
        assert_eq!(inode, self::inode(&project));
    }
}

fn inode(project: &Project) -> u64 {
    use std::os::unix::fs::MetadataExt;
    project.path("manage.db").metadata().expect("it is there").ino()
}

#[test]
fn a_file_that_is_gone_is_made_anew() {
    for journal in ["WAL", "DELETE"] {
        let project = shop(Project::new());
        project.execute(&format!("PRAGMA journal_mode = {journal}"));
        project.run("backup x.bak").ok();
        project.remove("manage.db");

        project.run("restore x.bak").ok().says("restored from x.bak");

        assert_eq!(customers(&project), "2");
        assert_eq!(project.value("PRAGMA journal_mode").to_uppercase(), journal);
        project.run("status").ok().says("development");
    }
}
