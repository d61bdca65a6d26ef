//! `manage baseline squash`

use chrono::Utc;
use serde_json::{Value, json};

use super::proof::{self, Made};
use crate::backend::{Access, Full};
use crate::cli::context::{Chosen, Context, shown, unborn_title};
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::output::paint::Style;
use crate::cli::output::words;
use crate::cli::schema::replay::Replay;
use crate::cli::{adopt, running};
use crate::domain::database_url::DatabaseUrl;
use crate::domain::engine::Engine;
use crate::domain::explain::{Class, Explain};
use crate::domain::version::Version;
use crate::migrate::Picture;
use crate::project::Migration;
use crate::project::config::Layout;
use crate::project::migrations::baseline::{self, Baseline, Squashed};
use crate::project::migrations::slug;
use crate::schema::compare;

/// Put one migration in place of all that there are
///
/// The migrations are run on a scratch database; the schema that they make becomes one migration, which is proved on
/// another scratch database: it makes the same schema, and up, down, up leaves no trace. The old files move to
/// migrations/archive. The live database is only read: it must be what the migrations make. A database that has run
/// the old migrations gets the baseline recorded by the next `manage migrate`, after a comparison; an empty one runs it.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  manage baseline squash
  manage baseline squash --name fresh_start
  manage baseline squash --with-data plans,countries      their rows become part of it
  manage baseline squash --also env:STAGING_URL           one for SQLite and one for PostgreSQL")]
pub struct Args {
    /// Its name
    #[arg(long, value_name = "NAME", default_value = "baseline")]
    name: String,

    /// Tables whose rows, as the migrations put them in, become part of it
    #[arg(long, value_name = "TABLE", value_delimiter = ',')]
    with_data: Vec<String>,

    /// A database of the other kind, URL or env:NAME: writes up.sqlite.sql and up.postgres.sql
    #[arg(long, value_name = "URL")]
    also: Option<String>,
}

/// Runs the command.
///
/// # Errors
/// As the documentation of the command says.
pub fn run(context: &mut Context, args: &Args) -> Result<Exit, Failure> {
    let chosen = context.choose()?;
    let folder = chosen.project.migrations_folder();
    if baseline::is_half_way(&folder) {
        let done = baseline::finish(&folder)?;
        context.screen.heading("a squash that was broken off is brought to its end");
        tell_files(context, &done);
        return Ok(Exit::Ok);
    }
    let name = slug(&args.name);
    if name.is_empty() {
        return Err(Failure::new(Class::Usage, format!("--name {}: nothing is left of this name", args.name), "use letters"));
    }
    let files = context.migrations(&chosen)?;
    if files.is_empty() {
        return Err(Failure::new(Class::Usage, "there are no migrations to squash", "manage new migration NAME makes the first"));
    }
    if files[0].layout() == Layout::Numbered {
        return Err(Failure::new(
            Class::Usage,
            "the numbered layout begins at 001 and has no gaps, so a baseline has no number",
            "write the schema of manage schema dump as 001 of a new folder",
        ));
    }
    let mut databases = vec![chosen];
    if let Some(also) = &args.also {
        databases.push(other(context, &databases[0], also)?);
    } else {
        refuse_half_of_a_project(&databases[0], &files)?;
    }

    let mut all = Vec::new();
    for chosen in &databases {
        let files = context.migrations(chosen)?;
        compare_with_live(context, chosen, &files)?;
        context.screen.talk(&format!("  running {} on a scratch database", words::count(files.len(), "migration")));
        all.push(proof::make(context, chosen, &files, &args.with_data)?);
    }
    let refinery = files[0].layout() == Layout::Refinery;
    if refinery && all.len() > 1 {
        return Err(Failure::new(
            Class::Usage,
            "refinery's layout has one file for both databases, and theirs differ",
            "leave --also out, or squash each in a folder of its own",
        ));
    }
    let stamp = baseline::next_version(&folder, &files, Utc::now().naive_utc())?;
    let version = if refinery {
        stamp.parse().map_or_else(|_| Version::stored(&stamp), Version::numbered)
    } else {
        Version::of_directory(&stamp)
    };
    for (chosen, made) in databases.iter().zip(&all) {
        proof::prove(context, chosen, made, version.clone(), files[0].keeper.clone())?;
        let trip = if refinery { "" } else { ", and up, down, up leaves no trace" };
        context.screen.talk(&format!("  proved on {}: it makes the same schema{trip}", made.text.engine));
    }
    let texts: Vec<_> = all.iter().map(|made| made.text.clone()).collect();
    let done = baseline::squash(&folder, &files, &Baseline { name: &name, stamp: &stamp, texts: &texts })?;

    context.screen.facts.insert("version".to_owned(), version.as_str().into());
    context.screen.facts.insert("name".to_owned(), name.as_str().into());
    let mark = context.screen.paint.on(Style::Good, "✓");
    let count = words::count(files.len(), "migration");
    context.screen.line(&format!("{mark} baseline {version} {name} in place of {count}"));
    tell_files(context, &done);
    tell_rows(context, &all[0]);
    tell_beside(context, &all);
    context.screen.heading(
        "Next: manage migrate. A database that has run the old ones gets it recorded after a comparison; an empty one runs it.",
    );
    Ok(Exit::Ok)
}

/// The same project on the other kind of database.
fn other(context: &Context, chosen: &Chosen, also: &str) -> Result<Chosen, Failure> {
    let url = DatabaseUrl::parse(&context.named_database(also)?)?.relative_to(&chosen.project.folder);
    if url.engine() == chosen.url.engine() {
        return Err(Failure::new(
            Class::Usage,
            format!("--also is for a database of the other kind, and both are {}", url.engine()),
            "leave it out, or name the other one",
        ));
    }
    Ok(Chosen { project: chosen.project.clone(), url, environment: None })
}

