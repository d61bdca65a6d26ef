//! Whether a backup may be restored, and whether it belongs to a database.

use std::path::Path;

use super::description::{Description, FORMAT, Origin};
use super::error::BackupError;
use crate::domain::engine::Engine;
use crate::project::backup_file;

/// Parts of a fingerprint that say where a database is. The others change where it is made anew in the same place,
/// as a restore does it on PostgreSQL.
const PLACES: [&str; 3] = ["system identifier", "database name", "path"];

/// Whether a backup belongs to a database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Belongs {
    /// It is of this database.
    Yes,
    /// It is of a database in this place that was made anew since: which part differs.
    MadeAnew(String),
    /// It is of another one: which part differs, what it is in the backup and what it is here.
    Another(String, String, String),
}

/// Whether a backup of `origin` belongs to the database with the identity `now`.
pub fn belongs(origin: &Origin, now: &[(&'static str, String)]) -> Belongs {
    let here = |name: &str| now.iter().find(|(known, _)| *known == name).map(|(_, value)| value.as_str());
    let differs = |(name, then): &&(String, String)| here(name) != Some(then.as_str());
    let is_place = |name: &str| PLACES.iter().any(|place| name.starts_with(place));
    if let Some((name, then)) = origin.fingerprint.iter().filter(|(name, _)| is_place(name)).find(differs) {
        return Belongs::Another(name.clone(), then.clone(), here(name).unwrap_or("unknown").to_owned());
    }
    match origin.fingerprint.iter().find(differs) {
        Some((name, _)) => Belongs::MadeAnew(name.clone()),
        None => Belongs::Yes,
    }
}

/// Reads the description of the backup at `path`, for a database of `engine`.
///
/// # Errors
/// When there is no backup, no description, one that is not valid or of a newer format, or a backup of another kind
/// of database.
pub fn read(path: &Path, engine: Engine) -> Result<Description, BackupError> {
    let Some(text) = backup_file::read_description(path)? else {
        return Err(BackupError::NoDescription { path: path.to_owned() });
    };
    let file = backup_file::description_of(path);
    let invalid = |message: String| BackupError::InvalidDescription { file: file.clone(), message };
    let value: serde_json::Value = serde_json::from_str(&text).map_err(|error| invalid(error.to_string()))?;
    match value.get("format").and_then(serde_json::Value::as_u64) {
        None => return Err(invalid("it names no format".to_owned())),
        Some(format) if format > FORMAT => return Err(BackupError::NewerFormat { file, format }),
        Some(_) => {}
    }
    let description: Description = serde_json::from_value(value).map_err(|error| invalid(error.to_string()))?;
    if description.engine != engine.word() {
        return Err(BackupError::OtherEngine { path: path.to_owned(), of: description.engine, here: engine });
    }
    if !description.proved {
        return Err(BackupError::Unproved { path: path.to_owned() });
    }
    Ok(description)
}

/// Makes sure that the backup at `path` is the file that was described.
///
/// # Errors
/// When it cannot be read, or was changed since.
pub fn unchanged(path: &Path, description: &Description) -> Result<(), BackupError> {
    let (size, sha256) = backup_file::fingerprint(path)?;
    if size != description.size || sha256 != description.sha256 {
        return Err(BackupError::Altered { path: path.to_owned(), size, described: description.size });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn origin(parts: &[(&str, &str)]) -> Origin {
        let fingerprint = parts.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Origin { name: "x".to_owned(), fingerprint }
    }

    #[test]
    fn a_backup_belongs_to_the_place_that_it_was_taken_of() {
        let here = [("path", "/a.db".to_owned()), ("inode", "7".to_owned())];

        assert_eq!(belongs(&origin(&[("path", "/a.db"), ("inode", "7")]), &here), Belongs::Yes);
        assert_eq!(belongs(&origin(&[("path", "/a.db"), ("inode", "8")]), &here), Belongs::MadeAnew("inode".to_owned()));
        let other = Belongs::Another("path".to_owned(), "/b.db".to_owned(), "/a.db".to_owned());
        assert_eq!(belongs(&origin(&[("path", "/b.db"), ("inode", "7")]), &here), other);
    }

    #[test]
    fn another_server_is_another_database_also_where_its_name_is_the_same() {
        let here = [("system identifier", "1".to_owned()), ("database oid", "5".to_owned()), ("database name", "a".to_owned())];

        let moved = origin(&[("system identifier", "2"), ("database oid", "5"), ("database name", "a")]);
        assert!(matches!(belongs(&moved, &here), Belongs::Another(part, ..) if part == "system identifier"));
        let swapped = origin(&[("system identifier", "1"), ("database oid", "6"), ("database name", "a")]);
        assert_eq!(belongs(&swapped, &here), Belongs::MadeAnew("database oid".to_owned()));
    }
}
