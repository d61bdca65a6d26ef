//! The kinds of columns.

use crate::domain::engine::Engine;

/// What a column holds. Decided once a table, from the type that the target declares.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A truth value; SQLite keeps 0 or 1.
    Bool,
    /// A whole number of so many bits.
    Int(u8),
    /// A floating point number of 64 bits.
    Real,
    /// A decimal number.
    Number,
    /// Text, with the declared length in characters.
    Text(Option<usize>),
    /// Bytes.
    Bytes,
    /// A day.
    Date,
    /// A moment.
    Time,
    /// JSON, kept as text.
    Json,
    /// PostgreSQL's `uuid`.
    Uuid,
    /// A column without a type, or of one that is not known: its values pass as they are.
    Any,
}

impl Kind {
    /// The kind of a column that is declared as `declared`: on PostgreSQL by the type's name, on SQLite by the words in it.
    pub fn of(engine: Engine, declared: &str) -> Self {
        if engine == Engine::Postgres {
            return Self::of_postgres(declared);
        }
        let lower = declared.trim().to_ascii_lowercase();
        let word: String = lower.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == ' ' || *c == '_').collect();
        let length = || lower.split_once('(')?.1.split([')', ',']).next()?.trim().parse().ok();
        let has = |part: &str| word.contains(part);
        match word.trim() {
            "boolean" | "bool" => Self::Bool,
            "json" | "jsonb" => Self::Json,
            "date" => Self::Date,
            "bytea" => Self::Bytes,
            word if word.starts_with("timestamp") || word.starts_with("datetime") => Self::Time,
            _ if has("int") && !has("interval") && !has("point") => Self::Int(64),
            _ if has("char") || has("text") || has("clob") || has("string") || has("uuid") => Self::Text(length()),
            _ if has("blob") => Self::Bytes,
            _ if has("real") || has("floa") || has("doub") => Self::Real,
            _ if has("numeric") || has("decimal") => Self::Number,
            _ => Self::Any,
        }
    }

    fn of_postgres(declared: &str) -> Self {
        let lower = declared.trim().to_ascii_lowercase();
        if lower.ends_with("[]") {
            return Self::Any;
        }
        let (word, modifier) = lower.split_once('(').unwrap_or((&lower, ""));
        match word.trim() {
            "boolean" | "bool" => Self::Bool,
            "smallint" | "int2" => Self::Int(16),
            "integer" | "int" | "int4" => Self::Int(32),
            "bigint" | "int8" => Self::Int(64),
            "real" | "float4" | "double precision" | "float8" => Self::Real,
            "numeric" | "decimal" => Self::Number,
            "text" | "citext" | "name" => Self::Text(None),
            "character varying" | "varchar" | "character" | "char" | "bpchar" => {
                Self::Text(modifier.split(')').next().and_then(|length| length.trim().parse().ok()))
            }
            "bytea" => Self::Bytes,
            "uuid" => Self::Uuid,
            "date" => Self::Date,
            "json" | "jsonb" => Self::Json,
            word if word.starts_with("timestamp") => Self::Time,
            _ => Self::Any,
        }
    }

    /// The word by which a mapping names it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Bool => "bool",
            Self::Int(_) => "integer",
            Self::Real => "real",
            Self::Number => "number",
            Self::Text(_) => "text",
            Self::Bytes => "bytes",
            Self::Date => "date",
            Self::Time => "time",
            Self::Json => "json",
            Self::Uuid => "uuid",
            Self::Any => "any",
        }
    }

    /// The words that a mapping may use.
    pub const WORDS: [&'static str; 11] =
        ["bool", "integer", "real", "number", "text", "bytes", "date", "time", "json", "uuid", "any"];

    /// The kind that a mapping names.
    pub fn named(word: &str) -> Option<Self> {
        Some(match word {
            "bool" => Self::Bool,
            "integer" => Self::Int(64),
            "real" => Self::Real,
            "number" => Self::Number,
            "text" => Self::Text(None),
            "bytes" => Self::Bytes,
            "date" => Self::Date,
            "time" => Self::Time,
            "json" => Self::Json,
            "uuid" => Self::Uuid,
            "any" => Self::Any,
            _ => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn declared_types_have_their_kinds() {
        let sqlite = |text| Kind::of(Engine::Sqlite, text);
        assert_eq!(sqlite("INTEGER"), Kind::Int(64));
        assert_eq!(sqlite("TEXT(32)"), Kind::Text(Some(32)));
        assert_eq!(sqlite("VARCHAR(255)"), Kind::Text(Some(255)));
        assert_eq!(sqlite("DATETIME"), Kind::Time);
        assert_eq!(sqlite("TIMESTAMP"), Kind::Time);
        assert_eq!(sqlite("BOOLEAN"), Kind::Bool);
        assert_eq!(sqlite("DECIMAL(9,2)"), Kind::Number);
        assert_eq!(sqlite(""), Kind::Any);
        assert_eq!(Kind::of(Engine::Postgres, "integer"), Kind::Int(32));
        assert_eq!(Kind::of(Engine::Postgres, "bigint"), Kind::Int(64));
        assert_eq!(Kind::of(Engine::Postgres, "character varying(9)"), Kind::Text(Some(9)));
        assert_eq!(Kind::of(Engine::Postgres, "timestamp(3) without time zone"), Kind::Time);
        assert_eq!(Kind::of(Engine::Postgres, "double precision"), Kind::Real);
        assert_eq!(Kind::of(Engine::Postgres, "bigint[]"), Kind::Any);
        assert_eq!(Kind::of(Engine::Postgres, "mint_kind"), Kind::Any);
        assert_eq!(Kind::of(Engine::Postgres, "interval"), Kind::Any);
    }

    #[test]
    fn every_word_names_a_kind() {
        for word in Kind::WORDS {
            assert_eq!(Kind::named(word).map(Kind::word), Some(word));
        }
    }
}
