//! The mapping as it is written.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use toml::Spanned;

use super::error::MappingError;
use crate::domain::checksum::sha256_hex;
use crate::domain::explain::Place;

/// A name, a word or a value with its place in the file.
pub type Word = Spanned<String>;
/// A value with its place in the file.
pub type Value = Spanned<toml::Value>;
/// Names with something each.
pub type Map<T> = BTreeMap<Word, T>;

/// A mapping file.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mapping {
    /// The version of the format: 1.
    pub version: Spanned<i64>,
    /// The old database.
    #[serde(default)]
    pub source: Side,
    /// The new database.
    #[serde(default)]
    pub target: Side,
    /// What holds for all tables.
    #[serde(default)]
    pub options: Options,
    /// Tables of values.
    #[serde(default, rename = "enum")]
    pub enums: Map<EnumSpec>,
    /// Tables that go over.
    #[serde(default, rename = "table")]
    pub tables: Vec<TableSpec>,
    /// Tables that are derived.
    #[serde(default, rename = "derive")]
    pub derived: Vec<TableSpec>,
    /// What is checked afterwards.
    #[serde(default)]
    pub verify: Verify,
    /// The file.
    #[serde(skip)]
    pub file: PathBuf,
    /// Its text.
    #[serde(skip)]
    pub text: String,
}

/// One of the two databases.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Side {
    /// Its URL, or `env:NAME`.
    pub url: Option<Word>,
}

/// What holds for all tables, unless a table says otherwise.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Options {
    /// `stop` or `reject`.
    pub on_error: Option<Word>,
    /// `error` or `report`: tables of the source that the mapping does not name.
    pub unmapped_tables: Option<Word>,
    /// `update`, `skip`, `error`, `replace`.
    pub conflict: Option<Word>,
    /// `reject`, `first`, `last`.
    pub duplicates: Option<Word>,
    /// `reject`, `skip`.
    pub orphans: Option<Word>,
    /// `reject`, `warn`.
    pub overlong: Option<Word>,
    /// `refuse`, `fire`: triggers of the target.
    pub triggers: Option<Word>,
    /// Columns that a row which is there keeps.
    pub preserve: Vec<Word>,
    /// Whether NULL overwrites what is there.
    pub null_overwrites: bool,
    /// The zone of times that do not say it.
    pub naive_time: Option<Word>,
}

/// A table of values.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct EnumSpec {
    /// Values that stay as they are.
    pub values: Vec<String>,
    /// Old values with their new ones.
    pub map: BTreeMap<String, String>,
    /// `upper`, and characters to replace: `-:_`.
    pub normalise: Vec<Word>,
    /// `error`, `reject`, `null`, or a value.
    pub unknown: Option<Word>,
}

/// One table.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct TableSpec {
    /// The table of the source.
    pub from: Option<Word>,
    /// Columns that become rows.
    pub unpivot: Option<UnpivotSpec>,
    /// The table of the target.
    pub to: Option<Word>,
    /// Why it stays behind as a whole.
    pub skip_table: Option<Word>,
    /// Old columns with their new names.
    pub rename: Map<Word>,
    /// Old columns that stay behind.
    pub skip: Vec<Word>,
    /// Old columns with what a row has to be like to go over.
    pub only: Map<Word>,
    /// Old columns with what a row has to be like.
    pub require: Map<Word>,
    /// New columns with the value where the old one has none.
    pub default: Map<Value>,
    /// New columns with their value.
    pub set: Map<Value>,
    /// New columns with their rules.
    pub column: Map<ColumnSpec>,
    /// New columns whose value is looked up in the target.
    pub lookup: Map<LookupSpec>,
    /// Old columns in the order in which rows go in.
    pub order: Vec<Word>,
    /// New columns by which a row is found.
    #[serde(rename = "match")]
    pub matched: Vec<Word>,
    /// The key that the target draws anew.
    pub new_key: Option<Word>,
    /// As in the options.
    pub conflict: Option<Word>,
    /// As in the options.
    pub duplicates: Option<Word>,
    /// As in the options.
    pub orphans: Option<Word>,
    /// As in the options.
    pub overlong: Option<Word>,
    /// As in the options, and beside them.
    pub preserve: Vec<Word>,
    /// As in the options.
    pub null_overwrites: Option<bool>,
    /// A row that is there is only changed while its columns have these values.
    pub update_only_if: Map<Value>,
    /// Counts that are made anew afterwards.
    pub after: Map<AfterSpec>,
}

/// Columns that become rows.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UnpivotSpec {
    /// The table of the source.
    pub from: Word,
    /// The columns, with `{n}` where the number stands.
    pub columns: Word,
    /// The numbers: `0..7`, both included.
    pub n: Word,
}

