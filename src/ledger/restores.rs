//! Restores: what was put in the place of the content, and what of the old ledger goes on with the new one.

use super::log::Actor;
use super::notes::Wanted;
use super::{Ledger, LedgerError};
use crate::backend::{Basic, Full, SqlError};
use crate::domain::value::Value;

/// A restore.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Restore {
    /// Its name.
    pub run: String,
    /// When, by the database's clock; empty for one that is to be written.
    pub restored_at: String,
    /// The file.
    pub backup: String,
    /// Its SHA-256.
    pub sha256: String,
    /// When it was taken.
    pub taken_at: String,
    /// The backup of what was there before.
    pub before: Option<String>,
    /// Why there is none.
    pub reason: Option<String>,
}

/// How many rows went on with the new content.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Carried {
    /// Of the migration log.
    pub log: usize,
    /// Notes.
    pub notes: usize,
    /// Restores and resets.
    pub restores: usize,
}

/// The rows of a table, by what tells one from another.
const LOG: &str = "history, version, name, action, logged_at, micros, statements, byte_checksum, token_checksum, up_text, \
     down_text, os_user, host, tool_version, message";
const RESET: &str = "run, reset_at, migrations, before, reason, os_user, host, tool_version";
const RESTORE: &str = "run, restored_at, backup, sha256, taken_at, before, reason, os_user, host, tool_version";

impl Ledger {
    /// The version from which on restores are noted.
    pub(super) const RESTORES: i64 = 4;

    /// Writes a restore's row, in the transaction that is open or by itself.
    ///
    /// # Errors
    /// What the database refuses.
    pub fn add_restore(self, session: &mut impl Basic, restore: &Restore, actor: &Actor) -> Result<(), SqlError> {
        let sql = format!(
            "INSERT INTO {} (run, backup, sha256, taken_at, before, reason, os_user, host, tool_version) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
            self.table("manage_restore")
        );
        let binds = [
            restore.run.as_str().into(),
            restore.backup.as_str().into(),
            restore.sha256.as_str().into(),
            restore.taken_at.as_str().into(),
            restore.before.clone().into(),
            restore.reason.clone().into(),
            actor.user.as_str().into(),
            actor.host.as_str().into(),
            actor.tool.as_str().into(),
        ];
        session.execute_with(&sql, &binds).map(drop)
    }

    /// The restores of this database, the last one first. None where the ledger is older than restores are.
    ///
    /// # Errors
    /// What the database refuses.
    pub fn restores(self, session: &mut impl Basic) -> Result<Vec<Restore>, SqlError> {
        if !self.knows(Self::RESTORES) {
            return Ok(Vec::new());
        }
        let rows = session.query(&format!("SELECT {RESTORE} FROM {} ORDER BY id DESC", self.table("manage_restore")), &[])?;
        let text = |row: &crate::domain::value::Row, at: usize| row.text(at).unwrap_or_default().to_owned();
        Ok(rows
            .iter()
            .map(|row| Restore {
                run: text(row, 0),
                restored_at: text(row, 1),
                backup: text(row, 2),
                sha256: text(row, 3),
                taken_at: text(row, 4),
                before: row.text(5).map(str::to_owned),
                reason: row.text(6).map(str::to_owned),
            })
            .collect())
    }

    /// Carries what the ledger of `live` knows, and the one of `new` does not, over to `new`: notes, restores and the
    /// migration log, whose rows count as superseded there.
    ///
    /// # Errors
    /// What either database refuses.
    pub fn carry_over(self, live: &mut impl Full, new: &mut impl Full) -> Result<Carried, LedgerError> {
        let mut carried = Carried {
            log: self.carry(live, new, "manage_migration_log", LOG, true).map_err(LedgerError::Sql)?,
            restores: self.carry(live, new, "manage_restore", RESTORE, false).map_err(LedgerError::Sql)?,
            notes: 0,
        };
        carried.restores += self.carry(live, new, "manage_reset", RESET, false).map_err(LedgerError::Sql)?;
        // Who restores an older ledger must not bring tokens to life that were used since.
        self.forget_tokens(new).map_err(LedgerError::Sql)?;
        // They come with the newest first.
        for note in self.notes(live, &Wanted::default()).map_err(LedgerError::Sql)?.iter().rev() {
            carried.notes += usize::from(self.carry_over_note(new, note, true)?);
        }
        Ok(carried)
    }

    /// Gives the content in `new` the name of the database that it is to be in: that of `live`, or one of its own where
    /// that database is made by it.
    ///
    /// # Errors
    /// What either database refuses.
    pub fn keep_name(self, live: &mut impl Full, new: &mut impl Full, fresh: bool) -> Result<(), SqlError> {
        let table = self.table("manage_database");
        let name = if fresh { Vec::new() } else { live.query(&format!("SELECT uuid FROM {table}"), &[])? };
        match name.first().and_then(|row| row.text(0)) {
            Some(uuid) => new.execute_with(&format!("UPDATE {table} SET uuid = $1"), &[uuid.into()]).map(drop),
            None => Ok(()),
        }
    }

    /// Takes the marker away: the content came from elsewhere.
    ///
    /// # Errors
    /// What the database refuses.
    pub fn remove_marker(self, session: &mut impl Basic) -> Result<(), SqlError> {
        session.execute(&format!("DELETE FROM {}", self.table("manage_marker")))
    }

    /// Rows without their numbers: each as often as `live` has it more than `new`, in the order of their numbers.
    fn carry(
        self,
        live: &mut impl Full,
        new: &mut impl Full,
        name: &str,
        columns: &str,
        superseded: bool,
    ) -> Result<usize, SqlError> {
        let table = self.table(name);
        let read = format!("SELECT {columns}{} FROM {table} ORDER BY id", if superseded { ", superseded" } else { "" });
        let width = columns.split(", ").count();
        let mut known: Vec<Vec<Value>> = new.query(&read, &[])?.into_iter().map(|row| row.values[..width].to_vec()).collect();
        let mark = if superseded { (", superseded", ", TRUE") } else { ("", "") };
        let places = (1..=width).map(|place| format!("${place}")).collect::<Vec<_>>().join(", ");
        let insert = format!("INSERT INTO {table} ({columns}{}) VALUES ({places}{})", mark.0, mark.1);
        let mut carried = 0;
        for row in live.query(&read, &[])? {
            let values = &row.values[..width];
            match known.iter().position(|other| other == values) {
                Some(at) => {
                    known.swap_remove(at);
                }
                None => {
                    new.execute_with(&insert, values)?;
                    carried += 1;
                }
            }
        }
        Ok(carried)
    }
}
