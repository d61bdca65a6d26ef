//! What callers may say: each is checked where it is read, so that what is there is right.

use std::fmt;

use serde::de::{Error, Unexpected, Visitor};
use serde::{Deserialize, Deserializer};

/// Characters in a new name, a user's name, or a tag.
pub const NAME: usize = 32;
/// Characters in what a command says: what fits into one message.
pub const CONTENT: usize = 2000;
/// Tags of one command.
pub const TAGS: usize = 20;

/// The id of a row, or of somebody at Discord.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Id(pub i64);

/// A name: up to 32 characters, not blank, in one line.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Name(pub String);

/// What a command says: up to 2000 characters, not blank.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Content(pub String);

/// Some characters to look for. Any: names that came with a transfer may be longer than new ones.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(try_from = "String")]
pub struct Wanted(pub String);

/// Tags: up to 20 names.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "Vec<Name>")]
pub struct Tags(pub Vec<String>);

/// A whole number from 1 to `MOST`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(try_from = "i64")]
pub struct UpTo<const MOST: i64>(pub i64);

impl<'de> Deserialize<'de> for Id {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_i64(Whole)
    }
}

/// Reads a whole number as JSON has it: 7, and 7.0 as well.
struct Whole;

impl Visitor<'_> for Whole {
    type Value = Id;

    fn expecting(&self, text: &mut fmt::Formatter<'_>) -> fmt::Result {
        text.write_str("a whole number from 1 to 9223372036854775807")
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<Id, E> {
        if number >= 1 { Ok(Id(number)) } else { Err(E::invalid_value(Unexpected::Signed(number), &self)) }
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Id, E> {
        let whole = i64::try_from(number).map_err(|_| E::invalid_value(Unexpected::Unsigned(number), &self))?;
        self.visit_i64(whole)
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<Id, E> {
        // Up to 2^53 it is exact.
        if number.fract() == 0.0 && (1.0..=9_007_199_254_740_992.0).contains(&number) {
            return Ok(Id(number as i64));
        }
        Err(E::invalid_value(Unexpected::Float(number), &self))
    }
}

impl TryFrom<String> for Name {
    type Error = String;

    fn try_from(name: String) -> Result<Self, String> {
        if name.chars().any(char::is_control) {
            return Err("a name has no line ends, and no other control characters".to_owned());
        }
        fits("a name", &name, NAME).map(|()| Self(name))
    }
}

impl TryFrom<String> for Content {
    type Error = String;

    fn try_from(content: String) -> Result<Self, String> {
        without_nul(&content)?;
        fits("what a command says", &content, CONTENT).map(|()| Self(content))
    }
}

impl TryFrom<String> for Wanted {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        without_nul(&text).map(|()| Self(text))
    }
}

impl TryFrom<Vec<Name>> for Tags {
    type Error = String;

    fn try_from(tags: Vec<Name>) -> Result<Self, String> {
        if tags.len() > TAGS {
            return Err(format!("a command has at most {TAGS} tags, not {}", tags.len()));
        }
        Ok(Self(tags.into_iter().map(|tag| tag.0).collect()))
    }
}

impl<const MOST: i64> TryFrom<i64> for UpTo<MOST> {
    type Error = String;

    fn try_from(number: i64) -> Result<Self, String> {
        if (1..=MOST).contains(&number) { Ok(Self(number)) } else { Err(format!("{number} is not between 1 and {MOST}")) }
    }
}

fn fits(what: &str, text: &str, most: usize) -> Result<(), String> {
    if text.chars().all(|char| char.is_whitespace() || char.is_control()) {
        return Err(format!("{what} must not be empty"));
    }
    match text.chars().count() {
        length if length > most => Err(format!("{what} has at most {most} characters, not {length}")),
        _ => Ok(()),
    }
}

/// PostgreSQL cannot keep this character.
fn without_nul(text: &str) -> Result<(), String> {
    if text.contains('\0') { Err("U+0000 cannot be kept".to_owned()) } else { Ok(()) }
}

/// For a field that may be left out, but where it is there has to be a value: `null` is then one only for an `Option`.
pub fn given<'de, T: Deserialize<'de>, D: Deserializer<'de>>(field: D) -> Result<Option<T>, D::Error> {
    T::deserialize(field).map(Some)
}
