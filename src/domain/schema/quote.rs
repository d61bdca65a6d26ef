//! Names and texts as they stand in statements.

/// The name in double quotes.
pub fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// The name, in double quotes where it is not a plain word in lower case.
pub fn quoted_if_needed(name: &str) -> String {
    let plain = name.starts_with(|c: char| c.is_ascii_lowercase() || c == '_')
        && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
    if plain { name.to_owned() } else { quoted(name) }
}

/// The text as a literal of standard SQL: SQLite reads it so, and PostgreSQL under `standard_conforming_strings`.
pub fn quoted_text(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

/// The text as a literal that PostgreSQL reads alike under every setting.
pub fn escaped_text(text: &str) -> String {
    let quoted = quoted_text(text);
    if quoted.contains('\\') { format!("E{}", quoted.replace('\\', "\\\\")) } else { quoted }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_with_quotes_and_backslashes_is_one_literal() {
        assert_eq!(quoted_text("it's \\n"), "'it''s \\n'");
        assert_eq!(escaped_text("it's"), "'it''s'");
        assert_eq!(escaped_text("it's \\n"), "E'it''s \\\\n'");
    }
}
