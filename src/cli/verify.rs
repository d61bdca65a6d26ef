//! `manage verify`

pub mod facts;
mod groups;
mod record;
pub mod show;
mod tenants;

use std::collections::{BTreeMap, BTreeSet};

use chrono::{NaiveDateTime, Utc};

use self::groups::{Group, Item};
use self::record::Record;
use super::context::{Chosen, Context, Reached};
use super::exit::Exit;
use super::failure::Failure;
use super::scope::{ScopeArgs, Subject, parameters};
use super::signals::Interrupts;
use crate::backend::{Access, Basic, Session};
use crate::domain::explain::{Class, Explain};
use crate::domain::value::Value;
use crate::ledger::Ledger;
use crate::project::scripts::{self, Kind, Scope, Script, ScriptError, Scripts, parameter};
use crate::verify::{Check, CheckError, Given, Outcome, Scoping, Status, run as run_checks};

/// Check the rows, and say what is wrong with them
///
/// Every verify_*.sql is one query; each row that it returns is a finding. Nothing is written: the checks of a call
/// read one snapshot. In a project with accounts a check sees one account's rows and no others.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  manage verify --account acme                    all checks for one account
  manage verify status-fixes --account acme --site blog
  manage verify --all-tenants --format junit      in CI: each account in turn")]
pub struct Args {
    /// The checks; all of them where none is named
    #[arg(value_name = "NAME")]
    names: Vec<String>,

    #[command(flatten)]
    scope: ScopeArgs,

    /// How the results are told
    #[arg(long, value_name = "FORM", default_value = "text", value_parser = ["text", "json", "junit"])]
    format: String,

    /// How many findings of a check are shown; the count is always of all [default: 20]
    #[arg(long, value_name = "N")]
    limit: Option<u64>,

    /// How many accounts are looked at side by side, each over a connection of its own
    #[arg(long, value_name = "N", default_value = "1", value_parser = clap::value_parser!(u8).range(1..=64), requires = "all_tenants")]
    jobs: u8,

    /// Keep the results in the database, in manage's own tables; later calls say what has changed since
    #[arg(long)]
    record: bool,

    /// A parameter that a check declares
    #[arg(long = "param", value_name = "NAME=VALUE")]
    params: Vec<String>,
}

/// Runs the command.
///
/// # Errors
/// As the documentation of the command says.
pub fn run(context: &mut Context, args: &Args) -> Result<Exit, Failure> {
    if args.format == "json" {
        context.screen.json = true;
    }
    if context.screen.json && args.format == "junit" {
        return Err(Failure::new(Class::Usage, "--json and --format junit are two forms of one result", "give one of them"));
    }
    let chosen = context.choose()?;
    let given = parameters(&args.params)?;
    let scripts = scripts::load(&chosen.project.scripts_folder(), chosen.url.engine())?;
    let mut selected = selected(&scripts, &args.names)?;
    refuse_unused(&given, &selected)?;
    let mut reached = context.reach(&chosen, Access::Read, "verify")?;
    let of = |kind: Kind| scripts.all().filter(move |(known, ..)| *known == kind).map(|(_, name, _)| name.to_owned());
    let fixes: BTreeSet<String> = of(Kind::Fix).collect();
    let syncs = of(Kind::Sync).filter(|name| !fixes.contains(name)).collect();
    let call = Call { args, given: &given, instant: Utc::now().naive_utc(), syncs };
    let ledger = record::readable(&mut reached.session)?;
    reached.session.begin_snapshot(None)?;
    let done = call.within_snapshot(context, &chosen, &mut reached, &mut selected, ledger);
    // Nothing was written, so nothing is lost with a snapshot that cannot be ended.
    let _ = reached.session.end_snapshot();
    drop(reached);
    let (exit, record) = done?;
    if args.record {
        record.keep(context, &chosen)?;
    }
    Ok(exit)
}

/// The checks that are meant: name, and the script or why it cannot be used.
type Selected<'a> = Vec<(&'a str, Result<&'a Script, ScriptError>)>;

fn selected<'a>(scripts: &'a Scripts, names: &[String]) -> Result<Selected<'a>, Failure> {
    if names.is_empty() {
        let all = scripts.all().filter(|(kind, ..)| *kind == Kind::Verify);
        return Ok(all.map(|(_, name, script)| (name, script.as_ref().map_err(Clone::clone))).collect());
    }
    let mut selected: Selected<'a> = Vec::new();
    for name in names {
        let script = scripts.named(&[Kind::Verify], name)?;
        if !selected.iter().any(|(known, _)| *known == script.name) {
            selected.push((&script.name, Ok(script)));
        }
    }
    Ok(selected)
}

fn refuse_unused(given: &BTreeMap<String, String>, selected: &Selected<'_>) -> Result<(), Failure> {
    let known = |name: &String| {
        let scripts = selected.iter().filter_map(|(_, script)| script.as_ref().ok());
        scripts.into_iter().any(|script| script.head.params.contains_key(name))
    };
    match given.keys().find(|name| !known(name)) {
        Some(name) => Err(Failure::new(
            Class::Usage,
            format!("no check has a parameter `{name}`"),
            "manage scripts show NAME tells the parameters",
        )),
        None => Ok(()),
    }
}

