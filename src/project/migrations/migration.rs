//! A migration as its files say it.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::domain::checksum::Checksum;
use crate::domain::engine::Engine;
use crate::domain::explain::Place;
use crate::domain::sql::{self, Piece, SplitError};
use crate::domain::version::Version;
use crate::project::config::Layout;

/// An ordered change with its way back.
#[derive(Debug, Clone)]
pub struct Migration {
    /// Its version.
    pub version: Version,
    /// Its name, without the version.
    pub name: String,
    /// The folder of its files.
    pub folder: PathBuf,
    /// The way forward.
    pub up: Script,
    /// The way back; `None` where there is no file, or one of zero bytes.
    pub down: Option<Script>,
    /// Whether it runs in a transaction.
    pub run_in_transaction: bool,
    /// Whether it changes the schema or the data.
    pub kind: Kind,
    /// What is odd about its files, but no error.
    pub warnings: Vec<Warning>,
    /// Where it is recorded.
    pub keeper: Keeper,
}

/// Where the history of a migration is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Keeper {
    /// In diesel's table.
    Diesel,
    /// In refinery's table.
    Refinery,
    /// As a version in the settings table of this name.
    Settings(Arc<str>),
}

impl Migration {
    /// Whether it may run after later ones by its definition: refinery's `U` files.
    pub fn may_run_late(&self) -> bool {
        self.keeper == Keeper::Refinery && self.up.file_name().starts_with('U')
    }

    /// The layout of its files.
    pub fn layout(&self) -> Layout {
        match self.keeper {
            Keeper::Diesel => Layout::Diesel,
            Keeper::Refinery => Layout::Refinery,
            Keeper::Settings(_) => Layout::Numbered,
        }
    }
}

impl fmt::Display for Migration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.version, self.name)
    }
}

/// What a migration changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Kind {
    /// The schema.
    #[default]
    Schema,
    /// Rows: `kind = "data"` in `metadata.toml`.
    Data,
}

/// A file that means something else than its author may think.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Warning {
    /// Where.
    pub place: Place,
    /// What.
    pub message: String,
}

/// An SQL file: its text and the statements in it.
#[derive(Debug, Clone)]
pub struct Script {
    /// The file.
    pub file: PathBuf,
    /// Its text.
    pub text: String,
    /// How it is read.
    pub engine: Engine,
}

impl Script {
    /// The statements.
    ///
    /// # Errors
    /// When a string or a comment is not closed.
    pub fn pieces(&self) -> Result<Vec<Piece>, SplitError> {
        sql::split(&self.text, self.engine)
    }

    /// The checksum of the text.
    pub fn checksum(&self) -> Checksum {
        Checksum::of(&self.text, self.engine)
    }

    /// The place of byte `offset`.
    pub fn place(&self, offset: usize) -> Place {
        Place::in_text(&self.file, &self.text, offset)
    }

    /// The file's name as it stands in messages: `up.sql`.
    pub fn file_name(&self) -> String {
        Path::file_name(&self.file).map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
    }
}
