//! Statements that run only where a column is there, or is not.

use super::apply::Run;
use super::event::Event;
use super::prepare::{PrepareError, PrepareErrorKind, Prepared};
use crate::backend::{self, Full, Notice, SqlError};
use crate::domain::engine::Engine;
use crate::domain::sql::Statement;

impl<S: Full> Run<'_, S> {
    /// Whether statement `number` is left out, by the catalogue at this moment.
    pub(super) fn is_left_out(&mut self, step: &Prepared<'_>, number: usize) -> Result<bool, SqlError> {
        for condition in &step.conditions[number] {
            let there = backend::has_column(self.session, condition)?;
            if there != condition.present {
                let state = if there { "is there already" } else { "is not there" };
                let message = format!(
                    "statement {} is left out: column {}.{} {state}",
                    number + 1,
                    condition.table.join("."),
                    condition.column
                );
                let notice = Notice { severity: "NOTICE".to_owned(), sqlstate: "00000".to_owned(), message };
                self.observer.on(&Event::Notice(&notice));
                return Ok(true);
            }
        }
        Ok(false)
    }
}

/// Statement `number` for a plain client, which has to decide its conditions itself.
///
/// # Errors
/// Where the client cannot do it.
pub(super) fn for_a_plain_client(step: &Prepared<'_>, number: usize) -> Result<String, PrepareError> {
    let sql = step.sql(number);
    let conditions = &step.conditions[number];
    let Some(condition) = conditions.first() else { return Ok(sql.to_owned()) };
    let script = step.step.script;
    let refused = |kind| PrepareError { place: script.place(step.pieces[number].start), kind };
    if script.engine == Engine::Sqlite {
        return Err(refused(PrepareErrorKind::OnlyHere { condition: condition.clone() }));
    }
    if matches!(step.statements[number], Statement::OutsideTransaction { .. }) {
        return Err(refused(PrepareErrorKind::OnlyHereOutside { condition: condition.clone() }));
    }
    let said = conditions.iter().map(|condition| {
        let there = backend::column_is_there(script.engine, condition);
        if condition.present { there } else { format!("NOT {there}") }
    });
    let said = said.collect::<Vec<_>>().join(" AND ");
    let (outer, inner) = (tag("manage", sql), tag("statement", sql));
    Ok(format!("DO {outer} BEGIN IF {said} THEN EXECUTE {inner}{sql}{inner}; END IF; END {outer}"))
}

/// A dollar quote that does not stand in `sql`.
fn tag(word: &str, sql: &str) -> String {
    let mut tag = format!("${word}$");
    while sql.contains(&tag) {
        tag.insert(1, 'x');
    }
    tag
}
