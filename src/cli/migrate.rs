//! `manage migrate`

use std::time::{Duration, Instant};

use super::context::{Chosen, Context, Reached};
use super::exit::Exit;
use super::failure::Failure;
use super::output::words;
use super::{noting, rehearse, running};
use crate::backend::{Access, Full};
use crate::domain::explain::Class;
use crate::guards::Deed;
use crate::migrate::{Direction, Forward, Manner, MigrateError, Options, Picture, Replacement, check_single, plan_forward};
use crate::project::Migration;

/// Run the pending migrations
///
/// All of them, or up to a version. Each one runs in a transaction together with its record; what failed is
/// rolled back whole, what ran before it stays. Several processes may be started at once: one runs, the others
/// wait and find nothing left to do.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  manage migrate                      everything that is pending
  manage migrate 20260204093000       up to this version and with it
  manage migrate --plan               only show what would run
  manage migrate --rehearse           run it and take it back: times and locks
  manage migrate --wait-for-db 60s    in a container beside its database")]
pub struct Args {
    /// Up to this version and with it
    #[arg(value_name = "V", conflicts_with_all = ["to", "steps"])]
    target: Option<String>,

    /// Up to this version and with it
    #[arg(long, value_name = "V", conflicts_with = "steps")]
    to: Option<String>,

    /// So many of them
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    steps: Option<u32>,

    /// Show what would run, and run nothing
    #[arg(long, conflicts_with = "sql")]
    plan: bool,

    /// Run everything and take it back: how long each statement takes, and what it locks
    #[arg(long, conflicts_with_all = ["plan", "sql", "fake"])]
    rehearse: bool,

    /// Print the SQL that would run, with the records, and run nothing
    #[arg(long)]
    sql: bool,

    /// All of them in one transaction: all or none
    #[arg(long)]
    single_transaction: bool,

    /// Only record them as applied, for a database that has them already
    #[arg(long)]
    fake: bool,

    /// Run migrations that are older than the last applied one too
    #[arg(long)]
    allow_out_of_order: bool,

    #[command(flatten)]
    lock: running::LockArgs,

    /// Wait so long for a database that is still starting
    #[arg(long, value_name = "TIME", value_parser = words::parse_duration)]
    wait_for_db: Option<Duration>,
}

/// Runs the command.
///
/// # Errors
/// As the documentation of the command says.
pub fn run(context: &mut Context, args: &Args) -> Result<Exit, Failure> {
    let target = target(args)?;
    let chosen = context.choose()?;
    let files = context.migrations(&chosen)?;
    if args.plan || args.sql {
        return look(context, args, &chosen, &files, &target);
    }
    if let Some(exit) = nothing_to_begin_with(context, args, &chosen, &files, &target)? {
        return Ok(exit);
    }
    if args.rehearse && context.is_unborn(&chosen) {
        return Err(Failure::new(
            Class::Usage,
            "the database is not made yet, so there is nothing on which to rehearse",
            "make an empty one first: manage database create",
        ));
    }
    let begun = Instant::now();
    let mut reached = match args.wait_for_db {
        Some(limit) => context.reach_within(&chosen, Access::Create, "migrate", limit)?,
        None => context.reach(&chosen, Access::Create, "migrate")?,
    };
    if args.rehearse {
        let options = Options { rehearse: true, ..options(context, args, &chosen, &reached) };
        let before = Picture::gather(&mut reached.session, &files)?;
        context.screen.heading(&format!("{} · {}", reached.title(), running::counts(&before)));
        let way = rehearse::Way::Forward(&target);
        return rehearse::run(context, &mut reached, &files, &options, &way, &command(args));
    }
    super::consent::obtain(context, &reached, Deed::Migrate, "")?;
    let mut before = Picture::gather(&mut reached.session, &files)?;
    context.screen.heading(&format!("{} · {}", reached.title(), running::counts(&before)));
    let to_replace = before.replacement().is_some();
    if to_replace {
        let options = options(context, args, &chosen, &reached);
        super::baseline::converge::run(context, &chosen, &mut reached, &files, &options)?;
        before = Picture::gather(&mut reached.session, &files)?;
    }
    if before.is_numbered() && before.applied.is_empty() && has_tables(&mut reached)? {
        context.screen.talk("  the database has tables, but no version: it starts at 0, and what is there stays");
    }
    // Who finds nothing to do waits for nobody. What seems wrong is looked at again under the lock: another run
    // may be in the middle of it.
    if plan_forward(&before, &target, args.allow_out_of_order).is_ok_and(|steps| steps.is_empty()) {
        context.screen.facts.insert("applied".to_owned(), serde_json::json!([]));
        context.screen.facts.insert("pending".to_owned(), running::pending_facts(&before));
        context.screen.line(if to_replace { "nothing else to do" } else { "nothing to do" });
        return Ok(Exit::Ok);
    }
    let options = options(context, args, &chosen, &reached);
    let outcome = running::run(context, &mut reached, &files, &options, &[Direction::Up], |engine| engine.forward(&target))?;
    let one_way = files.iter().all(|file| file.down.is_none());
    let hint = if args.fake || one_way { "" } else { "undo the last: manage rollback" };
    running::summary(context, &outcome, if args.fake { "recorded" } else { "applied" }, "nothing to do", hint, begun);
    if args.fake {
        let reason = "recorded as applied without running them, by --fake";
        noting::recorded(context, &chosen, &mut reached, "migrate --fake", reason, &outcome)?;
    }
    super::schema::rewrite::after_migrations(context, &chosen, &mut reached);
    Ok(Exit::Ok)
}

