//! One text for a value, whichever database keeps it.
//!
//! The fields of a row are joined by 0x1F; NULL is 0x1E. Whole numbers are decimal, truth values 0 or 1, texts their
//! length and bytes (so that no separator can be forged), times the hexadecimal bits of their microseconds since
//! 2000-01-01 UTC, floating point numbers their hexadecimal bits, decimal numbers their digits without needless noughts, bytes hexadecimal, JSON the form of
//! `jsonb`, in which control characters are escaped.

use super::cell::Cell;
use super::decimal::{is_decimal, normal_digits};
use super::fit::Fit;
use super::hash::hash64;
use super::json::canonical_json;
use super::kind::Kind;
use super::time::parse_time;

/// A number of rows and the sum of their checksums, which does not depend on the order of the rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Sum {
    /// Rows.
    pub rows: u64,
    /// The sum of their checksums, modulo 2^64.
    pub sum: u64,
}

impl Sum {
    /// Adds a row with its checksum.
    pub fn add(&mut self, hash: u64) {
        self.rows += 1;
        self.sum = self.sum.wrapping_add(hash);
    }

    /// Adds all rows of another sum.
    pub fn join(&mut self, other: Self) {
        self.rows += other.rows;
        self.sum = self.sum.wrapping_add(other.sum);
    }
}

/// The checksum of a row. `buffer` is only there to be used again.
pub fn canonical_row<'a>(fields: impl Iterator<Item = (Kind, Cell<'a>)>, buffer: &mut Vec<u8>) -> u64 {
    buffer.clear();
    for (at, (kind, cell)) in fields.enumerate() {
        if at > 0 {
            buffer.push(0x1f);
        }
        canonical_field(kind, &cell, buffer);
    }
    hash64(buffer, 0)
}

/// Adds the text of one field. A value that is not of the column's kind has a text of its own that no other one has.
pub fn canonical_field(kind: Kind, cell: &Cell<'_>, out: &mut Vec<u8>) {
    match (kind, cell) {
        (_, Cell::Null) => out.push(0x1e),
        (Kind::Real, Cell::Int(value)) => real(*value as f64, out),
        (Kind::Real, Cell::Decimal(digits)) => real(digits.parse().unwrap_or(f64::NAN), out),
        (_, Cell::Int(value)) => decimal(*value, out),
        // The fewest digits that lead back to the number, without an exponent.
        (Kind::Number, Cell::Real(value)) => out.extend_from_slice(normal_digits(&value.to_string()).as_bytes()),
        (Kind::Number, Cell::Decimal(digits)) => out.extend_from_slice(normal_digits(digits).as_bytes()),
        (Kind::Number, Cell::Text(text)) => match std::str::from_utf8(text).ok().filter(|text| is_decimal(text)) {
            Some(digits) => out.extend_from_slice(normal_digits(digits).as_bytes()),
            None => counted(text, out),
        },
        (_, Cell::Real(value)) => real(*value, out),
        (_, Cell::Time { micros, .. }) => moment(*micros, out),
        (_, Cell::Decimal(digits)) => counted(digits.as_bytes(), out),
        (Kind::Date | Kind::Time, Cell::Text(text)) => match parse_time(text, Fit::default().zone) {
            Ok((at, _)) => moment(at.0, out),
            Err(_) => match &**text {
                b"infinity" => moment(i64::MAX, out),
                b"-infinity" => moment(i64::MIN, out),
                _ => counted(text, out),
            },
        },
        (Kind::Json, Cell::Text(text)) => match canonical_json(text) {
            // It holds no control character, so that nothing has to tell how long it is.
            Some(json) => out.extend_from_slice(json.as_bytes()),
            None => counted(text, out),
        },
        (_, Cell::Text(text)) => counted(text, out),
        (_, Cell::Blob(bytes)) => {
            out.push(b'x');
            for byte in bytes.iter() {
                out.extend_from_slice(&[HEX[usize::from(byte >> 4)], HEX[usize::from(byte & 15)]]);
            }
        }
    }
}

const HEX: &[u8; 16] = b"0123456789abcdef";

pub(super) fn decimal(value: i64, out: &mut Vec<u8>) {
    let mut digits = [0_u8; 20];
    let mut at = digits.len();
    let mut rest = value.unsigned_abs();
    loop {
        at -= 1;
        digits[at] = b'0' + (rest % 10) as u8;
        rest /= 10;
        if rest == 0 {
            break;
        }
    }
    if value < 0 {
        out.push(b'-');
    }
    out.extend_from_slice(&digits[at..]);
}

fn counted(text: &[u8], out: &mut Vec<u8>) {
    decimal(i64::try_from(text.len()).unwrap_or(i64::MAX), out);
    out.push(b':');
    out.extend_from_slice(text);
}

pub(super) fn moment(micros: i64, out: &mut Vec<u8>) {
    hexadecimal(micros as u64, out);
}

fn real(value: f64, out: &mut Vec<u8>) {
    // One zero, one NaN.
    let bits = if value == 0.0 {
        0
    } else if value.is_nan() {
        f64::NAN.to_bits()
    } else {
        value.to_bits()
    };
    hexadecimal(bits, out);
}

fn hexadecimal(bits: u64, out: &mut Vec<u8>) {
    for shift in (0..16).rev() {
        out.push(HEX[(bits >> (shift * 4)) as usize & 15]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(kind: Kind, cell: &Cell<'_>) -> String {
        let mut out = Vec::new();
        canonical_field(kind, cell, &mut out);
        String::from_utf8(out).expect("it is ASCII here")
    }

    #[test]
    fn each_kind_has_its_text() {
        assert_eq!(text(Kind::Int(64), &Cell::Int(i64::MIN)), "-9223372036854775808");
        assert_eq!(text(Kind::Real, &Cell::Int(1)), text(Kind::Real, &Cell::Real(1.0)));
        assert_eq!(text(Kind::Real, &Cell::Real(-0.0)), text(Kind::Real, &Cell::Real(0.0)));
        assert_eq!(text(Kind::Time, &Cell::text("2000-01-01 00:00:01")), "00000000000f4240");
        assert_eq!(text(Kind::Time, &Cell::text("2000-01-01T00:00:01.000000Z")), "00000000000f4240");
        assert_eq!(text(Kind::Text(None), &Cell::text("ab")), "2:ab");
        assert_eq!(text(Kind::Json, &Cell::text("[1,2]")), "[1, 2]");
        assert_eq!(text(Kind::Json, &Cell::text("\"\\u001f\"")), "\"\\u001f\"");
        assert_eq!(text(Kind::Json, &Cell::text("no JSON")), "7:no JSON");
    }

    #[test]
    fn fields_cannot_be_shifted_into_one_another() {
        let row =
            |cells: [&str; 2]| canonical_row(cells.into_iter().map(|text| (Kind::Text(None), Cell::text(text))), &mut Vec::new());
        assert_ne!(row(["a", "b"]), row(["a\u{1f}1:b", ""]));
        assert_ne!(row(["ab", ""]), row(["a", "b"]));
    }
}
