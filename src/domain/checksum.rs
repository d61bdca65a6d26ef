//! Checksums of migration files.

use std::fmt;

use sha2::{Digest, Sha256};

use super::engine::Engine;
use super::sql;

/// The identity of a file: one checksum of its bytes and one of its tokens.
///
/// Both are SHA-256 in lower-case hexadecimal. The token checksum leaves out comments and white space and
/// reads every line end as `\n`, so it tells a cosmetic edit from a real one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checksum {
    /// SHA-256 of the bytes.
    pub bytes: String,
    /// SHA-256 of the tokens.
    pub tokens: String,
}

/// How two versions of a file differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Edit {
    /// Not at all.
    None,
    /// In line ends, white space or comments.
    Cosmetic,
    /// In what the database would be told.
    Real,
}

impl Checksum {
    /// The checksum of `text`, read as `engine` reads SQL.
    pub fn of(text: &str, engine: Engine) -> Self {
        let mut tokens = Sha256::new();
        for token in sql::significant_tokens(&text.replace("\r\n", "\n"), engine) {
            tokens.update((token.len() as u64).to_le_bytes());
            tokens.update(token.as_bytes());
        }
        Self { bytes: hex(&Sha256::digest(text.as_bytes())), tokens: hex(&tokens.finalize()) }
    }

    /// How `self` (of the file) differs from `recorded` (at the time when it was applied).
    pub fn edit_since(&self, recorded: &Self) -> Edit {
        if self.bytes == recorded.bytes {
            Edit::None
        } else if self.tokens == recorded.tokens {
            Edit::Cosmetic
        } else {
            Edit::Real
        }
    }
}

impl fmt::Display for Checksum {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.bytes)
    }
}

/// The SHA-256 of `text` in lower-case hexadecimal.
pub fn sha256_hex(text: &str) -> String {
    hex(&Sha256::digest(text.as_bytes()))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
