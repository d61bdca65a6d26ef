//! `[print_schema]` of `diesel.toml`, with diesel's own keys.

use std::path::{Path, PathBuf};

use regex::Regex;
use serde::{Deserialize, Deserializer};

use super::config::ConfigError;
use crate::domain::explain::Place;

/// What `diesel.toml` says of schema.rs: one entry, or one for each `[print_schema.KEY]`, in the order of keys.
#[derive(Debug, Clone)]
pub struct DieselToml {
    /// Key and settings.
    pub schemas: Vec<(String, PrintSchema)>,
}

/// How a schema.rs is written.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct PrintSchema {
    /// The file; relative to diesel.toml as it is written.
    pub file: Option<PathBuf>,
    /// Documentation comments.
    pub with_docs: Docs,
    /// Which tables are listed together.
    pub allow_tables_to_appear_in_same_query_config: Groups,
    /// Which tables are printed.
    pub filter: Filter,
    /// The order of columns.
    pub column_sorting: ColumnSorting,
    /// PostgreSQL's schema, where it is not `public`.
    pub schema: Option<String>,
    /// A patch that is applied to the text.
    pub patch_file: Option<PathBuf>,
    /// Imports of every table.
    pub import_types: Option<Vec<String>>,
    /// Whether types that diesel does not know are defined; they are, unless this says `false`.
    pub generate_missing_sql_type_definitions: Option<bool>,
    /// Types that are not defined, by their Rust names.
    pub except_custom_type_definitions: Vec<Pattern>,
    /// What defined types derive.
    pub custom_type_derives: Option<Vec<String>>,
    /// Whether SQLite's `INTEGER PRIMARY KEY` is a `BigInt`.
    pub sqlite_integer_primary_key_is_bigint: Option<bool>,
    /// Domains that are types of their own, by their names.
    pub pg_domains_as_custom_types: Vec<Pattern>,
}

/// A regular expression.
#[derive(Debug, Clone)]
pub struct Pattern(Regex);

impl Pattern {
    /// Whether it is found in `text`.
    pub fn is_in(&self, text: &str) -> bool {
        self.0.is_match(text)
    }
}

impl<'de> Deserialize<'de> for Pattern {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Regex::new(&text).map(Self).map_err(|_| serde::de::Error::custom(format!("`{text}` is not a regular expression")))
    }
}

/// Which documentation comments are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Docs {
    /// None.
    #[default]
    None,
    /// The database's comments.
    Comments,
    /// The database's comments, and words of diesel's where there is none.
    CommentsOrGenerated,
}

impl<'de> Deserialize<'de> for Docs {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Said {
            Switch(bool),
            Word(String),
        }
        match Said::deserialize(deserializer).map_err(|_| serde::de::Error::custom("with_docs is true, false or a text"))? {
            Said::Switch(false) => Ok(Self::None),
            Said::Switch(true) => Ok(Self::CommentsOrGenerated),
            Said::Word(word) => match word.as_str() {
                "no-doc-comments" => Ok(Self::None),
                "only-database-comments" => Ok(Self::Comments),
                "database-comments-fallback-to-auto-generated-doc-comment" => Ok(Self::CommentsOrGenerated),
                _ => Err(serde::de::Error::custom(format!(
                    "with_docs is true, false, \"no-doc-comments\", \"only-database-comments\" or \
                     \"database-comments-fallback-to-auto-generated-doc-comment\", not \"{word}\""
                ))),
            },
        }
    }
}

/// How tables are grouped in `allow_tables_to_appear_in_same_query!`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Groups {
    /// By foreign keys.
    FkRelatedTables,
    /// All in one.
    #[default]
    AllTables,
    /// Not at all.
    None,
}

/// The order of columns.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ColumnSorting {
    /// The table's own.
    #[default]
    OrdinalPosition,
    /// By name.
    Name,
}

/// Which tables are printed.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Filter {
    /// Only these.
    pub only_tables: Option<Vec<Pattern>>,
    /// All but these.
    pub except_tables: Option<Vec<Pattern>>,
}

impl Filter {
    /// Whether the table called `name` is printed.
    pub fn admits(&self, name: &str) -> bool {
        let among = |patterns: &[Pattern]| patterns.iter().any(|pattern| pattern.is_in(name));
        self.only_tables.as_deref().is_none_or(among) && !self.except_tables.as_deref().is_some_and(among)
    }
}

