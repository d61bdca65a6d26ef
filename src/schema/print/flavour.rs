//! Whose types a schema.rs holds.

use crate::domain::engine::Engine;

/// Types that a schema.rs of the one database has and one of the other never has.
const POSTGRES: &[&str] =
    &["Int2", "Int4", "Int8", "Float4", "Float8", "Varchar", "Bpchar", "Bytea", "Timestamptz", "Uuid", "Jsonb"];
const SQLITE: &[&str] = &["SmallInt", "Integer", "BigInt", "Float", "Double", "Binary"];

/// The database for which a schema.rs was written; `None` where its types do not tell.
///
/// A project whose migrations run on both databases has one schema.rs, made on one of them.
pub fn written_for(schema_rs: &str) -> Option<Engine> {
    let types = || schema_rs.lines().filter_map(|line| line.trim().strip_suffix(',')?.split_once(" -> ")).map(|(_, of)| of);
    let inner = |of: &'static [&'static str]| move |text: &str| text.split(['<', '>']).any(|part| of.contains(&part));
    if types().any(inner(POSTGRES)) {
        Some(Engine::Postgres)
    } else if types().any(inner(SQLITE)) {
        Some(Engine::Sqlite)
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_tell_the_database() {
        assert_eq!(written_for("    id -> Int4,\n"), Some(Engine::Postgres));
        assert_eq!(written_for("    ids -> Nullable<Array<Nullable<Int8>>>,\n"), Some(Engine::Postgres));
        assert_eq!(written_for("    id -> Nullable<BigInt>,\n"), Some(Engine::Sqlite));
        assert_eq!(written_for("    /// Integer, Int4\n    name -> Text,\n"), None);
    }
}
