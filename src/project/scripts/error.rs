//! A script that is not valid: what is wrong with it, and where.

use std::path::PathBuf;

use crate::domain::explain::{Class, Explain, Place};

/// A script that cannot be used.
#[derive(Debug, Clone, thiserror::Error)]
pub enum ScriptError {
    /// Something in the file.
    #[error("{message}")]
    Invalid {
        /// Where.
        place: Place,
        /// What is wrong.
        message: String,
        /// What to do.
        hint: String,
    },
    /// A file or the folder cannot be read or written.
    #[error("cannot {verb} {}", .file.display())]
    File {
        /// `read` or `write`.
        verb: &'static str,
        /// The file.
        file: PathBuf,
        /// Why.
        cause: String,
    },
    /// No script has the name.
    #[error("there is no script `{name}`")]
    Unknown {
        /// As it was typed.
        name: String,
        /// What to do.
        hint: String,
    },
    /// Several scripts have the name.
    #[error("several scripts are called `{name}`")]
    Several {
        /// As it was typed.
        name: String,
        /// Their names with the words for their kinds.
        full: String,
    },
    /// A file is in the way.
    #[error("{} is there already", .file.display())]
    Exists {
        /// The file.
        file: PathBuf,
    },
    /// A parameter's value.
    #[error("{message}")]
    Parameter {
        /// What is wrong.
        message: String,
        /// What to do.
        hint: String,
    },
}

impl ScriptError {
    /// Something at a place.
    pub fn at(place: Place, message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self::Invalid { place, message: message.into(), hint: hint.into() }
    }
}

impl Explain for ScriptError {
    fn class(&self) -> Class {
        match self {
            Self::File { .. } => Class::CouldNotRun,
            _ => Class::Usage,
        }
    }

    fn place(&self) -> Option<Place> {
        match self {
            Self::Invalid { place, .. } => Some(place.clone()),
            _ => None,
        }
    }

    fn cause(&self) -> Option<String> {
        match self {
            Self::File { cause, .. } => Some(cause.clone()),
            _ => None,
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Invalid { hint, .. } | Self::Unknown { hint, .. } | Self::Parameter { hint, .. } => Some(hint.clone()),
            Self::Several { full, .. } => Some(format!("say which: {full}")),
            Self::Exists { .. } => Some("take another name, or that file away".to_owned()),
            Self::File { .. } => Some("check the path, and who may read and write it".to_owned()),
        }
    }
}
