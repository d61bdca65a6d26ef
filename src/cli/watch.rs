//! What a person sees while migrations run.

use std::time::Duration;

use super::output::paint::Style;
use super::output::{Screen, words};
use crate::backend::Blocker;
use crate::domain::secret::redact;
use crate::migrate::{Direction, Event, Finished, Observer, Waiting};

/// Prints events as they come.
pub struct Watch<'a> {
    screen: &'a mut Screen,
    waited: Option<Duration>,
    title: usize,
    what: usize,
}

impl<'a> Watch<'a> {
    /// Prints on `screen`: titles in a column of `title` characters, with room for `reverted` where `back` is true.
    pub fn on(screen: &'a mut Screen, title: usize, back: bool) -> Self {
        Self { screen, waited: None, title, what: if back { 23 } else { 14 } }
    }

    /// The screen on which it prints.
    pub fn screen(&mut self) -> &mut Screen {
        self.screen
    }

    fn waiting(&mut self, waiting: &Waiting) {
        // Once a second is often enough.
        if self.waited.is_some_and(|last| waiting.waited < last + Duration::from_secs(1)) {
            return;
        }
        let holder = waiting.holder.as_ref().map_or_else(|| "another run".to_owned(), crate::backend::Holder::described);
        let text = format!(
            "  waiting for the lock: held by {holder}   {} of {}",
            words::clock(waiting.waited),
            words::clock(waiting.limit)
        );
        self.screen.live(&text, self.waited.is_some());
        self.waited = Some(waiting.waited);
    }

    fn finished(&mut self, done: &Finished) {
        let mark = self.screen.paint.on(Style::Good, "✓");
        let title = format!("{} {}", done.version, done.name);
        let (title_width, what_width) = (self.title, self.what);
        let what = match (done.direction, done.faked) {
            (Direction::Up, true) => "only recorded".to_owned(),
            (Direction::Up, false) => words::count(done.statements, "statement"),
            (Direction::Down, _) => format!("reverted, {}", words::count(done.statements, "statement")),
        };
        self.screen.row(&format!("  {mark} {title:<title_width$}  {what:>what_width$} {:>9}", words::duration(done.took)));
    }
}

impl Observer for Watch<'_> {
    fn on(&mut self, event: &Event<'_>) {
        match event {
            Event::Waiting(waiting) => {
                tracing::info!(waited_ms = waiting.waited.as_millis(), "waiting for the lock");
                self.waiting(waiting);
            }
            Event::Started { version, name, statements } => tracing::info!(%version, name, statements, "migration begins"),
            Event::Statement { number, of, took, skipped } => {
                tracing::debug!(number, of, took_ms = took.as_millis(), skipped, "statement");
                let how = if *skipped { "done by an earlier run".to_owned() } else { words::duration(*took) };
                if *of > 1 || *skipped {
                    self.screen.talk(&format!("    statement {number} of {of}   {how}"));
                }
            }
            Event::Again { attempt, of, wait, error, blockers } => {
                let waited_for: Vec<_> = blockers.iter().map(Blocker::described).collect();
                tracing::info!(
                    attempt,
                    of,
                    wait_ms = wait.as_millis(),
                    error = error.message,
                    blockers = waited_for.join("; "),
                    "again"
                );
                let who = if waited_for.is_empty() { String::new() } else { format!(": blocked by {}", waited_for.join("; ")) };
                let next = format!("rolled back, try {attempt} of {of} in {}", words::duration(*wait));
                self.screen.talk(&format!("    {}{who}   {next}", error.message));
                let verbose = self.screen.verbose;
                for blocker in blockers.iter().filter(|blocker| verbose && !blocker.query.is_empty()) {
                    let query = blocker.query.split_whitespace().collect::<Vec<_>>().join(" ");
                    self.screen.talk(&format!("      pid {}: {}", blocker.pid, redact(&query)));
                }
            }
            // Told by the rehearsal itself.
            Event::Rehearsed { .. } => {}
            Event::Notice(notice) => {
                tracing::info!(severity = notice.severity, message = notice.message, "notice");
                if notice.severity == "WARNING" || self.screen.verbose {
                    self.screen.talk(&format!("    {}: {}", notice.severity.to_lowercase(), notice.message));
                }
            }
            Event::Finished(done) => {
                tracing::info!(version = %done.version, name = done.name, direction = done.direction.word(), took_ms = done.took.as_millis(), "committed");
                self.finished(done);
            }
        }
    }
}
