//! Texts that mean the same, in one spelling.

use std::sync::LazyLock;

use regex::Regex;

use crate::domain::engine::Engine;
use crate::domain::sql::{TokenKind, tokens};

/// The text without comments, with one blank between tokens, words in lower case and names without quotes. SQLite
/// keeps a statement as it was typed, but for names that a renaming puts in quotes: `CREATE TABLE "clusters"`.
pub fn of_sqlite(text: &str) -> String {
    let mut words = Vec::new();
    for token in tokens(text, Engine::Sqlite).filter(|token| !token.kind.is_trivia()) {
        let word = token.text(text);
        words.push(match token.kind {
            TokenKind::QuotedName => unquoted(word),
            TokenKind::String => word.to_owned(),
            _ => word.to_lowercase(),
        });
    }
    words.join(" ")
}

/// The text with `x IN ('a', 'b')` on a `varchar` in one form. PostgreSQL first keeps it as a cast of the list,
/// `(ARRAY['a'::character varying])::text[]`; once that text was parsed again, by a restored dump, as a list of casts,
/// `ARRAY[('a'::character varying)::text]`.
pub fn of_postgres(text: &str) -> String {
    static LIST: LazyLock<Regex> =
        LazyLock::new(|| Regex::new(r"\((ARRAY\[[^\]]*\])\)::text\[\]").expect("the expression is valid"));
    static ELEMENT: LazyLock<Regex> =
        LazyLock::new(|| Regex::new(r"\(('(?:[^']|'')*'::[a-z ]+)\)::text").expect("the expression is valid"));
    let elements = ELEMENT.replace_all(text, "$1");
    LIST.replace_all(&elements, "$1").into_owned()
}

/// A name without its quotes, where it is a word without them.
fn unquoted(name: &str) -> String {
    let inner = name.get(1..name.len().saturating_sub(1)).unwrap_or_default();
    let plain = inner.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && inner.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    if plain { inner.to_lowercase() } else { name.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_blanks_comments_and_case_do_not_matter() {
        let typed = "CREATE  TABLE \"clusters\"(\n id INTEGER, -- the key\n [Name] text DEFAULT 'A B')";

        assert_eq!(of_sqlite(typed), of_sqlite("create table clusters ( ID integer, name TEXT default 'A B' )"));
        assert_ne!(of_sqlite(typed), of_sqlite("create table clusters ( ID integer, name TEXT default 'a b' )"));
        assert_ne!(of_sqlite("SELECT \"a b\""), of_sqlite("SELECT a b"));
    }

    #[test]
    fn a_list_that_was_parsed_twice_is_the_same_list() {
        let once = "CHECK (((s)::text = ANY ((ARRAY['a'::character varying, 'it''s'::character varying])::text[])))";
        let twice = "CHECK (((s)::text = ANY (ARRAY[('a'::character varying)::text, ('it''s'::character varying)::text])))";

        assert_eq!(of_postgres(once), of_postgres(twice));
        assert_ne!(of_postgres(once), of_postgres(&twice.replace("'a'", "'b'")));
    }
}
