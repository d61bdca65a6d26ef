//! Something that a rule found.

use crate::domain::explain::Place;
use crate::domain::version::Version;

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// It fails, loses data, or stops those who work with the database: the check fails.
    Error,
    /// It may; somebody should look.
    Warning,
    /// A habit worth having.
    Hint,
}

impl Severity {
    /// The word in texts and JSON.
    pub fn word(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Hint => "hint",
        }
    }
}

/// A finding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The rule's name.
    pub rule: &'static str,
    /// How bad it is.
    pub severity: Severity,
    /// The migration.
    pub version: Version,
    /// Where.
    pub place: Place,
    /// What is wrong, a phrase.
    pub message: String,
    /// The safe way.
    pub help: String,
}
