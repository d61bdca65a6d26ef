//! Which layout a folder has, and reading it.

use std::path::Path;

use super::error::MigrationsError;
use super::migration::Migration;
use super::tree::{Entry, Tree};
use super::{diesel, refinery};
use crate::domain::engine::Engine;
use crate::project::config::Layout;

/// Reads all migrations of `folder`, ordered by version. The layout is detected.
///
/// # Errors
/// When the folder or a file cannot be read, or the files are no valid history.
pub fn load(folder: &Path, engine: Engine) -> Result<Vec<Migration>, MigrationsError> {
    load_as(folder, engine, None)
}

/// Reads all migrations of `folder`, ordered by version, in this layout; `None` detects it.
///
/// # Errors
/// When the folder or a file cannot be read, the files are no valid history, or lie in both layouts.
pub fn load_as(folder: &Path, engine: Engine, layout: Option<Layout>) -> Result<Vec<Migration>, MigrationsError> {
    load_from(Tree::Disk, folder, engine, layout)
}

/// As [`load_as`], from files that may be compiled in.
///
/// # Errors
/// As [`load_as`].
pub fn load_from(
    tree: Tree<'_>,
    folder: &Path,
    engine: Engine,
    layout: Option<Layout>,
) -> Result<Vec<Migration>, MigrationsError> {
    if !tree.is_dir(folder) {
        return Err(MigrationsError::NoFolder(folder.to_owned()));
    }
    let entries = tree.entries(folder)?;
    match layout.map_or_else(|| detect(tree, &entries), |layout| Ok(Some(layout)))? {
        None | Some(Layout::Diesel) => diesel::read_all(tree, &entries, engine),
        Some(Layout::Refinery) => refinery::read_all(tree, entries, engine),
    }
}

/// The layout of the migrations in `folder`; `None` where there are none.
///
/// # Errors
/// When the folder cannot be read, or holds both layouts.
pub fn detect_layout(folder: &Path) -> Result<Option<Layout>, MigrationsError> {
    if folder.is_dir() { detect(Tree::Disk, &Tree::Disk.entries(folder)?) } else { Ok(None) }
}

/// A folder with `up.sql` is diesel's, a file that begins with `V` or `U` and a digit is refinery's. Folders are looked
/// into only as far as it takes: a folder of a thousand migrations is read once.
fn detect(tree: Tree<'_>, entries: &[Entry]) -> Result<Option<Layout>, MigrationsError> {
    let file = entries.iter().find(|entry| refinery::looks_like_one(&entry.file_name().to_string_lossy()));
    let folder = entries.iter().find(|entry| is_diesels(tree, &entry.path()));
    match (file, folder) {
        // What only resembles refinery's is a file beside the migrations.
        (Some(file), Some(folder)) if refinery::is_one(&file.file_name().to_string_lossy()) => {
            Err(MigrationsError::BothLayouts { refinery: file.path(), diesel: folder.path() })
        }
        (Some(_), None) => Ok(Some(Layout::Refinery)),
        (_, Some(_)) => Ok(Some(Layout::Diesel)),
        // refinery's files may lie deeper.
        (None, None) => {
            let mut deeper = entries.iter().filter(|entry| entry.is_dir()).map(Entry::path).filter(|path| !is_hidden(path));
            let found = deeper.any(|path| refinery::files(tree, &path).is_ok_and(|files| !files.is_empty()));
            Ok(found.then_some(Layout::Refinery))
        }
    }
}

fn is_diesels(tree: Tree<'_>, path: &Path) -> bool {
    let up = |name: &str| tree.is_file(&path.join(name));
    !is_hidden(path) && (up("up.sql") || up("up.sqlite.sql") || up("up.postgres.sql"))
}

fn is_hidden(path: &Path) -> bool {
    path.file_name().is_some_and(|name| name == "archive" || name.to_string_lossy().starts_with('.'))
}
