//! The rules that a mapping may set for a column or a row.

use std::cmp::Ordering;
use std::collections::HashMap;
use std::fmt;

use super::cell::Cell;

/// A value that the mapping gives.
#[derive(Debug, Clone, PartialEq)]
pub enum Literal {
    /// NULL.
    Null,
    /// A truth value.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// A floating point number.
    Real(f64),
    /// Text; JSON too.
    Text(String),
    /// The run's moment.
    Now,
}

impl Literal {
    /// The value, where the run's moment reads as `now`.
    pub fn cell<'a>(&'a self, now: &'a str) -> Cell<'a> {
        match self {
            Self::Null => Cell::Null,
            Self::Bool(value) => Cell::Int(i64::from(*value)),
            Self::Int(value) => Cell::Int(*value),
            Self::Real(value) => Cell::Real(*value),
            Self::Text(text) => Cell::text(text),
            Self::Now => Cell::text(now),
        }
    }
}

/// A part of a text that is put together.
#[derive(Debug, Clone, PartialEq)]
pub enum Part {
    /// As it stands.
    Text(String),
    /// The value of an input.
    Input(usize),
}

/// What a number counts in a column of times.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// Seconds.
    Seconds,
    /// Milliseconds.
    Milliseconds,
    /// Microseconds.
    Microseconds,
}

impl Unit {
    pub(super) fn micros(self) -> i64 {
        match self {
            Self::Seconds => 1_000_000,
            Self::Milliseconds => 1000,
            Self::Microseconds => 1,
        }
    }

    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Seconds => "seconds",
            Self::Milliseconds => "milliseconds",
            Self::Microseconds => "microseconds",
        }
    }
}

/// What becomes of a value that an enum does not name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unknown {
    /// The row is rejected, and that stops the run wherever rejected rows do.
    Reject,
    /// The row is rejected, and the run stops whatever the mapping says of rejected rows.
    Error,
    /// It becomes NULL, and is reported.
    Null,
    /// It becomes this value, and is reported.
    Value(String),
}

/// A table of values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EnumMap {
    /// Its name in the mapping.
    pub name: String,
    /// Old value to new value.
    pub values: HashMap<String, String>,
    /// Whether a value is tried in upper case where it is not found as it stands.
    pub upper: bool,
    /// Characters that are replaced before it is tried again.
    pub replace: Vec<(char, char)>,
    /// What becomes of others.
    pub unknown: Unknown,
}

impl EnumMap {
    /// The new value: of the text as it stands, else of its normalised form.
    pub fn find(&self, text: &str) -> Option<&str> {
        if let Some(found) = self.values.get(text) {
            return Some(found);
        }
        if !self.upper && self.replace.is_empty() {
            return None;
        }
        let upper = if self.upper { text.to_uppercase() } else { text.to_owned() };
        let normal: String =
            upper.chars().map(|char| self.replace.iter().find(|(from, _)| *from == char).map_or(char, |(_, to)| *to)).collect();
        self.values.get(&normal).map(String::as_str)
    }
}

/// One step of a column's conversion.
#[derive(Debug, Clone, PartialEq)]
pub enum Step {
    /// 1 where there is a value, else 0.
    IsNotNull,
    /// By a table of values.
    Enum(EnumMap),
    /// An array becomes JSON.
    ToJson,
    /// What was looked up by another input has to be there where that one is.
    Found {
        /// The input by which it was looked up.
        by: usize,
        /// Where: `creator`.
        within: String,
    },
    /// A moment at least so old becomes another value.
    Older {
        /// Microseconds.
        age: i64,
        /// What it becomes.
        becomes: Literal,
        /// The input that says how old a NULL is. One that is younger stays NULL.
        null_by: Option<usize>,
    },
    /// NULL becomes this value.
    Coalesce(Literal),
}

/// A number that others are held against: whole ones exactly, whatever their size.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Limit {
    value: f64,
    whole: Option<i64>,
}

impl Limit {
    /// Reads a number.
    ///
    /// # Errors
    /// In words, that it is none.
    fn parse(text: &str) -> Result<Self, String> {
        let text = text.trim();
        let value = text.parse::<f64>().ok().filter(|number| number.is_finite());
        let value = value.ok_or_else(|| format!("`{text}` is not a number"))?;
        Ok(Self { value, whole: text.parse().ok() })
    }

    /// How a value lies to it; `None` where it is no number. NaN lies nowhere.
    fn of(&self, cell: &Cell<'_>) -> Option<Ordering> {
        match (cell, self.whole) {
            (Cell::Int(value), Some(whole)) => Some(value.cmp(&whole)),
            (Cell::Int(value), None) => (*value as f64).partial_cmp(&self.value),
            (Cell::Real(value), _) => value.partial_cmp(&self.value),
            (Cell::Decimal(digits), _) => digits.parse::<f64>().ok()?.partial_cmp(&self.value),
            _ => None,
        }
    }
}

impl fmt::Display for Limit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.whole {
            Some(whole) => write!(f, "{whole}"),
            None => write!(f, "{}", self.value),
        }
    }
}

/// What a row has to be like.
#[derive(Debug, Clone, PartialEq)]
pub enum Condition {
    /// `> 0`
    Greater(Limit),
    /// `>= 0`
    AtLeast(Limit),
    /// `< 10`
    Less(Limit),
    /// `<= 10`
    AtMost(Limit),
    /// `between 0 and 7`
    Between(Limit, Limit),
    /// `not null`
    NotNull,
    /// `not empty`
    NotEmpty,
    /// `one of a, b`
    OneOf(Vec<String>),
}

