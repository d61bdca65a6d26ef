//! Values in the binary form of COPY: read from a source, written to the target.

use std::borrow::Cow;

use postgres::types::{Kind as TypeKind, Type};

use super::array::Element;
use super::numeric;
use crate::domain::transfer::{Cell, Kind, parse_time};

/// Microseconds of a day.
const DAY: i64 = 86_400_000_000;

/// How a field of a source's row is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Read {
    Bool,
    Int2,
    Int4,
    Int8,
    Float4,
    Float8,
    Text,
    Bytes,
    Jsonb,
    Uuid,
    /// An array that becomes JSON.
    Array(Element),
    Decimal,
    Date,
    /// A moment, and whether it is of no zone.
    Time(bool),
    /// A cell of SQLite: see [`tagged()`].
    Tagged,
}

impl Read {
    /// How a value of a type of PostgreSQL is read, and what stands around its expression in the query. Arrays are read as
    /// JSON where `json` says that they become that.
    pub(super) fn of(kind: &Type, json: bool) -> (Self, &'static str, &'static str) {
        let plain = match *kind {
            Type::BOOL => Self::Bool,
            Type::INT2 => Self::Int2,
            Type::INT4 => Self::Int4,
            Type::INT8 => Self::Int8,
            Type::FLOAT4 => Self::Float4,
            Type::FLOAT8 => Self::Float8,
            Type::TEXT | Type::VARCHAR | Type::NAME | Type::JSON | Type::XML => Self::Text,
            Type::BYTEA => Self::Bytes,
            Type::JSONB => Self::Jsonb,
            Type::UUID => Self::Uuid,
            Type::DATE => Self::Date,
            Type::TIMESTAMP => Self::Time(true),
            Type::TIMESTAMPTZ => Self::Time(false),
            Type::NUMERIC => return (Self::Decimal, "(", ")::text"),
            _ => match kind.kind() {
                TypeKind::Enum(_) => Self::Text,
                TypeKind::Domain(base) => return Self::of(base, json),
                TypeKind::Array(element) if json && Element::of(element).is_some() => {
                    Element::of(element).map_or(Self::Text, Self::Array)
                }
                TypeKind::Array(_) if json => return (Self::Text, "pg_catalog.to_jsonb(", ")::text"),
                // `character(n)` among them, which loses its blanks by this.
                _ => return (Self::Text, "(", ")::text"),
            },
        };
        (plain, "", "")
    }

    /// The cell in a field.
    pub(super) fn cell(self, bytes: &[u8]) -> Option<Cell<'_>> {
        Some(match self {
            Self::Bool => Cell::Int(i64::from(bytes != [0])),
            Self::Int2 => Cell::Int(i16::from_be_bytes(bytes.try_into().ok()?).into()),
            Self::Int4 => Cell::Int(i32::from_be_bytes(bytes.try_into().ok()?).into()),
            Self::Int8 => Cell::Int(i64::from_be_bytes(bytes.try_into().ok()?)),
            Self::Float4 => Cell::Real(f32::from_be_bytes(bytes.try_into().ok()?).into()),
            Self::Float8 => Cell::Real(f64::from_be_bytes(bytes.try_into().ok()?)),
            Self::Text => Cell::Text(Cow::Borrowed(bytes)),
            Self::Bytes => Cell::Blob(Cow::Borrowed(bytes)),
            Self::Jsonb => Cell::Text(Cow::Borrowed(bytes.strip_prefix(&[1])?)),
            Self::Uuid => Cell::owned(uuid_text(bytes)?),
            Self::Array(element) => Cell::owned(element.json(bytes)?),
            Self::Decimal => Cell::Decimal(Cow::Borrowed(std::str::from_utf8(bytes).ok()?)),
            Self::Date => {
                let micros = match i32::from_be_bytes(bytes.try_into().ok()?) {
                    i32::MAX => i64::MAX,
                    i32::MIN => i64::MIN,
                    days => i64::from(days) * DAY,
                };
                Cell::Time { micros, naive: true }
            }
            Self::Time(naive) => Cell::Time { micros: i64::from_be_bytes(bytes.try_into().ok()?), naive },
            Self::Tagged => {
                let (tag, rest) = bytes.split_first()?;
                match tag {
                    b'i' => Cell::Int(i64::from_be_bytes(rest.try_into().ok()?)),
                    b'r' => Cell::Real(f64::from_be_bytes(rest.try_into().ok()?)),
                    b't' => Cell::Text(Cow::Borrowed(rest)),
                    _ => Cell::Blob(Cow::Borrowed(rest)),
                }
            }
        })
    }
}

