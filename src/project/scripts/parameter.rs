//! Parameters that a script declares, and their values.

use chrono::{DateTime, NaiveDate, NaiveDateTime};
use serde::Deserialize;

use super::error::ScriptError;
use crate::domain::engine::Engine;
use crate::domain::value::Value;

/// What kind of value a parameter takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ParameterType {
    /// Any text.
    Text,
    /// A whole number of 64 bits.
    Integer,
    /// A number with a fraction.
    Number,
    /// `true` or `false`.
    Boolean,
    /// `2026-11-21`
    Date,
    /// `2026-11-21T14:05:01Z`; without a zone it is UTC.
    Timestamp,
    /// One of the declared values.
    Enum,
}

impl ParameterType {
    /// The word in a head.
    pub fn word(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Integer => "integer",
            Self::Number => "number",
            Self::Boolean => "boolean",
            Self::Date => "date",
            Self::Timestamp => "timestamp",
            Self::Enum => "enum",
        }
    }
}

/// A declared parameter: `[params.since]`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Parameter {
    /// Its type.
    #[serde(rename = "type")]
    pub kind: ParameterType,
    /// The values of an enum.
    #[serde(default)]
    pub values: Vec<String>,
    /// Whether it must be given.
    #[serde(default)]
    pub required: bool,
    /// Its value where it is not given.
    pub default: Option<toml::Value>,
    /// What it is for.
    pub help: Option<String>,
}

impl Parameter {
    /// The value in `text`, as `engine` takes it.
    ///
    /// # Errors
    /// When the text is no value of the type: says what would be one.
    pub fn read(&self, text: &str, engine: Engine) -> Result<Value, String> {
        let value = match self.kind {
            ParameterType::Text => Some(Value::Text(text.to_owned())),
            ParameterType::Integer => text.trim().parse().ok().map(Value::Integer),
            ParameterType::Number => number(text.trim(), engine),
            ParameterType::Boolean => boolean(text.trim()).map(Value::Bool),
            ParameterType::Date => {
                NaiveDate::parse_from_str(text.trim(), "%Y-%m-%d").ok().map(|day| Value::Text(day.to_string()))
            }
            ParameterType::Timestamp => timestamp(text.trim()).map(|at| instant(at, engine)),
            ParameterType::Enum => self.values.iter().any(|known| known == text).then(|| Value::Text(text.to_owned())),
        };
        value.ok_or_else(|| match self.kind {
            ParameterType::Integer => "a whole number: 42".to_owned(),
            ParameterType::Number => "a number: 0.5".to_owned(),
            ParameterType::Boolean => "true or false".to_owned(),
            ParameterType::Date => "a day: 2026-11-21".to_owned(),
            ParameterType::Timestamp => "a moment: 2026-11-21T14:05:01Z".to_owned(),
            ParameterType::Text | ParameterType::Enum => format!("one of {}", self.values.join(", ")),
        })
    }

    /// The text of its default.
    pub fn default_text(&self) -> Option<String> {
        self.default.as_ref().map(|value| match value {
            toml::Value::String(text) => text.clone(),
            toml::Value::Integer(number) => number.to_string(),
            toml::Value::Float(number) => number.to_string(),
            toml::Value::Boolean(truth) => truth.to_string(),
            toml::Value::Datetime(at) => at.to_string(),
            // No parameter takes a list or a table: the text is no value of any type.
            toml::Value::Array(_) | toml::Value::Table(_) => "[…]".to_owned(),
        })
    }

