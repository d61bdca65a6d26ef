//! PostgreSQL's tokens, after the server's `scan.l` and psql's `psqlscan.l`.

use super::copy::CopyWatch;
use super::scan::{BOM, Scanned, closed, is_name_part, is_name_start, number, quoted, run};
use super::token::TokenKind::{
    self, BlockComment, Close, CopyData, LineComment, Number, Open, Parameter, PsqlCommand, Punctuation, QuotedName, Semicolon,
    Space, String, Word,
};

/// What the lexer must remember between two tokens.
#[derive(Debug, Clone, Default)]
pub(super) struct Postgres {
    escapes: Escapes,
    copy: CopyWatch,
}

/// Whether a `'` goes on with an `E'…'`, backslashes included: it does on a later line with only blanks and
/// line comments between. Here the server is followed; psql, which reads line by line, forgets it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Escapes {
    #[default]
    No,
    OnALaterLine,
    Here,
}

impl Postgres {
    /// The token of `text` that begins at `at`.
    pub(super) fn scan(&mut self, text: &str, at: usize) -> Scanned {
        if let Some(end) = self.copy.data_end(text, at) {
            return (CopyData, end);
        }
        let (kind, end) = token(text, at, self.escapes == Escapes::Here);
        let end = self.copy.see(kind, text, at, end);
        self.escapes = self.escapes.after(kind, &text.as_bytes()[at..end]);
        (kind, end)
    }

    /// Whether the lines after this one are data.
    pub(super) fn awaits_copy_data(&self) -> bool {
        self.copy.awaits_data()
    }
}

impl Escapes {
    fn after(self, kind: TokenKind, token: &[u8]) -> Self {
        match (kind, self) {
            (String, Self::Here) => Self::OnALaterLine,
            (String, _) if matches!(token, [b'e' | b'E', b'\'', ..]) => Self::OnALaterLine,
            (Space, Self::OnALaterLine) if token.iter().any(is_newline) => Self::Here,
            (Space | LineComment, _) => self,
            _ => Self::No,
        }
    }
}

fn token(text: &str, at: usize, escapes: bool) -> Scanned {
    let bytes = text.as_bytes();
    match &bytes[at..] {
        [b' ' | 9..=13, ..] => (Space, run(bytes, at, |byte| matches!(byte, b' ' | 9..=13))),
        [0xef, ..] if at == 0 && text.starts_with(BOM) => (Space, BOM.len()),
        [b'-', b'-', ..] => (LineComment, line_end(bytes, at)),
        [b'/', b'*', ..] => closed(BlockComment, nested_comment(bytes, at), bytes),
        [b'\'', ..] if escapes => closed(String, escaped(bytes, at + 1), bytes),
        [b'e' | b'E', b'\'', ..] => closed(String, escaped(bytes, at + 2), bytes),
        [b'\'', ..] => closed(String, quoted(bytes, at + 1, b'\''), bytes),
        [b'b' | b'B' | b'x' | b'X' | b'n' | b'N', b'\'', ..] => closed(String, quoted(bytes, at + 2, b'\''), bytes),
        [b'u' | b'U', b'&', b'\'', ..] => closed(String, quoted(bytes, at + 3, b'\''), bytes),
        [b'"', ..] => closed(QuotedName, quoted(bytes, at + 1, b'"'), bytes),
        [b'u' | b'U', b'&', b'"', ..] => closed(QuotedName, quoted(bytes, at + 3, b'"'), bytes),
        // Nothing in SQL begins with a backslash, so wherever it stands it speaks to psql.
        [b'\\', ..] => (PsqlCommand, line_end(bytes, at)),
        [b';', ..] => (Semicolon, at + 1),
        [b'(' | b'[', ..] => (Open, at + 1),
        [b')' | b']', ..] => (Close, at + 1),
        [b'$', b'0'..=b'9', ..] => (Parameter, run(bytes, at + 1, |byte| byte.is_ascii_digit())),
        [b'$', ..] => dollar_quoted(text, at),
        [b':', b':' | b'=', ..] | [b'.', b'.', ..] => (Punctuation, at + 2),
        [b':', next, ..] if is_name_start(*next) && !goes_on(bytes, at) => (Parameter, run(bytes, at + 1, is_tag_part)),
        [b'0'..=b'9', ..] | [b'.', b'0'..=b'9', ..] => (Number, number(bytes, at, true)),
        [first, ..] if is_name_start(*first) => (Word, run(bytes, at, is_name_part)),
        _ => (Punctuation, operator(bytes, at)),
    }
}

