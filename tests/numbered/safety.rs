//! Killed at every point, started together, and where nothing may be written.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use manage::domain::fault;

use super::*;

/// Each version makes a table of its number; one of them rebuilds the settings table.
fn numbered(backend: Backend) -> Project {
    let project = (1..=3).fold(Project::on(backend), |project, number| {
        let up = format!("CREATE TABLE t{number} (id INTEGER);\nINSERT INTO t{number} VALUES ({number});");
        file(project, &format!("{number:03}_t"), &up, &format!("DROP TABLE t{number};"))
    });
    file(
        project,
        "004_rebuild",
        "CREATE TABLE t4 (id INTEGER);
         CREATE TABLE n (key TEXT PRIMARY KEY, value TEXT, created_at TIMESTAMP, updated_at TIMESTAMP);
         INSERT INTO n SELECT key, value, created_at, updated_at FROM settings;
         DROP TABLE settings; ALTER TABLE n RENAME TO settings;",
        "DROP TABLE t4;",
    )
}

/// What the settings table says is what is there, and what the log says.
#[track_caller]
fn nothing_is_half_recorded(project: &Project, context: &str) {
    let schema = project.schema();
    let has_settings = schema.contains("settings");
    let version = if has_settings {
        project.query("SELECT value FROM settings WHERE key = 'db_migration_version'").concat()
    } else {
        Vec::new()
    };
    let version: usize = version.first().map_or(0, |version| version.parse().expect("a number"));
    let tables: Vec<usize> = (1..=4).filter(|number| schema.contains(&format!("t{number}"))).collect();
    assert_eq!(tables, (1..=version).collect::<Vec<_>>(), "version and tables differ {context}");
}

fn killed_at_every_point(backend: Backend, before: Option<&str>, command: &str) {
    let mut kills = 0;
    for point in fault::POINTS {
        for pass in 1.. {
            let project = numbered(backend);
            if let Some(before) = before {
                project.run(before).ok();
            }
            let outcome = project.command(command).env("MANAGE_FAULT", format!("{point}:{pass}")).run();
            if outcome.code == 0 {
                break;
            }
            outcome.exits_with(134);
            kills += 1;
            let context = format!("after a kill at {point}:{pass} of {command}");
            crate::safety::memory::until_alone(&project);

            nothing_is_half_recorded(&project, &context);
            project.run("migrate").ok();
            nothing_is_half_recorded(&project, &context);
            assert_eq!(version(&project), "4", "{context}");
            project.run("status --check").ok();
        }
    }
    assert!(kills > 10, "{kills} kills");
}

#[cfg(any(debug_assertions, feature = "faults"))]
mod kills {
    use super::*;

    each_backend! {
        fn forward(project: Project) {
            killed_at_every_point(project.backend(), None, "migrate");
        }

        fn back(project: Project) {
            killed_at_every_point(project.backend(), Some("migrate"), "rollback --all --yes");
        }
    }
}

each_backend! {
    fn eight_on_a_new_database_run_each_migration_once(project: Project) {
        let project = numbered(project.backend());

        let running: Vec<_> = (0..8).map(|_| project.command("migrate").spawn()).collect();
        let outcomes: Vec<_> = running.into_iter().map(Running::wait).collect();

        for outcome in &outcomes {
            outcome.ok();
        }
        assert_eq!(outcomes.iter().filter(|outcome| outcome.stdout.contains("✓")).count(), 1, "one did it all");
        for number in 1..=3 {
            assert_eq!(project.value(&format!("SELECT count(*) FROM t{number}")), "1");
        }
        assert_eq!((version(&project), project.value("SELECT count(*) FROM settings")), ("4".to_owned(), "2".to_owned()));
    }
}

#[test]
fn a_file_that_can_only_be_read_is_looked_at_and_never_migrated() {
    let project = bot(Project::new());
    project.run("migrate 1").ok();
    let before = project.everything();
    let folder = project.folder();
    let set = |path: &Path, mode| {
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).expect("the folder is ours");
    };
    // Who is root may write anyway: then nobody runs it.
    let is_root = rustix::process::geteuid().is_root();
    let above = folder.parent().expect("a folder above");
    set(above, 0o755);
    let copy = above.join("manage");
    std::fs::copy(env!("CARGO_BIN_EXE_manage"), &copy).expect("the folder is ours");
    set(&folder.join("manage.db"), 0o444);
    set(&folder, 0o555);
    let run = |arguments: &str| {
        let nobody = if is_root { "setpriv --reuid=65534 --regid=65534 --clear-groups -- " } else { "" };
        project.program("sh", "sh").args(["-c", &format!("exec {nobody}{} {arguments}", copy.display())]).run()
    };

    let (status, migrate, rollback) = (run("status"), run("migrate"), run("rollback"));
    set(&folder, 0o755);
    set(&folder.join("manage.db"), 0o644);

    status.ok().says("1 applied, 2 pending");
    for outcome in [migrate, rollback] {
        outcome.fails_with(3).says("can only be read").says("hint: ");
    }
    assert_eq!(before, project.everything());
}

#[test]
fn a_database_that_is_read_only_by_default_is_looked_at_and_never_migrated() {
    let project = bot(Project::on(Backend::Postgres));
    project.run("migrate 1").ok();
    project.execute(
        "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET default_transaction_read_only = on', current_database()); END $$",
    );
    project.run("status").ok().says("1 applied, 2 pending");

    refused(&project, 3, "migrate").says("read-only").does_not_say("✓");
    refused(&project, 3, "rollback --yes").says("read-only");
}

#[test]
fn a_role_that_may_only_read_can_look_and_not_migrate() {
    let project = bot(Project::on(Backend::Postgres));
    project.run("migrate 1").ok();
    let role = format!("looker_{}", project.value("SELECT current_database()"));
    project.execute(&format!("CREATE ROLE {role} LOGIN; GRANT SELECT ON settings TO {role}"));
    let url = project.database_url().replacen("postgres@", &format!("{role}@"), 1);
    let before = project.everything();

    project.command("status").env("DATABASE_URL", &url).run().ok().says("1 applied, 2 pending");
    project.command("migrate").env("DATABASE_URL", &url).run().fails_with(3).says("permission denied").does_not_say("✓");

    assert_eq!(before, project.everything());
    project.execute(&format!("DROP OWNED BY {role}; DROP ROLE {role}"));
}
