//! Rust names for SQL names.

use std::borrow::Cow;

use crate::domain::schema::Name;

/// A table's name in SQL and in Rust. Its order is that in which Diesel lists foreign keys.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct TableName {
    pub(super) sql: String,
    pub(super) rust: String,
    /// PostgreSQL's schema in SQL and in Rust, where it is not `public`.
    pub(super) schema: Option<(String, String)>,
}

impl TableName {
    pub(super) fn of(name: &Name) -> Self {
        Self {
            rust: rust_name(&name.name, None),
            sql: name.name.clone(),
            schema: name
                .schema
                .as_deref()
                .filter(|schema| *schema != Name::PUBLIC)
                .map(|schema| (schema.to_owned(), rust_name(schema, None))),
        }
    }

    /// `side.users`
    pub(super) fn in_sql(&self) -> String {
        self.schema.as_ref().map_or_else(|| self.sql.clone(), |(schema, _)| format!("{schema}.{}", self.sql))
    }

    /// `side.users`, as `table!` takes it.
    pub(super) fn in_rust(&self) -> String {
        self.schema.as_ref().map_or_else(|| self.rust.clone(), |(_, schema)| format!("{schema}.{}", self.rust))
    }
}

/// Words that cannot be names in Rust, as syn 2 has them.
const KEYWORDS: &[&str] = &[
    "_", "abstract", "as", "async", "await", "become", "box", "break", "const", "continue", "crate", "do", "dyn", "else", "enum",
    "extern", "false", "final", "fn", "for", "if", "impl", "in", "let", "loop", "macro", "match", "mod", "move", "mut",
    "override", "priv", "pub", "ref", "return", "Self", "self", "static", "struct", "super", "trait", "true", "try", "type",
    "typeof", "unsafe", "unsized", "use", "virtual", "where", "while", "yield",
];

/// Names that `table!` uses itself.
const TAKEN: &[&str] = &["table", "columns", "is_nullable"];

/// The Rust name of a table, schema or column; of a column with the Rust name of its table, which it must not have.
pub(super) fn rust_name(sql: &str, table: Option<&str>) -> String {
    let name = mapped(sql);
    if is_reserved(&name) || table == Some(&*name) { format!("{name}_") } else { name.into_owned() }
}

/// Whether Rust or `table!` keeps the name for itself. One that ends in an underscore is free.
pub(super) fn is_reserved(name: &str) -> bool {
    name.is_empty() || KEYWORDS.contains(&name) || TAKEN.contains(&name) || (name.starts_with("__") && !name.ends_with('_'))
}

/// Runs of characters that cannot stand in a name become one underscore; a digit in front gets one before it.
fn mapped(sql: &str) -> Cow<'_, str> {
    let fits = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let digit_first = sql.starts_with(|c: char| c.is_ascii_digit());
    if !digit_first && sql.chars().all(fits) {
        return Cow::Borrowed(sql);
    }
    let mut name = String::from(if digit_first { "_" } else { "" });
    let mut in_run = digit_first;
    for c in sql.chars() {
        if fits(c) {
            name.push(c);
        } else if !in_run {
            name.push('_');
        }
        in_run = !fits(c);
    }
    Cow::Owned(name)
}

/// A text as a Rust literal: raw where it holds quotes.
pub(super) fn literal(text: &str) -> String {
    if !text.contains('"') {
        return format!("\"{text}\"");
    }
    let hashes = "#".repeat(text.matches('#').count() + 1);
    format!("r{hashes}\"{text}\"{hashes}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_become_names_of_rust() {
        for (sql, rust) in [
            ("users", "users"),
            ("type", "type_"),
            ("Self", "Self_"),
            ("type_", "type_"),
            ("a--b", "a_b"),
            ("größe", "gr_e"),
            ("1st", "_1st"),
            ("2 nd", "_2_nd"),
            ("__x", "__x_"),
            ("__x_", "__x_"),
            ("_", "__"),
            ("", "_"),
        ] {
            assert_eq!(rust_name(sql, None), rust, "{sql}");
        }
        assert_eq!(rust_name("users", Some("users")), "users_");
    }

    #[test]
    fn quotes_make_a_raw_literal() {
        assert_eq!(literal("a b"), "\"a b\"");
        assert_eq!(literal("a\"b"), "r#\"a\"b\"#");
        assert_eq!(literal("a#\"b"), "r##\"a#\"b\"##");
    }
}
