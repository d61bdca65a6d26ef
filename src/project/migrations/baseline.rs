//! A baseline: one migration in place of a history, which goes to the archive.
//!
//! Its file says in its head what it replaces, a line each: `-- manage: replaces 20260101000000 create_users`. So the
//! file alone tells which versions of a database's history are over, also where the archive is not at hand.

use std::fmt;
use std::path::{Path, PathBuf};

use super::error::MigrationsError;
use super::generate::{GenerateError, next_name};
use super::migration::Migration;
use crate::domain::engine::Engine;
use crate::domain::fault;
use crate::domain::sql;
use crate::domain::version::Version;
use crate::project::config::Layout;

/// Where a history goes that is over, in the folder of the migrations.
pub const ARCHIVE: &str = "archive";

/// Files that refinery would find in the archive end so: it searches folders below its own, too.
const ARCHIVED: &str = ".archived";

/// A squash that has been decided, with all its files: from here on it only goes forward.
const STAGED: &str = ".baseline";

/// A squash that is being written: nothing counts yet.
const WRITING: &str = ".baseline-writing";

/// The list of what goes where, in a staged squash.
const MOVES: &str = "moves";

const REPLACES: &str = "replaces";
const REPLACED_BEFORE: &str = "replaced-before";

/// A migration that a baseline stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Replaced {
    /// Its version.
    pub version: Version,
    /// Its name.
    pub name: String,
    /// Whether an earlier baseline replaced it already, so that a database need not have run it.
    pub before: bool,
}

impl fmt::Display for Replaced {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.version, self.name)
    }
}

impl Migration {
    /// What this one replaces: something for a baseline, nothing for others.
    pub fn replaces(&self) -> Vec<Replaced> {
        if !self.up.text.contains(REPLACES) {
            return Vec::new();
        }
        let numbered = self.version.number().is_some();
        let read = |directive: sql::Directive<'_>| {
            let mut words = directive.text.splitn(3, char::is_whitespace);
            let before = match words.next()? {
                REPLACES => false,
                REPLACED_BEFORE => true,
                _ => return None,
            };
            let text = words.next()?;
            let number = if numbered { text.parse().ok().map(Version::numbered) } else { None };
            let version = number.unwrap_or_else(|| Version::stored(text));
            Some(Replaced { version, name: words.next().unwrap_or_default().trim().to_owned(), before })
        };
        sql::directives(&self.up.text, self.up.engine).filter_map(read).collect()
    }
}

/// The head of a baseline that replaces these migrations.
pub fn head(files: &[Migration]) -> String {
    let mut head = String::from("-- One migration in place of those below, which are in the archive beside it.\n");
    for file in files {
        head.push_str(&format!("-- manage: {REPLACES} {} {}\n", file.version, file.name));
    }
    for earlier in files.iter().flat_map(Migration::replaces) {
        head.push_str(&format!("-- manage: {REPLACED_BEFORE} {} {}\n", earlier.version, earlier.name));
    }
    head
}

/// The statements of a baseline on one database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Text {
    /// On which.
    pub engine: Engine,
    /// The way forward.
    pub up: String,
    /// The way back.
    pub down: String,
}

/// A baseline that is to be written.
#[derive(Debug, Clone)]
pub struct Baseline<'a> {
    /// Its name.
    pub name: &'a str,
    /// Its version in the name of its files, as [`next_version`] gives it.
    pub stamp: &'a str,
    /// Its statements: one, or one for each database.
    pub texts: &'a [Text],
}

/// What a squash did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Squashed {
    /// The files of the baseline.
    pub files: Vec<PathBuf>,
    /// What went to the archive, where it is now.
    pub archived: Vec<PathBuf>,
}

/// The version that a migration made now gets, as it stands in names of files.
///
/// # Errors
/// When the folder cannot be read, or no version follows the last one.
pub fn next_version(folder: &Path, files: &[Migration], now: chrono::NaiveDateTime) -> Result<String, GenerateError> {
    next_name(folder, files, now)
}

/// Whether a squash was broken off in this folder of migrations.
pub fn is_half_way(folder: &Path) -> bool {
    folder.join(STAGED).is_dir()
}

