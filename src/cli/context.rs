//! What every command needs: settings read once at the edge, the project, the database.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::json;

use super::failure::Failure;
use super::global::Global;
use super::output::Screen;
use crate::backend::{Access, Full, Identity, Location, Opening, Session, SqlError, SqlErrorKind};
use crate::domain::database_url::DatabaseUrl;
use crate::domain::engine::Engine;
use crate::domain::explain::Class;
use crate::domain::marker::{Hold, Marker};
use crate::guards::{self, Standing};
use crate::ledger::{Actor, Ledger, Look};
use crate::project::{Environment, Migration, Project, dotenv, migrations};

/// The surroundings of a command.
pub struct Context {
    /// Where results and talk go.
    pub screen: Screen,
    /// The folder in which the person stands.
    pub folder: PathBuf,
    /// Whether somebody broke the command off.
    pub interrupted: bool,
    global: Global,
    dotenv: HashMap<String, String>,
}

/// A project and the database that was chosen for it.
pub struct Chosen {
    /// The project.
    pub project: Project,
    /// Its database.
    pub url: DatabaseUrl,
    /// The environment that `--env` named.
    pub environment: Option<String>,
}

/// A database that was reached.
pub struct Reached {
    /// The session.
    pub session: Session,
    /// Which database it is.
    pub identity: Identity,
    /// Its standing.
    pub standing: Standing,
    /// Why.
    pub why: String,
    /// Its marker's name, where it holds.
    pub marker: Option<String>,
    /// Its marker as it stands there, whether it holds or not.
    pub stamped: Option<Marker>,
    /// The protected environment that leads to the same database.
    pub protected_environment: Option<String>,
}

impl Context {
    /// Reads the settings.
    ///
    /// # Errors
    /// When the current folder is gone.
    pub fn new(global: Global, screen: Screen) -> Result<Self, Failure> {
        let folder = std::env::current_dir().map_err(|error| {
            Failure::new(Class::CouldNotRun, format!("the current folder cannot be read: {error}"), "go to a folder that exists")
        })?;
        Ok(Self { screen, folder, interrupted: false, global, dotenv: HashMap::new() })
    }

    /// A variable: of the real environment, else of `.env`.
    pub fn variable(&self, name: &str) -> Option<String> {
        variable(&self.dotenv, name)
    }

    /// Looks variables up as [`Context::variable`] does, and can be kept while the context is used otherwise.
    pub fn variables(&self) -> impl Fn(&str) -> Option<String> + use<> {
        let dotenv = self.dotenv.clone();
        move |name| variable(&dotenv, name)
    }

    /// Whether `--yes` was given.
    pub fn yes(&self) -> bool {
        self.global.yes
    }

    /// Who acts.
    pub fn actor(&self) -> Actor {
        Actor {
            user: whoami::username().unwrap_or_else(|_| "unknown".to_owned()),
            host: host(),
            tool: concat!("manage ", env!("CARGO_PKG_VERSION")).to_owned(),
        }
    }

    /// The person who acts, where `MANAGE_USER` names one: many people share the user of a deploy host.
    pub fn person(&self) -> Option<String> {
        self.variable("MANAGE_USER")
            .map(|name| name.split_whitespace().collect::<Vec<_>>().join(" "))
            .filter(|name| !name.is_empty())
    }

    /// What a session or a lock says of us: `manage migrate on deploy-2`.
    pub fn what(&self, command: &str) -> String {
        format!("manage {command} on {}", host())
    }

    /// The project, and `.env` with it.
    ///
    /// # Errors
    /// When there is none, or its files are not valid.
    pub fn project(&mut self) -> Result<Project, Failure> {
        let project = match &self.global.project {
            Some(folder) => Project::open(self.folder.join(folder))?,
            None => Project::find(&self.folder)?,
        };
        self.dotenv = dotenv::read(&project.folder)?;
        Ok(project)
    }

    /// The project and its database: `--database`, else `--env`, else `DATABASE_URL`, else `[database] url`,
    /// else `manage.db`.
    ///
    /// # Errors
    /// When two of the first are given, or what is chosen is not valid.
    pub fn choose(&mut self) -> Result<Chosen, Failure> {
        let project = self.project()?;
        self.choose_in(project)
    }

    /// Whether talk is wanted.
    pub fn is_talkative(&self) -> bool {
        !self.global.quiet && !self.global.json
    }

    /// Whether `--project` was given.
    pub fn names_project(&self) -> bool {
        self.global.project.is_some()
    }

    /// Whether `--database` or `--env` was given.
    pub fn names_database(&self) -> bool {
        self.global.database.is_some() || self.global.env.is_some()
    }

