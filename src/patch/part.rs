//! One part: planned into its image, written from it, and the two held against each other.

use super::batch;
use super::capture::{Captures, Own};
use super::digest::Identity;
use super::done::{Change, PartDone};
use super::error::PatchError;
use super::job::{Job, PartJob, Source, word};
use super::owned::{Places, lock_parents, number, one_way_each, stays_there, still_owned, writable};
use super::{prove, staged};
use crate::backend::patching::{Image, Slot, Target, TargetColumn, UniqueKey};
use crate::backend::{Basic, Full, Read, Session};
use crate::domain::engine::Engine;
use crate::domain::explain::Class;
use crate::domain::fault;
use crate::domain::nearest::nearest;
use crate::domain::value::Value;
use crate::project::scripts::Op;
use crate::tenancy::Table;

/// A part that was written, with what is kept of it.
pub(super) struct Written {
    pub done: PartDone,
    pub image: Image,
    /// The target's name as the counters have it.
    pub counted: String,
    /// Whether they count it.
    pub uncounted: bool,
}

/// A query with the values of its parameters.
pub(super) struct Query {
    pub sql: String,
    pub binds: Vec<Value>,
    pub columns: Vec<String>,
    /// The table of rows that come from elsewhere, which is there as long as it is planned.
    pub staged: Option<String>,
    /// Candidates that are left as they are, and why.
    pub left: Vec<String>,
}

/// A part that is planned: its image is filled.
pub(super) struct Planned<'j> {
    pub target: Target,
    /// The table as the tenancy map has it.
    pub table: Option<&'j Table>,
    pub image: Image,
    pub rows: u64,
    /// Whether keys were drawn for rows that are to be made.
    pub drawn: bool,
    /// Candidates that are left as they are, and why.
    pub left: Vec<String>,
}

/// Plans one part.
///
/// # Errors
/// When it cannot be planned: the transaction must be rolled back.
pub(super) fn planned<'j>(
    job: &'j Job<'_>,
    part: &PartJob,
    image_table: String,
    so_far: u64,
    identity: &mut Identity,
    session: &mut Session,
) -> Result<Planned<'j>, PatchError> {
    let engine = session.engine();
    let (target, table) = find(job, part, session)?;
    if let (Some(confinement), Some(table)) = (&job.confined, table) {
        stays_there(part, confinement, table)?;
        one_way_each(confinement.map, table, session)?;
    }
    let key = key_of(part, &target, engine)?;
    let query = query_of(job, part, &target, &image_table, session)?;
    let given = given(part, &target, &query.columns, engine)?;
    let mut image = image(job, part, &target, &key, given, image_table)?;
    batch::watch(job, part, &target, &mut image, engine);

    session.execute(&image.create(engine))?;
    let before = session.written()?;
    let rows = plan(job, part, table, &image, &query, session)?;
    prove::nothing_but(&session.written()?.since(&before), &image.table, rows)?;
    staged::drop(&query, session)?;
    limit(job, &target, rows, so_far)?;
    let drawn = part.op == Op::Insert && draw(&image, &target, engine, session)?;
    if rows > job.batching.single_tx_rows
        && let Some(sql) = image.index(engine)
    {
        session.execute(&sql)?;
    }
    identity.part(part, &target, &image, drawn, session)?;
    fault::point("patch.planned");
    Ok(Planned { target, table, image, rows, drawn, left: query.left })
}

