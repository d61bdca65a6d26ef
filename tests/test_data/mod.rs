//! Test data, and the platform's checks that must find everything which is wrong in it.

mod checks;
mod manifest;
mod removing;
mod reports;

use std::path::Path;

use crate::commands::mark;
use crate::support::*;

/// The root project itself, migrated, on a database that is marked as development.
pub fn platform(project: Project) -> Project {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    for folder in ["migrations", "scripts"] {
        copy(&root.join(folder), &project.path(folder));
    }
    project.write("manage.toml", &std::fs::read_to_string(root.join("manage.toml")).expect("the root is a project"));
    project.run("migrate").ok();
    mark(&project, "development", false);
    project
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).expect("the folder is ours");
    for entry in std::fs::read_dir(from).expect("the root has this folder") {
        let path = entry.expect("readable").path();
        let target = to.join(path.file_name().expect("entries have names"));
        if path.is_dir() {
            copy(&path, &target);
        } else {
            std::fs::copy(&path, &target).expect("the folder is ours");
        }
    }
}

/// A finding or an entry of the manifest: check, table, key.
pub type Place = (String, String, i64);

/// What `verify` finds with these arguments. Every check must be able to tell.
pub fn found(project: &Project, arguments: &str) -> Vec<Place> {
    let outcome = project.run(&format!("verify {arguments} --limit 100000 --json"));
    let facts = outcome.json();
    let mut places = Vec::new();
    for check in facts["checks"].as_array().unwrap_or_else(|| panic!("{outcome}")) {
        let name = check["name"].as_str().expect("checks have names");
        assert!(check["error"].is_null(), "{name} could not tell: {}", check["error"]);
        let sample = check["sample"].as_array().expect("a sample");
        assert_eq!(check["findings"], sample.len(), "{name} shows all");
        places.extend(sample.iter().map(|finding| place(name, finding)));
    }
    places.sort();
    places
}

fn place(check: &str, finding: &serde_json::Value) -> Place {
    let table = finding["table"].as_str().unwrap_or_default();
    (check.to_owned(), table.to_owned(), finding["key"]["id"].as_i64().unwrap_or_default())
}
