//! A copy of a database for a rehearsal.

use std::fs::OpenOptions;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::backup::Backup;

use super::errors::translate;
use super::session::SqliteSession;
use crate::backend::error::{SqlError, SqlErrorKind};
use crate::backend::session::{Access, Opening};

/// What a database may have beside it.
pub(super) const BESIDE: [&str; 5] = ["", "-journal", "-wal", "-shm", "-manage-lock"];

/// A file that is removed with this value, with all that SQLite has put beside it.
pub(super) struct Scratch(PathBuf);

impl Scratch {
    /// A new file beside `database`, that only its owner may read: it will hold the same rows.
    fn beside(database: &Path) -> Result<Self, SqlError> {
        let mut name = database.as_os_str().to_owned();
        name.push(format!("-rehearsal-{}", std::process::id()));
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        {
            use std::os::unix::fs::OpenOptionsExt;
            options.mode(0o600);
        }
        let path = PathBuf::from(name);
        options.open(&path).map_err(|error| {
            SqlError::new(SqlErrorKind::Permission, format!("cannot make {}: {error}", path.display()))
                .with_hint("a rehearsal needs room for a copy beside the database")
        })?;
        Ok(Self(path))
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        for suffix in BESIDE {
            let mut name = self.0.as_os_str().to_owned();
            name.push(suffix);
            // What is not there cannot be removed.
            let _ = std::fs::remove_file(name);
        }
    }
}

/// A session on a copy of the database of `session`.
pub(super) fn copy(session: &SqliteSession, path: &Path) -> Result<SqliteSession, SqlError> {
    let scratch = Scratch::beside(path)?;
    let mut target = rusqlite::Connection::open(&scratch.0).map_err(translate)?;
    Backup::new(session.view(), &mut target)
        .and_then(|backup| backup.run_to_completion(10_000, Duration::ZERO, None))
        .map_err(translate)?;
    target.close().map_err(|(_, error)| translate(error))?;
    let opening = Opening { access: Access::Write, application: "", environment: &|_| None, connect_timeout: None };
    let mut copy = SqliteSession::open(&scratch.0, &opening)?;
    copy.keep(scratch);
    Ok(copy)
}