/// Writes and proves one part that is planned.
///
/// # Errors
/// When it cannot be written or proved: the transaction must be rolled back.
pub(super) fn run(
    job: &Job<'_>,
    part: &PartJob,
    planned: Planned<'_>,
    captures: &mut Captures<'_>,
    identity: &mut Identity,
    session: &mut Session,
) -> Result<Vec<Written>, PatchError> {
    let Planned { target, table, image, rows, left, .. } = planned;
    if rows > 0 {
        if let (Some(confinement), Some(table), true) = (&job.confined, table, part.op != Op::Insert) {
            lock_parents(confinement, table, &image, session)?;
        }
        write(job, part, &target, &image, rows, captures, session)?;
        fault::point("patch.written");
        // What triggers have put into the rows is looked at with the rest.
        if let Some(sql) = image.keep_after() {
            session.execute(&sql)?;
        }
        if let Some(table) = table {
            still_owned(job, part, table, &target, &image, session)?;
        }
    }
    let done = PartDone { left, ..told(part, &target, &image, rows, session)? };
    let watched = captures.watches(&target.counted);
    let deleted = (part.op == Op::Delete && !watched).then_some(&image);
    let own = Own { target: &target, op: part.op, rows, deleted };
    let images = captures.images(job, Some(own), &image.table, identity, session)?;
    let target_name = target.name.clone();
    let mut written = Written { done, image, counted: target.counted, uncounted: target.uncounted };
    if let Some(itself) = &images.itself {
        if matches!(part.source, Source::Back { .. }) && itself.done.rows != rows {
            return Err(PatchError::conflict(
                format!("taking it back would {} other rows of {}, too; all of it was rolled back", word(part.op), target_name),
                "somebody has made rows since that depend on these: look at them first",
            )
            .started());
        }
        // What really became of the rows is kept in place of what was planned.
        session.execute(&format!("DROP TABLE {}", written.image.table))?;
        written.image = itself.image.clone();
        written.done.rows = itself.done.rows;
    }
    Ok(images.around(written))
}

/// What is told of a part.
///
/// # Errors
/// What the database refuses.
pub(super) fn told(
    part: &PartJob,
    target: &Target,
    image: &Image,
    rows: u64,
    session: &mut Session,
) -> Result<PartDone, PatchError> {
    Ok(PartDone {
        table: target.name.clone(),
        op: word(part.op),
        effect: false,
        rows,
        changes: changes_of(part.op, image, session)?,
        keys: keys(image, session)?,
        left: Vec::new(),
    })
}

/// The table of a part, as the catalogue and the tenancy map have it.
///
/// # Errors
/// When there is none, or no patch may write it.
pub(super) fn find<'j>(
    job: &'j Job<'_>,
    part: &PartJob,
    session: &mut Session,
) -> Result<(Target, Option<&'j Table>), PatchError> {
    find_named(job, &part.table, session)
}

/// The same for the table of this name.
///
/// # Errors
/// As [`find`].
pub(super) fn find_named<'j>(
    job: &'j Job<'_>,
    named: &str,
    session: &mut Session,
) -> Result<(Target, Option<&'j Table>), PatchError> {
    let table = job.map.map(|map| writable(map, named, job.confined.is_some())).transpose()?;
    let name = match table {
        Some(table) => table.sql.clone(),
        None => named.to_owned(),
    };
    let Some(target) = session.patch_target(&name)? else {
        return Err(PatchError::new(
            Class::Usage,
            format!("there is no table `{}`", named),
            "correct the name in the script, or run manage migrate",
        ));
    };
    if let Some(why) = &target.refused {
        return Err(PatchError::refused(
            format!("no patch can write `{}`: {why}", target.name),
            "write its rows by a migration, and note it",
        ));
    }
    if target.columns.iter().any(|column| column.number == 0) {
        return Err(PatchError::refused(format!("the columns of `{}` cannot be read", target.name), ""));
    }
    Ok((target, table))
}

fn key_of(part: &PartJob, target: &Target, engine: Engine) -> Result<UniqueKey, PatchError> {
    match target.keys.is_empty() {
        true => Err(keyless(target)),
        false => key_named(&part.key, target, engine),
    }
}

/// No row of it can be named.
pub(super) fn keyless(target: &Target) -> PatchError {
    PatchError::refused(
        format!("`{}` has no key, so no row of it can be named", target.name),
        "give it a primary key or a unique index by a migration",
    )
}

/// The key of these columns.
///
/// # Errors
/// When they do not name one row.
pub(super) fn key_named(names: &[String], target: &Target, engine: Engine) -> Result<UniqueKey, PatchError> {
    let same = |a: &str, b: &str| a == b || (engine == Engine::Sqlite && a.eq_ignore_ascii_case(b));
    let found = target.keys.iter().find(|key| {
        key.columns.len() == names.len() && names.iter().all(|wanted| key.columns.iter().any(|own| same(own, wanted)))
    });
    found.cloned().ok_or_else(|| {
        let known: Vec<String> = target.keys.iter().map(|key| format!("({})", key.columns.join(", "))).collect();
        PatchError::refused(
            format!("({}) does not name one row of `{}`: nothing makes it unique", names.join(", "), target.name),
            match known.as_slice() {
                [] => "give it a primary key or a unique index by a migration".to_owned(),
                known => format!("take one of its keys: {}", known.join(", ")),
            },
        )
    })
}

