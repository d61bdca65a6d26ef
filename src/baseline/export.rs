//! Rows as lines: the commands by which users add again what a fresh start takes, or CSV.
//!
//! A template is an SQL file, whose head says how a row becomes a line and into which file it goes:
//!
//! ```sql
//! /* manage
//! description = "The targets of each channel, as the commands that add them again"
//! file = "channel-{channel_id}.txt"
//! line_by = "kind"
//! [lines]
//! location = "!add location {name:quoted}"
//! geographic = "!add geographic {latitude} {longitude} {radius}"
//! */
//! SELECT …
//! ```

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::format::{Part, parts};
use crate::backend::{Basic, SqlError};
use crate::domain::engine::Engine;
use crate::domain::explain::{Class, Explain, Place};
use crate::domain::sql::{self, TokenKind, tokens};
use crate::domain::value::{Row, Value};

/// A template.
#[derive(Debug, Clone)]
pub struct Export {
    /// Its file.
    pub file: PathBuf,
    /// What it gives.
    pub description: String,
    /// The name of the file for a row.
    target: Vec<Part>,
    lines: Lines,
    sql: String,
    place: Place,
}

#[derive(Debug, Clone)]
enum Lines {
    One(Vec<Part>),
    ByColumn(String, BTreeMap<String, Vec<Part>>),
    Csv,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Head {
    #[serde(default)]
    description: String,
    file: String,
    line: Option<String>,
    line_by: Option<String>,
    #[serde(default)]
    lines: BTreeMap<String, String>,
    format: Option<String>,
}

/// A file that comes out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exported {
    /// Its name.
    pub name: String,
    /// Its text.
    pub text: String,
    /// How many rows are in it.
    pub rows: usize,
}

/// An export that cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// The template is not valid.
    #[error("{why}")]
    Template {
        /// Where.
        place: Place,
        /// What is wrong.
        why: String,
    },
    /// A row that cannot become a line.
    #[error("row {row}: {why}")]
    Row {
        /// Its number, from 1.
        row: usize,
        /// The template.
        place: Place,
        /// What is wrong.
        why: String,
    },
    /// The query.
    #[error("the query of the export failed: {error}")]
    Sql {
        /// The template.
        place: Place,
        /// What the database said.
        #[source]
        error: Box<SqlError>,
    },
}

impl Explain for ExportError {
    fn class(&self) -> Class {
        match self {
            Self::Template { .. } => Class::Usage,
            Self::Row { .. } => Class::Check,
            Self::Sql { error, .. } => error.class(),
        }
    }

    fn place(&self) -> Option<Place> {
        match self {
            Self::Template { place, .. } | Self::Row { place, .. } | Self::Sql { place, .. } => Some(place.clone()),
        }
    }

    fn cause(&self) -> Option<String> {
        None
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Template { .. } => Some("correct the template; nothing was written".to_owned()),
            Self::Row { .. } => Some("correct the row or the template; nothing was written".to_owned()),
            Self::Sql { error, .. } => error.hint.clone(),
        }
    }

    fn sqlstate(&self) -> Option<&str> {
        match self {
            Self::Sql { error, .. } => error.sqlstate(),
            _ => None,
        }
    }
}

