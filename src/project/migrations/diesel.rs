//! Diesel's layout: `migrations/<version>_<name>/{up.sql, down.sql, metadata.toml}`.
//!
//! Read as diesel_migrations 2.3 reads it: plain files and names that begin with a dot are passed over, a
//! folder without `up.sql` is an error, symbolic links count. `up.sqlite.sql` and `up.postgres.sql` (and the
//! same for `down`) win on their database; other tools do not see them.

use std::collections::{BTreeMap, HashSet};
use std::path::{Path, PathBuf};

use super::migration::{Kind, Migration, Script, Warning};
use crate::domain::engine::Engine;
use crate::domain::explain::{Class, Explain, Place};
use crate::domain::version::Version;

/// Reads all migrations of `folder`, ordered by version.
///
/// # Errors
/// When the folder or a file cannot be read, or the files are no valid history.
pub fn load(folder: &Path, engine: Engine) -> Result<Vec<Migration>, MigrationsError> {
    let unreadable = |error| MigrationsError::Unreadable { file: folder.to_owned(), error };
    if !folder.is_dir() {
        return Err(MigrationsError::NoFolder(folder.to_owned()));
    }
    let mut found = BTreeMap::<Version, Migration>::new();
    let mut entries = std::fs::read_dir(folder).map_err(unreadable)?.collect::<Result<Vec<_>, _>>().map_err(unreadable)?;
    entries.sort_by_key(std::fs::DirEntry::file_name);
    for entry in entries {
        let path = entry.path();
        let Some(name) = entry.file_name().to_str().map(str::to_owned) else {
            return Err(MigrationsError::NameNotUtf8(path));
        };
        // `archive` is where `baseline squash` puts a history that is over.
        if name.starts_with('.') || name == "archive" || !path.is_dir() {
            continue;
        }
        let migration = read(&path, &name, engine)?;
        if let Some(other) = found.get(&migration.version) {
            return Err(MigrationsError::Duplicate { version: migration.version, folders: [other.folder.clone(), path] });
        }
        found.insert(migration.version.clone(), migration);
    }
    Ok(found.into_values().collect())
}

fn read(folder: &Path, name: &str, engine: Engine) -> Result<Migration, MigrationsError> {
    let version = Version::of_directory(name);
    if version.as_str().is_empty() {
        return Err(MigrationsError::NoVersion(folder.to_owned()));
    }
    if version.as_str().chars().count() > Version::LONGEST {
        return Err(MigrationsError::VersionTooLong(folder.to_owned()));
    }
    let names = names(folder)?;
    let up = script(folder, &names, "up", engine)?.ok_or_else(|| MigrationsError::NoUp { folder: folder.to_owned(), engine })?;
    let down = script(folder, &names, "down", engine)?.filter(|down| !down.text.trim().is_empty());
    let mut migration = Migration {
        version,
        name: name.split_once('_').map_or("", |(_, name)| name).to_owned(),
        folder: folder.to_owned(),
        up,
        down,
        run_in_transaction: true,
        kind: Kind::Schema,
        warnings: Vec::new(),
    };
    if names.contains("metadata.toml") {
        read_metadata(&mut migration)?;
    }
    Ok(migration)
}

/// The script called `stem` for `engine`; `None` where there is no file.
fn script(folder: &Path, names: &HashSet<String>, stem: &str, engine: Engine) -> Result<Option<Script>, MigrationsError> {
    let candidates = [format!("{stem}.{}.sql", engine.word()), format!("{stem}.sql")];
    let Some(name) = candidates.iter().find(|name| names.contains(*name)) else { return Ok(None) };
    let file = folder.join(name);
    Ok(read_text(&file)?.map(|text| Script { file, text, engine }))
}

/// The names in `folder`. One look is cheaper than asking for each file that might be there.
fn names(folder: &Path) -> Result<HashSet<String>, MigrationsError> {
    let unreadable = |error| MigrationsError::Unreadable { file: folder.to_owned(), error };
    let entries = std::fs::read_dir(folder).map_err(unreadable)?;
    entries
        .map(|entry| entry.map(|entry| entry.file_name().to_string_lossy().into_owned()))
        .collect::<Result<_, _>>()
        .map_err(unreadable)
}

fn read_text(file: &Path) -> Result<Option<String>, MigrationsError> {
    let bytes = match std::fs::read(file) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(MigrationsError::Unreadable { file: file.to_owned(), error }),
    };
    String::from_utf8(bytes).map(Some).map_err(|error| {
        let valid = String::from_utf8_lossy(&error.as_bytes()[..error.utf8_error().valid_up_to()]).into_owned();
        MigrationsError::NotUtf8(Place::in_text(file, &valid, valid.len()))
    })
}

