//! One batch: a slice of the image, held against the rows as they are, written and proved.

use std::collections::BTreeMap;

use super::capture::Captures;
use super::error::PatchError;
use super::job::{Job, PartJob, Source, word};
use super::owned::{Places, lock_parents, number, still_owned};
use super::part::{self, Planned};
use super::prove;
use crate::backend::patching::{Image, Target};
use crate::backend::{Basic, Full, Session};
use crate::domain::engine::Engine;
use crate::domain::fault;
use crate::domain::sql::significant_tokens;
use crate::project::scripts::Op;
use crate::tenancy::Table;

/// Lets the image of an update keep the columns by which the script chooses, too, so that a row that no longer is what the
/// script saw is found before it is written.
pub(super) fn watch(job: &Job<'_>, part: &PartJob, target: &Target, image: &mut Image, engine: Engine) {
    let Some(query) = part.source.query() else { return };
    if part.op != Op::Update || job.parts.len() > 1 {
        return;
    }
    for token in significant_tokens(query.sql(), engine) {
        let quoted = token.starts_with('"');
        let name = if quoted { token.trim_matches('"').replace("\"\"", "\"") } else { token.to_lowercase() };
        let Some(column) = target.column(&name, engine == Engine::Sqlite) else { continue };
        let known = image.before.iter().chain(&image.keys).any(|own| own.number == column.number);
        if !known && !column.generated {
            image.before.push(column.clone());
        }
    }
}

/// Words that make a query one about many rows.
const OF_MANY: &[&str] =
    &["group", "having", "distinct", "over", "window", "limit", "offset", "fetch", "union", "intersect", "except"];

/// Functions that do.
const AGGREGATES: &[&str] = &[
    "count",
    "sum",
    "min",
    "max",
    "avg",
    "total",
    "string_agg",
    "array_agg",
    "group_concat",
    "json_agg",
    "jsonb_agg",
    "json_group_array",
    "bool_and",
    "bool_or",
    "every",
];

/// Why what is planned goes in one transaction only; `None` where it can go in batches.
pub(super) fn together(job: &Job<'_>, part: &PartJob, planned: &Planned<'_>, engine: Engine) -> Option<String> {
    let target = &planned.target;
    if job.parts.len() > 1 {
        return Some("it has several parts".to_owned());
    }
    if !job.side_effects.is_empty() {
        return Some("it has side effects".to_owned());
    }
    if !target.triggers.is_empty() {
        return Some(format!("`{}` has triggers", target.name));
    }
    if part.op != Op::Insert && target.children.iter().any(|child| part.op == Op::Delete && child.on_delete) {
        return Some(format!("other tables follow what is deleted from `{}`", target.name));
    }
    if planned.drawn && engine == Engine::Sqlite {
        return Some(format!("the keys of new rows of `{}` are drawn", target.name));
    }
    match &part.source {
        Source::Statement(_) => Some("it is in statement form".to_owned()),
        source => source.query().and_then(|query| of_many(query.sql(), &target.name, engine)),
    }
}

/// Why a query is about more than one row at a time.
fn of_many(sql: &str, target: &str, engine: Engine) -> Option<String> {
    let tokens: Vec<&str> = significant_tokens(sql, engine).collect();
    let (mut depth, mut reads) = (0_usize, 0);
    for (at, token) in tokens.iter().enumerate() {
        let next = tokens.get(at + 1).copied().unwrap_or_default();
        let lower = token.to_lowercase();
        match *token {
            "(" => depth += 1,
            ")" => depth = depth.saturating_sub(1),
            _ if next != "." && lower.trim_matches('"') == target.to_lowercase() => reads += 1,
            _ if depth == 0 && OF_MANY.contains(&lower.as_str()) => {
                return Some(format!("its query is about more than one row at a time ({})", lower.to_uppercase()));
            }
            _ if depth == 0 && next == "(" && AGGREGATES.contains(&lower.as_str()) => {
                return Some(format!("its query is about more than one row at a time ({lower})"));
            }
            _ => {}
        }
    }
    (reads > 1).then(|| format!("its query reads `{target}` more than once"))
}

/// How many drifted rows are named.
const NAMED: usize = 20;

/// What is written of a slice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Slice {
    /// Behind this row.
    pub from: u64,
    /// Up to this one.
    pub to: u64,
    /// Whether rows that somebody has changed since are left out.
    pub skip: bool,
    /// Whether each row is looked at before anything is written, so that those that were changed can be named. Else the
    /// write itself passes them over, and writes fewer rows than were planned, which is refused.
    pub careful: bool,
}