/// Reads a template.
///
/// # Errors
/// When its head is missing or not valid, or it is not one query.
pub fn read(file: &Path, text: &str, engine: Engine) -> Result<Export, ExportError> {
    let error = |at: usize, why: &str| ExportError::Template { place: Place::in_text(file, text, at), why: why.to_owned() };
    let comment = tokens(text, engine).find(|token| token.kind == TokenKind::BlockComment);
    let head = comment.and_then(|token| {
        let inner = token.text(text).strip_prefix("/*")?.strip_suffix("*/")?;
        let head = inner.trim_start().strip_prefix("manage")?;
        Some((token.start + token.text(text).find("manage")? + "manage".len(), head))
    });
    let (start, head) = head.ok_or_else(|| error(0, "the file has no head: /* manage … */"))?;
    let head: Head =
        toml::from_str(head).map_err(|invalid| error(start + invalid.span().map_or(0, |span| span.start), invalid.message()))?;
    let at = |words: &str| text.find(words).unwrap_or(start);
    let shape = |words: &str| parts(words, "{", "}").map_err(|_| error(at(words), "a brace is not closed, or names nothing"));
    let lines = match (head.line, head.line_by, head.format.as_deref()) {
        (None, None, Some("csv")) if head.lines.is_empty() => Lines::Csv,
        (Some(line), None, None) if head.lines.is_empty() => Lines::One(shape(&line)?),
        (None, Some(column), None) if !head.lines.is_empty() => {
            let shaped = head.lines.iter().map(|(value, line)| Ok((value.clone(), shape(line)?)));
            Lines::ByColumn(column, shaped.collect::<Result<_, ExportError>>()?)
        }
        _ => return Err(error(start, "say one of: line = \"…\"; line_by = \"COLUMN\" with [lines]; format = \"csv\"")),
    };
    let pieces = sql::split(text, engine).map_err(|unclosed| error(unclosed.at(), &unclosed.to_string()))?;
    let [piece] = &pieces[..] else { return Err(error(start, "the file must hold one query")) };
    let first = sql::significant_tokens(piece.sql(text), engine).next().unwrap_or_default().to_ascii_uppercase();
    if !matches!(first.as_str(), "SELECT" | "WITH" | "VALUES") {
        return Err(error(piece.start, &format!("an export only reads: {first} is no query")));
    }
    Ok(Export {
        file: file.to_owned(),
        description: head.description,
        target: shape(&head.file)?,
        lines,
        sql: piece.sql(text).to_owned(),
        place: Place::in_text(file, text, piece.start),
    })
}

/// Reads the rows and makes the files, in the order in which they begin. The session should be one that only reads: a
/// query may call a function that writes.
///
/// # Errors
/// When the query fails, or a row cannot become a line.
pub fn make(session: &mut impl Basic, export: &Export) -> Result<Vec<Exported>, ExportError> {
    let rows = session
        .query(&export.sql, &[])
        .map_err(|error| ExportError::Sql { place: export.place.clone(), error: Box::new(error) })?;
    lay_out(export, &rows)
}

fn lay_out(export: &Export, rows: &[Row]) -> Result<Vec<Exported>, ExportError> {
    let mut files: Vec<Exported> = Vec::new();
    for (number, row) in rows.iter().enumerate() {
        let wrong = |why: String| ExportError::Row { row: number + 1, place: export.place.clone(), why };
        let name = filled(&export.target, row, Some(&in_a_file_name)).map_err(wrong)?;
        let line = match &export.lines {
            Lines::Csv => csv(row.values.iter().map(text)),
            Lines::One(shape) => filled(shape, row, None).map_err(wrong)?,
            Lines::ByColumn(column, shapes) => {
                let value = row.get(column).ok_or_else(|| wrong(format!("the query has no column {column}")))?;
                let value = text(value).unwrap_or_default();
                let shape = shapes.get(&value).ok_or_else(|| wrong(format!("[lines] has nothing for {column} = {value}")))?;
                filled(shape, row, None).map_err(wrong)?
            }
        };
        let at = files.iter().position(|file| file.name == name).unwrap_or_else(|| {
            let head = if matches!(export.lines, Lines::Csv) {
                format!("{}\n", csv(row.names.iter().map(|name| Some(name.clone()))))
            } else {
                String::new()
            };
            files.push(Exported { name, text: head, rows: 0 });
            files.len() - 1
        });
        // A place without a value at the end leaves a blank behind.
        let line = if matches!(export.lines, Lines::Csv) { &line } else { line.trim_end() };
        files[at].text.push_str(line);
        files[at].text.push('\n');
        files[at].rows += 1;
    }
    Ok(files)
}

/// How the text of a value becomes part of a file's name.
type Escape<'a> = Option<&'a dyn Fn(&str) -> String>;

