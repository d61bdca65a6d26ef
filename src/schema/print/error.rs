//! What cannot be printed.

use crate::domain::explain::{Class, Explain};

/// A schema.rs that cannot be written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PrintError {
    /// Diesel needs a primary key.
    #[error("the table {0} has no primary key, and Diesel only knows tables that have one")]
    NoPrimaryKey(String),
    /// A type of SQLite that Diesel does not know.
    #[error("the type `{type_text}` of {table}.{column} is none that Diesel knows")]
    UnknownType {
        /// The table.
        table: String,
        /// The column.
        column: String,
        /// The type as it was declared.
        type_text: String,
    },
    /// SQLite has no schemas.
    #[error("diesel.toml names the schema {0}, but SQLite has no schemas")]
    NoSchemas(String),
    /// The patch is not one, or does not fit.
    #[error("the patch cannot be applied to schema.rs: {0}")]
    Patch(String),
}

impl Explain for PrintError {
    fn class(&self) -> Class {
        Class::Usage
    }

    fn hint(&self) -> Option<String> {
        Some(match self {
            Self::NoPrimaryKey(table) => {
                format!("give it a primary key, or leave it out in diesel.toml: filter = {{ except_tables = [\"^{table}$\"] }}")
            }
            Self::UnknownType { table, .. } => format!(
                "declare it with a type such as INTEGER, TEXT, BLOB or DOUBLE, or leave the table out in diesel.toml: \
                 filter = {{ except_tables = [\"^{table}$\"] }}"
            ),
            Self::NoSchemas(_) => "remove `schema` from [print_schema], or use PostgreSQL".to_owned(),
            Self::Patch(_) => "make the patch anew against what `manage schema print` prints without patch_file".to_owned(),
        })
    }
}
