//! Looking up.

use diesel::prelude::*;
use serde::{Deserialize, Serialize};

use super::number_or;
use super::rows::{Command, CommandRow, Creator};
use crate::connection::{Connection, on};
use crate::refusal::Refusal;
use crate::schema::{custom_command_creators as u, custom_commands as c};
use crate::words::{Id, UpTo, Wanted};

/// Which commands, in which order, which page of them.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Listing {
    /// Those whose name begins so.
    #[serde(default)]
    name: Wanted,
    creator_discord_id: Option<Id>,
    is_active: Option<bool>,
    min_uses: Option<UpTo<{ i64::MAX }>>,
    #[serde(default)]
    sort: Sort,
    #[serde(default = "first")]
    page: UpTo<1_000_000>,
    #[serde(default = "usual")]
    page_size: UpTo<100>,
}

fn first() -> UpTo<1_000_000> {
    UpTo(1)
}

fn usual() -> UpTo<100> {
    UpTo(25)
}

/// An order; what is equal follows by id. What was never used comes last.
#[derive(Debug, Default, Deserialize)]
pub enum Sort {
    #[default]
    #[serde(rename = "name")]
    Name,
    #[serde(rename = "-name")]
    NameBackwards,
    #[serde(rename = "created_at")]
    Oldest,
    #[serde(rename = "-created_at")]
    Newest,
    #[serde(rename = "last_used")]
    LongestUnused,
    #[serde(rename = "-last_used")]
    LatestUsed,
    #[serde(rename = "use_count")]
    LeastUsed,
    #[serde(rename = "-use_count")]
    MostUsed,
}

/// A page of commands.
#[derive(Debug, Serialize)]
pub struct Page {
    custom_commands: Vec<Command>,
    count: i64,
    page: i64,
    page_size: i64,
    total_pages: i64,
}

pub fn list(connection: &mut Connection, wanted: &Listing) -> Result<Page, Refusal> {
    let (page, size) = (wanted.page.0, wanted.page_size.0);
    let (count, rows): (i64, Vec<(CommandRow, Creator)>) = on!(connection, connection => {
        let filtered = || {
            let mut query = c::table.inner_join(u::table).into_boxed();
            if !wanted.name.0.is_empty() {
                query = query.filter(c::name.ge(wanted.name.0.clone()));
                if let Some(end) = behind(&wanted.name.0) {
                    query = query.filter(c::name.lt(end));
                }
            }
            if let Some(Id(discord_id)) = wanted.creator_discord_id {
                query = query.filter(u::discord_id.eq(discord_id));
            }
            match wanted.is_active {
                Some(true) => query = query.filter(c::is_active.eq(true)),
                Some(false) => query = query.filter(c::is_active.is_null().or(c::is_active.eq(false))),
                None => {}
            }
            if let Some(UpTo(least)) = wanted.min_uses {
                query = query.filter(number_or(c::use_count, 0).ge(least));
            }
            query
        };
        let ordered = match wanted.sort {
            Sort::Name => filtered().order((c::name.asc(), c::id.asc())),
            Sort::NameBackwards => filtered().order((c::name.desc(), c::id.asc())),
            Sort::Oldest => filtered().order((c::created_at.asc(), c::id.asc())),
            Sort::Newest => filtered().order((c::created_at.desc(), c::id.asc())),
            Sort::LongestUnused => filtered().order((c::last_used.is_null(), c::last_used.asc(), c::id.asc())),
            Sort::LatestUsed => filtered().order((c::last_used.is_null(), c::last_used.desc(), c::id.asc())),
            Sort::LeastUsed => filtered().order((number_or(c::use_count, 0).asc(), c::id.asc())),
            Sort::MostUsed => filtered().order((number_or(c::use_count, 0).desc(), c::id.asc())),
        };
        let count = filtered().count().get_result(connection)?;
        let rows = ordered
            .select((CommandRow::as_select(), Creator::as_select()))
            .offset((page - 1) * size)
            .limit(size)
            .load(connection)?;
        (count, rows)
    });
    let custom_commands = rows.into_iter().map(Command::from).collect();
    Ok(Page {
        custom_commands,
        count,
        page,
        page_size: size,
        total_pages: count.max(0).div_euclid(size) + i64::from(count % size > 0),
    })
}

/// Names that begin so, at most `most`, in their order. As everywhere, `Momma` does not begin with `mom`.
pub fn autocomplete(connection: &mut Connection, prefix: &str, most: i64) -> Result<Vec<String>, Refusal> {
    Ok(on!(connection, connection => {
        let mut query = c::table.select(c::name).filter(c::name.ge(prefix)).order(c::name.asc()).limit(most).into_boxed();
        if let Some(end) = behind(prefix) {
            query = query.filter(c::name.lt(end));
        }
        query.load(connection)?
    }))
}

pub fn by_name(connection: &mut Connection, name: &str) -> Result<Command, Refusal> {
    let found: Option<(CommandRow, Creator)> = on!(connection, connection => c::table
        .inner_join(u::table)
        .filter(c::name.eq(name))
        .select((CommandRow::as_select(), Creator::as_select()))
        .first(connection)
        .optional()?);
    found.map(Command::from).ok_or_else(|| nobody_called(name))
}

pub fn by_id(connection: &mut Connection, id: i64) -> Result<Command, Refusal> {
    let found: Option<(CommandRow, Creator)> = on!(connection, connection => c::table
        .inner_join(u::table)
        .filter(c::id.eq(id))
        .select((CommandRow::as_select(), Creator::as_select()))
        .first(connection)
        .optional()?);
    found.map(Command::from).ok_or_else(|| nobody_with(id))
}

pub(super) fn nobody_called(name: &str) -> Refusal {
    Refusal::not_found(format!("no command is called {name:?}"))
}

pub(super) fn nobody_with(id: i64) -> Refusal {
    Refusal::not_found(format!("no command has the id {id}"))
}

/// The first text behind all that begin with `prefix`, by code points, as both databases order names: so an index finds
/// them. None where there is no such text.
fn behind(prefix: &str) -> Option<String> {
    let mut chars: Vec<char> = prefix.chars().collect();
    while let Some(last) = chars.pop() {
        // Skips the gap of the surrogates.
        if let Some(next) = (u32::from(last) + 1..=u32::from(char::MAX)).find_map(char::from_u32) {
            chars.push(next);
            return Some(chars.into_iter().collect());
        }
    }
    None
}

#[test]
fn what_is_behind_a_prefix_is_the_next_text() {
    assert_eq!(behind("mom").as_deref(), Some("mon"));
    assert_eq!(behind("a\u{d7ff}").as_deref(), Some("a\u{e000}"));
    assert_eq!(behind("a\u{10ffff}").as_deref(), Some("b"));
    assert_eq!(behind("\u{10ffff}"), None);
}
