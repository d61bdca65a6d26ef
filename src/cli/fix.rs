//! `manage fix` and `manage sync`

use std::collections::BTreeMap;

use chrono::NaiveDateTime;
use serde_json::{Value as Fact, json};

use super::context::{Chosen, Context, Reached};
use super::exit::Exit;
use super::failure::Failure;
use super::noting::{self, Said};
use super::patching::agree::{self, Agreement, Typed};
use super::patching::errand::{Errand, keep_plan};
use super::patching::input;
use super::patching::subject::{Subject, key_text, subject};
use super::patching::{clock_of, clock_text, needs, show, this_instant};
use super::scope::{ScopeArgs, parameters};
use crate::backend::{Access, Basic};
use crate::domain::explain::Class;
use crate::domain::value::Value;
use crate::guards::Deed;
use crate::ledger::{Ledger, NewRun};
use crate::patch::{Batching, Confinement, Done, Job, Mode, PatchError, queries, side_effects};
use crate::project::config::Patches;
use crate::project::csv::Csv;
use crate::project::scripts::{self, Kind, Script, Scripts, parameter};
use crate::tenancy::{Account, Map, Site};

/// Mend rows of one account: planned, shown, proved, remembered
///
/// A fix_*.sql names rows and their new values; manage writes exactly those, in one transaction, and nothing else: it
/// holds the plan against the database's own counters, reads the rows back, and verifies before and after. It shows the
/// plan and asks. Without a terminal it takes --digest, or --yes together with --max-rows.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  manage fix cluster-status --account acme                     plan, ask, do it
  manage fix cluster-status --account acme --dry-run           only the plan, with its digest
  manage fix cluster-status --account acme --digest 7d1e52aa90cf3b61 --reason SUP-1432")]
pub struct FixArgs {
    /// The script: fix_cluster_status.sql is cluster-status
    #[arg(value_name = "NAME")]
    name: String,

    #[command(flatten)]
    scope: ScopeArgs,

    #[command(flatten)]
    how: How,
}

/// Bring rows of one account in line with others: as fix, for sync_* scripts
///
/// A sync_*.sql names rows and their new values. It is planned, shown, proved and remembered as manage fix does it.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  manage sync idea-status --account acme
  manage sync idea-status --account acme --yes --max-rows 500")]
pub struct SyncArgs {
    /// The script: sync_idea_status.sql is idea-status
    #[arg(value_name = "NAME")]
    name: String,

    #[command(flatten)]
    scope: ScopeArgs,

    #[command(flatten)]
    how: How,
}

/// How it is done.
#[derive(Debug, clap::Args)]
struct How {
    /// Do all of it and roll it back: shows the plan and its digest. What goes in batches has only the first ones
    /// rehearsed; --dry-run=full does all
    #[arg(long, value_name = "HOW", num_args = 0..=1, require_equals = true, default_missing_value = "first")]
    dry_run: Option<DryRun>,

    /// Apply exactly this plan, with its parameters and its instant: at least 16 digits
    #[arg(long, value_name = "DIGEST", conflicts_with = "dry_run", value_parser = digest)]
    digest: Option<String>,

    /// Why, for the note
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,

    /// A parameter that the script declares
    #[arg(long = "param", value_name = "NAME=VALUE", conflicts_with = "digest")]
    params: Vec<String>,

    /// Rows of a file in the place of the script's: with the key alone only these rows, with more columns these values
    #[arg(long, value_name = "FILE")]
    csv: Option<std::path::PathBuf>,

    /// Refuse to write more rows than this, of all accounts together
    #[arg(long, value_name = "N")]
    max_rows: Option<u64>,

    /// How many rows a batch has, where there are too many for one transaction [default: 20000, or manage.toml's]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    batch_size: Option<u64>,
}

/// How much of a plan is rehearsed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum DryRun {
    /// Of what goes in batches the first ones
    First,
    /// All of it
    Full,
}

/// How a run goes that is too large for one transaction: as the settings say, and the command line.
pub fn batching(chosen: &Chosen, size: Option<u64>, max_rows: Option<u64>, dry_run: Option<DryRun>) -> Batching {
    let settings = &chosen.project.config.patches;
    Batching {
        single_tx_rows: settings.single_tx_rows,
        size: size.unwrap_or(settings.batch_size.get()),
        pause: settings.pause.unwrap_or_default(),
        large: max_rows.is_some(),
        full: dry_run == Some(DryRun::Full),
    }
}

