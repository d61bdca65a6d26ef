//! Killed at every point and at any moment: a migration is applied and recorded, or neither, and the next run
//! finishes.

use std::collections::BTreeSet;
use std::time::{Duration, SystemTime};

use manage::domain::fault;

use super::memory::{history, ledger, nothing_is_half_recorded, until_alone};
use crate::support::*;

/// Simple migrations that share a transaction on SQLite.
fn grouped(backend: Backend) -> Project {
    (11..=12).fold(Project::on(backend), |project, n| {
        let up = format!("CREATE TABLE t{n} (id INTEGER);\nINSERT INTO t{n} VALUES ({n});");
        project.migration(&format!("{n}_a"), &up, &format!("DROP TABLE t{n};"))
    })
}

/// A rebuild between simple ones.
fn rebuild(backend: Backend) -> Project {
    Project::on(backend)
        .migration(
            "11_family",
            "CREATE TABLE t11 (id INTEGER PRIMARY KEY);
             CREATE TABLE children (id INTEGER REFERENCES t11 (id) ON DELETE CASCADE);
             INSERT INTO t11 VALUES (1); INSERT INTO children VALUES (1), (1);",
            "DROP TABLE children; DROP TABLE t11;",
        )
        .migration(
            "12_rebuild",
            "CREATE TABLE t12 (id INTEGER);
             CREATE TABLE n (id INTEGER PRIMARY KEY, note TEXT);
             INSERT INTO n SELECT id, 'x' FROM t11; DROP TABLE t11; ALTER TABLE n RENAME TO t11;",
            "DROP TABLE t12; CREATE TABLE n (id INTEGER PRIMARY KEY); INSERT INTO n SELECT id FROM t11;
             DROP TABLE t11; ALTER TABLE n RENAME TO t11;",
        )
        .migration("13_after", "CREATE TABLE t13 (id INTEGER);", "DROP TABLE t13;")
}

/// A file without a transaction between simple ones.
fn no_transaction(backend: Backend) -> Project {
    let index = if backend == Backend::Postgres { "CREATE INDEX CONCURRENTLY" } else { "CREATE INDEX" };
    let drop = if backend == Backend::Postgres { "DROP INDEX CONCURRENTLY" } else { "DROP INDEX" };
    Project::on(backend)
        .migration("11_a", "CREATE TABLE t11 (id INTEGER, b INTEGER);", "DROP TABLE t11;")
        .no_transaction(
            "12_indexes",
            &format!("{index} i ON t11 (id);\nBEGIN;\nINSERT INTO t11 VALUES (1, 1);\nCOMMIT;\n{index} j ON t11 (b);\nCREATE TABLE t12 (id INTEGER);"),
            &format!("DROP TABLE t12;\n{drop} j;\nDELETE FROM t11;\n{drop} i;"),
        )
        .migration("13_after", "CREATE TABLE t13 (id INTEGER);", "DROP TABLE t13;")
}

struct Scenario {
    project: fn(Backend) -> Project,
    /// What comes before the command that is killed.
    before: Option<&'static str>,
    command: &'static str,
    /// Whether a file without a transaction may be half-way.
    half_way: bool,
    /// Whether only SQLite does it so.
    sqlite: bool,
}

const SCENARIOS: &[Scenario] = &[
    Scenario { project: grouped, before: None, command: "migrate", half_way: false, sqlite: false },
    Scenario { project: grouped, before: None, command: "migrate --single-transaction", half_way: false, sqlite: false },
    Scenario { project: grouped, before: Some("migrate"), command: "rollback --all --yes", half_way: false, sqlite: false },
    Scenario { project: grouped, before: Some("migrate"), command: "redo --yes", half_way: false, sqlite: false },
    Scenario { project: rebuild, before: None, command: "migrate", half_way: false, sqlite: true },
    Scenario { project: rebuild, before: Some("migrate"), command: "rollback --all --yes", half_way: false, sqlite: true },
    Scenario { project: no_transaction, before: None, command: "migrate", half_way: true, sqlite: false },
    Scenario { project: no_transaction, before: Some("migrate"), command: "rollback --all --yes", half_way: true, sqlite: false },
];

