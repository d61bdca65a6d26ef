//! What the bot keeps. It needs the tables as the latest migration leaves them, and relies on them being so.

use diesel::prelude::*;
use diesel::upsert::excluded;

use crate::lines::Line;

diesel::table! {
    chat_messages (chat_id, message_id) {
        chat_id -> Text,
        message_id -> BigInt,
        user_id -> Text,
        date -> Text,
        text -> Text,
        created_at -> Text,
    }
}

diesel::table! {
    chat_settings (chat_id, key) {
        chat_id -> Text,
        key -> Text,
        value -> Text,
        updated_by -> Nullable<Text>,
        created_at -> Text,
        updated_at -> Text,
    }
}

diesel::table! {
    chat_users (chat_id, user_id) {
        chat_id -> Text,
        user_id -> Text,
        created_at -> Text,
        updated_at -> Text,
    }
}

diesel::table! {
    chat_user_stats (chat_id, user_id) {
        chat_id -> Text,
        user_id -> Text,
        messages -> BigInt,
    }
}

/// Keeps a message, who wrote it, and how many they have written.
pub fn keep(connection: &mut SqliteConnection, line: &Line) -> QueryResult<()> {
    connection.immediate_transaction(|connection| {
        use self::{chat_messages as m, chat_user_stats as s, chat_users as u};
        let last: Option<i64> =
            m::table.filter(m::chat_id.eq(&line.chat)).select(diesel::dsl::max(m::message_id)).first(connection)?;
        diesel::insert_into(m::table)
            .values((
                m::chat_id.eq(&line.chat),
                m::message_id.eq(last.unwrap_or(0) + 1),
                m::user_id.eq(&line.user),
                m::date.eq(&line.date),
                m::text.eq(&line.text),
                m::created_at.eq(&line.date),
            ))
            .execute(connection)?;
        diesel::insert_into(u::table)
            .values((
                u::chat_id.eq(&line.chat),
                u::user_id.eq(&line.user),
                u::created_at.eq(&line.date),
                u::updated_at.eq(&line.date),
            ))
            .on_conflict((u::chat_id, u::user_id))
            .do_update()
            .set(u::updated_at.eq(excluded(u::updated_at)))
            .execute(connection)?;
        diesel::insert_into(s::table)
            .values((s::chat_id.eq(&line.chat), s::user_id.eq(&line.user), s::messages.eq(1)))
            .on_conflict((s::chat_id, s::user_id))
            .do_update()
            .set(s::messages.eq(s::messages + 1))
            .execute(connection)?;
        Ok(())
    })
}

/// Writes a setting of a chat.
pub fn set(connection: &mut SqliteConnection, line: &Line, key: &str, value: &str) -> QueryResult<()> {
    use self::chat_settings as s;
    diesel::insert_into(s::table)
        .values((
            s::chat_id.eq(&line.chat),
            s::key.eq(key),
            s::value.eq(value),
            s::updated_by.eq(&line.user),
            s::created_at.eq(&line.date),
            s::updated_at.eq(&line.date),
        ))
        .on_conflict((s::chat_id, s::key))
        .do_update()
        .set((
            s::value.eq(excluded(s::value)),
            s::updated_by.eq(excluded(s::updated_by)),
            s::updated_at.eq(excluded(s::updated_at)),
        ))
        .execute(connection)?;
    Ok(())
}

/// A setting of a chat, and who has set it, as far as that is known.
pub fn get(connection: &mut SqliteConnection, chat: &str, key: &str) -> QueryResult<Option<(String, Option<String>)>> {
    use self::chat_settings as s;
    s::table.find((chat, key)).select((s::value, s::updated_by)).first(connection).optional()
}

/// Who has written how much in a chat, most first.
pub fn top(connection: &mut SqliteConnection, chat: &str) -> QueryResult<Vec<(String, i64)>> {
    use self::chat_user_stats as s;
    s::table
        .filter(s::chat_id.eq(chat))
        .order((s::messages.desc(), s::user_id))
        .select((s::user_id, s::messages))
        .load(connection)
}
