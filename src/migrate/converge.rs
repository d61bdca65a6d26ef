//! A baseline in place of a history that a database has run.
//!
//! Nothing is run. The live schema is compared with what the baseline makes; where both are equal the baseline is
//! recorded. What becomes of the old records is decided by the tool whose history it is: diesel passes over versions
//! that have no file, and an older release of the application finds them again, so they stay; refinery refuses to run
//! while a recorded version has no file, so they go.

use std::time::Instant;

use super::apply::{Engine, Outcome};
use super::error::MigrateError;
use super::event::{Event, Finished};
use super::history::History;
use super::picture::Picture;
use super::plan::{Direction, PlanError, named};
use super::replaced::Replacement;
use crate::backend::{Full, SqlError};
use crate::domain::fault;
use crate::domain::schema::Schema;
use crate::ledger::{Action, Entry, Ledger};
use crate::project::Migration;

impl<S: Full> Engine<'_, S> {
    /// Records the baseline on a database that has run everything that it replaces. `differences` lists by what a live
    /// schema is not what the baseline makes. A database whose schema is empty is taken for what it is: the old
    /// records go, and the baseline stays pending.
    ///
    /// # Errors
    /// When there are differences, only a part of the old migrations has run, the lock is held, or the database refuses.
    pub fn converge(&mut self, differences: &dyn Fn(&Schema) -> Vec<String>) -> Result<Outcome, MigrateError> {
        self.under_lock(|engine| engine.record_the_baseline(differences))
    }

    fn record_the_baseline(&mut self, differences: &dyn Fn(&Schema) -> Vec<String>) -> Result<Outcome, MigrateError> {
        let files = self.files;
        let picture = Picture::gather(self.session, files)?;
        let mut pending: Vec<_> = picture.pending().iter().map(|file| file.version.clone()).collect();
        let baseline = match picture.replacement() {
            // Another process has been faster.
            None => return Ok(Outcome { pending, ..Outcome::default() }),
            Some(Replacement::Partly { baseline, missing }) => {
                return Err(PlanError::PartOfBaseline { baseline: named(baseline), missing }.into());
            }
            Some(Replacement::Due(baseline)) => baseline,
        };
        let live = self.session.introspect()?;
        let begun = Instant::now();
        let empty = is_empty(&live);
        if !empty {
            let lines = differences(&live);
            if !lines.is_empty() {
                return Err(PlanError::NotTheBaseline { baseline: named(baseline), lines }.into());
            }
        }
        let ledger = Ledger::prepare(self.session)?;
        let history = History::ensure(self.session, files)?;
        self.session.begin()?;
        let written = self.replace(ledger, &history, baseline, &picture, empty).and_then(|()| {
            fault::point("baseline.before_commit");
            self.session.commit()
        });
        if let Err(error) = written {
            let _ = self.session.rollback();
            return Err(error.into());
        }
        fault::point("baseline.after_commit");
        let mut finished = Vec::new();
        if !empty {
            finished.push(Finished {
                version: baseline.version.clone(),
                name: baseline.name.clone(),
                direction: Direction::Up,
                statements: 0,
                took: begun.elapsed(),
                faked: true,
            });
            pending.retain(|version| *version != baseline.version);
        }
        finished.iter().for_each(|done| self.observer.on(&Event::Finished(done)));
        Ok(Outcome { finished, pending, ..Outcome::default() })
    }

    fn replace(
        &mut self,
        ledger: Ledger,
        history: &History,
        baseline: &Migration,
        picture: &Picture<'_>,
        empty: bool,
    ) -> Result<(), SqlError> {
        let gone = empty || !history.keeps_what_has_no_file();
        if gone {
            for row in &picture.archived {
                history.erase(self.session, &row.version)?;
            }
        }
        if empty {
            return Ok(());
        }
        history.record(self.session, baseline)?;
        let versions: Vec<&str> = picture.archived.iter().map(|row| row.version.as_str()).collect();
        let what = if gone { "taken out of the history" } else { "left in the history" };
        let message = format!("a baseline, recorded after the live schema was compared with it; {what}: {}", versions.join(", "));
        let key = history.key();
        let entry = Entry {
            history: &key,
            version: &baseline.version,
            name: &baseline.name,
            action: Action::Faked,
            micros: 0,
            statements: 0,
            checksum: &baseline.up.checksum(),
            up_text: Some(&baseline.up.text),
            down_text: baseline.down.as_ref().map(|down| down.text.as_str()),
            message: Some(&message),
        };
        ledger.log(self.session, &entry, self.actor)
    }
}

/// Whether nothing of anybody's is in it. Extensions and schemas hold no rows.
fn is_empty(schema: &Schema) -> bool {
    schema.tables.is_empty() && schema.views.is_empty() && schema.types.is_empty() && schema.functions.is_empty()
}
