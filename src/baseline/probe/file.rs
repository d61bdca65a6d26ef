//! A file of probes: plain SQL, each probe below a line that says what it is. Pure.
//!
//! ```sql
//! INSERT INTO channel_configs (channel_id, guild_id) VALUES (1, 1);   -- runs before each of them
//!
//! -- probe: a place in New York passes
//! INSERT INTO …;
//!
//! -- probe: coordinates off the globe fail on valid_latitude
//! INSERT INTO …;
//! ```

use std::path::{Path, PathBuf};

use crate::domain::engine::Engine;
use crate::domain::explain::{Class, Explain, Place};
use crate::domain::sql::{self, SplitError, Statement, TokenKind, tokens};

/// The probes of a file.
#[derive(Debug, Clone)]
pub struct Probes {
    /// The file.
    pub file: PathBuf,
    /// Statements that run before each probe.
    pub before: Vec<Part>,
    /// The probes, in order.
    pub probes: Vec<Probe>,
}

/// A probe.
#[derive(Debug, Clone)]
pub struct Probe {
    /// What it is about.
    pub title: String,
    /// What is to come of it.
    pub expected: Expected,
    /// Where its head stands.
    pub place: Place,
    /// Its statements; the last one is the one that may fail.
    pub statements: Vec<Part>,
}

/// A statement with its place.
#[derive(Debug, Clone)]
pub struct Part {
    /// The statement.
    pub sql: String,
    /// Where it begins.
    pub place: Place,
}

/// What is to come of a probe.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Expected {
    /// It passes.
    Passes,
    /// It fails on this constraint.
    FailsOn(String),
}

/// A file that cannot be read as probes.
#[derive(Debug, thiserror::Error)]
#[error("{why}")]
pub struct ProbeError {
    place: Place,
    why: String,
    hint: &'static str,
}

impl Explain for ProbeError {
    fn class(&self) -> Class {
        Class::Usage
    }

    fn place(&self) -> Option<Place> {
        Some(self.place.clone())
    }

    fn hint(&self) -> Option<String> {
        Some(self.hint.to_owned())
    }
}

const FORM: &str = "write `-- probe: what it is about passes` or `-- probe: what it is about fails on CONSTRAINT`";

/// Reads a file's text.
///
/// # Errors
/// When a head does not say what is to come of its probe, a probe has no statement, a statement ends the transaction,
/// or a string is not closed.
pub fn read(file: &Path, text: &str, engine: Engine) -> Result<Probes, ProbeError> {
    let error = |at: usize, why: String, hint| ProbeError { place: Place::in_text(file, text, at), why, hint };
    let pieces =
        sql::split(text, engine).map_err(|unclosed: SplitError| error(unclosed.at(), unclosed.to_string(), "close it"))?;
    let mut found = Probes { file: file.to_owned(), before: Vec::new(), probes: Vec::new() };
    let mut heads = heads(text, engine).peekable();
    let mut parts = pieces.iter().peekable();
    loop {
        let until = heads.peek().map_or(text.len(), |(at, _)| *at);
        while let Some(piece) = parts.next_if(|piece| piece.start < until) {
            let statement = piece.sql(text);
            if let Statement::TransactionControl { words } = sql::classify(statement, engine) {
                let why = format!("{words} in a probe: what it does would not be taken back");
                return Err(error(piece.start, why, "leave it out; each probe has a transaction of its own"));
            }
            let part = Part { sql: statement.to_owned(), place: Place::in_text(file, text, piece.start) };
            match found.probes.last_mut() {
                Some(probe) => probe.statements.push(part),
                None => found.before.push(part),
            }
        }
        let Some((at, head)) = heads.next() else { break };
        let (title, expected) = expectation(head)
            .ok_or_else(|| error(at, format!("the probe `{head}` does not say whether it passes or fails, and on what"), FORM))?;
        let place = Place::in_text(file, text, at);
        found.probes.push(Probe { title, expected, place, statements: Vec::new() });
    }
    match found.probes.iter().find(|probe| probe.statements.is_empty()) {
        Some(empty) => Err(ProbeError {
            place: empty.place.clone(),
            why: "the probe has no statement".to_owned(),
            hint: "write the statement below its head",
        }),
        None if found.probes.is_empty() => Err(error(0, "the file has no probe".to_owned(), FORM)),
        None => Ok(found),
    }
}

