//! Runs: one execution of anything that writes.

use super::log::Actor;
use super::{Ledger, LedgerError};
use crate::backend::{Basic, SqlError, rfc3339_now};
use crate::domain::value::{Row, Value};

/// A run that begins.
#[derive(Debug, Clone)]
pub struct NewRun {
    /// `fix`, `sync`, `undo`, `transfer`.
    pub kind: String,
    /// The name of the script or of the mapping.
    pub name: String,
    /// The account's key, as text.
    pub account_key: Option<String>,
    /// What people call the account.
    pub account_name: Option<String>,
    /// The site's key, as text.
    pub site_key: Option<String>,
    /// Which database it is.
    pub fingerprint: String,
    /// SHA-256 of the script.
    pub script_hash: Option<String>,
    /// The script itself: a run goes on with what it began with.
    pub script_text: Option<String>,
    /// JSON.
    pub parameters: Option<String>,
    /// The one instant that the run knows as now.
    pub clock: Option<String>,
    /// The identity of its plan.
    pub digest: Option<String>,
    /// Why.
    pub reason: Option<String>,
    /// Who acts, where that is not the user of the operating system.
    pub person: Option<String>,
    /// User, host and tool.
    pub actor: Actor,
    /// The run that this one takes back.
    pub undo_of: Option<i64>,
}

/// A run as it stands in the ledger.
#[derive(Debug, Clone)]
pub struct Run {
    /// Its number.
    pub id: i64,
    /// `running`, `paused`, `applied`, `applied-unverified`, `refused`, `failed`, `cancelled` or `undone`.
    pub state: String,
    /// What it began with.
    pub begun: NewRun,
    /// How far it has come: JSON, as its kind needs it.
    pub checkpoint: Option<String>,
    /// What it has done: JSON.
    pub counts: Option<String>,
    /// When it began: RFC 3339, UTC.
    pub started_at: String,
    /// When it last gave a sign.
    pub heartbeat_at: String,
    /// When it ended.
    pub finished_at: Option<String>,
    /// The run that took it back.
    pub undone_by: Option<i64>,
}

impl Run {
    /// Whether it still has something to do.
    pub fn is_unfinished(&self) -> bool {
        matches!(self.state.as_str(), "running" | "paused")
    }
}

const COLUMNS: &str = "id, kind, name, state, account_key, account_name, site_key, fingerprint, script_hash, script_text, \
     parameters, clock, digest, checkpoint, counts, reason, person, os_user, host, tool_version, started_at, heartbeat_at, \
     finished_at, undo_of, undone_by";

impl Ledger {
    /// The version from which on there are runs.
    const RUNS: i64 = 7;

    /// Notes that a run begins, in the transaction that is open or by itself, and gives its number.
    ///
    /// # Errors
    /// When the ledger has not been brought up to date, or what the database refuses.
    pub fn start_run(self, session: &mut impl Basic, run: &NewRun, state: &str) -> Result<i64, LedgerError> {
        self.needs(Self::RUNS)?;
        let text = |value: &Option<String>| Value::from(value.as_deref());
        let binds = [
            run.kind.as_str().into(),
            run.name.as_str().into(),
            state.into(),
            text(&run.account_key),
            text(&run.account_name),
            text(&run.site_key),
            run.fingerprint.as_str().into(),
            text(&run.script_hash),
            text(&run.script_text),
            text(&run.parameters),
            text(&run.clock),
            text(&run.digest),
            text(&run.reason),
            text(&run.person),
            run.actor.user.as_str().into(),
            run.actor.host.as_str().into(),
            run.actor.tool.as_str().into(),
            run.undo_of.into(),
        ];
        let sql = format!(
            "INSERT INTO {} (kind, name, state, account_key, account_name, site_key, fingerprint, script_hash, script_text, \
             parameters, clock, digest, reason, person, os_user, host, tool_version, undo_of) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18) RETURNING id",
            self.table("manage_runs")
        );
        let rows = session.query(&sql, &binds).map_err(LedgerError::Sql)?;
        let id = rows.first().and_then(|row| row.integer(0));
        id.ok_or_else(|| LedgerError::History("a run was written and not given back".to_owned()))
    }

    /// Notes how far a run has come, in the transaction of what it has done.
    ///
    /// # Errors
    /// What the database refuses.
    pub fn checkpoint_run(self, session: &mut impl Basic, id: i64, state: &str, checkpoint: &str) -> Result<(), SqlError> {
        let now = rfc3339_now(session.engine());
        let sql =
            format!("UPDATE {} SET state = $2, checkpoint = $3, heartbeat_at = {now} WHERE id = $1", self.table("manage_runs"));
        session.execute_with(&sql, &[id.into(), state.into(), checkpoint.into()]).map(drop)
    }

    /// Notes the identity of the plan that a run keeps, and that nothing of it is written yet.
    ///
    /// # Errors
    /// What the database refuses.
    pub fn plan_run(self, session: &mut impl Basic, id: i64, digest: &str, checkpoint: &str) -> Result<(), SqlError> {
        let sql = format!("UPDATE {} SET digest = $2, checkpoint = $3 WHERE id = $1", self.table("manage_runs"));
        session.execute_with(&sql, &[id.into(), digest.into(), checkpoint.into()]).map(drop)
    }

