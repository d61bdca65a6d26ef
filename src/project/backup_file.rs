//! The file of a backup and the small file beside it: written under another name first, never over something.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use crate::domain::explain::{Class, Explain};

/// The end of the name of a file that is not complete.
const PARTIAL: &str = ".partial";

/// A file that cannot be written or read.
#[derive(Debug, thiserror::Error)]
pub enum BackupFileError {
    /// Something has that name.
    #[error("{0} is there already, and a backup overwrites nothing")]
    Exists(PathBuf),
    /// Not enough room.
    #[error("{} has {free} free, and about {needed} are needed for the backup and its proof", folder.display())]
    NoRoom {
        /// Where.
        folder: PathBuf,
        /// `1.2 GB`
        free: String,
        /// `1.2 GB`
        needed: String,
    },
    /// The file system refuses.
    #[error("{}: {error}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
}

impl Explain for BackupFileError {
    fn class(&self) -> Class {
        match self {
            Self::Exists(_) => Class::Usage,
            Self::NoRoom { .. } | Self::Io { .. } => Class::CouldNotRun,
        }
    }

    fn hint(&self) -> Option<String> {
        Some(match self {
            Self::Exists(_) => "give another path, or none: then the name has the time in it".to_owned(),
            Self::NoRoom { .. } => "make room, or give a path on another disk".to_owned(),
            Self::Io { error, .. } if error.kind() == io::ErrorKind::NotFound => "check the path".to_owned(),
            Self::Io { .. } => "check who may write there, and give another path".to_owned(),
        })
    }
}

fn io(path: &Path) -> impl FnOnce(io::Error) -> BackupFileError + '_ {
    |error| BackupFileError::Io { path: path.to_owned(), error }
}

/// A file that is being written. It is removed with the value, unless it was published.
pub struct Draft {
    path: PathBuf,
    target: PathBuf,
}

impl Draft {
    /// Begins the file that is to be called `target`; only its owner may read it. `unique` is nobody else's,
    /// `needed` the room in bytes.
    ///
    /// # Errors
    /// When something has that name, there is no room, or the folder cannot be written.
    pub fn begin(target: &Path, unique: &str, needed: u64) -> Result<Self, BackupFileError> {
        for path in [target.to_owned(), description_of(target)] {
            if path.symlink_metadata().is_ok() {
                return Err(BackupFileError::Exists(path));
            }
        }
        let folder = folder_of(target);
        if !folder.exists() {
            fs::create_dir_all(folder).map_err(io(folder))?;
        }
        if let Some(free) = free(folder).filter(|free| *free < needed) {
            return Err(BackupFileError::NoRoom { folder: folder.to_owned(), free: bytes(free), needed: bytes(needed) });
        }
        let mut name = target.file_name().unwrap_or_default().to_owned();
        name.push(format!(".{unique}{PARTIAL}"));
        let path = folder.join(name);
        create(&path).map_err(io(&path))?;
        Ok(Self { path, target: target.to_owned() })
    }

    /// Where it is written.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Its folder.
    pub fn folder(&self) -> &Path {
        folder_of(&self.target)
    }

    /// Its size in bytes.
    ///
    /// # Errors
    /// What the file system refuses.
    pub fn size(&self) -> Result<u64, BackupFileError> {
        self.path.metadata().map(|data| data.len()).map_err(io(&self.path))
    }

    /// Writes it through to the disk and gives it its name.
    ///
    /// # Errors
    /// When something has that name by now, or the file system refuses.
    pub fn publish(self) -> Result<(), BackupFileError> {
        let opened = File::open(&self.path).map_err(io(&self.path))?;
        opened.sync_all().map_err(io(&self.path))?;
        name(&self.path, &self.target)?;
        sync_folder(self.folder());
        Ok(())
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        for suffix in ["", "-journal", "-wal", "-shm"] {
            let mut name = self.path.as_os_str().to_owned();
            name.push(suffix);
            let _ = fs::remove_file(name);
        }
    }
}

/// The small file beside a backup.
pub fn description_of(backup: &Path) -> PathBuf {
    let mut name = backup.as_os_str().to_owned();
    name.push(".json");
    name.into()
}

