//! `manage reset`

mod after;
mod checks;
mod gather;
mod show;
mod token;
mod work;

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use serde_json::json;

use self::checks::Checks;
use super::consent;
use super::context::{Chosen, Context, Reached, shown, unborn_title};
use super::exit::Exit;
use super::failure::Failure;
use super::output::paint::Style;
use super::output::words;
use super::{backup, running};
use crate::backend::{Access, Location, Obstacle};
use crate::backup::reset::{Gathered, Resetting, digest, goes, own_schemas, reset};
use crate::domain::explain::Class;
use crate::guards::Deed;
use crate::ledger::Actor;
use crate::migrate::Picture;
use crate::project::Migration;

/// Empty the database, and make its schema anew by the present migrations
///
/// No data is kept in the database. A proved backup is made first, and the command that brings everything back is
/// printed. On PostgreSQL wipe, migrations, checks and records are one transaction; on SQLite the new content is built
/// and checked beside, and copied into the file in one transaction. What fails leaves the old content in place, whole.
/// Checked are: the schema is what the migrations make, the probes come out as they should, and the verify_*.sql pass.
///
/// It is never done on a protected database, nor on one without a marker. It takes the database's name, typed on a
/// terminal, or the token that `--plan` gives: good once, for 15 minutes, for this database and this plan.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  manage reset --plan                          what goes, what stays, what is prepared, and a token
  manage reset --confirm 3f9ac07d12e84b56a1f0
  manage reset                                 on a terminal: shows the plan, asks for the database's name")]
pub struct Args {
    /// Only show what would be done, and give a token
    #[arg(long, conflicts_with = "confirm")]
    plan: bool,

    /// The file for the backup [default: backups/NAME-before-reset-TIME.sqlite, or .dump for PostgreSQL]
    #[arg(long, value_name = "PATH", conflicts_with = "no_backup")]
    backup: Option<PathBuf>,

    /// Make no backup of the present content first
    #[arg(long, requires = "reason")]
    no_backup: bool,

    /// Why, for the record
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,

    /// The token of a plan
    #[arg(long, value_name = "TOKEN")]
    confirm: Option<String>,

    /// How long to wait for another run, and for other programs' locks: 30s, 5m; 0 does not wait
    #[arg(long, value_name = "TIME", default_value = "30s", value_parser = words::parse_duration)]
    lock_timeout: Duration,
}

/// Runs the command.
///
/// # Errors
/// When the guards forbid it, somebody is in the way, the migrations do not run, a check fails or the database refuses.
/// The old content is in place then.
pub fn run(context: &mut Context, args: &Args) -> Result<Exit, Failure> {
    let chosen = context.choose()?;
    let files = context.migrations(&chosen)?;
    let now = Utc::now();
    let Some(mut reached) = context.reach_if_made(&chosen, Access::Write, "reset")? else {
        context.screen.heading(&unborn_title(&chosen.url));
        context.screen.line("nothing is there to be reset; make it: manage migrate");
        return Ok(Exit::Ok);
    };
    let title = reached.title();
    context.screen.heading(&title);
    if files.is_empty() {
        return Err(Failure::new(
            Class::Usage,
            "there are no migrations that would make the schema anew",
            "manage new migration NAME",
        ));
    }
    forbidden(context, &reached)?;
    let checks = Checks::read(&chosen, now.naive_utc())?;
    half_way(&mut reached, &files)?;
    let mut in_the_way = in_the_way(&mut reached)?;
    // Who has just gone may still be seen for a moment.
    for _ in 0..10 {
        if args.plan || in_the_way.is_empty() {
            break;
        }
        std::thread::sleep(Duration::from_millis(100));
        in_the_way = self::in_the_way(&mut reached)?;
    }
    if let (Some(first), false) = (in_the_way.first(), args.plan) {
        return Err(refused_for(&reached.identity.name, first, &in_the_way));
    }
    let path = match &args.backup {
        Some(path) => context.folder.join(path),
        None => backup::default_path(&chosen, &reached.identity.name, "before-reset-", now),
    };
    let wanted = (!args.no_backup).then_some(path.as_path());
    let (gathered, made) = gather::gather(context, &chosen, &mut reached, &files, wanted)?;
    show::plan(context, &gathered, &in_the_way);
    let digest = digest(&gathered);
    if args.plan {
        let token = token::give(context, &mut reached, &digest, now)?;
        let given = show::Given { backup: args.backup.as_deref(), no_backup: args.no_backup, reason: args.reason.as_deref() };
        show::token(context, &token, &given);
        return Ok(Exit::Ok);
    }
    match &args.confirm {
        Some(token) => token::take(context, &mut reached, token, &digest, now)?,
        None => consent::obtain(context, &reached, Deed::Reset, &effect(&reached, &gathered))?,
    }
    let begun = Instant::now();
    if let Some(path) = wanted {
        let taken = backup::of(context, &chosen, &mut reached.session, path, now)?;
        context.screen.facts.insert("before".to_owned(), backup::facts(context, &taken));
        backup::report(context, &taken, begun.elapsed());
    }
    let probes = made.iter().map(|one| one.probes.len()).sum();
    let tries = Tries { probes: &made, checks: &checks };
    let (rights, note) = apply(context, &chosen, reached, args, &files, &gathered, &tries, wanted, now)?;
    after::report(
        context,
        &chosen,
        &gathered,
        &after::Report { rights, probes, checks: checks.count(), before: wanted, took: begun.elapsed(), note: &note },
    );
    Ok(Exit::Ok)
}

