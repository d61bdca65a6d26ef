//! Databases that cannot be reached or used.

use super::*;
use std::os::unix::fs::{MetadataExt, PermissionsExt};

#[test]
fn a_file_that_is_no_database() {
    let project = with_two_migrations(Project::new()).file("manage.db", &"not a database\n".repeat(100));

    for command in ["migrate", "status", "rollback", "redo --yes", "migrate --plan", "migrate --sql"] {
        project.run(command).fails_with(3).says("is not an SQLite database").says("hint: ");
    }
    project.run("migrate").snapshot("db_not_a_database");
    project.run("doctor").exits_with(1).says("is not an SQLite database");
    project.run("database drop --yes").fails_with(3);

    assert!(project.read("manage.db").starts_with("not a database"));
}

#[test]
fn a_folder_in_the_place_of_the_file() {
    let project = with_two_migrations(Project::new()).file("manage.db/keep", "");

    project.run("migrate").fails_with(3).snapshot("db_is_a_folder");
    project.run("status").fails_with(3).says("is a folder");
    project.run("database drop --yes").fails_with(3);
    assert!(project.has("manage.db/keep"));
}

#[test]
fn a_folder_that_is_missing() {
    let project = with_two_migrations(Project::new());

    project.run("migrate --database sqlite:data/x.db").fails_with(3).snapshot("db_missing_folder");
    project.run("database create --database sqlite:data/x.db").fails_with(3).says("the folder");
    project.run("migrate --database sqlite:manage.toml/x.db").fails_with(3).says("manage.toml");

    assert!(!project.has("data"));
}

/// Root may write everywhere, so the run is another user's: the owner of nothing here.
#[test]
fn a_file_that_may_only_be_read() {
    let project = applied(Project::new()).migration("20260103000000_more", "CREATE TABLE more (id INTEGER);", "");
    let folder = project.folder();
    let is_root = folder.metadata().expect("the folder is ours").uid() == 0;
    let before = project.everything();
    let set = |path: &std::path::Path, mode: u32| {
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).expect("the file is ours");
    };
    set(folder.parent().expect("a folder above"), 0o755);
    set(&folder.join("manage.db"), 0o444);
    set(&folder, 0o555);
    let run = |arguments: &str| {
        let manage = env!("CARGO_BIN_EXE_manage");
        // A copy that everybody may run: the build may lie in a folder that only root may enter.
        let copy = folder.parent().expect("a folder above").join("manage");
        if !copy.exists() {
            std::fs::copy(manage, &copy).expect("the folder is ours");
        }
        let script = match is_root {
            true => format!("exec setpriv --reuid=65534 --regid=65534 --clear-groups -- {} {arguments}", copy.display()),
            false => format!("exec {} {arguments}", copy.display()),
        };
        project.program("sh", "sh").args(["-c", &script]).run()
    };

    let (status, migrate, rollback) = (run("status"), run("migrate"), run("rollback"));
    set(&folder, 0o755);
    set(&folder.join("manage.db"), 0o644);

    status.ok().says("1 pending");
    for outcome in [migrate, rollback] {
        outcome.fails_with(3).says("hint: ");
        assert!(
            outcome.stderr.contains("read-only") || outcome.stderr.contains("readonly") || outcome.stderr.contains("may not"),
            "{outcome}"
        );
    }
    assert_eq!(before, project.everything());
}

#[test]
fn a_server_that_is_not_there() {
    let project = with_two_migrations(Project::new());
    let url = "postgres://ann@127.0.0.1:1/x";

    for command in ["migrate", "status", "rollback", "redo --yes", "database create", "database drop --yes", "migrate --plan"] {
        let outcome = project.command(command).args(["--database", url]).run();
        outcome.fails_with(3).says("cannot reach PostgreSQL").says("hint: ");
    }
    project.command("status").args(["--database", url]).run().snapshot("db_unreachable");
    let host = project.run("status --database postgres://ann@no-such-host.invalid/x");
    host.fails_with(3).says("no-such-host.invalid").says("hint: ");
}

#[test]
fn a_wrong_password_and_none() {
    let cluster = Cluster::with().access("host all ada 127.0.0.1/32 scram-sha-256").start();
    cluster.execute("CREATE ROLE ada LOGIN PASSWORD 'secret'");
    let url = |login: &str| cluster.tcp_url("postgres").replace("postgres@", login);
    let project = with_two_migrations(Project::new());
    let try_login = |login: &str| project.command("migrate").args(["--database", &url(login)]).run();

    let wrong = try_login("ada:hunter2@");
    let none = try_login("ada@");

    wrong.fails_with(3).says("password").says("hint: ").says("28P01").does_not_say("hunter2");
    none.fails_with(3).says("password").says("hint: ");
    project.command("status").args(["--database", &url("ada:secret@")]).run().ok();
    project.command("status").args(["--database", &url("ada@")]).env("PGPASSWORD", "secret").run().ok();
}

#[test]
fn tls_that_is_not_to_be_had() {
    let project = with_two_migrations(Project::on(Backend::Postgres));
    let url = format!("{}?sslmode=require", server().tcp_url(&database_name(&project)));

    let outcome = project.command("migrate").env("DATABASE_URL", &url).run();

    outcome.fails_with(3).snapshot("db_without_tls");
    assert_eq!(project.everything(), "");
}

#[test]
fn a_role_that_may_not_create() {
    let project = with_two_migrations(Project::on(Backend::Postgres));
    let role = format!("weak_{}", database_name(&project));
    project.execute(&format!("CREATE ROLE {role} LOGIN; REVOKE CREATE ON SCHEMA public FROM PUBLIC"));
    let url = project.database_url().replacen("postgres@", &format!("{role}@"), 1);
    let before = project.everything();
    let run = |arguments: &str| project.command(arguments).env("DATABASE_URL", &url).run();

    let (migrate, create) = (run("migrate"), project.command("database create").env("DATABASE_URL", format!("{url}_x")).run());
    let (after, status) = (project.everything(), run("status"));
    project.execute(&format!("CREATE SCHEMA manage AUTHORIZATION {role}; GRANT CREATE ON SCHEMA public TO {role}"));
    let (granted, table) = (run("migrate --steps 1"), run("status --check"));
    project.execute(&format!("DROP OWNED BY {role}; DROP ROLE {role}"));

    migrate.fails_with(3).says("permission denied").says("hint: manage keeps its tables in the schema manage");
    create.fails_with(3).says("permission denied").says("hint: ");
    assert_eq!(before, after);
    status.ok();
    granted.ok();
    table.exits_with(1);
}

#[test]
fn a_ledger_of_tomorrow_is_refused() {
    for backend in [Backend::Sqlite, Backend::Postgres] {
        let project = applied(Project::on(backend));
        let table = if backend == Backend::Sqlite { "manage_ledger_history" } else { "manage.manage_ledger_history" };
        project.execute(&format!(
            "INSERT INTO {table} (version, name, applied_on, checksum) VALUES (99, 'x', '2026-01-01T00:00:00Z', '1')"
        ));

        for command in ["migrate", "rollback", "redo --yes", "status", "database drop --yes"] {
            refused(&project, 3, command).says("which this manage does not know");
        }
    }
}