/// Writes the small file beside `backup`.
///
/// # Errors
/// When there is one, or the file system refuses.
pub fn write_description(backup: &Path, unique: &str, text: &str) -> Result<(), BackupFileError> {
    let target = description_of(backup);
    if target.symlink_metadata().is_ok() {
        return Err(BackupFileError::Exists(target));
    }
    let mut name = target.as_os_str().to_owned();
    name.push(format!(".{unique}{PARTIAL}"));
    let draft = Draft { path: name.into(), target };
    let mut file = create(&draft.path).map_err(io(&draft.path))?;
    file.write_all(text.as_bytes()).map_err(io(&draft.path))?;
    draft.publish()
}

/// Reads the small file beside `backup`; `None` where there is none.
///
/// # Errors
/// When the backup itself is not there, or either cannot be read.
pub fn read_description(backup: &Path) -> Result<Option<String>, BackupFileError> {
    let data = backup.metadata().map_err(io(backup))?;
    if !data.is_file() {
        let error = io::Error::new(io::ErrorKind::InvalidInput, "it is no file");
        return Err(BackupFileError::Io { path: backup.to_owned(), error });
    }
    let path = description_of(backup);
    match fs::read_to_string(&path) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(BackupFileError::Io { path, error }),
    }
}

/// The size of a file in bytes, and its SHA-256.
///
/// # Errors
/// When it cannot be read.
pub fn fingerprint(path: &Path) -> Result<(u64, String), BackupFileError> {
    let mut file = File::open(path).map_err(io(path))?;
    let (mut hash, mut buffer, mut size) = (Sha256::new(), vec![0; 1 << 20], 0);
    loop {
        let read = file.read(&mut buffer).map_err(io(path))?;
        if read == 0 {
            break;
        }
        hash.update(&buffer[..read]);
        size += read as u64;
    }
    Ok((size, hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()))
}

/// What backups that were broken off have left in `folder`.
pub fn left_overs(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let mut found: Vec<PathBuf> = entries
        .filter_map(Result::ok)
        .filter(|entry| {
            let name = entry.file_name().to_string_lossy().into_owned();
            name.ends_with(PARTIAL) || name.starts_with("manage_scratch_")
        })
        .map(|entry| entry.path())
        .collect();
    found.sort();
    found
}

/// `1.2 GB`, as people say it: powers of ten.
pub fn bytes(number: u64) -> String {
    let mut value = number as f64;
    for unit in ["bytes", "kB", "MB", "GB", "TB"] {
        if value < 999.5 || unit == "TB" {
            return if unit == "bytes" || value >= 99.5 { format!("{value:.0} {unit}") } else { format!("{value:.1} {unit}") };
        }
        value /= 1000.0;
    }
    String::new()
}

fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

fn create(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

/// A rename that overwrites nothing. Where the file system has no links, a moment is left in which it could.
fn name(from: &Path, to: &Path) -> Result<(), BackupFileError> {
    match fs::hard_link(from, to) {
        Ok(()) => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Err(BackupFileError::Exists(to.to_owned())),
        Err(_) if to.symlink_metadata().is_ok() => Err(BackupFileError::Exists(to.to_owned())),
        Err(_) => fs::rename(from, to).map_err(io(to)),
    }
}

fn sync_folder(folder: &Path) {
    // Not every file system can; the file itself is on the disk.
    if let Ok(folder) = File::open(folder) {
        let _ = folder.sync_all();
    }
}

#[cfg(unix)]
fn free(folder: &Path) -> Option<u64> {
    let data = rustix::fs::statvfs(folder).ok()?;
    Some(data.f_bavail.saturating_mul(data.f_frsize))
}

#[cfg(not(unix))]
fn free(_: &Path) -> Option<u64> {
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_read_as_people_say_them() {
        assert_eq!(bytes(0), "0 bytes");
        assert_eq!(bytes(12_345), "12.3 kB");
        assert_eq!(bytes(999_999), "1.0 MB");
        assert_eq!(bytes(1_204_000_000), "1.2 GB");
    }
}
