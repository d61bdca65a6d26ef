//! Between the wipe and the commit: the migrations, the checks, the note.

use super::checks::Checks;
use super::gather::Probes;
use crate::backend::{Full, Identity, Session};
use crate::backup::reset::{Gathered, Work, within};
use crate::baseline::probe::{self, Probed};
use crate::cli::failure::Failure;
use crate::cli::noting::{self, Said};
use crate::cli::output::words;
use crate::domain::explain::{Class, Explain};
use crate::ledger::{Actor, Ledger, Note};
use crate::migrate::{Engine, Ignore, Options, Patience};
use crate::project::Migration;
use crate::schema::compare;

/// What it takes.
pub struct Steps<'a> {
    /// The migrations.
    pub files: &'a [Migration],
    /// What they should make.
    pub gathered: &'a Gathered,
    /// The schemas that were emptied.
    pub own: &'a [String],
    /// What is tried afterwards.
    pub probes: &'a Probes,
    /// What is looked at after that.
    pub checks: &'a Checks,
    /// Who acts.
    pub actor: &'a Actor,
    /// The person, where somebody is named.
    pub person: Option<&'a str>,
    /// What the lock says of us.
    pub what: &'a str,
    /// How patient statements are.
    pub patience: Patience,
    /// Whether somebody asked to stop.
    pub stop: &'a dyn Fn() -> bool,
    /// The note.
    pub said: &'a Said,
    /// The marker's name.
    pub marker: Option<&'a str>,
    /// The note, once it is written.
    pub note: Option<Note>,
}

impl Work<Failure> for Steps<'_> {
    fn fill(&mut self, session: &mut Session) -> Result<(), Failure> {
        let options = Options { patience: self.patience, ..Options::new(self.what) };
        let mut engine =
            Engine { session, files: self.files, actor: self.actor, options: &options, observer: &mut Ignore, stop: self.stop };
        engine.forward_within()?;
        let found = within(&session.introspect()?, self.own);
        let drift = compare(&within(&self.gathered.made, self.own), &found);
        let drift = drift.iter().filter(|drift| crate::cli::adopt::matters(drift, self.files));
        let lines: Vec<String> =
            drift.map(|drift| format!("{} {}", drift.kind.mark(), drift.message("the migrations", "the database"))).collect();
        if !lines.is_empty() {
            return Err(Drifted(lines).into());
        }
        let mut failed = Vec::new();
        let mut count = 0;
        for probes in self.probes {
            let results = probe::run(session, &found, probes)?;
            count += results.len();
            failed.extend(results.into_iter().filter(|probed| !probed.verdict.is_met()));
        }
        if !failed.is_empty() {
            return Err(ProbesFailed { count, failed }.into());
        }
        self.checks.make(session, self.stop)
    }

    fn note(&mut self, session: &mut Session, ledger: Ledger, identity: &Identity) -> Result<(), Failure> {
        let note = noting::insert_as(self.actor, self.person, ledger, session, identity, self.marker, self.said)?;
        self.note = Some(note);
        Ok(())
    }
}

/// What was made is not what the migrations make elsewhere.
#[derive(Debug, thiserror::Error)]
#[error("the new schema is not what the migrations make: {}; the old content is in place", words::count(.0.len(), "difference"))]
struct Drifted(Vec<String>);

impl Explain for Drifted {
    fn class(&self) -> Class {
        Class::Conflict
    }

    fn hint(&self) -> Option<String> {
        Some("something in this database changes what migrations make: an event trigger, a setting, an extension".to_owned())
    }

    fn details(&self) -> Vec<String> {
        self.0.iter().take(40).cloned().collect()
    }
}

/// The new schema takes what it should not, or the other way round.
#[derive(Debug, thiserror::Error)]
#[error("{} of {} not as they should be; the old content is in place", .failed.len(), words::count(*.count, "probe"))]
struct ProbesFailed {
    count: usize,
    failed: Vec<Probed>,
}

impl Explain for ProbesFailed {
    fn class(&self) -> Class {
        Class::Check
    }

    fn hint(&self) -> Option<String> {
        Some("correct the migrations or the probes; manage schema probe tries them on a database".to_owned())
    }

    fn details(&self) -> Vec<String> {
        self.failed.iter().take(10).map(|probed| format!("✗ {} ({})", probed.title, probed.verdict.word())).collect()
    }
}
