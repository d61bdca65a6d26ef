//! Statements that run only where a column is there, or is not: `-- manage: unless column settings.note` and
//! `-- manage: if column settings.note`, on a line of its own before the statement.
//!
//! SQLite knows no `ADD COLUMN IF NOT EXISTS`. The catalogue is asked when the statement's turn comes.

use super::directives::{Directive, directives};
use super::pieces::Piece;
use super::significant_tokens;
use crate::domain::engine::Engine;

/// What has to be the case for a statement to run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Condition {
    /// The table, with its schema before it where one was written. Unquoted, and folded as the database folds it.
    pub table: Vec<String>,
    /// The column.
    pub column: String,
    /// Whether the column must be there, or must not.
    pub present: bool,
}

/// A condition that cannot be understood.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BadCondition {
    /// Byte at which the comment begins.
    pub at: usize,
    /// What is wrong.
    pub why: &'static str,
}

/// The conditions of each of `pieces`, which are the statements of `text`.
///
/// # Errors
/// When one is not well-formed, or does not stand before a statement.
pub fn conditions(text: &str, pieces: &[Piece], engine: Engine) -> Result<Vec<Vec<Condition>>, BadCondition> {
    let mut all = vec![Vec::new(); pieces.len()];
    for directive in directives(text, engine) {
        let at = directive.at;
        let bad = |why| BadCondition { at, why };
        let Some(condition) = read(directive, engine) else { continue };
        let condition = condition.map_err(bad)?;
        let line = text[..at].rsplit('\n').next().unwrap_or_default();
        if !line.trim().is_empty() || pieces.iter().any(|piece| piece.start < at && at < piece.end) {
            return Err(bad("a condition must stand on a line of its own, before its statement"));
        }
        let Some(number) = pieces.iter().position(|piece| piece.start > at) else {
            return Err(bad("no statement follows this condition"));
        };
        all[number].push(condition);
    }
    Ok(all)
}

/// `None` for another directive.
fn read(directive: Directive<'_>, engine: Engine) -> Option<Result<Condition, &'static str>> {
    let mut words = significant_tokens(directive.text, engine);
    let present = match words.next()? {
        "if" => true,
        "unless" => false,
        _ => return None,
    };
    let words: Vec<&str> = words.collect();
    let names = match words[..] {
        ["column", table, ".", column] => Some((vec![table], column)),
        ["column", schema, ".", table, ".", column] => Some((vec![schema, table], column)),
        _ => None,
    };
    let Some((table, column)) = names else {
        return Some(Err("a condition is written `unless column TABLE.COLUMN` or `if column TABLE.COLUMN`"));
    };
    let table = table.into_iter().map(|name| plain(name, engine)).collect();
    Some(Ok(Condition { table, column: plain(column, engine), present }))
}

/// A name without its quotes.
fn plain(name: &str, engine: Engine) -> String {
    let inner = |open: char, close: char| name.strip_prefix(open).and_then(|rest| rest.strip_suffix(close));
    if let Some(quoted) = inner('"', '"') {
        return quoted.replace("\"\"", "\"");
    }
    if engine == Engine::Sqlite
        && let Some(quoted) = inner('[', ']').or_else(|| inner('`', '`'))
    {
        return quoted.to_owned();
    }
    name.to_lowercase()
}

impl std::fmt::Display for Condition {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} column {}.{}", if self.present { "if" } else { "unless" }, self.table.join("."), self.column)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::sql::split;

    fn of(text: &str) -> Result<Vec<Vec<String>>, &'static str> {
        let pieces = split(text, Engine::Postgres).expect("closed");
        let all = conditions(text, &pieces, Engine::Postgres).map_err(|bad| bad.why)?;
        Ok(all.into_iter().map(|one| one.iter().map(ToString::to_string).collect()).collect())
    }

    #[test]
    fn a_condition_is_that_of_the_next_statement() {
        let text =
            "SELECT 1;\n-- manage: unless column Settings.note\n-- why\n-- manage: if column a.\"B\".c\nSELECT 2;\nSELECT 3;";

        let found = of(text).expect("well-formed");

        assert_eq!(found, [vec![], vec!["unless column settings.note".to_owned(), "if column a.B.c".to_owned()], vec![]]);
    }

    #[test]
    fn a_condition_that_cannot_be_understood_is_an_error() {
        for text in ["-- manage: unless column a\nSELECT 1;", "-- manage: if a.b\nSELECT 1;", "-- manage: unless\nSELECT 1;"] {
            assert!(of(text).is_err_and(|why| why.contains("is written")), "{text}");
        }
        for text in ["SELECT 1; -- manage: if column a.b\nSELECT 2;", "SELECT\n-- manage: if column a.b\n2;"] {
            assert!(of(text).is_err_and(|why| why.contains("a line of its own")), "{text}");
        }
        assert!(of("SELECT 1;\n-- manage: if column a.b\n").is_err_and(|why| why.contains("no statement follows")));
    }
}
