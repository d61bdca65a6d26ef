//! Whether a cell is of its column's kind.

use std::borrow::Cow;

use super::cell::Cell;
use super::decimal::{is_decimal, normal_digits, size};
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
    /// How many digits of a second's fraction the column keeps, where it keeps fewer than six.
    pub fraction: Option<u8>,
    /// Whether a floating point number has to fit 32 bits.
    pub single: bool,
    /// The column is of `character(n)`, to which blanks at the end mean nothing.
    pub padded: bool,
    /// The column is PostgreSQL's `numeric`: how many digits it takes in all and after the point, nought each where it
    /// takes any.
    pub numeric: Option<(u16, u16)>,
}

impl Fit {
    /// What PostgreSQL's type asks beside its kind: `timestamp(3)`, `real`, `numeric(9,2)`.
    #[must_use]
    pub fn of_postgres(self, declared: &str) -> Self {
        let lower = declared.trim().to_ascii_lowercase();
        let (word, modifier) = lower.split_once('(').unwrap_or((&lower, ""));
        let mut numbers =
            modifier.split(')').next().unwrap_or_default().split(',').map(|number| number.trim().parse::<u16>().ok());
        let (first, second) = (numbers.next().flatten(), numbers.next().flatten());
        match word.trim() {
            // A scale below nought rounds before the point: what fits is left to the server then.
            "numeric" | "decimal" if modifier.contains('-') => Self { numeric: Some((0, 0)), ..self },
            "numeric" | "decimal" => Self { numeric: Some((first.unwrap_or(0), second.unwrap_or(0))), ..self },
            "real" | "float4" => Self { single: true, ..self },
            "character" | "char" | "bpchar" => Self { padded: true, ..self },
            word if word.starts_with("timestamp") => {
                Self { fraction: first.and_then(|digits| u8::try_from(digits).ok()), ..self }
            }
            _ => self,
        }
    }
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
        (Kind::Real, Cell::Real(value)) if value.is_finite() => single(value, fit),
        (Kind::Number, Cell::Real(value)) if value.is_finite() && fit.numeric.is_none() => Ok(Cell::Real(value)),
        (Kind::Number, Cell::Real(value)) if value.is_finite() => decimal(Cow::Owned(value.to_string()), fit),
        (Kind::Real | Kind::Number, Cell::Real(value)) => Err(Fault::new("range", format!("{value} is not a finite number"))),
        // Beyond 2^53 a whole number may have no floating point number of its own.
        (Kind::Real, Cell::Int(value)) if value.unsigned_abs() <= 1 << 53 => single(value as f64, fit),
        (Kind::Real, Cell::Decimal(digits)) => match digits.parse::<f64>() {
            Ok(value) if value.is_finite() && normal_digits(&value.to_string()) == normal_digits(&digits) => single(value, fit),
            Ok(value) if value.is_finite() => {
                Err(Fault::new("range", format!("{digits} cannot be kept exactly as a floating point number")))
            }
            _ => Err(Fault::new("range", format!("{digits} is not a finite number"))),
        },
        (Kind::Real, Cell::Int(value)) => {
            Err(Fault::new("range", format!("{value} cannot be kept exactly as a floating point number")))
        }
        (Kind::Number, Cell::Int(value)) if fit.numeric.is_none() => Ok(Cell::Int(value)),
        (Kind::Number, Cell::Int(value)) => decimal(Cow::Owned(value.to_string()), fit),
        (Kind::Number, Cell::Decimal(digits)) if is_decimal(&digits) => decimal(digits, fit),
        (Kind::Number, Cell::Decimal(digits)) => Err(Fault::new("range", format!("{digits} is not a finite number"))),
        (Kind::Number, Cell::Text(text)) if fit.numeric.is_some() => match String::from_utf8(text.into_owned()) {
            Ok(digits) if is_decimal(&digits) => decimal(Cow::Owned(digits), fit),
            Ok(text) => other(&Cell::owned(text)),
            Err(error) => other(&Cell::Text(Cow::Owned(error.into_bytes()))),
        },
        // A decimal number without a point is a whole one.
        (Kind::Int(_), Cell::Decimal(digits)) => match normal_digits(&digits).parse::<i64>() {
            Ok(value) => self::fit(Cell::Int(value), kind, fit),
            Err(_) => Err(Fault::new("range", format!("{digits} does not fit a whole number"))),
        },
        (Kind::Uuid, Cell::Text(text)) => match uuid(&text) {
            Some(uuid) => Ok(Cell::owned(uuid)),
            None => Err(Fault::new("uuid", format!("is no UUID: {}", Cell::Text(text).shown()))),
        },
        (Kind::Uuid, Cell::Blob(bytes)) if bytes.len() == 16 => {
            let digits: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
            uuid(digits.as_bytes()).map(Cell::owned).ok_or_else(|| Fault::new("uuid", "is no UUID"))
        }
        (Kind::Date | Kind::Time, Cell::Time { micros, naive }) => moment(micros, naive, kind, fit),
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
        Kind::Uuid => "a UUID",
        Kind::Any => "anything",
    }
}

