//! What the files have made so far: what nobody uses yet.

use std::collections::{HashMap, HashSet};

use crate::domain::sql::What;

/// Tables, indexes and types that are new.
#[derive(Debug, Clone, Default)]
pub(super) struct NewThings {
    tables: HashSet<String>,
    indexes: HashMap<String, String>,
    types: HashSet<String>,
    /// Tables that were there before and were dropped: what is given their name stands in for them.
    dropped: HashSet<String>,
}

impl NewThings {
    /// Whether what changes is new. What has no name that is known is not.
    pub(super) fn has(&self, what: &What) -> bool {
        match what {
            What::CreateTable { .. } => true,
            What::DropIndex { index, .. } => self.indexes.contains_key(index),
            What::AddEnumValue { name, .. } => self.types.contains(name),
            What::DropOther { kind: "TYPE", name, .. } => self.types.contains(name),
            _ => what.table().is_some_and(|table| self.tables.contains(table)),
        }
    }

    /// Takes a change in.
    pub(super) fn see(&mut self, what: &What) {
        match what {
            What::CreateTable { table, .. } if !self.dropped.contains(table) => {
                self.tables.insert(table.clone());
            }
            What::CreateType { name } => {
                self.types.insert(name.clone());
            }
            What::CreateIndex { index: Some(index), table, .. } if self.tables.contains(table) => {
                self.indexes.insert(index.clone(), table.clone());
            }
            What::DropTable { table, .. } => {
                let new = self.tables.remove(table);
                self.dropped.extend((!new).then(|| table.clone()));
            }
            What::DropIndex { index, .. } => {
                self.indexes.remove(index);
            }
            What::RenameTable { from, to } => self.rename(from, to),
            _ => {}
        }
    }

    fn rename(&mut self, from: &str, to: &str) {
        let new = self.tables.remove(from);
        if new && !self.dropped.contains(to) {
            self.tables.insert(to.to_owned());
        }
        if !new {
            // What takes the old name now is a stranger to it only until it is put in its place.
            self.dropped.insert(from.to_owned());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::engine::Engine;
    use crate::domain::sql::{changes, split};

    fn after(text: &str) -> NewThings {
        let mut new = NewThings::default();
        for piece in split(text, Engine::Sqlite).expect("it is closed") {
            changes(piece.sql(text), Engine::Sqlite).iter().for_each(|change| new.see(&change.what));
        }
        new
    }

    #[test]
    fn a_table_that_was_made_is_new_under_its_latest_name() {
        let new =
            after("CREATE TABLE a (x); ALTER TABLE a RENAME TO b; CREATE INDEX i ON b (x); CREATE TABLE c (x); DROP TABLE c");

        assert_eq!(new.tables, HashSet::from(["b".to_owned()]));
        assert!(new.has(&What::DropIndex { index: "i".to_owned(), lenient: false }));
    }

    #[test]
    fn a_table_that_was_rebuilt_is_not_new() {
        let new = after("CREATE TABLE a_new (x); INSERT INTO a_new SELECT x FROM a; DROP TABLE a; ALTER TABLE a_new RENAME TO a");
        assert!(new.tables.is_empty());

        let new = after("ALTER TABLE a RENAME TO a_old; CREATE TABLE a (x); INSERT INTO a SELECT x FROM a_old; DROP TABLE a_old");
        assert!(new.tables.is_empty());
    }
}