/// A digest as it is typed.
pub fn digest(text: &str) -> Result<String, String> {
    let lower = text.trim().to_ascii_lowercase();
    if lower.len() < show::DIGITS || lower.len() > 64 || !lower.chars().all(|c| c.is_ascii_hexdigit()) {
        return Err(format!("a digest has {} to 64 hexadecimal digits", show::DIGITS));
    }
    Ok(lower)
}

/// Runs `manage fix`.
///
/// # Errors
/// As the documentation of the command says.
pub fn fix(context: &mut Context, args: &FixArgs) -> Result<Exit, Failure> {
    Call { kind: Kind::Fix, deed: Deed::Fix, name: &args.name, scope: &args.scope, how: &args.how }.run(context)
}

/// Runs `manage sync`.
///
/// # Errors
/// As the documentation of the command says.
pub fn sync(context: &mut Context, args: &SyncArgs) -> Result<Exit, Failure> {
    Call { kind: Kind::Sync, deed: Deed::Sync, name: &args.name, scope: &args.scope, how: &args.how }.run(context)
}

struct Call<'a> {
    kind: Kind,
    deed: Deed,
    name: &'a str,
    scope: &'a ScopeArgs,
    how: &'a How,
}

/// What the runs of a call share.
struct Shared<'a> {
    script: &'a Script,
    scripts: &'a Scripts,
    ledger: Ledger,
    fingerprint: String,
    agreement: Option<Agreement>,
    given: BTreeMap<String, String>,
    instant: NaiveDateTime,
    expect: Option<String>,
    file: Option<Csv>,
    /// Rows of the accounts before this one: --max-rows is about all of them together.
    spent: std::cell::Cell<u64>,
}

/// What one run is about.
#[derive(Clone, Copy)]
struct About<'a> {
    map: Option<&'a Map>,
    account: Option<&'a Account>,
    site: Option<&'a Site>,
}

