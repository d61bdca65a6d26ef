//! Notes: written by hand and by commands, listed, searched, exported, checked.

mod automatic;
mod by_hand;
mod carried;
mod check;
mod files;

use crate::commands::{applied, mark, refused};
use crate::support::*;

/// Runs `notes list --json` and gives the notes.
fn notes(project: &Project) -> Vec<serde_json::Value> {
    project.run("notes list --json").ok().json()["notes"].as_array().expect("there is a list").clone()
}

/// The name of the table of notes.
fn table(project: &Project) -> &'static str {
    if project.backend() == Backend::Sqlite { "manage_note" } else { "manage.manage_note" }
}
