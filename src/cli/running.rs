//! The common part of `migrate`, `rollback` and `redo`: what would run, and running it.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::context::{Chosen, Context, Reached, unborn_title};
use super::failure::Failure;
use super::output::paint::Style;
use super::output::words;
use super::signals::Interrupts;
use super::watch::Watch;
use crate::backend::Access;
use crate::domain::version::Version;
use crate::guards::Standing;
use crate::ledger::{Actor, Ledger, Look};
use crate::migrate::{
    Direction, Engine, Finished, History, Manner, MigrateError, Observer, Options, Outcome, Patience, Picture, Prepared,
    SqlStream, Step, prepare,
};
use crate::project::{Migration, migrations::Kind};

/// Options of commands that take the lock.
#[derive(Debug, Clone, clap::Args)]
pub struct LockArgs {
    /// How long to wait for another run: 30s, 5m; 0 does not wait
    #[arg(long, value_name = "TIME", default_value = "30s", value_parser = words::parse_duration)]
    pub lock_timeout: Duration,
}

/// Runs `work` on an engine over the database that was reached, and keeps the facts also when it fails.
///
/// # Errors
/// What the engine refuses.
pub fn run(
    context: &mut Context,
    reached: &mut Reached,
    files: &[Migration],
    options: &Options,
    directions: &[Direction],
    work: impl FnOnce(&mut Engine<'_, crate::backend::Session>) -> Result<Outcome, MigrateError>,
) -> Result<Outcome, Failure> {
    let actor: Actor = context.actor();
    let canceller = reached.session.canceller();
    let interrupts = Interrupts::listen(move || canceller.cancel());
    let stop = || interrupts.asked();
    let mut watch = Watch::on(&mut context.screen, title_width(files.iter()), directions.contains(&Direction::Down));
    let observer: &mut dyn Observer = &mut watch;
    let mut engine = Engine { session: &mut reached.session, files, actor: &actor, options, observer, stop: &stop };
    let result = work(&mut engine);
    let (done, pending): (&[Finished], Option<&[Version]>) = match &result {
        Ok(outcome) => (&outcome.finished, Some(&outcome.pending)),
        Err(error) => (error.done(), None),
    };
    let facts = &mut context.screen.facts;
    for direction in directions {
        let facts_of = done.iter().filter(|done| done.direction == *direction).map(finished_fact);
        facts.insert(list(*direction).to_owned(), facts_of.collect());
    }
    if let Some(pending) = pending {
        facts.insert("pending".to_owned(), pending.iter().map(|version| pending_fact(version, files)).collect());
    }
    if result.is_err()
        && let Ok(picture) = Picture::gather(&mut reached.session, files)
    {
        context.screen.facts.insert("pending".to_owned(), pending_facts(&picture));
    }
    if interrupts.twice() {
        context.interrupted = true;
    }
    Ok(result?)
}

/// How patient statements are by the project's settings.
pub fn patience(chosen: &Chosen) -> Patience {
    Patience::of(&chosen.project.config.migrations)
}

/// Whether commits before the last one need not wait for the disk.
pub fn may_relax(reached: &Reached) -> bool {
    reached.standing != Standing::Protected
}

/// The list in which JSON tells the steps of a direction.
pub fn list(direction: Direction) -> &'static str {
    match direction {
        Direction::Up => "applied",
        Direction::Down => "reverted",
    }
}

/// How wide a column of these migrations' titles is, as far as there is room for it.
pub fn title_width<'a>(migrations: impl Iterator<Item = &'a Migration>) -> usize {
    migrations.map(|migration| migration.to_string().chars().count()).max().unwrap_or(0).clamp(20, 60)
}

/// `1 migration applied in 16 ms · undo the last: manage rollback`
pub fn summary(context: &mut Context, outcome: &Outcome, verb: &str, nothing: &str, hint: &str, begun: Instant) {
    if outcome.finished.is_empty() {
        context.screen.line(nothing);
        return;
    }
    let hint = if hint.is_empty() { String::new() } else { format!(" · {}", context.screen.paint.on(Style::Faint, hint)) };
    let text =
        format!("{} {verb} in {}{hint}", words::count(outcome.finished.len(), "migration"), words::duration(begun.elapsed()));
    context.screen.line(&text);
}

/// What a look at a database found, without writing anything.
pub struct Looked<'a> {
    /// The database and the counts.
    pub title: String,
    /// What files and history say.
    pub picture: Picture<'a>,
    history: History,
    ledger: Option<Ledger>,
}

