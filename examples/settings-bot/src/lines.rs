//! The lines of a chat: `2025-10-24 dev ann: good morning`.

use std::error::Error;

/// What somebody said.
pub struct Line {
    /// The day, `2025-10-24`.
    pub date: String,
    /// The chat.
    pub chat: String,
    /// Who said it.
    pub user: String,
    /// The words.
    pub text: String,
}

/// Reads a file. Empty lines are passed over.
///
/// # Errors
/// When the file cannot be read, or a line is none.
pub fn read(file: &str) -> Result<Vec<Line>, Box<dyn Error>> {
    let text = std::fs::read_to_string(file).map_err(|error| format!("{file}: {error}"))?;
    let lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    lines.map(|(at, line)| parse(line).ok_or_else(|| format!("{file}:{}: no line of a chat", at + 1).into())).collect()
}

fn parse(line: &str) -> Option<Line> {
    let (head, text) = line.split_once(": ")?;
    let [date, chat, user] = head.split(' ').collect::<Vec<_>>().try_into().ok()?;
    let [date, chat, user, text] = [date, chat, user, text.trim()].map(str::to_owned);
    Some(Line { date, chat, user, text })
}
