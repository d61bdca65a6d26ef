//! `manage rollback`

use std::time::Instant;

use super::context::Context;
use super::exit::Exit;
use super::failure::Failure;
use super::output::words;
use super::{rehearse, running};
use crate::backend::Access;
use crate::guards::Deed;
use crate::migrate::{Backward, Direction, Manner, MigrateError, Options, Picture, plan_back};

/// Take migrations back
///
/// The last one, or more, the highest version first. Whether each of them has a way back is checked before the
/// first is touched.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  manage rollback                        the last one
  manage rollback --steps 3              the last three
  manage rollback --to 20260110120000    all that came after this version
  manage rollback --all --plan           only show what would be taken back")]
pub struct Args {
    /// So many of them
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..), conflicts_with_all = ["to", "all"])]
    steps: u32,

    /// All that came after this version, which stays
    #[arg(long, value_name = "V", conflicts_with = "all")]
    to: Option<String>,

    /// All of them
    #[arg(long)]
    all: bool,

    /// Show what would run, and run nothing
    #[arg(long, conflicts_with = "sql")]
    plan: bool,

    /// Run everything and take it back: how long each statement takes, and what it locks
    #[arg(long, conflicts_with_all = ["plan", "sql"])]
    rehearse: bool,

    /// Print the SQL that would run, with the records, and run nothing
    #[arg(long)]
    sql: bool,

    #[command(flatten)]
    lock: running::LockArgs,
}

/// Runs the command.
///
/// # Errors
/// As the documentation of the command says.
pub fn run(context: &mut Context, args: &Args) -> Result<Exit, Failure> {
    let target = match (&args.to, args.all) {
        (Some(version), _) => Backward::To(version.clone()),
        (None, true) => Backward::All,
        (None, false) => Backward::Steps(args.steps as usize),
    };
    let chosen = context.choose()?;
    let files = context.migrations(&chosen)?;
    if args.plan || args.sql {
        let looked = running::look(context, &chosen, &files, "rollback --plan")?;
        if args.plan {
            context.screen.heading(&looked.title);
        }
        let steps = plan_back(&looked.picture, &target).map_err(MigrateError::from)?;
        let prepared = running::prepare_all(&steps)?;
        if args.sql {
            running::print_sql(context, &looked, &prepared, Manner::Run, false)?;
        } else {
            running::show_plan(context, &looked, &prepared, Direction::Down, "would be reverted", &command(args));
        }
        return Ok(Exit::Ok);
    }
    let begun = Instant::now();
    let mut reached = context.reach(&chosen, Access::Write, "rollback")?;
    let picture = Picture::gather_from_outside(&mut reached.session, &files)?;
    context.screen.heading(&format!("{} · {}", reached.title(), running::counts(&picture)));
    if args.rehearse {
        let options = Options {
            lock_timeout: args.lock.lock_timeout,
            patience: running::patience(&chosen),
            rehearse: true,
            ..Options::new(context.what("rollback --rehearse"))
        };
        return rehearse::run(context, &mut reached, &files, &options, &rehearse::Way::Back(&target), &command(args));
    }
    // What cannot be done is said before anybody is asked.
    let steps = plan_back(&picture, &target).map_err(MigrateError::from)?;
    running::prepare_all(&steps)?;
    if !steps.is_empty() {
        let deed = if args.all { Deed::RollbackAll } else { Deed::Rollback };
        let effect = format!("This takes {} back, with the data in what they made.", words::count(steps.len(), "migration"));
        super::consent::obtain(context, &reached, deed, &effect)?;
    }
    let options = Options {
        lock_timeout: args.lock.lock_timeout,
        relaxed_commits: running::may_relax(&reached),
        patience: running::patience(&chosen),
        ..Options::new(context.what("rollback"))
    };
    let outcome = running::run(context, &mut reached, &files, &options, &[Direction::Down], |engine| engine.back(&target))?;
    running::summary(context, &outcome, "reverted", "nothing to take back", "again: manage migrate", begun);
    super::schema::rewrite::after_migrations(context, &chosen, &mut reached);
    Ok(Exit::Ok)
}

/// The command without `--plan`.
fn command(args: &Args) -> String {
    match (&args.to, args.all, args.steps) {
        (Some(version), _, _) => format!("manage rollback --to {version}"),
        (None, true, _) => "manage rollback --all".to_owned(),
        (None, false, 1) => "manage rollback".to_owned(),
        (None, false, steps) => format!("manage rollback --steps {steps}"),
    }
}
