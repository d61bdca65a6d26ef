//! `manage redo`

use std::time::Instant;

use super::context::Context;
use super::exit::Exit;
use super::failure::Failure;
use super::output::words;
use super::running;
use crate::backend::Access;
use crate::guards::Deed;
use crate::migrate::{Backward, Direction, MigrateError, Options, Picture, Step, plan_back};

/// Take the last migrations back and run them again
///
/// For a migration that you are still writing: edit it, then redo it.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  manage redo                the last one
  manage redo --steps 2      the last two")]
pub struct Args {
    /// So many of them
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..))]
    steps: u32,

    #[command(flatten)]
    lock: running::LockArgs,
}

/// Runs the command.
///
/// # Errors
/// As the documentation of the command says.
pub fn run(context: &mut Context, args: &Args) -> Result<Exit, Failure> {
    let target = Backward::Steps(args.steps as usize);
    let chosen = context.choose()?;
    let files = context.migrations(&chosen)?;
    let begun = Instant::now();
    let mut reached = context.reach(&chosen, Access::Write, "redo")?;
    let picture = Picture::gather_from_outside(&mut reached.session, &files)?;
    context.screen.heading(&format!("{} · {}", reached.title(), running::counts(&picture)));
    let steps = plan_back(&picture, &target).map_err(MigrateError::from)?;
    running::prepare_all(&steps)?;
    // The way forward is checked as well, before anything is taken back.
    let forward: Vec<_> =
        steps.iter().map(|step| Step { direction: Direction::Up, script: &step.migration.up, ..*step }).collect();
    running::prepare_all(&forward)?;
    if !steps.is_empty() {
        let effect = format!(
            "This takes {} back and runs them again; the data in what they made is lost.",
            words::count(steps.len(), "migration")
        );
        super::consent::obtain(context, &reached, Deed::Redo, &effect)?;
    }
    let options = Options {
        lock_timeout: args.lock.lock_timeout,
        // What was pending in between before stays so.
        allow_out_of_order: true,
        relaxed_commits: running::may_relax(&reached),
        patience: running::patience(&chosen),
        ..Options::new(context.what("redo"))
    };
    let outcome =
        running::run(context, &mut reached, &files, &options, &[Direction::Down, Direction::Up], |engine| engine.again(&target))?;
    let count = outcome.finished.iter().filter(|done| done.direction == Direction::Up).count();
    match count {
        0 => context.screen.line("nothing to redo"),
        count => {
            context.screen.line(&format!("{} redone in {}", words::count(count, "migration"), words::duration(begun.elapsed())))
        }
    }
    super::schema::rewrite::after_migrations(context, &chosen, &mut reached);
    Ok(Exit::Ok)
}
