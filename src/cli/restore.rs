//! `manage restore`

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use serde_json::json;

use super::backup::{self, way_back};
use super::consent;
use super::context::{Chosen, Context, Reached, shown, unborn_title};
use super::exit::Exit;
use super::failure::Failure;
use super::noting::{self, Said};
use super::output::paint::Style;
use super::output::words;
use crate::backend::{Access, Location, Obstacle};
use crate::backup::{Belongs, Description, Restored, Restoring, belongs, read, restore, unchanged};
use crate::domain::explain::Class;
use crate::guards::{Consent, Deed};
use crate::project::backup_file::bytes;

/// Put a backup in the place of what is in the database
///
/// Everything that was written since the backup goes; so a proved backup of the present content is made first, and the
/// command that brings it back is printed. The new content is built and checked beside the old one. On SQLite it is
/// copied into the file in one transaction: who has the file open sees the old content or the new one. On PostgreSQL
/// it is a new database, and both are renamed in one transaction; the old one is kept until you drop it.
///
/// Stop the application first: what it writes between the backup of the present content and the end of the restore is
/// only in the database that is kept, or lost.
///
/// Notes and the log of migrations that are newer than the backup are carried over, marked as superseded.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  manage restore backups/shop-20261121T141005Z.sqlite
  manage restore last-night.dump --no-backup --reason 'the disk is full'")]
pub struct Args {
    /// The backup; PATH.json must lie beside it
    #[arg(value_name = "PATH")]
    path: PathBuf,

    /// Make no backup of the present content first
    #[arg(long, requires = "reason")]
    no_backup: bool,

    /// Why, for the record
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,

    /// PostgreSQL: end other sessions that are connected to the database
    #[arg(long)]
    terminate: bool,

    /// How long to wait for another run, and for other programs' locks: 30s, 5m; 0 does not wait
    #[arg(long, value_name = "TIME", default_value = "30s", value_parser = words::parse_duration)]
    lock_timeout: Duration,
}

/// Runs the command.
///
/// # Errors
/// When the backup or the guards forbid it, somebody is in the way, or the database refuses. The old content is in
/// place then.
pub fn run(context: &mut Context, args: &Args) -> Result<Exit, Failure> {
    let chosen = context.choose()?;
    let path = context.folder.join(&args.path);
    let description = read(&path, chosen.url.engine())?;
    let begun = Instant::now();
    let now = Utc::now();
    let Some(mut reached) = context.reach_if_made(&chosen, Access::Write, "restore")? else {
        return into_nothing(context, &chosen, args, &path, &description, now);
    };
    let title = reached.title();
    context.screen.heading(&title);
    unchanged(&path, &description)?;
    allowed(context, &mut reached, args, &path, &description)?;
    let before = match args.no_backup {
        true => None,
        false => Some(present(context, &chosen, &mut reached, now)?),
    };
    let restored = put(context, &chosen, reached, args, &path, &description, before.as_deref(), now)?;
    report(context, &path, &description, &restored, before.as_deref(), begun.elapsed());
    remember(context, &chosen, args, &path, &description, &restored, before.as_deref())?;
    Ok(Exit::Ok)
}

/// A file that is not there: there is nothing to lose, and nothing to ask.
fn into_nothing(
    context: &mut Context,
    chosen: &Chosen,
    args: &Args,
    path: &Path,
    description: &Description,
    now: DateTime<Utc>,
) -> Result<Exit, Failure> {
    let begun = Instant::now();
    context.screen.heading(&unborn_title(&chosen.url));
    unchanged(path, description)?;
    let reached = context.reach(chosen, Access::Create, "restore")?;
    let restored = put(context, chosen, reached, args, path, description, None, now)?;
    report(context, path, description, &restored, None, begun.elapsed());
    remember(context, chosen, args, path, description, &restored, None)?;
    Ok(Exit::Ok)
}

/// Whether it may be done: by the backup's own word, by what hangs on the database, by the person.
fn allowed(
    context: &mut Context,
    reached: &mut Reached,
    args: &Args,
    path: &Path,
    description: &Description,
) -> Result<(), Failure> {
    let name = reached.identity.name.clone();
    let mut effect = format!(
        "This puts {} ({} of {}, {}) in the place of what is in {name} now.",
        shown(path, &context.folder),
        bytes(description.size),
        description.taken_at,
        words::count(usize::try_from(description.content().rows()).unwrap_or(usize::MAX), "row"),
    );
    let mut needed = crate::guards::consent(Deed::Restore, reached.standing);
    match belongs(&description.database, &reached.identity.binding) {
        Belongs::Yes => {}
        Belongs::MadeAnew(part) => {
            context.screen.talk(&format!("  the database was made anew since this backup was taken: its {part} is another"));
        }
        Belongs::Another(part, then, here) => {
            let origin = &description.database.name;
            effect.push_str(&format!("\nIt is a backup of another database, {origin}: {part} {then}, here {here}."));
            context
                .screen
                .facts
                .insert("backup_of".to_owned(), json!({ "name": origin, "part": part, "then": then, "here": here }));
            if needed != Consent::Never {
                needed = Consent::AskByName;
            }
            if !consent::can_ask(context) {
                return Err(Failure::new(
                    Class::Refused,
                    format!(
                        "{} is a backup of another database, {origin}: {part} {then}, here {here}",
                        shown(path, &context.folder)
                    ),
                    format!("choose that one, or type the name of {name} on a terminal; --yes does not replace the name"),
                ));
            }
        }
    }
    obstacles(reached, args)?;
    consent::obtain_as(context, reached, Deed::Restore, needed, &effect)
}

/// How long others may take to leave before they are in the way.
const LEAVING: Duration = Duration::from_millis(800);

