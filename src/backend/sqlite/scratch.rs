//! A database file in a folder of its own, gone with its value.

use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::backup::Backup;
use sha2::{Digest, Sha256};

use super::errors::translate;
use super::session::SqliteSession;
use crate::backend::copying::{Job, Step};
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
            .with_hint("it must be possible to write there; for a temporary folder set TMPDIR")
        })?;
        Ok(Self { folder })
    }

    /// Opens the database in it.
    pub(in crate::backend) fn open(&self, opening: &Opening<'_>) -> Result<SqliteSession, SqlError> {
        let mut session = SqliteSession::open(&self.file(), &Opening { access: Access::Create, ..*opening })?;
        // Nothing in it outlives the process.
        crate::backend::Basic::execute(&mut session, "PRAGMA synchronous = OFF; PRAGMA journal_mode = MEMORY")?;
        Ok(session)
    }

    /// Copies the database of `session` into it, and opens the copy as the real one would be: a rehearsal measures it.
    pub(super) fn open_copy(&self, session: &SqliteSession) -> Result<SqliteSession, SqlError> {
        let mut target = rusqlite::Connection::open(self.file()).map_err(translate)?;
        Backup::new(session.view(), &mut target)
            .and_then(|backup| backup.run_to_completion(10_000, Duration::ZERO, None))
            .map_err(translate)?;
        target.close().map_err(|(_, error)| translate(error))?;
        let opening = Opening { access: Access::Write, application: "", environment: &|_| None, connect_timeout: None };
        SqliteSession::open(&self.file(), &opening)
    }

    /// Fills it with the database in `file`, byte by byte, and gives the SHA-256 of what was read.
    pub(in crate::backend) fn fill(&self, file: &Path, job: &mut Job<'_>) -> Result<String, SqlError> {
        use std::io::{Read, Write};
        let trouble = |what: &Path, error: &std::io::Error| {
            let kind =
                if error.kind() == std::io::ErrorKind::StorageFull { SqlErrorKind::Full } else { SqlErrorKind::Permission };
            SqlError::new(kind, format!("{}: {error}", what.display()))
        };
        let copy = self.file();
        let mut from = std::fs::File::open(file).map_err(|error| trouble(file, &error))?;
        let total = from.metadata().ok().map(|data| data.len());
        let mut to = std::fs::File::create(&copy).map_err(|error| trouble(&copy, &error))?;
        let (mut hash, mut buffer, mut done) = (Sha256::new(), vec![0; 1 << 20], 0);
        loop {
            let read = from.read(&mut buffer).map_err(|error| trouble(file, &error))?;
            if read == 0 {
                break;
            }
            hash.update(&buffer[..read]);
            to.write_all(&buffer[..read]).map_err(|error| trouble(&copy, &error))?;
            done += read as u64;
            job.at(Step::Restore, done, total)?;
        }
        Ok(hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect())
    }

    /// The file of the database.
    pub(in crate::backend) fn file(&self) -> PathBuf {
        self.folder.join("scratch.db")
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

/// A session on a copy of the database of `session`, which lies beside it, where there is room for its like, and goes
/// with the session.
pub(super) fn copy(session: &SqliteSession, path: &Path) -> Result<SqliteSession, SqlError> {
    let parent = path.parent().unwrap_or_else(|| Path::new("."));
    let file = path.file_name().map(|name| name.to_string_lossy()).unwrap_or_default();
    let scratch = ScratchFile::make(parent, &format!("{file}-rehearsal-{}", std::process::id()))?;
    let mut copy = scratch.open_copy(session)?;
    copy.keep(scratch);
    Ok(copy)
}