/// Adds a cell of SQLite as a field of its own form: a letter that says how it was stored, then the value.
pub(super) fn tagged(cell: &Cell<'_>, out: &mut Vec<u8>) {
    match cell {
        Cell::Int(value) => field(out, &[b"i", &value.to_be_bytes()]),
        Cell::Real(value) => field(out, &[b"r", &value.to_be_bytes()]),
        Cell::Text(text) => field(out, &[b"t", text]),
        Cell::Blob(bytes) => field(out, &[b"b", bytes]),
        _ => null(out),
    }
}

fn uuid_text(bytes: &[u8]) -> Option<String> {
    if bytes.len() != 16 {
        return None;
    }
    let digits: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    Some([&digits[..8], &digits[8..12], &digits[12..16], &digits[16..20], &digits[20..]].join("-"))
}

/// How a column of the target is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wire {
    Bool,
    Int2,
    Int4,
    Int8,
    Float4,
    Float8,
    Numeric,
    /// Text, and what is text on the wire: enums.
    Text,
    Json,
    Jsonb,
    Bytea,
    Uuid,
    Date,
    Timestamp,
    TimestampTz,
    /// By its text, which the target reads.
    Cast,
}

impl Wire {
    pub(super) fn of(kind: &Type) -> Self {
        match *kind {
            Type::BOOL => Self::Bool,
            Type::INT2 => Self::Int2,
            Type::INT4 => Self::Int4,
            Type::INT8 => Self::Int8,
            Type::FLOAT4 => Self::Float4,
            Type::FLOAT8 => Self::Float8,
            Type::NUMERIC => Self::Numeric,
            Type::TEXT | Type::VARCHAR | Type::BPCHAR | Type::NAME => Self::Text,
            Type::JSON => Self::Json,
            Type::JSONB => Self::Jsonb,
            Type::BYTEA => Self::Bytea,
            Type::UUID => Self::Uuid,
            Type::DATE => Self::Date,
            Type::TIMESTAMP => Self::Timestamp,
            Type::TIMESTAMPTZ => Self::TimestampTz,
            _ => match kind.kind() {
                TypeKind::Enum(_) => Self::Text,
                TypeKind::Domain(base) => Self::of(base),
                _ => Self::Cast,
            },
        }
    }

    /// Whether it holds whole numbers.
    pub(super) fn is_whole(self) -> bool {
        matches!(self, Self::Int2 | Self::Int4 | Self::Int8)
    }

    /// The kind of what it holds.
    pub(super) fn kind(self) -> Kind {
        match self {
            Self::Bool => Kind::Bool,
            Self::Int2 | Self::Int4 | Self::Int8 => Kind::Int(64),
            Self::Float4 | Self::Float8 => Kind::Real,
            Self::Numeric => Kind::Number,
            Self::Text | Self::Cast => Kind::Text(None),
            Self::Json | Self::Jsonb => Kind::Json,
            Self::Bytea => Kind::Bytes,
            Self::Uuid => Kind::Uuid,
            Self::Date => Kind::Date,
            Self::Timestamp | Self::TimestampTz => Kind::Time,
        }
    }

