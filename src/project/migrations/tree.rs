//! Where the files of migrations lie: on the disk, or compiled into the program.

use std::collections::HashSet;
use std::ffi::OsString;
use std::fs::{DirEntry, File};
use std::io::Read;
use std::path::{Path, PathBuf};

use super::error::MigrationsError;
use crate::domain::explain::Place;

/// Where the files lie. The layouts are read through it, so that they mean the same in both places.
#[derive(Debug, Clone, Copy)]
pub enum Tree<'a> {
    /// On the disk.
    Disk,
    /// Compiled in: names below `root`, with slashes, and their texts.
    Compiled {
        /// The folder, as it was named.
        root: &'a Path,
        /// Name and text of each file, ordered by name.
        files: &'a [(&'a str, &'a str)],
    },
}

/// Something in a folder.
pub(super) enum Entry {
    /// On the disk.
    Disk(DirEntry),
    /// Compiled in.
    Compiled {
        /// Its path.
        path: PathBuf,
        /// Whether it is a folder.
        folder: bool,
    },
}

impl Entry {
    /// Its path.
    pub(super) fn path(&self) -> PathBuf {
        match self {
            Self::Disk(entry) => entry.path(),
            Self::Compiled { path, .. } => path.clone(),
        }
    }

    /// Its name.
    pub(super) fn file_name(&self) -> OsString {
        match self {
            Self::Disk(entry) => entry.file_name(),
            Self::Compiled { path, .. } => path.file_name().unwrap_or_default().to_owned(),
        }
    }

    /// Whether it is a folder, or a link to one.
    pub(super) fn is_dir(&self) -> bool {
        match self {
            // Only a symbolic link has to be followed: the folder's listing knows the rest.
            Self::Disk(entry) => {
                entry.file_type().is_ok_and(|kind| kind.is_dir() || (kind.is_symlink() && entry.path().is_dir()))
            }
            Self::Compiled { folder, .. } => *folder,
        }
    }

    /// Whether it is a folder itself.
    pub(super) fn is_no_link_and_dir(&self) -> bool {
        match self {
            Self::Disk(entry) => entry.file_type().is_ok_and(|kind| kind.is_dir()),
            Self::Compiled { folder, .. } => *folder,
        }
    }

    /// Whether it is a file, or a link to one.
    pub(super) fn is_file(&self) -> bool {
        match self {
            Self::Disk(entry) => entry.path().is_file(),
            Self::Compiled { folder, .. } => !folder,
        }
    }

    /// Refuses what has the name of an SQL file and cannot be read like one.
    pub(super) fn refuse_special(&self) -> Result<(), MigrationsError> {
        match self {
            Self::Disk(entry) => refuse_special(entry),
            Self::Compiled { .. } => Ok(()),
        }
    }
}

impl<'a> Tree<'a> {
    /// Whether `path` is a folder.
    pub(super) fn is_dir(self, path: &Path) -> bool {
        match self {
            Self::Disk => path.is_dir(),
            Self::Compiled { root, .. } => path == root || self.below(path).next().is_some(),
        }
    }

    /// Whether `path` is a file.
    pub(super) fn is_file(self, path: &Path) -> bool {
        match self {
            Self::Disk => path.is_file(),
            Self::Compiled { .. } => self.text(path).is_some(),
        }
    }

    /// What is in `folder`, ordered by name.
    pub(super) fn entries(self, folder: &Path) -> Result<Vec<Entry>, MigrationsError> {
        if let Self::Compiled { .. } = self {
            let mut entries: Vec<Entry> = Vec::new();
            for (name, rest) in self.below(folder).map(|rest| rest.split_once('/').unwrap_or((rest, ""))) {
                let path = folder.join(name);
                // A folder's files stand together.
                if entries.last().is_none_or(|last| last.path() != path) {
                    entries.push(Entry::Compiled { path, folder: !rest.is_empty() });
                }
            }
            return Ok(entries);
        }
        let unreadable = |error| MigrationsError::Unreadable { file: PathBuf::from(folder), error };
        let mut entries = std::fs::read_dir(folder).map_err(unreadable)?.collect::<Result<Vec<_>, _>>().map_err(unreadable)?;
        entries.sort_by_key(DirEntry::file_name);
        Ok(entries.into_iter().map(Entry::Disk).collect())
    }

    /// The names in `folder`. One look is cheaper than asking for each file that might be there.
    pub(super) fn names(self, folder: &Path) -> Result<HashSet<String>, MigrationsError> {
        if let Self::Compiled { .. } = self {
            return Ok(self.below(folder).map(|rest| rest.split('/').next().unwrap_or(rest).to_owned()).collect());
        }
        let unreadable = |error| MigrationsError::Unreadable { file: folder.to_owned(), error };
        let mut names = HashSet::new();
        for entry in std::fs::read_dir(folder).map_err(unreadable)? {
            let entry = entry.map_err(unreadable)?;
            refuse_special(&entry)?;
            names.insert(entry.file_name().to_string_lossy().into_owned());
        }
        Ok(names)
    }

