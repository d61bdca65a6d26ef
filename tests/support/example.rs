//! The examples: their folders, and the programs that they are.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;

/// One build at a time.
static BUILDING: Mutex<()> = Mutex::new(());

/// The program of an example, built beside `manage`.
pub fn built(name: &str) -> PathBuf {
    let beside = Path::new(env!("CARGO_BIN_EXE_manage")).parent().expect("a binary lies in a folder");
    let target = beside.parent().expect("a profile's folder lies in the target folder");
    let mut cargo = Command::new(env!("CARGO"));
    cargo
        .args(["build", "--quiet", "--locked", "--package", name, "--target-dir"])
        .arg(target)
        .current_dir(env!("CARGO_MANIFEST_DIR"));
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