impl PrintSchema {
    /// The text of the patch, where one is named.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn read_patch(&self) -> Result<Option<String>, ConfigError> {
        let Some(file) = &self.patch_file else { return Ok(None) };
        match std::fs::read_to_string(file) {
            Ok(text) => Ok(Some(text)),
            Err(error) => Err(ConfigError::Unreadable { file: file.clone(), error }),
        }
    }
}

impl DieselToml {
    /// Reads `diesel.toml` in `folder`. Where there is none, the defaults.
    ///
    /// # Errors
    /// When the file cannot be read, is not TOML, or has a key in `[print_schema]` that is not known.
    pub fn read(folder: &Path) -> Result<Self, ConfigError> {
        let file = folder.join("diesel.toml");
        match std::fs::read_to_string(&file) {
            Ok(text) => Self::parse(&file, &text),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Self::parse(&file, ""),
            Err(error) => Err(ConfigError::Unreadable { file, error }),
        }
    }

    fn parse(file: &Path, text: &str) -> Result<Self, ConfigError> {
        #[derive(Default, Deserialize)]
        #[serde(default)]
        struct Whole {
            print_schema: toml::Table,
        }
        let whole: Whole = toml::from_str(text).map_err(|error| ConfigError::Invalid {
            place: error.span().map_or_else(|| Place::file(file), |span| Place::in_text(file, text, span.start)),
            message: error.message().to_owned(),
        })?;
        let settings = |key: &str, table: toml::Table| -> Result<PrintSchema, ConfigError> {
            let mut settings: PrintSchema = table.try_into().map_err(|error: toml::de::Error| ConfigError::Invalid {
                place: Place::in_text(file, text, text.find(key).unwrap_or(0)),
                message: error.message().to_owned(),
            })?;
            if settings.filter.only_tables.is_some() && settings.filter.except_tables.is_some() {
                return Err(ConfigError::Invalid {
                    place: Place::in_text(file, text, text.find("except_tables").unwrap_or(0)),
                    message: "only_tables and except_tables exclude each other".to_owned(),
                });
            }
            let folder = file.parent().unwrap_or(Path::new(""));
            for path in [&mut settings.file, &mut settings.patch_file].into_iter().flatten() {
                *path = folder.join(&*path);
            }
            Ok(settings)
        };
        let (keyed, plain): (toml::Table, toml::Table) =
            whole.print_schema.into_iter().partition(|(key, value)| value.is_table() && key != "filter");
        let mut schemas = Vec::new();
        for (key, value) in keyed {
            let toml::Value::Table(table) = value else { continue };
            schemas.push((key.clone(), settings(&format!("print_schema.{key}"), table)?));
        }
        // As diesel does: what stands in `[print_schema]` itself is the entry `default`.
        if !schemas.iter().any(|(key, _)| key == "default") {
            schemas.push(("default".to_owned(), settings("print_schema", plain)?));
        }
        schemas.sort_by(|(a, _), (b, _)| a.cmp(b));
        Ok(Self { schemas })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<DieselToml, ConfigError> {
        DieselToml::parse(Path::new("there/diesel.toml"), text)
    }

    #[test]
    fn one_schema_and_several() {
        let one = parse("[print_schema]\nfile = \"src/schema.rs\"\nwith_docs = true").expect("valid");
        let several = parse("[print_schema.b]\n[print_schema.a]\nfilter = { only_tables = [\"^x\"] }").expect("valid");

        assert_eq!(one.schemas[0].1.file.as_deref(), Some(Path::new("there/src/schema.rs")));
        assert_eq!(one.schemas[0].1.with_docs, Docs::CommentsOrGenerated);
        let keys: Vec<_> = several.schemas.iter().map(|(key, _)| key.as_str()).collect();
        assert_eq!(keys, ["a", "b", "default"]);
        assert!(several.schemas[0].1.filter.admits("xy") && !several.schemas[0].1.filter.admits("yx"));
    }

    #[test]
    fn what_is_not_known_is_an_error() {
        for wrong in [
            "[print_schema]\nfiel = 1",
            "[print_schema]\nwith_docs = \"yes\"",
            "[print_schema]\nfilter = { only_tables = [\"(\"] }",
            "[print_schema]\nfilter = { only_tables = [], except_tables = [] }",
            "[print_schema.x]\ncolumn_sorting = \"size\"",
        ] {
            assert!(matches!(parse(wrong), Err(ConfigError::Invalid { .. })), "{wrong}");
        }
    }
}
