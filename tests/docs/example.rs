//! An example's folder, to be played with: its program, where it is one, built as it is, answers to `cargo run -q --`.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;

use super::page::ROOT;
use crate::support::*;

/// One build at a time.
static BUILDING: Mutex<()> = Mutex::new(());

/// A copy of `examples/NAME`, on a database of its own where it is for PostgreSQL.
pub fn project(name: &str, backend: Backend) -> Project {
    let project = Project::on(backend);
    let folder = Path::new(ROOT).join("examples").join(name);
    copy(&folder, &project.folder());
    if !folder.join("Cargo.toml").is_file() {
        return project;
    }
    let shim = format!(
        "#!/bin/sh\n[ \"$1 $2 $3\" = 'run -q --' ] || {{ echo \"not played: cargo $*\"; exit 99; }}\nshift 3\nexec '{}' \"$@\"\n",
        built(name).display()
    );
    let programs = programs(&project);
    fs::create_dir_all(&programs).expect("the folder is ours");
    fs::write(programs.join("cargo"), shim).expect("the folder is ours");
    fs::set_permissions(programs.join("cargo"), fs::Permissions::from_mode(0o755)).expect("the file is ours");
    project
}

/// Where programs lie that stand before all others.
pub fn programs(project: &Project) -> PathBuf {
    project.home().join("bin")
}

/// The program of an example, built beside `manage` with what is there already.
fn built(name: &str) -> PathBuf {
    let beside = Path::new(env!("CARGO_BIN_EXE_manage")).parent().expect("a binary lies in a folder");
    let target = beside.parent().expect("a profile's folder lies in the target folder");
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(["build", "--quiet", "--locked", "--offline", "--package", name, "--target-dir"]).arg(target).current_dir(ROOT);
    if !cfg!(debug_assertions) {
        cargo.arg("--release");
    }
    let one = BUILDING.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let ended = cargo.output().expect("cargo runs");
    drop(one);
    assert!(ended.status.success(), "{}", String::from_utf8_lossy(&ended.stderr));
    beside.join(name)
}

/// Copies a folder, without the databases of somebody who has tried it out.
pub fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("the folder is ours");
    for entry in fs::read_dir(from).expect("the folder is readable").map(|entry| entry.expect("readable")) {
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &target);
        } else if !entry.file_name().to_string_lossy().contains(".db") {
            fs::copy(entry.path(), target).expect("readable");
        }
    }
}
