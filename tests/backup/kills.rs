//! Killed at every point: the old content or the new one is there, whole; `doctor` says which, and the next run works.

use std::collections::BTreeSet;

use manage::domain::fault;

use super::*;

fn points(of: &str) -> impl Iterator<Item = &'static str> {
    let of = of.to_owned();
    fault::POINTS.iter().copied().filter(move |point| point.starts_with(&of))
}

fn killed_backups(backend: Backend) {
    let mut passed = BTreeSet::new();
    for point in points("backup.") {
        let project = shop(Project::on(backend));
        let before = project.everything();

        project.command("backup").env("MANAGE_FAULT", format!("{point}:1")).run().exits_with(134);

        passed.insert(point);
        assert_eq!(before, project.everything(), "{point}");
        let whole = project.has("backups") && project.list("backups").iter().any(|name| name.ends_with(".json"));
        assert_eq!(whole, point == "backup.described", "{point}");
        let doctor = project.run("doctor");
        let left = !litter(&project).is_empty() || !until_alone(&project).is_empty();
        assert!(!left || project.run("doctor").stdout.contains("broken off"), "{point}\n{doctor}");
        for name in
            project.run("doctor").stdout.lines().filter_map(|line| line.split_once("DROP DATABASE ").map(|(_, name)| name))
        {
            project.execute(&format!("DROP DATABASE {name}"));
        }
        project.run("backup again.bak").ok();
        tidy(&project);
    }
    assert_eq!(passed.len(), points("backup.").count());
}

/// The databases beside, once the server has noticed that nobody is connected any more.
fn until_alone(project: &Project) -> Vec<String> {
    let name = database(project);
    nobody_is_connected(name.as_deref());
    let beside = databases_beside(project);
    nobody_is_connected(name.as_deref());
    beside
}

