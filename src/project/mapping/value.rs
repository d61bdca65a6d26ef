//! Values that a mapping gives.

use crate::domain::transfer::{Literal, check_json};

/// What stands for a value in `set`, `default`, `coalesce` and the like.
#[derive(Debug, Clone, PartialEq)]
pub enum Given {
    /// The same for every row.
    Literal(Literal),
    /// A column of the source's row: `col:NAME`.
    Column(String),
    /// The number of an unpivoted column: `n`.
    Number,
    /// The value of an unpivoted column: `value`.
    Value,
    /// Text with `{n}` in it.
    Template(String),
}

/// Reads a value. Text needs a word before it, so that a slip does not become a value.
///
/// # Errors
/// In words, what may stand there.
pub fn given(value: &toml::Value) -> Result<Given, String> {
    let literal = |literal| Ok(Given::Literal(literal));
    match value {
        toml::Value::Boolean(value) => literal(Literal::Bool(*value)),
        toml::Value::Integer(value) => literal(Literal::Int(*value)),
        toml::Value::Float(value) if value.is_finite() => literal(Literal::Real(*value)),
        toml::Value::Float(_) => Err("nan and inf are no values".to_owned()),
        toml::Value::String(text) => word(text),
        toml::Value::Datetime(moment) => literal(Literal::Text(moment.to_string().replacen('T', " ", 1))),
        toml::Value::Array(_) | toml::Value::Table(_) => Err("a list is no value; JSON is written 'json:[…]'".to_owned()),
    }
}

fn word(text: &str) -> Result<Given, String> {
    match text.split_once(':') {
        Some(("text", text)) if text.contains("{n}") => Ok(Given::Template(text.to_owned())),
        Some(("text", text)) => Ok(Given::Literal(Literal::Text(text.to_owned()))),
        Some(("json", text)) => match check_json(text.as_bytes()) {
            Ok(_) => Ok(Given::Literal(Literal::Text(text.to_owned()))),
            Err(why) => Err(format!("`{text}` {why}")),
        },
        Some(("col", name)) => Ok(Given::Column(name.to_owned())),
        _ => match text {
            "now" => Ok(Given::Literal(Literal::Now)),
            "null" => Ok(Given::Literal(Literal::Null)),
            "n" => Ok(Given::Number),
            "value" => Ok(Given::Value),
            _ => Err(format!(
                "`{text}` is no value here: write \"text:{text}\" for text, \"col:NAME\", \"json:…\", \"now\" or \"null\""
            )),
        },
    }
}
