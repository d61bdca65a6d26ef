//! What `fix`, `sync` and `undo` have in common: whom it is about, the checks around it, asking, showing.

pub mod agree;
pub mod around;
pub mod ending;
pub mod errand;
pub mod input;
pub mod masks;
pub mod needs;
pub mod show;
pub mod subject;

use chrono::{DateTime, NaiveDateTime, Utc};

/// This moment to the millisecond: what is kept of it is all of it.
pub fn this_instant() -> NaiveDateTime {
    let now = Utc::now();
    DateTime::from_timestamp_millis(now.timestamp_millis()).unwrap_or(now).naive_utc()
}

/// The instant as it is kept.
pub fn clock_text(instant: NaiveDateTime) -> String {
    instant.format("%Y-%m-%dT%H:%M:%S%.3fZ").to_string()
}

/// The instant that was kept.
pub fn clock_of(text: &str) -> Option<NaiveDateTime> {
    DateTime::parse_from_rfc3339(text).ok().map(|at| at.naive_utc())
}
