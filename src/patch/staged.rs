//! Rows that no query gives: those that Rust computes, and those of a file. They stand in a table of the run for as long
//! as the plan is made, and go into the image from there, as the rows of a query do.

use std::collections::HashMap;

use super::error::PatchError;
use super::job::{Job, PartJob};
use super::part::Query;
use super::rust_form::RustForm;
use super::source::ScriptQuery;
use crate::backend::patching::{Target, TargetColumn};
use crate::backend::{Basic, Read, Session, SqlError};
use crate::domain::engine::Engine;
use crate::domain::explain::Class;
use crate::domain::nearest::nearest;
use crate::domain::schema::quoted;
use crate::domain::value::Value;
use crate::project::csv::{Cell, Csv};
use crate::project::scripts::Op;
use crate::tenancy::find::shown;

/// How many values one statement takes.
const VALUES: usize = 10_000;

/// The rows that `form` computes from those of `query`.
///
/// # Errors
/// When the query fails or gives no key, or the function gives too few values.
pub(super) fn computed(
    job: &Job<'_>,
    part: &PartJob,
    query: &ScriptQuery,
    form: &RustForm,
    image: &str,
    session: &mut Session,
) -> Result<Query, PatchError> {
    let columns = columns_of(job, query, session)?;
    let same = |a: &str, b: &str| a == b || (session.engine() == Engine::Sqlite && a.eq_ignore_ascii_case(b));
    let mut keys = Vec::new();
    for key in &part.key {
        let at = columns.iter().position(|name| same(name, key)).ok_or_else(|| {
            let message = format!("the query does not give `{key}`, which names the row");
            let hint = format!("select the key ({}) and what the function looks at", part.key.join(", "));
            PatchError::new(Class::Usage, message, hint).at(query.place.clone())
        })?;
        keys.push(at);
    }
    let (mut rows, mut left, mut short) = (Vec::new(), Vec::new(), false);
    let read = Read { sql: query.confined.sql.clone(), binds: binds_of(job, query), tables: query.confined.tables.clone() };
    session
        .read_rows(&read, &mut |row| {
            let key: Vec<Value> = keys.iter().filter_map(|at| row.values.get(*at).cloned()).collect();
            match form.compute(&row) {
                Ok(Some(values)) => {
                    short |= values.len() != form.columns.len();
                    rows.push(key.into_iter().chain(values).collect());
                }
                Ok(None) => {}
                Err(why) => left.push(format!("{}: {why}", key.iter().map(shown).collect::<Vec<_>>().join(", "))),
            }
            Ok(())
        })
        .map_err(|error| failed(job, query, &error))?;
    if short {
        return Err(PatchError::new(
            Class::Usage,
            format!("the function of `{}` does not give one value for each of its columns", job.run.name),
            format!("it is to give {}", form.columns.join(", ")),
        ));
    }
    let names: Vec<String> = part.key.iter().chain(&form.columns).cloned().collect();
    let staged = stage(image, names.len(), &rows, session)?;
    Ok(Query { sql: selected(&names, &staged), binds: Vec::new(), columns: names, staged: Some(staged), left })
}