/// What the table says of this database, before anything is looked at.
fn forbidden(context: &mut Context, reached: &Reached) -> Result<(), Failure> {
    match crate::guards::consent(Deed::Reset, reached.standing) {
        crate::guards::Consent::Never => consent::obtain(context, reached, Deed::Reset, ""),
        _ => Ok(()),
    }
}

/// What is half-way has to come to its end first: nobody could say afterwards what became of it.
fn half_way(reached: &mut Reached, files: &[Migration]) -> Result<(), Failure> {
    let picture = Picture::gather(&mut reached.session, files)?;
    match picture.unfinished.first() {
        None => Ok(()),
        Some((version, _)) => Err(Failure::new(
            Class::Refused,
            format!("{version} stopped half-way, and its run is not finished"),
            "bring it to its end with manage migrate, or decide it with manage repair",
        )),
    }
}

/// Who or what has the database open, or hangs on it.
fn in_the_way(reached: &mut Reached) -> Result<Vec<String>, Failure> {
    let said = |obstacle| match obstacle {
        Obstacle::Attached(what) => format!("it has {what}"),
        Obstacle::Connected(who) => format!("{who} is connected"),
    };
    let mut all: Vec<String> = reached.session.obstacles()?.into_iter().map(said).collect();
    all.extend(reached.session.open_elsewhere().into_iter().map(|who| format!("{who} has the file open")));
    Ok(all)
}

fn refused_for(name: &str, first: &str, all: &[String]) -> Failure {
    let more = if all.len() > 1 { format!(", and {} more", all.len() - 1) } else { String::new() };
    Failure::new(
        Class::Refused,
        format!("{name} is in use: {first}{more}"),
        "stop the application and what else is connected, drop what hangs on it; manage reset --plan lists all",
    )
}

fn effect(reached: &Reached, gathered: &Gathered) -> String {
    let lines = goes(gathered);
    let rows = lines.iter().find_map(|line| line.rows).unwrap_or_default();
    format!(
        "This takes {} away from {}.",
        words::count(usize::try_from(rows).unwrap_or(usize::MAX), "row"),
        reached.identity.name
    )
}

/// What is tried on the new content before it counts.
struct Tries<'a> {
    probes: &'a gather::Probes,
    checks: &'a Checks,
}

#[allow(clippy::too_many_arguments)]
fn apply(
    context: &mut Context,
    chosen: &Chosen,
    reached: Reached,
    args: &Args,
    files: &[Migration],
    gathered: &Gathered,
    tries: &Tries<'_>,
    before: Option<&Path>,
    now: DateTime<Utc>,
) -> Result<(usize, crate::ledger::Note), Failure> {
    let (actor, what): (Actor, String) = (context.actor(), context.what("reset"));
    let run = now.format("%Y%m%dt%H%M%S%3fz").to_string();
    let folder = match &reached.identity.location {
        Location::File(path) => path.parent().unwrap_or(Path::new(".")).to_owned(),
        _ => std::env::temp_dir(),
    };
    let own = own_schemas(&gathered.default_schema, &gathered.made);
    let migrations: Vec<String> = gathered.migrations.iter().map(|(name, _)| name.clone()).collect();
    let wanted = Resetting {
        run: &run,
        folder: &folder,
        what: &what,
        actor: &actor,
        own: &own,
        made: &gathered.made.namespaces,
        migrations: &migrations,
        before,
        reason: args.reason.as_deref(),
    };
    let said = after::said(context, gathered, before, args.reason.as_deref(), &run);
    context.screen.facts.insert("run".to_owned(), json!(run));
    let person = context.person();
    let patience = running::patience(chosen);
    let (marker, session) = (reached.marker, reached.session);
    let (done, note) = backup::with_job(context, chosen, session, args.lock_timeout, |session, job| {
        let stop = job.stop;
        let mut work = work::Steps {
            files,
            gathered,
            own: &own,
            probes: tries.probes,
            checks: tries.checks,
            actor: &actor,
            person: person.as_deref(),
            what: &what,
            patience,
            stop,
            said: &said,
            marker: marker.as_deref(),
            note: None,
        };
        let done = reset::<Failure>(session, &wanted, &mut work, job)?;
        Ok((done, work.note))
    })?;
    let note = note.ok_or_else(|| Failure::new(Class::CouldNotRun, "it is done, but its note is missing", "manage notes add"))?;
    Ok((done.rights, note))
}

/// `✓` or `✗`
fn mark(context: &Context, good: bool) -> String {
    if good { context.screen.paint.on(Style::Good, "✓") } else { context.screen.paint.on(Style::Bad, "✗") }.to_string()
}

/// A path, as it is shown.
fn path_text(context: &Context, path: &Path) -> String {
    shown(path, &context.folder)
}