/// The points of migrations. The others are passed in the folders of their features.
fn points() -> impl Iterator<Item = &'static str> {
    let elsewhere = ["backup.", "baseline.", "patch.", "reset.", "restore.", "transfer."];
    fault::POINTS.iter().copied().filter(move |point| !elsewhere.iter().any(|other| point.starts_with(other)))
}

/// Kills the scenario's command at every pass of every point. Returns the points that were passed, and how often
/// it was killed.
fn kill_at_every_point(backend: Backend, scenario: &Scenario) -> (BTreeSet<&'static str>, usize) {
    let undisturbed = (scenario.project)(backend);
    undisturbed.run("migrate").ok();
    let (mut passed, mut kills) = (BTreeSet::new(), 0);
    for point in points() {
        for pass in 1.. {
            let project = (scenario.project)(backend);
            if let Some(before) = scenario.before {
                project.run(before).ok();
            }

            let outcome = project.command(scenario.command).env("MANAGE_FAULT", format!("{point}:{pass}")).run();

            if outcome.code == 0 {
                break;
            }
            outcome.exits_with(134);
            passed.insert(point);
            kills += 1;
            let context = format!("after a kill at {point}:{pass} of {}", scenario.command);
            if scenario.half_way {
                until_alone(&project);
            } else {
                nothing_is_half_recorded(&project, &context);
            }
            if pass == 1 {
                project.run("status").ok();
            }
            if scenario.half_way && scenario.before.is_some() {
                // A way back that was begun is brought to its end first.
                project.run(scenario.command).ok();
            }
            let next = project.run("migrate");
            assert_eq!(next.code, 0, "{context}\n{next}");
            assert_eq!(undisturbed.schema(), project.schema(), "{context}");
            assert_eq!(undisturbed.dump(), project.dump(), "{context}");
            nothing_is_half_recorded(&project, &context);
            let progress = format!("SELECT count(*) FROM {}.manage_migration_progress", ledger(&project));
            assert_eq!(project.value(&progress), "0", "{context}");
        }
    }
    (passed, kills)
}

fn every_point(backend: Backend) {
    // PostgreSQL has no rebuilds.
    let scenarios = SCENARIOS.iter().filter(|scenario| backend == Backend::Sqlite || !scenario.sqlite);
    let workers = scenarios.map(|scenario| std::thread::spawn(move || kill_at_every_point(backend, scenario)));
    let workers: Vec<_> = workers.collect();
    let (mut passed, mut kills) = (BTreeSet::new(), 0);
    for worker in workers {
        let (points, count) = worker.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        passed.extend(points);
        kills += count;
    }
    println!("{kills} kills at {} points", passed.len());
    // On SQLite nothing but VACUUM runs between `started` and `done`, and nobody can tell whether it did.
    let expected = points().filter(|point| backend == Backend::Postgres || !point.starts_with("progress."));
    assert_eq!(passed, expected.collect(), "every point has a scenario that passes it");
}

#[test]
fn killed_at_every_point_on_sqlite() {
    every_point(Backend::Sqlite);
}

#[test]
fn killed_at_every_point_on_postgres() {
    every_point(Backend::Postgres);
}

#[test]
fn a_vacuum_of_sqlite_that_was_killed_is_left_to_a_person() {
    for (fault, next) in [("progress.started:1", 5), ("progress.executed:1", 5), ("progress.done:1", 0)] {
        let project = Project::new().no_transaction("11_v", "VACUUM;", "SELECT 1;");
        project.command("migrate").env("MANAGE_FAULT", fault).run().exits_with(134);

        project.run("migrate").exits_with(next);
    }
}

/// A generator of moments: good enough, and repeatable.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % limit
    }
}

fn seed() -> u64 {
    std::env::var("MANAGE_TEST_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or_else(|| {
        SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).expect("the clock is past 1970").as_nanos() as u64
    })
}

/// Thirty small migrations; on SQLite with rebuilds among them, which end the shared transaction.
fn thirty(backend: Backend) -> Project {
    (10..40).fold(Project::on(backend), |project, n| {
        let (mut up, mut down) = (format!("CREATE TABLE t{n} (id INTEGER PRIMARY KEY);\nINSERT INTO t{n} VALUES ({n});"), format!("DROP TABLE t{n};"));
        if n % 7 == 0 {
            let rebuild = |columns: &str| {
                format!(
                    "CREATE TABLE n (id INTEGER PRIMARY KEY{columns});\nINSERT INTO n (id) SELECT id FROM t{m};\nDROP TABLE t{m};\nALTER TABLE n RENAME TO t{m};",
                    m = n - 1
                )
            };
            up = format!("{up}\n{}", rebuild(", note TEXT"));
            down = format!("{down}\n{}", rebuild(""));
        }
        project.migration(&format!("{n}_a"), &up, &down)
    })
}

