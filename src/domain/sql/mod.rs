//! SQL as text: tokens, pieces (statements with their places) and what can be told from their words.
//!
//! One lexer serves both dialects. It never fails on a statement that it does not know: databases judge SQL,
//! this module only finds where a statement begins and ends.

pub mod classify;
pub mod pieces;
pub mod token;

use super::engine::Engine;

pub use classify::{ConcurrentIndex, Statement, classify, concurrent_index};
pub use pieces::{Piece, SplitError, split};
pub use token::{Token, TokenKind, tokens};

/// The texts of all tokens of `text` that are neither white space nor comment.
pub fn significant_tokens(text: &str, engine: Engine) -> impl Iterator<Item = &str> {
    tokens(text, engine).filter(|token| !token.kind.is_trivia()).map(move |token| token.text(text))
}

/// The place of the line `-- manage: NAME …` in `text`, where there is one.
pub fn directive(text: &str, engine: Engine, name: &str) -> Option<usize> {
    let _ = engine;
    text.find(&format!("-- manage: {name}"))
}
