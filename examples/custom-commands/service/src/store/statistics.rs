//! How many there are, and which are used.

use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::BigInt;
use serde::Serialize;

use super::{end_of_grace, moment_or, now, number_or};
use crate::connection::{Connection, on};
use crate::refusal::Refusal;
use crate::schema::{custom_command_creators as u, custom_commands as c};

/// The whole in numbers.
#[derive(Debug, Serialize)]
pub struct Statistics {
    total_commands: i64,
    active_commands: i64,
    total_creators: i64,
    total_uses: i64,
    never_used: i64,
    /// Not used for 60 days: what `manage verify grace-period` names.
    about_to_be_deleted: i64,
    most_used: Option<MostUsed>,
    most_active_creator: Option<MostActive>,
}

#[derive(Debug, Serialize)]
struct MostUsed {
    name: String,
    use_count: i64,
}

#[derive(Debug, Serialize)]
struct MostActive {
    username: String,
    total_commands: i64,
}

pub fn statistics(connection: &mut Connection) -> Result<Statistics, Refusal> {
    let end = end_of_grace(now());
    Ok(on!(connection, connection => {
        let most_used: Option<(String, i64)> = c::table
            .filter(number_or(c::use_count, 0).gt(0))
            .order((number_or(c::use_count, 0).desc(), c::id.asc()))
            .select((c::name, number_or(c::use_count, 0)))
            .first(connection)
            .optional()?;
        let most_active: Option<(String, i64)> = u::table
            .filter(number_or(u::total_commands, 0).gt(0))
            .order((number_or(u::total_commands, 0).desc(), u::id.asc()))
            .select((u::username, number_or(u::total_commands, 0)))
            .first(connection)
            .optional()?;
        Statistics {
            total_commands: c::table.count().get_result(connection)?,
            active_commands: c::table.filter(c::is_active.eq(true)).count().get_result(connection)?,
            total_creators: u::table.count().get_result(connection)?,
            total_uses: c::table.select(sql::<BigInt>("CAST(coalesce(sum(use_count), 0) AS BIGINT)")).first(connection)?,
            never_used: c::table.filter(number_or(c::use_count, 0).eq(0)).count().get_result(connection)?,
            about_to_be_deleted: c::table
                .filter(c::is_active.eq(true))
                .filter(moment_or(c::last_used, c::created_at).le(end))
                .count()
                .get_result(connection)?,
            most_used: most_used.map(|(name, use_count)| MostUsed { name, use_count }),
            most_active_creator: most_active.map(|(username, total_commands)| MostActive { username, total_commands }),
        }
    }))
}