/// The rows of a file: with the key alone, those rows of the query; with values besides, these values.
///
/// # Errors
/// When its columns are not the query's, a value is none of its column, or a key is there twice: with the place.
pub(super) fn from_file(
    job: &Job<'_>,
    part: &PartJob,
    target: &Target,
    query: &ScriptQuery,
    file: &Csv,
    image: &str,
    session: &mut Session,
) -> Result<Query, PatchError> {
    let engine = session.engine();
    let fold = engine == Engine::Sqlite;
    let same = |a: &str, b: &str| a == b || (fold && a.eq_ignore_ascii_case(b));
    let columns = columns_of(job, query, session)?;
    let mut known: Vec<&TargetColumn> = Vec::new();
    for cell in &file.columns {
        let name = cell.text.as_deref().unwrap_or_default();
        let given = columns.iter().any(|column| same(column, name));
        let Some(column) = target.column(name, fold).filter(|_| given) else {
            let hint = match nearest(name, columns.iter().map(String::as_str)) {
                Some(near) => format!("do you mean `{near}`?"),
                None => format!("its columns are {}", columns.join(", ")),
            };
            return Err(wrong(file, cell, format!("`{}` writes no column `{name}`", job.run.name), hint));
        };
        if known.iter().any(|other| other.number == column.number) {
            return Err(wrong(file, cell, format!("the column `{name}` is there twice"), "give each column once".to_owned()));
        }
        known.push(column);
    }
    let is_key = |column: &TargetColumn| part.key.iter().any(|key| same(key, &column.name));
    let missing = |name: &&String| !known.iter().any(|column| same(name, &column.name));
    let needed: Vec<&String> = match part.op {
        Op::Insert => columns.iter().filter(|name| !job.volatile.contains(*name)).collect(),
        Op::Update | Op::Delete => part.key.iter().collect(),
    };
    if let (Some(name), Some(first)) = (needed.iter().copied().find(missing), file.columns.first()) {
        let hint = format!("the first line names every column: {}", columns.join(","));
        return Err(wrong(file, first, format!("the column `{name}` is missing"), hint));
    }
    let rows = rows_of(part, file, &known, &is_key, engine)?;
    let staged = stage(image, known.len(), &rows, session)?;
    let place = |at: usize| format!("g.c{}", at + 1);
    if known.iter().all(|column| is_key(column)) && part.op != Op::Insert {
        let matches: Vec<String> = known
            .iter()
            .enumerate()
            .map(|(at, column)| match engine {
                Engine::Sqlite => format!("q.{} = {}", quoted(&column.name), place(at)),
                Engine::Postgres => format!("q.{} = CAST({} AS {})", quoted(&column.name), place(at), column.bare_type),
            })
            .collect();
        let sql = format!(
            "SELECT q.* FROM (\n{}\n) AS q WHERE EXISTS (SELECT 1 FROM {staged} AS g WHERE {})",
            query.confined.sql,
            matches.join(" AND ")
        );
        return Ok(Query { sql, binds: binds_of(job, query), columns, staged: Some(staged), left: Vec::new() });
    }
    let mut names: Vec<String> = known.iter().map(|column| column.name.clone()).collect();
    let mut values: Vec<String> = (0..known.len()).map(place).collect();
    // What is called volatile and is a time is the time of the run, as in the script's own rows.
    let times = columns.iter().filter(|name| job.volatile.contains(name) && missing(name));
    for column in times.filter_map(|name| target.column(name, fold)).filter(|column| Kind::of(column) == Kind::Moment) {
        names.push(column.name.clone());
        values.push(if engine == Engine::Sqlite { "?1" } else { "CAST($1::timestamptz AS text)" }.to_owned());
    }
    let timed = names.len() > known.len();
    let binds = if timed { job.values.get("now").cloned().into_iter().collect() } else { Vec::new() };
    let list: Vec<String> = values.iter().zip(&names).map(|(value, name)| format!("{value} AS {}", quoted(name))).collect();
    let sql = format!("SELECT {} FROM {staged} AS g", list.join(", "));
    Ok(Query { sql, binds, columns: names, staged: Some(staged), left: Vec::new() })
}

/// Takes the rows away again, once they stand in the image.
///
/// # Errors
/// What the database refuses.
pub(super) fn drop(query: &Query, session: &mut Session) -> Result<(), PatchError> {
    match &query.staged {
        Some(table) => Ok(session.execute(&format!("DROP TABLE {table}"))?),
        None => Ok(()),
    }
}

fn binds_of(job: &Job<'_>, query: &ScriptQuery) -> Vec<Value> {
    query.confined.parameters.iter().map(|name| job.values.get(name).cloned().unwrap_or(Value::Null)).collect()
}

