//! A migration's version.

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};

/// A version, as the layout of its files keeps it: diesel's are text, ordered byte by byte; refinery's and
/// numbered ones are whole numbers.
///
/// diesel's are never read as numbers: real histories mix 8, 14 and 18 digits, and their order is that of the text.
/// A project has versions of one kind. Two are equal when they are written alike.
#[derive(Debug, Clone)]
pub struct Version {
    text: String,
    number: Option<i64>,
}

impl Version {
    /// The longest version that diesel's history table holds on PostgreSQL, in characters.
    pub const LONGEST: usize = 50;

    /// The version as it stands in a history table whose versions are text.
    pub fn stored(text: impl Into<String>) -> Self {
        Self { text: text.into(), number: None }
    }

    /// A version that is a number.
    pub fn numbered(number: i64) -> Self {
        Self { text: number.to_string(), number: Some(number) }
    }

    /// The version in the name of a migration's directory: what stands before the first `_`, without dashes
    /// (diesel's rule).
    pub fn of_directory(name: &str) -> Self {
        Self::stored(name.split('_').next().unwrap_or_default().replace('-', ""))
    }

    /// The number in what a person types for a migration of refinery's: `3`, `V3` or `V3__name`.
    pub fn of_refinery_file(name: &str) -> Option<Self> {
        let stem = name.split("__").next().unwrap_or_default();
        let digits = stem.strip_prefix(['V', 'U']).unwrap_or(stem);
        digits.parse().ok().filter(|_| digits.bytes().all(|byte| byte.is_ascii_digit())).map(Self::numbered)
    }

    /// The number in what a person types for a migration of the numbered layout: `3`, `003` or `003_name`.
    pub fn of_numbered_file(name: &str) -> Option<Self> {
        let digits = name.split('_').next().unwrap_or_default();
        digits.parse().ok().filter(|_| digits.bytes().all(|byte| byte.is_ascii_digit())).map(Self::numbered)
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The number, where versions are numbers.
    pub fn number(&self) -> Option<i64> {
        self.number
    }
}

impl PartialEq for Version {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for Version {}

impl Hash for Version {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.text.hash(state);
    }
}

impl Ord for Version {
    fn cmp(&self, other: &Self) -> Ordering {
        match (self.number, other.number) {
            (Some(one), Some(other)) => one.cmp(&other),
            _ => self.text.cmp(&other.text),
        }
    }
}

impl PartialOrd for Version {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn dashes_leave_and_the_name_begins_at_the_first_underscore() {
        assert_eq!(Version::of_directory("2024-03-13-170000_sso").as_str(), "20240313170000");
        assert_eq!(Version::of_directory("2024-03-13_170000_sso").as_str(), "20240313");
        assert_eq!(Version::of_directory("foo").as_str(), "foo");
    }

    #[test]
    fn the_order_is_that_of_the_text_not_of_the_number() {
        assert!(Version::stored("20240313") < Version::stored("20240312000000000").max(Version::stored("20240313000000")));
        assert!(Version::stored("9") > Version::stored("10"));
    }

    #[test]
    fn numbers_order_as_numbers_and_are_found_in_what_is_typed() {
        assert!(Version::numbered(9) < Version::numbered(10));
        for typed in ["7", "007", "V7", "U7__late", "V7__a_name"] {
            assert_eq!(Version::of_refinery_file(typed), Some(Version::numbered(7)), "{typed}");
        }
        for typed in ["7", "007", "007_a_name", "007_a.sql"] {
            assert_eq!(Version::of_numbered_file(typed), Some(Version::numbered(7)), "{typed}");
        }
        for typed in ["", "-7", "+7", "V7", "7.5_x", "a_7"] {
            assert_eq!(Version::of_numbered_file(typed), None, "{typed}");
        }
        for typed in ["", "V", "V-7", "V1.5__x", "users", "99999999999999999999"] {
            assert_eq!(Version::of_refinery_file(typed), None, "{typed}");
        }
    }

    proptest! {
        #[test]
        fn versions_order_as_their_bytes_do(a in "[0-9a-z]{1,20}", b in "[0-9a-z]{1,20}") {
            prop_assert_eq!(Version::stored(a.clone()).cmp(&Version::stored(b.clone())), a.as_bytes().cmp(b.as_bytes()));
        }
    }
}
