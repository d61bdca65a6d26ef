//! Decimal numbers as digits.

use std::borrow::Cow;

use super::cell::Cell;

/// Whether a text is a decimal number without an exponent: `-12.50`.
pub fn is_decimal(text: &str) -> bool {
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, "0"));
    let all = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    !whole.is_empty() && !fraction.is_empty() && all(whole) && all(fraction)
}

/// The number in the fewest digits, as PostgreSQL's `trim_scale` prints it: `-12.5`, `0`.
pub fn normal_digits(text: &str) -> Cow<'_, str> {
    let (sign, digits) = match text.strip_prefix('-') {
        Some(rest) => ("-", rest),
        None => ("", text.strip_prefix('+').unwrap_or(text)),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let (short, fraction) = (whole.trim_start_matches('0'), fraction.trim_end_matches('0'));
    let short = if short.is_empty() { "0" } else { short };
    let number = if fraction.is_empty() { short.to_owned() } else { format!("{short}.{fraction}") };
    if number == "0" { Cow::Borrowed("0") } else { Cow::Owned(format!("{sign}{number}")) }
}

/// A value as a text by which keys of different types are one: whole numbers and decimals by their digits.
pub fn matching_text(cell: &Cell<'_>) -> String {
    match cell {
        Cell::Real(value) => normal_digits(&value.to_string()).into_owned(),
        Cell::Decimal(digits) => normal_digits(digits).into_owned(),
        Cell::Time { micros, .. } => micros.to_string(),
        // What no text of a server can hold is written out.
        Cell::Text(text) if text.contains(&0) || std::str::from_utf8(text).is_err() => {
            Cell::Blob(Cow::Borrowed(text)).plain_text().into_owned()
        }
        other => other.plain_text().into_owned(),
    }
}

/// How many digits stand before and after the point, without needless noughts.
pub(super) fn size(text: &str) -> (usize, usize) {
    let digits = normal_digits(text);
    let digits = digits.trim_start_matches('-');
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    (if whole == "0" { 0 } else { whole.len() }, fraction.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_one_form() {
        for (text, normal) in [("1", "1"), ("-0", "0"), ("0.00", "0"), ("-12.50", "-12.5"), ("007.100", "7.1"), ("+3", "3")] {
            assert_eq!(normal_digits(text), normal);
            assert!(is_decimal(text));
        }
        for text in ["", "-", ".5", "5.", "1e3", "NaN", "0x1", "1 "] {
            assert!(!is_decimal(text), "{text}");
        }
        assert_eq!((size("-012.50"), size("0.05")), ((2, 1), (0, 2)));
    }
}