fn query_of(job: &Job<'_>, part: &PartJob, target: &Target, image: &str, session: &mut Session) -> Result<Query, PatchError> {
    let (sql, names, tables, confined) = match &part.source {
        Source::Rust(query, form) => return staged::computed(job, part, query, form, image, session),
        Source::File(query, file) => return staged::from_file(job, part, target, query, file, image, session),
        Source::Script(query) | Source::Statement(query) => {
            (query.confined.sql.clone(), query.confined.parameters.clone(), query.confined.tables.clone(), job.confined.is_some())
        }
        Source::Back { image, op, skip } => (image.way_back(op, *skip, session.engine()), Vec::new(), None, false),
    };
    let binds = names.iter().map(|name| job.values.get(name).cloned().unwrap_or(Value::Null)).collect();
    // The database looks at it alone first: what it may read is judged here, and it must be a whole query.
    let read = Read { sql: sql.clone(), binds: Vec::new(), tables };
    let columns = session.prepare_read(&read).map_err(|error| {
        let told = PatchError::sql(&error, "the query failed", confined);
        match part.source.query() {
            Some(query) => told.at(query.place_of(error.position)),
            None => told,
        }
    })?;
    Ok(Query { sql, binds, columns, staged: None, left: Vec::new() })
}

/// The columns that the query gives, other than the key.
fn given(part: &PartJob, target: &Target, names: &[String], engine: Engine) -> Result<Vec<TargetColumn>, PatchError> {
    let fold = engine == Engine::Sqlite;
    let same = |a: &str, b: &str| a == b || (fold && a.eq_ignore_ascii_case(b));
    let usage = |message: String, hint: String| part.source.placed(PatchError::new(Class::Usage, message, hint));
    let mut found: Vec<TargetColumn> = Vec::new();
    for (at, name) in names.iter().enumerate() {
        if names[..at].iter().any(|other| same(other, name)) {
            return Err(usage(format!("the query gives `{name}` twice"), "give each column once".to_owned()));
        }
        let Some(column) = target.column(name, fold) else {
            let known = target.columns.iter().map(|column| column.name.as_str());
            let hint = match nearest(name, known) {
                Some(near) => format!("do you mean `{near}`?"),
                None => format!(
                    "its columns are {}",
                    target.columns.iter().map(|column| column.name.as_str()).collect::<Vec<_>>().join(", ")
                ),
            };
            return Err(usage(format!("`{}` has no column `{name}`", target.name), hint));
        };
        let is_key = part.key.iter().any(|key| same(key, name));
        if column.generated || (column.always && !is_key && part.op == Op::Update) {
            return Err(usage(format!("`{name}` of `{}` is filled by the database", target.name), "leave it out".to_owned()));
        }
        if !is_key || part.op == Op::Insert {
            found.push(column.clone());
        }
    }
    let missing = part.key.iter().find(|key| !names.iter().any(|name| same(name, key)));
    if let (Some(missing), true) = (missing, part.op != Op::Insert) {
        return Err(usage(
            format!("the query does not give `{missing}`, which names the row"),
            format!("select the key ({}) and the new values", part.key.join(", ")),
        ));
    }
    match part.op {
        Op::Delete if !found.is_empty() => Err(usage(
            format!("rows that are deleted get no `{}`", found[0].name),
            format!("select only the key ({})", part.key.join(", ")),
        )),
        Op::Update if found.is_empty() => Err(usage(
            "the query gives no new values".to_owned(),
            "select the columns that are to change beside the key".to_owned(),
        )),
        _ => Ok(found),
    }
}

fn image(
    job: &Job<'_>,
    part: &PartJob,
    target: &Target,
    key: &UniqueKey,
    given: Vec<TargetColumn>,
    table: String,
) -> Result<Image, PatchError> {
    for name in &job.volatile {
        if part.op == Op::Update && !target.columns.iter().any(|column| column.name == *name) && job.parts.len() == 1 {
            return Err(PatchError::new(
                Class::Usage,
                format!("`{name}` is called volatile, but `{}` has no such column", target.name),
                "correct volatile = […] in the head",
            ));
        }
    }
    let triggers = !target.triggers.is_empty();
    let (whole, filled) = match part.op {
        Op::Update => (triggers, triggers),
        Op::Delete => (true, false),
        Op::Insert => (false, true),
    };
    let volatile = match &part.source {
        Source::Back { image, .. } => image.volatile.clone(),
        _ => job.volatile.clone(),
    };
    let mut image = Image::new(table, target, key, given, whole, filled, volatile);
    if part.op == Op::Insert {
        image.before = Vec::new();
    }
    Ok(image)
}

