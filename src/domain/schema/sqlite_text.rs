//! What SQLite tells only in the text of `CREATE TABLE`: checks, collations, computed columns.

use crate::domain::engine::Engine;
use crate::domain::sql::{TokenKind, tokens};

/// What the text of a `CREATE TABLE` says beyond the pragmas, each in the order of the text.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Written {
    /// The expressions behind `CHECK`, in one spelling.
    pub checks: Vec<String>,
    /// The expressions behind `AS`, in one spelling.
    pub computed: Vec<String>,
    /// The collations, each with the words before it on its column: `name TEXT NOT NULL`.
    pub collations: Vec<(String, String)>,
    /// Whether a column has `AUTOINCREMENT`.
    pub autoincrement: bool,
}

/// Reads the text of a `CREATE TABLE`.
pub fn written(text: &str) -> Written {
    let words: Vec<(TokenKind, &str)> = tokens(text, Engine::Sqlite)
        .filter(|token| !token.kind.is_trivia())
        .map(|token| (token.kind, token.text(text)))
        .collect();
    let mut found = Written::default();
    let (mut depth, mut column) = (0_usize, None::<String>);
    let mut at = 0;
    while let Some((kind, word)) = words.get(at) {
        let is = |expected: &str| word.eq_ignore_ascii_case(expected);
        match *word {
            "(" => {
                depth += 1;
                if depth == 1 {
                    column = words.get(at + 1).map(|(_, name)| plain(name));
                }
            }
            ")" => depth = depth.saturating_sub(1),
            "," if depth == 1 => column = words.get(at + 1).map(|(_, name)| plain(name)),
            _ if depth != 1 || *kind == TokenKind::Space => {}
            _ if is("CHECK") || is("AS") => {
                let (expression, end) = in_parentheses(&words, at + 1);
                if let Some(expression) = expression {
                    if is("CHECK") { &mut found.checks } else { &mut found.computed }.push(expression);
                    at = end;
                    continue;
                }
            }
            _ if is("COLLATE") => {
                if let (Some(column), Some((_, name))) = (&column, words.get(at + 1)) {
                    found.collations.push((column.clone(), plain(name).to_uppercase()));
                }
            }
            _ if is("AUTOINCREMENT") => found.autoincrement = true,
            _ => {}
        }
        at += 1;
    }
    found
}

/// The words between the parenthesis at `at` and the one that closes it, and the place behind that.
fn in_parentheses(words: &[(TokenKind, &str)], at: usize) -> (Option<String>, usize) {
    if words.get(at).map(|(_, word)| *word) != Some("(") {
        return (None, at);
    }
    let mut depth = 0_usize;
    for (offset, (_, word)) in words[at..].iter().enumerate() {
        match *word {
            "(" => depth += 1,
            ")" => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            let inner: Vec<_> = words[at + 1..at + offset].iter().map(|(_, word)| *word).collect();
            return (Some(inner.join(" ")), at + offset + 1);
        }
    }
    (None, at)
}

/// A name without its quotes.
fn plain(name: &str) -> String {
    let mut chars = name.chars();
    let close = match chars.next() {
        Some('[') => ']',
        Some(quote @ ('"' | '`' | '\'')) => quote,
        _ => return name.to_owned(),
    };
    let inner = chars.as_str().strip_suffix(close).unwrap_or(chars.as_str());
    if close == ']' { inner.to_owned() } else { inner.replace(&format!("{close}{close}"), &close.to_string()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_of_a_table_is_read() {
        let text = "CREATE TABLE \"t\" (id INTEGER PRIMARY KEY AUTOINCREMENT, /* CHECK (x) */
            \"my name\" TEXT COLLATE NOCASE CHECK (length(\"my name\") > 1 AND 'CHECK (' <> ''),
            n INTEGER GENERATED ALWAYS AS (id * 2) STORED, CONSTRAINT c CHECK(n>0), UNIQUE (n COLLATE RTRIM))";

        let found = written(text);

        assert_eq!(found.checks, ["length ( \"my name\" ) > 1 AND 'CHECK (' <> ''", "n > 0"]);
        assert_eq!(found.computed, ["id * 2"]);
        assert_eq!(found.collations, [("my name".to_owned(), "NOCASE".to_owned())]);
        assert!(found.autoincrement);
    }

    #[test]
    fn what_is_not_closed_is_passed_over() {
        assert_eq!(written("CREATE TABLE t (a CHECK ((1)"), Written::default());
    }
}