/// Reads `metadata.toml` as diesel does, and warns where that surprises: a file without `run_in_transaction`
/// means `false`, a file that is not valid means `true`.
fn read_metadata(migration: &mut Migration) -> Result<(), MigrationsError> {
    let file = migration.folder.join("metadata.toml");
    let Some(text) = read_text(&file)? else { return Ok(()) };
    let mut warn = |offset: usize, message: &str| {
        migration.warnings.push(Warning { place: Place::in_text(&file, &text, offset), message: message.to_owned() });
    };
    let table = match text.parse::<toml::Table>() {
        Ok(table) => table,
        Err(error) => {
            let at = error.span().map_or(0, |span| span.start);
            warn(at, "this is not TOML; diesel ignores it, so the migration runs in a transaction");
            return Ok(());
        }
    };
    match table.get("run_in_transaction") {
        Some(toml::Value::Boolean(value)) => migration.run_in_transaction = *value,
        Some(_) => warn(
            text.find("run_in_transaction").unwrap_or(0),
            "run_in_transaction is neither true nor false; diesel ignores the file, so the migration runs in a transaction",
        ),
        None => {
            migration.run_in_transaction = false;
            warn(0, "run_in_transaction is not said; diesel reads that as false, so the migration runs without a transaction");
        }
    }
    match table.get("kind").map(toml::Value::as_str) {
        None => {}
        Some(Some("schema")) => migration.kind = Kind::Schema,
        Some(Some("data")) => migration.kind = Kind::Data,
        Some(_) => return Err(MigrationsError::UnknownKind(Place::in_text(&file, &text, text.find("kind").unwrap_or(0)))),
    }
    Ok(())
}

/// Migrations that cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum MigrationsError {
    /// No folder.
    #[error("the folder {} does not exist", .0.display())]
    NoFolder(PathBuf),
    /// A folder or file cannot be read.
    #[error("cannot read {}", .file.display())]
    Unreadable {
        /// Which.
        file: PathBuf,
        /// Why.
        #[source]
        error: std::io::Error,
    },
    /// A name that is not text.
    #[error("the name of {} is not UTF-8", .0.display())]
    NameNotUtf8(PathBuf),
    /// A folder whose name begins with `_`.
    #[error("the name of {} has no version before its first `_`", .0.display())]
    NoVersion(PathBuf),
    /// A version that does not fit diesel's history table.
    #[error("the version of {} is longer than {} characters", .0.display(), Version::LONGEST)]
    VersionTooLong(PathBuf),
    /// A folder without the way forward.
    #[error("{} has no up.sql", .folder.display())]
    NoUp {
        /// The folder.
        folder: PathBuf,
        /// For which database.
        engine: Engine,
    },
    /// A file that is not text.
    #[error("the file is not UTF-8")]
    NotUtf8(Place),
    /// Two folders of one version.
    #[error("two migrations have the version {version}: {} and {}", .folders[0].display(), .folders[1].display())]
    Duplicate {
        /// The version.
        version: Version,
        /// The folders.
        folders: [PathBuf; 2],
    },
    /// `kind` is neither `schema` nor `data`.
    #[error("`kind` is neither \"schema\" nor \"data\"")]
    UnknownKind(Place),
}

impl Explain for MigrationsError {
    fn class(&self) -> Class {
        match self {
            Self::Unreadable { .. } => Class::CouldNotRun,
            _ => Class::Usage,
        }
    }

    fn place(&self) -> Option<Place> {
        match self {
            Self::NotUtf8(place) | Self::UnknownKind(place) => Some(place.clone()),
            _ => None,
        }
    }

    fn hint(&self) -> Option<String> {
        Some(match self {
            Self::NoFolder(_) => {
                "make it with `manage new migration NAME`, or correct [migrations] dir in manage.toml".to_owned()
            }
            Self::Unreadable { .. } => "check who may read it".to_owned(),
            Self::NameNotUtf8(_) | Self::NoVersion(_) => {
                "name it <version>_<name>, for example 20260110120000_add_sectors".to_owned()
            }
            Self::VersionTooLong(_) => "give it a shorter version, for example 20260110120000".to_owned(),
            Self::NoUp { folder, engine } => {
                format!("add {} (or up.{}.sql), or remove the folder", folder.join("up.sql").display(), engine.word())
            }
            Self::NotUtf8(_) => "save the file as UTF-8".to_owned(),
            Self::Duplicate { .. } => "give the one that no database has run yet a newer version: rename its folder".to_owned(),
            Self::UnknownKind(_) => "write kind = \"data\" for a migration of rows, or leave the line out".to_owned(),
        })
    }
}