    /// The type to which PostgreSQL is told to cast it, where the place alone may mislead the server.
    pub fn cast(&self) -> Option<&'static str> {
        match self.kind {
            ParameterType::Text | ParameterType::Enum => None,
            ParameterType::Integer => Some("bigint"),
            ParameterType::Number => Some("numeric"),
            ParameterType::Boolean => Some("boolean"),
            ParameterType::Date => Some("date"),
            ParameterType::Timestamp => Some("timestamptz"),
        }
    }

    /// Its value: what was given, else the default, else `NULL`.
    ///
    /// # Errors
    /// When it is required and not given, or the value is none of its type.
    pub fn value(&self, name: &str, given: Option<&str>, engine: Engine) -> Result<Value, ScriptError> {
        let default = self.default_text();
        let Some(text) = given.or(default.as_deref()) else {
            if self.required {
                return Err(ScriptError::Parameter {
                    message: format!("the parameter `{name}` is missing"),
                    hint: format!("--param {name}=…{}", self.help.as_ref().map(|help| format!(": {help}")).unwrap_or_default()),
                });
            }
            return Ok(Value::Null);
        };
        self.read(text, engine).map_err(|wanted| ScriptError::Parameter {
            message: format!("`{text}` is no value of the parameter `{name}`"),
            hint: format!("it takes {wanted}"),
        })
    }
}

/// An instant in the form in which `engine` keeps it: PostgreSQL's with its zone, SQLite's as `datetime()` writes it.
pub fn instant(at: NaiveDateTime, engine: Engine) -> Value {
    let text = at.format("%Y-%m-%d %H:%M:%S%.3f").to_string();
    Value::Text(match engine {
        Engine::Postgres => format!("{text}+00"),
        // As SQLite's own functions and most programs write it: a fraction only where there is one.
        Engine::Sqlite => text.strip_suffix(".000").unwrap_or(&text).to_owned(),
    })
}

fn number(text: &str, engine: Engine) -> Option<Value> {
    let real: f64 = text.parse().ok().filter(|number: &f64| number.is_finite())?;
    match engine {
        Engine::Sqlite => Some(Value::Real(real)),
        // As text, so that no digit is lost.
        Engine::Postgres => Some(Value::Text(text.to_owned())),
    }
}

fn boolean(text: &str) -> Option<bool> {
    match text {
        "true" | "yes" | "1" => Some(true),
        "false" | "no" | "0" => Some(false),
        _ => None,
    }
}

fn timestamp(text: &str) -> Option<NaiveDateTime> {
    if let Ok(at) = DateTime::parse_from_rfc3339(text) {
        return Some(at.naive_utc());
    }
    let forms = ["%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%d %H:%M:%S%.f", "%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M"];
    forms
        .iter()
        .find_map(|form| NaiveDateTime::parse_from_str(text, form).ok())
        .or_else(|| NaiveDate::parse_from_str(text, "%Y-%m-%d").ok()?.and_hms_opt(0, 0, 0))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parameter(kind: ParameterType) -> Parameter {
        Parameter { kind, values: vec!["soft".into(), "hard".into()], required: false, default: None, help: None }
    }

    #[test]
    fn values_are_read_by_their_type() {
        let read = |kind, text| parameter(kind).read(text, Engine::Postgres).ok();
        let text = |text: &str| Some(Value::Text(text.to_owned()));

        assert_eq!(read(ParameterType::Integer, "42"), Some(Value::Integer(42)));
        assert_eq!(read(ParameterType::Integer, "4.2"), None);
        assert_eq!(read(ParameterType::Number, "0.10"), text("0.10"));
        assert_eq!(read(ParameterType::Boolean, "yes"), Some(Value::Bool(true)));
        assert_eq!(read(ParameterType::Date, "2026-02-30"), None);
        assert_eq!(read(ParameterType::Timestamp, "2026-11-21T14:05:01+02:00"), text("2026-11-21 12:05:01.000+00"));
        assert_eq!(read(ParameterType::Enum, "hard"), text("hard"));
        assert_eq!(read(ParameterType::Enum, "medium"), None);
        assert_eq!(
            parameter(ParameterType::Timestamp).read("2026-11-21", Engine::Sqlite),
            Ok(Value::Text("2026-11-21 00:00:00".into()))
        );
    }

    #[test]
    fn what_is_required_must_be_given() {
        let mut wanted = parameter(ParameterType::Text);
        assert!(matches!(wanted.value("q", None, Engine::Sqlite), Ok(Value::Null)));
        wanted.required = true;
        assert!(wanted.value("q", None, Engine::Sqlite).is_err());
    }
}