    /// The text of a file; `None` where it is not there.
    pub(super) fn read_text(self, file: &Path) -> Result<Option<String>, MigrationsError> {
        if let Self::Compiled { .. } = self {
            return Ok(self.text(file).map(str::to_owned));
        }
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

    /// Files that are in `folder` and not among the compiled `files`, and the other way round; `None` where they are the
    /// same, or the folder is not there to be looked at.
    pub fn changed_since(folder: &Path, files: &[(&str, &str)]) -> Option<(Vec<String>, Vec<String>)> {
        let mut there = Vec::new();
        if !folder.is_dir() || listed(folder, "", &mut there).is_err() {
            return None;
        }
        there.sort();
        let missing = |name: &String| files.binary_search_by(|(known, _)| (*known).cmp(name)).is_err();
        let gone = files.iter().filter(|(name, _)| there.binary_search_by(|known| known.as_str().cmp(name)).is_err());
        let removed: Vec<String> = gone.map(|(name, _)| (*name).to_owned()).collect();
        let added: Vec<String> = there.into_iter().filter(missing).collect();
        (!added.is_empty() || !removed.is_empty()).then_some((added, removed))
    }

    /// The names of the compiled files below `folder`, relative to it, in order.
    fn below(self, folder: &Path) -> impl Iterator<Item = &'a str> + use<'a> {
        let (root, files): (&Path, &'a [(&'a str, &'a str)]) = match self {
            Self::Disk => (Path::new(""), &[]),
            Self::Compiled { root, files } => (root, files),
        };
        let inside = folder.strip_prefix(root).ok().and_then(Path::to_str).map(|inside| match inside {
            "" => String::new(),
            inside => format!("{}/", inside.replace(std::path::MAIN_SEPARATOR, "/")),
        });
        let from = inside.as_deref().map_or(files.len(), |inside| files.partition_point(|(name, _)| *name < inside));
        files[from..].iter().map_while(move |(name, _)| name.strip_prefix(inside.as_deref()?))
    }

    fn text(self, file: &Path) -> Option<&'a str> {
        let Self::Compiled { root, files } = self else { return None };
        let name = file.strip_prefix(root).ok()?.to_str()?.replace(std::path::MAIN_SEPARATOR, "/");
        let at = files.binary_search_by(|(known, _)| (*known).cmp(&name)).ok()?;
        Some(files[at].1)
    }
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
fn refuse_special(entry: &DirEntry) -> Result<(), MigrationsError> {
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

/// The names of files that a layout may read, as `manage-macros` compiles them in.
fn listed(folder: &Path, below: &str, names: &mut Vec<String>) -> std::io::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if name.starts_with('.') || (below.is_empty() && name == "archive") {
            continue;
        }
        if path.is_dir() {
            listed(&path, &format!("{below}{name}/"), names)?;
        } else if name == "metadata.toml" || name.to_ascii_lowercase().ends_with(".sql") {
            names.push(format!("{below}{name}"));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::engine::Engine;
    use crate::project::config::Migrations;
    use crate::project::migrations::load_from;

    fn versions(files: &[(&str, &str)], engine: Engine) -> Vec<(String, String)> {
        let tree = Tree::Compiled { root: Path::new("migrations"), files };
        let read = load_from(tree, Path::new("migrations"), engine, &Migrations::default()).expect("they can be read");
        read.iter().map(|one| (one.to_string(), one.up.file.display().to_string() + ": " + &one.up.text)).collect()
    }

    #[test]
    fn compiled_files_are_read_in_diesels_layout_with_variants_and_metadata() {
        let files = [
            ("1_a/down.sql", "undo"),
            ("1_a/metadata.toml", "run_in_transaction = false"),
            ("1_a/up.postgres.sql", "pg"),
            ("1_a/up.sql", "any"),
            ("2_b/up.sql", "two"),
            ("archive/1_a/up.sql", "old"),
            ("readme.sql", "passed over"),
        ];

        let postgres = versions(&files, Engine::Postgres);
        assert_eq!(postgres[0], ("1 a".to_owned(), "migrations/1_a/up.postgres.sql: pg".to_owned()));
        assert_eq!(versions(&files, Engine::Sqlite)[0].1, "migrations/1_a/up.sql: any");
        assert_eq!(postgres.len(), 2);
        let tree = Tree::Compiled { root: Path::new("migrations"), files: &files };
        let read = load_from(tree, Path::new("migrations"), Engine::Sqlite, &Migrations::default()).expect("they can be read");
        assert!(!read[0].run_in_transaction && read[1].run_in_transaction);
        assert_eq!(read[0].down.as_ref().map(|down| down.text.as_str()), Some("undo"));
    }

    #[test]
    fn compiled_files_are_read_in_refinerys_layout_in_folders_too() {
        let files = [("2026/V2__b.sql", "two"), ("V10__c.sql", "ten"), ("V1__a.sql", "one")];

        let read: Vec<String> = versions(&files, Engine::Sqlite).into_iter().map(|(title, _)| title).collect();

        assert_eq!(read, ["1 a", "2 b", "10 c"]);
    }
}
