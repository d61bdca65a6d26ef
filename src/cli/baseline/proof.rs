//! The schema that a history makes, as one migration, and the proof that it makes the same.

use std::path::PathBuf;

use crate::backend::{beside_the_schema, rows};
use crate::cli::context::{Chosen, Context};
use crate::cli::failure::Failure;
use crate::cli::output::words;
use crate::cli::schema::replay::Replay;
use crate::domain::explain::{Class, Explain, Place};
use crate::domain::schema::{Schema, TableKind};
use crate::domain::version::Version;
use crate::project::Migration;
use crate::project::migrations::baseline::{Text, head};
use crate::project::migrations::{Keeper, Kind, Script};
use crate::schema::{as_migration, children_first, compare, drop_all};

/// What a history makes on one database.
pub struct Made {
    /// The schema.
    pub schema: Schema,
    /// Its statements.
    pub text: Text,
    /// Tables into which migrations have put rows that the baseline does not have, with how many.
    pub left: Vec<(String, i64)>,
    /// Tables whose rows the baseline has, with how many.
    pub kept: Vec<(String, i64)>,
    /// What migrations set beside the schema, and the baseline does not: privileges, owners, settings.
    pub beside: Vec<String>,
}

/// Runs the history on a scratch database and writes what is there as one migration.
///
/// # Errors
/// When the history does not run, something in it cannot be written as SQL, or a table of `with_data` is not there.
pub fn make(context: &mut Context, chosen: &Chosen, files: &[Migration], with_data: &[String]) -> Result<Made, Failure> {
    let mut replay = Replay::begin(context, chosen)?;
    let made = made(context, &mut replay, files, with_data);
    let ended = replay.end();
    let made = made?;
    ended?;
    Ok(made)
}

fn made(context: &mut Context, replay: &mut Replay, files: &[Migration], with_data: &[String]) -> Result<Made, Failure> {
    let before = beside_the_schema(replay.session())?;
    let schema = replay.run(context, files)?;
    let beside = beside_the_schema(replay.session())?.into_iter().filter(|line| !before.contains(line)).collect();
    let dump = as_migration(&schema);
    if !dump.left_out.is_empty() {
        return Err(CannotBeWritten(dump.left_out).into());
    }
    for wanted in with_data {
        if !schema.tables.iter().any(|table| table.name.to_string() == *wanted) {
            return Err(Failure::new(
                Class::Usage,
                format!("--with-data {wanted}: the migrations make no such table"),
                "write its name as manage schema dump does",
            ));
        }
    }
    let (mut left, mut kept, mut data) = (Vec::new(), Vec::new(), String::new());
    // Parents first: their rows are needed before those that point to them.
    for table in children_first(&schema).into_iter().rev() {
        if table.extension.is_some() || matches!(table.kind, TableKind::Shadow | TableKind::Foreign | TableKind::Partitioned(_)) {
            continue;
        }
        let count = rows::count(replay.session(), table)?;
        let name = table.name.to_string();
        if with_data.contains(&name) {
            for statement in rows::inserts(replay.session(), &schema, table)? {
                data.push_str(&format!("{statement};\n"));
            }
            kept.push((name, count));
        } else if count > 0 {
            left.push((name, count));
        }
    }
    left.sort();
    kept.sort();
    let up = format!("{}\n{}{data}", head(files), dump.sql);
    let down = format!("-- Everything that the baseline makes goes, with all rows.\n{}", drop_all(&schema));
    let engine = schema.engine;
    Ok(Made { schema, text: Text { engine, up: format!("{}\n", up.trim_end()), down }, left, kept, beside })
}

/// Runs the baseline on an empty scratch database, takes it back and runs it again: the schema is the history's both
/// times, and in between there is nothing.
///
/// # Errors
/// When it is not so.
pub fn prove(context: &mut Context, chosen: &Chosen, made: &Made, version: Version, keeper: Keeper) -> Result<(), Failure> {
    let way_back = keeper != Keeper::Refinery;
    let script = |name: &str, text: &str| Script { file: PathBuf::from(name), text: text.to_owned(), engine: made.text.engine };
    let baseline = [Migration {
        version,
        name: "baseline".to_owned(),
        folder: PathBuf::new(),
        up: script("the baseline's up.sql", &made.text.up),
        down: way_back.then(|| script("the baseline's down.sql", &made.text.down)),
        run_in_transaction: true,
        kind: Kind::Schema,
        warnings: Vec::new(),
        keeper,
    }];
    let mut replay = Replay::begin(context, chosen)?;
    let proved = proved(context, &mut replay, made, &baseline, way_back);
    let ended = replay.end();
    proved?;
    ended?;
    Ok(())
}

