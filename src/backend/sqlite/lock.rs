//! The migration lock on SQLite: a file beside the database, locked by the kernel.
//!
//! The kernel frees it when the process ends, however it ends, so there is no stale lock. The file stays: to
//! delete it would let two processes hold locks on two files of one name. It tells who holds the lock, and
//! its modification time since when.

use std::fs::{File, TryLockError};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use chrono::{DateTime, Local};

use crate::backend::error::{SqlError, SqlErrorKind};
use crate::backend::full::Holder;

/// What tells one file from another, whatever they are called. `None` where there is none, or nothing tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct FileId(Option<(u64, u64)>);

impl FileId {
    /// The file that `path` leads to now.
    pub(super) fn of(path: &Path) -> Self {
        Self(std::fs::metadata(path).ok().as_ref().and_then(numbers))
    }

    /// Whether both are known, and one file.
    pub(super) fn is(self, other: Self) -> bool {
        self.0.is_some() && self == other
    }
}

#[cfg(unix)]
fn numbers(data: &std::fs::Metadata) -> Option<(u64, u64)> {
    use std::os::unix::fs::MetadataExt;
    Some((data.dev(), data.ino()))
}

#[cfg(not(unix))]
fn numbers(_: &std::fs::Metadata) -> Option<(u64, u64)> {
    None
}

/// The lock of one database.
pub(in crate::backend) struct LockFile {
    path: PathBuf,
    held: Option<File>,
}

impl LockFile {
    /// The lock of the database whose real path is `database`. Creates nothing.
    pub(in crate::backend) fn beside(database: &Path) -> Self {
        let mut name = database.as_os_str().to_owned();
        name.push("-manage-lock");
        Self { path: name.into(), held: None }
    }

    /// Tries to take the lock, without waiting.
    pub(in crate::backend) fn try_lock(&mut self, what: &str) -> Result<bool, SqlError> {
        if self.held.is_some() {
            return Ok(true);
        }
        let trouble = |error: std::io::Error| {
            SqlError::new(SqlErrorKind::Permission, format!("cannot lock {}: {error}", self.path.display()))
                .with_hint("the folder of the database must be writable for the one who migrates it")
        };
        let mut file = File::options().read(true).write(true).create(true).truncate(false).open(&self.path).map_err(trouble)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Ok(false),
            Err(TryLockError::Error(error)) => return Err(trouble(error)),
        }
        // Deleted in between: others would lock another file of this name.
        if !self.is_the_file(&file) {
            return Ok(false);
        }
        let text = format!("{}\n{what}\n", std::process::id());
        // What the file says is for people; the lock holds without it, on a full disk too.
        let _ = file.set_len(0).and_then(|()| file.seek(SeekFrom::Start(0))).and_then(|_| file.write_all(text.as_bytes()));
        self.held = Some(file);
        Ok(true)
    }

    /// Whether this session holds it.
    pub(in crate::backend) fn is_held(&self) -> bool {
        self.held.as_ref().is_some_and(|file| self.is_the_file(file))
    }

    fn is_the_file(&self, file: &File) -> bool {
        file.metadata().is_ok_and(|data| FileId(numbers(&data)) == FileId::of(&self.path))
    }

    /// Gives it back.
    pub(in crate::backend) fn unlock(&mut self) {
        // Closing the file frees the lock.
        self.held = None;
    }

    /// Who holds it, when somebody else does.
    pub(in crate::backend) fn holder(&self) -> Option<Holder> {
        if self.held.is_some() {
            return None;
        }
        let mut file = File::options().read(true).write(true).open(&self.path).ok()?;
        match file.try_lock() {
            Ok(()) => return None,
            Err(TryLockError::WouldBlock) => {}
            Err(TryLockError::Error(_)) => return None,
        }
        let mut text = String::new();
        let _ = file.read_to_string(&mut text);
        let mut lines = text.lines();
        let since = file.metadata().and_then(|data| data.modified()).ok().map(|time| clock(time.into()));
        Some(Holder {
            pid: lines.next().and_then(|pid| pid.parse().ok()),
            what: lines.next().filter(|what| !what.is_empty()).map(str::to_owned),
            since,
        })
    }
}

fn clock(time: DateTime<Local>) -> String {
    time.format("%Y-%m-%d %H:%M:%S").to_string()
}