/// The heads with their places.
fn heads(text: &str, engine: Engine) -> impl Iterator<Item = (usize, &str)> {
    tokens(text, engine).filter(|token| token.kind == TokenKind::LineComment).filter_map(move |token| {
        let head = token.text(text).strip_prefix("--")?.trim().strip_prefix("probe:")?;
        Some((token.start, head.trim()))
    })
}

/// `coordinates off the globe fail on valid_latitude`: what it is about, and what is to come of it.
fn expectation(head: &str) -> Option<(String, Expected)> {
    let title = |text: &str| text.trim_end_matches([' ', ',', ':']).to_owned();
    for word in ["passes", "pass"] {
        if let Some(about) = head.strip_suffix(word).filter(|about| about.is_empty() || about.ends_with(' ')) {
            return Some((title(about), Expected::Passes));
        }
    }
    // The last one: what a probe is about may hold the words, too.
    let at = [" fails on ", " fail on "].iter().filter_map(|word| Some((head.rfind(word)?, word.len()))).max();
    let (about, on) = match at {
        Some((at, length)) => (&head[..at], &head[at + length..]),
        None => ("", head.strip_prefix("fails on ")?),
    };
    let on = on.trim();
    (!on.is_empty()).then(|| (title(about), Expected::FailsOn(on.to_owned())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_says_what_is_to_come() {
        let on = |name: &str| Expected::FailsOn(name.to_owned());

        assert_eq!(expectation("New York passes"), Some(("New York".to_owned(), Expected::Passes)));
        assert_eq!(expectation("passes"), Some((String::new(), Expected::Passes)));
        assert_eq!(expectation("200/300 fail on valid_latitude"), Some(("200/300".to_owned(), on("valid_latitude"))));
        assert_eq!(expectation("what fails on a, fails on b"), Some(("what fails on a".to_owned(), on("b"))));
        assert_eq!(expectation("fails on t.c"), Some((String::new(), on("t.c"))));
        assert_eq!(expectation("New York bypasses"), None);
        assert_eq!(expectation("it fails"), None);
    }

    #[test]
    fn statements_belong_to_the_head_above_them() {
        let text = "INSERT INTO c VALUES (1);\n-- probe: a passes\nSELECT 1; SELECT 2;\n-- probe: b fails on x\nSELECT 3";

        let probes = read(Path::new("p.sql"), text, Engine::Sqlite).expect("it is valid");

        assert_eq!(probes.before.len(), 1);
        let counts: Vec<_> = probes.probes.iter().map(|probe| (probe.title.as_str(), probe.statements.len())).collect();
        assert_eq!(counts, [("a", 2), ("b", 1)]);
    }

    #[test]
    fn what_is_no_probe_is_said_with_its_place() {
        for (text, line, why) in [
            ("SELECT 1;", 1, "no probe"),
            ("-- probe: x\nSELECT 1;", 1, "does not say"),
            ("-- probe: a passes\n-- probe: b passes\nSELECT 1;", 1, "no statement"),
            ("-- probe: a passes\nSELECT 1;\nCOMMIT;", 3, "COMMIT in a probe"),
            ("-- probe: a passes\nSELECT 'x", 2, ""),
        ] {
            let error = read(Path::new("p.sql"), text, Engine::Postgres).expect_err(text);

            assert!(error.to_string().contains(why), "{error}");
            assert_eq!(error.place.line, Some(line), "{text}");
        }
    }
}
