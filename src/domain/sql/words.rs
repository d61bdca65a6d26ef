//! Reads a statement word by word: keywords that are there or not, and names.

use std::iter::Filter;

use crate::domain::engine::Engine;

use super::token::{Token, TokenKind, Tokens, tokens};

type Significant<'a> = Filter<Tokens<'a>, fn(&Token) -> bool>;

/// A statement with a place in it. Cloning it is looking ahead.
#[derive(Debug, Clone)]
pub(super) struct Words<'a> {
    text: &'a str,
    engine: Engine,
    next: Option<Token>,
    rest: Significant<'a>,
}

/// A name with its schema, if one is written; both as the database's catalogue has them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Name {
    pub schema: Option<String>,
    pub name: String,
}

impl<'a> Words<'a> {
    pub(super) fn new(text: &'a str, engine: Engine) -> Self {
        let significant: fn(&Token) -> bool = |token| !token.kind.is_trivia();
        let mut rest = tokens(text, engine).filter(significant);
        let next = rest.next();
        Self { text, engine, next, rest }
    }

    /// How the statement is read.
    pub(super) fn engine(&self) -> Engine {
        self.engine
    }

    /// Byte at which the next token begins.
    pub(super) fn at(&self) -> usize {
        self.next.map_or(self.text.len(), |token| token.start)
    }

    /// The kind of the next token.
    pub(super) fn kind(&self) -> Option<TokenKind> {
        self.next.map(|token| token.kind)
    }

    /// The text of the next token.
    pub(super) fn peek(&self) -> &'a str {
        self.next.map_or("", |token| &self.text[token.start..token.end])
    }

    /// Whether nothing is left.
    pub(super) fn at_end(&self) -> bool {
        self.kind().is_none_or(|kind| kind == TokenKind::Semicolon)
    }

    /// Whether the next token is one of these words. Words are given in upper case.
    pub(super) fn is(&self, words: &[&str]) -> bool {
        self.kind() == Some(TokenKind::Word) && words.iter().any(|word| self.peek().eq_ignore_ascii_case(word))
    }

    /// Steps over these words if they come next, all of them.
    pub(super) fn eat(&mut self, words: &[&str]) -> bool {
        let mut ahead = self.clone();
        for word in words {
            if !ahead.is(&[word]) {
                return false;
            }
            ahead.step();
        }
        *self = ahead;
        true
    }

    /// Steps over one token.
    pub(super) fn step(&mut self) {
        self.next = self.rest.next();
    }

    /// Whether one of these words comes anywhere from here on.
    pub(super) fn anywhere(&self, words: &[&str]) -> bool {
        let mut ahead = self.clone();
        while !ahead.at_end() {
            if ahead.is(words) {
                return true;
            }
            ahead.step();
        }
        false
    }

    /// Steps over what stands in parentheses, if they come next, and gives it.
    pub(super) fn parenthesised(&mut self) -> Option<&'a str> {
        if self.peek() != "(" {
            return None;
        }
        let start = self.next?.end;
        let mut depth = 0_usize;
        while let Some(token) = self.next {
            match self.peek() {
                "(" => depth += 1,
                ")" => depth -= 1,
                _ => {}
            }
            self.step();
            if depth == 0 {
                return Some(&self.text[start..token.start]);
            }
        }
        Some(&self.text[start..])
    }

    /// Steps over a name of up to three parts. Names with `U&"…"` are not understood.
    pub(super) fn name(&mut self) -> Option<Name> {
        let mut schema = None;
        let mut name = self.name_part()?;
        while self.peek() == "." {
            self.step();
            schema = Some(std::mem::replace(&mut name, self.name_part()?));
        }
        Some(Name { schema, name })
    }

    fn name_part(&mut self) -> Option<String> {
        let part = bare(self.peek(), self.kind()?, self.engine)?;
        self.step();
        Some(part)
    }
}

/// A part of a name without its quotes; on PostgreSQL folded and cut as the server does with it.
pub(super) fn bare(text: &str, kind: TokenKind, engine: Engine) -> Option<String> {
    let name = match kind {
        TokenKind::Word if engine == Engine::Postgres => text.to_ascii_lowercase(),
        TokenKind::Word => text.to_owned(),
        TokenKind::QuotedName => unquoted(text)?,
        // SQLite takes a string for a name where only a name can stand.
        TokenKind::String if engine == Engine::Sqlite => unquoted(text)?,
        _ => return None,
    };
    match engine {
        Engine::Sqlite => Some(name),
        Engine::Postgres => Some(name[..name.floor_char_boundary(POSTGRES_NAME_BYTES)].to_owned()),
    }
}

/// `NAMEDATALEN` less one: longer names are cut by the server.
const POSTGRES_NAME_BYTES: usize = 63;

fn unquoted(text: &str) -> Option<String> {
    let quote = text.chars().next().filter(|quote| matches!(quote, '"' | '`' | '\'' | '['))?;
    let inner = text.get(1..text.len().checked_sub(1)?)?;
    Some(if quote == '[' { inner.to_owned() } else { inner.replace(&format!("{quote}{quote}"), &quote.to_string()) })
}
