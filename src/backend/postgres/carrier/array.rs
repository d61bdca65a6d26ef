//! Arrays in PostgreSQL's binary form, read as JSON: the text that `to_jsonb` makes of them.
//!
//! The form is that of `array_send`: how many dimensions there are, whether NULL may be among the elements, the elements'
//! type; for each dimension how many there are and where it begins; then each element with its length, -1 for NULL.

use std::fmt::Write as _;

use postgres::types::Type;

use crate::domain::transfer::write_json_text;

/// What the elements are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Element {
    Bool,
    Int2,
    Int4,
    Int8,
    Text,
}

impl Element {
    /// What elements of a type are; `None` where the server has to say what becomes of them.
    pub(super) fn of(kind: &Type) -> Option<Self> {
        Some(match *kind {
            Type::BOOL => Self::Bool,
            Type::INT2 => Self::Int2,
            Type::INT4 => Self::Int4,
            Type::INT8 => Self::Int8,
            Type::TEXT | Type::VARCHAR => Self::Text,
            _ => return None,
        })
    }

    /// The JSON of an array; `None` where its bytes are no array.
    pub(super) fn json(self, bytes: &[u8]) -> Option<String> {
        let mut rest = bytes;
        let dimensions = usize::try_from(number(&mut rest)?).ok()?;
        let (_, _) = (number(&mut rest)?, number(&mut rest)?);
        let mut sizes = Vec::new();
        for _ in 0..dimensions {
            sizes.push(usize::try_from(number(&mut rest)?).ok()?);
            number(&mut rest)?;
        }
        let mut out = String::with_capacity(bytes.len());
        if sizes.is_empty() {
            out.push_str("[]");
        } else {
            self.write(&sizes, &mut rest, &mut out)?;
        }
        rest.is_empty().then_some(out)
    }

    fn write(self, sizes: &[usize], rest: &mut &[u8], out: &mut String) -> Option<()> {
        let Some((size, inner)) = sizes.split_first() else { return self.element(rest, out) };
        out.push('[');
        for at in 0..*size {
            out.push_str(if at == 0 { "" } else { ", " });
            self.write(inner, rest, out)?;
        }
        out.push(']');
        Some(())
    }

    fn element(self, rest: &mut &[u8], out: &mut String) -> Option<()> {
        let Ok(length) = usize::try_from(number(rest)?) else {
            out.push_str("null");
            return Some(());
        };
        let (value, after) = rest.split_at_checked(length)?;
        *rest = after;
        match self {
            Self::Bool => out.push_str(if value == [0] { "false" } else { "true" }),
            Self::Int2 => write!(out, "{}", i16::from_be_bytes(value.try_into().ok()?)).ok()?,
            Self::Int4 => write!(out, "{}", i32::from_be_bytes(value.try_into().ok()?)).ok()?,
            Self::Int8 => write!(out, "{}", i64::from_be_bytes(value.try_into().ok()?)).ok()?,
            Self::Text => write_json_text(std::str::from_utf8(value).ok()?, out),
        }
        Some(())
    }
}

fn number(rest: &mut &[u8]) -> Option<i32> {
    let (number, after) = rest.split_first_chunk::<4>()?;
    *rest = after;
    Some(i32::from_be_bytes(*number))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn array(sizes: &[i32], elements: &[Option<&[u8]>]) -> Vec<u8> {
        let mut bytes = Vec::new();
        let mut add = |number: i32| bytes.extend_from_slice(&number.to_be_bytes());
        add(i32::try_from(sizes.len()).expect("few"));
        add(0);
        add(25);
        sizes.iter().for_each(|size| {
            add(*size);
            add(1);
        });
        for element in elements {
            bytes.extend_from_slice(&element.map_or(-1, |value| i32::try_from(value.len()).expect("short")).to_be_bytes());
            bytes.extend_from_slice(element.unwrap_or_default());
        }
        bytes
    }

    #[test]
    fn arrays_become_what_to_jsonb_makes_of_them() {
        let texts = [Some(&b"a\"\\\n"[..]), None, Some("é\u{1}".as_bytes()), Some(b"")];
        assert_eq!(Element::Text.json(&array(&[4], &texts)).as_deref(), Some("[\"a\\\"\\\\\\n\", null, \"é\\u0001\", \"\"]"));
        assert_eq!(
            Element::Text.json(&array(&[2, 2], &texts)).as_deref(),
            Some("[[\"a\\\"\\\\\\n\", null], [\"é\\u0001\", \"\"]]")
        );
        assert_eq!(Element::Int8.json(&array(&[1], &[Some(&i64::MIN.to_be_bytes())])).as_deref(), Some("[-9223372036854775808]"));
        assert_eq!(Element::Bool.json(&array(&[2], &[Some(&[1]), Some(&[0])])).as_deref(), Some("[true, false]"));
        assert_eq!(Element::Int4.json(&array(&[], &[])).as_deref(), Some("[]"));
    }

    #[test]
    fn what_is_no_array_is_none() {
        let whole = array(&[1], &[Some(&7_i32.to_be_bytes())]);
        for length in 0..whole.len() {
            assert_eq!(Element::Int4.json(&whole[..length]), None, "{length}");
        }
        assert_eq!(Element::Int8.json(&whole), None);
        assert_eq!(Element::Int4.json(&[whole, vec![0]].concat()), None);
    }
}
