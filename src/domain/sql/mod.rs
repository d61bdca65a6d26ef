//! SQL as text: tokens, pieces (statements with their places) and what can be told from their words.
//!
//! One stream of tokens serves both dialects; each dialect has its own lexer, which follows the database's own
//! (PostgreSQL's `scan.l` with psql's `psqlscan.l`, SQLite's `tokenize.c`). Nothing here fails on a statement
//! that it does not know: databases judge SQL, this module only finds where a statement begins and ends.
//!
//! | file | idea |
//! |---|---|
//! | `token` | a token, and the stream of them |
//! | `lex_postgres`, `lex_sqlite`, `scan` | the next token of each dialect, and what both lexers share |
//! | `pieces`, `ends`, `copy` | where statements end, and the data lines that follow a `COPY` |
//! | `classify`, `outside`, `index`, `words` | what a statement is, read word by word |
//! | `changes`, `change` | which tables, columns and rows a statement changes |
//! | `directives` | `-- manage: …` |
//! | `binds` | `:name` parameters become the database's own placeholders |
//! | `query` | what a query mentions: tables, functions, qualified names, its own `WITH` |
//! | `statement` | the one statement of a script that writes: its verb and its table |
//! | `conditions` | `-- manage: unless column …`, before a statement |
//!
//! PostgreSQL's `standard_conforming_strings` is taken to be on, as it is since 9.1.

pub mod binds;
pub mod change;
pub mod changes;
pub mod classify;
pub mod conditions;
pub mod directives;
pub mod index;
pub mod pieces;
pub mod query;
pub mod statement;
pub mod token;

mod copy;
mod ends;
mod lex_postgres;
mod lex_sqlite;
mod outside;
mod scan;
mod words;

#[cfg(test)]
mod properties;

use super::engine::Engine;

pub use change::{Change, Refused, What};
pub use changes::changes;
pub use classify::{Statement, classify};
pub use conditions::{BadCondition, Condition, conditions};
pub use directives::{Directive, directives};
pub use index::{ConcurrentIndex, concurrent_index};
pub use pieces::{Piece, SplitError, split};
pub use token::{Token, TokenKind, Tokens, tokens};

/// The texts of all tokens of `text` that are neither white space nor comment.
pub fn significant_tokens(text: &str, engine: Engine) -> impl Iterator<Item = &str> {
    tokens(text, engine).filter(|token| !token.kind.is_trivia()).map(move |token| token.text(text))
}

/// The place of the line `-- manage: NAME …` in `text`, where there is one.
pub fn directive(text: &str, engine: Engine, name: &str) -> Option<usize> {
    directives(text, engine).find(|known| known.text.split_whitespace().next() == Some(name)).map(|known| known.at)
}
