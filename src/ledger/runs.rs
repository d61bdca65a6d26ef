//! Runs: one execution of anything that changes rows.
//!
//! A run is started before it writes, in a transaction of its own, so that one which was killed is seen. It is finished
//! in the transaction of what it wrote: both are there, or neither.

use super::log::Actor;
use super::{Ledger, LedgerError};
use crate::backend::{Basic, SqlError, rfc3339_now};
use crate::domain::value::{Row, Value};

/// How far a run has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RunState {
    /// It was started. One whose process is gone stays so until another run finds it.
    Running,
    /// All that it wrote is there, and was verified.
    Applied,
    /// All that it wrote is there; what was to be verified was not as it should be.
    AppliedUnverified,
    /// Nothing of it is there.
    Failed,
    /// Some of it is there, and it can go on.
    Stopped,
    /// Some of it is there, and it does not go on.
    Cancelled,
    /// Another run took it back.
    Undone,
}

impl RunState {
    /// All of them.
    pub const ALL: [Self; 7] =
        [Self::Running, Self::Applied, Self::AppliedUnverified, Self::Failed, Self::Stopped, Self::Cancelled, Self::Undone];

    /// The word in the table.
    pub fn word(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Applied => "applied",
            Self::AppliedUnverified => "applied-unverified",
            Self::Failed => "failed",
            Self::Stopped => "stopped",
            Self::Cancelled => "cancelled",
            Self::Undone => "undone",
        }
    }

    fn named(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.word() == word)
    }
}

/// A run that begins.
#[derive(Debug, Clone, Copy)]
pub struct NewRun<'a> {
    /// What it is: `fix`, `sync`, `transfer`, `undo`, `test-data`.
    pub kind: &'a str,
    /// The name of the script or the mapping.
    pub name: &'a str,
    /// The key of the account, for a run about one.
    pub account: Option<&'a str>,
    /// The key of the site.
    pub site: Option<&'a str>,
    /// Which database it runs on, `name=value` parts as a marker is bound to them.
    pub fingerprint: &'a str,
    /// What it reads from, where that is another database. Without a password.
    pub source: Option<&'a str>,
    /// SHA-256 of the script or the mapping.
    pub script_hash: Option<&'a str>,
    /// Its text.
    pub script: Option<&'a str>,
    /// Its parameters, as JSON.
    pub parameters: Option<&'a str>,
    /// Its moment: RFC 3339, UTC.
    pub clock: &'a str,
    /// The digest of what was planned.
    pub digest: Option<&'a str>,
    /// The version of the schema.
    pub schema_version: Option<&'a str>,
    /// Why.
    pub reason: Option<&'a str>,
    /// Who, where that is not the user of the operating system.
    pub person: Option<&'a str>,
    /// User, host and tool.
    pub actor: &'a Actor,
    /// The run that it takes back.
    pub undo_of: Option<i64>,
}

/// A run as it stands in the ledger.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Run {
    pub id: i64,
    pub kind: String,
    pub name: String,
    pub state: RunState,
    pub account: Option<String>,
    pub site: Option<String>,
    pub fingerprint: String,
    pub source: Option<String>,
    pub script_hash: Option<String>,
    pub script: Option<String>,
    pub parameters: Option<String>,
    pub clock: String,
    pub digest: Option<String>,
    pub schema_version: Option<String>,
    pub reason: Option<String>,
    pub person: Option<String>,
    pub user: String,
    pub host: String,
    pub tool: String,
    pub started_at: String,
    pub heartbeat_at: String,
    pub finished_at: Option<String>,
    /// Rows that it wrote.
    pub rows: u64,
    /// JSON.
    pub counts: Option<String>,
    /// JSON.
    pub checkpoint: Option<String>,
    pub error: Option<String>,
    /// The uid of its note.
    pub note: Option<String>,
    pub undo_of: Option<i64>,
    pub undone_by: Option<i64>,
}

