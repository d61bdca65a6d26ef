//! Tokens: what a lexer makes of a text.

use crate::domain::engine::Engine;

use super::lex_postgres::Postgres;
use super::lex_sqlite;

/// What a token is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenKind {
    /// Blanks and line ends; also a byte-order mark.
    Space,
    /// `-- …` up to the end of the line.
    LineComment,
    /// `/* … */`; nested on PostgreSQL, and on SQLite closed by the end of the text too.
    BlockComment,
    /// A keyword or a bare name.
    Word,
    /// `"name"`, `U&"name"`; on SQLite also `` `name` `` and `[name]`.
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
    /// Anything else: an operator (`=`, `||`, `::`) or one other character.
    Punctuation,
    /// PostgreSQL: a command of psql, from its backslash to the end of the line.
    PsqlCommand,
    /// PostgreSQL: the lines that follow `COPY … FROM STDIN;`, up to and with the line `\.`.
    CopyData,
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
pub fn tokens(text: &str, engine: Engine) -> Tokens<'_> {
    let dialect = match engine {
        Engine::Sqlite => Dialect::Sqlite,
        Engine::Postgres => Dialect::Postgres(Postgres::default()),
    };
    Tokens { text, at: 0, dialect }
}

/// The iterator behind [`tokens`].
#[derive(Debug, Clone)]
pub struct Tokens<'a> {
    text: &'a str,
    at: usize,
    dialect: Dialect,
}

#[derive(Debug, Clone)]
enum Dialect {
    Sqlite,
    Postgres(Postgres),
}

impl Tokens<'_> {
    /// Whether the lines after this one are the data of a `COPY … FROM STDIN`.
    pub(super) fn awaits_copy_data(&self) -> bool {
        matches!(&self.dialect, Dialect::Postgres(postgres) if postgres.awaits_copy_data())
    }
}

impl Iterator for Tokens<'_> {
    type Item = Token;

    fn next(&mut self) -> Option<Token> {
        let start = self.at;
        if start == self.text.len() {
            return None;
        }
        let (kind, end) = match &mut self.dialect {
            Dialect::Sqlite => lex_sqlite::scan(self.text, start),
            Dialect::Postgres(postgres) => postgres.scan(self.text, start),
        };
        self.at = end;
        Some(Token { kind, start, end })
    }
}

#[cfg(test)]
#[path = "token_tests.rs"]
mod tests;
