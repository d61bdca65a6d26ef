//! Floor 3: what belongs to a fresh start.
//!
//! [`probe`] runs statements that must pass and statements that must fail on a named constraint, and takes them back.
//! [`notice`] renders the text that tells users. [`export`] writes rows as lines that help users to add them again.

pub mod export;
pub mod format;
pub mod notice;
pub mod plain;
pub mod probe;
