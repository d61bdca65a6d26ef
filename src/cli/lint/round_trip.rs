//! Up, down and up again on a scratch database.

use std::time::{Duration, SystemTime};

use crate::backend::{Access, Full, Location, Scratch, Session};
use crate::cli::context::{Chosen, Context};
use crate::cli::failure::Failure;
use crate::cli::signals::Interrupts;
use crate::domain::explain::{Class, Explain};
use crate::domain::version::Version;
use crate::guards::{Consent, Deed, consent};
use crate::ledger::Actor;
use crate::lint::{Catalogues, Finding, Settings, broken_trip, judge_trip};
use crate::migrate::{Backward, Engine, Forward, History, Ignore, MigrateError, Options};
use crate::project::{Migration, Script};
use crate::schema::described;

/// What came of the trips.
#[derive(Debug, Default)]
pub struct Trips {
    /// One for each migration that was to make it.
    pub all: Vec<Trip>,
    /// What they found.
    pub findings: Vec<Finding>,
}

/// One migration.
#[derive(Debug)]
pub struct Trip {
    /// Its version.
    pub version: Version,
    /// Its name.
    pub name: String,
    /// How it went.
    pub status: Status,
}

/// How a trip went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// All is as it was.
    Same,
    /// Something is not.
    Differs,
    /// A file did not run.
    Failed,
    /// There is no way back.
    OneWay,
    /// An earlier one broke off.
    NotTried,
}

impl Status {
    /// The word in JSON.
    pub fn word(self) -> &'static str {
        match self {
            Self::Same => "same",
            Self::Differs => "differs",
            Self::Failed => "failed",
            Self::OneWay => "one-way",
            Self::NotTried => "not-tried",
        }
    }

    /// For people.
    pub fn message(self) -> &'static str {
        match self {
            Self::Same => "up, down, up: the same",
            Self::Differs => "comes back differently",
            Self::Failed => "failed",
            Self::OneWay => "up only: there is no way back",
            Self::NotTried => "not tried",
        }
    }

    /// Whether it is as it should be; `None` where it was not looked at.
    pub fn is_fine(self) -> Option<bool> {
        match self {
            Self::Same => Some(true),
            Self::Differs | Self::Failed => Some(false),
            Self::OneWay | Self::NotTried => None,
        }
    }
}

/// Runs all files on a scratch database, those of `versions` there and back.
///
/// # Errors
/// When the scratch database cannot be made or dropped, or somebody asked to stop.
pub fn run(
    context: &mut Context,
    chosen: &Chosen,
    files: &[Migration],
    versions: &[Version],
    settings: &Settings,
) -> Result<Trips, Failure> {
    refuse_protected(context, chosen)?;
    let (actor, what) = (context.actor(), context.what("lint"));
    context.with_opening(Access::Create, "lint", |opening| {
        let mut scratch = Scratch::make(&chosen.url, &name(), &std::env::temp_dir(), opening)?;
        let session = scratch.session();
        let trips = Tour { session, files, actor: &actor, settings, options: options(&what) }.make(versions);
        let dropped = scratch.remove();
        let trips = trips?;
        dropped?;
        Ok(trips)
    })
}

/// A scratch database costs the server that it is made on, so not beside a protected database.
fn refuse_protected(context: &mut Context, chosen: &Chosen) -> Result<(), Failure> {
    // What is not there yet is not protected.
    if context.is_missing(chosen) {
        return Ok(());
    }
    let reached = context.reach(chosen, Access::Read, "lint")?;
    if matches!(reached.identity.location, Location::File(_)) || consent(Deed::RoundTrip, reached.standing) != Consent::Never {
        return Ok(());
    }
    Err(Failure::new(
        Class::Refused,
        format!(
            "`{}` makes no database beside {}, which is protected: {}",
            Deed::RoundTrip.command(),
            reached.identity.name,
            reached.why
        ),
        "name a database on a server for such work: --database URL",
    ))
}

struct Tour<'a> {
    session: &'a mut Session,
    files: &'a [Migration],
    actor: &'a Actor,
    settings: &'a Settings,
    options: Options,
}

