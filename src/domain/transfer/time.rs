//! Moments, as databases keep them in text.

/// Microseconds between 1970 and 2000, both at midnight UTC.
const EPOCH_1970: i64 = -946_684_800_000_000;
const DAY: i64 = 86_400_000_000;

/// A moment in microseconds since 2000-01-01 00:00 UTC, between the years 1 and 9999.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Instant(pub i64);

impl Instant {
    /// The moment so many microseconds after 1970; `None` outside of the years 1 to 9999.
    pub fn from_unix_micros(micros: i64) -> Option<Self> {
        Some(Self(micros.checked_add(EPOCH_1970)?)).filter(|moment| moment.is_in_range())
    }

    fn is_in_range(self) -> bool {
        (days_from_civil(1, 1, 1) * DAY..days_from_civil(10_000, 1, 1) * DAY).contains(&self.0)
    }

    /// Later than every moment.
    pub const INFINITY: Self = Self(i64::MAX);
    /// Earlier than every moment.
    pub const MINUS_INFINITY: Self = Self(i64::MIN);

    /// Whether it lies between the years 1 and 9999.
    pub(super) fn is_told(self) -> bool {
        self.is_in_range()
    }

    /// `2026-11-21 14:05:01`, with six digits of the fraction where there is one. UTC.
    pub fn text(self) -> String {
        match self {
            Self::INFINITY => return "infinity".to_owned(),
            Self::MINUS_INFINITY => return "-infinity".to_owned(),
            _ => {}
        }
        let (days, rest) = (self.0.div_euclid(DAY), self.0.rem_euclid(DAY));
        let (year, month, day) = civil_from_days(days);
        let (seconds, fraction) = (rest / 1_000_000, rest % 1_000_000);
        let (hour, minute, second) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
        let text = format!("{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02}");
        if fraction == 0 { text } else { format!("{text}.{fraction:06}") }
    }

    /// `2026-11-21`, where it is midnight.
    pub fn date_text(self) -> Option<String> {
        (self.0.rem_euclid(DAY) == 0).then(|| self.text()[..10].to_owned())
    }
}

/// Reads a moment: a day, then a blank or `T`, then the time of day with or without seconds and fraction, then `Z` or an
/// offset. Without an offset it is `zone` seconds east of UTC. With it comes whether the text is in the form that
/// [`Instant::text`] has, but for the number of digits of the fraction.
///
/// # Errors
/// In words, what cannot be read.
pub fn parse_time(text: &[u8], zone: i32) -> Result<(Instant, bool), &'static str> {
    const UNREADABLE: &str = "cannot be read as a time";
    let digits = |at: usize, count: usize| -> Option<i64> {
        let part = text.get(at..at + count)?;
        part.iter().try_fold(0_i64, |sum, byte| byte.is_ascii_digit().then(|| sum * 10 + i64::from(byte - b'0')))
    };
    let is = |at: usize, byte: u8| text.get(at) == Some(&byte);
    let (Some(year), Some(month), Some(day)) = (digits(0, 4), digits(5, 2), digits(8, 2)) else { return Err(UNREADABLE) };
    if !is(4, b'-') || !is(7, b'-') {
        return Err(UNREADABLE);
    }
    if year < 1 || !(1..=12).contains(&month) || day < 1 || day > days_in(year, month) {
        return Err("is no day of the calendar");
    }
    let days = days_from_civil(year, month, day);
    if text.len() == 10 {
        return Ok((Instant(days * DAY - i64::from(zone) * 1_000_000), false));
    }
    let mut plain = is(10, b' ') && zone == 0;
    if !is(10, b' ') && !is(10, b'T') && !is(10, b't') {
        return Err(UNREADABLE);
    }
    let (Some(hour), Some(minute), true) = (digits(11, 2), digits(14, 2), is(13, b':')) else { return Err(UNREADABLE) };
    let mut at = 16;
    let (mut second, mut fraction) = (0, 0);
    if is(16, b':') {
        second = digits(17, 2).ok_or(UNREADABLE)?;
        at = 19;
        if is(19, b'.') || is(19, b',') {
            plain &= is(19, b'.');
            at = 20;
            let mut weight = 100_000;
            while let Some(digit) = digits(at, 1) {
                if weight == 0 && digit != 0 {
                    return Err("is finer than a microsecond");
                }
                fraction += digit * weight;
                weight /= 10;
                at += 1;
            }
            if at == 20 {
                return Err(UNREADABLE);
            }
            plain &= at <= 26;
        }
    } else {
        plain = false;
    }
    if hour > 23 || minute > 59 || second > 59 {
        return Err("is no time of the day");
    }
    let mut offset = i64::from(zone);
    if at < text.len() {
        plain = false;
        let rest = if is(at, b' ') { at + 1 } else { at };
        offset = match &text[rest..] {
            b"Z" | b"z" | b"UTC" => 0,
            other => read_offset(other).ok_or(UNREADABLE)?,
        };
    }
    let micros = ((hour * 60 + minute) * 60 + second - offset) * 1_000_000 + fraction;
    let moment = Instant(days * DAY + micros);
    if moment.is_in_range() { Ok((moment, plain)) } else { Err("lies outside of the years 1 to 9999") }
}

