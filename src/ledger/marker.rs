//! The marker's row.

use super::Ledger;
use crate::backend::{Basic, SqlError};
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

    /// Stamps this database, in place of what it was stamped with before.
    ///
    /// # Errors
    /// What the database refuses.
    pub fn stamp(
        self,
        session: &mut impl Basic,
        name: &str,
        protected: bool,
        binding: &[(&'static str, String)],
    ) -> Result<(), SqlError> {
        let table = self.table("manage_marker");
        session.execute_with(
            &format!(
                "INSERT INTO {table} (only_row, name, protected, binding) VALUES (1, $1, $2, $3) \
                 ON CONFLICT (only_row) DO UPDATE SET name = excluded.name, protected = excluded.protected, \
                 binding = excluded.binding, stamped_at = excluded.stamped_at"
            ),
            &[name.into(), protected.into(), Marker::binding_text(binding).into()],
        )?;
        Ok(())
    }
}
