//! Scripts that have done their work: they stay, and do not run.

use std::path::{Path, PathBuf};

use super::error::ScriptError;
use super::load::{self, File};
use super::script::Kind;

/// The folder within the folder of scripts.
pub const FOLDER: &str = "archive";

/// The files of the archive. Nothing is asked of what is in them.
///
/// # Errors
/// When the folder cannot be read.
pub fn archived(folder: &Path) -> Result<Vec<File>, ScriptError> {
    Ok(load::files(&folder.join(FOLDER))?.into_iter().filter_map(Result::ok).collect())
}

/// Puts the files of a script into the archive, its variants with it; gives their places before and after.
///
/// # Errors
/// When the archive has one of them already, or the folder cannot be written.
pub fn archive(folder: &Path, kind: Kind, name: &str) -> Result<Vec<(PathBuf, PathBuf)>, ScriptError> {
    let mut moves = Vec::new();
    for file in load::files(folder)?.into_iter().filter_map(Result::ok) {
        if file.kind == kind && file.name == name {
            let target = folder.join(FOLDER).join(file.path.file_name().unwrap_or_default());
            if target.exists() {
                return Err(ScriptError::Exists { file: target });
            }
            moves.push((file.path, target));
        }
    }
    let unwritable =
        |file: &Path, error: std::io::Error| ScriptError::File { verb: "write", file: file.to_owned(), cause: error.to_string() };
    let archive = folder.join(FOLDER);
    std::fs::create_dir_all(&archive).map_err(|error| unwritable(&archive, error))?;
    for (from, to) in &moves {
        std::fs::rename(from, to).map_err(|error| unwritable(to, error))?;
    }
    Ok(moves)
}
