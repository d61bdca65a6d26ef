//! Whether a cell is of its column's kind.

use std::borrow::Cow;

use super::cell::Cell;
use super::json::check_json;
use super::kind::Kind;
use super::rules::Unit;
use super::time::{Instant, parse_time};

/// What is to be done with text that is longer than its column says, where the database would take it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Overlong {
    /// It is rejected.
    #[default]
    Reject,
    /// It goes in whole, and is reported.
    Warn,
}

/// What a column asks of its cells beside their kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Fit {
    /// Seconds east of UTC of times that do not say it.
    pub zone: i32,
    /// What numbers in a column of times count, since 1970.
    pub epoch: Option<Unit>,
    /// What becomes of overlong text.
    pub overlong: Overlong,
}

/// What is wrong with a cell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// The rule, one word: `kind`, `length`, `time` …
    pub rule: &'static str,
    /// What is wrong, in words that follow the column's name.
    pub message: String,
    /// Whether the row goes in all the same.
    pub warning: bool,
}

impl Fault {
    /// A fault that keeps the row out.
    pub fn new(rule: &'static str, message: impl Into<String>) -> Self {
        Self { rule, message: message.into(), warning: false }
    }
}

/// The cell as a column of `kind` holds it. NULL fits everywhere here.
///
/// # Errors
/// When it is of another kind, too long, out of range, or cannot be read. Never cut, never guessed.
pub fn fit<'a>(cell: Cell<'a>, kind: Kind, fit: &Fit) -> Result<Cell<'a>, Fault> {
    let other =
        |cell: &Cell<'_>| Err(Fault::new("kind", format!("is {}, not {}: {}", cell.stored_as(), described(kind), cell.shown())));
    match (kind, cell) {
        (_, Cell::Null) => Ok(Cell::Null),
        (Kind::Any, Cell::Text(text)) => text_of(text, None, fit).map(Cell::Text),
        (Kind::Any, cell) => Ok(cell),
        (Kind::Bool, Cell::Int(value @ (0 | 1))) => Ok(Cell::Int(value)),
        (Kind::Int(bits), Cell::Int(value)) => {
            let shift = 64_u32.saturating_sub(u32::from(bits));
            if (value << shift) >> shift == value {
                Ok(Cell::Int(value))
            } else {
                Err(Fault::new("range", format!("{value} does not fit a whole number of {bits} bits")))
            }
        }
        (Kind::Real, Cell::Real(value)) if value.is_finite() => Ok(Cell::Real(value)),
        (Kind::Number, Cell::Real(value)) if value.is_finite() => Ok(Cell::Real(value)),
        (Kind::Real | Kind::Number, Cell::Real(value)) => Err(Fault::new("range", format!("{value} is not a finite number"))),
        // Beyond 2^53 a whole number may have no floating point number of its own.
        (Kind::Real, Cell::Int(value)) if value.unsigned_abs() <= 1 << 53 => Ok(Cell::Real(value as f64)),
        (Kind::Real, Cell::Int(value)) => {
            Err(Fault::new("range", format!("{value} cannot be kept exactly as a floating point number")))
        }
        (Kind::Number, Cell::Int(value)) => Ok(Cell::Int(value)),
        (Kind::Text(most), Cell::Text(text)) => text_of(text, most, fit).map(Cell::Text),
        (Kind::Bytes, Cell::Blob(bytes)) => Ok(Cell::Blob(bytes)),
        (Kind::Json, Cell::Text(text)) => match check_json(&text) {
            Ok(_) => Ok(Cell::Text(text)),
            Err(why) => Err(Fault::new("json", format!("{why}: {}", Cell::Text(text).shown()))),
        },
        (Kind::Date | Kind::Time, Cell::Text(text)) => time_of(text, kind, fit),
        (Kind::Date | Kind::Time, Cell::Int(value)) => match fit.epoch {
            Some(unit) => counted(value, unit, kind),
            None => Err(Fault::new(
                "time",
                format!("is the number {value}; the mapping must say what it counts: epoch = \"s\" or \"ms\""),
            )),
        },
        (_, cell) => other(&cell),
    }
}

fn described(kind: Kind) -> &'static str {
    match kind {
        Kind::Bool => "0 or 1",
        Kind::Int(_) => "a whole number",
        Kind::Real | Kind::Number => "a number",
        Kind::Text(_) => "text",
        Kind::Bytes => "bytes",
        Kind::Date => "a day",
        Kind::Time => "a time",
        Kind::Json => "JSON",
        Kind::Any => "anything",
    }
}

fn text_of<'a>(text: Cow<'a, [u8]>, most: Option<usize>, fit: &Fit) -> Result<Cow<'a, [u8]>, Fault> {
    let Ok(read) = std::str::from_utf8(&text) else { return Err(Fault::new("text", "is not UTF-8")) };
    if text.contains(&0) {
        return Err(Fault::new("text", format!("holds a NUL: {}", Cell::Text(text).shown())));
    }
    if let Some(most) = most
        && text.len() > most
        && fit.overlong == Overlong::Reject
    {
        let length = read.chars().count();
        if length > most {
            return Err(too_long(length, most));
        }
    }
    Ok(text)
}

fn too_long(length: usize, most: usize) -> Fault {
    Fault::new("length", format!("has {length} characters, and the column takes {most}"))
}

/// The warning about a text that goes in although it is longer than the column says.
pub(super) fn overlong(cell: &Cell<'_>, kind: Kind, fit: &Fit) -> Option<Fault> {
    let (Kind::Text(Some(most)), Overlong::Warn) = (kind, fit.overlong) else { return None };
    let length = cell.as_str()?.chars().count();
    (length > most).then(|| Fault { warning: true, ..too_long(length, most) })
}

fn time_of<'a>(text: Cow<'a, [u8]>, kind: Kind, fit: &Fit) -> Result<Cell<'a>, Fault> {
    let fault = |text: &[u8], why: &str| Err(Fault::new("time", format!("{why}: {}", Cell::Text(Cow::Borrowed(text)).shown())));
    if kind == Kind::Date && text.len() == 10 {
        // A day has no zone.
        return match parse_time(&text, 0) {
            Ok(_) => Ok(Cell::Text(text)),
            Err(why) => fault(&text, why),
        };
    }
    match parse_time(&text, fit.zone) {
        Err(why) => fault(&text, why),
        Ok((_, true)) if kind == Kind::Time => Ok(Cell::Text(text)),
        Ok((moment, _)) => match kind {
            Kind::Date => moment.date_text().map(Cell::owned).map_or_else(|| fault(&text, "is a time of the day, not a day"), Ok),
            _ => Ok(Cell::owned(moment.text())),
        },
    }
}

fn counted(value: i64, unit: Unit, kind: Kind) -> Result<Cell<'static>, Fault> {
    let moment = value.checked_mul(unit.micros()).and_then(Instant::from_unix_micros);
    let Some(moment) = moment else {
        return Err(Fault::new("time", format!("{value} {} after 1970 lies outside of the years 1 to 9999", unit.word())));
    };
    match kind {
        Kind::Date => moment
            .date_text()
            .map(Cell::owned)
            .ok_or_else(|| Fault::new("time", format!("{value} is a time of the day, not a day"))),
        _ => Ok(Cell::owned(moment.text())),
    }
}
