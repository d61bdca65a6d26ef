//! Who only looks: nothing is created, and the right to read is enough.

use std::os::unix::fs::PermissionsExt;
use std::process::{Command, Output};

use crate::support::*;

fn files(project: Project) -> Project {
    project.migration("1_a", "CREATE TABLE t1 (id INTEGER);", "DROP TABLE t1;").migration(
        "2_b",
        "CREATE TABLE t2 (id INTEGER);",
        "DROP TABLE t2;",
    )
}

/// More than SQLite keeps in memory, so that the file itself is written before the commit.
const MUCH: &str = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 60000) \
    INSERT INTO t1 SELECT 'abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz' FROM n;";

const LOOKS: [&str; 6] =
    ["status", "status --json", "migrate --plan", "migrate --sql", "rollback --plan", "rollback --all --sql"];

#[test]
fn a_role_that_may_only_read_the_history_can_look() {
    let project = files(Project::on(Backend::Postgres));
    let role = format!("reader_{}", project.value("SELECT current_database()"));
    project.execute(&format!("CREATE ROLE {role} LOGIN"));
    let url = project.database_url().replacen("postgres@", &format!("{role}@"), 1);
    assert_ne!(url, project.database_url(), "the URL names the superuser");
    let look = |arguments: &str| project.command(arguments).env("DATABASE_URL", &url).run();

    for arguments in LOOKS {
        look(arguments).ok();
    }
    look("status --check").exits_with(1);
    project.run("migrate --to 1").ok();
    look("status").fails_with(3).says("permission denied");
    project.execute(&format!("GRANT SELECT ON __diesel_schema_migrations TO {role}"));
    let before = project.everything();
    for arguments in LOOKS {
        look(arguments).ok();
    }
    look("status").says("1 pending").says("GRANT USAGE ON SCHEMA manage");
    look("migrate").fails_with(3).says("permission denied");
    assert_eq!(before, project.everything());

    // The right to use the schema alone says nothing more.
    project.execute(&format!("GRANT USAGE ON SCHEMA manage TO {role}"));
    look("status").ok().says("GRANT USAGE ON SCHEMA manage");
    project.execute(&format!("GRANT SELECT ON ALL TABLES IN SCHEMA manage TO {role}"));
    look("status").ok().does_not_say("GRANT");
    look("status --check").exits_with(1);
    project.execute(&format!("DROP OWNED BY {role}; DROP ROLE {role}"));
}

#[test]
fn a_role_without_the_ledger_is_told_what_it_lacks() {
    let project = files(Project::on(Backend::Postgres));
    let role = format!("writer_{}", project.value("SELECT current_database()"));
    project.execute(&format!("CREATE ROLE {role} LOGIN; GRANT CREATE, USAGE ON SCHEMA public TO {role}"));
    let url = project.database_url().replacen("postgres@", &format!("{role}@"), 1);

    let outcome = project.command("migrate").env("DATABASE_URL", &url).run();

    outcome.fails_with(3).says("CREATE SCHEMA manage AUTHORIZATION").does_not_say("✓");
    assert_eq!(project.schema(), "");
    project.execute(&format!("CREATE SCHEMA manage AUTHORIZATION {role}"));
    project.command("migrate").env("DATABASE_URL", &url).run().ok();
    project.execute(&format!("DROP OWNED BY {role}; DROP ROLE {role}"));
}

#[test]
fn a_server_that_only_reads_can_be_looked_at() {
    let project = files(Project::on(Backend::Postgres));
    project.run("migrate --to 1").ok();
    project.execute(
        "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET default_transaction_read_only = on', current_database()); END $$",
    );
    let before = project.everything();

    for arguments in LOOKS {
        project.run(arguments).ok();
    }
    project.run("migrate").fails_with(3).says("read-only").does_not_say("✓");

    assert_eq!(before, project.everything());
}

