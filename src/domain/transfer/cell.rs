//! A value as it lies in a row.

use std::borrow::Cow;
use std::fmt;

use super::time::Instant;

/// A value of a row. Texts are bytes: a database may hold some that are not UTF-8.
#[derive(Debug, Clone, PartialEq)]
pub enum Cell<'a> {
    /// SQL `NULL`.
    Null,
    /// A whole number.
    Int(i64),
    /// A binary floating point number.
    Real(f64),
    /// Text.
    Text(Cow<'a, [u8]>),
    /// Bytes.
    Blob(Cow<'a, [u8]>),
    /// A decimal number of any length, as its digits.
    Decimal(Cow<'a, str>),
    /// A moment, in microseconds since 2000-01-01 00:00; the largest and the smallest number stand for infinity.
    Time {
        /// The microseconds.
        micros: i64,
        /// Whether it does not say of which zone it is.
        naive: bool,
    },
}

impl<'a> Cell<'a> {
    /// Text that is borrowed.
    pub fn text(text: &'a str) -> Self {
        Self::Text(Cow::Borrowed(text.as_bytes()))
    }

    /// Text of its own.
    pub fn owned(text: String) -> Self {
        Self::Text(Cow::Owned(text.into_bytes()))
    }

    /// A decimal number of its own.
    pub fn owned_decimal(digits: String) -> Self {
        Self::Decimal(Cow::Owned(digits))
    }

    /// Whether it is NULL.
    pub fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }

    /// The same value, borrowed from this one.
    pub fn borrowed(&self) -> Cell<'_> {
        match self {
            Self::Null => Cell::Null,
            Self::Int(value) => Cell::Int(*value),
            Self::Real(value) => Cell::Real(*value),
            Self::Text(text) => Cell::Text(Cow::Borrowed(text)),
            Self::Blob(bytes) => Cell::Blob(Cow::Borrowed(bytes)),
            Self::Decimal(digits) => Cell::Decimal(Cow::Borrowed(digits)),
            Self::Time { micros, naive } => Cell::Time { micros: *micros, naive: *naive },
        }
    }

    /// The same value without a borrow.
    pub fn into_owned(self) -> Cell<'static> {
        match self {
            Self::Null => Cell::Null,
            Self::Int(value) => Cell::Int(value),
            Self::Real(value) => Cell::Real(value),
            Self::Text(text) => Cell::Text(Cow::Owned(text.into_owned())),
            Self::Blob(bytes) => Cell::Blob(Cow::Owned(bytes.into_owned())),
            Self::Decimal(digits) => Cell::Decimal(Cow::Owned(digits.into_owned())),
            Self::Time { micros, naive } => Cell::Time { micros, naive },
        }
    }

    /// The value as a text that says all of it: what stands between quotes in a statement.
    pub fn plain_text(&self) -> Cow<'_, str> {
        match self {
            Self::Null => Cow::Borrowed(""),
            Self::Int(value) => Cow::Owned(value.to_string()),
            Self::Real(value) => Cow::Owned(format!("{value:?}")),
            Self::Text(text) => String::from_utf8_lossy(text),
            Self::Blob(bytes) => Cow::Owned(bytes.iter().fold("\\x".to_owned(), |text, byte| format!("{text}{byte:02x}"))),
            Self::Decimal(digits) => Cow::Borrowed(digits),
            Self::Time { micros, .. } => Cow::Owned(Instant(*micros).text()),
        }
    }

    /// How it is stored, in a person's words.
    pub fn stored_as(&self) -> &'static str {
        match self {
            Self::Null => "NULL",
            Self::Int(_) => "a whole number",
            Self::Real(_) => "a floating point number",
            Self::Text(_) => "text",
            Self::Blob(_) => "bytes",
            Self::Decimal(_) => "a decimal number",
            Self::Time { .. } => "a time",
        }
    }

    /// The text in it, where it is text and UTF-8.
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::Text(text) => std::str::from_utf8(text).ok(),
            _ => None,
        }
    }

    /// The value as a message shows it: cut after sixty characters, since it may be long.
    pub fn shown(&self) -> String {
        const SHOWN: usize = 60;
        let text = self.to_string();
        if text.chars().count() <= SHOWN { text } else { format!("{}…", text.chars().take(SHOWN).collect::<String>()) }
    }
}

impl fmt::Display for Cell<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => f.write_str("NULL"),
            Self::Int(value) => write!(f, "{value}"),
            Self::Real(value) => write!(f, "{value:?}"),
            Self::Text(text) => {
                let text = String::from_utf8_lossy(text);
                write!(f, "'{}'", text.replace('\0', "\\0").replace('\n', "\\n").replace('\r', "\\r"))
            }
            Self::Decimal(digits) => f.write_str(digits),
            Self::Time { micros, .. } => write!(f, "'{}'", Instant(*micros).text()),
            Self::Blob(bytes) => {
                write!(f, "x'")?;
                bytes.iter().take(30).try_for_each(|byte| write!(f, "{byte:02x}"))?;
                f.write_str(if bytes.len() > 30 { "…'" } else { "'" })
            }
        }
    }
}
