//! What both lexers share: steps over bytes. Every function takes a place and returns the place behind.
//!
//! Places stay on character boundaries because every stop is at an ASCII byte or at the end.

use super::token::TokenKind;

/// The byte-order mark.
pub(super) const BOM: &str = "\u{feff}";

/// A kind with the end of its token.
pub(super) type Scanned = (TokenKind, usize);

/// `kind` up to `end`; unclosed up to the end of the text when there is no `end`.
pub(super) fn closed(kind: TokenKind, end: Option<usize>, bytes: &[u8]) -> Scanned {
    end.map_or((TokenKind::Unclosed, bytes.len()), |end| (kind, end))
}

/// Behind all bytes from `at` on that `belong`.
pub(super) fn run(bytes: &[u8], at: usize, belong: impl Fn(u8) -> bool) -> usize {
    let mut end = at;
    while end < bytes.len() && belong(bytes[end]) {
        end += 1;
    }
    end
}

/// Behind the closing `quote` of what was opened before `at`. A doubled quote stays inside.
pub(super) fn quoted(bytes: &[u8], at: usize, quote: u8) -> Option<usize> {
    let mut end = at;
    loop {
        let closes = *bytes.get(end)? == quote;
        match bytes.get(end + 1) {
            Some(&next) if closes && next == quote => end += 2,
            _ if closes => return Some(end + 1),
            _ => end += 1,
        }
    }
}

/// Behind a number that begins at `at`, together with letters that are glued to it.
///
/// `1..2` is a range on PostgreSQL (`ranges`) and two numbers on SQLite.
pub(super) fn number(bytes: &[u8], at: usize, ranges: bool) -> usize {
    let digits = |from| run(bytes, from, |byte| byte.is_ascii_digit() || byte == b'_');
    let mut end = digits(at);
    if bytes.get(end) == Some(&b'.') && !(ranges && bytes.get(end + 1) == Some(&b'.')) {
        end = digits(end + 1);
    }
    if let [b'e' | b'E', rest @ ..] = &bytes[end..] {
        match rest {
            [b'0'..=b'9', ..] => end = digits(end + 1),
            [b'+' | b'-', b'0'..=b'9', ..] => end = digits(end + 2),
            _ => {}
        }
    }
    match bytes.get(end) {
        Some(&byte) if is_name_start(byte) => run(bytes, end, is_name_part),
        _ => end,
    }
}

/// Begins a bare name: a letter, an underscore or anything beyond ASCII.
pub(super) fn is_name_start(byte: u8) -> bool {
    byte.is_ascii_alphabetic() || byte == b'_' || byte >= 0x80
}

/// Goes on with a bare name: also digits and `$`.
pub(super) fn is_name_part(byte: u8) -> bool {
    is_name_start(byte) || byte.is_ascii_digit() || byte == b'$'
}