/// What one call was given.
struct Call<'a> {
    args: &'a Args,
    given: &'a BTreeMap<String, String>,
    instant: NaiveDateTime,
    syncs: BTreeSet<String>,
}

impl Call<'_> {
    fn within_snapshot(
        &self,
        context: &mut Context,
        chosen: &Chosen,
        reached: &mut Reached,
        selected: &mut Selected<'_>,
        ledger: Option<Ledger>,
    ) -> Result<(Exit, Record), Failure> {
        let subject = Subject::find(&self.args.scope, chosen, &mut reached.session, context, "checks")?;
        let scoping = subject.scoping();
        let one = matches!(subject, Subject::One(..));
        let account = subject.account();
        let usable = selected.iter().filter_map(|(_, script)| script.as_ref().ok().copied());
        let record = Record::look(ledger, &mut reached.session, account, usable, self.given, self.instant)?;
        let mut items = Vec::new();
        for (name, script) in std::mem::take(selected) {
            items.push(self.item(name, script, scoping, one, &mut reached.session)?);
        }
        if items.is_empty() {
            context.screen.talk("there are no checks yet: manage new verify NAME makes one");
        }
        let canceller = reached.session.canceller();
        let interrupts = Interrupts::listen(move || canceller.cancel());
        let stop = || interrupts.asked();
        let now = parameter::instant(self.instant, reached.session.engine());
        let given = |account: &Value, site: &Value| Given {
            account: account.clone(),
            site: site.clone(),
            now: now.clone(),
            limit: self.args.limit,
        };
        let mut show = show::Show::new(context, &self.args.format, &items, record);
        show.syncs = self.syncs.clone();
        show.begin(&format!("{}{}", subject.told(), reached.title()), self.instant, matches!(subject, Subject::All(_)));
        match &subject {
            Subject::Whole => {
                let outcomes = groups::in_order(items, |check| {
                    run_checks(&[check], &given(&Value::Null, &Value::Null), &mut reached.session, &stop)
                });
                show.group(Group { account: None, site: None, outcomes });
            }
            Subject::One(_, account, site) => {
                let key = site.as_ref().map_or(Value::Null, |site| site.key.clone());
                let outcomes = groups::in_order(items, |check| {
                    run_checks(&[check], &given(&account.key, &key), &mut reached.session, &stop)
                });
                show.group(Group { account: Some(account.clone()), site: site.clone(), outcomes });
            }
            Subject::All(map) => {
                let (together, each) = groups::together_and_each(items);
                if !together.is_empty() {
                    let outcomes = groups::in_order(together, |check| {
                        run_checks(&[check], &given(&Value::Null, &Value::Null), &mut reached.session, &stop)
                    });
                    show.group(Group { account: None, site: None, outcomes });
                }
                let opener = show.opener(&chosen.url);
                let tenants = tenants::Tenants { map, checks: &each, jobs: self.args.jobs, opener: &opener, stop: &stop };
                tenants.run(&mut reached.session, &|account| given(&account.key, &Value::Null), &mut show)?;
            }
        }
        let (worst, record) = show.finish();
        if interrupts.twice() {
            context.interrupted = true;
        }
        let stopped = interrupts.asked() && matches!(worst, Exit::Ok | Exit::Check);
        Ok((if stopped { Exit::Stopped } else { worst }, record))
    }

    fn item<'s>(
        &self,
        name: &str,
        script: Result<&'s Script, ScriptError>,
        scoping: Scoping<'_>,
        one: bool,
        session: &mut Session,
    ) -> Result<Item<'s>, Failure> {
        let script = match script {
            Ok(script) => script,
            Err(error) => return Ok(Item::Done(Box::new(Outcome::error(name, CheckError::of(&error))))),
        };
        let engine = session.engine();
        if !script.head.runs_on(engine) {
            return Ok(Item::Done(Box::new(Outcome::skip(name, format!("it is not for {engine}")))));
        }
        if script.head.scope == Scope::Global && one {
            let about = format!("`{name}` is not about one account");
            if !self.args.names.is_empty() {
                return Err(Failure::new(Class::Refused, about, format!("manage verify {name} --all-tenants")));
            }
            return Ok(Item::Done(Box::new(Outcome::skip(name, "it is not about one account: --all-tenants"))));
        }
        Ok(match Check::prepare(script, scoping, self.given, session) {
            Ok(check) => Item::Ready(Box::new(check)),
            Err(error) => Item::Done(Box::new(Outcome::error(name, error))),
        })
    }
}

/// The exit code of a result.
fn exit_of(outcome: &Outcome) -> Exit {
    match (&outcome.error, outcome.status) {
        (Some(error), _) => error.class().into(),
        (None, Status::Fail) => Exit::Check,
        _ => Exit::Ok,
    }
}
