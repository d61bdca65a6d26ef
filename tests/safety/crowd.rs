//! Sixteen at once.

use std::fs;
use std::path::Path;

use super::memory::{history, ledger, log};
use crate::support::*;

const CROWD: usize = 16;

/// Starts them together and waits for all.
fn crowd(project: &Project, arguments: &str) -> Vec<Outcome> {
    let running: Vec<_> = (0..CROWD).map(|_| project.command(arguments).spawn()).collect();
    running.into_iter().map(Running::wait).collect()
}

fn files(project: Project) -> Project {
    let project = project.migration("1_a", "CREATE TABLE a (id INTEGER, b INTEGER);", "DROP TABLE a;").migration(
        "2_b",
        "INSERT INTO a VALUES (1, 1);",
        "DELETE FROM a;",
    );
    let project = match project.backend() {
        Backend::Sqlite => project.no_transaction("3_i", "CREATE INDEX i ON a (id);\nVACUUM;", "DROP INDEX i;"),
        Backend::Postgres => project.no_transaction(
            "3_i",
            "CREATE INDEX CONCURRENTLY i ON a (id);\nCREATE INDEX CONCURRENTLY j ON a (b);",
            "DROP INDEX i; DROP INDEX j;",
        ),
    };
    project.migration("4_d", "INSERT INTO a VALUES (2, 2);", "DELETE FROM a;")
}

#[track_caller]
fn each_ran_once(project: &Project, expected: usize) {
    let (applied, count) = log(project);
    assert_eq!((applied.len(), history(project).len()), (expected, expected));
    assert!(count.values().all(|count| *count == 1), "{count:?}");
    project.run("status --check").ok();
}

each_backend! {
    fn sixteen_on_a_new_database_run_each_migration_once(project: Project) {
        let project = files(project);

        let outcomes = crowd(&project, "migrate");

        for outcome in &outcomes {
            outcome.ok().does_not_say("deadlock");
        }
        each_ran_once(&project, 4);
        assert_eq!(project.value("SELECT count(*) FROM a"), "2");
        assert_eq!(outcomes.iter().filter(|outcome| outcome.stdout.contains("✓")).count(), 1, "one did it all");
        if project.backend() == Backend::Sqlite {
            assert_eq!(project.value(&format!("SELECT name FROM {}.manage_marker", ledger(&project))), "development");
        }
    }

    fn sixteen_that_do_not_wait_run_or_say_that_it_is_locked(project: Project) {
        let project = files(project);

        let outcomes = crowd(&project, "migrate --lock-timeout 0");

        for outcome in &outcomes {
            assert!(outcome.code == 0 || outcome.code == 6, "{outcome}");
            if outcome.code == 6 {
                outcome.says("another run holds the lock");
            }
        }
        assert!(outcomes.iter().any(|outcome| outcome.code == 0));
        each_ran_once(&project, 4);
    }

    fn sixteen_on_the_root_project_run_each_migration_once(project: Project) {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let mut count = 0;
        for entry in fs::read_dir(root.join("migrations")).expect("the root project has migrations") {
            let folder = entry.expect("readable").path();
            if !folder.join("up.sql").is_file() && !folder.join(format!("up.{}.sql", project.backend().word())).is_file() {
                continue;
            }
            count += 1;
            for file in fs::read_dir(&folder).expect("readable") {
                let file = file.expect("readable").path();
                let path = file.strip_prefix(root).expect("it is in the root").display().to_string();
                project.write(&path, &fs::read_to_string(&file).expect("a text"));
            }
        }
        assert!(count > 10);

        for outcome in crowd(&project, "migrate") {
            outcome.ok();
        }

        each_ran_once(&project, count);
    }
}
