//! Patches of a project, applied by an application: with its own functions, where SQL cannot say the new values.

use std::collections::BTreeMap;
use std::fmt;
use std::time::SystemTime;

use chrono::{DateTime, Utc};
use serde_json::json;

use super::error::{Error, Refused};
use super::work::{Reached, standing};
use crate::backend::{Access, Basic, Opening, Session};
use crate::domain::database_url::DatabaseUrl;
use crate::domain::explain::Class;
use crate::domain::value::Value;
use crate::guards::{Consent, Deed, consent};
use crate::ledger::{Actor, Ledger, Look, NewNote, NewRun};
use crate::patch::{
    Around, Batching, Checked, Confinement, Done, Job, Mode, PartJob, PatchError, RustForm, Source, queries, run, side_effects,
};
use crate::project::Project;
use crate::project::config::Patches as Settings;
use crate::project::scripts::{self, Form, Kind, Scope, Script, parameter};
use crate::tenancy::{Account, Map, Site, find};
use crate::verify::{Every, Scoping};

/// The `fix_*.sql` and `sync_*.sql` scripts of a project, and whom they are to be applied to.
///
/// ```no_run
/// use manage::domain::value::Value;
/// use manage::patch::RustForm;
///
/// # fn main() -> Result<(), manage::embed::Error> {
/// let trimmed = RustForm::new(&["title"], |row| {
///     let title = row.get("title").and_then(Value::as_str).ok_or("the title is no text")?;
///     Ok((title != title.trim()).then(|| vec![title.trim().into()]))
/// });
/// let patches = manage::Project::open("/srv/app")?.patches().account("acme").function("page-titles", trimmed);
/// let (url, now) = ("sqlite:shop.db", std::time::SystemTime::now());
/// let plan = patches.plan("page-titles", url, now)?;
/// println!("{} rows would be written", plan.rows());
/// let done = patches.reason("SUP-1432").apply("page-titles", url, now, &plan.digest)?;
/// println!("manage undo {}", done.run.unwrap_or_default());
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Patches {
    project: Project,
    account: Option<String>,
    site: Option<String>,
    parameters: BTreeMap<String, String>,
    functions: BTreeMap<String, RustForm>,
    reason: Option<String>,
    person: Option<String>,
    application: String,
    environment: Option<Environment>,
}

/// The tenancy map, the account and the site, as far as a script is about one.
type Whose = (Option<Map>, Option<Account>, Option<Site>);

type Environment = std::sync::Arc<dyn Fn(&str) -> Option<String> + Send + Sync>;

impl Project {
    /// Its patches, to be applied by an application. A relative SQLite path is relative to the project's folder.
    pub fn patches(&self) -> Patches {
        Patches {
            project: self.clone(),
            account: None,
            site: None,
            parameters: BTreeMap::new(),
            functions: BTreeMap::new(),
            reason: None,
            person: None,
            application: concat!("manage ", env!("CARGO_PKG_VERSION"), ", embedded").to_owned(),
            environment: None,
        }
    }
}

impl Patches {
    /// To this account: its key, or what people call it.
    #[must_use]
    pub fn account(mut self, account: impl Into<String>) -> Self {
        self.account = Some(account.into());
        self
    }

    /// To this site of the account: its key, or what people call it.
    #[must_use]
    pub fn site(mut self, site: impl Into<String>) -> Self {
        self.site = Some(site.into());
        self
    }

    /// Gives a parameter that a script declares its value.
    #[must_use]
    pub fn param(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.parameters.insert(name.into(), value.into());
        self
    }

    /// Registers the function that computes the values of a script whose head says `form = "rust"`.
    #[must_use]
    pub fn function(mut self, script: impl Into<String>, form: RustForm) -> Self {
        self.functions.insert(script.into(), form);
        self
    }

    /// Why, for the note.
    #[must_use]
    pub fn reason(mut self, reason: impl Into<String>) -> Self {
        self.reason = Some(reason.into());
        self
    }

    /// Who does it, for the note.
    #[must_use]
    pub fn person(mut self, person: impl Into<String>) -> Self {
        self.person = Some(person.into());
        self
    }

    /// What the application calls itself, to the server and in the note: `shop 2.4`.
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

    /// Does all of it and rolls it back: what would be written, and the digest of the plan. `now` is the instant that the
    /// script knows as `:now`.
    ///
    /// # Errors
    /// As [`apply`](Self::apply), but for the digest.
    pub fn plan(&self, name: &str, url: &str, now: SystemTime) -> Result<Done, Error> {
        self.run(name, url, now, None)
    }

    /// Applies the plan with this digest, which [`plan`](Self::plan) gave for the same instant: with all proofs, checks
    /// before and after, and its note, in one transaction. Where nothing is to do, nothing is written.
    ///
    /// # Errors
    /// When the plan is another one now, a check does not agree, or the database is protected; nothing is kept then. And
    /// when the script or whom it is for is not found, or the ledger is not there yet, which migrating makes.
    pub fn apply(&self, name: &str, url: &str, now: SystemTime, digest: &str) -> Result<Done, Error> {
        self.run(name, url, now, Some(digest))
    }

