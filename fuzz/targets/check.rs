//! What must hold for every text, in both dialects.

use manage::domain::engine::Engine;
use manage::domain::sql::{Piece, changes, classify, concurrent_index, directives, split, tokens};

/// Reads `text` in both dialects, and each of its pieces in every way in which a piece is read.
///
/// # Panics
/// When tokens or pieces lose, double or move a byte, when a piece alone is not the same piece, and when two
/// readers disagree.
pub fn check(text: &str) {
    for engine in [Engine::Sqlite, Engine::Postgres] {
        check_tokens(text, engine);
        check_directives(text, engine);
        if let Ok(pieces) = split(text, engine) {
            check_pieces(text, &pieces);
            for piece in &pieces {
                check_piece(piece.sql(text), engine);
            }
        }
        read(text, engine);
    }
}

fn check_tokens(text: &str, engine: Engine) {
    let mut at = 0;
    for token in tokens(text, engine) {
        assert_eq!(token.start, at, "a token begins where the one before it ends");
        assert!(token.end > at && text.is_char_boundary(token.end), "a token ends behind its beginning");
        at = token.end;
    }
    assert_eq!(at, text.len(), "the tokens reach to the end");
}

fn check_directives(text: &str, engine: Engine) {
    for directive in directives(text, engine) {
        assert!(text[directive.at..].starts_with("--") && text[directive.at..].contains(directive.text));
    }
}

/// Joins the file again: what stands before each statement, the statement, what stands behind it, and the rest.
fn check_pieces(text: &str, pieces: &[Piece]) {
    let mut joined = String::with_capacity(text.len());
    let mut line = 1;
    for piece in pieces {
        assert!(joined.len() <= piece.start && piece.start < piece.end && piece.end <= piece.until);
        line += text[joined.len()..piece.start].matches('\n').count();
        assert_eq!(piece.line, line, "the line of the piece at {}", piece.start);
        if let Some(data) = &piece.data {
            assert!(piece.end <= data.start && data.start <= data.end && data.end <= piece.until);
        }
        line += text[piece.start..piece.until].matches('\n').count();
        joined.push_str(&text[joined.len()..piece.start]);
        joined.push_str(piece.sql(text));
        joined.push_str(&text[piece.end..piece.until]);
    }
    joined.push_str(&text[joined.len()..]);
    assert_eq!(joined, text, "the pieces join to the file");
}

fn check_piece(sql: &str, engine: Engine) {
    read(sql, engine);
    // At the start of a text this mark is white space; elsewhere PostgreSQL takes it for a letter.
    if sql.starts_with('\u{feff}') {
        return;
    }
    let again = split(sql, engine).expect("a piece can be split");
    let [piece] = &again[..] else { panic!("a piece is one statement: {again:?}") };
    assert_eq!(piece.sql(sql), sql, "a piece is itself");
}

fn read(sql: &str, engine: Engine) {
    let _ = (classify(sql, engine), concurrent_index(sql));
    for change in changes(sql, engine) {
        assert!(sql.is_char_boundary(change.at), "a change has a place in its statement");
    }
    assert!(directives(sql, engine).all(|directive| directive.at < sql.len()));
}
