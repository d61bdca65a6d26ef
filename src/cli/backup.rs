//! `manage backup`

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use serde_json::json;

use super::context::{Chosen, Context, shown};
use super::exit::Exit;
use super::failure::Failure;
use super::noting::{self, Said};
use super::output::paint::Style;
use super::output::words;
use super::progress::Meter;
use super::signals::Interrupts;
use crate::backend::{Access, Job, Session};
use crate::backup::{Backup, Description, Taking, take};
use crate::domain::engine::Engine;
use crate::domain::explain::Class;
use crate::ledger::{Ledger, Look};
use crate::project::backup_file::{bytes, description_of};

/// Back the database up, and prove that the backup can be restored
///
/// The copy is taken in one snapshot while others go on working: by SQLite's backup API, by `pg_dump` on PostgreSQL.
/// Then it is restored into a scratch database and compared, table by table, with what was in the snapshot. Only then
/// does it get its name. What it is stands in a small file beside it, PATH.json; keep the two together.
///
/// PostgreSQL: `pg_dump` and `pg_restore` must be on the PATH, or their folder in MANAGE_PG_BIN, and not be older than
/// the server; the role must be able to make the scratch database (CREATEDB).
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  manage backup                       backups/NAME-TIME.sqlite, or .dump for PostgreSQL
  manage backup before-import.dump    in a file of your choice; nothing is overwritten")]
pub struct Args {
    /// The file [default: backups/NAME-TIME.sqlite, or .dump for PostgreSQL]
    #[arg(value_name = "PATH")]
    path: Option<PathBuf>,
}

/// Runs the command.
///
/// # Errors
/// When the database cannot be reached, read or copied, or the copy is not the same.
pub fn run(context: &mut Context, args: &Args) -> Result<Exit, Failure> {
    let chosen = context.choose()?;
    let mut reached = context.reach(&chosen, Access::Read, "backup")?;
    let title = reached.title();
    context.screen.heading(&title);
    let now = Utc::now();
    let path = match &args.path {
        Some(path) => context.folder.join(path),
        None => default_path(&chosen, &reached.identity.name, "", now),
    };
    let begun = Instant::now();
    let backup = of(context, &chosen, &mut reached.session, &path, now)?;
    context.screen.facts.insert("backup".to_owned(), facts(context, &backup));
    report(context, &backup, begun.elapsed());
    drop(reached);
    remember(context, &chosen, &backup);
    let hint = context.screen.paint.on(Style::Faint, &way_back(context, &path));
    context.screen.line(&format!("  way back: {hint}"));
    Ok(Exit::Ok)
}

/// Notes it where there is a ledger. A backup is one without its note too: who may only read can take one.
fn remember(context: &mut Context, chosen: &Chosen, backup: &Backup) {
    let description = &backup.description;
    let said = Said {
        kind: "backup".to_owned(),
        title: format!("backup in {}", shown(&backup.path, &context.folder)),
        body: Some(summary(description)),
        facts: json!({ "path": shown(&backup.path, &context.folder), "sha256": description.sha256, "size": description.size }),
        ..Said::default()
    };
    let noted =
        context.reach(chosen, Access::Write, "backup").and_then(|mut reached| match Ledger::look(&mut reached.session)? {
            Look::Present(_) => noting::write(context, chosen, &mut reached, &said).map(drop),
            Look::Absent | Look::Unreadable(_) => Ok(()),
        });
    if let Err(failure) = noted {
        context.screen.warn(&format!("the backup is made, but its note is not written: {}", failure.0));
    }
}

/// `9 tables with 1204 rows, 28.2 kB, proved; taken at …`
pub fn summary(description: &Description) -> String {
    format!(
        "{} with {}, {}, made with {}, proved by restoring it. Taken at {}.",
        words::count(description.tables.len(), "table"),
        words::count(usize::try_from(description.content().rows()).unwrap_or(usize::MAX), "row"),
        bytes(description.size),
        description.made_with,
        description.taken_at,
    )
}

/// `backups/acme-20261121T141005Z.sqlite`
pub fn default_path(chosen: &Chosen, name: &str, word: &str, now: DateTime<Utc>) -> PathBuf {
    let (name, end) = match chosen.url.engine() {
        Engine::Sqlite => (Path::new(name).file_stem().map_or(name.into(), std::ffi::OsStr::to_string_lossy), "sqlite"),
        Engine::Postgres => (name.into(), "dump"),
    };
    // What a shell or a file system could take amiss.
    let name: String = name.chars().map(|c| if c.is_alphanumeric() || "-_.".contains(c) { c } else { '_' }).collect();
    let time = now.format("%Y%m%dT%H%M%SZ");
    let folder = chosen.project.folder.join(&chosen.project.config.backup.dir);
    // Two in one second have two names.
    let more = std::iter::once(String::new()).chain((2..).map(|number| format!("-{number}")));
    let mut paths = more.map(|more| folder.join(format!("{name}-{word}{time}{more}.{end}")));
    paths.find(|path| !path.exists()).unwrap_or(folder)
}

