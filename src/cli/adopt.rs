//! `manage adopt`

use std::time::{Instant, SystemTime};

use serde_json::json;

use super::context::{Chosen, Context, Reached};
use super::exit::Exit;
use super::failure::Failure;
use super::output::words;
use super::running;
use super::signals::Interrupts;
use crate::backend::{Access, Scratch, catalogue};
use crate::domain::engine::Engine as Database;
use crate::domain::explain::{Class, Explain};
use crate::guards::{Deed, Standing};
use crate::migrate::{Direction, Engine, Forward, History, Ignore, Options, Picture, differences, has_tables};
use crate::project::Migration;

/// Take over a database that was there before
///
/// Where diesel or refinery keeps a history in it, the history stays as it is, and the files of what is applied are
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
        what: context.what("adopt"),
        lock_timeout: args.lock.lock_timeout,
        single_transaction: true,
        fake: true,
        allow_out_of_order: false,
        stamp: None,
    };
    if !picture.applied.is_empty() {
        return with_history(context, &mut reached, &files, &options, begun);
    }
    let live = catalogue(&mut reached.session)?;
    if !has_tables(&live) {
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
    let lines = differences(&live, &replayed);
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
    Ok(Exit::Ok)
}

/// The history is there: it is the truth, and only the log learns.
fn with_history(
    context: &mut Context,
    reached: &mut Reached,
    files: &[Migration],
    options: &Options,
    begun: Instant,
) -> Result<Exit, Failure> {
    let word = History::look(&mut reached.session, files)?.word();
    let outcome = running::run(context, reached, files, options, &[Direction::Up], |engine| engine.adopt())?;
    context.screen.facts.insert("history".to_owned(), word.into());
    let nothing = format!("nothing to do: {word}'s history is there, and the log knows every file in it");
    let hint = format!("{word}'s history stays as it is; edits are noticed from now on");
    running::summary(context, &outcome, "noted in the log", &nothing, &hint, begun);
    Ok(Exit::Ok)
}

/// What the migrations make on a scratch database, as a catalogue.
fn replay(context: &mut Context, chosen: &Chosen, files: &[Migration], target: &Forward) -> Result<Vec<String>, Failure> {
    let moment = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).map(|since| since.as_millis()).unwrap_or_default();
    let name = format!("manage_adopt_{}_{moment}", std::process::id());
    let what = match chosen.url.engine() {
        Database::Sqlite => "in a temporary file",
        Database::Postgres => "in a scratch database on the same server",
    };
    context.screen.talk(&format!("  comparing with what the migrations make, {what}"));
    let actor = context.actor();
    let options = Options {
        what: context.what("adopt"),
        lock_timeout: std::time::Duration::from_secs(30),
        single_transaction: false,
        fake: false,
        allow_out_of_order: true,
        stamp: None,
    };
    context.with_opening(Access::Create, "adopt", |opening| {
        let mut scratch = Scratch::make(&chosen.url, &std::env::temp_dir(), &name, opening)?;
        let replayed = (|| -> Result<Vec<String>, Failure> {
            let Some(session) = scratch.session() else { return Ok(Vec::new()) };
            // Ctrl-C must not leave the scratch database behind.
            let canceller = session.canceller();
            let interrupts = Interrupts::listen(move || canceller.cancel());
            let stop = || interrupts.asked();
            let mut engine = Engine { session, files, actor: &actor, options: &options, observer: &mut Ignore, stop: &stop };
            engine.forward(target)?;
            Ok(catalogue(session)?)
        })();
        let discarded = scratch.discard();
        let replayed = replayed?;
        discarded?;
        Ok(replayed)
    })
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
