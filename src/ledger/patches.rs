//! What patches leave behind: plans that were shown, approvals, and where the rows before and after are kept.

use super::log::Actor;
use super::{Ledger, LedgerError};
use crate::backend::{Basic, SqlError, rfc3339_now};
use crate::domain::value::Row;

/// A plan that was shown.
#[derive(Debug, Clone)]
pub struct StoredPlan {
    /// Its identity.
    pub digest: String,
    /// `fix`, `sync` or `undo`.
    pub kind: String,
    /// The script's name.
    pub name: String,
    /// The account's key, as text.
    pub account_key: Option<String>,
    /// What people call the account.
    pub account_name: Option<String>,
    /// The site's key, as text.
    pub site_key: Option<String>,
    /// SHA-256 of the script.
    pub script_hash: String,
    /// JSON: the parameters as they were typed.
    pub parameters: String,
    /// The instant that the plan knows as now.
    pub clock: String,
    /// How many rows it writes.
    pub rows: i64,
    /// JSON: tables with counts.
    pub summary: String,
    /// The run that it takes back.
    pub undo_of: Option<i64>,
    /// When it was made. The database says it.
    pub made_at: String,
}

/// What a part of a run wrote.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredImage {
    /// The run.
    pub run: i64,
    /// The place of the part within the run, from 1.
    pub part: i64,
    /// The table that was written.
    pub table: String,
    /// `update`, `delete` or `insert`.
    pub op: String,
    /// The table that holds the rows, as it must stand in a statement.
    pub image: String,
    /// JSON: the columns.
    pub definition: String,
    /// How many rows.
    pub rows: i64,
    /// When its rows were dropped.
    pub pruned_at: Option<String>,
}

impl Ledger {
    /// The version from which on there are patches.
    const PATCHES: i64 = 8;

    /// The name of the image of a part, as it must stand in a statement.
    pub fn image(self, run: i64, part: usize) -> String {
        self.table(&format!("manage_image_{run}_{part}"))
    }

    /// The name of the image of a part that is rolled back, by the process that rehearses it.
    pub fn image_of_rehearsal(self, process: u32, part: usize) -> String {
        self.table(&format!("manage_rehearsal_{process}_{part}"))
    }

    /// What tells this database from every other one.
    ///
    /// # Errors
    /// What the database refuses.
    pub fn fingerprint(self, session: &mut impl Basic) -> Result<String, SqlError> {
        let rows = session.query(&format!("SELECT uuid FROM {}", self.table("manage_database")), &[])?;
        Ok(rows.first().and_then(|row| row.text(0)).unwrap_or_default().to_owned())
    }

    /// Keeps a plan that was shown.
    ///
    /// # Errors
    /// When the ledger has not been brought up to date, or what the database refuses.
    pub fn keep_plan(
        self,
        session: &mut impl Basic,
        plan: &StoredPlan,
        person: Option<&str>,
        actor: &Actor,
    ) -> Result<(), LedgerError> {
        self.needs(Self::PATCHES)?;
        let sql = format!(
            "INSERT INTO {} (digest, kind, name, account_key, account_name, site_key, script_hash, parameters, clock, row_count, \
             summary, person, os_user, host, undo_of) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15) \
             ON CONFLICT (digest) DO NOTHING",
            self.table("manage_plans")
        );
        let binds = [
            plan.digest.as_str().into(),
            plan.kind.as_str().into(),
            plan.name.as_str().into(),
            plan.account_key.as_deref().into(),
            plan.account_name.as_deref().into(),
            plan.site_key.as_deref().into(),
            plan.script_hash.as_str().into(),
            plan.parameters.as_str().into(),
            plan.clock.as_str().into(),
            plan.rows.into(),
            plan.summary.as_str().into(),
            person.into(),
            actor.user.as_str().into(),
            actor.host.as_str().into(),
            plan.undo_of.into(),
        ];
        session.execute_with(&sql, &binds).map(drop).map_err(LedgerError::Sql)
    }

    /// The plans whose digest begins with `digest`.
    ///
    /// # Errors
    /// What the database refuses.
    pub fn plans(self, session: &mut impl Basic, digest: &str) -> Result<Vec<StoredPlan>, SqlError> {
        if !self.knows(Self::PATCHES) {
            return Ok(Vec::new());
        }
        let sql = format!(
            "SELECT digest, kind, name, account_key, account_name, site_key, script_hash, parameters, clock, row_count, summary, \
             undo_of, made_at FROM {} WHERE substr(digest, 1, {}) = $1 ORDER BY made_at DESC",
            self.table("manage_plans"),
            digest.len()
        );
        let read = |row: &Row| {
            let text = |at: usize| row.text(at).map(str::to_owned);
            Some(StoredPlan {
                digest: text(0)?,
                kind: text(1)?,
                name: text(2)?,
                account_key: text(3),
                account_name: text(4),
                site_key: text(5),
                script_hash: text(6)?,
                parameters: text(7)?,
                clock: text(8)?,
                rows: row.integer(9)?,
                summary: text(10)?,
                undo_of: row.integer(11),
                made_at: text(12)?,
            })
        };
        Ok(session.query(&sql, &[digest.into()])?.iter().filter_map(read).collect())
    }

