//! Notes: what people and commands wrote down. Append-only.

use super::log::Actor;
use super::{Ledger, LedgerError};
use crate::backend::{Basic, SqlError};
use crate::domain::value::{Row, Value};

/// A note to be written. Neither rows of the database nor passwords belong into it.
#[derive(Debug, Clone, Copy)]
pub struct NewNote<'a> {
    /// What was done, one word or command: `marker set`, `restore`; `by hand` for what no command did.
    pub kind: &'a str,
    /// One line that says it.
    pub title: &'a str,
    /// Why.
    pub reason: Option<&'a str>,
    /// Whose rows it was about, for a note about one account.
    pub account: Option<&'a str>,
    /// Free text, Markdown.
    pub body: Option<&'a str>,
    /// What programs may want to know, as JSON.
    pub facts: Option<&'a str>,
    /// What is still to be done, a line each.
    pub open: &'a [String],
    /// What earlier notes left open and is done now.
    pub closes: &'a [Item],
    /// The name of the database.
    pub database: &'a str,
    /// The name of its environment, where its marker says it.
    pub environment: Option<&'a str>,
    /// Who acts, where that is not the user of the operating system.
    pub person: Option<&'a str>,
    /// User, host and tool.
    pub actor: &'a Actor,
}

/// A note as it stands in the ledger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    /// Its number in this database.
    pub id: i64,
    /// Its name in every database to which it is carried: 32 hexadecimal digits.
    pub uid: String,
    /// When, by the database's clock: RFC 3339, UTC, milliseconds.
    pub written_at: String,
    /// What was done.
    pub kind: String,
    /// One line.
    pub title: String,
    /// Why.
    pub reason: Option<String>,
    /// Whose rows.
    pub account: Option<String>,
    /// Free text.
    pub body: Option<String>,
    /// JSON.
    pub facts: Option<String>,
    /// What was still to be done.
    pub open: Vec<String>,
    /// What it closed.
    pub closes: Vec<Item>,
    /// The name of the database.
    pub database: String,
    /// The name of the environment.
    pub environment: Option<String>,
    /// Who acted, where that is not the user of the operating system.
    pub person: Option<String>,
    /// The user of the operating system.
    pub user: String,
    /// The host.
    pub host: String,
    /// `manage 0.1.0`
    pub tool: String,
    /// Whether a restore took away what it tells of.
    pub superseded: bool,
}

/// One thing that a note left open.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Item {
    /// The note.
    pub uid: String,
    /// Its place in [`Note::open`], from 1.
    pub number: usize,
}

/// Which notes.
#[derive(Debug, Clone, Copy, Default)]
pub struct Wanted<'a> {
    /// Not older than this: RFC 3339, UTC, or the beginning of it (`2026-11`).
    pub since: Option<&'a str>,
    /// Of this kind.
    pub kind: Option<&'a str>,
    /// About this account.
    pub account: Option<&'a str>,
    /// With all of these words, wherever they stand in it.
    pub text: Option<&'a str>,
    /// The newest so many.
    pub limit: Option<usize>,
}

const COLUMNS: &str = "id, uid, written_at, kind, title, reason, account, body, facts, open_items, closes, database, environment, \
     person, os_user, host, tool_version, superseded";

impl Ledger {
    /// Writes a note, in the transaction that is open or by itself.
    ///
    /// # Errors
    /// When the ledger has not been brought up to date, or what the database refuses.
    pub fn add_note(self, session: &mut impl Basic, note: &NewNote<'_>) -> Result<Note, LedgerError> {
        self.needs(Self::NOTES)?;
        let sql = format!(
            "INSERT INTO {} (kind, title, reason, account, body, facts, open_items, closes, database, environment, person, \
             os_user, host, tool_version) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14) \
             RETURNING {COLUMNS}",
            self.table("manage_note")
        );
        let binds = [
            note.kind.into(),
            note.title.into(),
            note.reason.into(),
            note.account.into(),
            note.body.into(),
            note.facts.into(),
            lines(note.open),
            items(note.closes),
            note.database.into(),
            note.environment.into(),
            note.person.into(),
            note.actor.user.as_str().into(),
            note.actor.host.as_str().into(),
            note.actor.tool.as_str().into(),
        ];
        let rows = session.query(&sql, &binds).map_err(LedgerError::Sql)?;
        rows.first().and_then(read).ok_or_else(|| LedgerError::History("a note was written and not given back".to_owned()))
    }

    /// Writes a note of another database, or of this one before it was restored, as it is but for its number where
    /// that is taken. Returns whether it was missing.
    ///
    /// # Errors
    /// As [`Ledger::add_note`].
    pub fn carry_over_note(self, session: &mut impl Basic, note: &Note, superseded: bool) -> Result<bool, LedgerError> {
        self.needs(Self::NOTES)?;
        let table = self.table("manage_note");
        let found = |session: &mut _, sql: &str, bind: Value| -> Result<bool, SqlError> {
            Ok(!Basic::query(session, &format!("SELECT 1 FROM {table} WHERE {sql} = $1"), &[bind])?.is_empty())
        };
        if found(session, "uid", note.uid.as_str().into()).map_err(LedgerError::Sql)? {
            return Ok(false);
        }
        let taken = found(session, "id", note.id.into()).map_err(LedgerError::Sql)?;
        let id = if taken { format!("(SELECT max(id) + 1 FROM {table})") } else { note.id.to_string() };
        let places = (1..=17).map(|place| format!("${place}")).collect::<Vec<_>>().join(", ");
        let binds = [
            note.uid.as_str().into(),
            note.written_at.as_str().into(),
            note.kind.as_str().into(),
            note.title.as_str().into(),
            note.reason.as_deref().into(),
            note.account.as_deref().into(),
            note.body.as_deref().into(),
            note.facts.as_deref().into(),
            lines(&note.open),
            items(&note.closes),
            note.database.as_str().into(),
            note.environment.as_deref().into(),
            note.person.as_deref().into(),
            note.user.as_str().into(),
            note.host.as_str().into(),
            note.tool.as_str().into(),
            (superseded || note.superseded).into(),
        ];
        session
            .execute_with(&format!("INSERT INTO {table} ({COLUMNS}) VALUES ({id}, {places})"), &binds)
            .map_err(LedgerError::Sql)?;
        self.move_numbers_past_notes(session).map_err(LedgerError::Sql)?;
        Ok(true)
    }

