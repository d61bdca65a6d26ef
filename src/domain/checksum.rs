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
        Self { bytes: sha256_hex(text), tokens: hex(&tokens.finalize()) }
    }

    /// How `text` differs from what was recorded. The tokens are looked at only where the bytes differ.
    pub fn edit(&self, text: &str, engine: Engine) -> Edit {
        if self.bytes == sha256_hex(text) {
            Edit::None
        } else if self.tokens == Self::of(text, engine).tokens {
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

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = "CREATE TABLE a (b text); -- why\nINSERT INTO a VALUES ('x y');\n";

    #[track_caller]
    fn edited(from: &str, to: &str, expected: Edit) {
        for engine in [Engine::Sqlite, Engine::Postgres] {
            let edit = Checksum::of(from, engine).edit(to, engine);

            assert_eq!(edit, expected, "{engine}: {to}");
        }
    }

    #[test]
    fn an_unchanged_file_has_no_edit() {
        edited(FILE, FILE, Edit::None);
        edited("", "", Edit::None);
    }

    #[test]
    fn line_ends_blanks_and_comments_are_cosmetic() {
        edited(FILE, &FILE.replace('\n', "\r\n"), Edit::Cosmetic);
        edited(FILE, &FILE.replace("why", "because"), Edit::Cosmetic);
        edited(FILE, &FILE.replace("-- why", "/* it's */"), Edit::Cosmetic);
        edited(FILE, &format!("\u{feff}\n\n{}\n", FILE.replace("(b", "(\n\tb")), Edit::Cosmetic);
        edited("SELECT 'a\nb'", "SELECT 'a\r\nb'", Edit::Cosmetic);
    }

    #[test]
    fn what_the_database_would_be_told_is_real() {
        edited(FILE, &FILE.replace("x y", "x  y"), Edit::Real);
        edited(FILE, &FILE.replace("'x y'", "'x -- y'"), Edit::Real);
        edited(FILE, &FILE.replace("text", "TEXT"), Edit::Real);
        edited(FILE, &FILE.replace("INSERT", "-- INSERT"), Edit::Real);
        edited("SELECT a b", "SELECT ab", Edit::Real);
        edited("SELECT 'a' 'b'", "SELECT 'a''b'", Edit::Real);
        edited("SELECT 1 < = 2", "SELECT 1 <= 2", Edit::Real);
    }

    #[test]
    fn the_body_of_a_function_and_the_lines_of_a_copy_are_real() {
        for (from, to) in [
            ("DO $$ BEGIN -- a\nEND $$", "DO $$ BEGIN -- b\nEND $$"),
            ("DO $$ BEGIN END $$", "DO $$ BEGIN  END $$"),
            ("COPY t FROM STDIN;\n1 -- a\n\\.\n", "COPY t FROM STDIN;\n1 -- b\n\\.\n"),
        ] {
            let edit = Checksum::of(from, Engine::Postgres).edit(to, Engine::Postgres);

            assert_eq!(edit, Edit::Real, "{to}");
        }
    }
}
