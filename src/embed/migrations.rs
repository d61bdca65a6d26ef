//! The migrations of an application, and how it wants them run.

use std::borrow::Cow;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use super::database::Database;
use super::error::{Error, NotUpToDate, Stale};
use super::status::Status;
use super::work::{Back, Call, Forth, Look, Variables};
use crate::domain::engine::Engine;
use crate::guards::Deed;
use crate::ledger::Actor;
use crate::migrate::{Backward, Event, Forward, Options, Outcome, Patience};
use crate::project::config::Migrations as Settings;
use crate::project::migrations::{self, Tree};
use crate::project::{Config, Migration, Project};

/// The migrations of an application, and how it wants them run.
///
/// Of a folder ([`Project::migrations`]), or compiled into the program ([`embed!`](crate::embed!)). The settings are
/// given before the call:
///
/// ```no_run
/// # fn main() -> Result<(), manage::embed::Error> {
/// use std::time::Duration;
///
/// let done = manage::embed!("migrations")
///     .application("shop 2.4")
///     .lock_wait(Duration::from_secs(120))
///     .on_event(|event| {
///         if let manage::migrate::Event::Finished(done) = event {
///             println!("{} {} in {:?}", done.version, done.name, done.took);
///         }
///     })
///     .migrate("sqlite:shop.db")?;
/// println!("{} migrations ran", done.finished.len());
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Migrations {
    source: Source,
    application: Cow<'static, str>,
    user: Cow<'static, str>,
    host: Cow<'static, str>,
    lock_wait: Duration,
    target: Forward,
    allow_out_of_order: bool,
    settings_table: Option<Cow<'static, str>>,
    consents: Vec<Deed>,
    environment: Option<Environment>,
    told: Option<Told>,
}

