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
    /// A column without a type, or of one that is not known: its values pass as they are.
    Any,
}

impl Kind {
    /// The kind of a column that is declared as `declared`.
    pub fn of(engine: Engine, declared: &str) -> Self {
        let lower = declared.trim().to_ascii_lowercase();
        let word: String = lower.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == ' ' || *c == '_').collect();
        let length = || lower.split_once('(')?.1.split([')', ',']).next()?.trim().parse().ok();
        let has = |part: &str| word.contains(part);
        match word.trim() {
            "boolean" | "bool" => Self::Bool,
            "json" | "jsonb" => Self::Json,
            "date" => Self::Date,
            "bytea" => Self::Bytes,
            "smallint" | "int2" if engine == Engine::Postgres => Self::Int(16),
            "integer" | "int" | "int4" if engine == Engine::Postgres => Self::Int(32),
            word if word.starts_with("timestamp") || word.starts_with("datetime") => Self::Time,
            _ if has("int") && !has("interval") && !has("point") => Self::Int(64),
            _ if has("char") || has("text") || has("clob") || has("string") || has("uuid") => Self::Text(length()),
            _ if has("blob") => Self::Bytes,
            _ if has("real") || has("floa") || has("doub") => Self::Real,
            _ if has("numeric") || has("decimal") => Self::Number,
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
            Self::Any => "any",
        }
    }

    /// The words that a mapping may use.
    pub const WORDS: [&'static str; 10] = ["bool", "integer", "real", "number", "text", "bytes", "date", "time", "json", "any"];

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
    }

    #[test]
    fn every_word_names_a_kind() {
        for word in Kind::WORDS {
            assert_eq!(Kind::named(word).map(Kind::word), Some(word));
        }
    }
}
