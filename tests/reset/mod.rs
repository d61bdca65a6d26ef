//! Resets: the plan, the token, what goes and what stays, and that nothing in between is ever there.

mod does;
mod kills;
mod plan;
mod refusals;
mod server;

use crate::commands::{database_name, mark, unmark};
use crate::support::*;

const PROBES: &str = "-- probe: a good place passes\n\
     INSERT INTO targets (id, name, latitude, longitude) VALUES (1, 'x', 40.7128, -74.0060);\n\
     -- probe: a latitude that does not exist fails on valid_latitude\n\
     INSERT INTO targets (id, name, latitude, longitude) VALUES (1, 'x', 200, 300);\n";

const BASELINE: &str = "CREATE TABLE channels (id INTEGER PRIMARY KEY);\n\
     CREATE TABLE targets (id INTEGER PRIMARY KEY, name TEXT NOT NULL, latitude DOUBLE PRECISION, longitude DOUBLE PRECISION, \
     CONSTRAINT valid_latitude CHECK (latitude BETWEEN -90 AND 90));\n\
     CREATE VIEW places AS SELECT name FROM targets WHERE latitude IS NOT NULL;\n";

/// A database of the old history with three rows, in a project whose history is another by now.
fn old(project: Project) -> Project {
    let project = project.migration(
        "20260101000000_old",
        "CREATE TABLE targets (id INTEGER PRIMARY KEY, target_name TEXT); CREATE TABLE gone (id INTEGER);\n\
         CREATE VIEW names AS SELECT target_name FROM targets;\n\
         INSERT INTO targets VALUES (1, 'a'), (2, 'b'), (3, 'c');",
        "DROP VIEW names; DROP TABLE gone; DROP TABLE targets;",
    );
    project.run("migrate").ok();
    mark(&project, "development", false);
    project.remove("migrations/20260101000000_old");
    project
        .migration("20260601000000_baseline", BASELINE, "DROP VIEW places; DROP TABLE targets; DROP TABLE channels;")
        .file("probes/targets.sql", PROBES)
}

/// The token of a plan.
fn token(project: &Project) -> String {
    let facts = project.run("reset --plan --json").ok().json();
    facts["token"].as_str().unwrap_or_else(|| panic!("{facts}")).to_owned()
}

/// A reset by the token of a fresh plan.
fn reset(project: &Project, more: &str) -> Outcome {
    let token = token(project);
    project.run(&format!("reset --confirm {token} {more}"))
}

/// Which content is there: it must be one of the two, whole.
fn content(project: &Project) -> &'static str {
    match (project.command("status").run().code, targets(project).as_str()) {
        (0, "3") => {
            assert_eq!(project.value("SELECT count(*) FROM names"), "3");
            "old"
        }
        (0, "0") => {
            assert_eq!(project.value("SELECT count(*) FROM places"), "0");
            project.run("status --check").ok();
            "new"
        }
        other => panic!("neither the old content nor the new one: {other:?}"),
    }
}

fn targets(project: &Project) -> String {
    project.value("SELECT count(*) FROM targets")
}

/// The ledger's table of this name.
fn ledger(project: &Project, table: &str) -> String {
    if project.backend() == Backend::Sqlite { table.to_owned() } else { format!("manage.{table}") }
}

/// Runs what must be refused and change nothing but the ledger.
#[track_caller]
fn refused(project: &Project, arguments: &str, code: i32) -> Outcome {
    let before = project.dump();
    let outcome = project.run(arguments);
    outcome.fails_with(code);
    assert_eq!(before, project.dump(), "it should have changed nothing\n{outcome}");
    outcome
}

/// Drops the databases that restores have kept.
fn tidy(project: &Project) {
    if project.backend() == Backend::Postgres {
        let name = database_name(project);
        for row in project.query(&format!("SELECT datname FROM pg_database WHERE datname LIKE '{name}\\_%'")) {
            project.execute(&format!("DROP DATABASE \"{}\" WITH (FORCE)", row.concat()));
        }
    }
}