/// The columns of the query. The database looks at it alone first: what it may read is judged here.
fn columns_of(job: &Job<'_>, query: &ScriptQuery, session: &mut Session) -> Result<Vec<String>, PatchError> {
    let read = Read { sql: query.confined.sql.clone(), binds: Vec::new(), tables: query.confined.tables.clone() };
    session.prepare_read(&read).map_err(|error| failed(job, query, &error))
}

fn failed(job: &Job<'_>, query: &ScriptQuery, error: &SqlError) -> PatchError {
    PatchError::sql(error, "the query failed", job.confined.is_some()).at(query.place_of(error.position))
}

fn wrong(file: &Csv, cell: &Cell, message: String, hint: String) -> PatchError {
    PatchError::new(Class::Usage, message, hint).at(file.place(cell))
}

/// The rows of a file as the database takes them.
fn rows_of(
    part: &PartJob,
    file: &Csv,
    columns: &[&TargetColumn],
    is_key: &dyn Fn(&TargetColumn) -> bool,
    engine: Engine,
) -> Result<Vec<Vec<Value>>, PatchError> {
    let mut seen: HashMap<Vec<String>, usize> = HashMap::new();
    let mut rows = Vec::with_capacity(file.rows.len());
    for cells in &file.rows {
        let mut row = Vec::with_capacity(columns.len());
        let mut key = Vec::new();
        for (cell, column) in cells.iter().zip(columns) {
            let value = match &cell.text {
                None => Value::Null,
                Some(text) => Kind::of(column).value(text, engine).ok_or_else(|| {
                    let message = format!("`{text}` is no value of `{}`", column.name);
                    wrong(file, cell, message, format!("it takes {}", Kind::of(column).takes()))
                })?,
            };
            if is_key(column) {
                if value == Value::Null {
                    let hint = "give the key of every row".to_owned();
                    return Err(wrong(file, cell, format!("`{}` is empty", column.name), hint));
                }
                key.push(shown(&value));
            }
            row.push(value);
        }
        if let (false, Some(first)) = (key.is_empty(), cells.first()) {
            let told = key.join(", ");
            if let Some(line) = seen.insert(key, file.line(first)) {
                let message = format!("the row {told} of `{}` is there twice", part.table);
                return Err(wrong(file, first, message, format!("line {line} has it, too: leave one of them")));
            }
        }
        rows.push(row);
    }
    Ok(rows)
}

/// Makes the table and fills it. Returns its name.
fn stage(image: &str, columns: usize, rows: &[Vec<Value>], session: &mut Session) -> Result<String, PatchError> {
    let engine = session.engine();
    let table = format!("{image}_rows");
    // Without a type SQLite keeps each value as it is; PostgreSQL casts the text when it plans.
    let kind = if engine == Engine::Sqlite { "" } else { " text" };
    let list: Vec<String> = (1..=columns).map(|number| format!("c{number}{kind}")).collect();
    session.execute(&format!("CREATE TABLE {table} ({})", list.join(", ")))?;
    for chunk in rows.chunks((VALUES / columns.max(1)).max(1)) {
        let mut binds = Vec::with_capacity(chunk.len() * columns);
        let mut places = Vec::with_capacity(chunk.len());
        for row in chunk {
            let mut of_row = Vec::with_capacity(columns);
            for value in row {
                binds.push(if engine == Engine::Sqlite { value.clone() } else { as_text(value) });
                of_row.push(if engine == Engine::Sqlite { format!("?{}", binds.len()) } else { format!("${}", binds.len()) });
            }
            places.push(format!("({})", of_row.join(", ")));
        }
        session.execute_with(&format!("INSERT INTO {table} VALUES {}", places.join(", ")), &binds)?;
    }
    Ok(table)
}

fn selected(names: &[String], staged: &str) -> String {
    let list: Vec<String> = names.iter().enumerate().map(|(at, name)| format!("g.c{} AS {}", at + 1, quoted(name))).collect();
    format!("SELECT {} FROM {staged} AS g", list.join(", "))
}

