//! What a transaction has written, by the database's own counters.

use std::collections::BTreeMap;

/// Rows of one table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counted {
    /// Inserted.
    pub inserted: i64,
    /// Updated.
    pub updated: i64,
    /// Deleted.
    pub deleted: i64,
}

/// What has been written so far.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Written {
    /// By table.
    pub tables: BTreeMap<String, Counted>,
    /// Rows that the database has counted without saying where.
    pub elsewhere: i64,
    /// What changes when a table is made, dropped, emptied or altered.
    pub storage: String,
}

impl Written {
    /// What was written since `before`.
    pub fn since(&self, before: &Self) -> Self {
        let mut tables = BTreeMap::new();
        for name in self.tables.keys().chain(before.tables.keys()) {
            let now = self.tables.get(name).copied().unwrap_or_default();
            let then = before.tables.get(name).copied().unwrap_or_default();
            let delta = Counted {
                inserted: now.inserted - then.inserted,
                updated: now.updated - then.updated,
                deleted: now.deleted - then.deleted,
            };
            if delta != Counted::default() {
                tables.insert(name.clone(), delta);
            }
        }
        let storage = if self.storage == before.storage { String::new() } else { self.storage.clone() };
        Self { tables, elsewhere: self.elsewhere - before.elsewhere, storage }
    }
}

impl Counted {
    /// All of them.
    pub fn total(self) -> i64 {
        self.inserted + self.updated + self.deleted
    }
}

impl std::fmt::Display for Counted {
    /// `2 inserted, 1 deleted`
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let parts = [(self.inserted, "inserted"), (self.updated, "updated"), (self.deleted, "deleted")];
        let parts: Vec<String> =
            parts.iter().filter(|(count, _)| *count != 0).map(|(count, what)| format!("{count} {what}")).collect();
        f.write_str(&parts.join(", "))
    }
}