/// `+02:00`, `-0330`, `+02` in seconds.
pub(super) fn read_offset(text: &[u8]) -> Option<i64> {
    let (sign, rest) = match text.split_first()? {
        (b'+', rest) => (1, rest),
        (b'-', rest) => (-1, rest),
        _ => return None,
    };
    let number = |part: &[u8]| -> Option<i64> {
        (part.len() == 2 && part.iter().all(u8::is_ascii_digit))
            .then(|| i64::from(part[0] - b'0') * 10 + i64::from(part[1] - b'0'))
    };
    let (hours, minutes) = match rest.len() {
        2 => (number(rest)?, 0),
        4 => (number(&rest[..2])?, number(&rest[2..])?),
        5 if rest[2] == b':' => (number(&rest[..2])?, number(&rest[3..])?),
        _ => return None,
    };
    (hours <= 18 && minutes <= 59).then_some(sign * (hours * 3600 + minutes * 60))
}

/// The offset that a mapping names: `UTC`, `+02:00`. In seconds east of UTC.
pub fn zone(text: &str) -> Option<i32> {
    match text {
        "UTC" | "Z" => Some(0),
        other => read_offset(other.as_bytes()).and_then(|seconds| i32::try_from(seconds).ok()),
    }
}

fn days_in(year: i64, month: i64) -> i64 {
    match month {
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Days since 2000-01-01 (Howard Hinnant, `days_from_civil`).
fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let of_era = year.rem_euclid(400);
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468 - 10_957
}

/// Year, month and day of a number of days since 2000-01-01 (Howard Hinnant, `civil_from_days`).
fn civil_from_days(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468 + 10_957;
    let era = days.div_euclid(146_097);
    let of_era = days.rem_euclid(146_097);
    let year = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let shifted = (5 * of_year + 2) / 153;
    let day = of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    (year + era * 400 + i64::from(month <= 2), month, day)
}

/// The run's moment: fixed once, kept with the run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Moment {
    /// Microseconds since 2000.
    pub instant: Instant,
    /// As a column of times holds it.
    pub text: String,
}

impl Moment {
    /// The moment, without the fraction of its second.
    pub fn new(instant: Instant) -> Self {
        let instant = Instant(instant.0.div_euclid(1_000_000) * 1_000_000);
        Self { instant, text: instant.text() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(text: &str) -> Result<String, &'static str> {
        parse_time(text.as_bytes(), 0).map(|(moment, _)| moment.text())
    }

    #[test]
    fn every_spelling_is_read() {
        for (text, expected) in [
            ("2000-01-01 00:00:00", "2000-01-01 00:00:00"),
            ("2024-02-29", "2024-02-29 00:00:00"),
            ("2025-08-17T12:00:01", "2025-08-17 12:00:01"),
            ("2025-08-17 12:00:01.5", "2025-08-17 12:00:01.500000"),
            ("2025-08-17T12:00:01.123456Z", "2025-08-17 12:00:01.123456"),
            ("2025-08-17 12:00", "2025-08-17 12:00:00"),
            ("2025-08-17 01:00:00+02:00", "2025-08-16 23:00:00"),
            ("9999-12-31 23:59:59", "9999-12-31 23:59:59"),
            ("0001-01-01 00:00:00", "0001-01-01 00:00:00"),
        ] {
            assert_eq!(read(text).as_deref(), Ok(expected), "{text}");
        }
    }

    #[test]
    fn what_is_no_time_is_refused() {
        for text in [
            "",
            "yesterday",
            "2025-02-30",
            "2023-02-29",
            "2025-13-01",
            "54191-01-01",
            "2025-01-01 24:00:00",
            "2025-1-1",
            "2025-01-01 10:00:00.",
            "2025-01-01 10:00:00 +2",
            "2025-01-01 10:00:00.1234567",
            "0000-01-01",
        ] {
            assert!(read(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_naive_time_is_of_the_declared_zone() {
        let (moment, plain) = parse_time(b"2025-01-01 01:00:00", 7200).expect("it is a time");

        assert_eq!((moment.text().as_str(), plain), ("2024-12-31 23:00:00", false));
    }

    #[test]
    fn seconds_and_milliseconds_since_1970() {
        assert_eq!(Instant::from_unix_micros(1_755_388_800_000_000).map(Instant::text).as_deref(), Some("2025-08-17 00:00:00"));
        // Milliseconds that are taken for seconds.
        assert_eq!(Instant::from_unix_micros(1_755_388_800_000_i64 * 1_000_000), None);
    }

    proptest! {
        #[test]
        fn text_and_moment_lead_to_one_another(micros in -63_082_281_600_000_000_i64..252_455_616_000_000_000) {
            let moment = Instant(micros);
            prop_assert_eq!(parse_time(moment.text().as_bytes(), 0), Ok((moment, true)));
        }
    }
}