/// A floating point number, which a column of 32 bits has to keep whole.
fn single(value: f64, fit: &Fit) -> Result<Cell<'static>, Fault> {
    if fit.single && f64::from(value as f32) != value {
        return Err(Fault::new("range", format!("{value:?} cannot be kept exactly in 32 bits")));
    }
    Ok(Cell::Real(value))
}

/// A number of a `numeric` column, which never loses a digit.
fn decimal<'a>(digits: Cow<'a, str>, fit: &Fit) -> Result<Cell<'a>, Fault> {
    if let Some((precision @ 1.., scale)) = fit.numeric {
        let (whole, fraction) = size(&digits);
        if fraction > usize::from(scale) {
            let message = format!("{digits} has {fraction} digits after the point, and the column takes {scale}");
            return Err(Fault::new("range", message));
        }
        if whole > usize::from(precision.saturating_sub(scale)) {
            return Err(Fault::new("range", format!("{digits} does not fit numeric({precision},{scale})")));
        }
    }
    Ok(Cell::Decimal(digits))
}

/// A UUID in its usual form, from any in which PostgreSQL reads it.
fn uuid(text: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(text).ok()?;
    let inner = text.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')).unwrap_or(text);
    let digits: String = inner.chars().filter(|char| *char != '-').collect::<String>().to_ascii_lowercase();
    if digits.len() != 32 || !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    Some([&digits[..8], &digits[8..12], &digits[12..16], &digits[16..20], &digits[20..]].join("-"))
}

/// A moment that the source keeps as such.
fn moment(micros: i64, naive: bool, kind: Kind, fit: &Fit) -> Result<Cell<'static>, Fault> {
    if [Instant::INFINITY.0, Instant::MINUS_INFINITY.0].contains(&micros) {
        return Ok(Cell::Time { micros, naive: false });
    }
    let at = if naive && kind == Kind::Time { micros.saturating_sub(i64::from(fit.zone) * 1_000_000) } else { micros };
    if !Instant(at).is_told() {
        return Err(Fault::new("time", "lies outside of the years 1 to 9999"));
    }
    if kind == Kind::Date && at.rem_euclid(86_400_000_000) != 0 {
        return Err(Fault::new("time", format!("is a time of the day, not a day: {}", Instant(at).text())));
    }
    fine(at, fit)?;
    Ok(Cell::Time { micros: at, naive: false })
}

/// Whether the column keeps a moment as finely as it is given.
fn fine(micros: i64, fit: &Fit) -> Result<(), Fault> {
    match fit.fraction {
        Some(digits @ 0..6) if micros.rem_euclid(10_i64.pow(u32::from(6 - digits))) != 0 => {
            Err(Fault::new("time", format!("{} is finer than the column, which keeps {digits} digits", Instant(micros).text())))
        }
        _ => Ok(()),
    }
}

fn text_of<'a>(text: Cow<'a, [u8]>, most: Option<usize>, fit: &Fit) -> Result<Cow<'a, [u8]>, Fault> {
    let text = if fit.padded && text.ends_with(b" ") {
        let length = text.iter().rposition(|byte| *byte != b' ').map_or(0, |at| at + 1);
        Cow::Owned(text[..length].to_vec())
    } else {
        text
    };
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
        Ok((moment, true)) if kind == Kind::Time => fine(moment.0, fit).map(|()| Cell::Text(text)),
        Ok((moment, _)) => match kind {
            Kind::Date => moment.date_text().map(Cell::owned).map_or_else(|| fault(&text, "is a time of the day, not a day"), Ok),
            _ => fine(moment.0, fit).map(|()| Cell::owned(moment.text())),
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
