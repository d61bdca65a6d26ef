//! Databases that ran the old migrations and databases made from the baseline become the same.

use super::{fresh, history};
use crate::support::*;

fn squashed(project: Project) -> Project {
    let project = history(project);
    project.run("migrate").ok();
    project.run("baseline squash").ok();
    project
}

/// The baseline's version.
fn version(project: &Project) -> String {
    let name = project.list("migrations").into_iter().find(|name| name.ends_with("_baseline")).expect("there is one");
    name.split('_').next().unwrap_or_default().to_owned()
}

each_backend! {
    fn an_old_database_gets_it_recorded_and_a_new_one_runs_it(project: Project) {
        let project = squashed(project);
        project.execute("INSERT INTO users VALUES (7, 'stays')");
        let (schema, rows) = (project.schema(), project.dump());
        let other = fresh(&project);

        let outcome = project.run("migrate");
        outcome.ok().says("only recorded").says("recorded, not run").snapshot("baseline_recorded");
        project.run(&format!("migrate --database {other}")).ok().says("1 migration applied");

        assert_eq!((schema, rows), (project.schema(), project.dump()));
        project.run("status --check").ok().says("archived").says("up to date");
        project.run("migrate").ok().says("nothing to do");
        let there = |database: &str| {
            let json = project.run(&format!("status --json --database {database}")).ok().json();
            (json["applied"][0]["version"].clone(), json["pending"].clone(), json["problems"].clone())
        };
        let own = project.database_url().to_owned();
        assert_eq!(there(&own), there(&other));
        project.run("schema check").ok().says("no drift");
    }

    fn a_history_that_is_archived_is_not_behind(project: Project) {
        let project = squashed(project);

        let status = project.run("status");
        status.ok().says("20250101000000 users is not in this history: it is archived").does_not_say("no file").snapshot("baseline_status");
        project.run("status --check").exits_with(1);
        let json = project.run("status --json").ok().json();

        assert_eq!(json["archived"].as_array().map(Vec::len), Some(3));
        assert_eq!(json["problems"][0]["kind"], "archived");
        assert_eq!(json["pending"][0]["version"].as_str(), Some(version(&project).as_str()));
        project.run("doctor").says("manage migrate compares, and records");
        project.run("migrate --plan").ok().says("recorded, if the live schema is what it makes");
    }

    fn a_database_that_differs_is_refused(project: Project) {
        let project = squashed(project);
        project.execute("DROP VIEW authors; CREATE TABLE extra (id INTEGER PRIMARY KEY)");
        let before = project.everything();

        let outcome = project.run("migrate");

        outcome.fails_with(5).says("+ table extra only in the database").says("- view authors only in the baseline");
        assert_eq!(before, project.everything());
        project.run("migrate --sql").fails_with(5).says("compared and recorded, not run");
    }

    fn a_part_of_the_old_history_is_refused(project: Project) {
        let project = history(project);
        let whole = fresh(&project);
        project.run("migrate --steps 2").ok();
        project.run(&format!("migrate --database {whole}")).ok();
        project.run(&format!("baseline squash --database {whole}")).ok();
        let before = project.everything();

        let outcome = project.run("migrate");

        outcome.fails_with(5).says("only a part of what").says("not run: 20250103000000 posts").says("check out the commit before the baseline");
        assert_eq!(before, project.everything());
        let json = project.run("status --json").ok().json();
        let kinds: Vec<_> = json["problems"].as_array().into_iter().flatten().map(|one| one["kind"].as_str()).collect();
        assert_eq!(kinds, [Some("archived"), Some("archived"), Some("not-run-before-baseline")]);
        project.run("status --check").exits_with(5);
        project.run("doctor").exits_with(1).says("not run: 20250103000000 posts");
    }

    fn a_baseline_that_was_taken_back_runs_again(project: Project) {
        let project = squashed(project);
        project.run("migrate").ok();
        let schema = project.schema();

        project.run("rollback").ok();
        project.run("migrate").ok().says("the database is empty").says("1 migration applied");

        assert_eq!(schema, project.schema());
        project.run("status --check").ok().does_not_say("archived");
    }

    fn migrations_after_the_baseline_run_with_it(project: Project) {
        let project = squashed(project).migration("20991231000000_tags", "CREATE TABLE tags (id INTEGER PRIMARY KEY NOT NULL);", "DROP TABLE tags;");

        project.run("migrate").ok().says("only recorded").says("20991231000000 tags").says("1 migration applied");

        project.run("status --check").ok();
    }

    #[cfg_attr(not(any(debug_assertions, feature = "faults")), ignore = "needs the fault points")]
    fn killed_at_the_record_it_is_recorded_or_not(project: Project) {
        let project = squashed(project);
        let version = version(&project);

        for (point, recorded) in [("baseline.before_commit", "0"), ("baseline.after_commit", "1")] {
            project.command("migrate").env("MANAGE_FAULT", format!("{point}:1")).run().exits_with(134);

            let count = format!("SELECT count(*) FROM __diesel_schema_migrations WHERE version = '{version}'");
            assert_eq!(project.value(&count), recorded, "{point}");
        }
        project.run("migrate").ok();
        project.run("status --check").ok();
    }
}
