//! No file speaks of the machine on which it was written.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::assert_none;
use super::source::{ROOT, files_in, relative};

/// Folders by which a machine would be known.
const FOLDERS: &[&str] = &["work", "root"];

#[test]
fn no_tracked_file_names_a_folder_of_somebodys_machine() {
    let findings: Vec<_> = tracked_files().iter().flat_map(|file| findings(file)).collect();

    assert_none(&findings, "these lines name a folder that only one machine has");
}

#[test]
fn a_folder_is_seen_where_it_begins_a_path() {
    let folder = format!("/{}/", FOLDERS[0]);

    assert!(names_a_machine(&format!("see {folder}x")) && names_a_machine(&format!("\"{folder}\"")));
    assert!(!names_a_machine(&format!("docs{folder}x")) && !names_a_machine(&format!("..{folder}x")));
}

fn findings(file: &Path) -> Vec<String> {
    // What is not text has no lines to look at.
    let Ok(text) = std::fs::read_to_string(file) else { return Vec::new() };
    text.lines()
        .enumerate()
        .filter(|(_, line)| names_a_machine(line))
        .map(|(index, line)| format!("{}:{} {}", relative(file), index + 1, line.trim()))
        .collect()
}

/// Whether an absolute path into one of the folders stands in the line.
fn names_a_machine(line: &str) -> bool {
    FOLDERS.iter().any(|folder| {
        line.match_indices(&format!("/{folder}/")).any(|(at, _)| {
            let before = line[..at].chars().next_back();
            !before.is_some_and(|char| char.is_alphanumeric() || "_-./})]*".contains(char))
        })
    })
}

/// The files that git knows, or will; without git, those of the folders that hold the project's text.
fn tracked_files() -> Vec<PathBuf> {
    let list = Command::new("git").args(["-C", ROOT, "ls-files", "-z", "--cached", "--others", "--exclude-standard"]).output();
    match list {
        Ok(output) if output.status.success() => {
            let names = String::from_utf8_lossy(&output.stdout).into_owned();
            names.split_terminator('\0').map(|name| Path::new(ROOT).join(name)).collect()
        }
        _ => ["src", "tests", "docs", "migrations", "scripts", "examples", "benches", ".ci"]
            .iter()
            .flat_map(|folder| files_in(&Path::new(ROOT).join(folder)))
            .collect(),
    }
}
