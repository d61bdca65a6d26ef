//! Values and rows whose shape is known only at run time.

use std::sync::Arc;

/// A value as a database gives it or takes it.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// SQL `NULL`.
    Null,
    /// A truth value. SQLite stores it as 0 or 1 and gives it back as [`Value::Integer`].
    Bool(bool),
    /// A whole number of up to 64 bits.
    Integer(i64),
    /// A binary floating point number.
    Real(f64),
    /// Text; on PostgreSQL also every type that the session reads as text.
    Text(String),
    /// Bytes.
    Bytes(Vec<u8>),
}

impl Value {
    /// The whole number or truth value in it.
    pub fn as_i64(&self) -> Option<i64> {
        match self {
            Self::Integer(value) => Some(*value),
            Self::Bool(value) => Some(i64::from(*value)),
            _ => None,
        }
    }

    /// The text in it.
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::Text(value) => Some(value),
            _ => None,
        }
    }

    /// The truth value in it, also where the database keeps it as a number.
    pub fn as_bool(&self) -> Option<bool> {
        match self {
            Self::Bool(value) => Some(*value),
            Self::Integer(value) => Some(*value != 0),
            _ => None,
        }
    }
}

impl From<&str> for Value {
    fn from(value: &str) -> Self {
        Self::Text(value.to_owned())
    }
}

impl From<String> for Value {
    fn from(value: String) -> Self {
        Self::Text(value)
    }
}

impl From<i64> for Value {
    fn from(value: i64) -> Self {
        Self::Integer(value)
    }
}

impl From<bool> for Value {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}

impl<T: Into<Value>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

/// A row of a dynamic query. The names are shared by all rows of one answer.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// Column names in the order of the query.
    pub names: Arc<[String]>,
    /// One value a column.
    pub values: Vec<Value>,
}

impl Row {
    /// The value of the column called `name`.
    pub fn get(&self, name: &str) -> Option<&Value> {
        let at = self.names.iter().position(|known| known == name)?;
        self.values.get(at)
    }

    /// The text in column `at`, counted from 0; `None` for `NULL` or another type.
    pub fn text(&self, at: usize) -> Option<&str> {
        self.values.get(at).and_then(Value::as_str)
    }

    /// The whole number in column `at`, counted from 0.
    pub fn integer(&self, at: usize) -> Option<i64> {
        self.values.get(at).and_then(Value::as_i64)
    }

    /// The truth value in column `at`, counted from 0.
    pub fn truth(&self, at: usize) -> Option<bool> {
        self.values.get(at).and_then(Value::as_bool)
    }
}
