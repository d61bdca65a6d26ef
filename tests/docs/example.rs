//! An example's folder, to be played with: its program, where it is one, built as it is, answers to `cargo run -q --`.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use super::page::ROOT;
use crate::support::*;

/// A copy of `examples/NAME`, on a database of its own where it is for PostgreSQL.
pub fn project(name: &str, backend: Backend) -> Project {
    let project = Project::on(backend);
    let folder = Path::new(ROOT).join("examples").join(name);
    copy(&folder, &project.folder());
    if !folder.join("Cargo.toml").is_file() {
        return project;
    }
    shim(&project, "run -q --", &built(name));
    project
}

/// Where programs lie that stand before all others.
pub fn programs(project: &Project) -> PathBuf {
    project.home().join("bin")
}

/// Makes `cargo WORDS` the built program, and any other call of cargo an error.
pub fn shim(project: &Project, words: &str, program: &Path) {
    let (count, program) = (words.split(' ').count(), program.display());
    let script = format!(
        "#!/bin/sh\ncase \"$* \" in '{words} '*) ;; *) echo \"not played: cargo $*\"; exit 99 ;; esac\nshift {count}\nexec '{program}' \"$@\"\n"
    );
    let programs = programs(project);
    fs::create_dir_all(&programs).expect("the folder is ours");
    fs::write(programs.join("cargo"), script).expect("the folder is ours");
    fs::set_permissions(programs.join("cargo"), fs::Permissions::from_mode(0o755)).expect("the file is ours");
}
