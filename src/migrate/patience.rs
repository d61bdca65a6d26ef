//! How long the statements of a migration may wait and take, and what is done when a lock is not to be had.

use std::time::{Duration, Instant};

use super::apply::{Run, Trouble};
use super::error::Fate;
use super::event::Event;
use super::prepare::{PrepareError, PrepareErrorKind, Prepared};
use crate::backend::{Blocker, Full, Limits, SqlError, SqlErrorKind};
use crate::domain::duration::parse_duration;
use crate::domain::sql::directives;
use crate::project::Script;
use crate::project::config::Migrations;

/// How patient statements are. A time of nothing is no limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Patience {
    /// How long a statement may wait for somebody else's lock.
    pub lock: Option<Duration>,
    /// How long a statement may take.
    pub statement: Option<Duration>,
    /// How often a migration that did not get its lock is tried again; where it is not said, 3 with a limit of
    /// waiting and 0 without.
    pub retries: Option<u32>,
}

impl Patience {
    const RETRIES: u32 = 3;
    const LONGEST_WAIT: Duration = Duration::from_secs(30);

    /// As a project's settings say it.
    pub fn of(settings: &Migrations) -> Self {
        Self { lock: settings.lock_timeout, statement: settings.statement_timeout, retries: settings.retries }
    }

    /// What the directives of a file say.
    pub(super) fn of_file(script: &Script) -> Result<Self, PrepareError> {
        let mut patience = Self::default();
        for directive in directives(&script.text, script.engine) {
            let (name, value) = directive.text.split_once(char::is_whitespace).unwrap_or((directive.text, ""));
            let limit = match name {
                "lock_timeout" => &mut patience.lock,
                "statement_timeout" => &mut patience.statement,
                _ => continue,
            };
            *limit = Some(parse_duration(value).map_err(|why| PrepareError {
                place: script.place(directive.at),
                kind: PrepareErrorKind::NoTime { directive: directive.text.to_owned(), why },
            })?);
        }
        Ok(patience)
    }

    /// This one, and where it says nothing the other.
    fn or(self, other: Self) -> Self {
        Self {
            lock: self.lock.or(other.lock),
            statement: self.statement.or(other.statement),
            retries: self.retries.or(other.retries),
        }
    }

    fn limits(self) -> Limits {
        let limit = |limit: Option<Duration>| limit.filter(|limit| !limit.is_zero());
        Limits { lock: limit(self.lock), statement: limit(self.statement) }
    }

    /// How often at most.
    fn attempts(self) -> u32 {
        let otherwise = if self.limits().lock.is_some() { Self::RETRIES } else { 0 };
        self.retries.unwrap_or(otherwise).saturating_add(1)
    }

    /// How long to wait before another try: twice as long each time, and not as long as others that failed with us.
    fn pause(self, attempt: u32, seed: u32) -> Duration {
        let first = self.limits().lock.unwrap_or(Duration::from_secs(1)).clamp(Duration::from_millis(50), Duration::from_secs(1));
        let whole = first.saturating_mul(1 << attempt.min(6)).min(Self::LONGEST_WAIT);
        // Knuth's multiplicative hash: neighbouring process ids come far apart.
        let spread = seed.wrapping_add(attempt).wrapping_mul(2_654_435_761) >> 22;
        whole / 2 + whole.mul_f64(f64::from(spread) / 2048.0)
    }
}

impl<S: Full> Run<'_, S> {
    fn patience(&self, step: &Prepared<'_>) -> Patience {
        step.patience.or(self.options.patience)
    }

    /// The limits of the statements of `step`.
    pub(super) fn limits(&self, step: &Prepared<'_>) -> Limits {
        if self.options.manner.runs() { self.patience(step).limits() } else { Limits::default() }
    }

    /// Sends a statement of a file. Where its wait is limited, somebody watches for whom it waits.
    pub(super) fn send(&mut self, step: &Prepared<'_>, number: usize) -> Result<(), SqlError> {
        self.blockers.clear();
        let Some(patience) = self.limits(step).lock else { return self.session.execute(step.sql(number)) };
        self.session.execute_watched(step.sql(number), patience).map_err(|(error, blockers)| {
            if error.kind == SqlErrorKind::Busy {
                self.blockers = blockers;
            }
            error
        })
    }

    /// Whether a lock was all that was missing, and nobody else's work has to be done again with this step.
    pub(super) fn worth_another_try(&self, step: &Prepared<'_>, trouble: &Trouble, attempt: u32) -> bool {
        let kept = matches!(trouble.fate, Fate::RolledBack | Fate::Kept { .. });
        trouble.error.kind == SqlErrorKind::Busy
            && kept
            && !self.is_single()
            // Its transaction is the one that is taken back at the end.
            && !self.options.rehearse
            && self.limits(step).lock.is_some()
            && attempt < self.patience(step).attempts()
    }

    /// Rolls back, says who was in the way, and waits.
    pub(super) fn give_way(&mut self, step: &Prepared<'_>, error: &SqlError, attempt: u32, stop: &dyn Fn() -> bool) {
        self.abandon();
        self.tell_notices();
        self.again = true;
        let patience = self.patience(step);
        let wait = patience.pause(attempt - 1, std::process::id());
        let blockers = std::mem::take(&mut self.blockers);
        self.observer.on(&Event::Again { attempt: attempt + 1, of: patience.attempts(), wait, error, blockers: &blockers });
        let until = Instant::now() + wait;
        while !stop() && Instant::now() < until {
            std::thread::sleep(until.saturating_duration_since(Instant::now()).min(Duration::from_millis(50)));
        }
    }

    /// The trouble, with those who blocked its statement.
    pub(super) fn with_blockers(&mut self, mut trouble: Trouble) -> Trouble {
        let blockers: Vec<_> = std::mem::take(&mut self.blockers).iter().map(Blocker::described).collect();
        if !blockers.is_empty() {
            let text = format!("blocked by {}", blockers.join("; "));
            trouble.error.detail = Some(trouble.error.detail.map_or_else(|| text.clone(), |said| format!("{said}; {text}")));
        }
        trouble
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_and_differ_between_processes() {
        let patience = Patience { lock: Some(Duration::from_secs(5)), ..Patience::default() };

        for attempt in 0..40 {
            let whole = Duration::from_secs(1 << attempt.min(6)).min(Duration::from_secs(30));
            for seed in [1, 2, 4711, u32::MAX] {
                let pause = patience.pause(attempt, seed);
                assert!(pause >= whole / 2 && pause <= whole, "{attempt} {seed} {pause:?}");
            }
        }
        assert_ne!(patience.pause(1, 100), patience.pause(1, 101));
        assert_eq!(patience.attempts(), 4);
    }

    #[test]
    fn a_file_comes_before_the_settings_and_nothing_is_no_limit() {
        let file = Patience { lock: Some(Duration::ZERO), ..Patience::default() };
        let settings = Patience { lock: Some(Duration::from_secs(1)), statement: Some(Duration::from_secs(2)), retries: Some(7) };

        let both = file.or(settings);

        assert_eq!(both.limits(), Limits { lock: None, statement: Some(Duration::from_secs(2)) });
        assert_eq!(both.attempts(), 8);
    }
}
