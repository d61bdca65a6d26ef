//! Files of a project that are read as text: probes, exports, templates; and files that are written once.

use std::io::Write;
use std::path::{Path, PathBuf};

use crate::domain::engine::Engine;
use crate::domain::explain::{Class, Explain};

/// Where probes lie.
pub const PROBES: &str = "probes";
/// Where exports lie.
pub const EXPORTS: &str = "exports";
/// Where the notice lies.
pub const NOTICE: &str = "templates/notice.md";

/// A file that cannot be read or written.
#[derive(Debug, thiserror::Error)]
#[error("cannot {} {}", .verb, .file.display())]
pub struct TextError {
    verb: &'static str,
    file: PathBuf,
    #[source]
    error: std::io::Error,
}

impl Explain for TextError {
    fn class(&self) -> Class {
        Class::CouldNotRun
    }

    fn hint(&self) -> Option<String> {
        Some(match self.error.kind() {
            std::io::ErrorKind::AlreadyExists => "nothing is overwritten: name another folder".to_owned(),
            _ => "check the path, and who may use it".to_owned(),
        })
    }
}

/// The text of a file.
///
/// # Errors
/// When it cannot be read, or is not UTF-8.
pub fn read(file: &Path) -> Result<String, TextError> {
    std::fs::read_to_string(file).map_err(|error| TextError { verb: "read", file: file.to_owned(), error })
}

/// The SQL files of a folder for a database, ordered by name: `x.sqlite.sql` and `x.postgres.sql` count on theirs only.
/// A folder that is not there has none.
///
/// # Errors
/// When the folder or a file cannot be read.
pub fn sql_files(folder: &Path, engine: Engine) -> Result<Vec<(PathBuf, String)>, TextError> {
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(TextError { verb: "read", file: folder.to_owned(), error }),
    };
    let mut files: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).filter(|path| counts(path, engine)).collect();
    files.sort();
    files.into_iter().map(|file| read(&file).map(|text| (file, text))).collect()
}

fn counts(file: &Path, engine: Engine) -> bool {
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    let Some(stem) = name.strip_suffix(".sql").filter(|stem| !stem.starts_with('.')) else { return false };
    let other = [Engine::Sqlite, Engine::Postgres].into_iter().filter(|other| *other != engine);
    file.is_file() && !other.into_iter().any(|other| stem.ends_with(&format!(".{}", other.word())))
}

/// Writes files into a folder that is not there yet. Nothing is overwritten.
///
/// # Errors
/// When the folder is there, or cannot be written.
pub fn write_new(folder: &Path, files: &[(&str, &str)]) -> Result<Vec<PathBuf>, TextError> {
    let failed = |file: &Path| {
        let file = file.to_owned();
        move |error| TextError { verb: "write", file, error }
    };
    if let Some(parent) = folder.parent() {
        std::fs::create_dir_all(parent).map_err(failed(parent))?;
    }
    std::fs::create_dir(folder).map_err(failed(folder))?;
    let write = |(name, text): &(&str, &str)| {
        let file = folder.join(name);
        let mut new = std::fs::File::create_new(&file).map_err(failed(&file))?;
        new.write_all(text.as_bytes()).and_then(|()| new.sync_all()).map_err(failed(&file))?;
        Ok(file)
    };
    files.iter().map(write).collect()
}
