//! `-- manage: allow RULE reason`: somebody has thought about it.

use super::reading::{Raw, Reading};
use super::rule::{Source, rule};
use crate::domain::sql::directives;
use crate::project::Script;

/// The consents of one file.
pub(super) struct Consents<'a> {
    all: Vec<Consent<'a>>,
}

struct Consent<'a> {
    at: usize,
    rule: &'a str,
    reason: &'a str,
    scope: Scope,
    used: bool,
}

/// What a consent is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Scope {
    /// The whole file: at its head, with an empty line before the first statement.
    File,
    /// The whole file and, in it, this statement only: at the head, without the empty line.
    Head(usize),
    /// One statement.
    Statement(usize),
}

impl<'a> Consents<'a> {
    pub(super) fn of(reading: &Reading<'a>) -> Self {
        let text = reading.script.text.as_str();
        let all = directives(text, reading.script.engine).filter_map(|directive| {
            let rest = directive.text.strip_prefix("allow")?;
            if !rest.is_empty() && !rest.starts_with(char::is_whitespace) {
                return None;
            }
            let rest = rest.trim();
            let (rule, reason) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
            let scope = scope(reading, directive.at);
            Some(Consent { at: directive.at, rule, reason: reason.trim(), scope, used: false })
        });
        Self { all: all.collect() }
    }

    /// Whether somebody has agreed to what was found.
    pub(super) fn cover(&mut self, reading: &Reading<'_>, raw: &Raw) -> bool {
        let statement = raw.at.and_then(|at| reading.number(at));
        let covering = self.all.iter_mut().find(|consent| {
            let within = match (consent.scope, statement) {
                (Scope::File, _) | (Scope::Head(_), None) => true,
                (Scope::Head(number) | Scope::Statement(number), Some(statement)) => number == statement,
                (Scope::Statement(_), None) => false,
            };
            within && consent.rule == raw.rule && !consent.reason.is_empty()
        });
        covering.map(|consent| consent.used = true).is_some()
    }

    /// What is wrong with the consents themselves, once all findings were shown to them.
    pub(super) fn findings(&self, reading: &Reading<'_>) -> Vec<Raw> {
        self.all.iter().filter_map(|consent| consent.finding(reading)).collect()
    }
}

/// Whether a file agrees, anywhere in it and with a reason, to findings of a rule about the whole file.
pub(super) fn agrees(script: &Script, name: &str) -> bool {
    directives(&script.text, script.engine).any(|directive| {
        let mut words = directive.text.split_whitespace();
        words.next() == Some("allow") && words.next() == Some(name) && words.next().is_some()
    })
}

impl Consent<'_> {
    fn finding(&self, reading: &Reading<'_>) -> Option<Raw> {
        let Self { at, rule: name, .. } = *self;
        if name.is_empty() {
            return Some(Raw::at("allow", at, "this allow names no rule"));
        }
        let Some(known) = rule(name) else { return Some(Raw::at("allow", at, format!("there is no rule `{name}`"))) };
        if self.reason.is_empty() {
            return Some(Raw::at("allow", at, format!("allow {name} without a reason counts for nothing")));
        }
        // The other database may need it; what the round trip finds is not known here.
        let elsewhere = known.engine.is_some_and(|engine| engine != reading.script.engine) || known.source == Source::Roundtrip;
        (!self.used && !elsewhere).then(|| Raw::at("allow", at, format!("allow {name} silences nothing")).mild())
    }
}

fn scope(reading: &Reading<'_>, at: usize) -> Scope {
    let text = &reading.script.text;
    let Some(next) = reading.read.iter().position(|read| at < read.piece.until) else {
        // Behind the last statement: on its line it is its own, below it nobody's but the file's.
        return reading.read.len().checked_sub(1).map_or(Scope::File, |last| behind(reading, last, at).unwrap_or(Scope::File));
    };
    if let Some(own) = next.checked_sub(1).and_then(|last| behind(reading, last, at)) {
        return own;
    }
    let start = reading.read[next].piece.start;
    match text.get(at..start) {
        Some(between) if next == 0 && has_blank_line(between) => Scope::File,
        _ if next == 0 => Scope::Head(next),
        _ => Scope::Statement(next),
    }
}

/// A statement is its own line's.
fn behind(reading: &Reading<'_>, number: usize, at: usize) -> Option<Scope> {
    let end = reading.read[number].piece.until;
    let same_line = end <= at && !reading.script.text[end..at].contains('\n');
    same_line.then_some(Scope::Statement(number))
}

/// Whether a line between two others is empty.
fn has_blank_line(text: &str) -> bool {
    let lines: Vec<_> = text.split('\n').collect();
    lines.len() > 2 && lines[1..lines.len() - 1].iter().any(|line| line.trim().is_empty())
}