/// Takes a backup of the database of `session`.
///
/// # Errors
/// As [`take`].
pub fn of(
    context: &mut Context,
    chosen: &Chosen,
    session: &mut Session,
    path: &Path,
    now: DateTime<Utc>,
) -> Result<Backup, Failure> {
    let actor = context.actor();
    let unique = format!("{:x}_{:x}", std::process::id(), now.timestamp_millis());
    let wanted = Taking { path, unique: &unique, actor: &actor, now };
    with_job(context, chosen, session, Duration::from_secs(30), |session, job| Ok(take(session, &wanted, job)?))
}

/// Gives work on whole databases what it needs: programs, patience, a meter, a way to be stopped.
///
/// # Errors
/// What `work` returns.
pub fn with_job<S: Stoppable, T>(
    context: &mut Context,
    chosen: &Chosen,
    mut session: S,
    patience: Duration,
    work: impl FnOnce(S, &mut Job<'_>) -> Result<T, Failure>,
) -> Result<T, Failure> {
    let programs = programs(context, chosen)?;
    let application = context.what("backup");
    let canceller = session.canceller();
    let interrupts = Interrupts::listen(move || canceller.cancel());
    let stop = || interrupts.asked();
    let variables = context.variables();
    let environment = |name: &str| variables(name);
    let opening = crate::backend::Opening {
        access: Access::Write,
        application: &application,
        environment: &environment,
        connect_timeout: Some(Duration::from_secs(10)),
    };
    let mut meter = Meter::on(&mut context.screen);
    let mut progress = |progress| meter.show(progress);
    let mut job = Job {
        url: &chosen.url,
        opening: &opening,
        programs: programs.as_deref(),
        patience,
        progress: &mut progress,
        stop: &stop,
    };
    let done = work(session, &mut job);
    meter.end();
    if interrupts.twice() {
        context.interrupted = true;
    }
    done
}

/// A session that can be broken off.
pub trait Stoppable {
    /// What breaks it off.
    fn canceller(&mut self) -> crate::backend::Canceller;
}

impl Stoppable for &mut Session {
    fn canceller(&mut self) -> crate::backend::Canceller {
        Session::canceller(self)
    }
}

impl Stoppable for Session {
    fn canceller(&mut self) -> crate::backend::Canceller {
        Session::canceller(self)
    }
}

/// The folder of PostgreSQL's programs, where somebody names it.
///
/// # Errors
/// When it is no folder.
pub fn programs(context: &Context, chosen: &Chosen) -> Result<Option<PathBuf>, Failure> {
    let named = context.variable("MANAGE_PG_BIN").filter(|folder| !folder.is_empty());
    let config = &chosen.project.config;
    let folder = match (named, &config.backup.pg_bin) {
        (Some(folder), _) => context.folder.join(folder),
        (None, Some(folder)) => {
            let variable = |name: &str| context.variable(name);
            chosen.project.folder.join(config.expand(folder, &variable)?)
        }
        (None, None) => return Ok(None),
    };
    if !folder.is_dir() {
        let message = format!("{} is no folder, so pg_dump cannot be in it", folder.display());
        return Err(Failure::new(Class::Usage, message, "correct MANAGE_PG_BIN, or pg_bin in manage.toml"));
    }
    Ok(Some(folder))
}

/// The command that brings it back.
pub fn way_back(context: &Context, path: &Path) -> String {
    let path = shown(path, &context.folder);
    let quote = if path.contains([' ', '\'', '"']) { "'" } else { "" };
    format!("manage restore {quote}{path}{quote}")
}

/// A backup, as facts.
pub fn facts(context: &Context, backup: &Backup) -> serde_json::Value {
    let description = &backup.description;
    json!({
        "path": shown(&backup.path, &context.folder),
        "description": shown(&description_of(&backup.path), &context.folder),
        "sha256": description.sha256,
        "size": description.size,
        "taken_at": description.taken_at,
        "made_with": description.made_with,
        "proved": description.proved,
        "migrations": description.migrations,
        "tables": description.tables.iter().map(|table| json!({
            "table": table.table,
            "rows": table.rows,
            "checksum": table.checksum,
        })).collect::<Vec<_>>(),
        "rows": description.content().rows(),
        "violations": backup.violations,
    })
}

/// Says what was backed up.
pub fn report(context: &mut Context, backup: &Backup, took: Duration) {
    let mark = context.screen.paint.on(Style::Good, "✓");
    let description = &backup.description;
    let path = shown(&backup.path, &context.folder);
    context.screen.line(&format!("  {mark} {path}   {} in {}", bytes(description.size), words::duration(took)));
    context.screen.line(&format!(
        "    proved by restoring it: {} with {}, the same by count and checksum",
        words::count(description.tables.len(), "table"),
        words::count(usize::try_from(description.content().rows()).unwrap_or(usize::MAX), "row"),
    ));
    if backup.violations > 0 {
        let rows = words::count(backup.violations, "row");
        context.screen.warn(&format!("{rows} point to missing ones, in the database and so in its backup: manage doctor"));
    }
}
