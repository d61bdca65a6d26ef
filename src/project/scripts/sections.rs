//! A report in several sections: each begins with a line `-- table: TITLE`, `-- warn: TITLE` or `-- step: TITLE`.

use super::error::ScriptError;
use super::script::{Kind, Script};
use crate::domain::engine::Engine;
use crate::domain::sql::split;
use crate::domain::sql::token::{TokenKind, tokens};

/// What the rows of a section are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SectionKind {
    /// A table.
    Table,
    /// Things to look at; no rows are good.
    Warn,
    /// Steps that are right or wrong.
    Step,
}

impl SectionKind {
    /// The word that opens it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Table => "table",
            Self::Warn => "warn",
            Self::Step => "step",
        }
    }
}

/// A section: one SELECT.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// What its rows are.
    pub kind: SectionKind,
    /// What it is called, where a line says it.
    pub title: Option<String>,
    /// First byte of its SQL within the file.
    pub start: usize,
    /// One past the last byte.
    pub end: usize,
}

/// The sections of a report for `engine`.
///
/// # Errors
/// When it has none, or something in it is not closed.
pub fn sections(script: &Script, engine: Engine) -> Result<Vec<Part>, ScriptError> {
    let sql = script.sql();
    let pieces = split(sql, engine).map_err(|error| {
        ScriptError::at(script.place(script.body + error.at()), error.to_string(), "close it, or take it away")
    })?;
    let mut behind = 0;
    let mut found = Vec::new();
    for piece in &pieces {
        let opened = opening(&sql[behind..piece.start], engine);
        let usual = if script.kind == Kind::Diagnose { SectionKind::Step } else { SectionKind::Table };
        let (kind, title) = opened.map_or((usual, None), |(kind, title)| (kind, (!title.is_empty()).then_some(title)));
        found.push(Part { kind, title, start: script.body + piece.start, end: script.body + piece.end });
        behind = piece.until;
    }
    if found.is_empty() {
        let at = script.body + (sql.len() - sql.trim_start().len());
        return Err(ScriptError::at(script.place(at), "there is no SQL in it", "a report is one SELECT, or several"));
    }
    Ok(found)
}

/// The last line comment of `text` that opens a section.
fn opening(text: &str, engine: Engine) -> Option<(SectionKind, String)> {
    let comments = tokens(text, engine).filter(|token| token.kind == TokenKind::LineComment);
    let opened = comments.filter_map(|token| {
        let words = token.text(text).strip_prefix("--")?.trim();
        [SectionKind::Table, SectionKind::Warn, SectionKind::Step].into_iter().find_map(|kind| {
            let title = words.strip_prefix(kind.word())?.trim_start().strip_prefix(':')?;
            Some((kind, title.split_whitespace().collect::<Vec<_>>().join(" ")))
        })
    });
    opened.last()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    #[test]
    fn sections_are_told_by_the_lines_that_open_them() {
        let text = "/* manage\ndescription = 'd'\n*/\n-- just a remark\n-- table: Recent  ones\nSELECT ';' -- step: no\n;\n/* -- warn: no */\n-- warn: Twice\nSELECT 2;\nSELECT 3;\n";
        let script = Script::parse(Kind::Check, "x", Path::new("check_x.sql"), text).expect("the head is fine");

        let found = sections(&script, Engine::Sqlite).expect("it has sections");

        let told: Vec<_> = found.iter().map(|part| (part.kind, part.title.as_deref(), &text[part.start..part.end])).collect();
        assert_eq!(
            told,
            [
                (SectionKind::Table, Some("Recent ones"), "SELECT ';'"),
                (SectionKind::Warn, Some("Twice"), "SELECT 2"),
                (SectionKind::Table, None, "SELECT 3"),
            ]
        );
    }

    #[test]
    fn a_report_without_sql_is_none() {
        for sql in ["", "-- table: nothing", ";;", "SELECT 'open"] {
            let text = format!("/* manage\ndescription = 'd'\n*/\n{sql}");
            let script = Script::parse(Kind::Diagnose, "x", Path::new("diagnose_x.sql"), &text).expect("the head is fine");

            assert!(sections(&script, Engine::Postgres).is_err(), "{sql}");
        }
    }
}