fn proved(
    context: &mut Context,
    replay: &mut Replay,
    made: &Made,
    baseline: &[Migration],
    way_back: bool,
) -> Result<(), Failure> {
    let first = replay.run(context, baseline).map_err(|failure| DoesNotRun(failure.0))?;
    same(&made.schema, &first, "run on an empty database, it makes another schema than the migrations")?;
    for (name, count) in &made.kept {
        let Some(table) = first.tables.iter().find(|table| table.name.to_string() == *name) else { continue };
        let found = rows::count(replay.session(), table)?;
        if found != *count {
            let line = format!("{name}: {count} rows from the migrations, {found} from the baseline");
            return Err(NotTheSame { what: "it does not put the same rows in", lines: vec![line] }.into());
        }
    }
    if !way_back {
        return Ok(());
    }
    let mut nothing = Schema::empty(made.schema.engine);
    nothing.extensions.clone_from(&made.schema.extensions);
    let back = replay.back(context, baseline).map_err(|failure| DoesNotRun(failure.0))?;
    same(&nothing, &back, "taken back, it leaves something behind")?;
    let second = replay.run(context, baseline)?;
    same(&made.schema, &second, "run a second time, it makes another schema")
}

fn same(expected: &Schema, found: &Schema, what: &'static str) -> Result<(), Failure> {
    // A partition that was a table of its own may have its columns in another order, which its rows do not show.
    let is_partition = |object: &str| {
        let partitions = expected.tables.iter().filter(|table| matches!(table.kind, TableKind::Partition { .. }));
        partitions.into_iter().any(|table| object == format!("table {}", table.name))
    };
    let drift = compare(expected, found);
    let drift: Vec<_> =
        drift.iter().filter(|drift| drift.of != Some("order of columns") || !is_partition(&drift.object)).collect();
    if drift.is_empty() {
        return Ok(());
    }
    let lines =
        drift.into_iter().map(|drift| format!("{} {}", drift.kind.mark(), drift.message("the migrations", "the baseline")));
    Err(NotTheSame { what, lines: lines.collect() }.into())
}

const BY_HAND: &str = "nothing was changed; write the baseline by hand from manage schema dump";

/// A baseline whose statements fail, which is nothing that a file of the project could set right.
#[derive(Debug, thiserror::Error)]
#[error("the baseline does not hold: {0}")]
struct DoesNotRun(Box<dyn Explain>);

impl Explain for DoesNotRun {
    fn class(&self) -> Class {
        self.0.class()
    }

    fn place(&self) -> Option<Place> {
        self.0.place()
    }

    fn cause(&self) -> Option<String> {
        Explain::cause(&*self.0)
    }

    fn hint(&self) -> Option<String> {
        self.0.hint().map(|_| BY_HAND.to_owned())
    }

    fn details(&self) -> Vec<String> {
        self.0.details()
    }

    fn sqlstate(&self) -> Option<&str> {
        self.0.sqlstate()
    }
}

/// A baseline that is not what the history makes.
#[derive(Debug, thiserror::Error)]
#[error("the baseline does not hold: {what} ({})", words::count(.lines.len(), "difference"))]
struct NotTheSame {
    what: &'static str,
    lines: Vec<String>,
}

impl Explain for NotTheSame {
    fn class(&self) -> Class {
        Class::CouldNotRun
    }

    fn hint(&self) -> Option<String> {
        Some(BY_HAND.to_owned())
    }

    fn details(&self) -> Vec<String> {
        self.lines.clone()
    }
}

/// Objects for which there is no statement.
#[derive(Debug, thiserror::Error)]
#[error("{} cannot be written as SQL, and would be missing in the baseline", words::count(.0.len(), "object"))]
struct CannotBeWritten(Vec<String>);

impl Explain for CannotBeWritten {
    fn class(&self) -> Class {
        Class::CouldNotRun
    }

    fn hint(&self) -> Option<String> {
        Some("nothing was changed; put them into a later migration, which stays".to_owned())
    }

    fn details(&self) -> Vec<String> {
        self.0.clone()
    }
}
