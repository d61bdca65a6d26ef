//! SQLite's tokens, after `tokenize.c`.

use super::scan::{BOM, Scanned, closed, is_name_part, is_name_start, number, quoted, run};
use super::token::TokenKind::{
    BlockComment, Close, LineComment, Number, Open, Parameter, Punctuation, QuotedName, Semicolon, Space, String, Word,
};

/// The token of `text` that begins at `at`.
pub(super) fn scan(text: &str, at: usize) -> Scanned {
    let bytes = text.as_bytes();
    match &bytes[at..] {
        // A vertical tab may go on with white space, but not begin it.
        [b' ' | b'\t' | b'\n' | b'\r' | 0x0c, ..] => (Space, run(bytes, at, |byte| matches!(byte, b' ' | 9..=13))),
        [0xef, ..] if text[at..].starts_with(BOM) => (Space, at + BOM.len()),
        [b'-', b'-', ..] => (LineComment, run(bytes, at, |byte| byte != b'\n')),
        // A comment that ends with the text is legal; its two opening characters alone are not a comment.
        [b'/', b'*', _, ..] => (BlockComment, text[at + 2..].find("*/").map_or(text.len(), |end| at + 2 + end + 2)),
        [b'\'', ..] => closed(String, quoted(bytes, at + 1, b'\''), bytes),
        [b'x' | b'X', b'\'', ..] => closed(String, behind(text, at + 2, '\''), bytes),
        [quote @ (b'"' | b'`'), ..] => closed(QuotedName, quoted(bytes, at + 1, *quote), bytes),
        [b'[', ..] => closed(QuotedName, behind(text, at + 1, ']'), bytes),
        [b';', ..] => (Semicolon, at + 1),
        [b'(', ..] => (Open, at + 1),
        [b')' | b']', ..] => (Close, at + 1),
        [b'?', ..] => (Parameter, run(bytes, at + 1, |byte| byte.is_ascii_digit())),
        [b'$' | b'@' | b':' | b'#', ..] => named_parameter(bytes, at),
        [b'0'..=b'9', ..] | [b'.', b'0'..=b'9', ..] => (Number, number(bytes, at, false)),
        [first, ..] if is_name_start(*first) => (Word, run(bytes, at, is_name_part)),
        rest => (Punctuation, at + operator(rest)),
    }
}

/// Behind the first `close` from `at` on.
fn behind(text: &str, at: usize, close: char) -> Option<usize> {
    text[at..].find(close).map(|end| at + end + close.len_utf8())
}

/// `:name`, `@name` or `$name`, which may go on with `::name` and end with `(suffix)`, as in Tcl.
fn named_parameter(bytes: &[u8], at: usize) -> Scanned {
    let mut end = at + 1;
    let mut kind = Punctuation;
    loop {
        match &bytes[end..] {
            [byte, ..] if is_name_part(*byte) => {
                kind = Parameter;
                end += 1;
            }
            [b':', b':', ..] => end += 2,
            [b'(', ..] if kind == Parameter => {
                end = run(bytes, end, |byte| byte != b')' && !byte.is_ascii_whitespace());
                return (kind, end + usize::from(bytes.get(end) == Some(&b')')));
            }
            _ => return (kind, end),
        }
    }
}

/// The length of the operator, or of the one character, that `rest` begins with.
fn operator(rest: &[u8]) -> usize {
    match rest {
        [b'-', b'>', b'>', ..] => 3,
        [b'-', b'>', ..] | [b'=', b'=', ..] | [b'!', b'=', ..] | [b'|', b'|', ..] => 2,
        [b'<', b'=' | b'>' | b'<', ..] | [b'>', b'=' | b'>', ..] => 2,
        _ => 1,
    }
}
