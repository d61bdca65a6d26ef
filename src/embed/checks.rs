//! Checks of a project, made by an application.

use std::collections::BTreeMap;
use std::fmt;
use std::time::SystemTime;

use chrono::{DateTime, Utc};

use super::error::Error;
use crate::backend::{Access, Basic, Opening, Session};
use crate::domain::database_url::DatabaseUrl;
use crate::domain::value::Value;
use crate::project::Project;
use crate::project::scripts::{self, Kind, Scope, Script, parameter};
use crate::tenancy::{Account, Map, ScriptRefused, Site, find};
use crate::verify::{Check, CheckError, Given, Outcome, Scoping, outcome_of};

/// The `verify_*.sql` scripts of a project, and whom they are to be made for.
///
/// ```no_run
/// # fn main() -> Result<(), manage::embed::Error> {
/// let outcomes = manage::Project::open("/srv/app")?.checks().account("acme").verify("postgres://db/shop", std::time::SystemTime::now())?;
/// for outcome in outcomes.iter().filter(|outcome| outcome.findings > 0) {
///     println!("{}: {} findings", outcome.name, outcome.findings);
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Checks {
    project: Project,
    names: Vec<String>,
    account: Option<String>,
    site: Option<String>,
    parameters: BTreeMap<String, String>,
    limit: Option<u64>,
    application: String,
    environment: Option<Environment>,
}

type Environment = std::sync::Arc<dyn Fn(&str) -> Option<String> + Send + Sync>;

/// Whom the checks are for, found in the database.
enum Subject {
    Whole,
    One(Box<Map>, Account, Option<Site>),
}

impl Project {
    /// Its checks, to be made by an application. A relative SQLite path is relative to the project's folder.
    pub fn checks(&self) -> Checks {
        Checks {
            project: self.clone(),
            names: Vec::new(),
            account: None,
            site: None,
            parameters: BTreeMap::new(),
            limit: None,
            application: concat!("manage ", env!("CARGO_PKG_VERSION"), ", embedded").to_owned(),
            environment: None,
        }
    }
}

impl Checks {
    /// Makes this check, and others that are named; all of them where none is.
    #[must_use]
    pub fn only(mut self, name: impl Into<String>) -> Self {
        self.names.push(name.into());
        self
    }

    /// For this account: its key, or what people call it.
    #[must_use]
    pub fn account(mut self, account: impl Into<String>) -> Self {
        self.account = Some(account.into());
        self
    }

    /// For this site of the account: its key, or what people call it.
    #[must_use]
    pub fn site(mut self, site: impl Into<String>) -> Self {
        self.site = Some(site.into());
        self
    }

    /// Gives a parameter that a check declares its value.
    #[must_use]
    pub fn param(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.parameters.insert(name.into(), value.into());
        self
    }

    /// How many findings of a check are kept; the count is always of all. 20 unless a script's head says otherwise.
    #[must_use]
    pub fn limit(mut self, limit: u64) -> Self {
        self.limit = Some(limit);
        self
    }

    /// What the application calls itself to the server: `shop 2.4`.
    #[must_use]
    pub fn application(mut self, name: impl Into<String>) -> Self {
        self.application = name.into();
        self
    }

    /// Looks variables up in `variable`: `PGPASSWORD`, `HOME` with its `.pgpass`. Without it nothing is looked up.
    #[must_use]
    pub fn environment(mut self, variable: impl Fn(&str) -> Option<String> + Send + Sync + 'static) -> Self {
        self.environment = Some(std::sync::Arc::new(variable));
        self
    }