fn random_moments(backend: Backend, count: usize, longest: u64) {
    let seed = seed();
    println!("MANAGE_TEST_SEED={seed}");
    let mut random = Random(seed);
    let undisturbed = thirty(backend);
    undisturbed.run("migrate").ok();
    let project = thirty(backend);
    project.execute("CREATE TABLE bystander (id INTEGER)");
    undisturbed.execute("CREATE TABLE bystander (id INTEGER)");
    let (mut cut, mut forward) = (0, true);
    for number in 0..count {
        let command = if forward { "migrate" } else { "rollback --all --yes" };
        let running = project.command(command).spawn();
        std::thread::sleep(Duration::from_micros(random.below(longest * 1000)));

        let outcome = running.kill();

        cut += usize::from(outcome.code == 137);
        nothing_is_half_recorded(&project, &format!("after kill {number} of {command}, MANAGE_TEST_SEED={seed}\n{outcome}"));
        match history(&project).len() {
            0 => forward = true,
            30 => forward = false,
            _ => {}
        }
    }
    println!("{cut} of {count} runs were cut off");

    project.run("migrate").ok();

    assert_eq!(undisturbed.schema(), project.schema(), "MANAGE_TEST_SEED={seed}");
    assert_eq!(undisturbed.dump(), project.dump(), "MANAGE_TEST_SEED={seed}");
    project.run("status --check").ok();
}

#[test]
fn killed_at_any_moment_on_sqlite() {
    random_moments(Backend::Sqlite, 100, 80);
}

#[test]
fn killed_at_any_moment_on_postgres() {
    random_moments(Backend::Postgres, 100, 150);
}

/// A project on a server of its own, whose power is cut where the run is held.
#[track_caller]
fn power_cut(held: Option<(&str, u32)>, third: &str, transaction: bool) {
    let cluster = Cluster::start();
    let url = cluster.url("postgres");
    let project = Project::new().migration("11_a", "CREATE TABLE t11 (id INTEGER);", "DROP TABLE t11;");
    let project = if transaction {
        project.migration("12_b", third, "SELECT 1;")
    } else {
        project.no_transaction("12_b", third, "SELECT 1;")
    };
    let command = project.command("migrate").env("DATABASE_URL", &url);
    let running = match held {
        Some((point, pass)) => command.held_at_pass(point, pass),
        None => command.spawn(),
    };
    let running = running.until_it_says("✓ 11");

    cluster.kill();
    let outcome = running.go_on().wait();

    outcome.fails_with(3).says("✓ 11 a").does_not_say("✓ 12").says("connection").says("hint: check the server");
    cluster.restart();
    let next = project.command("migrate").env("DATABASE_URL", &url).run();
    next.ok().says("✓ 12 b");
    project.command("status --check").env("DATABASE_URL", &url).run().ok();
}

#[test]
fn a_server_that_dies_in_a_statement_a_commit_or_between_is_told_and_the_next_run_finishes() {
    std::thread::scope(|scope| {
        scope.spawn(|| power_cut(None, "SELECT pg_sleep(5); CREATE TABLE t12 (id INTEGER);", true));
        scope.spawn(|| power_cut(Some(("migrate.before_commit", 2)), "CREATE TABLE t12 (id INTEGER);", true));
        scope.spawn(|| power_cut(Some(("progress.started", 1)), "CREATE INDEX CONCURRENTLY i ON t11 (id);", false));
    });
}

#[test]
fn a_commit_that_nobody_saw_is_not_called_rolled_back() {
    let cluster = Cluster::start();
    let url = cluster.url("postgres");
    let project = Project::new().migration("11_a", "CREATE TABLE t11 (id INTEGER);", "DROP TABLE t11;");
    let running = project.command("migrate -v").env("DATABASE_URL", &url).held_at("migrate.before_commit");

    cluster.kill();

    running.go_on().wait().fails_with(3).says("committed whole or not at all").does_not_say("rolled back");
}