/// Writes and proves a slice of an image. Returns how many rows were written, and how many were left out.
///
/// # Errors
/// When a row is not what it was when the plan was made, or something is not as planned: the transaction must be rolled
/// back.
pub(super) fn write(
    job: &Job<'_>,
    part: &PartJob,
    (target, table): (&Target, Option<&Table>),
    image: &Image,
    slice: Slice,
    session: &mut Session,
) -> Result<(u64, u64), PatchError> {
    let begun = session.written()?;
    let rows_of = image.slice(slice.from, slice.to);
    if let (Some(confinement), Some(table), true) = (&job.confined, table, part.op != Op::Insert) {
        lock_parents(confinement, table, &rows_of, session)?;
    }
    let guarded = if slice.careful || slice.skip { None } else { guarded(job, part, table, &rows_of, session.engine()) };
    let skipped = match &guarded {
        Some(_) => 0,
        None => unchanged(job, part, (target, table), image, slice, session)?,
    };
    let rows = number(session, &format!("SELECT count(*) FROM {} AS i", rows_of.table), &[])?;
    if rows > 0 {
        part::write(job, part, target, guarded.as_ref().unwrap_or(&rows_of), rows, &Captures::default(), session)?;
        fault::point("patch.batch_written");
        if let Some(sql) = image.keep_after_within(slice.from, slice.to) {
            session.execute(&sql)?;
        }
        if let Some(table) = table {
            still_owned(job, part, table, target, &rows_of, session)?;
        }
    }
    session.check_deferred().map_err(|error| super::engine::deferred(&error.message))?;
    if session.deferred_violations() {
        return Err(super::engine::deferred("a row points to one that is not there"));
    }
    let wanted: Vec<(&str, &str, u64)> =
        if target.uncounted || rows == 0 { Vec::new() } else { vec![(target.counted.as_str(), word(part.op), rows)] };
    prove::in_all(&session.written()?.since(&begun), &wanted, &BTreeMap::new())?;
    Ok((rows, skipped))
}

/// The slice as one that writes only rows that are what they were when the plan was made; `None` where that cannot be said in
/// the statement that writes.
fn guarded(job: &Job<'_>, part: &PartJob, table: Option<&Table>, rows_of: &Image, engine: Engine) -> Option<Image> {
    if part.op == Op::Insert {
        return None;
    }
    let owned = match (&job.confined, table) {
        (Some(confinement), Some(table)) => Some(Places::spelled(confinement)?.owned(confinement.map, table, "t")),
        _ => None,
    };
    Some(rows_of.clone().guarded(owned.as_deref(), engine))
}

/// Looks whether the rows of a slice are what they were when the plan was made. Returns how many were left out.
fn unchanged(
    job: &Job<'_>,
    part: &PartJob,
    (target, table): (&Target, Option<&Table>),
    image: &Image,
    slice: Slice,
    session: &mut Session,
) -> Result<u64, PatchError> {
    let engine = session.engine();
    let (owned, binds) = match (&job.confined, table) {
        (Some(confinement), Some(table)) if part.op != Op::Insert => {
            let places = Places::behind(0, confinement);
            let owned = places.owned(confinement.map, table, "t");
            let values = places.values(&owned);
            (Some(owned), values)
        }
        _ => (None, Vec::new()),
    };
    let rows_of = image.slice(slice.from, slice.to);
    let keys = image.keys.len();
    let (mut found, mut named) = (0, Vec::new());
    session.stream_each(&rows_of.drift(word(part.op), owned.as_deref(), engine), &binds, &mut |row| {
        found += 1;
        if named.len() < NAMED {
            let key: Vec<String> = row.values.iter().take(keys).map(crate::tenancy::find::shown).collect();
            let what = match row.text(keys) {
                Some("gone") if job.confined.is_some() => "is gone, or another account's now",
                Some("gone") => "is gone",
                Some("there") => "is there already",
                _ => "was changed by somebody",
            };
            named.push(format!("  {} {}  {what}", target.name, key.join(", ")));
        }
        Ok(())
    })?;
    if found == 0 {
        return Ok(0);
    }
    if slice.skip {
        let out = rows_of.leave_out(&image.table, word(part.op), owned.as_deref(), engine);
        return Ok(session.execute_with(&out, &binds)?);
    }
    let rows = if found == 1 { "1 row".to_owned() } else { format!("{found} rows") };
    let mut error = PatchError::conflict(
        format!("{rows} of `{}` changed since the plan was made; this batch was not written", target.name),
        "",
    );
    if found > named.len() {
        named.push(format!("  and {} more", found - named.len()));
    }
    error.details = named;
    Err(error)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn why(sql: &str) -> Option<String> {
        of_many(sql, "clusters", Engine::Postgres)
    }

    #[test]
    fn a_query_about_one_row_at_a_time_goes_in_batches() {
        for sql in [
            "SELECT id, 'x' AS status FROM clusters WHERE account_id = :account",
            "SELECT clusters.id, 'x' AS status FROM clusters WHERE clusters.name = 'clusters'",
            "SELECT c.id, (SELECT count(*) FROM keywords k WHERE k.cluster_id = c.id) AS n FROM clusters c",
            "SELECT c.id, w.n FROM clusters c JOIN (SELECT k.cluster_id, count(*) AS n FROM keywords k GROUP BY 1) w ON w.cluster_id = c.id",
        ] {
            assert_eq!(why(sql), None, "{sql}");
        }
    }

    #[test]
    fn a_query_about_many_rows_does_not() {
        for (sql, part) in [
            ("SELECT max(id) AS id, 'x' AS status FROM clusters", "(max)"),
            ("SELECT id, 'x' AS status FROM clusters GROUP BY id", "(GROUP)"),
            ("SELECT id, row_number() OVER (ORDER BY id) AS n FROM clusters", "(OVER)"),
            ("SELECT id, 'x' AS status FROM clusters LIMIT 5", "(LIMIT)"),
            ("SELECT id, (SELECT count(*) FROM clusters) AS n FROM clusters", "more than once"),
            ("SELECT c.id, o.name FROM clusters c JOIN \"clusters\" o ON o.id = c.id + 1", "more than once"),
        ] {
            assert!(why(sql).is_some_and(|why| why.contains(part)), "{sql}: {:?}", why(sql));
        }
    }
}
