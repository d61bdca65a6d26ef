//! Those who make commands, and how many they have.

use diesel::prelude::*;
use serde::Deserialize;

use super::now;
use super::rows::Creator;
use crate::connection::{Connection, in_transaction};
use crate::refusal::Refusal;
use crate::schema::custom_command_creators as u;
use crate::words::{Id, Name};

/// Somebody new.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewCreator {
    discord_id: Id,
    username: Name,
    display_name: Option<Name>,
}

pub fn create_creator(connection: &mut Connection, new: &NewCreator) -> Result<Creator, Refusal> {
    let Id(discord_id) = new.discord_id;
    let values = || {
        (
            u::discord_id.eq(discord_id),
            u::username.eq(&new.username.0),
            u::display_name.eq(new.display_name.as_ref().map(|name| &name.0)),
            u::created_at.eq(now()),
        )
    };
    let made: Result<Creator, diesel::result::Error> = in_transaction!(connection, connection => {
        diesel::insert_into(u::table).values(values()).execute(connection)?;
        u::table.filter(u::discord_id.eq(discord_id)).select(Creator::as_select()).first(connection)
    });
    made.map_err(|error| match error {
        diesel::result::Error::DatabaseError(diesel::result::DatabaseErrorKind::UniqueViolation, _) => {
            Refusal::conflict(format!("somebody with the discord_id {discord_id} is there already"))
        }
        other => other.into(),
    })
}

/// Takes a creator's row, so that of two who change its commands the second one counts what the first has done. Whoever
/// changes commands takes it first: then nobody waits for another in a circle. 0 where there is no such creator.
macro_rules! take_creator {
    ($connection:expr, $id:expr) => {{
        use $crate::schema::custom_command_creators as u;
        diesel::update(u::table.filter(u::id.eq($id))).set(u::total_commands.eq(u::total_commands)).execute($connection)
    }};
}

/// Counts a creator's commands anew, in the transaction that has changed them.
macro_rules! count_anew {
    ($connection:expr, $id:expr) => {{
        use $crate::schema::{custom_command_creators as u, custom_commands as c};
        let total: i64 = c::table.filter(c::creator_id.eq($id)).count().get_result($connection)?;
        let active: i64 = c::table.filter(c::creator_id.eq($id)).filter(c::is_active.eq(true)).count().get_result($connection)?;
        diesel::update(u::table.filter(u::id.eq($id)))
            .set((u::total_commands.eq(total), u::active_commands.eq(active)))
            .execute($connection)
    }};
}

pub(super) use {count_anew, take_creator};
