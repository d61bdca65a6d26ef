//! A part that writes by its own statement: run under capture, and proved by what was captured.
//!
//! There is no plan before it. What it has written is looked at row by row, before and after, and kept like a plan; a row
//! that is not the account's takes all of it back.

use super::capture::{Captures, Own};
use super::digest::Identity;
use super::error::PatchError;
use super::job::{Job, PartJob, word};
use super::part::{self, Written};
use super::prove;
use super::source::ScriptQuery;
use crate::backend::{Read, Session};
use crate::domain::fault;
use crate::domain::value::Value;

/// Runs and proves one statement. `name` is that of its image.
///
/// # Errors
/// When it is refused or cannot be proved: the transaction must be rolled back.
pub(super) fn run(
    job: &Job<'_>,
    part: &PartJob,
    query: &ScriptQuery,
    name: &str,
    captures: &mut Captures<'_>,
    identity: &mut Identity,
    session: &mut Session,
) -> Result<Vec<Written>, PatchError> {
    let (target, _) = part::find(job, part, session)?;
    let confined = &query.confined;
    let value = |name: &String| job.values.get(name).cloned().unwrap_or(Value::Null);
    let statement = Read {
        sql: confined.sql.clone(),
        binds: confined.parameters.iter().map(value).collect(),
        tables: confined.tables.clone(),
    };
    fault::point("patch.planned");
    let before = session.written()?;
    let rows = session.run_statement(&statement, &target).map_err(|error| {
        let doing = format!("the database refused to {} rows of `{}`", word(part.op), target.name);
        PatchError::sql(&error, &doing, job.confined.is_some()).at(query.place_of(error.position)).started()
    })?;
    fault::point("patch.written");
    prove::only(&session.written()?.since(&before), &target, part.op, rows, &captures.seen(session)?)?;
    part::limit(job, &target, rows, 0).map_err(PatchError::started)?;
    let own = Own { target: &target, op: part.op, rows, deleted: None };
    let mut images = captures.images(job, Some(own), name, identity, session)?;
    match images.itself.take() {
        Some(written) => Ok(images.around(written)),
        None => Err(PatchError::refused(format!("what was written of `{}` was not captured", target.name), "").started()),
    }
}
