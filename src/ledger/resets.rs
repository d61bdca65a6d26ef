//! Resets: the plans that were shown, with their tokens, and what was reset.

use super::Ledger;
use super::log::Actor;
use crate::backend::{Basic, Full, SqlError};
use crate::domain::checksum::sha256_hex;
use crate::domain::engine::Engine;
use crate::domain::marker::Marker;

/// For how many seconds a token is good.
pub const TOKEN_SECONDS: i64 = 15 * 60;

/// A reset.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reset {
    /// Its name.
    pub run: String,
    /// When, by the database's clock; empty for one that is to be written.
    pub reset_at: String,
    /// The migrations that made the new content.
    pub migrations: Vec<String>,
    /// The backup of what was there before.
    pub before: Option<String>,
    /// Why; always where there is no backup.
    pub reason: Option<String>,
}

/// What came of a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Token {
    /// It was good, and is used now.
    Taken,
    /// Nobody was given it here: it is another database's, or mistyped.
    Unknown,
    /// It was used.
    Used,
    /// Its time is over.
    Expired,
    /// The row came from another database, with its content.
    Elsewhere,
    /// The plan is another one by now.
    Changed,
}

impl Ledger {
    /// The version from which on there are resets.
    pub(super) const RESETS: i64 = 6;

    /// Keeps a plan, and gives the token that is good for it once. `now` is in seconds since 1970.
    ///
    /// # Errors
    /// What the database refuses.
    pub fn plan_reset(self, session: &mut impl Full, digest: &str, now: i64) -> Result<String, SqlError> {
        let random = match session.engine() {
            Engine::Sqlite => "SELECT lower(hex(randomblob(10)))",
            Engine::Postgres => "SELECT substr(replace(pg_catalog.gen_random_uuid()::text, '-', ''), 1, 20)",
        };
        let rows = session.query(random, &[])?;
        let token = rows.first().and_then(|row| row.text(0)).unwrap_or_default().to_owned();
        let table = self.table("manage_reset_plan");
        // What is of no use any more.
        session.execute_with(&format!("DELETE FROM {table} WHERE planned_at < $1"), &[(now - 86_400).into()])?;
        let binding = Marker::binding_text(&self.binding(session)?);
        let sql = format!("INSERT INTO {table} (token, digest, binding, planned_at) VALUES ($1, $2, $3, $4)");
        let binds = [sha256_hex(&token).into(), digest.into(), binding.into(), now.into()];
        session.execute_with(&sql, &binds)?;
        Ok(token)
    }

    /// Uses a token up, where it is good for the plan with `digest`. `now` is in seconds since 1970.
    ///
    /// # Errors
    /// What the database refuses.
    pub fn use_token(self, session: &mut impl Full, token: &str, digest: &str, now: i64) -> Result<Token, SqlError> {
        let table = self.table("manage_reset_plan");
        let hash = sha256_hex(token.trim());
        let sql = format!("SELECT digest, binding, planned_at, used_at IS NOT NULL FROM {table} WHERE token = $1");
        let rows = session.query(&sql, &[hash.as_str().into()])?;
        let Some(row) = rows.first() else { return Ok(Token::Unknown) };
        if row.truth(3) != Some(false) {
            return Ok(Token::Used);
        }
        if row.text(1) != Some(&Marker::binding_text(&self.binding(session)?)) {
            return Ok(Token::Elsewhere);
        }
        let age = now - row.integer(2).unwrap_or(i64::MIN / 2);
        if !(0..=TOKEN_SECONDS).contains(&age) {
            return Ok(Token::Expired);
        }
        if row.text(0) != Some(digest) {
            return Ok(Token::Changed);
        }
        let sql = format!("UPDATE {table} SET used_at = $1 WHERE token = $2 AND used_at IS NULL");
        let taken = session.execute_with(&sql, &[now.into(), hash.as_str().into()])?;
        Ok(if taken == 1 { Token::Taken } else { Token::Used })
    }

    /// Makes every token worthless: the plans were made for content that is not there any more.
    ///
    /// # Errors
    /// What the database refuses.
    pub fn forget_tokens(self, session: &mut impl Basic) -> Result<(), SqlError> {
        session.execute(&format!("DELETE FROM {}", self.table("manage_reset_plan")))
    }

    /// Writes a reset's row, in the transaction that is open or by itself.
    ///
    /// # Errors
    /// What the database refuses.
    pub fn add_reset(self, session: &mut impl Basic, reset: &Reset, actor: &Actor) -> Result<(), SqlError> {
        let sql = format!(
            "INSERT INTO {} (run, migrations, before, reason, os_user, host, tool_version) VALUES ($1, $2, $3, $4, $5, $6, $7)",
            self.table("manage_reset")
        );
        let binds = [
            reset.run.as_str().into(),
            reset.migrations.join("\n").into(),
            reset.before.clone().into(),
            reset.reason.clone().into(),
            actor.user.as_str().into(),
            actor.host.as_str().into(),
            actor.tool.as_str().into(),
        ];
        session.execute_with(&sql, &binds).map(drop)
    }

    /// The resets of this database, the last one first. None where the ledger is older than resets are.
    ///
    /// # Errors
    /// What the database refuses.
    pub fn resets(self, session: &mut impl Basic) -> Result<Vec<Reset>, SqlError> {
        if !self.knows(Self::RESETS) {
            return Ok(Vec::new());
        }
        let sql = format!(
            "SELECT run, CAST(reset_at AS VARCHAR(50)), migrations, before, reason FROM {} ORDER BY id DESC",
            self.table("manage_reset")
        );
        let text = |row: &crate::domain::value::Row, at: usize| row.text(at).unwrap_or_default().to_owned();
        let read = |row: &crate::domain::value::Row| Reset {
            run: text(row, 0),
            reset_at: text(row, 1),
            migrations: text(row, 2).lines().map(str::to_owned).collect(),
            before: row.text(3).map(str::to_owned),
            reason: row.text(4).map(str::to_owned),
        };
        Ok(session.query(&sql, &[])?.iter().map(read).collect())
    }

    /// Lets everything that the log says of migrations be of the past, in the transaction that is open: their work is
    /// wiped. What was half-way is forgotten.
    ///
    /// # Errors
    /// What the database refuses.
    pub fn supersede_log(self, session: &mut impl Basic) -> Result<u64, SqlError> {
        session.execute(&format!("DELETE FROM {}", self.table("manage_migration_progress")))?;
        let sql = format!("UPDATE {} SET superseded = TRUE WHERE NOT superseded", self.table("manage_migration_log"));
        session.execute_with(&sql, &[])
    }
}
