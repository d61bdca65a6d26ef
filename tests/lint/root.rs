//! The root project's own migrations.

use super::found;
use crate::docs::runs::root_project;
use crate::support::*;

#[test]
fn the_root_projects_migrations_are_clean_on_both_databases() {
    for backend in [Backend::Sqlite, Backend::Postgres] {
        let project = root_project(backend);
        let versions: Vec<String> = project.list("migrations").iter().map(|name| name[..14].to_owned()).collect();

        let arguments = versions.iter().map(|version| format!("lint --json --since {version}"));
        for arguments in arguments.chain(["lint --json --all".to_owned()]) {
            assert_eq!(found(project.run(&arguments).ok()), [""; 0], "{backend:?} {arguments}");
        }
    }
}

#[test]
fn the_root_projects_migrations_go_there_and_back_on_both_databases() {
    for backend in [Backend::Sqlite, Backend::Postgres] {
        let facts = root_project(backend).run("lint --roundtrip --json").ok().json();

        let trips = facts["roundtrip"].as_array().expect("they were made");
        assert!(trips.len() >= 15 && trips.iter().all(|trip| trip["status"] == "same"), "{facts}");
    }
}
