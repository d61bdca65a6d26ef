//! `manage schema check`

use std::path::Path;

use serde_json::{Value, json};

use super::print::SchemaRs;
use super::replay::Replay;
use crate::backend::{Access, Full};
use crate::cli::context::{Context, shown, unborn_title};
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::output::paint::Style;
use crate::cli::output::words;
use crate::cli::running;
use crate::domain::explain::Class;
use crate::domain::schema::Schema;
use crate::migrate::{Picture, ProblemKind};
use crate::project::Migration;
use crate::schema::{Drift, DriftKind, compare, same_but_for_layout, written_for};

const MIGRATIONS: &str = "the migrations";
const LIVE: &str = "the live database";

/// Compare the live database, the migrations and schema.rs
///
/// The applied migrations are run again in a scratch database, a temporary file or a database on the same server,
/// which is dropped afterwards. What the live database has otherwise is listed, and so is a schema.rs, named by
/// diesel.toml, that is not what the migrations make. Exits with 5 when there is a difference. The live database is
/// only read.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  manage schema check
  manage schema check --json | jq '.drift'
  manage schema check --env production      the role needs CREATEDB on that server")]
pub struct Args {}

/// Runs the command.
///
/// # Errors
/// As the documentation of the command says.
pub fn run(context: &mut Context, _args: &Args) -> Result<Exit, Failure> {
    let chosen = context.choose()?;
    let schemas = SchemaRs::all(&chosen.project)?;
    let files = context.migrations(&chosen)?;
    let (title, live, picture) = match context.reach_if_made(&chosen, Access::Read, "schema check")? {
        None => (unborn_title(&chosen.url), Schema::empty(chosen.url.engine()), Picture::unborn(&files)),
        Some(mut reached) => {
            let picture = Picture::gather(&mut reached.session, &files)?;
            (reached.title(), reached.session.introspect()?, picture)
        }
    };
    context.screen.heading(&format!("{title} · {}", running::counts(&picture)));
    let applied: Vec<Migration> = files.iter().filter(|file| picture.is_applied(&file.version)).cloned().collect();

    let mut replay = Replay::begin(context, &chosen)?;
    let replayed = replay.run(context, &applied)?;
    let mut found = without_files(&picture);
    found.extend(compare(&replayed, &live));
    for one in &schemas {
        let Some(file) = &one.settings.file else { continue };
        let there = read(file)?;
        // A project whose migrations run on both databases has one schema.rs, made on one of them.
        if let Some(engine) = there.as_deref().and_then(written_for).filter(|engine| *engine != replayed.engine) {
            let file = shown(file, &context.folder);
            context.screen.talk(&format!("{file} holds the types of {engine}, so it is not compared"));
            continue;
        }
        let matches = |schema: &Schema| -> Result<bool, Failure> {
            let text = one.text(schema)?;
            Ok(there.as_ref().is_some_and(|there| same_but_for_layout(there, &text)))
        };
        // A schema.rs that is ahead, with what is pending, is in order too.
        if matches(&replayed)? || (applied.len() < files.len() && matches(&replay.run(context, &files)?)?) {
            continue;
        }
        let kind = if there.is_some() { DriftKind::Changed } else { DriftKind::Missing };
        let object = shown(file, &context.folder);
        found.push(Drift { kind, object, of: Some("text"), expected: Some(one.text(&replayed)?), found: there });
    }
    replay.end()?;

    tell(context, &picture, &found);
    Ok(if found.is_empty() { Exit::Ok } else { Exit::Conflict })
}

/// Applied migrations that cannot be run again, since no file has them.
fn without_files(picture: &Picture<'_>) -> Vec<Drift> {
    let gone = picture.problems().into_iter().filter(|problem| problem.kind == ProblemKind::Missing);
    gone.map(|problem| {
        let object = format!("migration {} {}", problem.version, problem.name).trim_end().to_owned();
        Drift { kind: DriftKind::Extra, object, of: None, expected: None, found: Some("applied".to_owned()) }
    })
    .collect()
}

fn read(file: &Path) -> Result<Option<String>, Failure> {
    match std::fs::read_to_string(file) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(Failure::new(
            Class::CouldNotRun,
            format!("cannot read {}: {error}", file.display()),
            "check `file` of [print_schema] in diesel.toml, and who may read it",
        )),
    }
}

fn tell(context: &mut Context, picture: &Picture<'_>, found: &[Drift]) {
    let fact = |drift: &Drift| {
        json!({
            "kind": drift.kind.word(),
            "object": drift.object,
            "of": drift.of,
            "expected": drift.expected,
            "found": drift.found,
            "message": message(drift),
        })
    };
    let facts: Value = found.iter().map(fact).collect();
    let pending = picture.pending();
    context.screen.facts.insert("drift".to_owned(), facts);
    context.screen.facts.insert(
        "pending".to_owned(),
        pending.iter().map(|file| json!({ "version": file.version.as_str(), "name": file.name })).collect(),
    );
    if !pending.is_empty() {
        let count = words::count(pending.len(), "migration");
        context.screen.talk(&format!("{count} pending: compared with what the applied ones make"));
    }
    for drift in found {
        let mark = context.screen.paint.on(Style::Warn, &drift.kind.mark().to_string());
        context.screen.line(&format!("  {mark} {}", message(drift)));
        for line in drift.lines() {
            context.screen.line(format!("      {line}").trim_end());
        }
    }
    match found.len() {
        0 => context.screen.line("no drift"),
        count => context.screen.line(&words::count(count, "difference")),
    }
    if found.iter().any(|drift| drift.of == Some("text")) {
        context.screen.heading("write schema.rs anew: manage schema print --output FILE");
    }
}

/// schema.rs is a file, not an object of the live database.
fn message(drift: &Drift) -> String {
    match (drift.of, drift.kind) {
        (Some("text"), DriftKind::Missing) => format!("{} does not exist", drift.object),
        (Some("text"), _) => format!("{} is not what the migrations make", drift.object),
        _ => drift.message(MIGRATIONS, LIVE),
    }
}
