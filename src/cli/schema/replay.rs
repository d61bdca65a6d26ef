//! The schema that migrations make on an empty database.

use chrono::Utc;

use crate::backend::{Access, Full, Scratch, Session, SqlError};
use crate::cli::context::{Chosen, Context};
use crate::cli::failure::Failure;
use crate::cli::signals::Interrupts;
use crate::domain::explain::{Class, Explain, Place};
use crate::domain::schema::Schema;
use crate::ledger::Actor;
use crate::migrate::{Backward, Engine, Forward, Ignore, MigrateError, Options, Outcome};
use crate::project::Migration;

/// A scratch database in which migrations are run one after the other.
pub struct Replay {
    scratch: Scratch,
    interrupts: Interrupts,
    actor: Actor,
    what: String,
}

impl Replay {
    /// Makes the scratch database beside the chosen one.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn begin(context: &Context, chosen: &Chosen) -> Result<Self, Failure> {
        let name = format!("manage_scratch_{}_{}", std::process::id(), Utc::now().format("%H%M%S%6f"));
        let mut scratch = context.with_opening(Access::Create, "replay", |opening| {
            Scratch::make(&chosen.url, &name, &std::env::temp_dir(), opening)
        })?;
        let canceller = scratch.session().canceller();
        // The scratch database is dropped on the way out, so a Ctrl-C must not end the process at once.
        let interrupts = Interrupts::listen(move || canceller.cancel());
        Ok(Self { scratch, interrupts, actor: context.actor(), what: context.what("replay") })
    }

    /// Runs those of `files` that have not run yet, and reads the schema that there is then.
    ///
    /// # Errors
    /// When one of them fails, or somebody asked to stop.
    pub fn run(&mut self, context: &mut Context, files: &[Migration]) -> Result<Schema, Failure> {
        self.with_engine(context, files, |engine| engine.forward(&Forward::Latest))
    }

    /// Takes all of `files` back, and reads the schema that there is then.
    ///
    /// # Errors
    /// As [`Replay::run`].
    pub fn back(&mut self, context: &mut Context, files: &[Migration]) -> Result<Schema, Failure> {
        self.with_engine(context, files, |engine| engine.back(&Backward::All))
    }

    /// The session on the scratch database.
    pub fn session(&mut self) -> &mut Session {
        self.scratch.session()
    }

    fn with_engine(
        &mut self,
        context: &mut Context,
        files: &[Migration],
        work: impl FnOnce(&mut Engine<'_, Session>) -> Result<Outcome, MigrateError>,
    ) -> Result<Schema, Failure> {
        let options =
            Options { lock_timeout: std::time::Duration::ZERO, allow_out_of_order: true, ..Options::new(self.what.clone()) };
        let stop = || self.interrupts.asked();
        let session = self.scratch.session();
        let mut engine = Engine { session, files, actor: &self.actor, options: &options, observer: &mut Ignore, stop: &stop };
        let ran = work(&mut engine);
        context.interrupted |= self.interrupts.twice();
        ran.map_err(ReplayFailed)?;
        Ok(self.scratch.session().introspect()?)
    }

    /// Drops the scratch database.
    ///
    /// # Errors
    /// When it cannot be dropped.
    pub fn end(self) -> Result<(), SqlError> {
        self.scratch.remove()
    }
}

/// Migrations that do not run on an empty database.
#[derive(Debug, thiserror::Error)]
#[error("the migrations do not run on an empty database: {0}")]
struct ReplayFailed(#[source] MigrateError);

impl Explain for ReplayFailed {
    fn class(&self) -> Class {
        self.0.class()
    }

    fn place(&self) -> Option<Place> {
        self.0.place()
    }

    fn cause(&self) -> Option<String> {
        Explain::cause(&self.0)
    }

    fn hint(&self) -> Option<String> {
        match self.0 {
            MigrateError::Stopped { .. } => None,
            _ => {
                Some("what the file needs must come from a migration before it; nothing was done to the real database".to_owned())
            }
        }
    }

    fn sqlstate(&self) -> Option<&str> {
        self.0.sqlstate()
    }
}