impl Condition {
    /// Reads a condition.
    ///
    /// # Errors
    /// In words, what may stand there.
    pub fn parse(text: &str) -> Result<Self, String> {
        let text = text.trim();
        if let Some(rest) = text.strip_prefix(">=") {
            return Limit::parse(rest).map(Self::AtLeast);
        }
        if let Some(rest) = text.strip_prefix("<=") {
            return Limit::parse(rest).map(Self::AtMost);
        }
        if let Some(rest) = text.strip_prefix('>') {
            return Limit::parse(rest).map(Self::Greater);
        }
        if let Some(rest) = text.strip_prefix('<') {
            return Limit::parse(rest).map(Self::Less);
        }
        if let Some(rest) = text.strip_prefix("between ") {
            let (low, high) = rest.split_once(" and ").ok_or("write: between LOW and HIGH")?;
            return Ok(Self::Between(Limit::parse(low)?, Limit::parse(high)?));
        }
        if let Some(rest) = text.strip_prefix("one of ") {
            return Ok(Self::OneOf(rest.split(',').map(|value| value.trim().to_owned()).collect()));
        }
        match text {
            "not null" => Ok(Self::NotNull),
            "not empty" => Ok(Self::NotEmpty),
            _ => {
                Err(format!("`{text}` is no condition: > N, >= N, < N, <= N, between A and B, one of A, B, not null, not empty"))
            }
        }
    }

    /// Whether a value is so. NULL is everything but `not null` and `not empty`.
    pub fn holds(&self, cell: &Cell<'_>) -> bool {
        if cell.is_null() {
            return !matches!(self, Self::NotNull | Self::NotEmpty);
        }
        let finite = !matches!(cell, Cell::Real(value) if !value.is_finite());
        match self {
            Self::Greater(limit) => finite && limit.of(cell) == Some(Ordering::Greater),
            Self::AtLeast(limit) => finite && limit.of(cell).is_some_and(Ordering::is_ge),
            Self::Less(limit) => finite && limit.of(cell) == Some(Ordering::Less),
            Self::AtMost(limit) => finite && limit.of(cell).is_some_and(Ordering::is_le),
            Self::Between(low, high) => {
                finite && low.of(cell).is_some_and(Ordering::is_ge) && high.of(cell).is_some_and(Ordering::is_le)
            }
            Self::NotNull => true,
            Self::NotEmpty => !matches!(cell, Cell::Text(text) if text.is_empty()),
            Self::OneOf(values) => match cell {
                Cell::Text(_) => cell.as_str().is_some_and(|text| values.iter().any(|value| value == text)),
                Cell::Int(value) => values.contains(&value.to_string()),
                Cell::Decimal(digits) => values.iter().any(|value| value == digits),
                _ => false,
            },
        }
    }

    /// The condition as it is written.
    pub fn text(&self) -> String {
        match self {
            Self::Greater(limit) => format!("> {limit}"),
            Self::AtLeast(limit) => format!(">= {limit}"),
            Self::Less(limit) => format!("< {limit}"),
            Self::AtMost(limit) => format!("<= {limit}"),
            Self::Between(low, high) => format!("between {low} and {high}"),
            Self::NotNull => "not null".to_owned(),
            Self::NotEmpty => "not empty".to_owned(),
            Self::OneOf(values) => format!("one of {}", values.join(", ")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn conditions_read_as_they_are_written() {
        for text in ["> 0", ">= 0", "< 10", "<= 2.5", "between 0 and 2147483647", "one of a, b", "not null", "not empty"] {
            assert_eq!(Condition::parse(text).map(|condition| condition.text()).as_deref(), Ok(text));
        }
        for text in ["", "= 1", "> x", "between 1", "> NaN"] {
            assert!(Condition::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn whole_numbers_are_compared_exactly() {
        let condition = Condition::parse("> 9007199254740992").expect("it is one");

        assert!(condition.holds(&Cell::Int(9_007_199_254_740_993)) && !condition.holds(&Cell::Int(9_007_199_254_740_992)));
    }

    #[test]
    fn neither_nan_nor_infinity_is_at_least_nought() {
        let condition = Condition::parse(">= 0").expect("it is one");

        assert!(condition.holds(&Cell::Real(0.0)) && condition.holds(&Cell::Null));
        assert!(!condition.holds(&Cell::Real(f64::NAN)) && !condition.holds(&Cell::Real(f64::INFINITY)));
        assert!(!condition.holds(&Cell::text("1")));
    }

    #[test]
    fn an_enum_is_tried_as_it_stands_then_normalised() {
        let map = EnumMap {
            name: "case".to_owned(),
            values: [("POLL_BAN", "POLLBAN"), ("ban", "lower"), ("BAN", "BAN")].map(|(a, b)| (a.to_owned(), b.to_owned())).into(),
            upper: true,
            replace: vec![('-', '_')],
            unknown: Unknown::Reject,
        };

        assert_eq!(map.find("ban"), Some("lower"));
        assert_eq!(map.find("Ban"), Some("BAN"));
        assert_eq!(map.find("poll-ban"), Some("POLLBAN"));
        assert_eq!(map.find("kick"), None);
    }
}