    /// Notes that somebody agrees with a plan.
    ///
    /// # Errors
    /// When the ledger has not been brought up to date, or what the database refuses.
    pub fn approve(
        self,
        session: &mut impl Basic,
        digest: &str,
        reason: Option<&str>,
        person: Option<&str>,
        actor: &Actor,
    ) -> Result<(), LedgerError> {
        self.needs(Self::PATCHES)?;
        let sql = format!(
            "INSERT INTO {} (digest, reason, person, os_user, host) VALUES ($1, $2, $3, $4, $5)",
            self.table("manage_approvals")
        );
        let binds = [digest.into(), reason.into(), person.into(), actor.user.as_str().into(), actor.host.as_str().into()];
        session.execute_with(&sql, &binds).map(drop).map_err(LedgerError::Sql)
    }

    /// Who agrees with a plan.
    ///
    /// # Errors
    /// What the database refuses.
    pub fn approvals(self, session: &mut impl Basic, digest: &str) -> Result<Vec<String>, SqlError> {
        if !self.knows(Self::PATCHES) {
            return Ok(Vec::new());
        }
        let sql =
            format!("SELECT COALESCE(person, os_user) FROM {} WHERE digest = $1 ORDER BY id", self.table("manage_approvals"));
        let rows = session.query(&sql, &[digest.into()])?;
        Ok(rows.iter().filter_map(|row| row.text(0)).map(str::to_owned).collect())
    }

    /// Notes where the rows of a part are kept.
    ///
    /// # Errors
    /// What the database refuses.
    pub fn keep_image(self, session: &mut impl Basic, image: &StoredImage) -> Result<(), SqlError> {
        let sql = format!(
            "INSERT INTO {} (run, part, table_name, op, image, definition, row_count) VALUES ($1, $2, $3, $4, $5, $6, $7)",
            self.table("manage_images")
        );
        let binds = [
            image.run.into(),
            image.part.into(),
            image.table.as_str().into(),
            image.op.as_str().into(),
            image.image.as_str().into(),
            image.definition.as_str().into(),
            image.rows.into(),
        ];
        session.execute_with(&sql, &binds).map(drop)
    }

    /// Notes how many rows a part has written after all.
    ///
    /// # Errors
    /// What the database refuses.
    pub fn count_image(self, session: &mut impl Basic, run: i64, part: i64, rows: u64) -> Result<(), SqlError> {
        let sql = format!("UPDATE {} SET row_count = $3 WHERE run = $1 AND part = $2", self.table("manage_images"));
        let rows = i64::try_from(rows).unwrap_or(i64::MAX);
        session.execute_with(&sql, &[run.into(), part.into(), rows.into()]).map(drop)
    }

    /// Notes a batch, in its own transaction.
    ///
    /// # Errors
    /// What the database refuses; that it was written before, too.
    pub fn keep_batch(self, session: &mut impl Basic, run: i64, part: i64, number: u64, rows: u64) -> Result<(), SqlError> {
        let sql = format!("INSERT INTO {} (run, part, number, row_count) VALUES ($1, $2, $3, $4)", self.table("manage_batches"));
        let whole = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
        session.execute_with(&sql, &[run.into(), part.into(), whole(number).into(), whole(rows).into()]).map(drop)
    }

    /// What the parts of a run wrote, in their order.
    ///
    /// # Errors
    /// What the database refuses.
    pub fn images(self, session: &mut impl Basic, run: i64) -> Result<Vec<StoredImage>, SqlError> {
        if !self.knows(Self::PATCHES) {
            return Ok(Vec::new());
        }
        let sql = format!(
            "SELECT run, part, table_name, op, image, definition, row_count, pruned_at FROM {} WHERE run = $1 ORDER BY part",
            self.table("manage_images")
        );
        let read = |row: &Row| {
            let text = |at: usize| row.text(at).map(str::to_owned);
            Some(StoredImage {
                run: row.integer(0)?,
                part: row.integer(1)?,
                table: text(2)?,
                op: text(3)?,
                image: text(4)?,
                definition: text(5)?,
                rows: row.integer(6)?,
                pruned_at: text(7),
            })
        };
        Ok(session.query(&sql, &[run.into()])?.iter().filter_map(read).collect())
    }

    /// Drops the rows of a part, and keeps what they were.
    ///
    /// # Errors
    /// What the database refuses.
    pub fn prune_image(self, session: &mut impl Basic, image: &StoredImage) -> Result<(), SqlError> {
        session.execute(&format!("DROP TABLE IF EXISTS {}", image.image))?;
        let sql = format!(
            "UPDATE {} SET pruned_at = {} WHERE run = $1 AND part = $2",
            self.table("manage_images"),
            rfc3339_now(session.engine())
        );
        session.execute_with(&sql, &[image.run.into(), image.part.into()]).map(drop)
    }
}