fn obstacles(reached: &mut Reached, args: &Args) -> Result<(), Failure> {
    let name = reached.identity.name.clone();
    let (mut attached, mut connected);
    let begun = Instant::now();
    loop {
        (attached, connected) = (Vec::new(), Vec::new());
        for obstacle in reached.session.obstacles()? {
            match obstacle {
                Obstacle::Attached(what) => attached.push(what),
                Obstacle::Connected(who) => connected.push(who),
            }
        }
        // A session that has just said goodbye is seen for a moment.
        if connected.is_empty() || args.terminate || begun.elapsed() > LEAVING {
            break;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    if !attached.is_empty() {
        return Err(Failure::new(
            Class::Refused,
            format!("{name} has what a restore would break: {}", attached.join(", ")),
            "drop it first, and make it anew afterwards",
        ));
    }
    if !connected.is_empty() && !args.terminate {
        return Err(Failure::new(
            Class::Refused,
            format!("{} connected to {name}: {}", words::count(connected.len(), "other session"), connected.join(", ")),
            "stop them first; --terminate ends them",
        ));
    }
    Ok(())
}

/// The way back.
fn present(context: &mut Context, chosen: &Chosen, reached: &mut Reached, now: DateTime<Utc>) -> Result<PathBuf, Failure> {
    let path = backup::default_path(chosen, &reached.identity.name, "before-restore-", now);
    let begun = Instant::now();
    let backup = backup::of(context, chosen, &mut reached.session, &path, now)?;
    context.screen.facts.insert("before".to_owned(), backup::facts(context, &backup));
    backup::report(context, &backup, begun.elapsed());
    Ok(path)
}

#[allow(clippy::too_many_arguments)]
fn put(
    context: &mut Context,
    chosen: &Chosen,
    reached: Reached,
    args: &Args,
    path: &Path,
    description: &Description,
    before: Option<&Path>,
    now: DateTime<Utc>,
) -> Result<Restored, Failure> {
    let (actor, what) = (context.actor(), context.what("restore"));
    let run = now.format("%Y%m%dt%H%M%S%3fz").to_string();
    let folder = match &reached.identity.location {
        Location::File(path) => path.parent().unwrap_or(Path::new(".")).to_owned(),
        _ => std::env::temp_dir(),
    };
    let stamp = context.stamp(chosen, &reached.identity.location);
    let wanted = Restoring {
        path,
        description,
        run: &run,
        folder: &folder,
        what: &what,
        actor: &actor,
        before,
        reason: args.reason.as_deref(),
        stamp: stamp.as_deref(),
        terminate: args.terminate,
    };
    context.screen.facts.insert("run".to_owned(), run.as_str().into());
    backup::with_job(context, chosen, reached.session, args.lock_timeout, |session, job| Ok(restore(session, &wanted, job)?))
}

/// The note, in the content that is there now.
fn remember(
    context: &mut Context,
    chosen: &Chosen,
    args: &Args,
    path: &Path,
    description: &Description,
    restored: &Restored,
    before: Option<&Path>,
) -> Result<(), Failure> {
    let mut body = format!("The content is that of {}: {}", shown(path, &context.folder), backup::summary(description));
    match before {
        Some(before) => body.push_str(&format!("\n\nThe content of before: `{}`", way_back(context, before))),
        None => body.push_str("\n\nNo backup was made of the content of before."),
    }
    let mut open = Vec::new();
    if let Some(kept) = &restored.kept {
        body.push_str(&format!("\n\nThe old database is kept as {kept}."));
        open.push(format!("drop the database {kept}"));
    }
    let said = Said {
        kind: "restore".to_owned(),
        title: format!("restored from {}", shown(path, &context.folder)),
        reason: args.reason.clone(),
        body: Some(body),
        facts: json!({
            "backup": shown(path, &context.folder),
            "sha256": description.sha256,
            "before": before.map(|path| shown(path, &context.folder)),
            "kept": restored.kept,
        }),
        open,
        ..Said::default()
    };
    let mut reached = context.reach(chosen, Access::Write, "restore")?;
    noting::write_after(context, chosen, &mut reached, &said)
}

fn report(
    context: &mut Context,
    path: &Path,
    description: &Description,
    restored: &Restored,
    before: Option<&Path>,
    took: Duration,
) {
    let mark = context.screen.paint.on(Style::Good, "✓");
    let back = before.map(|path| way_back(context, path));
    let shown = shown(path, &context.folder);
    let Restored { kept, carried } = restored;
    let drop = kept.as_ref().map(|kept| format!("DROP DATABASE \"{}\";", kept.replace('"', "\"\"")));
    context.screen.facts.insert(
        "restored".to_owned(),
        json!({
            "from": shown,
            "taken_at": description.taken_at,
            "rows": description.content().rows(),
            "kept": kept,
            "way_back": back,
            "carried_over": { "log": carried.log, "notes": carried.notes, "restores": carried.restores },
        }),
    );
    let rows = words::count(usize::try_from(description.content().rows()).unwrap_or(usize::MAX), "row");
    context.screen.line(&format!(
        "  {mark} restored from {shown}, taken at {}: {} with {rows}   {}",
        description.taken_at,
        words::count(description.tables.len(), "table"),
        words::duration(took)
    ));
    let newer = carried.log + carried.notes;
    if newer > 0 {
        let rows = words::count(newer, "newer row");
        context.screen.line(&format!("    {rows} of log and notes carried over as superseded"));
    }
    if let (Some(kept), Some(drop)) = (kept, drop) {
        context.screen.line(&format!("    the old database is kept as {kept}; when you need it no more: {drop}"));
    }
    if let Some(back) = back {
        let back = context.screen.paint.on(Style::Faint, &back);
        context.screen.line(&format!("  way back: {back}"));
    }
}
