//! Numbers, durations and lists as people read them.

use std::time::Duration;

pub use crate::domain::duration::parse_duration;

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
}
