//! Counting how often a command is used.

use diesel::prelude::*;
use diesel::result::Error;

use super::reading::nobody_called;
use super::rows::{Command, CommandRow, Creator};
use super::{now, number_or};
use crate::connection::{Connection, in_transaction};
use crate::refusal::Refusal;
use crate::schema::{custom_command_creators as u, custom_commands as c};

/// Counts one use. The database adds, so that of many at once none is lost.
pub fn execute(connection: &mut Connection, name: &str) -> Result<Command, Refusal> {
    let used: Result<(usize, Option<(CommandRow, Creator)>), Error> = in_transaction!(connection, connection => {
        let counted = diesel::update(c::table.filter(c::name.eq(name)).filter(c::is_active.eq(true)))
            .set((c::use_count.eq((number_or(c::use_count, 0) + 1).nullable()), c::last_used.eq(now())))
            .execute(connection)?;
        let row = c::table.inner_join(u::table)
            .filter(c::name.eq(name))
            .select((CommandRow::as_select(), Creator::as_select()))
            .first(connection)
            .optional()?;
        Ok((counted, row))
    });
    match used? {
        (_, None) => Err(nobody_called(name)),
        (0, Some(_)) => Err(Refusal::conflict(format!("the command {name:?} is not active"))),
        (_, Some(row)) => Ok(row.into()),
    }
}