    /// Makes the checks in one snapshot, and returns what came of each; `now` is the instant that they know as `:now`.
    /// Writes nothing.
    ///
    /// In a project with accounts a check is made for one of them, which must be named; those that are about all
    /// accounts are skipped, and made alone where no account is named and all that are named are of that kind.
    ///
    /// # Errors
    /// When the scripts cannot be read, the database cannot be reached, or whom they are for is not said or not found. A
    /// check that could not tell is no error of the call: its [`Outcome`] has it.
    pub fn verify(&self, url: &str, now: SystemTime) -> Result<Vec<Outcome>, Error> {
        let url = DatabaseUrl::parse(url)?.relative_to(&self.project.folder);
        let all = scripts::load(&self.project.scripts_folder(), url.engine()).map_err(failed)?;
        let mut chosen: Vec<&Script> = Vec::new();
        if self.names.is_empty() {
            chosen = all.of(Kind::Verify).map_err(failed)?;
        }
        for name in &self.names {
            chosen.push(all.named(&[Kind::Verify], name).map_err(failed)?);
        }
        let environment = |name: &str| self.environment.as_ref().and_then(|variable| variable(name));
        let opening =
            Opening { access: Access::Read, application: &self.application, environment: &environment, connect_timeout: None };
        let mut session = Session::open(&url, &opening).map_err(Error::Database)?;
        session.begin_snapshot(None).map_err(Error::Database)?;
        let outcomes = self.within_snapshot(&chosen, now, &mut session);
        // Nothing was written, so nothing is lost with a snapshot that cannot be ended.
        let _ = session.end_snapshot();
        outcomes
    }

    fn within_snapshot(&self, chosen: &[&Script], now: SystemTime, session: &mut Session) -> Result<Vec<Outcome>, Error> {
        let subject = self.subject(chosen, session)?;
        let (scoping, account, site) = match &subject {
            Subject::Whole => (Scoping::Whole, Value::Null, Value::Null),
            Subject::One(map, account, site) => (
                Scoping::Tenants { map, site: site.is_some() },
                account.key.clone(),
                site.as_ref().map_or(Value::Null, |site| site.key.clone()),
            ),
        };
        let about_one = matches!(subject, Subject::One(..));
        let now = parameter::instant(DateTime::<Utc>::from(now).naive_utc(), session.engine());
        let given = Given { account, site, now, limit: self.limit };
        let mut outcomes = Vec::with_capacity(chosen.len());
        for script in chosen {
            let engine = session.engine();
            outcomes.push(if !script.head.runs_on(engine) {
                Outcome::skip(&script.name, format!("it is not for {engine}"))
            } else if about_one && script.head.scope == Scope::Global {
                Outcome::skip(&script.name, "it is not about one account")
            } else {
                match Check::prepare(script, scoping, &self.parameters, session) {
                    Ok(check) => outcome_of(&check, &given, session),
                    Err(error) => Outcome::error(&script.name, error),
                }
            });
        }
        Ok(outcomes)
    }

    fn subject(&self, chosen: &[&Script], session: &mut Session) -> Result<Subject, Error> {
        let refused = |message: &str, hint: &str| {
            Error::Verify(CheckError::of(&ScriptRefused { message: message.to_owned(), place: None, hint: hint.to_owned() }))
        };
        match (&self.project.config.tenancy, &self.account) {
            (None, Some(_)) => Err(refused("an account is given, but the project has none", "describe them: [tenancy]")),
            (None, None) => Ok(Subject::Whole),
            // Nothing that they may see is one account's alone.
            (Some(_), None) if !chosen.is_empty() && chosen.iter().all(|script| script.head.scope == Scope::Global) => {
                Ok(Subject::Whole)
            }
            (Some(_), None) => Err(refused("which account?", "the caller has to say so: .account(\"acme\")")),
            (Some(tenancy), Some(text)) => {
                let relations = session.relations().map_err(Error::Database)?;
                let map = Box::new(Map::new(session.engine(), tenancy, relations).map_err(failed)?);
                let account = find::account(&map, session, text).map_err(failed)?;
                let site = self.site.as_ref().map(|text| find::site(&map, session, &account, text)).transpose();
                let site = site.map_err(failed)?;
                Ok(Subject::One(map, account, site))
            }
        }
    }
}

fn failed(error: impl crate::domain::explain::Explain) -> Error {
    Error::Verify(CheckError::of(&error))
}

impl fmt::Debug for Checks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Checks").field("names", &self.names).field("account", &self.account).finish_non_exhaustive()
    }
}
