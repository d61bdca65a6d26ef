//! Rows, and how they are answered: every field by its name.

use chrono::{NaiveDateTime, SecondsFormat};
use diesel::prelude::*;
use serde::{Serialize, Serializer};

use crate::schema::{custom_command_creators, custom_commands};

/// Somebody who has made commands.
#[derive(Debug, Queryable, Selectable, Serialize)]
#[diesel(table_name = custom_command_creators)]
pub struct Creator {
    pub id: i64,
    pub discord_id: i64,
    pub username: String,
    pub display_name: Option<String>,
    #[serde(serialize_with = "moment")]
    pub created_at: NaiveDateTime,
    #[serde(serialize_with = "or_zero")]
    pub total_commands: Option<i64>,
    #[serde(serialize_with = "or_zero")]
    pub active_commands: Option<i64>,
}

/// A command's row.
#[derive(Debug, Queryable, Selectable)]
#[diesel(table_name = custom_commands)]
pub struct CommandRow {
    id: i64,
    name: String,
    content: String,
    created_at: NaiveDateTime,
    updated_at: Option<NaiveDateTime>,
    last_used: Option<NaiveDateTime>,
    use_count: Option<i64>,
    warning_sent: Option<bool>,
    is_active: Option<bool>,
    tags: Option<String>,
}

/// A command, with who has made it.
#[derive(Debug, Serialize)]
pub struct Command {
    pub id: i64,
    pub name: String,
    pub content: String,
    pub creator: Creator,
    #[serde(serialize_with = "moment")]
    pub created_at: NaiveDateTime,
    #[serde(serialize_with = "perhaps")]
    pub updated_at: Option<NaiveDateTime>,
    #[serde(serialize_with = "perhaps")]
    pub last_used: Option<NaiveDateTime>,
    pub use_count: i64,
    pub warning_sent: bool,
    pub is_active: bool,
    pub tags: Vec<String>,
}

impl From<(CommandRow, Creator)> for Command {
    fn from((row, creator): (CommandRow, Creator)) -> Self {
        Self {
            id: row.id,
            name: row.name,
            content: row.content,
            creator,
            created_at: row.created_at,
            updated_at: row.updated_at,
            last_used: row.last_used,
            use_count: row.use_count.unwrap_or(0),
            warning_sent: row.warning_sent.unwrap_or(false),
            is_active: row.is_active.unwrap_or(false),
            // What others wrote and is no list is no tag.
            tags: row.tags.and_then(|tags| serde_json::from_str(&tags).ok()).unwrap_or_default(),
        }
    }
}

fn moment<S: Serializer>(at: &NaiveDateTime, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&at.and_utc().to_rfc3339_opts(SecondsFormat::AutoSi, true))
}

fn perhaps<S: Serializer>(at: &Option<NaiveDateTime>, serializer: S) -> Result<S::Ok, S::Error> {
    match at {
        Some(at) => moment(at, serializer),
        None => serializer.serialize_none(),
    }
}

fn or_zero<S: Serializer>(count: &Option<i64>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_i64(count.unwrap_or(0))
}
