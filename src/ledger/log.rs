//! The migration log: applied, reverted, faked, adopted, failed, repaired. Append-only.

use std::collections::HashMap;

use super::Ledger;
use crate::backend::{Basic, SqlError};
use crate::domain::checksum::Checksum;
use crate::domain::schema::quoted_text;
use crate::domain::value::Value;
use crate::domain::version::Version;

/// What happened to a migration.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// It ran.
    Applied,
    /// Its way back ran.
    Reverted,
    /// It was recorded without running.
    Faked,
    /// It was recorded without running, because the database had it already: another tool ran it, or its schema is
    /// what the migrations make.
    Adopted,
    /// It failed; nothing of it stayed, or the progress table says what.
    Failed,
    /// A person accepted its edited file (with its texts), or said what became of a statement (without).
    Repaired,
}

impl Action {
    /// The word in the table.
    pub fn word(self) -> &'static str {
        match self {
            Self::Applied => "applied",
            Self::Reverted => "reverted",
            Self::Faked => "faked",
            Self::Adopted => "adopted",
            Self::Failed => "failed",
            Self::Repaired => "repaired",
        }
    }
}

/// Who acts. Read once at the edge, by the command line or the embedding application.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Actor {
    /// The user of the operating system.
    pub user: String,
    /// The host.
    pub host: String,
    /// `manage 0.1.0`
    pub tool: String,
}

/// A row of the log.
#[derive(Debug, Clone)]
pub struct Entry<'a> {
    /// Which kind of history: `diesel`.
    pub history: &'a str,
    /// The migration.
    pub version: &'a Version,
    /// Its name.
    pub name: &'a str,
    /// What happened.
    pub action: Action,
    /// How long it took, in microseconds.
    pub micros: u64,
    /// How many statements ran.
    pub statements: usize,
    /// The checksums of the file that ran.
    pub checksum: &'a Checksum,
    /// The way forward as it ran, or as it was accepted.
    pub up_text: Option<&'a str>,
    /// The way back as it was then.
    pub down_text: Option<&'a str>,
    /// What the database said, for a failure; the reason, for a repair.
    pub message: Option<&'a str>,
}

/// What the log remembers of a migration that is applied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recorded {
    /// The checksums of the file that ran.
    pub checksum: Checksum,
    /// How it came into the history; of one that was repaired, how it did before, as far as it is known.
    pub action: Action,
    /// How long it took, in microseconds; `None` where it was only recorded.
    pub micros: Option<u64>,
    /// Its name at that time.
    pub name: String,
    /// When it was logged, as the database says it.
    pub at: String,
}

const COLUMNS: &str = "history, version, name, action, micros, statements, byte_checksum, token_checksum, up_text, down_text, \
     os_user, host, tool_version, message";

impl Ledger {
    /// Writes a row of the log, in the transaction that is open.
    ///
    /// # Errors
    /// What the database refuses.
    pub fn log(self, session: &mut impl Basic, entry: &Entry<'_>, actor: &Actor) -> Result<(), SqlError> {
        let places = (1..=14).map(|place| format!("${place}")).collect::<Vec<_>>().join(", ");
        let sql = format!("INSERT INTO {} ({COLUMNS}) VALUES ({places})", self.table("manage_migration_log"));
        session.execute_with(&sql, &values(entry, actor)).map(drop)
    }

    /// The statement of [`Ledger::log`] as text, for who runs the stream elsewhere.
    pub fn log_sql(self, entry: &Entry<'_>, actor: &Actor) -> String {
        let literals = values(entry, actor).iter().map(literal).collect::<Vec<_>>().join(", ");
        format!("INSERT INTO {} ({COLUMNS}) VALUES ({literals})", self.table("manage_migration_log"))
    }

    /// What the log remembers of each applied migration of `history`: its last row that is no failure.
    ///
    /// # Errors
    /// What the database refuses.
    pub fn recorded(self, session: &mut impl Basic, history: &str) -> Result<HashMap<Version, Recorded>, SqlError> {
        // What a restore took away is not applied by these rows.
        let live = if self.knows(Self::RESTORES) { "AND NOT superseded" } else { "" };
        let sql = format!(
            "SELECT version, name, action, micros, byte_checksum, token_checksum, CAST(logged_at AS VARCHAR(50)) FROM {} \
             WHERE history = $1 AND action <> 'failed' AND NOT (action = 'repaired' AND up_text IS NULL) {live} ORDER BY id",
            self.table("manage_migration_log")
        );
        let mut known: HashMap<Version, Recorded> = HashMap::new();
        for row in session.query(&sql, &[history.into()])? {
            let Some(version) = row.text(0).map(Version::stored) else { continue };
            if row.text(2) == Some("reverted") {
                known.remove(&version);
                continue;
            }
            let text = |at: usize| row.text(at).unwrap_or_default().to_owned();
            if row.text(2) == Some("repaired")
                && let Some(earlier) = known.get_mut(&version)
            {
                earlier.checksum = Checksum { bytes: text(4), tokens: text(5) };
                earlier.name = text(1);
                continue;
            }
            let action = match row.text(2) {
                Some("faked") => Action::Faked,
                Some("adopted") => Action::Adopted,
                Some("repaired") => Action::Repaired,
                _ => Action::Applied,
            };
            let micros = row.integer(3).and_then(|micros| u64::try_from(micros).ok()).filter(|_| action == Action::Applied);
            let checksum = Checksum { bytes: text(4), tokens: text(5) };
            known.insert(version, Recorded { checksum, action, micros, name: text(1), at: text(6) });
        }
        Ok(known)
    }

    /// The way forward of an applied migration as it ran, or as a person accepted it later.
    ///
    /// # Errors
    /// What the database refuses.
    pub fn what_ran(self, session: &mut impl Basic, history: &str, version: &Version) -> Result<Option<String>, SqlError> {
        let sql = format!(
            "SELECT up_text FROM {} WHERE history = $1 AND version = $2 AND (up_text IS NOT NULL OR action = 'reverted') \
             ORDER BY id DESC LIMIT 1",
            self.table("manage_migration_log")
        );
        let rows = session.query(&sql, &[history.into(), version.as_str().into()])?;
        Ok(rows.first().and_then(|row| row.text(0)).map(str::to_owned))
    }
}

fn values(entry: &Entry<'_>, actor: &Actor) -> Vec<Value> {
    vec![
        entry.history.into(),
        entry.version.as_str().into(),
        entry.name.into(),
        entry.action.word().into(),
        i64::try_from(entry.micros).unwrap_or(i64::MAX).into(),
        i64::try_from(entry.statements).unwrap_or(i64::MAX).into(),
        entry.checksum.bytes.as_str().into(),
        entry.checksum.tokens.as_str().into(),
        entry.up_text.into(),
        entry.down_text.into(),
        actor.user.as_str().into(),
        actor.host.as_str().into(),
        actor.tool.as_str().into(),
        entry.message.into(),
    ]
}

/// A value as a literal that both databases read alike.
pub(super) fn literal(value: &Value) -> String {
    match value {
        Value::Text(text) => quoted_text(text),
        Value::Integer(number) => number.to_string(),
        Value::Bool(truth) => if *truth { "TRUE" } else { "FALSE" }.to_owned(),
        Value::Real(number) => format!("{number:?}"),
        Value::Bytes(_) | Value::Null => "NULL".to_owned(),
    }
}