/// Migrations that differ by database would be lost for the other one.
fn refuse_half_of_a_project(chosen: &Chosen, files: &[Migration]) -> Result<(), Failure> {
    let other = match chosen.url.engine() {
        Engine::Sqlite => Engine::Postgres,
        Engine::Postgres => Engine::Sqlite,
    };
    let variant = files.iter().map(|file| file.folder.join(format!("up.{}.sql", other.word()))).find(|file| file.is_file());
    match variant {
        None => Ok(()),
        Some(file) => Err(Failure::new(
            Class::Usage,
            format!("these migrations run on {other}, too: {}", file.display()),
            "name a database of that kind: --also URL",
        )),
    }
}

/// What the live database has otherwise would be lost without a word.
fn compare_with_live(context: &mut Context, chosen: &Chosen, files: &[Migration]) -> Result<(), Failure> {
    let Some(mut reached) = context.reach_if_made(chosen, Access::Read, "baseline squash")? else {
        context.screen.heading(&format!("{} · nothing to compare with", unborn_title(&chosen.url)));
        return Ok(());
    };
    let picture = Picture::gather(&mut reached.session, files)?;
    context.screen.heading(&format!("{} · {}", reached.title(), running::counts(&picture)));
    let live = reached.session.introspect()?;
    if picture.applied.is_empty() && live.tables.is_empty() && live.views.is_empty() {
        context.screen.talk("  the live database is empty: nothing to compare with");
        return Ok(());
    }
    let problems = picture.problems();
    let pending = picture.pending().len();
    if pending > 0 || !problems.is_empty() {
        let lines = problems.iter().map(|problem| format!("! {}", problem.message())).collect();
        return Err(NotThere { pending, lines }.into());
    }
    let mut replay = Replay::begin(context, chosen)?;
    let replayed = replay.run(context, files);
    let ended = replay.end();
    let replayed = replayed?;
    ended?;
    let drift = compare(&replayed, &live);
    let drift = drift.iter().filter(|drift| adopt::matters(drift, files));
    let lines: Vec<String> =
        drift.map(|drift| format!("{} {}", drift.kind.mark(), drift.message("the migrations", "the live database"))).collect();
    context.screen.facts.insert("differences".to_owned(), json!(lines));
    if lines.is_empty() {
        context.screen.talk("  the live schema is what the migrations make");
        return Ok(());
    }
    Err(Drifted(lines).into())
}

fn tell_files(context: &mut Context, done: &Squashed) {
    let folder = context.folder.clone();
    let list = |files: &[std::path::PathBuf]| files.iter().map(|file| shown(file, &folder)).collect::<Vec<_>>();
    let (files, archived) = (list(&done.files), list(&done.archived));
    for file in &files {
        context.screen.line(&format!("    {file}"));
    }
    let place = done.archived.first().and_then(|file| file.parent()).map(|place| shown(place, &folder));
    context.screen.line(&format!("    {} moved to {}", words::count(archived.len(), "migration"), place.unwrap_or_default()));
    context.screen.facts.insert("files".to_owned(), json!(files));
    context.screen.facts.insert("archived".to_owned(), json!(archived));
}

fn tell_rows(context: &mut Context, made: &Made) {
    let fact = |rows: &[(String, i64)]| -> Value {
        rows.iter().map(|(table, count)| json!({ "table": table, "rows": count })).collect()
    };
    context.screen.facts.insert("rows_kept".to_owned(), fact(&made.kept));
    context.screen.facts.insert("rows_left_out".to_owned(), fact(&made.left));
    let rows = |count: i64| words::count(usize::try_from(count).unwrap_or_default(), "row");
    for (table, count) in &made.kept {
        context.screen.line(&format!("    with {} of {table}", rows(*count)));
    }
    for (table, count) in &made.left {
        let text = format!("not in it: {} that migrations put into {table}; --with-data {table} takes them in", rows(*count));
        context.screen.warn(&text);
    }
}

fn tell_beside(context: &mut Context, all: &[Made]) {
    let beside: Vec<&String> = all.iter().flat_map(|made| &made.beside).collect();
    context.screen.facts.insert("left_out".to_owned(), json!(beside));
    for line in beside {
        context.screen.warn(&format!("not in it: {line}; a migration behind it can set it"));
    }
}

/// A live database that has not run everything, or has a history that does not fit.
#[derive(Debug, thiserror::Error)]
#[error("the live database is not where the migrations are: {}", words::count(*.pending, "pending migration"))]
struct NotThere {
    pending: usize,
    lines: Vec<String>,
}

impl Explain for NotThere {
    fn class(&self) -> Class {
        Class::Conflict
    }

    fn hint(&self) -> Option<String> {
        Some("manage status shows it; run manage migrate first, or choose an empty database with --database".to_owned())
    }

    fn details(&self) -> Vec<String> {
        self.lines.clone()
    }
}

/// A live database whose schema is another one.
#[derive(Debug, thiserror::Error)]
#[error("the live database is not what the migrations make: {}", words::count(.0.len(), "difference"))]
struct Drifted(Vec<String>);

impl Explain for Drifted {
    fn class(&self) -> Class {
        Class::Conflict
    }

    fn hint(&self) -> Option<String> {
        Some("nothing was changed; write a migration for what the database has otherwise, or take it back there".to_owned())
    }

    fn details(&self) -> Vec<String> {
        self.0.clone()
    }
}
