//! Values in PostgreSQL's own text form, made from the binary form of the wire.

use std::fmt::Write;

use chrono::{Datelike, Duration, NaiveDate, NaiveDateTime, NaiveTime};
use postgres::types::{Kind, Type};

/// The text of a value, or `None` where its type is not known here.
pub(super) fn of(kind: &Type, bytes: &[u8]) -> Option<String> {
    Some(match *kind {
        Type::BOOL => if bytes == [0] { "f" } else { "t" }.to_owned(),
        Type::INT2 => i16::from_be_bytes(bytes.try_into().ok()?).to_string(),
        Type::INT4 => i32::from_be_bytes(bytes.try_into().ok()?).to_string(),
        Type::INT8 => i64::from_be_bytes(bytes.try_into().ok()?).to_string(),
        Type::OID => u32::from_be_bytes(bytes.try_into().ok()?).to_string(),
        Type::TEXT | Type::VARCHAR | Type::BPCHAR | Type::NAME | Type::UNKNOWN | Type::JSON | Type::XML | Type::VOID => {
            plain(bytes)?
        }
        Type::CHAR => {
            if bytes == [0] {
                String::new()
            } else {
                plain(bytes)?
            }
        }
        Type::JSONB => plain(bytes.strip_prefix(&[1])?)?,
        Type::NUMERIC => numeric(bytes)?,
        Type::UUID => uuid(bytes)?,
        Type::DATE => date(i32::from_be_bytes(bytes.try_into().ok()?))?,
        Type::TIME => time(i64::from_be_bytes(bytes.try_into().ok()?))?,
        Type::TIMESTAMP => timestamp(i64::from_be_bytes(bytes.try_into().ok()?), "")?,
        Type::TIMESTAMPTZ => timestamp(i64::from_be_bytes(bytes.try_into().ok()?), "+00")?,
        _ => match kind.kind() {
            Kind::Enum(_) => plain(bytes)?,
            Kind::Domain(base) => of(base, bytes)?,
            Kind::Array(element) => array(element, bytes)?,
            // Extension types whose binary form is their text.
            Kind::Simple if matches!(kind.name(), "citext") => plain(bytes)?,
            _ => return None,
        },
    })
}

fn plain(bytes: &[u8]) -> Option<String> {
    String::from_utf8(bytes.to_owned()).ok()
}

fn uuid(bytes: &[u8]) -> Option<String> {
    let bytes: [u8; 16] = bytes.try_into().ok()?;
    let mut text = String::with_capacity(36);
    for (at, byte) in bytes.iter().enumerate() {
        if matches!(at, 4 | 6 | 8 | 10) {
            text.push('-');
        }
        write!(text, "{byte:02x}").ok()?;
    }
    Some(text)
}

/// Days since 2000-01-01; the largest and smallest stand for infinity.
fn date(days: i32) -> Option<String> {
    match days {
        i32::MAX => Some("infinity".to_owned()),
        i32::MIN => Some("-infinity".to_owned()),
        _ => {
            let (text, era) = calendar(epoch().checked_add_signed(Duration::try_days(days.into())?)?);
            Some(text + era)
        }
    }
}

/// Microseconds since midnight.
fn time(micros: i64) -> Option<String> {
    if micros == 86_400_000_000 {
        return Some("24:00:00".to_owned());
    }
    let seconds = u32::try_from(micros.div_euclid(1_000_000)).ok()?;
    let micros = u32::try_from(micros.rem_euclid(1_000_000)).ok()?;
    clock(NaiveTime::from_num_seconds_from_midnight_opt(seconds, micros * 1000)?)
}

/// Microseconds since 2000-01-01; the largest and smallest stand for infinity.
fn timestamp(micros: i64, zone: &str) -> Option<String> {
    match micros {
        i64::MAX => Some("infinity".to_owned()),
        i64::MIN => Some("-infinity".to_owned()),
        _ => {
            let at = NaiveDateTime::new(epoch(), NaiveTime::MIN).checked_add_signed(Duration::microseconds(micros))?;
            let (day, era) = calendar(at.date());
            Some(format!("{day} {}{zone}{era}", clock(at.time())?))
        }
    }
}

fn epoch() -> NaiveDate {
    NaiveDate::from_ymd_opt(2000, 1, 1).unwrap_or_default()
}

/// A day and its era: year 0 does not exist, it is 1 BC.
fn calendar(day: NaiveDate) -> (String, &'static str) {
    let (year, era) = if day.year() > 0 { (day.year(), "") } else { (1 - day.year(), " BC") };
    (format!("{year:04}-{:02}-{:02}", day.month(), day.day()), era)
}