/// How a run ended.
#[derive(Debug, Clone, Copy)]
pub struct Ended<'a> {
    /// Its state.
    pub state: RunState,
    /// Rows that it wrote.
    pub rows: u64,
    /// What it says of itself, as JSON.
    pub counts: Option<&'a str>,
    /// What went wrong.
    pub error: Option<&'a str>,
    /// The uid of its note.
    pub note: Option<&'a str>,
}

/// Which runs.
#[derive(Debug, Clone, Copy, Default)]
pub struct WantedRuns<'a> {
    /// Of this kind.
    pub kind: Option<&'a str>,
    /// In this state.
    pub state: Option<RunState>,
    /// About this account.
    pub account: Option<&'a str>,
    /// That wrote at least one row.
    pub wrote: bool,
    /// The newest so many.
    pub limit: Option<usize>,
}

const COLUMNS: &str = "id, kind, name, state, account, site, fingerprint, source, script_hash, script, parameters, clock, digest, \
     schema_version, reason, person, os_user, host, tool_version, started_at, heartbeat_at, finished_at, rows_written, counts, \
     checkpoint, error, note, undo_of, undone_by";

impl Ledger {
    /// Starts a run, in the transaction that is open or by itself. Returns its number.
    ///
    /// # Errors
    /// When the ledger has not been brought up to date, or what the database refuses.
    pub fn start_run(self, session: &mut impl Basic, run: &NewRun<'_>) -> Result<i64, LedgerError> {
        self.needs(Self::RUNS)?;
        let sql = format!(
            "INSERT INTO {} (kind, name, state, account, site, fingerprint, source, script_hash, script, parameters, clock, digest, \
             schema_version, reason, person, os_user, host, tool_version, undo_of) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19) RETURNING id",
            self.table("manage_run")
        );
        let binds = [
            run.kind.into(),
            run.name.into(),
            RunState::Running.word().into(),
            run.account.into(),
            run.site.into(),
            run.fingerprint.into(),
            run.source.into(),
            run.script_hash.into(),
            run.script.into(),
            run.parameters.into(),
            run.clock.into(),
            run.digest.into(),
            run.schema_version.into(),
            run.reason.into(),
            run.person.into(),
            run.actor.user.as_str().into(),
            run.actor.host.as_str().into(),
            run.actor.tool.as_str().into(),
            run.undo_of.into(),
        ];
        let rows = session.query(&sql, &binds).map_err(LedgerError::Sql)?;
        rows.first()
            .and_then(|row| row.integer(0))
            .ok_or_else(|| LedgerError::History("a run was started and got no number".to_owned()))
    }

    /// Notes where a run goes on, in the transaction of what it has written so far.
    ///
    /// # Errors
    /// What the database refuses.
    pub fn checkpoint_run(self, session: &mut impl Basic, run: i64, rows: u64, checkpoint: &str) -> Result<(), SqlError> {
        let now = rfc3339_now(session.engine());
        let sql = format!(
            "UPDATE {} SET heartbeat_at = {now}, rows_written = $1, checkpoint = $2 WHERE id = $3",
            self.table("manage_run")
        );
        session.execute_with(&sql, &[signed(rows), checkpoint.into(), run.into()]).map(drop)
    }

    /// Finishes a run, in the transaction of what it wrote. One that takes another back marks that one, too.
    ///
    /// # Errors
    /// What the database refuses.
    pub fn finish_run(self, session: &mut impl Basic, run: i64, ended: &Ended<'_>) -> Result<(), SqlError> {
        let (now, table) = (rfc3339_now(session.engine()), self.table("manage_run"));
        let sql = format!(
            "UPDATE {table} SET state = $1, rows_written = $2, counts = $3, error = $4, note = $5, finished_at = {now}, \
             heartbeat_at = {now} WHERE id = $6"
        );
        let binds = [
            ended.state.word().into(),
            signed(ended.rows),
            ended.counts.into(),
            ended.error.into(),
            ended.note.into(),
            run.into(),
        ];
        session.execute_with(&sql, &binds)?;
        if ended.state == RunState::Applied {
            let sql =
                format!("UPDATE {table} SET state = $1, undone_by = $2 WHERE id = (SELECT undo_of FROM {table} WHERE id = $2)");
            session.execute_with(&sql, &[RunState::Undone.word().into(), run.into()])?;
        }
        Ok(())
    }

