//! Test data: one account full of rows, made from a seed, marked, and removed again without a trace.
//!
//! | file | idea |
//! |---|---|
//! | `tables` | the tables that get rows, and their columns |
//! | `chance` | numbers that look random and are always the same |
//! | `shape` | how many rows of what, and their keys |
//! | `clean` | the rows of an account in which nothing is wrong |
//! | `broken` | rows in every state that a check must find, each with its entry in the manifest |
//! | `states` | the broken states themselves |
//! | `mark` | what remembers which rows are test data: one row of `ai_prompts` |
//! | `inject`, `remove` | one transaction each |

mod broken;
mod chance;
mod clean;
mod error;
mod inject;
mod mark;
mod remove;
mod shape;
mod states;
mod tables;

pub use broken::State;
pub use error::TestDataError;
pub use inject::{Injected, Wish, inject};
pub use remove::{Removed, remove};

/// What the slug of every test account begins with.
pub const PREFIX: &str = "test-";

/// Accounts whose keys and prompts others use: never touched.
pub const SYSTEM_ACCOUNTS: [&str; 3] = ["aws-admin", "default-account", "default"];

/// The fewest rows that make a whole account.
pub const SMALLEST: u64 = 100;

/// The most rows in one go.
pub const LARGEST: u64 = 10_000_000;

/// The slug of the test account that `typed` means: the prefix is added where it is missing.
///
/// # Errors
/// When it is a system account, or cannot be a slug.
pub fn slug_of(typed: &str) -> Result<String, TestDataError> {
    let typed = typed.strip_prefix("slug:").unwrap_or(typed);
    let bare = typed.strip_prefix(PREFIX).unwrap_or(typed);
    if SYSTEM_ACCOUNTS.contains(&bare) {
        return Err(TestDataError::System { slug: bare.to_owned() });
    }
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    // Room for `-other`, with which the neighbour's slug ends.
    if bare.is_empty() || bare.len() > 80 || !bare.chars().all(plain) {
        return Err(TestDataError::Slug { typed: typed.to_owned() });
    }
    Ok(format!("{PREFIX}{bare}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_slug_has_the_prefix_once() {
        assert_eq!(slug_of("acme").ok().as_deref(), Some("test-acme"));
        assert_eq!(slug_of("test-acme").ok().as_deref(), Some("test-acme"));
        assert_eq!(slug_of("slug:acme").ok().as_deref(), Some("test-acme"));
        for wrong in ["", "test-", "a b", "Acme", "a'; --", "default", "aws-admin", "test-default-account", "id:7"] {
            assert!(slug_of(wrong).is_err(), "{wrong}");
        }
    }
}
