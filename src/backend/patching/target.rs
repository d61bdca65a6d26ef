//! A table that a patch writes, as the catalogue has it.

use serde::{Deserialize, Serialize};

/// A table that a patch writes.
#[derive(Debug, Clone)]
pub struct Target {
    /// Its name.
    pub name: String,
    /// Its name as it must stand in a statement.
    pub sql: String,
    /// Its name as the counters have it.
    pub counted: String,
    /// Its columns, in order.
    pub columns: Vec<TargetColumn>,
    /// What names one row.
    pub keys: Vec<UniqueKey>,
    /// What it points to.
    pub foreign: Vec<Foreign>,
    /// Tables whose rows the database changes with this one's.
    pub children: Vec<Child>,
    /// Its enabled triggers.
    pub triggers: Vec<String>,
    /// Why no patch can write it.
    pub refused: Option<String>,
    /// Whether the database counts its rows only together with those of other tables.
    pub uncounted: bool,
}

/// A column of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TargetColumn {
    /// Its place in the table, from 1: its name in images.
    pub number: usize,
    /// Its name.
    pub name: String,
    /// Its type as a cast needs it; on SQLite as it was declared.
    pub type_text: String,
    /// Its type without a length.
    pub bare_type: String,
    /// The type of it in an image: the same where the database owns it, else text.
    pub image_type: String,
    /// Whether an image keeps it as text.
    pub as_text: bool,
    /// Whether a cast to its type would cut what is too long, so that the database must assign it instead.
    pub assign: bool,
    /// Whether its type fills values up with blanks.
    pub padded: bool,
    /// Whether the database computes it.
    pub generated: bool,
    /// Whether it takes only values that the database draws.
    pub always: bool,
    /// What the database puts there where nothing is given.
    pub default: Option<String>,
}

/// Columns that name one row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UniqueKey {
    /// The columns.
    pub columns: Vec<String>,
    /// SQLite: the collation of each.
    pub collations: Vec<Option<String>>,
}

/// A foreign key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Foreign {
    /// Its columns.
    pub columns: Vec<String>,
    /// The table that it points to, as it must stand in a statement.
    pub parent: String,
    /// The columns that it points to.
    pub parent_columns: Vec<String>,
}

/// A table whose rows the database changes with those of another one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Child {
    /// Its name.
    pub name: String,
    /// Whether they change when a row is deleted.
    pub on_delete: bool,
    /// The columns that they follow, when one of those is changed.
    pub on_update: Option<Vec<String>>,
}

impl TargetColumn {
    /// Whether the database may put another value there each time.
    pub fn drawn(&self) -> bool {
        let computed = |default: &String| default.contains('(') || default.to_ascii_lowercase().starts_with("current_");
        self.always || self.default.as_ref().is_some_and(computed)
    }
}

impl Target {
    /// The column of this name, as scripts write it.
    pub fn column(&self, name: &str, fold: bool) -> Option<&TargetColumn> {
        self.columns.iter().find(|column| column.name == name || (fold && column.name.eq_ignore_ascii_case(name)))
    }
}
