//! How far work on many bytes, or many rows, has come: a line on a terminal, with rate and time left.

use std::time::{Duration, Instant};

use super::output::{Screen, words};
use crate::backend::{Progress, Step};
use crate::project::backup_file::bytes;

/// The line.
pub struct Meter<'a> {
    screen: &'a mut Screen,
    step: Option<Step>,
    begun: Instant,
    shown: Option<Instant>,
}

impl<'a> Meter<'a> {
    /// How often it is written anew.
    const EVERY: Duration = Duration::from_millis(200);

    /// A line on `screen`.
    pub fn on(screen: &'a mut Screen) -> Self {
        Self { screen, step: None, begun: Instant::now(), shown: None }
    }

    /// Shows how far it has come.
    pub fn show(&mut self, progress: Progress) {
        let Progress { step, done, total } = progress;
        if self.step != Some(step) {
            tracing::info!(step = word(step), total, "begins");
            (self.step, self.begun) = (Some(step), Instant::now());
        } else if self.shown.is_some_and(|shown| shown.elapsed() < Self::EVERY) {
            return;
        }
        self.shown = Some(Instant::now());
        let text = line(step, done, total, self.begun.elapsed());
        // Only a terminal shows lines that are replaced.
        self.screen.live(&text, true);
    }

    /// Clears the line.
    pub fn end(self) {
        if self.shown.is_some() {
            self.screen.clear_live();
        }
    }
}

/// The line of work on rows that goes in batches.
pub struct Rows {
    begun: Instant,
    first: u64,
    shown: Option<Instant>,
}

impl Rows {
    /// A line for work that has done `first` rows already.
    pub fn from(first: u64) -> Self {
        Self { begun: Instant::now(), first, shown: None }
    }

    /// Shows how far it has come: rows, and batches of `size` rows.
    pub fn show(&mut self, screen: &mut Screen, done: u64, planned: u64, size: u64) {
        if done < planned && self.shown.is_some_and(|shown| shown.elapsed() < Meter::EVERY) {
            return;
        }
        self.shown = Some(Instant::now());
        screen.live(&rows_line(done, planned, size, done.saturating_sub(self.first), self.begun.elapsed()), true);
    }
}

/// `  batch 12 of 50   240000 of 1000000 rows   41200 rows/s   0:18 left`
fn rows_line(done: u64, planned: u64, size: u64, since: u64, took: Duration) -> String {
    let size = size.max(1);
    let mut text = format!("  batch {} of {}   {done} of {planned} rows", done.div_ceil(size), planned.div_ceil(size));
    let seconds = took.as_secs_f64();
    if seconds >= 0.5 && since > 0 {
        let rate = since as f64 / seconds;
        let left = Duration::from_secs_f64((planned.saturating_sub(done) as f64 / rate.max(0.001)).min(1e9));
        text.push_str(&format!("   {} rows/s   {} left", rate as u64, words::clock(left)));
    }
    text
}

fn word(step: Step) -> &'static str {
    match step {
        Step::Copy => "copying",
        Step::Restore => "restoring beside",
        Step::Check => "comparing",
        Step::Install => "putting in place",
    }
}

fn line(step: Step, done: u64, total: Option<u64>, took: Duration) -> String {
    let mut text = format!("  {}", word(step));
    let seconds = took.as_secs_f64();
    if done == 0 {
        if seconds >= 1.0 {
            text.push_str(&format!("   {}", words::clock(took)));
        }
        return text;
    }
    text.push_str(&format!("   {}", bytes(done)));
    if let Some(total) = total {
        text.push_str(&format!(" of {}", bytes(total)));
    }
    if seconds >= 0.5 {
        let rate = done as f64 / seconds;
        text.push_str(&format!("   {}/s", bytes(rate as u64)));
        if let Some(left) = total.map(|total| total.saturating_sub(done) as f64 / rate.max(1.0)) {
            text.push_str(&format!("   {} left", words::clock(Duration::from_secs_f64(left.min(1e9)))));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_told_with_their_batches() {
        let second = Duration::from_secs(1);

        assert_eq!(rows_line(20, 90, 20, 20, Duration::ZERO), "  batch 1 of 5   20 of 90 rows");
        assert_eq!(rows_line(60, 90, 20, 10, second), "  batch 3 of 5   60 of 90 rows   10 rows/s   0:03 left");
    }

    #[test]
    fn rate_and_time_left_are_told_once_they_mean_something() {
        let (step, second) = (Step::Copy, Duration::from_secs(1));

        assert_eq!(line(step, 0, Some(10), Duration::ZERO), "  copying");
        assert_eq!(line(step, 1000, Some(4000), Duration::ZERO), "  copying   1.0 kB of 4.0 kB");
        assert_eq!(line(step, 1000, Some(4000), second), "  copying   1.0 kB of 4.0 kB   1.0 kB/s   0:03 left");
        assert_eq!(line(step, 1000, None, second), "  copying   1.0 kB   1.0 kB/s");
    }
}