fn plan(
    job: &Job<'_>,
    part: &PartJob,
    table: Option<&Table>,
    image: &Image,
    query: &Query,
    session: &mut Session,
) -> Result<u64, PatchError> {
    let engine = session.engine();
    let mut binds = query.binds.clone();
    let sql = if part.op == Op::Insert {
        image.plan_insert(&query.sql, engine)
    } else {
        let owned = match (&job.confined, table) {
            (Some(confinement), Some(table)) => {
                let places = Places::behind(binds.len(), confinement);
                let owned = places.owned(confinement.map, table, "t");
                binds.extend(places.values(&owned));
                Some(owned)
            }
            _ => None,
        };
        image.plan_change(&query.sql, owned.as_deref(), engine)
    };
    let rows = session
        .execute_with(&sql, &binds)
        .map_err(|error| part.source.placed(PatchError::sql(&error, "the plan cannot be made", job.confined.is_some())))?;
    let lost = number(session, &format!("SELECT count(*) FROM {} WHERE found = 0", image.table), &[])?;
    if lost > 0 {
        let whose = job.confined.as_ref().map(|confinement| format!(" of {}", confinement.account)).unwrap_or_default();
        let rows = if lost == 1 { "1 row".to_owned() } else { format!("{lost} rows") };
        return Err(PatchError::refused(
            format!("the script names {rows} of `{}` that are not there, or not{whose}", part.table),
            "name only rows that the query has read from the table itself",
        ));
    }
    Ok(rows)
}

/// # Errors
/// When more rows would be written than are expected.
pub(super) fn limit(job: &Job<'_>, target: &Target, rows: u64, so_far: u64) -> Result<(), PatchError> {
    match job.max_rows {
        Some(most) if so_far + rows > most => Err(PatchError::refused(
            format!(
                "{} rows would be written, {} of them in `{}`; at most {most} are expected",
                so_far + rows,
                rows,
                target.name
            ),
            "look at the plan with --dry-run; if it is right, raise expect_max in the head, or --max-rows",
        )),
        _ => Ok(()),
    }
}

/// Looks whether all that was written, by triggers and cascades, too, is as much as may be.
///
/// # Errors
/// When it is more.
pub(super) fn at_most(job: &Job<'_>, rows: u64) -> Result<(), PatchError> {
    match job.max_rows {
        Some(most) if rows > most => Err(PatchError::refused(
            format!("{rows} rows were written, with those that triggers and cascades wrote; at most {most} are expected: all of it was rolled back"),
            "look at the plan with --dry-run; if it is right, raise expect_max in the head, or --max-rows",
        )
        .started()),
        _ => Ok(()),
    }
}

/// Draws keys where the database makes them. Returns whether it did.
fn draw(image: &Image, target: &Target, engine: Engine, session: &mut Session) -> Result<bool, PatchError> {
    let sequence = engine == Engine::Sqlite && session.find_table("sqlite_sequence")?.is_some();
    let drawn = image.draw_keys(sequence, engine).map_err(|column| {
        PatchError::new(
            Class::Usage,
            format!("the query gives no `{column}`, and the database makes none for `{}`", target.name),
            "give the key of every row that is made",
        )
    })?;
    match drawn {
        Some(sql) => session.execute(&sql).map(|()| true).map_err(PatchError::from),
        None => Ok(false),
    }
}

