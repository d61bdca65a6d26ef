//! Which layout a folder has, and reading it.

use std::path::Path;

use super::baseline::refuse_half_way;
use super::error::MigrationsError;
use super::migration::Migration;
use super::tree::{Entry, Tree};
use super::{diesel, numbered, refinery};
use crate::domain::engine::Engine;
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
    load_from(Tree::Disk, folder, engine, settings)
}

/// As [`load_as`], from files that may be compiled in.
///
/// # Errors
/// As [`load_as`].
pub fn load_from(
    tree: Tree<'_>,
    folder: &Path,
    engine: Engine,
    settings: &Migrations,
) -> Result<Vec<Migration>, MigrationsError> {
    if !tree.is_dir(folder) {
        return Err(MigrationsError::NoFolder(folder.to_owned()));
    }
    if let Tree::Disk = tree {
        refuse_half_way(folder)?;
    }
    let entries = tree.entries(folder)?;
    match settings.layout.map_or_else(|| detect(tree, &entries), |layout| Ok(Some(layout)))? {
        None | Some(Layout::Diesel) => diesel::read_all(tree, &entries, engine),
        Some(Layout::Refinery) => refinery::read_all(tree, entries, engine),
        Some(Layout::Numbered) => numbered::read_all(tree, &entries, engine, &settings.settings_table),
    }
}

/// The layout of the migrations in `folder`; `None` where there are none.
///
/// # Errors
/// When the folder cannot be read, or holds two layouts.
pub fn detect_layout(folder: &Path) -> Result<Option<Layout>, MigrationsError> {
    if !folder.is_dir() {
        return Ok(None);
    }
    refuse_half_way(folder)?;
    detect(Tree::Disk, &Tree::Disk.entries(folder)?)
}

/// A folder with `up.sql` is diesel's, a file that begins with `V` or `U` and a digit is refinery's, one that begins with a
/// digit is a numbered one. Folders are looked into only as far as it takes: a folder of a thousand migrations is read
/// once.
fn detect(tree: Tree<'_>, entries: &[Entry]) -> Result<Option<Layout>, MigrationsError> {
    let named = |fits: fn(&str) -> bool| entries.iter().find(|entry| fits(&entry.file_name().to_string_lossy()));
    // What fits a layout speaks for it. What only resembles one does so where nothing else speaks.
    let diesel = entries.iter().find(|entry| is_diesels(tree, &entry.path()));
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
    let mut deeper = entries.iter().filter(|entry| entry.is_dir()).map(Entry::path).filter(|path| !is_hidden(path));
    let found = deeper.any(|path| refinery::files(tree, &path).is_ok_and(|files| !files.is_empty()));
    Ok(found.then_some(Layout::Refinery))
}

fn is_diesels(tree: Tree<'_>, path: &Path) -> bool {
    let up = |name: &str| tree.is_file(&path.join(name));
    !is_hidden(path) && (up("up.sql") || up("up.sqlite.sql") || up("up.postgres.sql"))
}

fn is_hidden(path: &Path) -> bool {
    path.file_name().is_some_and(|name| name == "archive" || name.to_string_lossy().starts_with('.'))
}
