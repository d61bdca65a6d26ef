//! The splitter: a file becomes statements with their places.

use std::ops::Range;

use crate::domain::engine::Engine;

use super::copy;
use super::ends::StatementEnd;
use super::token::{Token, TokenKind, tokens};

/// A statement of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Piece {
    /// First byte of the statement's own text, after blanks and comments before it.
    pub start: usize,
    /// One past the last byte of the statement's own text, without blanks and comments behind it and its `;`.
    pub end: usize,
    /// One past the last byte that belongs to the piece: its `;` and its data included. The pieces' spans, each
    /// from the last one's `until`, cover the file up to what follows the last statement.
    pub until: usize,
    /// Line of `start`, counted from 1.
    pub line: usize,
    /// PostgreSQL: the data lines of a `COPY … FROM STDIN`, without the line `\.` that ends them.
    pub data: Option<Range<usize>>,
}

impl Piece {
    /// The statement within `source`, without its `;`.
    pub fn sql<'a>(&self, source: &'a str) -> &'a str {
        &source[self.start..self.end]
    }
}

/// A file that cannot be split.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SplitError {
    /// A string, a quoted name or a comment is not closed.
    #[error("{what} is not closed")]
    Unclosed {
        /// What: `the string`, `the comment` …
        what: &'static str,
        /// Byte at which it begins.
        at: usize,
    },
    /// A zero byte: SQLite would ignore what follows it, PostgreSQL refuses it.
    #[error("the file contains a zero byte")]
    ZeroByte {
        /// Where it stands.
        at: usize,
    },
    /// Something stands between `COPY … FROM STDIN;` and the end of its line. psql would run it after the data.
    #[error("`COPY … FROM STDIN;` is not the last statement of its line")]
    BehindCopy {
        /// Byte at which it begins.
        at: usize,
    },
}

impl SplitError {
    /// The byte at which the trouble begins.
    pub fn at(&self) -> usize {
        match self {
            Self::Unclosed { at, .. } | Self::ZeroByte { at } | Self::BehindCopy { at } => *at,
        }
    }
}

/// The statements of `text`, as `engine`'s plain client would find them.
///
/// A command of psql is a piece of its own. Statements that are empty give no piece.
///
/// # Errors
/// When something is not closed, and when no client could run the file as it reads.
pub fn split(text: &str, engine: Engine) -> Result<Vec<Piece>, SplitError> {
    if let Some(at) = text.find('\0') {
        return Err(SplitError::ZeroByte { at });
    }
    let mut splitter = Splitter::new(text, engine);
    let mut tokens = tokens(text, engine);
    loop {
        let awaits_data = tokens.awaits_copy_data();
        let Some(token) = tokens.next() else { break };
        match token.kind {
            TokenKind::Unclosed => return Err(SplitError::Unclosed { what: unclosed(token.text(text)), at: token.start }),
            TokenKind::Space | TokenKind::LineComment => {}
            TokenKind::CopyData => splitter.take_data(token),
            _ if awaits_data => return Err(SplitError::BehindCopy { at: token.start }),
            TokenKind::BlockComment => {}
            _ => splitter.take(token),
        }
    }
    Ok(splitter.finish())
}

struct Splitter<'a> {
    text: &'a str,
    end: StatementEnd,
    open: Option<Range<usize>>,
    pieces: Vec<Piece>,
    /// The line of the byte up to which lines have been counted.
    line: usize,
    counted: usize,
}

impl<'a> Splitter<'a> {
    fn new(text: &'a str, engine: Engine) -> Self {
        Self { text, end: StatementEnd::new(engine), open: None, pieces: Vec::new(), line: 1, counted: 0 }
    }

    fn take(&mut self, token: Token) {
        let ends = self.end.see(token.kind, token.text(self.text));
        match token.kind {
            TokenKind::PsqlCommand => {
                self.close(token.start);
                self.open = Some(token.start..token.end);
                self.close(token.end);
            }
            _ if ends => self.close(token.end),
            _ => self.open.get_or_insert(token.start..token.end).end = token.end,
        }
    }

    fn close(&mut self, until: usize) {
        let Some(Range { start, end }) = self.open.take() else { return };
        self.line += self.text[self.counted..start].bytes().filter(|byte| *byte == b'\n').count();
        self.counted = start;
        self.pieces.push(Piece { start, end, until, line: self.line, data: None });
    }

    fn take_data(&mut self, token: Token) {
        if let Some(piece) = self.pieces.last_mut() {
            piece.until = token.end;
            piece.data = Some(token.start..token.start + copy::data_length(token.text(self.text)));
        }
    }

    fn finish(mut self) -> Vec<Piece> {
        // A last statement without its `;` ends with the file's last token, not with the blanks behind it.
        let end = self.open.as_ref().map_or(0, |open| open.end);
        self.close(end);
        self.pieces
    }
}

fn unclosed(token: &str) -> &'static str {
    let opening = token.trim_start_matches(|c: char| c.is_ascii_alphabetic() || c == '&').chars().next();
    match opening {
        Some('/') => "the comment",
        Some('\'') => "the string",
        Some('$') => "the dollar-quoted string",
        _ => "the quoted name",
    }
}

#[cfg(test)]
#[path = "pieces_tests.rs"]
mod tests;
