//! What the bot answers.

use diesel::SqliteConnection;
use diesel::result::QueryResult;

use crate::lines::Line;
use crate::store;

/// Keeps what was said, and answers where it is spoken to: `!set KEY VALUE`, `!get KEY`, `!top`.
///
/// # Errors
/// What the database refuses.
pub fn hear(connection: &mut SqliteConnection, line: &Line) -> QueryResult<Option<String>> {
    store::keep(connection, line)?;
    let Some(command) = line.text.strip_prefix('!') else { return Ok(None) };
    let mut words = command.splitn(3, ' ');
    Ok(Some(match (words.next(), words.next(), words.next()) {
        (Some("set"), Some(key), Some(value)) => {
            store::set(connection, line, key, value)?;
            format!("{key} is {value}")
        }
        (Some("get"), Some(key), None) => match store::get(connection, &line.chat, key)? {
            Some((value, Some(by))) => format!("{key} is {value}, by {by}"),
            Some((value, None)) => format!("{key} is {value}"),
            None => format!("{key} is not set"),
        },
        (Some("top"), None, None) => {
            let users = store::top(connection, &line.chat)?;
            users.into_iter().map(|(user, count)| format!("{user} {count}")).collect::<Vec<_>>().join(", ")
        }
        _ => "I understand !set KEY VALUE, !get KEY and !top".to_owned(),
    }))
}
