//! What a file says to `manage`: line comments `-- manage: …`.

use crate::domain::engine::Engine;

use super::token::{TokenKind, tokens};

/// A line comment that speaks to `manage`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Directive<'a> {
    /// Byte at which the comment begins.
    pub at: usize,
    /// What follows the colon, without blanks around it.
    pub text: &'a str,
}

/// The directives of `text` in their order. A line within a string or a block comment is none.
pub fn directives(text: &str, engine: Engine) -> impl Iterator<Item = Directive<'_>> {
    tokens(text, engine).filter(|token| token.kind == TokenKind::LineComment).filter_map(move |token| {
        let comment = token.text(text).strip_prefix("--")?.trim();
        let text = comment.strip_prefix("manage:")?.trim();
        Some(Directive { at: token.start, text })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_comment_that_names_manage_is_a_directive() {
        let text = "-- manage: unedited\r\n--manage:foreign-keys-off\nSELECT 1; -- manage: allow x  because\n-- manager: no";

        for engine in [Engine::Sqlite, Engine::Postgres] {
            let found: Vec<_> = directives(text, engine).map(|directive| (directive.at, directive.text)).collect();

            assert_eq!(found, [(0, "unedited"), (21, "foreign-keys-off"), (57, "allow x  because")]);
        }
    }

    #[test]
    fn strings_and_block_comments_hold_no_directives() {
        let text = "/*\n-- manage: a\n*/ SELECT '\n-- manage: b\n'";

        assert_eq!(directives(text, Engine::Postgres).count(), 0);
        assert_eq!(directives(text, Engine::Sqlite).count(), 0);
    }
}
