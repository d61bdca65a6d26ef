//! Making, changing and deleting commands. The creator's counts follow in the same transaction.

use diesel::prelude::*;
use diesel::result::{DatabaseErrorKind, Error};
use serde::Deserialize;

use super::creators::{count_anew, take_creator};
use super::now;
use super::reading::nobody_with;
use super::rows::{Command, CommandRow, Creator};
use crate::connection::{Connection, in_transaction};
use crate::refusal::Refusal;
use crate::schema::{custom_command_creators as u, custom_commands as c};
use crate::words::{Content, Id, Name, Tags, given};

/// A new command.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewCommand {
    name: Name,
    content: Content,
    creator_id: Id,
    tags: Option<Tags>,
}

/// What is to be different; what is left out stays. `"tags": null` takes all tags away.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Change {
    #[serde(default, deserialize_with = "given")]
    name: Option<Name>,
    #[serde(default, deserialize_with = "given")]
    content: Option<Content>,
    #[serde(default, deserialize_with = "given")]
    is_active: Option<bool>,
    #[serde(default, deserialize_with = "given")]
    tags: Option<Option<Tags>>,
}

/// As Diesel takes a change.
#[derive(AsChangeset)]
#[diesel(table_name = c)]
struct Set<'a> {
    name: Option<&'a str>,
    content: Option<&'a str>,
    is_active: Option<bool>,
    tags: Option<Option<String>>,
    updated_at: Option<chrono::NaiveDateTime>,
}

impl Change {
    /// # Errors
    /// When it changes nothing.
    pub fn checked(self) -> Result<Self, Refusal> {
        match self {
            Self { name: None, content: None, is_active: None, tags: None } => {
                Err(Refusal::invalid("nothing is to be changed: name, content, is_active and tags can be"))
            }
            change => Ok(change),
        }
    }
}

pub fn create(connection: &mut Connection, new: &NewCommand) -> Result<Command, Refusal> {
    let (Id(creator), name) = (new.creator_id, new.name.0.as_str());
    let made: Result<Option<(CommandRow, Creator)>, Error> = in_transaction!(connection, connection => {
        if take_creator!(connection, creator)? == 0 {
            return Ok(None);
        }
        let values = (
            c::name.eq(name),
            c::content.eq(&new.content.0),
            c::creator_id.eq(creator),
            c::created_at.eq(now()),
            c::use_count.eq(0),
            c::warning_sent.eq(false),
            c::is_active.eq(true),
            c::tags.eq(new.tags.as_ref().map(as_json)),
        );
        diesel::insert_into(c::table).values(values).execute(connection)?;
        count_anew!(connection, creator)?;
        c::table.inner_join(u::table)
            .filter(c::name.eq(name))
            .select((CommandRow::as_select(), Creator::as_select()))
            .first(connection)
            .map(Some)
    });
    match made.map_err(|error| or_taken(error, name))? {
        Some(made) => Ok(made.into()),
        None => Err(Refusal::not_found(format!("no creator has the id {creator}"))),
    }
}

pub fn update(connection: &mut Connection, id: i64, change: &Change) -> Result<Command, Refusal> {
    let changed: Result<Option<(CommandRow, Creator)>, Error> = in_transaction!(connection, connection => {
        // A command never changes hands, so this is still its creator when the creator's row is ours.
        let Some(creator) = c::table.find(id).select(c::creator_id).first::<i64>(connection).optional()? else {
            return Ok(None);
        };
        take_creator!(connection, creator)?;
        let set = Set {
            name: change.name.as_ref().map(|name| name.0.as_str()),
            content: change.content.as_ref().map(|content| content.0.as_str()),
            is_active: change.is_active,
            tags: change.tags.as_ref().map(|tags| tags.as_ref().map(as_json)),
            updated_at: Some(now()),
        };
        diesel::update(c::table.find(id)).set(set).execute(connection)?;
        count_anew!(connection, creator)?;
        c::table.inner_join(u::table)
            .filter(c::id.eq(id))
            .select((CommandRow::as_select(), Creator::as_select()))
            .first(connection)
            .optional()
    });
    let name = change.name.as_ref().map_or("", |name| name.0.as_str());
    changed.map_err(|error| or_taken(error, name))?.map(Command::from).ok_or_else(|| nobody_with(id))
}

pub fn delete(connection: &mut Connection, id: i64) -> Result<(), Refusal> {
    let deleted: Result<usize, Error> = in_transaction!(connection, connection => {
        let Some(creator) = c::table.find(id).select(c::creator_id).first::<i64>(connection).optional()? else {
            return Ok(0);
        };
        take_creator!(connection, creator)?;
        let deleted = diesel::delete(c::table.find(id)).execute(connection)?;
        count_anew!(connection, creator)?;
        Ok(deleted)
    });
    if deleted? == 0 { Err(nobody_with(id)) } else { Ok(()) }
}

fn as_json(tags: &Tags) -> String {
    serde_json::Value::from(tags.0.clone()).to_string()
}

fn or_taken(error: Error, name: &str) -> Refusal {
    match error {
        Error::DatabaseError(DatabaseErrorKind::UniqueViolation, _) => {
            Refusal::conflict(format!("a command is called {name:?} already"))
        }
        other => other.into(),
    }
}
