//! What is seen while rows move.

use std::io::{IsTerminal, Write};
use std::time::Instant;

use crate::cli::context::Context;
use crate::cli::output::words;
use crate::transfer::{Event, Observer};

/// A line on the terminal that is written over; lines in the log.
pub struct Progress {
    shown: bool,
    begun: Instant,
}

impl Progress {
    /// For this command.
    pub fn of(context: &Context) -> Self {
        Self { shown: context.is_talkative() && std::io::stderr().is_terminal(), begun: Instant::now() }
    }

    fn line(&self, text: &str) {
        if self.shown {
            let mut stderr = std::io::stderr().lock();
            let _ = write!(stderr, "\r  {text}\u{1b}[K");
            let _ = stderr.flush();
        }
    }

    /// Leaves the terminal clean.
    pub fn end(&self) {
        if self.shown {
            let mut stderr = std::io::stderr().lock();
            let _ = write!(stderr, "\r\u{1b}[K");
            let _ = stderr.flush();
        }
    }
}

impl Observer for Progress {
    fn on(&mut self, event: &Event<'_>) {
        match event {
            Event::Table(table) => {
                self.begun = Instant::now();
                tracing::info!(table = table.to, "begins");
                self.line(&format!("{} …", table.to));
            }
            Event::Moved(table, moved) => {
                tracing::info!(
                    table = table.to,
                    read = moved.read,
                    inserted = moved.inserted,
                    updated = moved.updated,
                    unchanged = moved.unchanged,
                    rejected = moved.rejected,
                    skipped = moved.skipped,
                    "moved"
                );
                self.line(&format!("{} {} rows, {}", table.to, moved.read, words::duration(self.begun.elapsed())));
            }
            Event::Compared(table, compared) => {
                tracing::info!(table = table.to, rows = compared.actual.rows, equal = compared.is_equal(), "compared");
                self.line(&format!("{} compared", table.to));
            }
        }
    }
}
