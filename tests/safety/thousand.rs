//! The last but one of a thousand: killed there, failing there, or the power cut there; and what else may end a run.

use super::memory::{history, nothing_is_half_recorded};
use crate::support::*;

const COUNT: usize = 1000;

/// Migration `n` makes the table `tn`; the first is 1001, so that names sort as numbers do.
fn migrations(project: Project, count: usize) -> Project {
    (1001..=1000 + count).fold(project, |project, n| {
        project.one_way_migration(&format!("{n}_a"), &format!("CREATE TABLE t{n} (id INTEGER PRIMARY KEY);"))
    })
}

/// The versions of the first so many.
fn first(count: usize) -> Vec<String> {
    (1001..=1000 + count).map(|n| n.to_string()).collect()
}

each_backend! {
    fn killed_at_the_last_but_one_of_a_thousand(project: Project) {
        let project = migrations(project, COUNT);

        let outcome = project.command("migrate").env("MANAGE_FAULT", "migrate.before_record:999").run();

        outcome.exits_with(134).does_not_say("✓ 1999");
        nothing_is_half_recorded(&project, "after the kill");
        let kept = history(&project);
        assert_eq!(kept, first(kept.len()), "what was kept is the beginning");
        // What has a mark was kept. On SQLite the last of them may wait for their shared commit.
        let marked = outcome.stdout.lines().filter(|line| line.trim_start().starts_with('✓')).count();
        assert!(kept.len() >= marked && kept.len() < COUNT - 1, "{} kept, {marked} marked", kept.len());
        if project.backend() == Backend::Postgres {
            assert_eq!(kept.len(), COUNT - 2);
        }

        project.run("migrate").ok();

        nothing_is_half_recorded(&project, "after the next run");
        assert_eq!(history(&project), first(COUNT));
        project.run("status --check").ok();
    }

    fn a_deferred_foreign_key_fails_the_migration_that_breaks_it(project: Project) {
        let table = |n: usize| format!("CREATE TABLE t{n} (id INTEGER PRIMARY KEY);");
        let broken = "CREATE TABLE t13 (id INTEGER REFERENCES t11 (id) DEFERRABLE INITIALLY DEFERRED); INSERT INTO t13 VALUES (7);";
        let project = project
            .one_way_migration("11_a", &table(11))
            .one_way_migration("12_b", &table(12))
            .one_way_migration("13_c", broken)
            .one_way_migration("14_d", &table(14));

        let outcome = project.run("migrate");

        outcome.fails_with(3).says("✓ 12 b").does_not_say("✓ 13").says("foreign key").says("not tried: 14");
        nothing_is_half_recorded(&project, "after the failure");
        assert_eq!(history(&project), ["11", "12"]);

        project.edit("migrations/13_c/up.sql", |text| text.replace("VALUES (7);", "VALUES (7); INSERT INTO t11 VALUES (7);"));
        project.run("migrate").ok();
        nothing_is_half_recorded(&project, "after the next run");
        assert_eq!(history(&project), ["11", "12", "13", "14"]);
    }
}

#[test]
fn the_last_but_one_of_a_thousand_fails() {
    let project = migrations(Project::new(), COUNT);
    project.write("migrations/1999_a/up.sql", "CREATE TABLE t1999 (id INTEGER); SELECT missing;");

    let outcome = project.run("migrate");

    outcome.fails_with(3).says("✓ 1998 a").does_not_say("✓ 1999").says("not tried: 2000");
    nothing_is_half_recorded(&project, "after the failure");
    assert_eq!(history(&project), first(COUNT - 2));
}

#[test]
fn a_rollback_inside_of_a_procedure_takes_only_its_own_migration() {
    let project = Project::on(Backend::Postgres)
        .one_way_migration("11_a", "CREATE TABLE t11 (id INTEGER);")
        .one_way_migration(
            "12_b",
            "CREATE TABLE t12 (id INTEGER); CREATE PROCEDURE sneak() LANGUAGE plpgsql AS $$ BEGIN ROLLBACK; END $$; CALL sneak();",
        )
        .one_way_migration("13_c", "CREATE TABLE t13 (id INTEGER);");

    project.run("migrate").fails_with(3).says("✓ 11 a").says("invalid transaction termination").does_not_say("✓ 12");

    nothing_is_half_recorded(&project, "after the failure");
    assert_eq!(history(&project), ["11"]);
}

#[test]
fn the_power_is_cut_at_the_last_but_one() {
    let cluster = Cluster::start();
    let url = cluster.url("postgres");
    let project = migrations(Project::new(), 100);
    let running = project.command("migrate").env("DATABASE_URL", &url).held_at_pass("migrate.before_commit", 99);

    cluster.kill();
    running.go_on().wait().fails_with(3).does_not_say("✓ 1099");
    cluster.restart();

    // Commits before the last one do not wait for the disk (rule 7), so the newest marks may be gone: the run said that it
    // failed. Whatever is there is whole, and recorded.
    let mut client = postgres::Client::connect(&url, postgres::NoTls).expect("the server is back");
    let mut column = |select: &str| -> Vec<String> {
        client.query(select, &[]).expect("the tables are there").iter().map(|row| row.get(0)).collect()
    };
    let kept = column("SELECT version::text FROM __diesel_schema_migrations ORDER BY 1");
    let made =
        column("SELECT substr(tablename, 2) FROM pg_tables WHERE schemaname = 'public' AND tablename LIKE 't%' ORDER BY 1");
    assert_eq!(kept, made);
    assert!(kept.len() <= 98, "99 was never committed: {kept:?}");
    assert_eq!(kept, first(kept.len()));

    project.command("migrate").env("DATABASE_URL", &url).run().ok();
    assert_eq!(column("SELECT version::text FROM __diesel_schema_migrations ORDER BY 1"), first(100));
}
