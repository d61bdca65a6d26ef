//! Pages of Markdown.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The repository's folder.
pub const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// Reads a file of the repository.
#[track_caller]
pub fn read(path: &str) -> String {
    fs::read_to_string(Path::new(ROOT).join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// Whether pages are to be written anew.
pub fn updating() -> bool {
    std::env::var_os("UPDATE_REFERENCE").is_some_and(|value| !value.is_empty())
}

/// Fails where the file is not `text`; with `UPDATE_REFERENCE=1` writes it.
#[track_caller]
pub fn must_be(path: &str, text: &str) {
    let file = Path::new(ROOT).join(path);
    let found = fs::read_to_string(&file).unwrap_or_default();
    if found == text {
        return;
    }
    if updating() {
        fs::write(&file, text).unwrap_or_else(|error| panic!("{path}: {error}"));
        return;
    }
    let line = found.lines().zip(text.lines()).position(|(found, made)| found != made);
    let line = line.unwrap_or_else(|| found.lines().count().min(text.lines().count()));
    let at = |text: &str| text.lines().nth(line).unwrap_or("(the end)").to_owned();
    panic!("{path}:{} is not what the binary says; UPDATE_REFERENCE=1 writes it anew\n-{}\n+{}", line + 1, at(&found), at(text));
}

/// Every page that git knows, or will; without git, those in the folders that hold pages.
pub fn all() -> Vec<String> {
    let list = Command::new("git")
        .args(["-C", ROOT, "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", "*.md"])
        .output();
    match list {
        Ok(output) if output.status.success() => {
            let names = String::from_utf8_lossy(&output.stdout).into_owned();
            names.split_terminator('\0').filter(|name| Path::new(ROOT).join(name).exists()).map(str::to_owned).collect()
        }
        _ => {
            let mut found: Vec<_> = ["README.md", "CHANGELOG.md"].map(str::to_owned).into();
            for folder in ["docs", "scripts", "examples", "benches", "tests"] {
                pages_below(&Path::new(ROOT).join(folder), &mut found);
            }
            found
        }
    }
}

fn pages_below(folder: &Path, found: &mut Vec<String>) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for path in entries.map(|entry| entry.expect("the folder is readable").path()) {
        if path.is_dir() {
            pages_below(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "md") {
            found.push(path.strip_prefix(ROOT).expect("it lies below").to_string_lossy().into_owned());
        }
    }
}

/// The lines outside of code blocks, with their numbers from 1.
pub fn prose(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut code = false;
    text.lines().enumerate().filter_map(move |(index, line)| {
        if line.trim_start().starts_with("```") {
            code = !code;
            return None;
        }
        (!code).then_some((index + 1, line))
    })
}

/// The fragments of a page's headings, as they are made where pages are shown.
pub fn anchors(text: &str) -> Vec<String> {
    let headings = prose(text).filter_map(|(_, line)| line.strip_prefix('#').map(|rest| rest.trim_start_matches('#').trim()));
    headings.map(anchor).collect()
}

fn anchor(heading: &str) -> String {
    let kept = heading.to_lowercase();
    kept.chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_')).map(|c| if c == ' ' { '-' } else { c }).collect()
}

/// A path without `.` and `..`.
pub fn tidy(path: &Path) -> PathBuf {
    path.components().fold(PathBuf::new(), |mut tidy, part| {
        match part {
            std::path::Component::ParentDir => {
                tidy.pop();
            }
            std::path::Component::CurDir => {}
            other => tidy.push(other),
        }
        tidy
    })
}
