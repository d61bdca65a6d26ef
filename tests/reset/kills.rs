//! Killed at every point: the old content or the new one is there, whole; `doctor` says which and what to do, and the
//! next reset works.

use std::collections::BTreeSet;

use manage::domain::fault;

use super::*;

fn points(backend: Backend) -> Vec<&'static str> {
    // On SQLite nothing is wiped in place: the new content is installed as that of a restore is.
    let install = ["restore.before_install", "restore.installing", "restore.installed"];
    let ours = |point: &&str| match backend {
        Backend::Sqlite => (point.starts_with("reset.") && *point != "reset.wiped") || install.contains(point),
        Backend::Postgres => point.starts_with("reset."),
    };
    fault::POINTS.iter().copied().filter(ours).collect()
}

fn killed_at_every_point(backend: Backend) {
    let mut passed = BTreeSet::new();
    for point in points(backend) {
        for journal in if backend == Backend::Sqlite { &["WAL", "DELETE"][..] } else { &[""][..] } {
            let project = old(Project::on(backend));
            if !journal.is_empty() {
                project.execute(&format!("PRAGMA journal_mode = {journal}"));
            }
            let token = token(&project);

            project.command(&format!("reset --confirm {token}")).env("MANAGE_FAULT", format!("{point}:1")).run().exits_with(134);

            passed.insert(point);
            let new = ["reset.done", "restore.installed"].contains(&point);
            alone(&project);
            assert_eq!(content(&project), if new { "new" } else { "old" }, "{point} {journal}");
            if backend == Backend::Sqlite {
                assert_eq!(project.value("PRAGMA integrity_check"), "ok", "{point} {journal}");
            }
            let doctor = project.run("doctor");
            let left = project.list(".").iter().any(|name| name.contains("-manage-restore-"));
            match (left, new) {
                (true, true) => drop(doctor.says("the new content is in place, whole")),
                (true, false) => drop(doctor.says("the old content is in place, whole")),
                (false, true) => drop(doctor.says("the content is from the reset at").says("way back: manage restore")),
                (false, false) => drop(doctor.does_not_say("the content is from the reset")),
            }
            for line in doctor.stdout.lines().filter(|line| line.contains("broken off")) {
                if let Some(at) = line.find("rm -r ") {
                    project.program("sh", "sh").args(["-c", &line[at..]]).run().ok();
                }
            }
            // Its backup is whole, and so the way back is.
            assert_eq!(project.list("backups").iter().filter(|name| name.ends_with(".json")).count(), 1, "{point}");
            refused(&project, &format!("reset --confirm {token}"), 4);
            reset(&project, "").ok();
            assert_eq!(content(&project), "new", "{point} {journal}");
            assert!(!project.list(".").iter().any(|name| name.contains("-manage-restore-")), "{point} {journal}");
        }
    }
    assert_eq!(passed.len(), points(backend).len());
}

/// Waits until the server has noticed that the killed process is gone.
fn alone(project: &Project) {
    if project.backend() == Backend::Sqlite {
        return;
    }
    let others = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() \
         AND backend_type = 'client backend'";
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(30);
    while project.value(others) != "0" {
        assert!(std::time::Instant::now() < deadline, "somebody stays connected");
    }
}

#[test]
fn killed_at_every_point_on_sqlite() {
    killed_at_every_point(Backend::Sqlite);
}

#[test]
fn killed_at_every_point_on_postgres() {
    killed_at_every_point(Backend::Postgres);
}

#[test]
fn the_server_killed_in_the_middle_leaves_the_old_content_or_the_new_one() {
    let cluster = Cluster::start();
    for point in ["reset.begun", "reset.wiped", "reset.recorded", "reset.done"] {
        let name = point.replace('.', "_");
        cluster.execute(&format!("CREATE DATABASE {name}"));
        let project =
            Project::new().migration("1_a", "CREATE TABLE t (id INTEGER); INSERT INTO t VALUES (1), (2);", "DROP TABLE t;");
        let run = |arguments: &str| project.command(arguments).env("DATABASE_URL", cluster.url(&name));
        run("migrate").run().ok();
        let mut client = postgres::Client::connect(&cluster.url(&name), postgres::NoTls).expect("it is there");
        client.batch_execute(crate::backup::MARK).expect("the ledger is there");
        client.batch_execute("INSERT INTO t VALUES (3)").expect("it writes");
        drop(client);
        let facts = run("reset --plan --json").run().ok().json();
        let token = facts["token"].as_str().expect("it is given").to_owned();
        let running = run(&format!("reset --confirm {token} --no-backup --reason x")).held_at(point);

        cluster.kill();

        let outcome = running.go_on().wait();
        cluster.restart();
        let rows = || {
            let mut client = postgres::Client::connect(&cluster.url(&name), postgres::NoTls).expect("it is there");
            client.query_one("SELECT count(*) FROM t", &[]).expect("it is there").get::<_, i64>(0)
        };
        run("status").run().ok().says("1 applied, 0 pending");
        if point == "reset.done" {
            assert!([0, 3].contains(&outcome.code), "{outcome}");
            assert_eq!(rows(), 2, "{point}");
            run("doctor").run().ok().says("the content is from the reset");
        } else {
            outcome.fails_with(3);
            assert_eq!(rows(), 3, "{point}");
            run("doctor").run().ok().does_not_say("the content is from the reset");
        }
        let facts = run("reset --plan --json").run().ok().json();
        let token = facts["token"].as_str().expect("it is given").to_owned();
        run(&format!("reset --confirm {token} --no-backup --reason x")).run().ok();
        assert_eq!(rows(), 2, "{point}");
    }
}
