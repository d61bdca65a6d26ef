//! Diesel's layout: `migrations/<version>_<name>/{up.sql, down.sql, metadata.toml}`.
//!
//! Read as diesel_migrations 2.3 reads it: plain files and names that begin with a dot are passed over, a
//! folder without `up.sql` is an error, symbolic links count. `up.sqlite.sql` and `up.postgres.sql` (and the
//! same for `down`) win on their database; other tools do not see them.

use std::collections::{BTreeMap, HashSet};
use std::path::Path;

use super::error::MigrationsError;
use super::migration::{Keeper, Kind, Migration, Script, Warning};
use super::together;
use super::tree::{Entry, Tree};
use crate::domain::engine::Engine;
use crate::domain::explain::Place;
use crate::domain::version::Version;

/// Reads the migrations whose folders are among `entries`, ordered by version.
pub(super) fn read_all(tree: Tree<'_>, entries: &[Entry], engine: Engine) -> Result<Vec<Migration>, MigrationsError> {
    let mut folders = Vec::new();
    for entry in entries {
        let path = entry.path();
        let Some(name) = entry.file_name().to_str().map(str::to_owned) else {
            return Err(MigrationsError::NameNotUtf8(path));
        };
        // `archive` is where `baseline squash` puts a history that is over.
        if name.starts_with('.') || name == "archive" || !entry.is_dir() {
            continue;
        }
        if name.chars().any(char::is_control) {
            return Err(MigrationsError::ControlInName(path));
        }
        folders.push((path, name));
    }
    let mut found = BTreeMap::<Version, Migration>::new();
    for migration in together::map(&folders, |(path, name)| read(tree, path, name, engine)) {
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

fn read(tree: Tree<'_>, folder: &Path, name: &str, engine: Engine) -> Result<Migration, MigrationsError> {
    let version = Version::of_directory(name);
    if version.as_str().is_empty() {
        return Err(MigrationsError::NoVersion(folder.to_owned()));
    }
    if version.as_str().chars().count() > Version::LONGEST {
        return Err(MigrationsError::VersionTooLong(folder.to_owned()));
    }
    let names = tree.names(folder)?;
    let up =
        script(tree, folder, &names, "up", engine)?.ok_or_else(|| MigrationsError::NoUp { folder: folder.to_owned(), engine })?;
    let down = script(tree, folder, &names, "down", engine)?.filter(|down| !down.text.trim().is_empty());
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
        read_metadata(tree, &mut migration)?;
    }
    Ok(migration)
}

/// The script called `stem` for `engine`; `None` where there is no file.
fn script(
    tree: Tree<'_>,
    folder: &Path,
    names: &HashSet<String>,
    stem: &str,
    engine: Engine,
) -> Result<Option<Script>, MigrationsError> {
    let candidates = [format!("{stem}.{}.sql", engine.word()), format!("{stem}.sql")];
    let Some(name) = candidates.iter().find(|name| names.contains(*name)) else { return Ok(None) };
    let file = folder.join(name);
    Ok(tree.read_text(&file)?.map(|text| Script { file, text, engine }))
}

/// Reads `metadata.toml` as diesel does, and warns where that surprises: a file without `run_in_transaction`
/// means `false`, a file that is not valid means `true`.
fn read_metadata(tree: Tree<'_>, migration: &mut Migration) -> Result<(), MigrationsError> {
    let file = migration.folder.join("metadata.toml");
    let Some(text) = tree.read_text(&file)? else { return Ok(()) };
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