    fn run(&self, name: &str, url: &str, now: SystemTime, digest: Option<&str>) -> Result<Done, Error> {
        let url = DatabaseUrl::parse(url)?.relative_to(&self.project.folder);
        let scripts = scripts::load(&self.project.scripts_folder(), url.engine()).map_err(failed)?;
        let script = scripts.named(&[Kind::Fix, Kind::Sync], name).map_err(failed)?;
        let environment = |name: &str| self.environment.as_ref().and_then(|variable| variable(name));
        let opening =
            Opening { access: Access::Write, application: &self.application, environment: &environment, connect_timeout: None };
        let mut session = Session::open(&url, &opening).map_err(Error::Database)?;
        let deed = if script.kind == Kind::Fix { Deed::Fix } else { Deed::Sync };
        let mut migrations = self.project.migrations();
        if let Some(variable) = self.environment.clone() {
            migrations = migrations.environment(move |name| variable(name));
        }
        let Reached { identity, marker, standing, why } = standing(&migrations, &mut session, Some(&url))?;
        if digest.is_some() && matches!(consent(deed, standing), Consent::DigestAndReason | Consent::Never) {
            return Err(Error::Refused(Refused { deed, standing, database: identity.name, why }));
        }
        let ledger = match Ledger::look(&mut session).map_err(PatchError::from)? {
            Look::Present(ledger) if ledger.is_current() => ledger,
            _ => return Err(usage("the ledger is not there, or of an older version", "migrate first: it makes the ledger")),
        };
        let (map, account, site) = self.whose(script, &mut session)?;
        let confined = account.as_ref().zip(map.as_ref()).map(|(account, map)| Confinement { map, account, site: site.as_ref() });
        let mut job = self.job(script, ledger, confined, DateTime::<Utc>::from(now), &mut session)?;
        job.map = map.as_ref();
        job.expect = digest.map(|digest| digest.trim().to_ascii_lowercase());
        let value = |name: &str| job.values.get(name).cloned().unwrap_or(Value::Null);
        let mut around = Surroundings {
            every: Every {
                scripts: &scripts,
                scoping: match (&map, &account) {
                    (Some(map), Some(_)) => Scoping::Tenants { map, site: site.is_some() },
                    (Some(map), None) => Scoping::Tenants { map, site: false },
                    (None, _) => Scoping::Whole,
                },
                account: value("account"),
                site: value("site"),
                now: value("now"),
                given: &self.parameters,
                named: &script.head.verify,
            },
            ledger,
            database: &identity.name,
            environment: marker.as_deref(),
            run: job.run.clone(),
        };
        let mode = if digest.is_some() { Mode::Apply } else { Mode::Rehearse };
        Ok(run(&mut session, &mut job, mode, &mut around)?)
    }

    /// Whom the script is about.
    fn whose(&self, script: &Script, session: &mut Session) -> Result<Whose, Error> {
        let (tenancy, text) = match (&self.project.config.tenancy, &self.account) {
            (None, Some(_)) => return Err(usage("an account is given, but the project has none", "describe them: [tenancy]")),
            (None, None) => return Ok((None, None, None)),
            (Some(_), None) if script.head.scope == Scope::Tenant => {
                return Err(refused("which account?", "the caller has to say so: .account(\"acme\")"));
            }
            (Some(_), Some(_)) if script.head.scope == Scope::Global => {
                return Err(usage(&format!("`{}` is not about one account", script.name), "leave .account(…) out"));
            }
            (Some(tenancy), text) => (tenancy, text),
        };
        let relations = session.relations().map_err(Error::Database)?;
        let map = Map::new(session.engine(), tenancy, relations).map_err(failed)?;
        let account = text.as_ref().map(|text| find::account(&map, session, text)).transpose().map_err(failed)?;
        let site = match (&account, &self.site) {
            (Some(account), Some(text)) => Some(find::site(&map, session, account, text).map_err(failed)?),
            _ => None,
        };
        Ok((Some(map), account, site))
    }

