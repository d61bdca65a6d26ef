//! What every error of the project can tell: its class, its place, its cause and the next step.
//!
//! Each module raises errors of its own and words them beside the variant; this trait is how the command
//! line and an embedding application read them without knowing the type.

use std::fmt;
use std::path::PathBuf;

/// How a failure is to be treated. The command line gives each class one exit code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Class {
    /// A check failed, or work is pending where none was allowed.
    Check,
    /// The call, the configuration or a file is not valid.
    Usage,
    /// It could not run: connection, permission, SQL error.
    CouldNotRun,
    /// A guard refused.
    Refused,
    /// What was found is not what was planned: edited, missing or out-of-order migrations, drift.
    Conflict,
    /// Another run holds the lock.
    Locked,
    /// Stopped half-way, and can be resumed.
    Stopped,
}

/// A place in a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The file, as the person would type it.
    pub file: PathBuf,
    /// Line, counted from 1.
    pub line: Option<usize>,
    /// Column in characters, counted from 1.
    pub column: Option<usize>,
    /// The text of that line, where it is known.
    pub excerpt: Option<String>,
}

impl Place {
    /// A whole file.
    pub fn file(file: impl Into<PathBuf>) -> Self {
        Self { file: file.into(), line: None, column: None, excerpt: None }
    }

    /// The place of byte `offset` in `text`, which is the content of `file`.
    pub fn in_text(file: impl Into<PathBuf>, text: &str, offset: usize) -> Self {
        let mut offset = offset.min(text.len());
        while !text.is_char_boundary(offset) {
            offset -= 1;
        }
        let before = &text[..offset];
        let start = before.rfind('\n').map_or(0, |at| at + 1);
        let end = text[offset..].find('\n').map_or(text.len(), |at| offset + at);
        Self {
            file: file.into(),
            line: Some(before.matches('\n').count() + 1),
            column: Some(text[start..offset].chars().count() + 1),
            excerpt: Some(text[start..end].trim_end_matches('\r').to_owned()),
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.file.display())?;
        if let Some(line) = self.line {
            write!(f, ":{line}")?;
            if let Some(column) = self.column {
                write!(f, ":{column}")?;
            }
        }
        Ok(())
    }
}

/// An error that can tell where it happened and what to do next.
///
/// `Display` is a lower-case phrase without a full stop; `source()` is the cause and is not repeated in it.
pub trait Explain: std::error::Error {
    /// How the failure is to be treated.
    fn class(&self) -> Class;

    /// Where it happened.
    fn place(&self) -> Option<Place> {
        None
    }

    /// The cause, where there is one: what the database, the system or another part said.
    fn cause(&self) -> Option<String> {
        self.source().map(ToString::to_string)
    }

    /// One action, ideally a command to paste.
    fn hint(&self) -> Option<String> {
        None
    }

    /// The database's own code: an SQLSTATE on PostgreSQL, the name of the result code on SQLite.
    fn sqlstate(&self) -> Option<&str> {
        None
    }

    /// Further lines: the database's detail, what was done before, what was not tried.
    fn details(&self) -> Vec<String> {
        Vec::new()
    }
}
