//! `manage report`

mod show;

use chrono::Utc;
use serde_json::Value as Fact;

use super::context::{Chosen, Context, Reached};
use super::exit::Exit;
use super::failure::Failure;
use super::scope::{ScopeArgs, Subject, parameters};
use super::signals::Interrupts;
use crate::backend::{Access, Basic, Session};
use crate::domain::explain::Class;
use crate::domain::value::Value;
use crate::project::scripts::{self, Kind, Scope, Script, parameter};
use crate::tenancy::{Account, Site, find};
use crate::verify::{Given, Report, Told};

/// Show what the rows say: tables, warnings, and steps that are right or wrong
///
/// A check_*.sql is a table, or several; a diagnose_*.sql goes through steps and names the first that is wrong. Nothing
/// is written: all of it reads one snapshot. In a project with accounts a report sees one account's rows and no others.
/// A step that is wrong is exit 1.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  manage report recent-keywords --account acme
  manage report recent-keywords --account acme --param hours=48
  manage report generate-content --account acme --json | jq '.reports[].blocked_by'")]
pub struct Args {
    /// The reports
    #[arg(value_name = "NAME", required = true)]
    names: Vec<String>,

    #[command(flatten)]
    scope: ScopeArgs,

    /// How many rows of a table are shown; the count is always of all [default: 20]
    #[arg(long, value_name = "N")]
    limit: Option<u64>,

    /// A parameter that a report declares
    #[arg(long = "param", value_name = "NAME=VALUE")]
    params: Vec<String>,
}

/// Runs the command.
///
/// # Errors
/// When a report is not there, nobody says whom it is about, or the database cannot be read.
pub fn run(context: &mut Context, args: &Args) -> Result<Exit, Failure> {
    let chosen = context.choose()?;
    let scripts = scripts::load(&chosen.project.scripts_folder(), chosen.url.engine())?;
    let mut selected: Vec<&Script> = Vec::new();
    for name in &args.names {
        let script = scripts.named(&[Kind::Check, Kind::Diagnose], name)?;
        if !selected.iter().any(|known| known.file == script.file) {
            selected.push(script);
        }
    }
    let given = parameters(&args.params)?;
    if let Some(name) = given.keys().find(|name| !selected.iter().any(|script| script.head.params.contains_key(*name))) {
        return Err(Failure::new(
            Class::Usage,
            format!("no report has a parameter `{name}`"),
            "manage scripts show NAME tells the parameters",
        ));
    }
    let mut reached = context.reach(&chosen, Access::Read, "report")?;
    reached.session.begin_snapshot(None)?;
    let done = within_snapshot(context, args, &chosen, &mut reached, &selected, &given);
    // Nothing was written, so nothing is lost with a snapshot that cannot be ended.
    let _ = reached.session.end_snapshot();
    done
}

fn within_snapshot(
    context: &mut Context,
    args: &Args,
    chosen: &Chosen,
    reached: &mut Reached,
    selected: &[&Script],
    given: &std::collections::BTreeMap<String, String>,
) -> Result<Exit, Failure> {
    let subject = Subject::find(&args.scope, chosen, &mut reached.session, context, "reports")?;
    for script in selected {
        if !script.head.runs_on(chosen.url.engine()) {
            return Err(Failure::new(
                Class::Usage,
                format!("`{}` is not for {}", script.name, chosen.url.engine()),
                "its head names the databases that it is for: engines",
            ));
        }
        if script.head.scope == Scope::Global && subject.account().is_some() {
            return Err(Failure::new(
                Class::Refused,
                format!("`{}` is not about one account", script.name),
                format!("manage report {} --all-tenants", script.name),
            ));
        }
    }
    let heading = format!("{}{}", subject.told(), reached.title());
    context.screen.heading(&heading);
    let canceller = reached.session.canceller();
    let interrupts = Interrupts::listen(move || canceller.cancel());
    let mut call = Call {
        now: parameter::instant(Utc::now().naive_utc(), reached.session.engine()),
        limit: args.limit,
        session: &mut reached.session,
        facts: Vec::new(),
        worst: Exit::Ok,
    };
    // Each report, or why it cannot be made.
    let mut reports = Vec::new();
    for script in selected {
        let prepared = Report::prepare(script, subject.scoping(), given, call.session);
        reports.push((*script, prepared));
    }
    for (script, report) in &reports {
        let is_global = script.head.scope == Scope::Global;
        match (&subject, report) {
            (_, Err(error)) => call.show(context, Told::error(&script.name, error.clone()), script, None, None),
            (Subject::One(_, account, site), Ok(report)) => call.make(context, report, Some(account), site.as_ref()),
            (Subject::All(map), Ok(report)) if !is_global => {
                for account in find::accounts(map, call.session)? {
                    if interrupts.asked() {
                        break;
                    }
                    match account.left_out(map) {
                        Some(reason) => context.screen.line(&format!("  - {} left out: {reason}", account.name)),
                        None => call.make(context, report, Some(&account), None),
                    }
                }
            }
            (Subject::Whole | Subject::All(_), Ok(report)) => call.make(context, report, None, None),
        }
        if interrupts.asked() {
            break;
        }
    }
    let (facts, worst) = (call.facts, call.worst);
    context.screen.facts.insert("reports".to_owned(), facts.into());
    if interrupts.twice() {
        context.interrupted = true;
    }
    Ok(if interrupts.asked() { Exit::Stopped } else { worst })
}

struct Call<'a> {
    now: Value,
    limit: Option<u64>,
    session: &'a mut Session,
    facts: Vec<Fact>,
    worst: Exit,
}

impl Call<'_> {
    fn make(&mut self, context: &mut Context, report: &Report<'_>, account: Option<&Account>, site: Option<&Site>) {
        let given = Given {
            account: account.map_or(Value::Null, |account| account.key.clone()),
            site: site.map_or(Value::Null, |site| site.key.clone()),
            now: self.now.clone(),
            limit: self.limit,
        };
        let told = report.run(&given, self.session);
        self.show(context, told, report.script, account, site);
    }

    fn show(&mut self, context: &mut Context, told: Told, script: &Script, account: Option<&Account>, site: Option<&Site>) {
        let exit = match (&told.error, told.blocked_by()) {
            (Some(error), _) => crate::domain::explain::Explain::class(error).into(),
            (None, Some(_)) => Exit::Check,
            (None, None) => Exit::Ok,
        };
        self.facts.push(show::fact(&told, script, account, site, &context.folder));
        show::text(context, &told, account);
        self.worst = self.worst.worse(exit);
    }
}