/// Waits until it is so. Asked from another database: a session of ours that has not quite gone is in the way of a restore.
fn nobody_is_connected(name: Option<&str>) {
    let Some(name) = name else { return };
    let mut client = postgres::Client::connect(&server().url("postgres"), postgres::NoTls).expect("the server answers");
    let others = "SELECT count(*) FROM pg_stat_activity WHERE (datname = $1 OR starts_with(datname, $1 || '_')) AND backend_type = 'client backend'";
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(30);
    while client.query_one(others, &[&name]).expect("the server counts").get::<_, i64>(0) != 0 {
        assert!(std::time::Instant::now() < deadline, "somebody stays connected");
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
}

fn killed_restores(backend: Backend) {
    let mut passed = BTreeSet::new();
    let (project, backup) = backed_up(Project::on(backend));
    drop((project, backup));
    for point in points("restore.") {
        for journal in if backend == Backend::Sqlite { &["WAL", "DELETE"][..] } else { &[""][..] } {
            let (project, backup) = backed_up(Project::on(backend));
            if !journal.is_empty() {
                project.execute(&format!("PRAGMA journal_mode = {journal}"));
            }
            let restore = format!("restore {backup} --yes --no-backup --reason x");

            project.command(&restore).env("MANAGE_FAULT", format!("{point}:1")).run().exits_with(134);

            passed.insert(point);
            until_alone(&project);
            let new = point == "restore.installed";
            assert_eq!(customers(&project), if new { "2" } else { "3" }, "{point} {journal}");
            if backend == Backend::Sqlite {
                assert_eq!(project.value("PRAGMA integrity_check"), "ok", "{point} {journal}");
            }
            project.run("status").ok();
            let doctor = project.run("doctor");
            let left =
                litter(&project).len() + databases_beside(&project).iter().filter(|name| name.contains("_restore_")).count();
            match (left > 0, new) {
                (true, true) => drop(doctor.ok().says("the new content is in place, whole")),
                (true, false) => drop(doctor.ok().says("the old content is in place, whole")),
                (false, true) => drop(doctor.ok().says("the content is that of")),
                (false, false) => drop(doctor.ok().does_not_say("the content is that of")),
            }
            remove_as_told(&project, &doctor);
            project.run(&restore).ok();
            assert_eq!(customers(&project), "2", "{point} {journal}");
            assert_eq!(litter(&project), Vec::<String>::new(), "{point} {journal}");
            tidy(&project);
        }
    }
    assert_eq!(passed.len(), points("restore.").count());
}

/// Does what `doctor` says, as a person would: the command behind the last colon.
fn remove_as_told(project: &Project, doctor: &Outcome) {
    for line in doctor.stdout.lines().filter(|line| line.contains("broken off")) {
        if let Some(at) = line.find("DROP DATABASE") {
            project.execute(&line[at..]);
        } else if let Some(at) = line.find("rm -r ") {
            project.program("sh", "sh").args(["-c", &line[at..]]).run().ok();
        }
    }
}

#[test]
fn a_backup_killed_at_every_point_on_sqlite() {
    killed_backups(Backend::Sqlite);
}

#[test]
fn a_backup_killed_at_every_point_on_postgres() {
    killed_backups(Backend::Postgres);
}

#[test]
fn a_restore_killed_at_every_point_on_sqlite() {
    killed_restores(Backend::Sqlite);
}

#[test]
fn a_restore_killed_at_every_point_on_postgres() {
    killed_restores(Backend::Postgres);
}

/// Pages of the new content stand in the file, or in its log: the next who opens it takes them back.
#[test]
fn a_restore_killed_between_two_pages_is_taken_back() {
    for (journal, pass) in [("WAL", 2), ("DELETE", 2), ("WAL", 9), ("DELETE", 9)] {
        let (project, backup) = backed_up(Project::new());
        project.execute(&format!("PRAGMA journal_mode = {journal}"));
        let restore = format!("restore {backup} --yes --no-backup --reason x");

        project.command(&restore).env("MANAGE_FAULT", format!("restore.installing:{pass}")).run().exits_with(134);

        assert_eq!(customers(&project), "3", "{journal} {pass}");
        assert_eq!(project.value("PRAGMA integrity_check"), "ok");
    }
}

/// A database of its own on `cluster`, with two customers and a migration.
fn on_a_cluster(cluster: &Cluster, name: &str) -> Project {
    cluster.execute(&format!("CREATE DATABASE {name}"));
    let up = "CREATE TABLE customers (id INTEGER); INSERT INTO customers VALUES (1), (2);";
    let project = Project::new().migration("1_a", up, "DROP TABLE customers;");
    project.command("migrate").env("DATABASE_URL", cluster.url(name)).run().ok();
    mark(&cluster.url(name));
    project
}

/// How many customers there are.
fn customers_at(url: &str) -> i64 {
    let mut client = postgres::Client::connect(url, postgres::NoTls).expect("it is there");
    client.query_one("SELECT count(*) FROM customers", &[]).expect("it is there").get(0)
}

#[test]
fn the_server_killed_in_a_restore_leaves_the_old_database_or_the_new_one() {
    let cluster = Cluster::start();
    for point in ["restore.scratch", "restore.before_install", "restore.installing", "restore.installed"] {
        let name = point.replace('.', "_");
        let project = on_a_cluster(&cluster, &name);
        let run = |arguments: &str| project.command(arguments).env("DATABASE_URL", cluster.url(&name));
        run("backup x.bak").run().ok();
        cluster.execute_in(&name, "INSERT INTO customers VALUES (3)");
        let running = run("restore x.bak --yes --no-backup --reason x -v").held_at(point);

        cluster.kill();

        let outcome = running.go_on().wait();
        cluster.restart();
        run("status").run().ok().says("1 applied, 0 pending");
        if point == "restore.installed" {
            assert!([0, 3].contains(&outcome.code), "{outcome}");
            assert_eq!(customers_at(&cluster.url(&name)), 2, "{outcome}");
        } else {
            outcome.fails_with(3);
            assert_eq!(customers_at(&cluster.url(&name)), 3, "{outcome}");
            run("doctor").run().ok().says("the old content is in place, whole");
        }
        run("restore x.bak --yes --no-backup --reason x").run().ok();
        assert_eq!(customers_at(&cluster.url(&name)), 2);
    }
}

#[test]
fn the_server_killed_in_a_backup_leaves_no_backup_or_a_whole_one() {
    let cluster = Cluster::start();
    for point in ["backup.begun", "backup.copied", "backup.scratch", "backup.proved", "backup.renamed", "backup.described"] {
        let name = point.replace('.', "_");
        let project = on_a_cluster(&cluster, &name);
        let run = |arguments: &str| project.command(arguments).env("DATABASE_URL", cluster.url(&name));
        let running = run("backup x.bak").held_at(point);

        cluster.kill();

        let outcome = running.go_on().wait();
        cluster.restart();
        assert!([0, 3].contains(&outcome.code), "{outcome}");
        assert!(project.has("x.bak") || outcome.code == 3, "{outcome}");
        if project.has("x.bak") && project.has("x.bak.json") {
            cluster.execute_in(&name, "INSERT INTO customers VALUES (3)");
            run("restore x.bak --yes --no-backup --reason x").run().ok();
        }
        assert_eq!(customers_at(&cluster.url(&name)), 2, "{point}");
        run("doctor").run().ok();
        run("backup y.bak").run().ok();
    }
}

each_backend! {
    fn who_presses_ctrl_c_leaves_nothing_behind(project: Project) {
        let (project, backup) = backed_up(project);
        let before = project.dump();
        // Asked once: whoever looks from inside the database is in the way of a restore.
        let name = database(&project);
        nobody_is_connected(name.as_deref());
        for (command, point) in [("backup x.bak".to_owned(), "backup.copied"), (format!("restore {backup} --yes --no-backup --reason x"), "restore.begun")] {
            let running = project.command(&command).held_at(point);

            let outcome = running.signal_and_go_on(rustix::process::Signal::INT).wait();

            outcome.fails_with(7);
            assert_eq!(before, project.dump(), "{command}");
            assert_eq!(litter(&project), Vec::<String>::new(), "{command}");
            assert_eq!(until_alone(&project), Vec::<String>::new(), "{command}");
        }
        assert!(!project.has("x.bak"));
    }
}
