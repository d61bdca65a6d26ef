//! PostgreSQL: squawk's rules.
//!
//! squawk knows one file. What it cannot know comes from here: whether the runner opens a transaction, the
//! version of the server, and what earlier files made.

use std::thread;

use squawk_linter::{Linter, Violation};
use squawk_syntax::SourceFile;

use super::reading::{Raw, Reading, Way};
use super::rule::rule;
use super::settings::Settings;
use crate::domain::engine::Engine;
use crate::domain::sql::{Statement, TokenKind, tokens};

/// Asks squawk about a file of the way forward.
pub(super) fn squawk(reading: &Reading<'_>, settings: &Settings, server: Option<&str>, found: &mut Vec<Raw>) {
    if reading.way == Way::Down || reading.read.is_empty() || reading.read.iter().any(|read| is_foreign(&read.statement)) {
        return;
    }
    if reading.read.iter().any(|read| is_deep(reading.sql(read))) {
        found.push(
            Raw::file("syntax", "a statement is nested too deeply for squawk's parser; its rules were not looked at").mild(),
        );
        return;
    }
    // Somebody else's code reads what a person wrote: a panic in it ends its thread, not the command.
    let asked = thread::scope(|scope| {
        let thread = thread::Builder::new().stack_size(STACK).spawn_scoped(scope, || ask(reading, settings, server));
        thread.ok().and_then(|thread| thread.join().ok())
    });
    match asked {
        Some(raw) => found.extend(raw),
        None => found.push(Raw::file("syntax", "squawk's parser broke off in this file; its rules were not looked at")),
    }
}

/// The parser goes down one call a level, and nothing in it counts them; its time grows with their square.
const STACK: usize = 64 << 20;
const DEEPEST: usize = 500;
const MOST_OPERATORS: usize = 2_000;

/// Whether a statement may be too deep for the stack: by its brackets, or by operators that hang on one another.
fn is_deep(sql: &str) -> bool {
    let (mut depth, mut deepest, mut operators) = (0_usize, 0, 0_usize);
    for token in tokens(sql, Engine::Postgres) {
        match token.kind {
            TokenKind::Open => depth += 1,
            TokenKind::Close => depth = depth.saturating_sub(1),
            TokenKind::Punctuation if token.text(sql) != "," => operators += 1,
            TokenKind::Word if is_prefix(token.text(sql)) => operators += 1,
            _ => {}
        }
        deepest = deepest.max(depth);
    }
    deepest > DEEPEST || operators > MOST_OPERATORS
}

/// Words that may stand many times in a row, each within the last.
fn is_prefix(word: &str) -> bool {
    ["NOT", "CASE", "AND", "OR", "UNION", "EXPLAIN", "IS", "IN", "ALL", "COLLATE", "ELSE", "JOIN"]
        .iter()
        .any(|known| word.eq_ignore_ascii_case(known))
}

/// What stands between statements for psql only.
fn is_foreign(statement: &Statement) -> bool {
    matches!(statement, Statement::PsqlCommand { .. } | Statement::CopyFromStdin)
}

fn ask(reading: &Reading<'_>, settings: &Settings, server: Option<&str>) -> Vec<Raw> {
    let text = reading.script.text.as_str();
    let parse = SourceFile::parse(text);
    let mut raw = Vec::new();
    if let Some(error) = parse.errors().first() {
        raw.push(Raw::at("syntax", error.range().start().into(), phrase(error.message())));
    }
    let rules = settings.squawk_rules();
    let mut linter = Linter::from(rules.iter().filter_map(|name| squawk_linter::Rule::try_from(*name).ok()));
    linter.settings.assume_in_transaction = reading.in_transaction();
    if let Some(version) = server.and_then(|version| version.parse().ok()) {
        linter.settings.pg_version = version;
    }
    raw.extend(linter.lint(&parse, text).iter().filter_map(translate));
    // One statement may break one rule in several ways; once is enough to look at it.
    raw.dedup_by(|a, b| a.rule == b.rule && a.at == b.at);
    raw
}

fn translate(violation: &Violation) -> Option<Raw> {
    let known = rule(&violation.code.to_string())?;
    // Where squawk knows more than which rule it is, its own words say it.
    let own_words = ["identifier-too-long", "ban-duplicate-column-assignments"].contains(&known.name)
        || violation.message.starts_with("Using `NOT VALID` and `VALIDATE CONSTRAINT`")
        || known.severity.is_none();
    let message = if own_words { phrase(&violation.message) } else { known.says.to_owned() };
    Some(Raw::at(known.name, violation.text_range.start().into(), message))
}

/// A sentence as a phrase: without its full stop, and without a capital unless the word is one.
fn phrase(sentence: &str) -> String {
    let sentence = sentence.trim().trim_end_matches('.');
    let mut characters = sentence.chars();
    match (characters.next(), characters.clone().next()) {
        (Some(first), Some(second)) if first.is_uppercase() && second.is_lowercase() => {
            first.to_lowercase().chain(characters).collect()
        }
        _ => sentence.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::rule::{RULES, Source};
    use super::*;

    #[test]
    fn every_rule_of_squawk_stands_in_our_table_and_the_other_way_round() {
        for known in Linter::with_default_rules().rules {
            assert!(rule(&known.to_string()).is_some(), "{known} is not in the table");
        }
        for known in RULES.iter().flat_map(|rules| rules.iter()).filter(|rule| rule.source == Source::Squawk) {
            let known_to_squawk = squawk_linter::Rule::try_from(known.name);
            assert!(known_to_squawk.is_ok() || known.name == "unused-ignore", "squawk has no rule {}", known.name);
        }
    }

    #[test]
    fn sentences_become_phrases() {
        assert_eq!(phrase("Setting a column `NOT NULL` blocks reads."), "setting a column `NOT NULL` blocks reads");
        assert_eq!(phrase("ADD VALUE appends."), "ADD VALUE appends");
    }
}
