//! The two commands of the README work as they stand there.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use super::page::{ROOT, read};
use super::runs::root_project;
use crate::support::*;

const FIRST: &str = "cargo run --release -- migrate";
const SECOND: &str = "tests/run.sh";

#[test]
fn the_readme_has_both_commands_word_for_word() {
    let readme = read("README.md");

    for command in [FIRST, SECOND] {
        assert!(readme.lines().any(|line| line == command || line == format!("$ {command}")), "{command} is not in README.md");
    }
}

#[test]
fn the_first_command_migrates_the_root_project() {
    let project = root_project(Backend::Sqlite);
    let (_, arguments) = FIRST.split_once(" -- ").expect("arguments stand after the dashes");

    let first = project.command(arguments).without_env("DATABASE_URL").run();
    let second = project.command(arguments).without_env("DATABASE_URL").run();

    first.ok().says("migrations applied");
    second.ok().says("nothing to do");
    assert!(project.has("manage.db"));
}

#[test]
fn the_second_command_can_be_run_and_decides_over_every_change() {
    let mode = fs::metadata(Path::new(ROOT).join(SECOND)).expect("the script is there").permissions().mode();

    assert!(mode & 0o111 != 0, "{SECOND} cannot be executed");
    assert!(read(".ci/run").lines().any(|line| line.trim() == SECOND), ".ci/run does not call {SECOND}");
}
