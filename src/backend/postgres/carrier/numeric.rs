//! Decimal numbers in the binary form of `numeric`: groups of four digits, `numeric_recv` in
//! `src/backend/utils/adt/numeric.c`.

use crate::domain::transfer::is_decimal;

/// The binary form of a decimal number without an exponent; `None` where it is none, or longer than the server takes.
pub(super) fn encoded(text: &str) -> Option<Vec<u8>> {
    if !is_decimal(text) {
        return None;
    }
    let (negative, digits) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let whole = whole.trim_start_matches('0');
    let scale = u16::try_from(fraction.len()).ok()?;
    // Groups are counted from the point, to both sides.
    let front = (4 - whole.len() % 4) % 4;
    let padded: Vec<u8> = std::iter::repeat_n(b'0', front)
        .chain(whole.bytes())
        .chain(fraction.bytes())
        .chain(std::iter::repeat_n(b'0', (4 - fraction.len() % 4) % 4))
        .collect();
    let mut groups: Vec<i16> =
        padded.chunks_exact(4).map(|group| group.iter().fold(0, |sum, digit| sum * 10 + i16::from(digit - b'0'))).collect();
    let mut weight = i16::try_from((front + whole.len()) / 4).ok()? - 1;
    while groups.first() == Some(&0) {
        groups.remove(0);
        weight -= 1;
    }
    while groups.last() == Some(&0) {
        groups.pop();
    }
    if groups.is_empty() {
        weight = 0;
    }
    let sign: u16 = if negative && !groups.is_empty() { 0x4000 } else { 0 };
    let mut out = Vec::with_capacity(8 + groups.len() * 2);
    out.extend_from_slice(&i16::try_from(groups.len()).ok()?.to_be_bytes());
    out.extend_from_slice(&weight.to_be_bytes());
    out.extend_from_slice(&sign.to_be_bytes());
    out.extend_from_slice(&scale.to_be_bytes());
    groups.iter().for_each(|group| out.extend_from_slice(&group.to_be_bytes()));
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(text: &str) -> Option<(Vec<i16>, i16, u16, u16)> {
        let bytes = encoded(text)?;
        let number = |at: usize| i16::from_be_bytes([bytes[at], bytes[at + 1]]);
        let groups = (8..bytes.len()).step_by(2).map(number).collect();
        Some((groups, number(2), number(4) as u16, number(6) as u16))
    }

    #[test]
    fn digits_are_grouped_from_the_point() {
        assert_eq!(parts("0"), Some((vec![], 0, 0, 0)));
        assert_eq!(parts("-0.00"), Some((vec![], 0, 0, 2)));
        assert_eq!(parts("12345.67"), Some((vec![1, 2345, 6700], 1, 0, 2)));
        assert_eq!(parts("-0.00012"), Some((vec![1, 2000], -1, 0x4000, 5)));
        assert_eq!(parts("10000"), Some((vec![1], 1, 0, 0)));
        assert_eq!(parts("NaN"), None);
    }
}