#[derive(Clone)]
enum Source {
    Folder(Box<Project>),
    Compiled { folder: &'static str, files: &'static [(&'static str, &'static str)], from: Option<&'static str> },
}

type Environment = Arc<dyn Fn(&str) -> Option<String> + Send + Sync>;
/// Who is told of events.
pub(super) type Told = Arc<Mutex<dyn FnMut(&Event<'_>) + Send>>;

impl Migrations {
    /// What [`embed!`](crate::embed!) expands to: a folder's name, its files ordered by name, and where they were, to
    /// notice files that were added since.
    #[doc(hidden)]
    pub const fn compiled(
        folder: &'static str,
        files: &'static [(&'static str, &'static str)],
        from: Option<&'static str>,
    ) -> Self {
        Self::of(Source::Compiled { folder, files, from })
    }

    const fn of(source: Source) -> Self {
        Self {
            source,
            application: Cow::Borrowed(concat!("manage ", env!("CARGO_PKG_VERSION"), ", embedded")),
            user: Cow::Borrowed("unknown"),
            host: Cow::Borrowed("unknown"),
            lock_wait: Duration::from_secs(30),
            target: Forward::Latest,
            allow_out_of_order: false,
            settings_table: None,
            consents: Vec::new(),
            environment: None,
            told: None,
        }
    }

    /// What the application calls itself, `shop 2.4`: in the lock, for those who wait, and in the log.
    #[must_use]
    pub fn application(mut self, name: impl Into<String>) -> Self {
        self.application = Cow::Owned(name.into());
        self
    }

    /// Who runs it and where, for the log. Without it the log says `unknown`.
    #[must_use]
    pub fn actor(mut self, user: impl Into<String>, host: impl Into<String>) -> Self {
        (self.user, self.host) = (Cow::Owned(user.into()), Cow::Owned(host.into()));
        self
    }

    /// How long to wait for another process that migrates: 30 seconds unless said.
    #[must_use]
    pub fn lock_wait(mut self, limit: Duration) -> Self {
        self.lock_wait = limit;
        self
    }

    /// Migrates up to this version and with it, not to the latest.
    #[must_use]
    pub fn to(mut self, version: impl Into<String>) -> Self {
        self.target = Forward::To(version.into());
        self
    }

    /// Lets migrations run although a later one is applied.
    #[must_use]
    pub fn allow_out_of_order(mut self) -> Self {
        self.allow_out_of_order = true;
        self
    }

    /// The table that keeps the version of numbered migrations: `settings` unless said here, or in the project's
    /// `manage.toml`. Lower-case letters, digits and underscores.
    #[must_use]
    pub fn settings_table(mut self, name: impl Into<String>) -> Self {
        self.settings_table = Some(Cow::Owned(name.into()));
        self
    }

    /// Tells `told` what happens, while it happens.
    #[must_use]
    pub fn on_event(mut self, told: impl FnMut(&Event<'_>) + Send + 'static) -> Self {
        self.told = Some(Arc::new(Mutex::new(told)));
        self
    }

    /// Looks variables up in `variable`: `PGPASSWORD`, `HOME` with its `.pgpass`, and what `manage.toml` names in
    /// `${…}`. Without it nothing is looked up. The process's own environment is
    /// `.environment(|name| std::env::var(name).ok())`.
    #[must_use]
    pub fn environment(mut self, variable: impl Fn(&str) -> Option<String> + Send + Sync + 'static) -> Self {
        self.environment = Some(Arc::new(variable));
        self
    }

    /// Consents to what is asked for on some databases: [`Deed::Rollback`] on a protected one. Nothing in a
    /// configuration does this.
    #[must_use]
    pub fn consent(mut self, deed: Deed) -> Self {
        self.consents.push(deed);
        self
    }

    /// Brings the database up to date, and returns what ran.
    ///
    /// A missing SQLite file is created. Where nothing is to be done, nothing is written and no lock is taken.
    ///
    /// # Errors
    /// When the database cannot be reached, the files and the history do not fit together, another process migrates for
    /// longer than [`lock_wait`](Self::lock_wait), or a migration fails; then it is rolled back, and the error says
    /// which ones were done before.
    pub fn migrate(&self, database: impl Database) -> Result<Outcome, Error> {
        database.with(&self.call(), Forth { migrations: self })
    }

    /// What is applied, what is pending and what is wrong. Writes nothing.
    ///
    /// # Errors
    /// When the database cannot be reached or the files cannot be read. An SQLite file that is not there is no error:
    /// everything is pending.
    pub fn status(&self, database: impl Database) -> Result<Status, Error> {
        database.with(&self.call(), Look { migrations: self })
    }

    /// That nothing is pending and nothing is wrong: for programs that leave migrating to a deploy. Writes nothing.
    ///
    /// # Errors
    /// [`Error::NotUpToDate`] with what is pending, edited, missing, out of order or half-way; and as
    /// [`status`](Self::status).
    pub fn assert_up_to_date(&self, database: impl Database) -> Result<(), Error> {
        let status = self.status(database)?;
        if status.is_up_to_date() { Ok(()) } else { Err(Error::NotUpToDate(NotUpToDate::new(status))) }
    }

    /// Takes the last `steps` migrations back, the highest version first, and returns what ran.
    ///
    /// # Errors
    /// [`Error::Refused`] on a protected database without [`consent`](Self::consent); when one of them has no way back,
    /// before any is touched; and as [`migrate`](Self::migrate).
    pub fn rollback(&self, database: impl Database, steps: usize) -> Result<Outcome, Error> {
        if steps == 0 {
            return Err(Error::NoSteps);
        }
        database.with(&self.call(), Back { migrations: self, target: Backward::Steps(steps) })
    }

    /// The files for one kind of database.
    pub(super) fn files(&self, engine: Engine) -> Result<Vec<Migration>, Error> {
        match &self.source {
            Source::Folder(project) => {
                let settings = self.reading(project.config.migrations.clone())?;
                Ok(migrations::load_as(&project.migrations_folder(), engine, &settings)?)
            }
            Source::Compiled { folder, files, from } => {
                if let Some((added, removed)) = from.and_then(|from| Tree::changed_since(Path::new(from), files)) {
                    return Err(Error::Stale(Stale { folder: PathBuf::from(folder), added, removed }));
                }
                let root = Path::new(folder);
                let settings = self.reading(Settings::default())?;
                Ok(migrations::load_from(Tree::Compiled { root, files }, root, engine, &settings)?)
            }
        }
    }

    /// How files are read: as `settings` say it, or as the application does.
    fn reading(&self, mut settings: Settings) -> Result<Settings, Error> {
        if let Some(table) = &self.settings_table {
            Settings::check_table(table).map_err(Error::SettingsTable)?;
            settings.settings_table = table.to_string();
        }
        Ok(settings)
    }

    pub(super) fn options(&self) -> Options {
        let mut options = Options::new(self.application.clone());
        options.lock_timeout = self.lock_wait;
        options.allow_out_of_order = self.allow_out_of_order;
        if let Some((config, _)) = self.project() {
            options.patience = Patience::of(&config.migrations);
        }
        options
    }

    pub(super) fn who(&self) -> Actor {
        Actor { user: self.user.to_string(), host: self.host.to_string(), tool: self.application.to_string() }
    }

    pub(super) fn target(&self) -> &Forward {
        &self.target
    }

    pub(super) fn may_run_late(&self) -> bool {
        self.allow_out_of_order
    }

    pub(super) fn told(&self) -> Option<Told> {
        self.told.clone()
    }

    pub(super) fn consents_to(&self, deed: Deed) -> bool {
        self.consents.contains(&deed)
    }

    /// A variable, where the application lets it be looked up.
    pub(super) fn variable(&self, name: &str) -> Option<String> {
        self.environment.as_ref().and_then(|variable| variable(name))
    }

    /// The settings of the project, where there is one, and its folder.
    pub(super) fn project(&self) -> Option<(&Config, &Path)> {
        match &self.source {
            Source::Folder(project) => Some((&project.config, &project.folder)),
            Source::Compiled { .. } => None,
        }
    }

    fn call(&self) -> Call<'_> {
        Call {
            folder: self.project().map(|(_, folder)| folder),
            application: &self.application,
            environment: self.environment.as_deref().map(|variable| variable as Variables<'_>),
        }
    }
}

impl fmt::Debug for Migrations {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let source = match &self.source {
            Source::Folder(project) => project.folder.display().to_string(),
            Source::Compiled { folder, files, .. } => format!("{folder}, {} files compiled in", files.len()),
        };
        f.debug_struct("Migrations").field("source", &source).field("target", &self.target).finish_non_exhaustive()
    }
}

impl Project {
    /// Its migrations, to be run by an application. A relative SQLite path is relative to the project's folder.
    pub fn migrations(&self) -> Migrations {
        Migrations::of(Source::Folder(Box::new(self.clone())))
    }
}