fn line_end(bytes: &[u8], at: usize) -> usize {
    run(bytes, at, |byte| !is_newline(&byte))
}

fn is_newline(byte: &u8) -> bool {
    matches!(byte, b'\n' | b'\r')
}

/// Whether the byte before `at` touches what stands there: the colon of `a[lo:hi]` begins no parameter.
fn goes_on(bytes: &[u8], at: usize) -> bool {
    at > 0 && (is_name_part(bytes[at - 1]) || matches!(bytes[at - 1], b')' | b']' | b'"' | b'\''))
}

fn is_tag_part(byte: u8) -> bool {
    is_name_start(byte) || byte.is_ascii_digit()
}

/// Behind a comment, with the comments inside it.
fn nested_comment(bytes: &[u8], at: usize) -> Option<usize> {
    let mut depth = 0_usize;
    let mut end = at;
    loop {
        match bytes.get(end..)? {
            [b'/', b'*', ..] => {
                depth += 1;
                end += 2;
            }
            [b'*', b'/', ..] => {
                depth -= 1;
                end += 2;
                if depth == 0 {
                    return Some(end);
                }
            }
            [] => return None,
            _ => end += 1,
        }
    }
}

/// Behind a string in which a backslash protects the byte after it.
fn escaped(bytes: &[u8], at: usize) -> Option<usize> {
    let mut end = at;
    loop {
        match bytes.get(end..)? {
            [b'\\', _, ..] | [b'\'', b'\'', ..] => end += 2,
            [b'\'', ..] => return Some(end + 1),
            [] => return None,
            _ => end += 1,
        }
    }
}

/// `$tag$ … $tag$`, or a lone `$`.
fn dollar_quoted(text: &str, at: usize) -> Scanned {
    let bytes = text.as_bytes();
    let tag_end = run(bytes, at + 1, is_tag_part);
    if bytes.get(tag_end) != Some(&b'$') {
        return (Punctuation, at + 1);
    }
    let tag = &text[at..=tag_end];
    let body = tag_end + 1;
    closed(String, text[body..].find(tag).map(|end| body + end + tag.len()), bytes)
}

/// Behind an operator: as many of its characters as stand together, less a comment that begins among them, and
/// less `+` and `-` at its end unless a character that SQL's own operators lack is among them.
fn operator(bytes: &[u8], at: usize) -> usize {
    let mut end = at;
    let mut foreign = false;
    while let [byte, rest @ ..] = &bytes[end..] {
        let comment = matches!((byte, rest.first()), (b'/', Some(b'*')) | (b'-', Some(b'-')));
        if !is_operator(*byte) || comment {
            break;
        }
        foreign |= matches!(byte, b'~' | b'!' | b'@' | b'#' | b'^' | b'&' | b'|' | b'`' | b'?' | b'%');
        end += 1;
    }
    let signs = bytes[at..end].iter().rev().take_while(|byte| matches!(byte, b'+' | b'-')).count();
    match end - at {
        0 => at + 1,
        // Signs alone stay together, or a long row of them would be read again for each of them.
        length if foreign || signs == length => end,
        _ => end - signs,
    }
}

fn is_operator(byte: u8) -> bool {
    matches!(
        byte,
        b'~' | b'!' | b'@' | b'#' | b'^' | b'&' | b'|' | b'`' | b'?' | b'+' | b'-' | b'*' | b'/' | b'%' | b'<' | b'>' | b'='
    )
}