    /// The type of the column in which such a value is staged.
    pub(super) fn staged(self) -> &'static str {
        match self {
            Self::Bool => "boolean",
            Self::Int2 => "smallint",
            Self::Int4 => "integer",
            Self::Int8 => "bigint",
            Self::Float4 => "real",
            Self::Float8 => "double precision",
            Self::Numeric => "numeric",
            Self::Text | Self::Cast => "text",
            Self::Json => "json",
            Self::Jsonb => "jsonb",
            Self::Bytea => "bytea",
            Self::Uuid => "uuid",
            Self::Date => "date",
            Self::Timestamp => "timestamp",
            Self::TimestampTz => "timestamptz",
        }
    }

    /// Adds a cell as a field.
    ///
    /// # Errors
    /// When the column cannot hold it: the rules let through what they should not.
    pub(super) fn write(self, cell: &Cell<'_>, out: &mut Vec<u8>) -> Result<(), String> {
        match (self, cell) {
            (_, Cell::Null) => null(out),
            (Self::Bool, Cell::Int(value @ (0 | 1))) => field(out, &[&[*value as u8]]),
            (Self::Int2, Cell::Int(value)) => {
                field(out, &[&i16::try_from(*value).map_err(|_| refused(self, cell))?.to_be_bytes()])
            }
            (Self::Int4, Cell::Int(value)) => {
                field(out, &[&i32::try_from(*value).map_err(|_| refused(self, cell))?.to_be_bytes()])
            }
            (Self::Int8, Cell::Int(value)) => field(out, &[&value.to_be_bytes()]),
            (Self::Float4, Cell::Real(value)) => field(out, &[&(*value as f32).to_be_bytes()]),
            (Self::Float8, Cell::Real(value)) => field(out, &[&value.to_be_bytes()]),
            (Self::Numeric, Cell::Decimal(digits)) => {
                let bytes = numeric::encoded(digits).ok_or_else(|| refused(self, cell))?;
                field(out, &[&bytes]);
            }
            (Self::Numeric, Cell::Int(value)) => {
                let bytes = numeric::encoded(&value.to_string()).ok_or_else(|| refused(self, cell))?;
                field(out, &[&bytes]);
            }
            (Self::Text | Self::Json | Self::Cast, Cell::Text(text)) => field(out, &[text]),
            (Self::Cast, cell) => field(out, &[cell.plain_text().as_bytes()]),
            (Self::Jsonb, Cell::Text(text)) => field(out, &[&[1], text]),
            (Self::Bytea, Cell::Blob(bytes)) => field(out, &[bytes]),
            (Self::Uuid, Cell::Text(text)) => field(out, &[&uuid_bytes(text).ok_or_else(|| refused(self, cell))?]),
            (Self::Date | Self::Timestamp | Self::TimestampTz, cell) => {
                let micros = match cell {
                    Cell::Time { micros, .. } => *micros,
                    Cell::Text(text) => parse_time(text, 0).map_err(|_| refused(self, cell))?.0.0,
                    _ => return Err(refused(self, cell)),
                };
                if self == Self::Date {
                    let days = match micros {
                        i64::MAX => i32::MAX,
                        i64::MIN => i32::MIN,
                        micros => i32::try_from(micros.div_euclid(DAY)).map_err(|_| refused(self, cell))?,
                    };
                    field(out, &[&days.to_be_bytes()]);
                } else {
                    field(out, &[&micros.to_be_bytes()]);
                }
            }
            _ => return Err(refused(self, cell)),
        }
        Ok(())
    }
}

fn refused(wire: Wire, cell: &Cell<'_>) -> String {
    format!("{} cannot be written as {}", cell.shown(), wire.staged())
}

fn uuid_bytes(text: &[u8]) -> Option<[u8; 16]> {
    let digits: Vec<u8> = text.iter().copied().filter(|byte| *byte != b'-').collect();
    let mut bytes = [0_u8; 16];
    if digits.len() != 32 {
        return None;
    }
    for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
        *byte = u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()?;
    }
    Some(bytes)
}

/// The signature with which a binary COPY begins, without flags.
pub(super) const HEADER: &[u8; 19] = b"PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0";
/// With which it ends.
pub(super) const TRAILER: [u8; 2] = (-1_i16).to_be_bytes();

