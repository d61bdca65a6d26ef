//! One file as the rules see it.

use super::new_things::NewThings;
use crate::domain::sql::{self, Change, Piece, SplitError, Statement};
use crate::project::{Migration, Script};

/// The direction of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    Up,
    Down,
}

/// A file, split and read.
pub(super) struct Reading<'a> {
    pub migration: &'a Migration,
    pub script: &'a Script,
    pub way: Way,
    pub read: Vec<Read>,
    /// Whether the other database runs this very file, too.
    pub shared: bool,
}

/// One statement.
pub(super) struct Read {
    pub piece: Piece,
    pub statement: Statement,
    pub changes: Vec<Change>,
    /// Whether all that it changes was made by this file, before it.
    pub new_here: bool,
    /// Whether all that it changes was made by this file or an earlier one.
    pub new: bool,
}

/// What a rule found, before consent and settings.
#[derive(Debug, Clone)]
pub(super) struct Raw {
    pub rule: &'static str,
    /// The byte of the file; `None` for the file as a whole.
    pub at: Option<usize>,
    pub message: String,
    /// In place of the rule's own.
    pub help: Option<String>,
    /// A hint, though the rule is more.
    pub mild: bool,
}

impl Raw {
    pub(super) fn at(rule: &'static str, at: usize, message: impl Into<String>) -> Self {
        Self { rule, at: Some(at), message: message.into(), help: None, mild: false }
    }

    pub(super) fn file(rule: &'static str, message: impl Into<String>) -> Self {
        Self { rule, at: None, message: message.into(), help: None, mild: false }
    }

    pub(super) fn mild(self) -> Self {
        Self { mild: true, ..self }
    }
}

impl<'a> Reading<'a> {
    /// Reads a file. `before` is what earlier files made.
    pub(super) fn of(migration: &'a Migration, way: Way, script: &'a Script, before: &NewThings) -> Result<Self, SplitError> {
        let (mut here, mut all) = (NewThings::default(), before.clone());
        let mut read = Vec::new();
        for piece in script.pieces()? {
            let text = piece.sql(&script.text);
            let changes = sql::changes(text, script.engine);
            let whole = |known: &NewThings| !changes.is_empty() && changes.iter().all(|change| known.has(&change.what));
            let (new_here, new) = (whole(&here), whole(&all));
            for change in &changes {
                here.see(&change.what);
                all.see(&change.what);
            }
            read.push(Read { statement: sql::classify(text, script.engine), piece, changes, new_here, new });
        }
        Ok(Self { migration, script, way, read, shared: false })
    }

    /// The statements' text.
    pub(super) fn sql(&self, read: &Read) -> &'a str {
        read.piece.sql(&self.script.text)
    }

    /// All changes with their statements.
    pub(super) fn changes(&self) -> impl Iterator<Item = (&Read, &Change)> {
        self.read.iter().flat_map(|read| read.changes.iter().map(move |change| (read, change)))
    }

    /// The number of the statement to which a byte belongs.
    pub(super) fn number(&self, at: usize) -> Option<usize> {
        self.read.iter().position(|read| at < read.piece.until).or(self.read.len().checked_sub(1))
    }

    pub(super) fn in_transaction(&self) -> bool {
        self.migration.run_in_transaction
    }
}
