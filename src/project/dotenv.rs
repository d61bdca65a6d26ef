//! `.env`: variables for who does not want to set them in the shell. They never override the real ones.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use crate::domain::explain::{Class, Explain, Place};

/// Reads the `.env` of `folder`; nothing where there is none.
///
/// # Errors
/// When the file cannot be read, or a line of it is not valid. No error shows a value.
pub fn read(folder: &Path) -> Result<HashMap<String, String>, DotenvError> {
    let file = folder.join(".env");
    let text = match std::fs::read_to_string(&file) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(HashMap::new()),
        Err(error) => return Err(DotenvError::Unreadable { file, error }),
    };
    let mut variables = HashMap::new();
    for pair in dotenvy::from_read_iter(text.as_bytes()) {
        let (name, value) = pair.map_err(|error| DotenvError::Line { place: place(&file, &text, &error) })?;
        // As a shell would do it that sources the file: the last one wins.
        variables.insert(name, value);
    }
    Ok(variables)
}

fn place(file: &Path, text: &str, error: &dotenvy::Error) -> Place {
    let line = match error {
        // Either the whole line or what follows the name is told.
        dotenvy::Error::LineParse(part, _) => text.lines().position(|line| line.trim().ends_with(part.trim())),
        _ => None,
    };
    Place { line: line.map(|line| line + 1), ..Place::file(file) }
}

/// A `.env` that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum DotenvError {
    /// The file cannot be read.
    #[error("cannot read {}", .file.display())]
    Unreadable {
        /// The file.
        file: PathBuf,
        /// Why.
        #[source]
        error: std::io::Error,
    },
    /// A line is not `NAME=value`.
    #[error("a line is not NAME=value")]
    Line {
        /// Which; without its text, since it may hold a password.
        place: Place,
    },
}

impl Explain for DotenvError {
    fn class(&self) -> Class {
        match self {
            Self::Unreadable { .. } => Class::CouldNotRun,
            Self::Line { .. } => Class::Usage,
        }
    }

    fn place(&self) -> Option<Place> {
        match self {
            Self::Unreadable { .. } => None,
            Self::Line { place } => Some(place.clone()),
        }
    }

    fn hint(&self) -> Option<String> {
        Some(match self {
            Self::Unreadable { .. } => "check who may read the file".to_owned(),
            Self::Line { .. } => "quote values with blanks: NAME=\"two words\"".to_owned(),
        })
    }
}