fn options(context: &Context, args: &Args, chosen: &Chosen, reached: &Reached) -> Options {
    Options {
        lock_timeout: args.lock.lock_timeout,
        single_transaction: args.single_transaction,
        manner: manner(args),
        allow_out_of_order: args.allow_out_of_order,
        stamp: if reached.session.created() { context.stamp(chosen, &reached.identity.location) } else { None },
        relaxed_commits: running::may_relax(reached),
        patience: running::patience(chosen),
        ..Options::new(context.what("migrate"))
    }
}

fn manner(args: &Args) -> Manner {
    if args.fake { Manner::Fake } else { Manner::Run }
}

fn target(args: &Args) -> Result<Forward, Failure> {
    match (args.target.as_ref().or(args.to.as_ref()), args.steps) {
        (Some(zero), _) if zero == "zero" => {
            Err(Failure::new(Class::Usage, "`migrate` only goes forward", "to take everything back: manage rollback --all"))
        }
        (Some(version), _) => Ok(Forward::To(version.clone())),
        (None, Some(steps)) => Ok(Forward::Steps(steps as usize)),
        (None, None) => Ok(Forward::Latest),
    }
}

/// Whether somebody has made tables in the database; the one that keeps settings may have come with them.
fn has_tables(reached: &mut Reached) -> Result<bool, Failure> {
    Ok(!reached.session.introspect()?.tables.is_empty())
}

/// Before a database is made: what is wrong with the files is said now, and where nothing is to be done none is made.
fn nothing_to_begin_with(
    context: &mut Context,
    args: &Args,
    chosen: &Chosen,
    files: &[Migration],
    target: &Forward,
) -> Result<Option<Exit>, Failure> {
    if !context.is_unborn(chosen) {
        return Ok(None);
    }
    let picture = Picture::unborn(files);
    let steps = plan_forward(&picture, target, args.allow_out_of_order).map_err(MigrateError::from)?;
    running::prepare_all(&steps)?;
    if !steps.is_empty() {
        return Ok(None);
    }
    let looked = running::look(context, chosen, files, "migrate")?;
    context.screen.heading(&looked.title);
    running::show_plan(context, &looked, &[], Direction::Up, "", "");
    Ok(Some(Exit::Ok))
}

/// The command without `--plan`.
fn command(args: &Args) -> String {
    let target = args.target.as_ref().or(args.to.as_ref()).map(|version| format!(" {version}"));
    let steps = args.steps.map(|steps| format!(" --steps {steps}"));
    let mut command = format!("manage migrate{}{}", target.unwrap_or_default(), steps.unwrap_or_default());
    for (given, flag) in [
        (args.allow_out_of_order, " --allow-out-of-order"),
        (args.single_transaction, " --single-transaction"),
        (args.fake, " --fake"),
    ] {
        command.push_str(if given { flag } else { "" });
    }
    command
}

/// `--plan` and `--sql`: looks, and creates nothing.
fn look(context: &mut Context, args: &Args, chosen: &Chosen, files: &[Migration], target: &Forward) -> Result<Exit, Failure> {
    let mut looked = running::look(context, chosen, files, "migrate --plan")?;
    if args.plan {
        context.screen.heading(&looked.title);
        if let Some(Replacement::Due(baseline)) = looked.picture.replacement() {
            let text = format!("  {baseline}   recorded, if the live schema is what it makes; nothing of it is run");
            context.screen.row(&text);
            looked.picture = looked.picture.replaced();
        }
    }
    let steps = plan_forward(&looked.picture, target, args.allow_out_of_order).map_err(MigrateError::from)?;
    let prepared = running::prepare_all(&steps)?;
    // Where it would be refused, no plan of it is shown.
    if args.single_transaction && !args.fake && prepared.len() > 1 {
        check_single(&prepared)?;
    }
    if args.sql {
        running::print_sql(context, &looked, &prepared, manner(args), args.single_transaction)?;
    } else {
        let would = match (args.fake, args.single_transaction) {
            (true, _) => "would be recorded without running",
            (_, true) => "would run in one transaction",
            _ => "would run",
        };
        running::show_plan(context, &looked, &prepared, Direction::Up, would, &command(args));
    }
    Ok(Exit::Ok)
}
