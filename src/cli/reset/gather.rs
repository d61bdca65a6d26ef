//! What is known before a reset: what is there, what would be made, what is prepared.

use std::path::Path;

use crate::backend::{Full, rows};
use crate::backup::reset::{Gathered, Prepared, own_schemas};
use crate::baseline::notice::{DEFAULT, Template, parameters};
use crate::baseline::probe::{self, Probed};
use crate::cli::backup::way_back;
use crate::cli::context::{Chosen, Context, Reached, shown};
use crate::cli::failure::Failure;
use crate::cli::output::words;
use crate::cli::schema::replay::Replay;
use crate::domain::checksum::sha256_hex;
use crate::domain::schema::Schema;
use crate::migrate::{Direction, MigrateError, Step, prepare};
use crate::project::{Migration, texts};

/// The probes of the project, read.
pub type Probes = Vec<probe::Probes>;

/// Gathers it. The migrations are run on a scratch database, and the probes with them.
///
/// # Errors
/// When something cannot be read, the migrations do not run on an empty database, or do not run in a transaction where
/// the reset is one.
pub fn gather(
    context: &mut Context,
    chosen: &Chosen,
    reached: &mut Reached,
    files: &[Migration],
    backup: Option<&Path>,
) -> Result<(Gathered, Probes), Failure> {
    if reached.session.wipes_in_place() {
        in_one_transaction(files)?;
    }
    let live = reached.session.introspect()?;
    let mut counts = Vec::new();
    for table in &live.tables {
        let count = rows::count(&mut reached.session, table)?;
        counts.push((table.name.clone(), count.unsigned_abs()));
    }
    let probes = read_probes(chosen)?;
    context.screen.talk("  running the migrations on a scratch database");
    let mut replay = Replay::begin(context, chosen)?;
    let tried = try_out(context, &mut replay, files, &probes);
    let ended = replay.end();
    let (made, results) = tried?;
    ended?;
    let default_schema = reached.session.default_schema()?;
    let own = own_schemas(&default_schema, &made);
    let programs = crate::cli::backup::programs(context, chosen)?;
    let can = backup.map(|path| reached.session.can_copy_out(programs.as_deref()).map(|()| path));
    let label = |file: &Migration| (file.to_string(), sha256_hex(&file.up.text));
    let gathered = Gathered {
        rows: counts,
        large_objects: reached.session.large_objects()?,
        rights: reached.session.rights(&own)?.len(),
        migrations: files.iter().map(label).collect(),
        baseline: files.first().is_some_and(|file| !file.replaces().is_empty()),
        tests: tests(&results),
        backup: match &can {
            None => Prepared::No("none is made: --no-backup".to_owned()),
            Some(Err(error)) => Prepared::No(format!("none can be made: {}", error.message)),
            Some(Ok(path)) => {
                Prepared::Yes(format!("will be made, and proved by restoring it: {}", shown(path, &context.folder)))
            }
        },
        way_back: match backup.filter(|_| matches!(can, Some(Ok(_)))) {
            None => Prepared::No("without a backup there is no way back".to_owned()),
            Some(path) => Prepared::Yes(way_back(context, path)),
        },
        notice: notice(chosen)?,
        default_schema,
        live,
        made,
    };
    Ok((gathered, probes))
}

fn in_one_transaction(files: &[Migration]) -> Result<(), Failure> {
    for file in files {
        let step = Step { migration: file, direction: Direction::Up, script: &file.up };
        if !prepare(step)?.in_transaction() {
            let why = "runs without a transaction";
            return Err(MigrateError::NotSingle { version: file.version.clone(), why }.into());
        }
    }
    Ok(())
}

fn read_probes(chosen: &Chosen) -> Result<Probes, Failure> {
    let engine = chosen.url.engine();
    let files = texts::sql_files(&chosen.project.folder.join(texts::PROBES), engine)?;
    Ok(files.iter().map(|(file, text)| probe::read(file, text, engine)).collect::<Result<Vec<_>, _>>()?)
}

fn try_out(
    context: &mut Context,
    replay: &mut Replay,
    files: &[Migration],
    probes: &Probes,
) -> Result<(Schema, Vec<Probed>), Failure> {
    let made = replay.run(context, files)?;
    let mut results = Vec::new();
    for probes in probes {
        results.extend(probe::run(replay.session(), &made, probes)?);
    }
    Ok((made, results))
}

fn tests(results: &[Probed]) -> Prepared {
    let failed = results.iter().filter(|probed| !probed.verdict.is_met()).count();
    let count = words::count(results.len(), "probe");
    match (results.len(), failed) {
        (0, _) => Prepared::No("the project has no probes/*.sql that try the new schema".to_owned()),
        (_, 0) => Prepared::Yes(format!("{count} on the new schema, all as they should be")),
        (_, _) => Prepared::No(format!("{failed} of {count} on the new schema not as they should be: manage schema probe")),
    }
}

fn notice(chosen: &Chosen) -> Result<Prepared, Failure> {
    let file = chosen.project.folder.join(texts::NOTICE);
    let template = match file.is_file() {
        true => Template { text: texts::read(&file)?, file },
        false => Template { text: DEFAULT.to_owned(), file },
    };
    let names = parameters(&template)?;
    Ok(match template.file.is_file() {
        true => Prepared::Yes(format!("{} is there ({}): manage notice render", texts::NOTICE, names.join(", "))),
        false => Prepared::No(format!("{} is missing; manage notice render has a text to begin with", texts::NOTICE)),
    })
}
