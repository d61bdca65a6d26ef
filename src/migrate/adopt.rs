//! Taking over what another tool has begun.

use std::time::{Duration, Instant};

use super::apply::{Engine, Outcome};
use super::error::MigrateError;
use super::event::{Event, Finished};
use super::history::History;
use super::picture::{Picture, Problem, ProblemKind};
use super::plan::{Direction, PlanError};
use crate::backend::{Full, SqlError};
use crate::ledger::{Action, Entry, Ledger};
use crate::project::Migration;

/// What the log says of a migration that another tool has run.
const MESSAGE: &str = "adopted: another tool ran it";

/// How a database differs from what the migrations make. Both are [catalogues](crate::backend::catalogue).
///
/// The order of columns does not count, and neither does an extension that only the database has: monitoring brings them.
pub fn differences(live: &[String], replayed: &[String]) -> Vec<String> {
    let counts = |line: &&String| !line.starts_with("order ");
    let only = |these: &[String], others: &[String]| -> Vec<String> {
        these.iter().filter(counts).filter(|line| others.binary_search(line).is_err()).cloned().collect()
    };
    let more = only(live, replayed).into_iter().filter(|line| !line.starts_with("extension "));
    let mut lines: Vec<String> = more.map(|line| format!("only in the database:   {line}")).collect();
    lines.extend(only(replayed, live).into_iter().map(|line| format!("only in the migrations: {line}")));
    lines
}

/// Whether a catalogue has a table or view of the project's own.
pub fn has_tables(catalogue: &[String]) -> bool {
    catalogue.iter().any(|line| line.starts_with("column "))
}

impl<S: Full> Engine<'_, S> {
    /// Notes in the log the files of migrations that are applied and that the log does not know, so that edits of them
    /// are noticed from now on. Runs nothing and leaves the history as it is.
    ///
    /// # Errors
    /// When applied files are missing, or are known to be edited; when the lock is held, or the database refuses.
    pub fn adopt(&mut self) -> Result<Outcome, MigrateError> {
        self.under_lock(Self::note_what_is_applied)
    }

    fn note_what_is_applied(&mut self) -> Result<Outcome, MigrateError> {
        let files = self.files;
        let picture = Picture::gather(self.session, files)?;
        let blocks = |problem: &Problem| matches!(problem.kind, ProblemKind::Missing | ProblemKind::Edited);
        let blocking: Vec<Problem> = picture.problems().into_iter().filter(blocks).collect();
        if !blocking.is_empty() {
            return Err(PlanError::Blocked(blocking).into());
        }
        let unknown = picture.unrecorded();
        let mut outcome =
            Outcome { finished: Vec::new(), pending: picture.pending().iter().map(|file| file.version.clone()).collect() };
        if unknown.is_empty() {
            return Ok(outcome);
        }
        let ledger = Ledger::prepare(self.session)?;
        let key = History::look(self.session, files)?.key();
        let begun = Instant::now();
        self.session.begin()?;
        let written =
            unknown.iter().try_for_each(|migration| self.note(ledger, &key, migration)).and_then(|()| self.session.commit());
        if let Err(error) = written {
            let _ = self.session.rollback();
            return Err(error.into());
        }
        for migration in unknown {
            let finished = Finished {
                version: migration.version.clone(),
                name: migration.name.clone(),
                direction: Direction::Up,
                statements: 0,
                took: begun.elapsed(),
                faked: true,
            };
            self.observer.on(&Event::Finished(&finished));
            outcome.finished.push(finished);
        }
        Ok(outcome)
    }

    fn note(&mut self, ledger: Ledger, history: &str, migration: &Migration) -> Result<(), SqlError> {
        let entry = Entry {
            history,
            version: &migration.version,
            name: &migration.name,
            action: Action::Faked,
            micros: u64::try_from(Duration::ZERO.as_micros()).unwrap_or_default(),
            statements: 0,
            checksum: &migration.up.checksum(),
            up_text: Some(&migration.up.text),
            down_text: migration.down.as_ref().map(|down| down.text.as_str()),
            message: Some(MESSAGE),
        };
        ledger.log(self.session, &entry, self.actor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_counts_is_a_difference() {
        let lines = |lines: &[&str]| lines.iter().map(|&line| line.to_owned()).collect::<Vec<_>>();
        let live = lines(&["column a.id bigint", "extension pg_stat_statements", "order a: id, b", "table a"]);
        let replayed = lines(&["column a.id bigint", "extension citext", "order a: b, id", "table a"]);

        assert_eq!(differences(&live, &replayed), ["only in the migrations: extension citext"]);
        assert!(differences(&live, &live).is_empty() && has_tables(&live) && !has_tables(&lines(&["schema public"])));
    }
}
