//! The lexer.

use crate::domain::engine::Engine;

/// What a token is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenKind {
    /// Blanks and line ends.
    Space,
    /// `-- …` up to the end of the line.
    LineComment,
    /// `/* … */`; nested on PostgreSQL.
    BlockComment,
    /// A keyword or a bare name.
    Word,
    /// `"name"`; on SQLite also `` `name` `` and `[name]`.
    QuotedName,
    /// Any kind of string: `'…'`, `E'…'`, `B'…'`, `X'…'`, `U&'…'`, `$tag$…$tag$`.
    String,
    /// A number.
    Number,
    /// `;`
    Semicolon,
    /// `(` or `[`.
    Open,
    /// `)` or `]`.
    Close,
    /// `$1`, `?1`, `:name`, `@name`.
    Parameter,
    /// Anything else, one character (or `::`).
    Punctuation,
    /// A string, quoted name or comment that is not closed before the end.
    Unclosed,
}

impl TokenKind {
    /// White space and comments.
    pub fn is_trivia(self) -> bool {
        matches!(self, Self::Space | Self::LineComment | Self::BlockComment)
    }
}

/// A token: a kind and a range of bytes. The tokens of a text cover it without gaps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Token {
    /// What it is.
    pub kind: TokenKind,
    /// First byte.
    pub start: usize,
    /// One past the last byte.
    pub end: usize,
}

impl Token {
    /// Its text within `source`.
    pub fn text<'a>(&self, source: &'a str) -> &'a str {
        &source[self.start..self.end]
    }
}

/// The tokens of `text` as `engine` reads them.
pub fn tokens(text: &str, engine: Engine) -> impl Iterator<Item = Token> {
    let _ = engine;
    let end = text.len();
    std::iter::once(Token { kind: TokenKind::Word, start: 0, end }).filter(move |_| end > 0)
}