/// Writes the baseline and moves `files` to the archive. Killed on the way, it has either changed nothing, or
/// [`finish`] brings it to its end.
///
/// # Errors
/// When something is in the way, or cannot be written.
pub fn squash(folder: &Path, files: &[Migration], baseline: &Baseline<'_>) -> Result<Squashed, GenerateError> {
    let failed = |file: &Path| {
        let file = file.to_owned();
        move |error| GenerateError::Write { file, error }
    };
    let writing = folder.join(WRITING);
    if writing.exists() {
        std::fs::remove_dir_all(&writing).map_err(failed(&writing))?;
    }
    let refinery = files.first().is_some_and(|file| file.layout() == Layout::Refinery);
    let mut moves = Vec::new();
    for file in files {
        moves.push(if refinery { file_to_archive(folder, &file.up.file) } else { folder_to_archive(folder, &file.folder) });
    }
    let named = if refinery { refinerys(baseline) } else { diesels(baseline) };
    for (at, text) in &named {
        let new = writing.join("new").join(format!("{at}.new"));
        let parent = new.parent().unwrap_or(&writing).to_owned();
        std::fs::create_dir_all(&parent).map_err(failed(&parent))?;
        std::fs::write(&new, text).map_err(failed(&new))?;
        moves.push((format!("{STAGED}/new/{at}.new"), at.clone()));
    }
    for (_, to) in &moves {
        if folder.join(to).exists() {
            let _ = std::fs::remove_dir_all(&writing);
            return Err(GenerateError::Exists(folder.join(to)));
        }
    }
    let list: String = moves.iter().map(|(from, to)| format!("{from}\t{to}\n")).collect();
    let journal = writing.join(MOVES);
    std::fs::write(&journal, list).map_err(failed(&journal))?;
    fault::point("baseline.written");
    let staged = folder.join(STAGED);
    std::fs::rename(&writing, &staged).map_err(failed(&staged))?;
    fault::point("baseline.staged");
    finish(folder)
}

/// Brings a squash to its end that was broken off.
///
/// # Errors
/// When something cannot be moved.
pub fn finish(folder: &Path) -> Result<Squashed, GenerateError> {
    let failed = |file: &Path| {
        let file = file.to_owned();
        move |error| GenerateError::Write { file, error }
    };
    let staged = folder.join(STAGED);
    let journal = staged.join(MOVES);
    let list = std::fs::read_to_string(&journal).map_err(failed(&journal))?;
    let mut done = Squashed::default();
    for (from, to) in list.lines().filter_map(|line| line.split_once('\t')) {
        let (source, target) = (folder.join(from), folder.join(to));
        // What an earlier run has moved is not there any more.
        if source.exists() {
            let parent = target.parent().unwrap_or(folder).to_owned();
            std::fs::create_dir_all(&parent).map_err(failed(&parent))?;
            std::fs::rename(&source, &target).map_err(failed(&target))?;
            fault::point("baseline.moved");
        }
        let new = from.starts_with(STAGED);
        if new { &mut done.files } else { &mut done.archived }.push(target);
    }
    fault::point("baseline.finished");
    // In one step: half of it, without its list, could not be taken up again.
    let over = folder.join(WRITING);
    std::fs::rename(&staged, &over).and_then(|()| std::fs::remove_dir_all(&over)).map_err(failed(&over))?;
    Ok(done)
}

/// An error where a squash was broken off: the folder holds neither history.
pub(super) fn refuse_half_way(folder: &Path) -> Result<(), MigrationsError> {
    if is_half_way(folder) { Err(MigrationsError::HalfSquashed(folder.to_owned())) } else { Ok(()) }
}

fn folder_to_archive(folder: &Path, migration: &Path) -> (String, String) {
    let name = relative(folder, migration);
    (name.clone(), format!("{ARCHIVE}/{name}"))
}

fn file_to_archive(folder: &Path, file: &Path) -> (String, String) {
    let name = relative(folder, file);
    (name.clone(), format!("{ARCHIVE}/{name}{ARCHIVED}"))
}

fn relative(folder: &Path, path: &Path) -> String {
    path.strip_prefix(folder).unwrap_or(path).to_string_lossy().into_owned()
}

/// The files in diesel's layout.
fn diesels(baseline: &Baseline<'_>) -> Vec<(String, String)> {
    let folder = format!("{}_{}", baseline.stamp, baseline.name);
    let mut files = Vec::new();
    for text in baseline.texts {
        let variant = if baseline.texts.len() > 1 { format!(".{}", text.engine.word()) } else { String::new() };
        files.push((format!("{folder}/up{variant}.sql"), text.up.clone()));
        files.push((format!("{folder}/down{variant}.sql"), text.down.clone()));
    }
    files
}

/// The file in refinery's layout, which knows no way back.
fn refinerys(baseline: &Baseline<'_>) -> Vec<(String, String)> {
    let file = format!("V{}__{}.sql", baseline.stamp, baseline.name);
    baseline.texts.first().map(|text| (file, text.up.clone())).into_iter().collect()
}