/// With as many digits after the second as there are.
fn clock(at: NaiveTime) -> Option<String> {
    let text = at.format("%H:%M:%S%.6f").to_string();
    let text = text.trim_end_matches('0');
    // `10:20:00.` has lost its fraction, and the point goes too.
    Some(text.strip_suffix('.').unwrap_or(text).to_owned())
}

/// Base 10000 digits: count, weight of the first, sign, digits after the point, and the digits themselves.
fn numeric(bytes: &[u8]) -> Option<String> {
    let (head, digits) = bytes.split_at_checked(8)?;
    let part = |at: usize| Some(u16::from_be_bytes(head.get(at..at + 2)?.try_into().ok()?));
    let (weight, sign, scale) = (part(2)?.cast_signed(), part(4)?, usize::from(part(6)?));
    match sign {
        0xC000 => return Some("NaN".to_owned()),
        0xD000 => return Some("Infinity".to_owned()),
        0xF000 => return Some("-Infinity".to_owned()),
        _ => (),
    }
    let digits: Vec<u16> = digits.chunks_exact(2).map(|pair| u16::from_be_bytes([pair[0], pair[1]])).collect();
    let digit = |power: i32| {
        let at = i32::from(weight) - power;
        usize::try_from(at).ok().and_then(|at| digits.get(at)).copied().unwrap_or(0)
    };
    let mut whole = String::new();
    for power in (0..=i32::from(weight).max(0)).rev() {
        write!(whole, "{:04}", digit(power)).ok()?;
    }
    let whole = whole.trim_start_matches('0');
    let mut fraction = String::new();
    let mut power = -1;
    while fraction.len() < scale {
        write!(fraction, "{:04}", digit(power)).ok()?;
        power -= 1;
    }
    fraction.truncate(scale);
    let minus = if sign == 0x4000 { "-" } else { "" };
    let whole = if whole.is_empty() { "0" } else { whole };
    let point = if scale > 0 { "." } else { "" };
    Some(format!("{minus}{whole}{point}{fraction}"))
}

/// `{a,"b c",NULL}`, nested as deep as the array has dimensions.
fn array(element: &Type, bytes: &[u8]) -> Option<String> {
    let mut rest = bytes;
    let dimensions = usize::try_from(word(&mut rest)?).ok()?;
    word(&mut rest)?;
    word(&mut rest)?;
    let mut lengths = Vec::new();
    let mut bounds = String::new();
    let mut shifted = false;
    for _ in 0..dimensions {
        let length = word(&mut rest)?;
        let lower = word(&mut rest)?;
        shifted |= lower != 1;
        write!(bounds, "[{lower}:{}]", lower.checked_add(length)?.checked_sub(1)?).ok()?;
        lengths.push(length);
    }
    if lengths.is_empty() {
        return Some("{}".to_owned());
    }
    let items = level(element, &lengths, &mut rest)?;
    Some(if shifted { format!("{bounds}={items}") } else { items })
}

fn level(element: &Type, lengths: &[i32], rest: &mut &[u8]) -> Option<String> {
    let Some((length, inner)) = lengths.split_first() else {
        let Ok(size) = usize::try_from(word(rest)?) else {
            return Some("NULL".to_owned());
        };
        let (item, after) = rest.split_at_checked(size)?;
        *rest = after;
        return Some(quoted(of_element(element, item)?));
    };
    let items: Option<Vec<String>> = (0..*length).map(|_| level(element, inner, rest)).collect();
    Some(format!("{{{}}}", items?.join(",")))
}

/// Inside of an array also the types that are values of their own outside.
fn of_element(element: &Type, bytes: &[u8]) -> Option<String> {
    match *element {
        Type::FLOAT4 => Some(f32::from_be_bytes(bytes.try_into().ok()?).to_string()),
        Type::FLOAT8 => Some(f64::from_be_bytes(bytes.try_into().ok()?).to_string()),
        _ => of(element, bytes),
    }
}

fn quoted(item: String) -> String {
    let special = |c: char| c.is_ascii_whitespace() || matches!(c, '{' | '}' | ',' | '"' | '\\');
    if !item.is_empty() && !item.contains(special) && !item.eq_ignore_ascii_case("null") {
        return item;
    }
    format!("\"{}\"", item.replace('\\', "\\\\").replace('"', "\\\""))
}

fn word(rest: &mut &[u8]) -> Option<i32> {
    let (head, after) = rest.split_at_checked(4)?;
    *rest = after;
    Some(i32::from_be_bytes(head.try_into().ok()?))
}