    /// A run by its number.
    ///
    /// # Errors
    /// What the database refuses.
    pub fn run(self, session: &mut impl Basic, id: i64) -> Result<Option<Run>, SqlError> {
        if !self.knows(Self::RUNS) {
            return Ok(None);
        }
        let rows = session.query(&format!("SELECT {COLUMNS} FROM {} WHERE id = $1", self.table("manage_run")), &[id.into()])?;
        Ok(rows.first().and_then(read))
    }

    /// Runs, the newest first.
    ///
    /// # Errors
    /// What the database refuses.
    pub fn runs(self, session: &mut impl Basic, wanted: &WantedRuns<'_>) -> Result<Vec<Run>, SqlError> {
        if !self.knows(Self::RUNS) {
            return Ok(Vec::new());
        }
        let mut conditions = Vec::new();
        let mut binds: Vec<Value> = Vec::new();
        for (column, value) in [("kind", wanted.kind), ("state", wanted.state.map(RunState::word)), ("account", wanted.account)] {
            if let Some(value) = value {
                binds.push(value.into());
                conditions.push(format!("{column} = ${}", binds.len()));
            }
        }
        if wanted.wrote {
            conditions.push("rows_written > 0".to_owned());
        }
        let only = if conditions.is_empty() { String::new() } else { format!(" WHERE {}", conditions.join(" AND ")) };
        let limit = wanted.limit.map(|limit| format!(" LIMIT {limit}")).unwrap_or_default();
        let rows = session
            .query(&format!("SELECT {COLUMNS} FROM {}{only} ORDER BY id DESC{limit}", self.table("manage_run")), &binds)?;
        Ok(rows.iter().filter_map(read).collect())
    }

    /// The newest of the runs that are wanted.
    ///
    /// # Errors
    /// What the database refuses.
    pub fn newest_run(self, session: &mut impl Basic, wanted: &WantedRuns<'_>) -> Result<Option<Run>, SqlError> {
        Ok(self.runs(session, &WantedRuns { limit: Some(1), ..*wanted })?.into_iter().next())
    }
}

fn signed(number: u64) -> Value {
    Value::Integer(i64::try_from(number).unwrap_or(i64::MAX))
}

fn read(row: &Row) -> Option<Run> {
    let text = |name: &str| row.get(name).and_then(Value::as_str).map(str::to_owned);
    let number = |name: &str| row.get(name).and_then(Value::as_i64);
    Some(Run {
        id: number("id")?,
        kind: text("kind")?,
        name: text("name")?,
        state: RunState::named(&text("state")?)?,
        account: text("account"),
        site: text("site"),
        fingerprint: text("fingerprint")?,
        source: text("source"),
        script_hash: text("script_hash"),
        script: text("script"),
        parameters: text("parameters"),
        clock: text("clock")?,
        digest: text("digest"),
        schema_version: text("schema_version"),
        reason: text("reason"),
        person: text("person"),
        user: text("os_user")?,
        host: text("host")?,
        tool: text("tool_version")?,
        started_at: text("started_at")?,
        heartbeat_at: text("heartbeat_at")?,
        finished_at: text("finished_at"),
        rows: number("rows_written").and_then(|rows| u64::try_from(rows).ok())?,
        counts: text("counts"),
        checkpoint: text("checkpoint"),
        error: text("error"),
        note: text("note"),
        undo_of: number("undo_of"),
        undone_by: number("undone_by"),
    })
}