/// The rules of one column.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ColumnSpec {
    /// The old column, where it is not said by `rename`.
    pub from: Option<Word>,
    /// The table of values.
    #[serde(rename = "enum")]
    pub by_enum: Option<Word>,
    /// An array becomes JSON.
    pub to_json: bool,
    /// 1 where there is a value, else 0.
    pub is_not_null: bool,
    /// The table of the source whose new key it is.
    pub idmap: Option<Word>,
    /// The value of NULL.
    pub coalesce: Option<Value>,
    /// An age: `60d`.
    pub older_than: Option<Word>,
    /// What it becomes then.
    pub becomes: Option<Value>,
    /// The old column that says how old a NULL is.
    pub age_of_null: Option<Word>,
    /// What a number counts: `s`, `ms`, `us`.
    pub epoch: Option<Word>,
    /// The zone of times that do not say it.
    pub zone: Option<Word>,
    /// The kind, where the declared type does not say it.
    #[serde(rename = "type")]
    pub kind: Option<Word>,
    /// SQL, as the way out.
    pub sql: Option<SqlSpec>,
}

/// SQL over the source's row, which is called `s`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SqlSpec {
    /// For SQLite.
    pub sqlite: Option<Word>,
    /// For PostgreSQL.
    pub postgres: Option<Word>,
}

/// A value that is looked up in the target.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LookupSpec {
    /// The table of the target.
    pub table: Word,
    /// Its column.
    pub column: Word,
    /// Its columns with what they equal.
    pub on: Map<Value>,
}

/// A count that is made anew.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AfterSpec {
    /// The table whose rows are counted.
    pub count: Word,
    /// Its columns with those of this table.
    pub on: Map<Word>,
    /// Which rows count.
    #[serde(default, rename = "where")]
    pub only: Map<Value>,
}

/// What is checked afterwards.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Verify {
    /// How many rows of each table are looked at one by one.
    pub sample: u32,
    /// What decides which ones.
    pub seed: u64,
    /// Tables of the source with the number of their rows.
    pub expect: Map<u64>,
    /// Rows that are looked at in any case: a column of the source with its values, by table.
    pub spot: Map<BTreeMap<String, Vec<toml::Value>>>,
}

impl Default for Verify {
    fn default() -> Self {
        Self { sample: 100, seed: 1, expect: Map::new(), spot: Map::new() }
    }
}

impl Mapping {
    /// Reads a mapping.
    ///
    /// # Errors
    /// When it is not UTF-8, not TOML, or has something in it that a mapping does not have: with its line.
    pub fn parse(file: &Path, bytes: &[u8]) -> Result<Self, MappingError> {
        let text = std::str::from_utf8(bytes).map_err(|error| {
            let valid = std::str::from_utf8(&bytes[..error.valid_up_to()]).unwrap_or_default();
            let place = Place::in_text(file, valid, valid.len());
            MappingError::Invalid { place, message: "the file is not UTF-8".to_owned(), hint: "save it as UTF-8".to_owned() }
        })?;
        let mut mapping: Self = toml::from_str(text).map_err(|error| {
            let place = error.span().map_or_else(|| Place::file(file), |span| Place::in_text(file, text, span.start));
            MappingError::from_toml(place, error.message())
        })?;
        mapping.file = file.to_owned();
        mapping.text = text.to_owned();
        if *mapping.version.get_ref() != 1 {
            let message = format!("a mapping of version {} is not known", mapping.version.get_ref());
            return Err(MappingError::Invalid {
                place: mapping.place(&mapping.version),
                message,
                hint: "write version = 1".to_owned(),
            });
        }
        Ok(mapping)
    }

    /// Where something stands.
    pub fn place<T>(&self, what: &Spanned<T>) -> Place {
        Place::in_text(&self.file, &self.text, what.span().start)
    }

    /// What tells this mapping from another one: SHA-256 of its text, in lower-case hexadecimal.
    pub fn hash(&self) -> String {
        sha256_hex(&self.text.replace("\r\n", "\n"))
    }

    /// The name by which a run is known: that of the file.
    pub fn name(&self) -> String {
        self.file.file_stem().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::explain::Explain;

    fn fails(text: &str) -> (String, Option<usize>, String) {
        let error = Mapping::parse(Path::new("t.toml"), text.as_bytes()).expect_err("it is not valid");
        (error.to_string(), error.place().and_then(|place| place.line), error.hint().unwrap_or_default())
    }

    #[test]
    fn what_is_not_known_is_an_error_with_its_line_and_the_nearest_word() {
        let (message, line, hint) = fails("version = 1\n[[table]]\nfrom = \"a\"\nrenam = {}\n");
        assert_eq!((message.as_str(), line), ("`renam` is no part of a mapping here", Some(4)));
        assert_eq!(hint, "did you mean `rename`?");

        let (_, line, hint) = fails("version = 1\n[[table]]\nfrom = \"a\"\n[table.column.x]\nidmpa = \"b\"\n");
        assert_eq!((line, hint.as_str()), (Some(5), "did you mean `idmap`?"));
    }

    #[test]
    fn another_version_is_refused() {
        assert_eq!(fails("\nversion = 2\n").1, Some(2));
    }

    #[test]
    fn names_have_their_places() {
        let text = "version = 1\n[[table]]\nfrom = \"a\"\nrename = { x = \"y\",\n  zz = \"w\" }\n";
        let mapping = Mapping::parse(Path::new("t.toml"), text.as_bytes()).expect("it is valid");
        let (old, new) = mapping.tables[0].rename.last_key_value().expect("there are two");
        assert_eq!((mapping.place(old).line, mapping.place(old).column, mapping.place(new).column), (Some(5), Some(3), Some(8)));
    }
}