    /// Notes that nobody works on a run that is not finished.
    ///
    /// # Errors
    /// What the database refuses.
    pub fn pause_run(self, session: &mut impl Basic, id: i64) -> Result<(), SqlError> {
        let now = rfc3339_now(session.engine());
        let sql = format!(
            "UPDATE {} SET state = 'paused', heartbeat_at = {now} WHERE id = $1 AND state = 'running' AND finished_at IS NULL",
            self.table("manage_runs")
        );
        session.execute_with(&sql, &[id.into()]).map(drop)
    }

    /// Notes that a run broke off, how far it has come and what it has done: it can be taken up again.
    ///
    /// # Errors
    /// What the database refuses.
    pub fn wait_run(self, session: &mut impl Basic, id: i64, checkpoint: &str, counts: &str) -> Result<(), SqlError> {
        let now = rfc3339_now(session.engine());
        let sql = format!(
            "UPDATE {} SET state = 'paused', checkpoint = $2, counts = $3, heartbeat_at = {now} WHERE id = $1",
            self.table("manage_runs")
        );
        session.execute_with(&sql, &[id.into(), checkpoint.into(), counts.into()]).map(drop)
    }

    /// Notes how a run has ended, and what it has done.
    ///
    /// # Errors
    /// What the database refuses.
    pub fn finish_run(
        self,
        session: &mut impl Basic,
        id: i64,
        state: &str,
        digest: Option<&str>,
        counts: &str,
    ) -> Result<(), SqlError> {
        let now = rfc3339_now(session.engine());
        let sql = format!(
            "UPDATE {} SET state = $2, digest = COALESCE($3, digest), counts = $4, heartbeat_at = {now}, finished_at = {now} WHERE id = $1",
            self.table("manage_runs")
        );
        session.execute_with(&sql, &[id.into(), state.into(), digest.into(), counts.into()]).map(drop)
    }

    /// Notes that a run was taken back by another one.
    ///
    /// # Errors
    /// What the database refuses.
    pub fn undone_run(self, session: &mut impl Basic, id: i64, by: i64) -> Result<(), SqlError> {
        let sql = format!("UPDATE {} SET state = 'undone', undone_by = $2 WHERE id = $1", self.table("manage_runs"));
        session.execute_with(&sql, &[id.into(), by.into()]).map(drop)
    }

    /// One run. None where the ledger is older than runs are.
    ///
    /// # Errors
    /// What the database refuses.
    pub fn run(self, session: &mut impl Basic, id: i64) -> Result<Option<Run>, SqlError> {
        Ok(self.runs_where(session, "id = $1", &[id.into()])?.into_iter().next())
    }

    /// All runs, the newest first.
    ///
    /// # Errors
    /// What the database refuses.
    pub fn runs(self, session: &mut impl Basic) -> Result<Vec<Run>, SqlError> {
        self.runs_where(session, "1 = 1", &[])
    }

    /// The runs of a name and an account that have something left to do, the newest first.
    ///
    /// # Errors
    /// What the database refuses.
    pub fn unfinished_runs(
        self,
        session: &mut impl Basic,
        kind: &str,
        name: &str,
        account: Option<&str>,
    ) -> Result<Vec<Run>, SqlError> {
        let found = self.runs_where(session, "kind = $1 AND name = $2 AND finished_at IS NULL", &[kind.into(), name.into()])?;
        Ok(found.into_iter().filter(|run| run.begun.account_key.as_deref() == account && run.is_unfinished()).collect())
    }

    fn runs_where(self, session: &mut impl Basic, condition: &str, binds: &[Value]) -> Result<Vec<Run>, SqlError> {
        if !self.knows(Self::RUNS) {
            return Ok(Vec::new());
        }
        let sql = format!("SELECT {COLUMNS} FROM {} WHERE {condition} ORDER BY id DESC", self.table("manage_runs"));
        Ok(session.query(&sql, binds)?.iter().filter_map(read).collect())
    }
}

fn read(row: &Row) -> Option<Run> {
    let text = |at: usize| row.text(at).map(str::to_owned);
    Some(Run {
        id: row.integer(0)?,
        state: text(3)?,
        begun: NewRun {
            kind: text(1)?,
            name: text(2)?,
            account_key: text(4),
            account_name: text(5),
            site_key: text(6),
            fingerprint: text(7)?,
            script_hash: text(8),
            script_text: text(9),
            parameters: text(10),
            clock: text(11),
            digest: text(12),
            reason: text(15),
            person: text(16),
            actor: Actor { user: text(17)?, host: text(18)?, tool: text(19)? },
            undo_of: row.integer(23),
        },
        checkpoint: text(13),
        counts: text(14),
        started_at: text(20)?,
        heartbeat_at: text(21)?,
        finished_at: text(22),
        undone_by: row.integer(24),
    })
}
