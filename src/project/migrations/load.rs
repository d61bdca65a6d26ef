//! Which layout a folder has, and reading it.

use std::fs::{DirEntry, File};
use std::io::Read;
use std::path::{Path, PathBuf};

use super::error::MigrationsError;
use super::migration::Migration;
use super::{diesel, numbered, refinery};
use crate::domain::engine::Engine;
use crate::domain::explain::Place;
use crate::project::config::{Layout, Migrations};

/// Reads all migrations of `folder`, ordered by version. The layout is detected.
///
/// # Errors
/// When the folder or a file cannot be read, or the files are no valid history.
pub fn load(folder: &Path, engine: Engine) -> Result<Vec<Migration>, MigrationsError> {
    load_as(folder, engine, &Migrations::default())
}

/// Reads all migrations of `folder`, ordered by version, as `settings` say it. Their `dir` is not looked at.
///
/// # Errors
/// When the folder or a file cannot be read, the files are no valid history, or lie in two layouts.
pub fn load_as(folder: &Path, engine: Engine, settings: &Migrations) -> Result<Vec<Migration>, MigrationsError> {
    if !folder.is_dir() {
        return Err(MigrationsError::NoFolder(folder.to_owned()));
    }
    let entries = entries(folder)?;
    match settings.layout.map_or_else(|| detect(&entries), |layout| Ok(Some(layout)))? {
        None | Some(Layout::Diesel) => diesel::read_all(&entries, engine),
        Some(Layout::Refinery) => refinery::read_all(entries, engine),
        Some(Layout::Numbered) => numbered::read_all(&entries, engine, &settings.settings_table),
    }
}

/// The layout of the migrations in `folder`; `None` where there are none.
///
/// # Errors
/// When the folder cannot be read, or holds both layouts.
pub fn detect_layout(folder: &Path) -> Result<Option<Layout>, MigrationsError> {
    if folder.is_dir() { detect(&entries(folder)?) } else { Ok(None) }
}

/// A folder with `up.sql` is diesel's, a file that begins with `V` or `U` and a digit is refinery's, one that begins with a
/// digit is a numbered one. Folders are looked into only as far as it takes: a folder of a thousand migrations is read
/// once.
fn detect(entries: &[DirEntry]) -> Result<Option<Layout>, MigrationsError> {
    let named = |fits: fn(&str) -> bool| entries.iter().find(|entry| fits(&entry.file_name().to_string_lossy()));
    // What fits a layout speaks for it. What only resembles one does so where nothing else speaks.
    let diesel = entries.iter().find(|entry| is_diesels(&entry.path()));
    let speak =
        [(Layout::Refinery, named(refinery::is_one)), (Layout::Numbered, named(numbered::is_one)), (Layout::Diesel, diesel)];
    let mut speak = speak.into_iter().filter_map(|(layout, entry)| Some((layout, entry?.path())));
    match (speak.next(), speak.next()) {
        (Some(one), Some(other)) => return Err(MigrationsError::BothLayouts([one, other])),
        (Some((layout, _)), None) => return Ok(Some(layout)),
        (None, _) => {}
    }
    if named(refinery::looks_like_one).is_some() {
        return Ok(Some(Layout::Refinery));
    }
    if named(numbered::looks_like_one).is_some() {
        return Ok(Some(Layout::Numbered));
    }
    // refinery's files may lie deeper.
    let mut deeper = entries.iter().map(DirEntry::path).filter(|path| path.is_dir() && !is_hidden(path));
    let found = deeper.any(|path| refinery::files(&path).is_ok_and(|files| !files.is_empty()));
    Ok(found.then_some(Layout::Refinery))
}

fn is_diesels(path: &Path) -> bool {
    let up = |name: &str| path.join(name).is_file();
    !is_hidden(path) && (up("up.sql") || up("up.sqlite.sql") || up("up.postgres.sql"))
}

fn is_hidden(path: &Path) -> bool {
    path.file_name().is_some_and(|name| name == "archive" || name.to_string_lossy().starts_with('.'))
}

/// What is in `folder`, ordered by name.
pub(super) fn entries(folder: &Path) -> Result<Vec<DirEntry>, MigrationsError> {
    let unreadable = |error| MigrationsError::Unreadable { file: PathBuf::from(folder), error };
    let mut entries = std::fs::read_dir(folder).map_err(unreadable)?.collect::<Result<Vec<_>, _>>().map_err(unreadable)?;
    entries.sort_by_key(DirEntry::file_name);
    Ok(entries)
}

/// The text of a file; `None` where it is not there.
pub(super) fn read_text(file: &Path) -> Result<Option<String>, MigrationsError> {
    let bytes = match read_bytes(file) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(MigrationsError::Unreadable { file: file.to_owned(), error }),
    };
    String::from_utf8(bytes).map(Some).map_err(|error| {
        let valid = String::from_utf8_lossy(&error.as_bytes()[..error.utf8_error().valid_up_to()]).into_owned();
        MigrationsError::NotUtf8(Place::in_text(file, &valid, valid.len()))
    })
}

/// Most files of a migration fit into this.
const USUAL: usize = 8 * 1024;

/// As [`std::fs::read`], without asking for the file's length first.
fn read_bytes(file: &Path) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::with_capacity(USUAL);
    File::open(file)?.take(u64::MAX).read_to_end(&mut bytes)?;
    bytes.shrink_to_fit();
    Ok(bytes)
}

/// Refuses a pipe, a socket or a device that has the name of an SQL file: reading one waits for ever.
pub(super) fn refuse_special(entry: &DirEntry) -> Result<(), MigrationsError> {
    let file = entry.path();
    if file.extension().is_none_or(|end| end != "sql") {
        return Ok(());
    }
    let unreadable = |error| MigrationsError::Unreadable { file: file.clone(), error };
    let mut kind = entry.file_type().map_err(unreadable)?;
    if kind.is_symlink() {
        // A link that leads nowhere is a file that is not there.
        let Ok(target) = std::fs::metadata(&file) else { return Ok(()) };
        kind = target.file_type();
    }
    if kind.is_file() || kind.is_dir() { Ok(()) } else { Err(unreadable(std::io::Error::other("it is not a regular file"))) }
}