each_backend! {
    fn a_look_at_a_new_database_makes_nothing(project: Project) {
        let project = files(project);
        let before = (project.everything(), project.list("."));

        for arguments in LOOKS {
            project.run(arguments).ok();
        }
        project.run("status --check").exits_with(1);

        assert_eq!(before, (project.everything(), project.list(".")));
    }

    fn a_look_after_a_kill_is_a_look(project: Project) {
        let project = files(project);
        project.run("migrate --to 1").ok();
        project.command("migrate").env("MANAGE_FAULT", "migrate.before_commit:1").run().exits_with(134);

        for arguments in LOOKS {
            project.run(arguments).ok();
        }
        project.run("status").says("1 applied, 1 pending");
    }
}

/// Runs `manage` as a user who owns nothing. None where we cannot become one.
fn as_nobody(project: &Project, arguments: &[&str]) -> Option<Output> {
    if !rustix::process::geteuid().is_root() {
        return None;
    }
    let program = project.path("manage-of-nobody");
    if !program.exists() {
        std::fs::copy(env!("CARGO_BIN_EXE_manage"), &program).expect("a copy that nobody can reach");
        let root = project.folder().parent().expect("the folder is in a folder").to_owned();
        std::fs::set_permissions(root, PermissionsExt::from_mode(0o755)).expect("the folder is ours");
    }
    let output = Command::new("setpriv")
        .args(["--reuid=65534", "--regid=65534", "--clear-groups", "--"])
        .arg(&program)
        .args(arguments)
        .current_dir(project.folder())
        .env_remove("DATABASE_URL")
        .output()
        .ok()?;
    Some(output)
}

fn said(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

#[test]
fn a_file_that_somebody_may_only_read_can_be_looked_at() {
    let project = files(Project::new());
    project.run("migrate --to 1").ok();
    let before = (project.everything(), project.list(".").len());

    for arguments in [&["status"][..], &["migrate", "--plan"], &["migrate", "--sql"], &["rollback", "--plan"]] {
        // Without root there is no other user to be.
        let Some(output) = as_nobody(&project, arguments) else { return };
        assert!(output.status.success(), "{}", said(&output));
    }
    let output = as_nobody(&project, &["migrate"]).expect("root");
    assert_eq!(output.status.code(), Some(3), "{}", said(&output));
    assert!(said(&output).contains("can only be read"), "{}", said(&output));

    project.remove("manage-of-nobody");
    assert_eq!(before, (project.everything(), project.list(".").len()));
}

#[test]
fn a_file_left_in_the_middle_of_a_write_needs_somebody_who_may_write() {
    let project = files(Project::new()).one_way_migration("3_much", MUCH);
    project.run("migrate --to 2").ok();
    project.command("migrate").env("MANAGE_FAULT", "migrate.before_commit:1").run().exits_with(134);
    assert!(project.has("manage.db-journal"));

    let Some(output) = as_nobody(&project, &["status"]) else { return };

    assert_eq!(output.status.code(), Some(3), "{}", said(&output));
    assert!(said(&output).contains("in the middle of a write"), "{}", said(&output));
    // Who may write looks, and SQLite puts it right.
    project.run("status").ok().says("2 applied, 1 pending");
    assert!(!project.has("manage.db-journal"));
    assert_eq!(project.query("SELECT * FROM t1").len(), 0);
}

#[test]
fn a_write_ahead_log_in_a_folder_that_cannot_be_written_is_explained() {
    let project = files(Project::new());
    project.run("migrate --to 1").ok();
    project.execute("PRAGMA journal_mode = WAL");

    let Some(output) = as_nobody(&project, &["status"]) else { return };

    assert_eq!(output.status.code(), Some(3), "{}", said(&output));
    assert!(said(&output).contains("it keeps a write-ahead log"), "{}", said(&output));
    // Who may write beside it can look.
    project.run("status").ok().says("1 applied, 1 pending");
}
