//! A migration's version.

use std::borrow::Borrow;
use std::fmt;

/// A version as diesel keeps it: text, ordered byte by byte.
///
/// It is never read as a number: real histories mix 8, 14 and 18 digits, and their order is that of the text.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Version(String);

impl Version {
    /// The longest version that diesel's history table holds on PostgreSQL, in characters.
    pub const LONGEST: usize = 50;

    /// The version as it stands in a history table.
    pub fn stored(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The version in the name of a migration's directory: what stands before the first `_`, without dashes
    /// (diesel's rule).
    pub fn of_directory(name: &str) -> Self {
        Self(name.split('_').next().unwrap_or_default().replace('-', ""))
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl Borrow<str> for Version {
    fn borrow(&self) -> &str {
        &self.0
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

    proptest! {
        #[test]
        fn versions_order_as_their_bytes_do(a in "[0-9a-z]{1,20}", b in "[0-9a-z]{1,20}") {
            prop_assert_eq!(Version::stored(a.clone()).cmp(&Version::stored(b.clone())), a.as_bytes().cmp(b.as_bytes()));
        }
    }
}
