//! Values of a database as facts.

use std::fmt::Write;

use serde_json::{Value as Fact, json};

use crate::domain::value::Value;

/// The value as JSON has it; bytes as hexadecimal digits.
pub fn fact(value: &Value) -> Fact {
    match value {
        Value::Null => Fact::Null,
        Value::Bool(truth) => json!(truth),
        Value::Integer(number) => json!(number),
        Value::Real(number) => json!(number),
        Value::Text(text) => json!(text),
        Value::Bytes(bytes) => json!(bytes.iter().fold(String::new(), |mut text, byte| {
            let _ = write!(text, "{byte:02x}");
            text
        })),
    }
}

/// The value on one line for a person: no control characters, at most 60 characters.
pub fn short(value: &Value) -> String {
    let text = match value {
        Value::Null => "NULL".to_owned(),
        Value::Bytes(bytes) => format!("{} bytes", bytes.len()),
        Value::Bool(truth) => truth.to_string(),
        Value::Integer(number) => number.to_string(),
        Value::Real(number) => number.to_string(),
        Value::Text(text) => text.clone(),
    };
    plain(&text, 60)
}

/// `text` without control characters, cut at `limit` characters.
pub fn plain(text: &str, limit: usize) -> String {
    let mut out: String = text.chars().take(limit).map(|c| if c.is_control() { ' ' } else { c }).collect();
    if text.chars().nth(limit).is_some() {
        out.push('…');
    }
    out
}
