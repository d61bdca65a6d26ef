//! A database file in a folder of its own, gone with its value.

use std::path::{Path, PathBuf};

use super::session::SqliteSession;
use crate::backend::error::{SqlError, SqlErrorKind};
use crate::backend::session::{Access, Opening};

/// The folder of a scratch database.
pub struct ScratchFile {
    folder: PathBuf,
}

impl ScratchFile {
    /// Makes the folder `name` in `parent`, which only its owner may enter.
    pub(in crate::backend) fn make(parent: &Path, name: &str) -> Result<Self, SqlError> {
        let folder = parent.join(name);
        let mut builder = std::fs::DirBuilder::new();
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.create(&folder).map_err(|error| {
            SqlError::new(
                SqlErrorKind::Permission,
                format!("cannot make a folder for a scratch database, {}: {error}", folder.display()),
            )
            .with_hint("set TMPDIR to a folder that you may write")
        })?;
        Ok(Self { folder })
    }

    /// Opens the database in it.
    pub(in crate::backend) fn open(&self, opening: &Opening<'_>) -> Result<SqliteSession, SqlError> {
        let mut session = SqliteSession::open(&self.folder.join("scratch.db"), &Opening { access: Access::Create, ..*opening })?;
        // Nothing in it outlives the process.
        crate::backend::Basic::execute(&mut session, "PRAGMA synchronous = OFF; PRAGMA journal_mode = MEMORY")?;
        Ok(session)
    }

    /// Removes the folder.
    pub(in crate::backend) fn remove(&mut self) -> Result<(), SqlError> {
        match std::fs::remove_dir_all(&self.folder) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(SqlError::new(
                SqlErrorKind::Permission,
                format!("the scratch database in {} cannot be removed: {error}", self.folder.display()),
            )),
            _ => Ok(()),
        }
    }
}

impl Drop for ScratchFile {
    fn drop(&mut self) {
        let _ = self.remove();
    }
}
