//! `manage repair`

use serde_json::json;

use super::context::Context;
use super::exit::Exit;
use super::failure::Failure;
use super::noting::{self, Said};
use super::output::paint::Style;
use super::running;
use super::watch::Watch;
use crate::backend::Access;
use crate::domain::explain::Class;
use crate::guards::Deed;
use crate::migrate::{Engine, Ignore, Observer, Options, Picture, Repaired, Verdict};

/// Record what only a person can decide about a migration
///
/// That its file is right although it was edited after it ran; or what became of a statement in which an earlier
/// run was interrupted. Runs nothing of the file. Who, when and why stand in the log.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  manage status --diff 20260110120000                                  what was edited
  manage repair 20260110120000 --reason 'a comment in a function'      the file is right as it is
  manage repair 20260303080000 --statement-done --reason 'looked'      the statement did its work
  manage repair 20260303080000 --statement-not-done --reason 'looked'  run it again")]
pub struct Args {
    /// The migration
    #[arg(value_name = "V")]
    version: String,

    /// Why, for the log
    #[arg(long, value_name = "TEXT", value_parser = reason)]
    reason: String,

    /// The statement in which an earlier run was interrupted did its work: go on after it
    #[arg(long, conflicts_with = "statement_not_done")]
    statement_done: bool,

    /// It did not, or may be run twice: run it again
    #[arg(long)]
    statement_not_done: bool,

    #[command(flatten)]
    lock: running::LockArgs,
}

fn reason(text: &str) -> Result<String, String> {
    match text.trim() {
        "" => Err("say why".to_owned()),
        text => Ok(text.to_owned()),
    }
}

/// Runs the command.
///
/// # Errors
/// As the documentation of the command says.
pub fn run(context: &mut Context, args: &Args) -> Result<Exit, Failure> {
    let verdict = match (args.statement_done, args.statement_not_done) {
        (true, _) => Verdict::StatementDone,
        (_, true) => Verdict::StatementNotDone,
        _ => Verdict::AcceptFile,
    };
    let chosen = context.choose()?;
    let files = context.migrations(&chosen)?;
    if context.is_unborn(&chosen) {
        return Err(Failure::new(Class::Usage, "the database is not made yet, so nothing is applied", "make it: manage migrate"));
    }
    let mut reached = context.reach(&chosen, Access::Write, "repair")?;
    let picture = Picture::gather(&mut reached.session, &files)?;
    context.screen.heading(&format!("{} · {}", reached.title(), running::counts(&picture)));
    let options = Options { lock_timeout: args.lock.lock_timeout, ..Options::new(context.what("repair")) };
    let actor = context.actor();
    let stop = || false;
    // What cannot be done is said before anybody is asked.
    let case = Engine {
        session: &mut reached.session,
        files: &files,
        actor: &actor,
        options: &options,
        observer: &mut Ignore,
        stop: &stop,
    }
    .can_repair(&args.version, verdict)?;
    super::consent::obtain(context, &reached, Deed::Repair, &effect(&case, verdict))?;
    let mut watch = Watch::on(&mut context.screen, 0, false);
    let observer: &mut dyn Observer = &mut watch;
    let repaired =
        Engine { session: &mut reached.session, files: &files, actor: &actor, options: &options, observer, stop: &stop }.repair(
            &args.version,
            verdict,
            &args.reason,
        )?;
    tell(context, &repaired, verdict);
    noting::write_after(context, &chosen, &mut reached, &said(&repaired, verdict, &args.reason))?;
    Ok(Exit::Ok)
}

fn effect(case: &Repaired, verdict: Verdict) -> String {
    let title = format!("{} {}", case.version, case.name);
    match (case.statement, verdict) {
        (Some((number, _)), Verdict::StatementDone) => {
            format!("This notes statement {number} of {title} as done; the next run goes on after it.")
        }
        (Some((number, _)), _) => format!("This forgets that statement {number} of {title} was started; the next run sends it."),
        (None, _) => format!("This accepts the file of {title} as it is now. Nothing of it is run."),
    }
}

/// What its note says.
fn said(repaired: &Repaired, verdict: Verdict, reason: &str) -> Said {
    let Repaired { version, name, statement } = repaired;
    let what = match (statement, verdict) {
        (Some((number, way)), Verdict::StatementDone) => format!("Statement {number} ({way}) counts as done."),
        (Some((number, way)), _) => format!("Statement {number} ({way}) is sent again."),
        (None, _) => "Its edited file was accepted as it is.".to_owned(),
    };
    Said {
        kind: "repair".to_owned(),
        title: format!("repair {version} {name}"),
        reason: Some(reason.to_owned()),
        body: Some(what),
        facts: json!({ "version": version.as_str(), "verdict": verdict.word() }),
        ..Said::default()
    }
}

fn tell(context: &mut Context, repaired: &Repaired, verdict: Verdict) {
    let Repaired { version, name, statement } = repaired;
    context.screen.facts.insert(
        "repaired".to_owned(),
        json!({
            "version": version.as_str(),
            "name": name,
            "verdict": verdict.word(),
            "statement": statement.map(|(number, _)| number),
            "direction": statement.map(|(_, way)| way),
        }),
    );
    let mark = context.screen.paint.on(Style::Good, "✓");
    let next = match statement {
        Some((_, "down")) => "manage rollback",
        _ => "manage migrate",
    };
    let line = match (statement, verdict) {
        (Some((number, _)), Verdict::StatementDone) => format!("statement {number} counts as done · go on: {next}"),
        (Some((number, _)), _) => format!("statement {number} is run again · go on: {next}"),
        (None, _) => "accepted as its file is now".to_owned(),
    };
    context.screen.line(&format!("{mark} {version} {name}: {line}"));
}