    /// As [`Context::choose`], where the project is known.
    ///
    /// # Errors
    /// When two of the first are given, or what is chosen is not valid.
    pub fn choose_in(&mut self, project: Project) -> Result<Chosen, Failure> {
        let config = &project.config;
        let variable = |name: &str| self.variable(name);
        let (text, environment) = match (&self.global.database, &self.global.env) {
            (Some(_), Some(_)) => {
                return Err(Failure::new(Class::Usage, "--database and --env both choose a database", "give one of them"));
            }
            (Some(text), None) => (self.named_database(text)?, None),
            (None, Some(name)) => (config.expand(&config.environment(name)?.url, &variable)?, Some(name.clone())),
            (None, None) => match (self.variable("DATABASE_URL").filter(|text| !text.trim().is_empty()), &config.database.url) {
                (Some(text), _) => (text, None),
                (None, Some(url)) => (config.expand(url, &variable)?, None),
                (None, None) => ("sqlite:manage.db".to_owned(), None),
            },
        };
        let url = DatabaseUrl::parse(&text)?.relative_to(&project.folder);
        Ok(Chosen { project, url, environment })
    }

    /// The URL in what `--database` and the like are given: itself, or the variable that `env:NAME` names.
    ///
    /// # Errors
    /// When the variable is not set.
    pub fn named_database(&self, text: &str) -> Result<String, Failure> {
        let Some(name) = text.strip_prefix("env:") else { return Ok(text.to_owned()) };
        self.variable(name).filter(|value| !value.trim().is_empty()).ok_or_else(|| {
            Failure::new(
                Class::Usage,
                format!("the environment variable `{name}` is not set"),
                "set it in the environment or in .env; --database env:NAME takes the name of a variable, not a URL",
            )
        })
    }

    /// The migrations of a project for a database.
    ///
    /// # Errors
    /// When they cannot be read.
    pub fn migrations(&mut self, chosen: &Chosen) -> Result<Vec<Migration>, Failure> {
        let folder = chosen.project.migrations_folder();
        let files = migrations::load_as(&folder, chosen.url.engine(), &chosen.project.config.migrations)?;
        for warning in files.iter().flat_map(|file| &file.warnings) {
            let place = crate::domain::explain::Place {
                file: Project::shown(&warning.place.file, &self.folder),
                ..warning.place.clone()
            };
            self.screen.warn(&format!("{place}: {}", warning.message));
        }
        Ok(files)
    }

    /// Opens the chosen database.
    ///
    /// # Errors
    /// When it cannot be reached.
    pub fn open(&self, url: &DatabaseUrl, access: Access, command: &str) -> Result<Session, SqlError> {
        self.with_opening(access, command, |opening| Session::open(url, opening))
    }

