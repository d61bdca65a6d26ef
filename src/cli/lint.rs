//! `manage lint`

mod report;
mod round_trip;

use std::collections::HashSet;
use std::path::PathBuf;

use super::context::{Chosen, Context, unborn_title, unreachable};
use super::exit::Exit;
use super::failure::Failure;
use super::output::words;
use super::running;
use crate::backend::{Access, SqlErrorKind};
use crate::domain::engine::Engine;
use crate::domain::explain::Class;
use crate::domain::version::Version;
use crate::lint::{Input, Settings, Severity, lint, shared_files};
use crate::migrate::Picture;
use crate::project::{Migration, migrations};

/// Look for migrations that are unsafe, cannot be taken back, or mix schema and rows
///
/// Looks at the pending migrations of the chosen database, and writes nothing there. Where no database can be
/// reached all of them count as pending. A finding is agreed to with a comment that gives the reason, before the
/// statement or at the head of the file: `-- manage: allow RULE REASON`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  manage lint                             the pending migrations
  manage lint --since 20260119090000      in CI, without a database: what comes after this one
  manage lint --roundtrip                 and run each one up, down and up again on a scratch database
  manage lint --json | jq '.findings[] | select(.severity == \"error\")'")]
pub struct Args {
    /// Look at the migrations after this one, whatever is applied
    #[arg(long, value_name = "V", conflicts_with = "all")]
    since: Option<String>,

    /// Look at all migrations, whatever is applied
    #[arg(long)]
    all: bool,

    /// Exit with 1 for warnings, too
    #[arg(long)]
    strict: bool,

    /// Run every migration (with --since: the later ones) up, down and up again on a scratch database, which is
    /// dropped afterwards, and compare what is there
    #[arg(long)]
    roundtrip: bool,
}

/// What is looked at, and why.
struct Scope<'a> {
    title: String,
    migrations: Vec<&'a Migration>,
    server: Option<String>,
}

/// Runs the command.
///
/// # Errors
/// When the project is not valid, or the scratch database cannot be made.
pub fn run(context: &mut Context, args: &Args) -> Result<Exit, Failure> {
    let chosen = context.choose()?;
    let settings = Settings::of(&chosen.project.config)?;
    let files = context.migrations(&chosen)?;
    let scope = scope(context, args, &chosen, &files)?;
    let shared = shared(&chosen, &files);
    context.screen.heading(&scope.title);
    let input = Input { migrations: &scope.migrations, shared: &shared, settings: &settings, server: scope.server.as_deref() };
    let mut findings = lint(&input);
    if args.roundtrip {
        let later: Vec<Version> = match &args.since {
            Some(_) => scope.migrations.iter().map(|file| file.version.clone()).collect(),
            None => files.iter().map(|file| file.version.clone()).collect(),
        };
        let trips = round_trip::run(context, &chosen, &files, &later, &settings)?;
        report::trips(context, &trips);
        findings.extend(trips.findings);
        findings.sort_by(|a, b| a.version.cmp(&b.version));
    }
    report::findings(context, &findings, scope.migrations.len());
    let has = |severity| findings.iter().any(|finding| finding.severity == severity);
    Ok(if has(Severity::Error) || (args.strict && has(Severity::Warning)) { Exit::Check } else { Exit::Ok })
}

fn scope<'a>(context: &mut Context, args: &Args, chosen: &Chosen, files: &'a [Migration]) -> Result<Scope<'a>, Failure> {
    let engine = chosen.url.engine();
    if let Some(since) = &args.since {
        let version = Picture::unborn(files).asked(since);
        if !files.iter().any(|file| file.version == version) {
            let hint = "manage status lists all migrations";
            return Err(Failure::new(Class::Usage, format!("there is no migration `{since}`"), hint));
        }
        let migrations: Vec<_> = files.iter().filter(|file| file.version > version).collect();
        let title = format!("{} after {version}, for {engine}", words::count(migrations.len(), "migration"));
        return Ok(Scope { title, migrations, server: None });
    }
    let all = |title: String| Scope { title, migrations: files.iter().collect(), server: None };
    if args.all {
        return Ok(all(format!("all {}, for {engine}", words::count(files.len(), "migration"))));
    }
    let unborn = || format!("{} · {}", unborn_title(&chosen.url), running::counts(&Picture::unborn(files)));
    match context.open(&chosen.url, Access::Read, "lint").map(drop) {
        Ok(()) => {}
        Err(error) if error.kind == SqlErrorKind::NoDatabase => {
            all_are_new(context, files.len());
            return Ok(all(unborn()));
        }
        Err(error) if error.kind == SqlErrorKind::Connection => {
            context.screen.warn(&format!("the database is not reached, so all migrations count as pending: {error}"));
            all_are_new(context, files.len());
            return Ok(all(unborn().replace("not made yet", "not reached")));
        }
        Err(error) => return Err(unreachable(error, &chosen.url).into()),
    }
    let mut reached = context.reach(chosen, Access::Read, "lint")?;
    let picture = Picture::gather(&mut reached.session, files)?;
    if picture.applied.is_empty() {
        all_are_new(context, files.len());
    }
    let title = format!("{} · {}", reached.title(), running::counts(&picture));
    Ok(Scope { title, migrations: picture.pending(), server: Some(reached.identity.version.clone()) })
}

/// What a person has to know who expects more findings.
fn all_are_new(context: &mut Context, count: usize) {
    if count > 1 {
        context.screen.talk(
            "nothing is applied, so tables that earlier migrations make count as new; to look at later ones as if these had run: --since V",
        );
    }
}

/// The files that both databases run, where the project has files for one of them.
fn shared(chosen: &Chosen, files: &[Migration]) -> HashSet<PathBuf> {
    let other = match chosen.url.engine() {
        Engine::Sqlite => Engine::Postgres,
        Engine::Postgres => Engine::Sqlite,
    };
    // A folder that the other database cannot read is not for it.
    migrations::load_as(&chosen.project.migrations_folder(), other, &chosen.project.config.migrations)
        .map(|others| shared_files(files, &others))
        .unwrap_or_default()
}
