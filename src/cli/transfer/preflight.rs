//! `manage transfer preflight`

use serde_json::{Value, json};

use super::progress::Progress;
use super::running::{Stage, clock};
use super::sides::Sides;
use super::{Between, show};
use crate::backend::{Access, Full, Session, Spool};
use crate::cli::context::Context;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::output::paint::Style;
use crate::migrate::Picture;
use crate::transfer::{Plan, Report, Transfer, TransferError, Wanted, plan};

/// Check everything that a transfer needs, before the window
///
/// Both databases, the mapping, the migrations of the new one, the lock, damage, duplicates, and every row by every rule on
/// a copy. What only people can check is listed. Exits 1 where something is in the way. Nothing is written.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  manage transfer preflight
  manage transfer preflight --json | jq '.checks[] | select(.status != \"pass\")'")]
pub struct Args {
    #[command(flatten)]
    between: Between,
}

/// What people have to see to.
const BY_HAND: [&str; 4] = [
    "both databases are backed up, and the copies were restored once",
    "the old application has stopped writing; the new one has not begun",
    "users are told, and the window is long enough",
    "everybody knows the way back: manage transfer rollback, or the backup",
];

struct Checks<'a> {
    context: &'a mut Context,
    facts: Vec<Value>,
    failed: usize,
}

impl Checks<'_> {
    fn say(&mut self, name: &str, trouble: Option<String>, detail: &str) {
        let status = if trouble.is_some() { "fail" } else { "pass" };
        self.failed += usize::from(trouble.is_some());
        let style = if trouble.is_some() { Style::Bad } else { Style::Good };
        let mark = self.context.screen.paint.on(style, if trouble.is_some() { "✗" } else { "✓" });
        let words = trouble.unwrap_or_else(|| detail.to_owned());
        self.context.screen.row(&format!("  {mark} {name:<18} {words}"));
        self.facts.push(json!({ "name": name, "status": status, "message": words }));
    }
}

impl Checks<'_> {
    /// Says what is worth a look, and in nobody's way.
    fn worry(&mut self, name: &str, found: &[String], detail: &str) {
        if found.is_empty() {
            return self.say(name, None, detail);
        }
        let words = found.join("; ");
        let mark = self.context.screen.paint.on(Style::Warn, "!");
        self.context.screen.row(&format!("  {mark} {name:<18} {words}"));
        self.facts.push(json!({ "name": name, "status": "warn", "message": words }));
    }
}

/// Runs the command.
///
/// # Errors
/// As the documentation of the command says.
pub fn run(context: &mut Context, args: &Args) -> Result<Exit, Failure> {
    let mut sides = Sides::open(context, &args.between, Access::Read, "transfer preflight")?;
    let heading = sides.heading();
    context.screen.heading(&heading);
    let files = context.migrations(&sides.chosen).unwrap_or_default();
    let mut checks = Checks { context, facts: Vec::new(), failed: 0 };
    for (name, session) in [("source", &mut sides.source.session), ("target", &mut sides.target.session)] {
        let damage = session.health()?;
        checks.say(name, (!damage.is_empty()).then(|| damage.join("; ")), "can be read, and is not damaged");
    }
    let picture = Picture::gather_from_outside(&mut sides.target.session, &files)?;
    let pending = picture.pending().len();
    drop(picture);
    checks.say("migrations", (pending > 0).then(|| format!("{pending} pending: manage migrate")), "none is pending");
    let holder = sides.target.session.lock_holder()?;
    checks.say("lock", holder.map(|holder| format!("held by {}", holder.described())), "nobody holds it");
    let others: Vec<_> = sides.others()?.into_iter().map(|(side, who)| format!("{side}: {who}")).collect();
    checks.worry("sessions", &others, "nobody else is connected on either side");
    let planned = plan(&sides.mapping, &sides.source.schema, &sides.schema);
    match &planned {
        Ok(plan) => checks.say("mapping", None, &format!("fits: {} tables, {} warnings", plan.tables.len(), plan.warnings.len())),
        Err(problems) => checks.say("mapping", Some(format!("{} problems: manage transfer validate-schema", problems.len())), ""),
    }
    if let Ok(plan) = &planned {
        rows(&mut checks, &mut sides, plan)?;
    }
    let (facts, failed) = (checks.facts, checks.failed);
    context.screen.line("by hand:");
    for point in BY_HAND {
        context.screen.row(&format!("  [ ] {point}"));
    }
    context.screen.facts.insert("checks".to_owned(), facts.into());
    context.screen.facts.insert("by_hand".to_owned(), json!(BY_HAND));
    if failed > 0 {
        context.screen.line(&format!("{failed} of the checks failed"));
        return Ok(Exit::Check);
    }
    context.screen.line("nothing is in the way · next: manage transfer all");
    Ok(Exit::Ok)
}

/// Every row by every rule, on a copy.
fn rows(checks: &mut Checks<'_>, sides: &mut Sides, plan: &Plan) -> Result<(), Failure> {
    let what = checks.context.what("transfer preflight");
    let mut stage = Stage::of(&mut sides.target.session, &what)?;
    let (now, _) = clock(None)?;
    let mut progress = Progress::of(checks.context);
    let mut no_note = |_: &mut Session, _: &Report| Ok(String::new());
    let stop = || false;
    let mut transfer = Transfer {
        plan,
        mapping: &sides.mapping,
        now: &now,
        wanted: Wanted { only: None, dry: true },
        run: None,
        observer: &mut progress,
        stop: &stop,
        note: &mut no_note,
        report: Report::default(),
        spool: Spool::new()?,
    };
    let result = {
        let mut carrier = stage.session().carrier(&sides.source.url, &mut sides.source.session)?;
        transfer.run(carrier.as_mut())
    };
    let report = transfer.report;
    progress.end();
    let rejected = report.rejected();
    let trouble = match result {
        Ok(()) if rejected == 0 => None,
        Ok(()) | Err(TransferError::Rejected { .. }) => {
            Some(format!("{} rejected: manage transfer dry-run", super::running::count_rows(rejected)))
        }
        Err(error) => Some(error.to_string()),
    };
    let read: u64 = report.tables.iter().map(|table| table.moved.read).sum();
    checks.say("rows", trouble, &format!("all {} of them fit", show::number(read)));
    Ok(())
}