    fn job<'j>(
        &self,
        script: &Script,
        ledger: Ledger,
        confined: Option<Confinement<'j>>,
        now: DateTime<Utc>,
        session: &mut Session,
    ) -> Result<Job<'j>, Error> {
        let engine = session.engine();
        let now = DateTime::from_timestamp_millis(now.timestamp_millis()).unwrap_or(now);
        if let Some(name) = self.parameters.keys().find(|name| !script.head.params.contains_key(*name)) {
            return Err(usage(&format!("`{}` has no parameter `{name}`", script.name), "leave it out"));
        }
        let mut values = BTreeMap::new();
        for (name, parameter) in &script.head.params {
            let given = self.parameters.get(name).map(String::as_str);
            values.insert(name.clone(), parameter.get_ref().value(name, given, engine).map_err(failed)?);
        }
        let (account, site) = (confined.map(|confined| confined.account), confined.and_then(|confined| confined.site));
        values.insert("now".to_owned(), parameter::instant(now.naive_utc(), engine));
        values.insert("account".to_owned(), account.map_or(Value::Null, |account| account.key.clone()));
        values.insert("site".to_owned(), site.map_or(Value::Null, |site| site.key.clone()));
        let queries = queries(script, confined.map(|confined| confined.map), site.is_some(), session)?;
        let source = |source| match (source, script.head.form, self.functions.get(&script.name)) {
            (Source::Script(query), Form::Rust, Some(form)) => Ok(Source::Rust(query, form.clone())),
            (_, Form::Rust, None) => Err(usage(
                &format!("`{}` is computed in Rust, and no function of that name is registered", script.name),
                &format!("register it: .function(\"{}\", …)", script.name),
            )),
            (source, ..) => Ok(source),
        };
        let parts = queries
            .into_iter()
            .map(|(table, key, op, rows)| Ok(PartJob { table, key, op, source: source(rows)? }))
            .collect::<Result<_, Error>>()?;
        let settings = &self.project.config.patches;
        Ok(Job {
            run: NewRun {
                kind: script.kind.prefix().to_owned(),
                name: script.name.clone(),
                account_key: account.map(|account| find::shown(&account.key)),
                account_name: account.map(|account| account.name.clone()),
                site_key: site.map(|site| find::shown(&site.key)),
                fingerprint: ledger.fingerprint(session).map_err(PatchError::from)?,
                script_hash: Some(script.hash()),
                script_text: Some(script.text.clone()),
                parameters: Some(json!(self.parameters).to_string()),
                clock: Some(now.format("%Y-%m-%dT%H:%M:%S%.3fZ").to_string()),
                digest: None,
                reason: self.reason.clone(),
                person: self.person.clone(),
                actor: Actor { user: "application".to_owned(), host: String::new(), tool: self.application.clone() },
                undo_of: None,
            },
            map: None,
            confined,
            parts,
            values,
            volatile: script.head.volatile.clone(),
            side_effects: side_effects(script, engine),
            verify: script.head.verify.clone(),
            leaves: script.head.leaves.clone(),
            max_rows: script.head.expect_max,
            expect: None,
            lock: settings.lock_timeout.unwrap_or(Settings::LOCK_TIMEOUT),
            statement: settings.statement_timeout,
            // What would need batches, to be resumed by hand, is a person's work.
            batching: Batching { single_tx_rows: u64::MAX, ..Batching::default() },
            ledger,
        })
    }
}

/// The checks around a run, and its note.
struct Surroundings<'a> {
    every: Every<'a>,
    ledger: Ledger,
    database: &'a str,
    environment: Option<&'a str>,
    run: NewRun,
}

impl Around for Surroundings<'_> {
    fn checks(&mut self, session: &mut Session) -> Result<Vec<Checked>, PatchError> {
        let checked = |outcome: crate::verify::Outcome| Checked {
            could_tell: outcome.could_tell(),
            passes: outcome.passes(),
            findings: outcome.findings,
            rows: outcome.rows(),
            name: outcome.name,
        };
        Ok(self.every.made(session).into_iter().map(checked).collect())
    }

    fn note(&mut self, session: &mut Session, done: &Done) -> Result<(), PatchError> {
        let run = &self.run;
        let of = run.account_name.as_ref().map(|name| format!(" for {name}")).unwrap_or_default();
        let id = done.run.unwrap_or_default();
        let parts = done.parts.iter().map(|part| format!("- {} {}: {} rows", part.op, part.table, part.rows));
        let body: Vec<String> = parts.chain([format!("- to take it back: manage undo {id}")]).collect();
        let facts = json!({ "run": id, "digest": done.digest, "rows": done.rows(), "script_hash": run.script_hash });
        let note = NewNote {
            kind: &run.kind,
            title: &format!("{} {}{of}: {} rows", run.kind, run.name, done.rows()),
            reason: run.reason.as_deref(),
            account: run.account_name.as_deref(),
            body: Some(&body.join("\n")),
            facts: Some(&facts.to_string()),
            open: &[],
            closes: &[],
            database: self.database,
            environment: self.environment,
            person: run.person.as_deref(),
            actor: &run.actor,
        };
        self.ledger.add_note(session, &note)?;
        Ok(())
    }
}

fn failed(error: impl crate::domain::explain::Explain) -> Error {
    Error::Patch(PatchError::of(&error))
}

fn usage(message: &str, hint: &str) -> Error {
    Error::Patch(PatchError::new(Class::Usage, message, hint))
}

fn refused(message: &str, hint: &str) -> Error {
    Error::Patch(PatchError::refused(message, hint))
}

impl fmt::Debug for Patches {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let functions: Vec<&String> = self.functions.keys().collect();
        f.debug_struct("Patches").field("account", &self.account).field("functions", &functions).finish_non_exhaustive()
    }
}