impl Call<'_> {
    fn run(&self, context: &mut Context) -> Result<Exit, Failure> {
        self.empty_facts(context);
        let chosen = context.choose()?;
        let scripts = scripts::load(&chosen.project.scripts_folder(), chosen.url.engine())?;
        let script = scripts.named(&[self.kind], self.name)?;
        if !script.head.runs_on(chosen.url.engine()) {
            return Err(Failure::new(
                Class::Usage,
                format!("`{}` is not for {}", script.name, chosen.url.engine()),
                "its head says so: engines = […]",
            ));
        }
        let mut reached = context.reach(&chosen, Access::Write, self.deed.command())?;
        let subject = subject(context, &chosen, &mut reached.session, script, self.scope)?;
        let agreement = match self.how.dry_run {
            Some(_) => None,
            None => Some(agree::agreement(context, &reached, self.deed, self.typed())?),
        };
        let ledger = noting::prepare(context, &mut reached)?;
        let mut shared = Shared {
            script,
            scripts: &scripts,
            ledger,
            fingerprint: ledger.fingerprint(&mut reached.session).map_err(PatchError::from)?,
            agreement,
            given: self.parameters(script)?,
            instant: this_instant(),
            expect: None,
            file: self.how.csv.as_ref().map(|file| input::file(context, script, file)).transpose()?,
            spent: std::cell::Cell::new(0),
        };
        if let Some(file) = &shared.file {
            shared.given.insert(input::FILE.to_owned(), input::identity(file, &context.folder));
        }
        if let Some(digest) = &self.how.digest {
            self.take_plan(&mut shared, digest, &subject, &mut reached)?;
        }
        let mut end = Exit::Ok;
        match &subject {
            Subject::Whole => {
                self.one(context, &chosen, &mut reached, &shared, About { map: None, account: None, site: None })?;
            }
            Subject::Global(map) => {
                self.one(context, &chosen, &mut reached, &shared, About { map: Some(map), account: None, site: None })?;
            }
            Subject::Each(map, accounts) if accounts.len() == 1 && !self.scope.all_tenants => {
                let (account, site) = &accounts[0];
                let about = About { map: Some(map), account: Some(account), site: site.as_ref() };
                self.one(context, &chosen, &mut reached, &shared, about)?;
            }
            Subject::Each(map, accounts) => end = self.each(context, &chosen, &mut reached, &shared, map, accounts)?,
        }
        Ok(end)
    }

    fn empty_facts(&self, context: &mut Context) {
        let facts = show::facts(&Done::default(), "refused", &[]);
        context.screen.facts.extend(facts);
        context.screen.facts.insert("note".to_owned(), Fact::Null);
    }

    fn typed(&self) -> Typed<'_> {
        Typed { digest: self.how.digest.as_deref(), reason: self.how.reason.as_deref(), max_rows: self.how.max_rows }
    }

    fn parameters(&self, script: &Script) -> Result<BTreeMap<String, String>, Failure> {
        let given = parameters(&self.how.params)?;
        if let Some(name) = given.keys().find(|name| !script.head.params.contains_key(*name)) {
            let known: Vec<&str> = script.head.params.keys().map(String::as_str).collect();
            let hint = if known.is_empty() { "it has none".to_owned() } else { format!("it has {}", known.join(", ")) };
            return Err(Failure::new(Class::Usage, format!("`{}` has no parameter `{name}`", script.name), hint));
        }
        Ok(given)
    }

    /// Takes parameters and instant from the plan that was shown.
    fn take_plan(&self, shared: &mut Shared<'_>, digest: &str, subject: &Subject, reached: &mut Reached) -> Result<(), Failure> {
        let conflict = |message: String, hint: &str| Err(Failure::new(Class::Conflict, message, hint));
        let short = show::shown(digest);
        let plans = shared.ledger.plans(&mut reached.session, digest).map_err(PatchError::from)?;
        let plan = match plans.as_slice() {
            [] => {
                return conflict(
                    format!("there is no plan {short} in this database"),
                    "make one with --dry-run, on the database that is meant",
                );
            }
            [one] => one,
            _ => return conflict(format!("several plans begin with {digest}"), "give more of its digits"),
        };
        let script = shared.script;
        if plan.kind != script.kind.prefix() || plan.name != script.name {
            return conflict(
                format!("plan {short} is of `{} {}`", plan.kind, plan.name),
                "name that script, or make a new plan with --dry-run",
            );
        }
        if plan.script_hash != script.hash() {
            return conflict(
                format!("`{}` was edited since plan {short} was made", script.name),
                "make a new plan with --dry-run",
            );
        }
        let whose = match subject {
            Subject::Each(_, accounts) => match accounts.as_slice() {
                [(account, site)] => (Some(key_text(&account.key)), site.as_ref().map(|site| key_text(&site.key))),
                _ => return Err(Failure::new(Class::Usage, "a digest is of one account's plan", "name it: --account")),
            },
            _ => (None, None),
        };
        if (plan.account_key.clone(), plan.site_key.clone()) != whose {
            let of = plan.account_name.as_deref().unwrap_or("all accounts");
            return conflict(
                format!("plan {short} is about {of}"),
                "name that account and site, or make a new plan with --dry-run",
            );
        }
        let given: BTreeMap<String, String> = serde_json::from_str(&plan.parameters).unwrap_or_default();
        let file =
            |given: &BTreeMap<String, String>| given.get(input::FILE).and_then(|told| told.rsplit(' ').next().map(str::to_owned));
        match (file(&given), file(&shared.given)) {
            (planned, now) if planned == now => {}
            (Some(_), None) => {
                return conflict(format!("plan {short} was made with --csv"), "give the same file again");
            }
            (None, _) => {
                return conflict(
                    format!("plan {short} was made without --csv"),
                    "leave the file out, or make a new plan with --dry-run",
                );
            }
            _ => {
                return conflict(
                    format!("the file is another one than when plan {short} was made"),
                    "make a new plan with --dry-run",
                );
            }
        }
        shared.given = given;
        if let Some(instant) = clock_of(&plan.clock) {
            shared.instant = instant;
        }
        shared.expect = Some(plan.digest.clone());
        Ok(())
    }

    fn job<'j>(
        &self,
        context: &Context,
        chosen: &Chosen,
        reached: &mut Reached,
        shared: &Shared<'_>,
        about: About<'j>,
    ) -> Result<Job<'j>, Failure> {
        let script = shared.script;
        let engine = reached.session.engine();
        let mut values = BTreeMap::new();
        for (name, parameter) in &script.head.params {
            values.insert(name.clone(), parameter.get_ref().value(name, shared.given.get(name).map(String::as_str), engine)?);
        }
        values.insert("now".to_owned(), parameter::instant(shared.instant, engine));
        values.insert("account".to_owned(), about.account.map_or(Value::Null, |account| account.key.clone()));
        values.insert("site".to_owned(), about.site.map_or(Value::Null, |site| site.key.clone()));
        let confined = about.account.zip(about.map).map(|(account, map)| Confinement { map, account, site: about.site });
        let within = confined.as_ref().map(|confinement| confinement.map);
        let parts = queries(script, within, about.site.is_some(), &mut reached.session)?
            .into_iter()
            .map(|part| input::part(script, part, shared.file.as_ref()))
            .collect::<Result<_, _>>()?;
        let least = |a: Option<u64>, b: Option<u64>| a.into_iter().chain(b).min();
        Ok(Job {
            run: NewRun {
                kind: script.kind.prefix().to_owned(),
                name: script.name.clone(),
                account_key: about.account.map(|account| key_text(&account.key)),
                account_name: about.account.map(|account| account.name.clone()),
                site_key: about.site.map(|site| key_text(&site.key)),
                fingerprint: shared.fingerprint.clone(),
                script_hash: Some(script.hash()),
                script_text: Some(script.text.clone()),
                parameters: Some(serde_json::to_string(&shared.given).unwrap_or_default()),
                clock: Some(clock_text(shared.instant)),
                digest: None,
                reason: self.how.reason.clone(),
                person: context.person(),
                actor: context.actor(),
                undo_of: None,
            },
            map: about.map,
            confined,
            parts,
            values,
            volatile: script.head.volatile.clone(),
            side_effects: side_effects(script, engine),
            verify: script.head.verify.clone(),
            leaves: script.head.leaves.clone(),
            // `--max-rows` is the person's own word, and goes before the head's.
            max_rows: self
                .how
                .max_rows
                .map(|most| most.saturating_sub(shared.spent.get()))
                .or(least(script.head.expect_max, None)),
            expect: shared.expect.clone(),
            lock: chosen.project.config.patches.lock_timeout.unwrap_or(Patches::LOCK_TIMEOUT),
            statement: chosen.project.config.patches.statement_timeout,
            batching: batching(chosen, self.how.batch_size, self.how.max_rows, self.how.dry_run),
            ledger: shared.ledger,
        })
    }

    fn one(
        &self,
        context: &mut Context,
        chosen: &Chosen,
        reached: &mut Reached,
        shared: &Shared<'_>,
        about: About<'_>,
    ) -> Result<Done, Failure> {
        self.heading(context, reached, shared, about);
        let mut job = self.job(context, chosen, reached, shared, about)?;
        let rehearse = shared.agreement != Some(Agreement::Given);
        let mut planned = None;
        if rehearse {
            let done = self.go(context, chosen, reached, shared, about, &mut job, Mode::Rehearse)?;
            keep_plan(context, reached, &job, &done)?;
            self.told(context, shared, &done, "planned");
            if done.rows() == 0 {
                context.screen.line("  nothing to do");
                show::left(context, &done);
                self.told(context, shared, &done, "nothing to do");
                return Ok(done);
            }
            show::plan(context, &done);
            show::rehearsed(context, &done, &shared.script.head.verify);
            planned = Some(done);
        }
        if shared.agreement.is_none() {
            let done = planned.unwrap_or_default();
            let scope = about.account.map(|account| format!(" --account {}", account.name)).unwrap_or_default();
            let site = about.site.map(|site| format!(" --site {}", site.name)).unwrap_or_default();
            context.screen.line(&format!(
                "  nothing was changed · apply it: manage {} {}{scope}{site} --digest {}",
                self.deed.command(),
                shared.script.name,
                show::shown(&done.digest)
            ));
            return Ok(done);
        }
        if let Some(done) = &planned {
            let (name, of) = match about.account {
                Some(account) => (account.name.clone(), "the account"),
                None => (reached.identity.name.clone(), "the database"),
            };
            job.run.reason = agree::confirm(context, reached, self.deed, self.how.reason.as_deref(), &name, of)?;
            job.expect = Some(done.digest.clone());
        } else if self.how.reason.is_none() && super::consent::can_ask(context) {
            job.run.reason = Some(super::consent::ask(context, "reason: ")).filter(|reason| !reason.is_empty());
        }
        let applied = needs::Applied {
            kind: &job.run.kind,
            name: &job.run.name,
            hash: job.run.script_hash.as_deref().unwrap_or_default(),
            digest: job.expect.as_deref(),
            reason: job.run.reason.as_deref(),
        };
        needs::met(context, chosen, reached, shared.ledger, &applied)?;
        let done = self.go(context, chosen, reached, shared, about, &mut job, Mode::Apply)?;
        if done.rows() == 0 {
            context.screen.line("  nothing to do");
            self.told(context, shared, &done, "nothing to do");
        }
        Ok(done)
    }

    fn heading(&self, context: &mut Context, reached: &Reached, shared: &Shared<'_>, about: About<'_>) {
        let script = shared.script;
        let file = super::context::shown(&script.file, &context.folder);
        context.screen.heading(&format!("{}   {file} {}…", script.head.description, &script.hash()[..8]));
        let site = about.site.map(|site| format!(", site {}", site.name)).unwrap_or_default();
        let title = reached.title();
        context.screen.heading(&match about.account {
            Some(account) => format!("{account}{site} in {title}"),
            None if about.map.is_some() => format!("all accounts in {title}"),
            None => title,
        });
    }

    fn told(&self, context: &mut Context, shared: &Shared<'_>, done: &Done, status: &str) {
        context.screen.facts.extend(show::facts(done, status, &shared.script.head.verify));
    }

    #[allow(clippy::too_many_arguments)]
    fn go(
        &self,
        context: &mut Context,
        chosen: &Chosen,
        reached: &mut Reached,
        shared: &Shared<'_>,
        about: About<'_>,
        job: &mut Job<'_>,
        mode: Mode,
    ) -> Result<Done, Failure> {
        let of = about.account.map(|account| format!(" for {}", account.name)).unwrap_or_default();
        let errand = Errand {
            chosen,
            ledger: shared.ledger,
            map: about.map,
            account: about.account,
            site: about.site,
            scripts: shared.scripts,
            named: &shared.script.head.verify,
            given: &shared.given,
            instant: shared.instant,
            said: Said {
                kind: job.run.kind.clone(),
                title: format!("{} {}{of}", job.run.kind, job.run.name),
                reason: job.run.reason.clone(),
                account: about.account.map(|account| account.name.clone()),
                facts: json!({
                    "script": super::context::shown(&shared.script.file, &context.folder),
                    "script_hash": job.run.script_hash,
                    "parameters": shared.given,
                    "site": about.site.map(|site| site.name.clone()),
                }),
                ..Said::default()
            },
        };
        errand.start(context, reached, job, mode, shared.agreement == Some(Agreement::Given))
    }

    fn each(
        &self,
        context: &mut Context,
        chosen: &Chosen,
        reached: &mut Reached,
        shared: &Shared<'_>,
        map: &Map,
        accounts: &[(Account, Option<Site>)],
    ) -> Result<Exit, Failure> {
        let mut runs = Vec::new();
        let (mut rows, mut tables) = (0, BTreeMap::<String, [u64; 3]>::new());
        let mut first = None;
        for (account, site) in accounts {
            let about = About { map: Some(map), account: Some(account), site: site.as_ref() };
            let done = self.one(context, chosen, reached, shared, about);
            let mut facts = context.screen.facts.clone();
            facts.retain(|name, _| name != "runs" && name != "database");
            facts.insert("account".to_owned(), json!(account.name));
            match done {
                Ok(done) => {
                    rows += done.rows();
                    shared.spent.set(rows);
                    for part in &done.parts {
                        let counts = tables.entry(part.table.clone()).or_default();
                        counts[["insert", "update", "delete"].iter().position(|op| *op == part.op).unwrap_or(1)] += part.rows;
                    }
                }
                Err(failure) => {
                    facts.extend(show::facts(&Done::default(), "refused", &[]));
                    context.screen.warn(&format!("{}: {}", account.name, failure.0));
                    let refused = failure.0.class() == Class::Refused;
                    first.get_or_insert(failure);
                    // What is refused once, for want of a yes, is not asked again for every account.
                    if refused && shared.agreement == Some(Agreement::Asked) {
                        runs.push(Fact::Object(facts));
                        break;
                    }
                }
            }
            runs.push(Fact::Object(facts));
        }
        let tables: Vec<Fact> = tables
            .iter()
            .map(|(table, counts)| json!({ "table": table, "inserted": counts[0], "updated": counts[1], "deleted": counts[2] }))
            .collect();
        for name in ["run", "digest", "undo", "note", "findings_before", "findings_after"] {
            context.screen.facts.insert(name.to_owned(), Fact::Null);
        }
        context.screen.facts.insert("rows".to_owned(), json!(rows));
        context.screen.facts.insert("tables".to_owned(), tables.into());
        context.screen.facts.insert("runs".to_owned(), runs.into());
        let verb = if shared.agreement.is_none() { "would be written" } else { "written" };
        context.screen.line(&format!("{}: {rows} rows {verb}", super::output::words::count(accounts.len(), "account")));
        match first {
            Some(failure) => Err(failure),
            None => Ok(Exit::Ok),
        }
    }
}
