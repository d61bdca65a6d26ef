//! `manage lint` through the binary, on both databases.

mod consent;
mod guide;
mod root;
mod round_trip;
mod rules;
mod scope;

use crate::support::*;

const USERS: &str = "20260101000000_users";
const LATER: &str = "20260102000000_later";

/// A project in which users is applied and another migration is pending.
fn with_pending(project: Project, up: &str, down: &str) -> Project {
    let project = project.migration(USERS, "CREATE TABLE users (id BIGINT PRIMARY KEY, name TEXT);\n", "DROP TABLE users;\n");
    project.run("migrate").ok();
    project.migration(LATER, up, down)
}

/// The rules that were found, in order, less hints.
fn found(outcome: &Outcome) -> Vec<String> {
    let facts = outcome.json();
    let findings = facts["findings"].as_array().expect("there are findings");
    let told = findings.iter().filter(|finding| finding["severity"] != "hint");
    told.map(|finding| finding["rule"].as_str().expect("a finding has a rule").to_owned()).collect()
}
