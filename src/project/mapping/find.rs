//! Where the mapping is.

use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use super::error::MappingError;
use super::spec::Mapping;
use crate::project::Project;

impl Project {
    /// The mapping of a project that has one.
    pub const MAPPING: &'static str = "transfer.toml";

    /// The folder of mappings of a project that has several.
    pub const MAPPINGS: &'static str = "transfers";
}

/// Reads the mapping that was named, else that of the project in `folder`: `transfer.toml`, or the only file in
/// `transfers`.
///
/// # Errors
/// When there is none or more than one, or it is not valid.
pub fn find_mapping(named: Option<&Path>, folder: &Path) -> Result<Mapping, MappingError> {
    let file = match named {
        Some(file) => file.to_owned(),
        None => usual(folder)?,
    };
    let bytes = fs::read(&file).map_err(|error| MappingError::Unreadable { file: file.clone(), error })?;
    Mapping::parse(&file, &bytes)
}

fn usual(project: &Path) -> Result<PathBuf, MappingError> {
    let file = project.join(Project::MAPPING);
    if file.is_file() {
        return Ok(file);
    }
    let folder = project.join(Project::MAPPINGS);
    let mut found: Vec<PathBuf> = match fs::read_dir(&folder) {
        Ok(entries) => {
            entries.flatten().map(|entry| entry.path()).filter(|path| path.extension().is_some_and(|end| end == "toml")).collect()
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
        Err(error) => return Err(MappingError::Unreadable { file: folder, error }),
    };
    found.sort();
    match found.len() {
        0 => Err(MappingError::Absent { file, folder }),
        1 => Ok(found.remove(0)),
        count => Err(MappingError::Several { folder, count, first: found.remove(0) }),
    }
}

/// Writes a new mapping: `transfers/NAME.toml`. One that is there is left alone.
///
/// # Errors
/// When it is there, or cannot be written.
pub fn write_mapping(project: &Path, name: &str, text: &str) -> Result<PathBuf, MappingError> {
    let folder = project.join(Project::MAPPINGS);
    let file = folder.join(format!("{name}.toml"));
    let written = fs::create_dir_all(&folder)
        .and_then(|()| fs::OpenOptions::new().write(true).create_new(true).open(&file))
        .and_then(|mut open| open.write_all(text.as_bytes()));
    match written {
        Ok(()) => Ok(file),
        Err(error) => Err(MappingError::Unreadable { file, error }),
    }
}