/// Looks at the chosen database. One that `migrate` would make first is as good as empty.
///
/// # Errors
/// When it cannot be reached or read.
pub fn look<'a>(context: &mut Context, chosen: &Chosen, files: &'a [Migration], command: &str) -> Result<Looked<'a>, Failure> {
    let Some(mut reached) = context.reach_if_made(chosen, Access::Read, command)? else {
        let picture = Picture::unborn(files);
        let title = format!("{} · {}", unborn_title(&chosen.url), counts(&picture));
        return Ok(Looked { title, picture, history: History::absent(files), ledger: None });
    };
    let session = &mut reached.session;
    let picture = Picture::gather_from_outside(session, files)?;
    let history = History::look(session, files)?;
    let ledger = match Ledger::look(session)? {
        Look::Present(ledger) => Some(ledger),
        Look::Absent | Look::Unreadable(_) => None,
    };
    if let Some(error) = &picture.log_unreadable {
        context.screen.warn(&format!(
            "edited files cannot be told: {error}; for a role that may look: GRANT USAGE ON SCHEMA manage, SELECT ON ALL TABLES IN SCHEMA manage"
        ));
    }
    let title = format!("{} · {}", reached.title(), counts(&picture));
    Ok(Looked { title, picture, history, ledger })
}

/// Shows what would run. `would` says what would become of it (`would run`), `command` does it.
pub fn show_plan(
    context: &mut Context,
    looked: &Looked<'_>,
    steps: &[Prepared<'_>],
    direction: Direction,
    would: &str,
    command: &str,
) {
    let facts = steps.iter().map(|step| {
        json!({
            "version": step.version().as_str(),
            "name": step.step.migration.name,
            "statements": step.pieces.len(),
            "transaction": step.in_transaction(),
            "reversible": step.step.migration.down.is_some(),
            "file": super::context::shown(&step.step.script.file, &context.folder),
        })
    });
    let facts: Value = facts.collect();
    context.screen.facts.insert("plan".to_owned(), facts);
    context.screen.facts.insert(list(direction).to_owned(), json!([]));
    context.screen.facts.insert("pending".to_owned(), pending_facts(&looked.picture));
    let width = title_width(steps.iter().map(|step| step.step.migration));
    for step in steps {
        let migration = step.step.migration;
        let mut remarks = Vec::new();
        if !step.in_transaction() {
            remarks.push("without a transaction");
        }
        if migration.kind == Kind::Data {
            remarks.push("data");
        }
        if migration.down.is_none() {
            remarks.push("no way back");
        }
        let remarks = if remarks.is_empty() { String::new() } else { format!("   {}", remarks.join(", ")) };
        let title = migration.to_string();
        context.screen.row(&format!("  {title:<width$}  {:>14}{remarks}", words::count(step.pieces.len(), "statement")));
    }
    let count = words::count(steps.len(), "migration");
    context.screen.line(&match (steps.len(), direction) {
        (0, Direction::Up) => "nothing to do".to_owned(),
        (0, Direction::Down) => "nothing to take back".to_owned(),
        _ => format!("{count} {would} · do it: {command}"),
    });
}

/// Prints the SQL that would run, with or without statements, or with all in one transaction.
///
/// # Errors
/// When it cannot run elsewhere.
pub fn print_sql(
    context: &mut Context,
    looked: &Looked<'_>,
    steps: &[Prepared<'_>],
    manner: Manner,
    single: bool,
) -> Result<(), Failure> {
    let actor = context.actor();
    let text = SqlStream { history: &looked.history, ledger: looked.ledger, actor: &actor, manner, single }.of(steps)?;
    context.screen.talk(&format!("-- {}", looked.title));
    context.screen.facts.insert("sql".to_owned(), text.as_str().into());
    if !context.screen.json {
        context.screen.write(&text);
    }
    Ok(())
}

/// Splits and checks the files of a plan.
///
/// # Errors
/// When one of them cannot be run.
pub fn prepare_all<'a>(steps: &[Step<'a>]) -> Result<Vec<Prepared<'a>>, Failure> {
    Ok(steps.iter().map(|step| prepare(*step)).collect::<Result<Vec<_>, _>>()?)
}

/// `3 applied, 2 pending`
pub fn counts(picture: &Picture<'_>) -> String {
    format!("{} applied, {} pending", picture.applied.len(), picture.pending().len())
}

/// What is pending, as facts.
pub fn pending_facts(picture: &Picture<'_>) -> Value {
    picture.pending().iter().map(|file| json!({ "version": file.version.as_str(), "name": file.name })).collect()
}

/// A pending version as a fact.
fn pending_fact(version: &Version, files: &[Migration]) -> Value {
    let name = files.iter().find(|file| file.version == *version).map_or("", |file| file.name.as_str());
    json!({ "version": version.as_str(), "name": name })
}

fn finished_fact(done: &Finished) -> Value {
    json!({
        "version": done.version.as_str(),
        "name": done.name,
        "statements": done.statements,
        "duration_ms": words::milliseconds(done.took),
        "faked": done.faked,
    })
}
