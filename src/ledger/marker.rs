//! The marker's row.

use super::Ledger;
use crate::backend::{Basic, Full, Location, SqlError};
use crate::domain::marker::Marker;

impl Ledger {
    /// The marker of this database.
    ///
    /// # Errors
    /// What the database refuses.
    pub fn marker(self, session: &mut impl Basic) -> Result<Option<Marker>, SqlError> {
        let rows = session.query(&format!("SELECT name, protected, binding FROM {}", self.table("manage_marker")), &[])?;
        Ok(rows.first().and_then(|row| {
            Some(Marker { name: row.text(0)?.to_owned(), protected: row.truth(1)?, binding: Marker::read_binding(row.text(2)?) })
        }))
    }

    /// When the marker was stamped, as the database writes times.
    ///
    /// # Errors
    /// What the database refuses.
    pub fn stamped_at(self, session: &mut impl Basic) -> Result<Option<String>, SqlError> {
        let rows = session.query(&format!("SELECT CAST(stamped_at AS TEXT) FROM {}", self.table("manage_marker")), &[])?;
        Ok(rows.first().and_then(|row| row.text(0)).map(str::to_owned))
    }

    /// What a marker of this database is bound to: the session's identity, and for a file the name that the ledger has
    /// given it, since a file that is overwritten in place keeps path and inode.
    ///
    /// # Errors
    /// What the database refuses.
    pub fn binding(self, session: &mut impl Full) -> Result<Vec<(&'static str, String)>, SqlError> {
        let identity = session.identity()?;
        let mut binding = identity.binding;
        if matches!(identity.location, Location::File(_)) && self.knows(Self::NOTES) {
            binding.push(("uuid", self.uuid(session)?));
        }
        Ok(binding)
    }

    /// What tells this database from every other one, copies apart; empty where the ledger is older than that.
    ///
    /// # Errors
    /// What the database refuses.
    pub fn uuid(self, session: &mut impl Basic) -> Result<String, SqlError> {
        if !self.knows(Self::NOTES) {
            return Ok(String::new());
        }
        let rows = session.query(&format!("SELECT uuid FROM {}", self.table("manage_database")), &[])?;
        Ok(rows.first().and_then(|row| row.text(0)).unwrap_or_default().to_owned())
    }

    /// Stamps this database, in place of what it was stamped with before.
    ///
    /// # Errors
    /// What the database refuses.
    pub fn stamp(self, session: &mut impl Full, name: &str, protected: bool) -> Result<(), SqlError> {
        let binding = Marker::binding_text(&self.binding(session)?);
        self.stamp_bound(session, name, protected, &binding)
    }

    /// Stamps content that is to be in another place, with the binding that will hold there.
    ///
    /// # Errors
    /// What the database refuses.
    pub fn stamp_bound(self, session: &mut impl Basic, name: &str, protected: bool, binding: &str) -> Result<(), SqlError> {
        let table = self.table("manage_marker");
        session.execute_with(
            &format!(
                "INSERT INTO {table} (only_row, name, protected, binding) VALUES (1, $1, $2, $3) \
                 ON CONFLICT (only_row) DO UPDATE SET name = excluded.name, protected = excluded.protected, \
                 binding = excluded.binding, stamped_at = excluded.stamped_at"
            ),
            &[name.into(), protected.into(), binding.into()],
        )?;
        Ok(())
    }
}
