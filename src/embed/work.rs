//! What is done on a session, whichever way it was reached.

use std::path::Path;
use std::sync::PoisonError;

use super::error::{Error, Refused};
use super::migrations::{Migrations, Told};
use super::status::Status;
use crate::backend::{Access, Full, Identity, Location, SqlErrorKind};
use crate::domain::database_url::DatabaseUrl;
use crate::domain::engine::Engine;
use crate::guards::{self, Consent, Deed, Standing};
use crate::ledger::{self, Ledger};
use crate::migrate::{Backward, Event, MigrateError, Observer, Outcome, Picture, plan_forward};

/// Looks a variable up.
pub(super) type Variables<'a> = &'a dyn Fn(&str) -> Option<String>;

/// What reaching a database takes.
pub struct Call<'a> {
    /// What a relative path is relative to.
    pub(super) folder: Option<&'a Path>,
    /// What the session calls itself.
    pub(super) application: &'a str,
    /// The environment, as far as the application lets it be looked at.
    pub(super) environment: Option<Variables<'a>>,
}

/// Something that is done on a session.
pub trait Work: Send {
    /// What comes out of it.
    type Done: Send;

    /// What it needs.
    fn access(&self) -> Access;

    /// Does it; `url` is how the database was reached, where it was by one.
    fn on<S: Full>(self, session: &mut S, url: Option<&DatabaseUrl>) -> Result<Self::Done, Error>;

    /// What it comes to where the SQLite file is not there; `None` where that is an error.
    fn unborn(&self, engine: Engine) -> Option<Result<Self::Done, Error>> {
        let _ = engine;
        None
    }
}

/// Forward.
pub struct Forth<'a> {
    pub(super) migrations: &'a Migrations,
}

/// A look.
pub struct Look<'a> {
    pub(super) migrations: &'a Migrations,
}

/// Back.
pub struct Back<'a> {
    pub(super) migrations: &'a Migrations,
    pub(super) target: Backward,
}

impl Work for Forth<'_> {
    type Done = Outcome;

    fn access(&self) -> Access {
        Access::Create
    }

    fn on<S: Full>(self, session: &mut S, _: Option<&DatabaseUrl>) -> Result<Outcome, Error> {
        let files = self.migrations.files(session.engine())?;
        // A start with nothing to do takes no lock. Whatever else this look finds is looked at again under the lock:
        // somebody may be at work.
        if let Ok(picture) = Picture::gather(session, &files)
            && plan_forward(&picture, self.migrations.target(), self.migrations.may_run_late()).is_ok_and(|plan| plan.is_empty())
        {
            let pending = picture.pending().iter().map(|file| file.version.clone()).collect();
            return Ok(Outcome { pending, ..Outcome::default() });
        }
        run(self.migrations, session, &files, |engine| engine.forward(self.migrations.target()))
    }
}

impl Work for Look<'_> {
    type Done = Status;

    fn access(&self) -> Access {
        Access::Read
    }

    fn on<S: Full>(self, session: &mut S, _: Option<&DatabaseUrl>) -> Result<Status, Error> {
        let files = self.migrations.files(session.engine())?;
        let picture = Picture::gather_from_outside(session, &files).map_err(MigrateError::from)?;
        Ok(Status::of(&picture))
    }

    fn unborn(&self, engine: Engine) -> Option<Result<Status, Error>> {
        Some(self.migrations.files(engine).map(|files| Status::of(&Picture::unborn(&files))))
    }
}

impl Work for Back<'_> {
    type Done = Outcome;

    fn access(&self) -> Access {
        Access::Write
    }

    fn on<S: Full>(self, session: &mut S, url: Option<&DatabaseUrl>) -> Result<Outcome, Error> {
        permit(self.migrations, session, url, Deed::Rollback)?;
        let files = self.migrations.files(session.engine())?;
        run(self.migrations, session, &files, |engine| engine.back(&self.target))
    }
}

fn run<S: Full>(
    migrations: &Migrations,
    session: &mut S,
    files: &[crate::project::Migration],
    deed: impl FnOnce(&mut crate::migrate::Engine<'_, S>) -> Result<Outcome, MigrateError>,
) -> Result<Outcome, Error> {
    let (actor, options, mut observer) = (migrations.who(), migrations.options(), Telling(migrations.told()));
    let mut engine =
        crate::migrate::Engine { session, files, actor: &actor, options: &options, observer: &mut observer, stop: &|| false };
    Ok(deed(&mut engine)?)
}

struct Telling(Option<Told>);

impl Observer for Telling {
    fn on(&mut self, event: &Event<'_>) {
        if let Some(told) = &self.0 {
            (told.lock().unwrap_or_else(PoisonError::into_inner))(event);
        }
    }
}

/// Whether `deed` may be done on the database that was reached.
fn permit(migrations: &Migrations, session: &mut impl Full, url: Option<&DatabaseUrl>, deed: Deed) -> Result<(), Error> {
    let Reached { identity, standing, why, .. } = standing(migrations, session, url)?;
    let allowed = match guards::consent(deed, standing) {
        Consent::Free => true,
        Consent::Ask | Consent::AskByName => migrations.consents_to(deed),
        Consent::TokenOrName | Consent::Never | Consent::DigestAndReason => false,
    };
    if allowed { Ok(()) } else { Err(Error::Refused(Refused { deed, standing, database: identity.name, why })) }
}

/// The database that was reached.
pub(super) struct Reached {
    pub identity: Identity,
    /// The name in its marker.
    #[cfg(feature = "full")]
    pub marker: Option<String>,
    /// What kind of database it is.
    pub standing: Standing,
    /// Why it is of that kind.
    pub why: String,
}

/// What kind of database was reached.
pub(super) fn standing(migrations: &Migrations, session: &mut impl Full, url: Option<&DatabaseUrl>) -> Result<Reached, Error> {
    let identity = session.identity().map_err(Error::Database)?;
    let marker = match Ledger::look(session).map_err(MigrateError::from)? {
        ledger::Look::Present(ledger) => match ledger.marker(session) {
            Err(error) if error.kind != SqlErrorKind::Permission => return Err(Error::Database(error)),
            marker => marker.ok().flatten(),
        },
        ledger::Look::Absent | ledger::Look::Unreadable(_) => None,
    };
    let file = match &identity.location {
        Location::File(path) => Some(DatabaseUrl::Sqlite(path.clone())),
        _ => None,
    };
    let protected = url.or(file.as_ref()).and_then(|url| protected_environment(migrations, url));
    let (standing, why) = guards::standing(&guards::Reached {
        local: identity.location.is_local(),
        marker: marker.as_ref(),
        binding: &identity.binding,
        protected_environment: protected.as_deref(),
    });
    Ok(Reached {
        identity,
        #[cfg(feature = "full")]
        marker: marker.map(|marker| marker.name),
        standing,
        why,
    })
}

/// The protected environment of the project whose URL leads to `url`.
fn protected_environment(migrations: &Migrations, url: &DatabaseUrl) -> Option<String> {
    let (config, folder) = migrations.project()?;
    let variable = |name: &str| migrations.variable(name);
    let mut protected = config.environments.iter().filter(|(_, environment)| environment.protected);
    let leads_here = |text: &toml::Spanned<String>| {
        let theirs = DatabaseUrl::parse(&config.expand(text, &variable).ok()?).ok()?.relative_to(folder);
        Some(crate::backend::same_database(&theirs, url, &variable))
    };
    protected.find(|(_, environment)| leads_here(&environment.url) == Some(true)).map(|(name, _)| name.clone())
}