pub(super) fn field(out: &mut Vec<u8>, parts: &[&[u8]]) {
    let length: usize = parts.iter().map(|part| part.len()).sum();
    out.extend_from_slice(&i32::try_from(length).unwrap_or(i32::MAX).to_be_bytes());
    parts.iter().for_each(|part| out.extend_from_slice(part));
}

pub(super) fn null(out: &mut Vec<u8>) {
    out.extend_from_slice(&(-1_i32).to_be_bytes());
}

/// The rows in a batch of whole rows.
pub(super) struct Rows<'a> {
    bytes: &'a [u8],
}

impl<'a> Rows<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes: bytes.strip_prefix(HEADER.as_slice()).unwrap_or(bytes) }
    }

    /// The fields of the next row into `cells`; `None` at the end, `Some(false)` where they cannot be read.
    pub(super) fn next(&mut self, reads: &[Read], cells: &mut Vec<Cell<'a>>) -> Option<bool> {
        cells.clear();
        let count = i16::from_be_bytes(self.take(2)?.try_into().ok()?);
        if count < 0 {
            return None;
        }
        Some(count as usize == reads.len() && reads.iter().all(|read| self.field(*read, cells).is_some()))
    }

    fn field(&mut self, read: Read, cells: &mut Vec<Cell<'a>>) -> Option<()> {
        let length = i32::from_be_bytes(self.take(4)?.try_into().ok()?);
        let cell = match usize::try_from(length) {
            Ok(length) => read.cell(self.take(length)?)?,
            Err(_) => Cell::Null,
        };
        cells.push(cell);
        Some(())
    }

    fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.bytes.split_at_checked(count)?;
        self.bytes = rest;
        Some(taken)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_again() {
        let cells = [
            (Wire::Bool, Read::Bool, Cell::Int(1)),
            (Wire::Int2, Read::Int2, Cell::Int(-3)),
            (Wire::Int4, Read::Int4, Cell::Int(2_147_483_647)),
            (Wire::Int8, Read::Int8, Cell::Int(i64::MIN)),
            (Wire::Float4, Read::Float4, Cell::Real(0.5)),
            (Wire::Float8, Read::Float8, Cell::Real(0.1)),
            (Wire::Text, Read::Text, Cell::text("é\t\\")),
            (Wire::Jsonb, Read::Jsonb, Cell::text("[1]")),
            (Wire::Bytea, Read::Bytes, Cell::Blob(Cow::Borrowed(&[0, 255]))),
            (Wire::Uuid, Read::Uuid, Cell::text("00112233-4455-6677-8899-aabbccddeeff")),
            (Wire::Date, Read::Date, Cell::Time { micros: -DAY, naive: true }),
            (Wire::Timestamp, Read::Time(true), Cell::Time { micros: i64::MAX, naive: true }),
            (Wire::Text, Read::Text, Cell::Null),
        ];
        let mut bytes = HEADER.to_vec();
        bytes.extend_from_slice(&(cells.len() as i16).to_be_bytes());
        for (wire, _, cell) in &cells {
            assert_eq!(wire.write(cell, &mut bytes), Ok(()));
        }
        bytes.extend_from_slice(&TRAILER);
        let reads: Vec<_> = cells.iter().map(|(_, read, _)| *read).collect();
        let (mut rows, mut found) = (Rows::new(&bytes), Vec::new());

        assert_eq!(rows.next(&reads, &mut found), Some(true));
        assert_eq!(found, cells.map(|(_, _, cell)| cell));
        assert_eq!(rows.next(&reads, &mut found), None);
    }

    #[test]
    fn what_does_not_fit_is_not_written() {
        for (wire, cell) in [
            (Wire::Int2, Cell::Int(40_000)),
            (Wire::Bool, Cell::Int(2)),
            (Wire::Int8, Cell::text("1")),
            (Wire::Uuid, Cell::text("x")),
            (Wire::Timestamp, Cell::text("yesterday")),
        ] {
            assert!(wire.write(&cell, &mut Vec::new()).is_err(), "{cell:?}");
        }
    }
}
