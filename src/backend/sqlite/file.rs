//! What an SQLite file is asked, on any connection to it.

use std::path::{Path, PathBuf};

use super::raw;
use crate::backend::basic::Basic;
use crate::backend::error::SqlError;
use crate::backend::full::{Identity, Location, TableName};
use crate::domain::engine::Engine;

/// Which database the file at the real path `path` is.
pub(in crate::backend) fn identity(path: &Path) -> Identity {
    let mut binding = vec![("path", path.display().to_string())];
    #[cfg(unix)]
    if let Ok(data) = std::fs::metadata(path) {
        use std::os::unix::fs::MetadataExt;
        binding.push(("inode", data.ino().to_string()));
    }
    Identity {
        engine: Engine::Sqlite,
        name: path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default(),
        version: raw::version(),
        location: Location::File(path.to_owned()),
        tls: None,
        role: None,
        binding,
    }
}

/// The path without links, by which everybody finds the same lock.
pub(in crate::backend) fn real_path(path: PathBuf) -> PathBuf {
    std::fs::canonicalize(&path).unwrap_or(path)
}

/// The table or view of the file that is called `name`.
pub(in crate::backend) fn find_table(session: &mut impl Basic, name: &str) -> Result<Option<TableName>, SqlError> {
    let found =
        session.query("SELECT name FROM main.sqlite_schema WHERE type IN ('table', 'view') AND name = $1", &[name.into()])?;
    Ok(found.first().map(|_| TableName(format!("main.\"{}\"", name.replace('"', "\"\"")))))
}
