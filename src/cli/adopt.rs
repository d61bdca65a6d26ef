//! `manage adopt`

use std::time::Instant;

use serde_json::json;

use super::context::{Chosen, Context, Reached};
use super::exit::Exit;
use super::failure::Failure;
use super::output::words;
use super::schema::replay::Replay;
use super::{noting, running};
use crate::backend::{Access, Full};
use crate::domain::engine::Engine as Database;
use crate::domain::explain::{Class, Explain};
use crate::domain::schema::Schema;
use crate::guards::{Deed, Standing};
use crate::migrate::{Direction, Forward, History, Manner, MigrateError, Options, Picture, plan_forward};
use crate::project::Migration;
use crate::project::migrations::Keeper;
use crate::schema::{Drift, DriftKind, compare};

/// Take over a database that was there before
///
/// Where there is a history in it (diesel's, refinery's, or a version in a settings table), it stays as it is, and the files of what is applied are
/// noted in the log: from now on edits of them are noticed. Where there are tables but no history, the schema is
/// compared with what the migrations make on a scratch database; only if both are equal the migrations are recorded
/// as applied. No migration is run on the database itself.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  manage adopt                       all migrations
  manage adopt --to 20260110120000   the database is what the migrations make up to this version")]
pub struct Args {
    /// Without a history: up to this version and with it
    #[arg(long, value_name = "V")]
    to: Option<String>,

    #[command(flatten)]
    lock: running::LockArgs,
}

/// Runs the command.
///
/// # Errors
/// As the documentation of the command says.
pub fn run(context: &mut Context, args: &Args) -> Result<Exit, Failure> {
    let chosen = context.choose()?;
    let files = context.migrations(&chosen)?;
    let begun = Instant::now();
    let mut reached = context.reach(&chosen, Access::Write, "adopt")?;
    let picture = Picture::gather(&mut reached.session, &files)?;
    context.screen.heading(&format!("{} · {}", reached.title(), running::counts(&picture)));
    let options = Options {
        lock_timeout: args.lock.lock_timeout,
        single_transaction: true,
        manner: Manner::Adopt,
        ..Options::new(context.what("adopt"))
    };
    if !picture.applied.is_empty() {
        return with_history(context, &chosen, &mut reached, &files, &options, begun);
    }
    let live = reached.session.introspect()?;
    if live.tables.is_empty() && live.views.is_empty() {
        context.screen.line("nothing to adopt: the database has no tables; manage migrate makes them");
        return Ok(Exit::Ok);
    }
    let target = args.to.clone().map_or(Forward::Latest, Forward::To);
    let effect = "Where the database is what the migrations make, they are recorded as applied. Nothing is run on it.";
    // A scratch database is made on the same server: on a protected one, not unasked.
    let ask_first = reached.standing == Standing::Protected;
    if ask_first {
        super::consent::obtain(context, &reached, Deed::Adopt, effect)?;
    }
    let replayed = replay(context, &chosen, &files, &target)?;
    let compared = compare(&replayed, &live);
    let drift = compared.iter().filter(|drift| matters(drift, &files));
    let lines: Vec<String> =
        drift.map(|drift| format!("{} {}", drift.kind.mark(), drift.message("the migrations", "the database"))).collect();
    context.screen.facts.insert("differences".to_owned(), json!(lines));
    if !lines.is_empty() {
        return Err(Differs { lines, whole: args.to.is_none() }.into());
    }
    context.screen.talk("  the schema is what the migrations make");
    if !ask_first {
        super::consent::obtain(context, &reached, Deed::Adopt, effect)?;
    }
    let outcome = running::run(context, &mut reached, &files, &options, &[Direction::Up], |engine| engine.forward(&target))?;
    running::summary(context, &outcome, "recorded as applied", "nothing to do", "", begun);
    let what = "recorded as applied: the schema is what they make";
    noting::recorded(context, &chosen, &mut reached, "adopt", what, &outcome)?;
    Ok(Exit::Ok)
}

/// The history is there: it is the truth, and only the log learns.
fn with_history(
    context: &mut Context,
    chosen: &Chosen,
    reached: &mut Reached,
    files: &[Migration],
    options: &Options,
    begun: Instant,
) -> Result<Exit, Failure> {
    let history = History::look(&mut reached.session, files)?;
    let (word, owner) = (history.word(), history.owner());
    let outcome = running::run(context, reached, files, options, &[Direction::Up], |engine| engine.adopt())?;
    context.screen.facts.insert("history".to_owned(), word.into());
    let nothing = format!("nothing to do: {owner} is there, and the log knows every file in it");
    let hint = format!("{owner} stays as it is; edits are noticed from now on");
    running::summary(context, &outcome, "noted in the log", &nothing, &hint, begun);
    let what = format!("noted in the log: {word} had run them");
    noting::recorded(context, chosen, reached, "adopt", &what, &outcome)?;
    Ok(Exit::Ok)
}

/// The table that keeps the version is made where it is missing, and an application may have made it otherwise.
fn is_settings(drift: &Drift, files: &[Migration]) -> bool {
    let Some(Keeper::Settings(table)) = files.first().map(|file| &file.keeper) else { return false };
    // `table settings`, `column settings.value`, `check of settings: …`; an index or a trigger is not ours.
    let mut words = drift.object.split(' ').skip(1).map(|word| word.trim_end_matches(':'));
    words.any(|word| {
        let name = word.strip_prefix("public.").unwrap_or(word);
        name.strip_prefix(&**table).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    })
}

/// The order of columns does not count, and neither does an extension that only the database has: monitoring brings
/// them.
pub(super) fn matters(drift: &Drift, files: &[Migration]) -> bool {
    let extra_extension = drift.kind == DriftKind::Extra && drift.object.starts_with("extension ");
    drift.of != Some("order of columns") && !extra_extension && !is_settings(drift, files)
}

/// What the migrations make on a scratch database.
fn replay(context: &mut Context, chosen: &Chosen, files: &[Migration], target: &Forward) -> Result<Schema, Failure> {
    let picture = Picture::unborn(files);
    let steps = plan_forward(&picture, target, true).map_err(MigrateError::from)?;
    let wanted: Vec<Migration> = steps.iter().map(|step| step.migration.clone()).collect();
    let what = match chosen.url.engine() {
        Database::Sqlite => "in a temporary file",
        Database::Postgres => "in a scratch database on the same server",
    };
    context.screen.talk(&format!("  comparing with what the migrations make, {what}"));
    let mut replay = Replay::begin(context, chosen)?;
    let replayed = replay.run(context, &wanted);
    let ended = replay.end();
    let replayed = replayed?;
    ended?;
    Ok(replayed)
}

/// The database is not what the migrations make.
#[derive(Debug, thiserror::Error)]
#[error("the database is not what the migrations make: {}", words::count(.lines.len(), "difference"))]
struct Differs {
    lines: Vec<String>,
    whole: bool,
}

impl Explain for Differs {
    fn class(&self) -> Class {
        Class::Conflict
    }

    fn hint(&self) -> Option<String> {
        let further = if self.whole { "; where it has only the first of them: manage adopt --to V" } else { "" };
        Some(format!("nothing was written; change the migrations or the database until both are equal{further}"))
    }

    fn details(&self) -> Vec<String> {
        const SHOWN: usize = 40;
        let mut lines: Vec<String> = self.lines.iter().take(SHOWN).cloned().collect();
        if self.lines.len() > SHOWN {
            lines.push(format!("and {} more; --json has all of them", self.lines.len() - SHOWN));
        }
        lines
    }
}