    /// The notes that are wanted, the newest first. None where the ledger is older than notes are.
    ///
    /// # Errors
    /// What the database refuses.
    pub fn notes(self, session: &mut impl Basic, wanted: &Wanted<'_>) -> Result<Vec<Note>, SqlError> {
        if !self.knows(Self::NOTES) {
            return Ok(Vec::new());
        }
        let sql = format!("SELECT {COLUMNS} FROM {} ORDER BY id DESC", self.table("manage_note"));
        let rows = session.query(&sql, &[])?;
        let notes = rows.iter().filter_map(read).filter(|note| note.is(wanted));
        Ok(notes.take(wanted.limit.unwrap_or(usize::MAX)).collect())
    }

    /// One note.
    ///
    /// # Errors
    /// What the database refuses.
    pub fn note(self, session: &mut impl Basic, id: i64) -> Result<Option<Note>, SqlError> {
        if !self.knows(Self::NOTES) {
            return Ok(None);
        }
        let sql = format!("SELECT {COLUMNS} FROM {} WHERE id = $1", self.table("manage_note"));
        Ok(session.query(&sql, &[id.into()])?.first().and_then(read))
    }

    /// The number that the next note gets stands after all that are there, also where some were carried over.
    fn move_numbers_past_notes(self, session: &mut impl Basic) -> Result<(), SqlError> {
        use crate::domain::engine::Engine;
        match session.engine() {
            // SQLite draws the number from the table itself.
            Engine::Sqlite => Ok(()),
            Engine::Postgres => session
                .query(
                    "SELECT pg_catalog.setval(pg_catalog.pg_get_serial_sequence('manage.manage_note', 'id'), \
                     (SELECT max(id) FROM manage.manage_note))",
                    &[],
                )
                .map(drop),
        }
    }
}

impl Note {
    /// Who acted: a name that was given, else the user of the operating system.
    pub fn who(&self) -> &str {
        self.person.as_deref().unwrap_or(&self.user)
    }

    /// What it left open, with the names under which later notes close it.
    pub fn items(&self) -> impl Iterator<Item = (Item, &str)> {
        self.open.iter().zip(1..).map(|(text, number)| (Item { uid: self.uid.clone(), number }, text.as_str()))
    }

    /// Whether it is one of those that are wanted. Notes are few, and databases differ in what a capital letter is.
    pub fn is(&self, wanted: &Wanted<'_>) -> bool {
        let Wanted { since, kind, account, text, limit: _ } = *wanted;
        since.is_none_or(|since| self.written_at.as_str() >= since)
            && kind.is_none_or(|kind| self.kind == kind)
            && account.is_none_or(|account| self.account.as_deref() == Some(account))
            && text.is_none_or(|text| self.has_all(text))
    }

    fn has_all(&self, words: &str) -> bool {
        let parts = [Some(&self.kind), Some(&self.title), self.reason.as_ref(), self.account.as_ref(), self.body.as_ref()];
        let others = [self.facts.as_ref(), self.person.as_ref(), Some(&self.user), self.environment.as_ref()];
        let text = parts.into_iter().chain(others).flatten().chain(&self.open).map(|part| part.to_lowercase());
        let text = text.collect::<Vec<_>>().join("\n");
        words.to_lowercase().split_whitespace().all(|word| text.contains(word))
    }
}

fn lines(open: &[String]) -> Value {
    let text: Vec<String> = open.iter().map(|item| item.split_whitespace().collect::<Vec<_>>().join(" ")).collect();
    (!text.is_empty()).then(|| text.join("\n")).into()
}

fn items(closes: &[Item]) -> Value {
    let text: Vec<String> = closes.iter().map(|item| format!("{}.{}", item.uid, item.number)).collect();
    (!text.is_empty()).then(|| text.join("\n")).into()
}

fn read(row: &Row) -> Option<Note> {
    let text = |at: usize| row.text(at).map(str::to_owned);
    let listed = |at: usize| row.text(at).map(|text| text.lines().map(str::to_owned).collect::<Vec<_>>()).unwrap_or_default();
    let item = |line: &String| {
        let (uid, number) = line.split_once('.')?;
        Some(Item { uid: uid.to_owned(), number: number.parse().ok()? })
    };
    Some(Note {
        id: row.integer(0)?,
        uid: text(1)?,
        written_at: text(2)?,
        kind: text(3)?,
        title: text(4)?,
        reason: text(5),
        account: text(6),
        body: text(7),
        facts: text(8),
        open: listed(9),
        closes: listed(10).iter().filter_map(item).collect(),
        database: text(11)?,
        environment: text(12),
        person: text(13),
        user: text(14)?,
        host: text(15)?,
        tool: text(16)?,
        superseded: row.truth(17)?,
    })
}