fn filled(shape: &[Part], row: &Row, escape: Escape<'_>) -> Result<String, String> {
    let mut out = String::new();
    for part in shape {
        let (name, how, default) = match part {
            Part::Text(text) => {
                out.push_str(text);
                continue;
            }
            Part::Place { name, how, default, .. } => (name, how, default),
        };
        let value = row.get(name).ok_or_else(|| format!("the query has no column {name}"))?;
        let Some(value) = text(value).or_else(|| default.clone()) else { continue };
        match (how.as_deref(), escape) {
            (_, Some(escape)) => out.push_str(&escape(&value)),
            (Some("quoted"), None) => out.push_str(&quoted(&value)),
            (None, None) if value.chars().any(char::is_control) => {
                return Err(format!(
                    "{name} holds a line break or a control character, and would break the line; write {{{name}:quoted}}"
                ));
            }
            (None, None) => out.push_str(&value),
            (Some(other), None) => return Err(format!("{{{name}:{other}}}: only `quoted` is known")),
        }
    }
    Ok(out)
}

/// In double quotes, with `\"`, `\\`, `\n`, `\r`, `\t` and `\u{…}` for what would end or break the line.
fn quoted(value: &str) -> String {
    let mut out = String::from("\"");
    for char in value.chars() {
        match char {
            '"' | '\\' => out.extend(['\\', char]),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            char if char.is_control() => out.extend(char.escape_unicode()),
            char => out.push(char),
        }
    }
    out.push('"');
    out
}

/// Two values never become one name: what may not stand in one is written as `%XX`.
fn in_a_file_name(value: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    value.bytes().map(|byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") }).collect()
}

/// A line of RFC 4180.
fn csv(values: impl Iterator<Item = Option<String>>) -> String {
    let field = |value: Option<String>| {
        let value = value.unwrap_or_default();
        let special = value.contains([',', '"', '\n', '\r']);
        if special { format!("\"{}\"", value.replace('"', "\"\"")) } else { value }
    };
    values.map(field).collect::<Vec<_>>().join(",")
}

fn text(value: &Value) -> Option<String> {
    Some(match value {
        Value::Null => return None,
        Value::Bool(value) => value.to_string(),
        Value::Integer(value) => value.to_string(),
        Value::Real(value) => value.to_string(),
        Value::Text(value) => value.clone(),
        Value::Bytes(bytes) => bytes.iter().map(|byte| format!("{byte:02x}")).collect(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEMPLATE: &str = "/* manage\nfile = \"c-{channel}.txt\"\nline = \"!add {name:quoted} {radius}\"\n*/\nSELECT 1";

    fn row(values: [Value; 3]) -> Row {
        Row { names: ["channel", "name", "radius"].map(str::to_owned).into(), values: values.into() }
    }

    #[test]
    fn rows_become_lines_of_files() {
        let export = read(Path::new("e.sql"), TEMPLATE, Engine::Sqlite).expect("it is valid");
        let rows = [
            row([1.into(), "Joe's \"Bar\"\nupstairs".into(), Value::Null]),
            row(["a/b".into(), "x".into(), 25.into()]),
            row([1.into(), "y\\".into(), 5.into()]),
        ];

        let files = lay_out(&export, &rows).expect("all fit");

        assert_eq!(files[0].name, "c-1.txt");
        assert_eq!(files[0].text, "!add \"Joe's \\\"Bar\\\"\\nupstairs\"\n!add \"y\\\\\" 5\n");
        assert_eq!((files[1].name.as_str(), files[1].rows), ("c-a%2Fb.txt", 1));
    }

    #[test]
    fn a_line_break_cannot_make_a_second_command() {
        let template = TEMPLATE.replace(":quoted", "");
        let export = read(Path::new("e.sql"), &template, Engine::Postgres).expect("it is valid");

        let error = lay_out(&export, &[row([1.into(), "x\n!drop all".into(), Value::Null])]).expect_err("two lines");

        assert!(error.to_string().contains("would break the line"), "{error}");
    }

    #[test]
    fn an_export_is_one_query() {
        for (sql, why) in [("DELETE FROM t", "only reads"), ("SELECT 1; SELECT 2", "one query")] {
            let error = read(Path::new("e.sql"), &TEMPLATE.replace("SELECT 1", sql), Engine::Sqlite).expect_err(sql);

            assert!(error.to_string().contains(why), "{error}");
        }
    }
}
