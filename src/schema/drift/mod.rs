//! The differences between two schemas, and between a schema.rs and what it should be. Pure.
//!
//! | file | idea |
//! |---|---|
//! | `objects` | a schema as a list of objects with their traits, each in one spelling |
//! | `lines` | two texts, line by line |

mod lines;
mod objects;

use std::collections::BTreeMap;

pub use lines::{line_diff, same_but_for_layout};
pub use objects::described;

use crate::domain::schema::Schema;
use objects::{Object, Trait, objects};

/// A difference.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Drift {
    /// What kind.
    pub kind: DriftKind,
    /// Of what: `table users`, `column users.email`.
    pub object: String,
    /// Which trait of it differs: `type`, `default`; none where the whole object does.
    pub of: Option<&'static str>,
    /// What it should be.
    pub expected: Option<String>,
    /// What it is.
    pub found: Option<String>,
}

/// Kinds of differences.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DriftKind {
    /// It should be there, and is not.
    Missing,
    /// It is there, and should not be.
    Extra,
    /// It is there, but otherwise.
    Changed,
}

impl DriftKind {
    /// The word in JSON.
    pub fn word(self) -> &'static str {
        match self {
            Self::Missing => "missing",
            Self::Extra => "extra",
            Self::Changed => "changed",
        }
    }

    /// The mark in a list.
    pub fn mark(self) -> char {
        match self {
            Self::Missing => '-',
            Self::Extra => '+',
            Self::Changed => '~',
        }
    }
}

impl Drift {
    /// The difference in words; `should` and `is` name the two sides: `the migrations`, `the live database`. Texts of
    /// several lines are left to [`Drift::lines`].
    pub fn message(&self, should: &str, is: &str) -> String {
        let Self { object, .. } = self;
        match self.kind {
            DriftKind::Missing => format!("{object} only in {should}"),
            DriftKind::Extra => format!("{object} only in {is}"),
            DriftKind::Changed => {
                let what = self.of.unwrap_or("definition");
                if self.is_long() {
                    return format!("{object}: another {what} in {is} than in {should}");
                }
                let value = |value: &Option<String>| value.clone().unwrap_or_else(|| format!("no {what}"));
                let what = if self.expected.is_some() { format!("{what} ") } else { String::new() };
                format!("{object}: {what}{} in {should}, {} in {is}", value(&self.expected), value(&self.found))
            }
        }
    }

    /// The lines that differ, each with `-` or `+` before it, where the values are too long for one line.
    pub fn lines(&self) -> Vec<String> {
        match (&self.expected, &self.found) {
            (Some(expected), Some(found)) if self.is_long() => line_diff(expected, found),
            _ => Vec::new(),
        }
    }

    fn is_long(&self) -> bool {
        let long = |value: &Option<String>| value.as_ref().is_some_and(|text| text.len() > 80 || text.contains('\n'));
        self.expected.is_some() && self.found.is_some() && (long(&self.expected) || long(&self.found))
    }
}

/// The differences by which `found` is not as `expected`. What belongs to a table that is missing as a whole is not
/// listed again.
pub fn compare(expected: &Schema, found: &Schema) -> Vec<Drift> {
    let (expected, found) = (objects(expected), objects(found));
    let mut drift = Vec::new();
    let mut keys: Vec<_> = expected.keys().chain(found.keys()).collect();
    keys.sort();
    keys.dedup();
    for key in keys {
        match (expected.get(key), found.get(key)) {
            (Some(object), None) => drift.extend(lone(object, &found, DriftKind::Missing)),
            (None, Some(object)) => drift.extend(lone(object, &expected, DriftKind::Extra)),
            (Some(expected), Some(found)) => drift.extend(changes(expected, found)),
            (None, None) => {}
        }
    }
    drift
}

fn lone(object: &Object, other_side: &BTreeMap<objects::Key, Object>, kind: DriftKind) -> Option<Drift> {
    if object.parent.as_ref().is_some_and(|parent| !other_side.contains_key(parent)) {
        return None;
    }
    let known = object.traits.first().and_then(|(_, value)| value.text());
    let (expected, found) = if kind == DriftKind::Missing { (known, None) } else { (None, known) };
    Some(Drift { kind, object: object.title.clone(), of: None, expected, found })
}

fn changes(expected: &Object, found: &Object) -> Vec<Drift> {
    let pairs = expected.traits.iter().zip(&found.traits);
    pairs.filter_map(|((of, expected_value), (_, found_value))| change(expected, of, expected_value, found_value)).collect()
}

fn change(object: &Object, of: &'static str, expected: &Trait, found: &Trait) -> Option<Drift> {
    let (expected, found) = match (expected, found) {
        (Trait::Order(expected), Trait::Order(found)) => {
            // Those that only one side has are told by themselves.
            let common =
                |all: &[String], other: &[String]| all.iter().filter(|one| other.contains(one)).cloned().collect::<Vec<_>>();
            (Some(common(expected, found).join(", ")), Some(common(found, expected).join(", ")))
        }
        _ if expected.spelling() == found.spelling() => return None,
        _ => (expected.text(), found.text()),
    };
    (expected != found).then(|| Drift { kind: DriftKind::Changed, object: object.title.clone(), of: Some(of), expected, found })
}