/// A value as PostgreSQL reads it as text.
fn as_text(value: &Value) -> Value {
    Value::Text(match value {
        Value::Null => return Value::Null,
        Value::Bool(truth) => truth.to_string(),
        Value::Integer(number) => number.to_string(),
        Value::Real(number) if number.is_infinite() => if *number > 0.0 { "Infinity" } else { "-Infinity" }.to_owned(),
        Value::Real(number) => format!("{number:?}"),
        Value::Text(text) => text.clone(),
        Value::Bytes(bytes) => bytes.iter().fold("\\x".to_owned(), |text, byte| format!("{text}{byte:02x}")),
    })
}

/// What kind of value a column takes, as far as a file can be wrong about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Integer,
    Number,
    Boolean,
    Moment,
    Bytes,
    Text,
}

impl Kind {
    /// By the name of its type; SQLite takes any, and reads it so.
    fn of(column: &TargetColumn) -> Self {
        let name = column.type_text.to_ascii_uppercase();
        let has = |words: &[&str]| words.iter().any(|word| name.contains(word));
        if column.as_text || has(&["[]", "CHAR", "CLOB", "TEXT", "INTERVAL", "POINT", "RANGE"]) {
            Self::Text
        } else if has(&["INT", "SERIAL"]) {
            Self::Integer
        } else if has(&["BOOL"]) {
            Self::Boolean
        } else if has(&["REAL", "FLOA", "DOUB", "NUMERIC", "DECIMAL"]) {
            Self::Number
        } else if has(&["TIMESTAMP", "DATETIME"]) {
            Self::Moment
        } else if has(&["BLOB", "BYTEA"]) {
            Self::Bytes
        } else {
            Self::Text
        }
    }

    /// The value in a text of a file.
    fn value(self, text: &str, engine: Engine) -> Option<Value> {
        let trimmed = text.trim();
        match self {
            Self::Integer => trimmed.parse().ok().map(Value::Integer),
            Self::Boolean => match trimmed.to_ascii_lowercase().as_str() {
                "true" | "t" | "yes" | "1" => Some(Value::Bool(true)),
                "false" | "f" | "no" | "0" => Some(Value::Bool(false)),
                _ => None,
            },
            Self::Number => {
                let number: f64 = trimmed.parse().ok().filter(|number: &f64| number.is_finite())?;
                match (engine, trimmed.parse()) {
                    // As text, so that no digit is lost.
                    (Engine::Postgres, _) => Some(Value::Text(trimmed.to_owned())),
                    (Engine::Sqlite, Ok(whole)) => Some(Value::Integer(whole)),
                    (Engine::Sqlite, Err(_)) => Some(Value::Real(number)),
                }
            }
            Self::Moment => moment(trimmed).then(|| Value::Text(trimmed.to_owned())),
            Self::Bytes => None,
            Self::Text => Some(Value::Text(text.to_owned())),
        }
    }

    fn takes(self) -> &'static str {
        match self {
            Self::Integer => "a whole number: 42",
            Self::Number => "a number: 0.5",
            Self::Boolean => "true or false",
            Self::Moment => "a moment: 2026-11-21 14:05:01",
            Self::Bytes => "bytes, which no file gives: write them by a migration",
            Self::Text => "text",
        }
    }
}

fn moment(text: &str) -> bool {
    let forms = ["%Y-%m-%d %H:%M:%S%.f", "%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%d %H:%M"];
    chrono::DateTime::parse_from_rfc3339(text).is_ok()
        || chrono::DateTime::parse_from_str(text, "%Y-%m-%d %H:%M:%S%.f%#z").is_ok()
        || forms.iter().any(|form| chrono::NaiveDateTime::parse_from_str(text, form).is_ok())
        || chrono::NaiveDate::parse_from_str(text, "%Y-%m-%d").is_ok()
}
