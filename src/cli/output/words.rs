//! Numbers, durations and lists as people read them.

use std::time::Duration;

/// `0.4 ms`, `13 ms`, `1.2 s`, `2 min 3 s`
pub fn duration(time: Duration) -> String {
    let seconds = time.as_secs_f64();
    if seconds < 0.009_95 {
        return format!("{:.1} ms", seconds * 1000.0);
    }
    if seconds < 0.9995 {
        return format!("{} ms", (seconds * 1000.0).round());
    }
    if seconds < 59.95 {
        return format!("{seconds:.1} s");
    }
    format!("{} min {} s", time.as_secs() / 60, time.as_secs() % 60)
}

/// Milliseconds with three decimals, for JSON.
pub fn milliseconds(time: Duration) -> f64 {
    time.as_micros() as f64 / 1000.0
}

/// `0:07`
pub fn clock(time: Duration) -> String {
    format!("{}:{:02}", time.as_secs() / 60, time.as_secs() % 60)
}

/// `1 migration`, `2 migrations`
pub fn count(number: usize, noun: &str) -> String {
    if number == 1 { format!("1 {noun}") } else { format!("{number} {noun}s") }
}

/// Reads `30s`, `5m`, `500ms`, `1h`; a bare number is seconds.
///
/// # Errors
/// When it is none of these.
pub fn parse_duration(text: &str) -> Result<Duration, String> {
    let text = text.trim();
    let split = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (number, unit) = text.split_at(split);
    let number: f64 = number.parse().map_err(|_| "write a number with a unit: 30s, 5m, 500ms".to_owned())?;
    let scale = match unit.trim() {
        "ms" => 0.001,
        "" | "s" => 1.0,
        "m" | "min" => 60.0,
        "h" => 3600.0,
        _ => return Err("the unit is one of ms, s, m, h".to_owned()),
    };
    Duration::try_from_secs_f64(number * scale).map_err(|_| "that is too long".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_read_as_people_say_them() {
        assert_eq!(duration(Duration::from_micros(420)), "0.4 ms");
        assert_eq!(duration(Duration::from_micros(12_600)), "13 ms");
        assert_eq!(duration(Duration::from_millis(1249)), "1.2 s");
        assert_eq!(duration(Duration::from_secs(123)), "2 min 3 s");
    }

    #[test]
    fn durations_are_understood_with_and_without_a_unit() {
        assert_eq!(parse_duration("30s"), Ok(Duration::from_secs(30)));
        assert_eq!(parse_duration("0"), Ok(Duration::ZERO));
        assert_eq!(parse_duration("5m"), Ok(Duration::from_secs(300)));
        assert_eq!(parse_duration("500ms"), Ok(Duration::from_millis(500)));
        assert!(parse_duration("soon").is_err() && parse_duration("-1s").is_err() && parse_duration("5 weeks").is_err());
    }
}