    /// Does something with how a session is to be opened.
    pub fn with_opening<T>(&self, access: Access, command: &str, work: impl FnOnce(&Opening<'_>) -> T) -> T {
        let application = self.what(command);
        let environment = |name: &str| self.variable(name);
        work(&Opening {
            access,
            application: &application,
            environment: &environment,
            connect_timeout: Some(Duration::from_secs(10)),
        })
    }

    /// Something that opens further sessions on the same database, also from other threads.
    pub fn opener(&self, url: &DatabaseUrl, command: &str) -> Opener {
        Opener { url: url.clone(), application: self.what(command), dotenv: self.dotenv.clone() }
    }

    /// Whether the chosen database is not there.
    pub fn is_missing(&self, chosen: &Chosen) -> bool {
        let opened = self.open(&chosen.url, Access::Read, "status");
        opened.is_err_and(|error| error.kind == SqlErrorKind::NoDatabase)
    }

    /// Whether the chosen database is a file that is not made yet.
    pub fn is_unborn(&self, chosen: &Chosen) -> bool {
        chosen.url.engine() == Engine::Sqlite && self.is_missing(chosen)
    }

    /// Opens the chosen database and finds out what it is.
    ///
    /// # Errors
    /// When it cannot be reached, or a writing command chose it by `--env` and its marker has another name.
    pub fn reach(&mut self, chosen: &Chosen, access: Access, command: &str) -> Result<Reached, Failure> {
        let session = self.open(&chosen.url, access, command).map_err(|error| unreachable(error, &chosen.url))?;
        self.recognise_for(session, chosen, access)
    }

    /// As [`Context::reach`], for the command that says what the marker is to be: the environment may have another name.
    ///
    /// # Errors
    /// When it cannot be reached.
    pub fn reach_to_mark(&mut self, chosen: &Chosen, command: &str) -> Result<Reached, Failure> {
        let session = self.open(&chosen.url, Access::Write, command).map_err(|error| unreachable(error, &chosen.url))?;
        self.recognise(session, chosen)
    }

    /// As [`Context::reach`]; `None` where the database is not there yet.
    ///
    /// # Errors
    /// When it is there and cannot be reached.
    pub fn reach_if_made(&mut self, chosen: &Chosen, access: Access, command: &str) -> Result<Option<Reached>, Failure> {
        match self.open(&chosen.url, access, command) {
            Ok(session) => self.recognise_for(session, chosen, access).map(Some),
            Err(error) if error.kind == SqlErrorKind::NoDatabase && chosen.url.engine() == Engine::Sqlite => {
                let name = unborn_name(&chosen.url);
                let fact = json!({ "name": name, "engine": chosen.url.engine().word(), "marker": null, "protected": false });
                self.screen.facts.insert("database".to_owned(), fact);
                Ok(None)
            }
            Err(error) => Err(unreachable(error, &chosen.url).into()),
        }
    }

    /// Waits until the chosen database can be reached, for at most `limit`, then opens it.
    ///
    /// # Errors
    /// When it cannot be reached in time, or for a reason that waiting does not mend.
    pub fn reach_within(&mut self, chosen: &Chosen, access: Access, command: &str, limit: Duration) -> Result<Reached, Failure> {
        let session = super::waiting::until_reachable(self, limit, |context| context.open(&chosen.url, access, command))
            .map_err(|error| unreachable(error, &chosen.url))?;
        self.recognise_for(session, chosen, access)
    }

    /// What writes goes only where environment and marker agree.
    fn recognise_for(&mut self, session: Session, chosen: &Chosen, access: Access) -> Result<Reached, Failure> {
        let reached = self.recognise(session, chosen)?;
        if access != Access::Read
            && let (Some(environment), Some(marker)) = (&chosen.environment, &reached.marker)
            && environment != marker
        {
            return Err(Failure::new(
                Class::Refused,
                format!("the environment is {environment}, but the marker of {} says {marker}", reached.identity.name),
                format!("check the url of [environments.{environment}]: it leads to another environment's database"),
            ));
        }
        Ok(reached)
    }

    fn recognise(&mut self, mut session: Session, chosen: &Chosen) -> Result<Reached, Failure> {
        let identity = session.identity()?;
        let (mut stamped, mut binding) = (None, Vec::new());
        if let Look::Present(ledger) = Ledger::look(&mut session)? {
            match ledger.marker(&mut session) {
                Ok(Some(marker)) => (stamped, binding) = (Some(marker), ledger.binding(&mut session)?),
                Ok(None) => {}
                Err(error) if error.kind == SqlErrorKind::Permission => {}
                Err(error) => return Err(error.into()),
            }
        }
        let protected = self.protected_environment(chosen);
        let (standing, why) = guards::standing(&guards::Reached {
            local: identity.location.is_local(),
            marker: stamped.as_ref(),
            binding: &binding,
            protected_environment: protected.as_deref(),
        });
        tracing::info!(database = identity.name, standing = standing.word(), why, "reached");
        let holds = |marker: &Marker| match marker.hold(&binding) {
            Hold::Here => true,
            Hold::Untold { .. } => marker.protected,
            Hold::Elsewhere { .. } => false,
        };
        let marker = stamped.as_ref().filter(|marker| holds(marker)).map(|marker| marker.name.clone());
        self.screen.facts.insert(
            "database".to_owned(),
            json!({
                "name": identity.name,
                "engine": identity.engine.word(),
                "marker": marker,
                "protected": standing == Standing::Protected,
            }),
        );
        Ok(Reached { session, identity, standing, why, marker, stamped, protected_environment: protected })
    }

    /// The protected environment whose URL leads to the chosen database.
    fn protected_environment(&self, chosen: &Chosen) -> Option<String> {
        let config = &chosen.project.config;
        let variable = |name: &str| self.variable(name);
        let leads_here = |environment: &Environment| {
            // An environment whose variables are not set here cannot be the one that was chosen.
            let text = config.expand(&environment.url, &variable).ok()?;
            let url = DatabaseUrl::parse(&text).ok()?.relative_to(&chosen.project.folder);
            Some(crate::backend::same_database(&url, &chosen.url, &variable))
        };
        let mut protected = config.environments.iter().filter(|(_, environment)| environment.protected);
        protected.find(|(_, environment)| leads_here(environment) == Some(true)).map(|(name, _)| name.clone())
    }

    /// The marker that a database gets which this command creates: of an unprotected environment, else `development`.
    /// On another machine none is called that by itself: what is made on a production server is not a laptop's.
    pub fn stamp(&self, chosen: &Chosen, location: &Location) -> Option<String> {
        let name = chosen.environment.as_deref().unwrap_or(Marker::DEVELOPMENT);
        let unprotected = !protects(&chosen.project, name) && (location.is_local() || name != Marker::DEVELOPMENT);
        unprotected.then(|| name.to_owned())
    }
}

fn variable(dotenv: &HashMap<String, String>, name: &str) -> Option<String> {
    // One that is not UTF-8 is set all the same: another database must not take its place.
    let real = std::env::var_os(name).map(|value| value.to_string_lossy().into_owned());
    real.or_else(|| dotenv.get(name).cloned())
}

/// Opens sessions that only read, on one database.
pub struct Opener {
    url: DatabaseUrl,
    application: String,
    dotenv: HashMap<String, String>,
}

impl Opener {
    /// A session that only reads.
    ///
    /// # Errors
    /// When the database cannot be reached.
    pub fn open(&self) -> Result<Session, SqlError> {
        let environment = |name: &str| variable(&self.dotenv, name);
        let opening = Opening {
            access: Access::Read,
            application: &self.application,
            environment: &environment,
            connect_timeout: Some(Duration::from_secs(10)),
        };
        Session::open(&self.url, &opening).map_err(|error| unreachable(error, &self.url))
    }
}

impl Reached {
    /// `acme_prod on db1:5432 (PostgreSQL 15.18, TLS, protected)`
    pub fn title(&self) -> String {
        let identity = &self.identity;
        let place = match &identity.location {
            Location::File(_) => String::new(),
            Location::Socket { folder, port } => format!(" on {}:{port}", folder.display()),
            Location::Server { host, port, .. } if host.contains(':') => format!(" on [{host}]:{port}"),
            Location::Server { host, port, .. } => format!(" on {host}:{port}"),
        };
        let mut traits = vec![format!("{} {}", identity.engine, identity.version)];
        if identity.tls == Some(true) {
            traits.push("TLS".to_owned());
        }
        traits.extend(self.marker.clone());
        match self.standing {
            // A marker that does not hold is told by the first line, and what to do about it.
            Standing::Unknown | Standing::Protected
                if self.stamped.is_some() && self.marker.is_none() && self.protected_environment.is_none() =>
            {
                traits.push(format!("{}: {}; manage marker set NAME", self.standing.word(), self.why));
            }
            Standing::Protected => traits.push("protected".to_owned()),
            Standing::Unknown if self.session.created() => traits.push("new".to_owned()),
            Standing::Unknown => traits.push("no marker".to_owned()),
            Standing::Development | Standing::Staging => {}
        }
        format!("{}{place} ({})", identity.name, traits.join(", "))
    }
}

/// Whether a marker of this name protects its database: an environment of the project says so, or the name itself.
pub fn protects(project: &Project, name: &str) -> bool {
    let said = project.config.environments.get(name).is_some_and(|environment| environment.protected);
    said || Marker::PROTECTED_NAMES.contains(&name)
}

/// The title of a database that is not there yet.
pub fn unborn_title(url: &DatabaseUrl) -> String {
    format!("{} ({}, not made yet)", unborn_name(url), url.engine())
}

fn unborn_name(url: &DatabaseUrl) -> String {
    match url {
        DatabaseUrl::Sqlite(path) => path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned(),
        DatabaseUrl::Postgres(_) => url.to_string(),
    }
}

/// What to do when the database is not there.
pub fn unreachable(error: SqlError, url: &DatabaseUrl) -> SqlError {
    match (error.kind, url.engine()) {
        (SqlErrorKind::NoDatabase, Engine::Postgres) => {
            error.with_hint("make it with `manage database create`, or correct the URL")
        }
        _ if error.hint.is_some() => error,
        (SqlErrorKind::Configuration, Engine::Postgres) => error.with_hint("write postgres://USER@HOST/DATABASE"),
        (SqlErrorKind::Permission, Engine::Postgres) => error.with_hint("connect as a role that may do this, or grant it"),
        (_, Engine::Sqlite) => error.with_hint("check the path, and who may read and write it"),
        _ => error,
    }
}

fn host() -> String {
    whoami::hostname().unwrap_or_else(|_| "unknown".to_owned())
}

/// A path as it is shown to a person who stands in `folder`.
pub fn shown(path: &Path, folder: &Path) -> String {
    Project::shown(path, folder).display().to_string()
}