impl Tour<'_> {
    fn make(&mut self, versions: &[Version]) -> Result<Trips, Failure> {
        let canceller = self.session.canceller();
        let interrupts = Interrupts::listen(move || canceller.cancel());
        let stop = || interrupts.asked();
        // Where the first migration would make it, its way back would seem to forget it.
        History::look(self.session, self.files)?.bootstrap(self.session)?;
        let mut trips = Trips::default();
        let mut broken = false;
        for migration in self.files {
            let status = if broken {
                Status::NotTried
            } else {
                let (status, goes_on) = self.one(migration, versions.contains(&migration.version), &stop, &mut trips.findings)?;
                broken = !goes_on;
                status
            };
            if versions.contains(&migration.version) || status == Status::Failed {
                trips.all.push(Trip { version: migration.version.clone(), name: migration.name.clone(), status });
            }
        }
        Ok(trips)
    }

    /// One migration: how it went, and whether the next one can be tried.
    fn one(
        &mut self,
        migration: &Migration,
        both_ways: bool,
        stop: &dyn Fn() -> bool,
        findings: &mut Vec<Finding>,
    ) -> Result<(Status, bool), Failure> {
        let before = self.catalogue()?;
        if let Err(error) = self.forward(stop) {
            let found = self.broken(migration, &migration.up, error, "the way forward fails on a scratch database", stop)?;
            let help = "correct it: it has to run on a new database, after all earlier migrations".to_owned();
            findings.extend(found.map(|found| Finding { help, ..found }));
            return Ok((Status::Failed, false));
        }
        let Some(back) = migration.down.as_ref().filter(|_| both_ways) else { return Ok((Status::OneWay, true)) };
        let up = self.catalogue()?;
        if let Err(error) = self.back(stop) {
            findings.extend(self.broken(migration, back, error, "the way back fails right after the way forward", stop)?);
            // A way back in a transaction was rolled back whole, so the way on is open.
            return Ok((Status::Failed, migration.run_in_transaction));
        }
        let down = self.catalogue()?;
        if let Err(error) = self.forward(stop) {
            findings.extend(self.broken(migration, &migration.up, error, "the way forward fails after the way back", stop)?);
            return Ok((Status::Failed, false));
        }
        let again = self.catalogue()?;
        let seen = Catalogues { before: &before, up: &up, down: &down, again: &again };
        let found = judge_trip(self.settings, migration, &seen);
        let status = if found.iter().any(|finding| finding.severity != crate::lint::Severity::Hint) {
            Status::Differs
        } else {
            Status::Same
        };
        findings.extend(found);
        Ok((status, true))
    }

    fn catalogue(&mut self) -> Result<Vec<String>, Failure> {
        Ok(described(&self.session.introspect()?))
    }

    fn forward(&mut self, stop: &dyn Fn() -> bool) -> Result<(), MigrateError> {
        self.engine(stop, |engine| engine.forward(&Forward::Steps(1)).map(drop))
    }

    fn back(&mut self, stop: &dyn Fn() -> bool) -> Result<(), MigrateError> {
        self.engine(stop, |engine| engine.back(&Backward::Steps(1)).map(drop))
    }

    fn engine(
        &mut self,
        stop: &dyn Fn() -> bool,
        work: impl FnOnce(&mut Engine<'_, Session>) -> Result<(), MigrateError>,
    ) -> Result<(), MigrateError> {
        let (session, files, actor, options) = (&mut *self.session, self.files, self.actor, &self.options);
        work(&mut Engine { session, files, actor, options, observer: &mut Ignore, stop })
    }

    /// A file that did not run is a finding; anything else ends the command, and so does who breaks it off.
    fn broken(
        &self,
        migration: &Migration,
        script: &Script,
        error: MigrateError,
        what: &str,
        stop: &dyn Fn() -> bool,
    ) -> Result<Option<Finding>, Failure> {
        if stop() || !matches!(error, MigrateError::Statement(_) | MigrateError::Prepare(_)) {
            return Err(error.into());
        }
        let cause = error.cause().unwrap_or_else(|| error.to_string());
        Ok(broken_trip(self.settings, migration, script, error.place(), format!("{what}: {cause}")))
    }
}

fn options(what: &str) -> Options {
    Options { lock_timeout: Duration::ZERO, ..Options::new(what) }
}

/// A name that no other run has.
fn name() -> String {
    let nanos = SystemTime::UNIX_EPOCH.elapsed().map(|time| time.as_nanos()).unwrap_or_default();
    format!("manage_scratch_{}_{nanos}", std::process::id())
}