/// Writes the rows of an image, or of a slice of it, and proves that they are as planned and that nothing else was written.
///
/// # Errors
/// When they are not: the transaction must be rolled back.
pub(super) fn write(
    job: &Job<'_>,
    part: &PartJob,
    target: &Target,
    image: &Image,
    rows: u64,
    captures: &Captures<'_>,
    session: &mut Session,
) -> Result<(), PatchError> {
    let engine = session.engine();
    let before = session.written()?;
    let sql = match part.op {
        Op::Update => image.update(engine),
        Op::Delete => image.delete(engine),
        Op::Insert => image.insert(engine),
    };
    let refused = |error: &crate::backend::SqlError| {
        let told = PatchError::sql(
            error,
            &format!("the database refused to {} rows of `{}`", word(part.op), target.name),
            job.confined.is_some(),
        );
        part.source.placed(told).started()
    };
    let (affected, wrong) = match engine {
        Engine::Sqlite => (session.execute_with(&sql, &[]).map_err(|error| refused(&error))?, 0),
        Engine::Postgres => {
            let told = session.query(&sql, &[]).map_err(|error| refused(&error))?;
            let number = |at: usize| told.first().and_then(|row| row.integer(at)).and_then(|n| u64::try_from(n).ok());
            (number(0).unwrap_or(u64::MAX), number(1).unwrap_or(u64::MAX))
        }
    };
    let seen = captures.seen(session)?;
    prove::only(&session.written()?.since(&before), target, part.op, affected, &seen)?;
    // Rows of a table that points to itself may go with others before it is their turn: what was captured says how many.
    let deleted = seen.tables.get(&target.counted).and_then(|counted| u64::try_from(counted.deleted).ok());
    let gone_before = part.op == Op::Delete && affected < rows && deleted.is_some_and(|deleted| deleted >= rows);
    if affected != rows && !gone_before {
        return Err(PatchError::refused(
            format!("{rows} rows of `{}` were planned and {affected} were written; all of it was rolled back", target.name),
            "a key that the query gives twice, a trigger or a policy does that",
        )
        .started());
    }
    // What RETURNING told is the last word only where no trigger can speak after it.
    let told_by_write =
        engine == Engine::Postgres && target.triggers.is_empty() && part.op == Op::Update && !captures.watches(&target.counted);
    let wrong = if told_by_write { wrong } else { read_back(part, target, image, rows, session)? };
    if wrong > 0 {
        return Err(PatchError::refused(
            format!("{wrong} rows of `{}` are not as planned after they were written; all of it was rolled back", target.name),
            "a trigger changes what is written: look at it",
        )
        .started());
    }
    Ok(())
}

/// How many rows are not as planned.
fn read_back(part: &PartJob, target: &Target, image: &Image, rows: u64, session: &mut Session) -> Result<u64, PatchError> {
    let told = session.query(&image.read_back(session.engine()), &[])?;
    let number = |at: usize| told.first().and_then(|row| row.integer(at)).and_then(|n| u64::try_from(n).ok());
    let (Some(there), Some(wrong)) = (number(0), number(1)) else {
        return Err(PatchError::new(Class::CouldNotRun, "what was written cannot be read back", "").started());
    };
    let expected = if part.op == Op::Delete { 0 } else { rows };
    if there != expected {
        return Err(PatchError::refused(
            format!(
                "{there} of {expected} rows of `{}` are there after they were written; all of it was rolled back",
                target.name
            ),
            "a trigger changes what is written: look at it",
        )
        .started());
    }
    Ok(if part.op == Op::Delete { 0 } else { wrong })
}

/// How many columns are told of.
const COLUMNS_TOLD: usize = 12;

/// What changes, for people to see.
///
/// # Errors
/// What the database refuses.
pub(super) fn changes_of(op: Op, image: &Image, session: &mut Session) -> Result<Vec<Change>, PatchError> {
    if op == Op::Delete {
        return Ok(Vec::new());
    }
    let engine = session.engine();
    let mut out = Vec::new();
    let is_key = |column: &TargetColumn| image.keys.iter().any(|key| key.number == column.number);
    for column in image.told().filter(|column| !is_key(column)).take(COLUMNS_TOLD) {
        for row in session.query(&image.changes_of(column, engine), &[])? {
            let value = |at: usize| row.values.get(at).cloned().unwrap_or(Value::Null);
            out.push(Change {
                column: column.name.clone(),
                before: value(0),
                after: value(1),
                rows: row.integer(2).unwrap_or_default(),
                example: value(3),
            });
        }
    }
    Ok(out)
}

/// The keys of the first rows.
///
/// # Errors
/// What the database refuses.
pub(super) fn keys(image: &Image, session: &mut Session) -> Result<Vec<String>, PatchError> {
    let columns: Vec<String> = image.keys.iter().map(|key| Slot::Key.of(key)).collect();
    let columns = columns.join(", ");
    let rows = session.query(&format!("SELECT {columns} FROM {} ORDER BY {columns} LIMIT 5", image.table), &[])?;
    let shown =
        |row: &crate::domain::value::Row| row.values.iter().map(crate::tenancy::find::shown).collect::<Vec<_>>().join(", ");
    Ok(rows.iter().map(shown).collect())
}
