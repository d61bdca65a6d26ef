//! Diesel's layout: `migrations/<version>_<name>/{up.sql, down.sql, metadata.toml}`.
//!
//! Read as diesel_migrations 2.3 reads it: plain files and names that begin with a dot are passed over, a
//! folder without `up.sql` is an error, symbolic links count. `up.sqlite.sql` and `up.postgres.sql` (and the
//! same for `down`) win on their database; other tools do not see them.

use std::collections::{BTreeMap, HashSet};
use std::fs::DirEntry;
use std::path::Path;

use super::error::MigrationsError;
use super::load::{read_text, refuse_special};
use super::migration::{Keeper, Kind, Migration, Script, Warning};
use super::together;
use crate::domain::engine::Engine;
use crate::domain::explain::Place;
use crate::domain::version::Version;

/// Reads the migrations whose folders are among `entries`, ordered by version.
pub(super) fn read_all(entries: &[DirEntry], engine: Engine) -> Result<Vec<Migration>, MigrationsError> {
    let mut folders = Vec::new();
    for entry in entries {
        let path = entry.path();
        let Some(name) = entry.file_name().to_str().map(str::to_owned) else {
            return Err(MigrationsError::NameNotUtf8(path));
        };
        // `archive` is where `baseline squash` puts a history that is over.
        if name.starts_with('.') || name == "archive" || !is_folder(entry) {
            continue;
        }
        if name.chars().any(char::is_control) {
            return Err(MigrationsError::ControlInName(path));
        }
        folders.push((path, name));
    }
    let mut found = BTreeMap::<Version, Migration>::new();
    for migration in together::map(&folders, |(path, name)| read(path, name, engine)) {
        let migration = migration?;
        if let Some(other) = found.get(&migration.version) {
            return Err(MigrationsError::Duplicate {
                version: migration.version,
                folders: [other.folder.clone(), migration.folder],
            });
        }
        found.insert(migration.version.clone(), migration);
    }
    Ok(found.into_values().collect())
}

/// Whether `entry` is a folder. Only a symbolic link has to be followed: the folder's listing knows the rest.
fn is_folder(entry: &DirEntry) -> bool {
    entry.file_type().is_ok_and(|kind| kind.is_dir() || (kind.is_symlink() && entry.path().is_dir()))
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
        keeper: Keeper::Diesel,
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
    let mut names = HashSet::new();
    for entry in std::fs::read_dir(folder).map_err(unreadable)? {
        let entry = entry.map_err(unreadable)?;
        refuse_special(&entry)?;
        names.insert(entry.file_name().to_string_lossy().into_owned());
    }
    Ok(names)
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
