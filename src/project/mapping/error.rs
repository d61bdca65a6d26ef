//! A mapping that is not valid.

use std::path::PathBuf;

use crate::domain::explain::{Class, Explain, Place};
use crate::domain::nearest::nearest;

/// A mapping file that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum MappingError {
    /// There is none.
    #[error("there is no mapping: neither {} nor a file in {}", .file.display(), .folder.display())]
    Absent {
        /// The usual file.
        file: PathBuf,
        /// The usual folder.
        folder: PathBuf,
    },
    /// There are several.
    #[error("there are {count} mappings in {}", .folder.display())]
    Several {
        /// The folder.
        folder: PathBuf,
        /// How many.
        count: usize,
        /// One of them.
        first: PathBuf,
    },
    /// The file cannot be read or written.
    #[error("cannot use {}", .file.display())]
    Unreadable {
        /// The file.
        file: PathBuf,
        /// Why.
        #[source]
        error: std::io::Error,
    },
    /// It is not TOML, or has something in it that a mapping does not have.
    #[error("{message}")]
    Invalid {
        /// Where.
        place: Place,
        /// What is wrong.
        message: String,
        /// What to do.
        hint: String,
    },
}

impl MappingError {
    /// What the parser complains about, with the word that may have been meant.
    pub(super) fn from_toml(place: Place, message: &str) -> Self {
        let words: Vec<&str> = message.split('`').skip(1).step_by(2).collect();
        let unknown = message.starts_with("unknown field") || message.starts_with("unknown variant");
        let hint = match words.split_first() {
            Some((word, known)) if unknown => match nearest(word, known.iter().copied()) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("known here are {}", known.join(", ")),
            },
            _ => "correct the line; docs/guide/transfer.md shows every part of a mapping".to_owned(),
        };
        let message = match words.first() {
            Some(word) if message.starts_with("unknown field") => format!("`{word}` is no part of a mapping here"),
            _ => message.to_owned(),
        };
        Self::Invalid { place, message, hint }
    }
}

impl Explain for MappingError {
    fn class(&self) -> Class {
        match self {
            Self::Unreadable { error, .. } if error.kind() != std::io::ErrorKind::NotFound => Class::CouldNotRun,
            _ => Class::Usage,
        }
    }

    fn place(&self) -> Option<Place> {
        match self {
            Self::Invalid { place, .. } => Some(place.clone()),
            _ => None,
        }
    }

    fn hint(&self) -> Option<String> {
        Some(match self {
            Self::Absent { .. } => "make one with `manage new transfer NAME`, or name one: --map FILE".to_owned(),
            Self::Several { first, .. } => format!("name one: --map {}", first.display()),
            Self::Unreadable { .. } => "check the path, and who may read the file".to_owned(),
            Self::Invalid { hint, .. } => hint.clone(),
        })
    }
}
