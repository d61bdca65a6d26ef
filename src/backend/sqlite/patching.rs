//! What a patch needs on SQLite: the catalogue, and counters by update hook and `total_changes`.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::hooks::Action;

use super::errors::translate;
use super::reading::{Bind, value};
use super::session::SqliteSession;
use crate::backend::basic::Basic;
use crate::backend::error::SqlError;
use crate::backend::full::Full;
use crate::backend::patching::{Child, Counted, Foreign, Target, TargetColumn, UniqueKey, Written};
use crate::domain::schema::quoted;
use crate::domain::value::{Row, Value};

/// What the update hook has counted, by table. The table that was written last stands first: rows come in runs.
#[derive(Debug, Default)]
pub(super) struct Hooked(Arc<Mutex<Vec<(String, Counted)>>>);

impl Hooked {
    fn note(counts: &mut Vec<(String, Counted)>, table: &str, action: Action) {
        let at = match counts.iter().position(|(name, _)| name == table) {
            Some(at) => at,
            None => {
                counts.push((table.to_owned(), Counted::default()));
                counts.len() - 1
            }
        };
        counts.swap(0, at);
        let counted = &mut counts[0].1;
        match action {
            Action::SQLITE_INSERT => counted.inserted += 1,
            Action::SQLITE_UPDATE => counted.updated += 1,
            _ => counted.deleted += 1,
        }
    }
}

impl SqliteSession {
    pub(in crate::backend) fn begin_patch(&mut self, lock: Duration, _statement: Option<Duration>) -> Result<(), SqlError> {
        self.view().busy_timeout(lock).map_err(translate)?;
        // Rows that a REPLACE of a trigger deletes are told to triggers only so.
        // And pages that are looked at again and again stay in memory: 18 MB of them.
        self.execute("PRAGMA recursive_triggers = ON; PRAGMA cache_size = -18000")?;
        let counts = Arc::clone(&self.hooked.0);
        counts.lock().unwrap_or_else(PoisonError::into_inner).clear();
        self.view()
            .update_hook(Some(move |action: Action, database: &str, table: &str, _row: i64| {
                if database == "main" {
                    Hooked::note(&mut counts.lock().unwrap_or_else(PoisonError::into_inner), table, action);
                }
            }))
            .map_err(translate)?;
        self.begin()
    }

    pub(in crate::backend) fn end_patch(&mut self) -> Result<(), SqlError> {
        self.view().update_hook(None::<fn(Action, &str, &str, i64)>).map_err(translate)?;
        self.wake_triggers(&[])?;
        self.restore_settings()
    }

    /// No trigger is put off here; of foreign keys the session tells whether one is violated.
    pub(in crate::backend) fn settle(&mut self) -> Result<(), SqlError> {
        Ok(())
    }

    pub(in crate::backend) fn written(&mut self) -> Result<Written, SqlError> {
        let counts = self.hooked.0.lock().unwrap_or_else(PoisonError::into_inner);
        let tables: BTreeMap<String, Counted> = counts.iter().cloned().collect();
        let told: i64 = tables.values().map(|counted| counted.total()).sum();
        drop(counts);
        let total = i64::try_from(self.view().total_changes()).unwrap_or(i64::MAX);
        Ok(Written { tables, elsewhere: total - told, storage: String::new() })
    }

    /// Temporary triggers go on firing, and foreign keys go on acting.
    pub(in crate::backend) fn rest_triggers(&mut self, _tables: &[Target]) -> Result<Vec<String>, SqlError> {
        self.view().set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_TRIGGER, false).map_err(translate)?;
        Ok(Vec::new())
    }

    pub(in crate::backend) fn wake_triggers(&mut self, _rested: &[String]) -> Result<(), SqlError> {
        self.view().set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_TRIGGER, true).map(drop).map_err(translate)
    }

    pub(in crate::backend) fn stream_each(
        &mut self,
        sql: &str,
        binds: &[Value],
        take: &mut dyn FnMut(Row) -> Result<(), SqlError>,
    ) -> Result<(), SqlError> {
        let mut statement = self.view().prepare(&super::session::numbered(sql)).map_err(translate)?;
        let names: Arc<[String]> = statement.column_names().into_iter().map(str::to_owned).collect();
        let mut rows = statement.query(rusqlite::params_from_iter(binds.iter().map(Bind))).map_err(translate)?;
        while let Some(row) = rows.next().map_err(translate)? {
            let values = (0..names.len()).map(|at| row.get_ref(at).map(value)).collect::<Result<_, _>>().map_err(translate)?;
            take(Row { names: Arc::clone(&names), values })?;
        }
        Ok(())
    }

    /// The transaction holds the write lock of the whole file.
    pub(in crate::backend) fn only_one(&mut self, _what: &str) -> Result<bool, SqlError> {
        Ok(true)
    }

    pub(in crate::backend) fn patch_target(&mut self, name: &str) -> Result<Option<Target>, SqlError> {
        let bare = name.strip_prefix("main.").unwrap_or(name).trim_matches('"').replace("\"\"", "\"");
        let found = self.query(
            "SELECT name, type, wr FROM pragma_table_list WHERE schema = 'main' AND name = $1 COLLATE NOCASE",
            &[bare.as_str().into()],
        )?;
        let Some(row) = found.first() else { return Ok(None) };
        let text = |at: usize| row.text(at).unwrap_or_default().to_owned();
        let (name, kind, without_rowid) = (text(0), text(1), row.integer(2) == Some(1));
        let refused = match kind.as_str() {
            "table" => None,
            other => Some(format!("it is a {other} table or view")),
        };
        let columns = self.target_columns(&name)?;
        Ok(Some(Target {
            sql: format!("main.{}", quoted(&name)),
            counted: name.clone(),
            keys: self.target_keys(&name, &columns)?,
            foreign: self.target_foreign(&name)?,
            children: self.target_children(&name)?,
            triggers: self
                .query(
                    "SELECT name FROM main.sqlite_schema WHERE type = 'trigger' AND tbl_name = $1 COLLATE NOCASE ORDER BY name",
                    &[name.as_str().into()],
                )?
                .iter()
                .filter_map(|row| row.text(0).map(str::to_owned))
                .collect(),
            columns,
            refused,
            uncounted: without_rowid,
            name,
        }))
    }

    fn target_columns(&mut self, table: &str) -> Result<Vec<TargetColumn>, SqlError> {
        let strict = self.query("SELECT strict FROM pragma_table_list WHERE schema = 'main' AND name = $1", &[table.into()])?;
        let strict = strict.first().and_then(|row| row.integer(0)) == Some(1);
        let rows = self.query(
            "SELECT cid, name, type, hidden, dflt_value FROM pragma_table_xinfo($1, 'main') WHERE hidden <> 1",
            &[table.into()],
        )?;
        let column = |row: &Row| {
            let declared = row.text(2).unwrap_or_default().to_owned();
            Some(TargetColumn {
                number: usize::try_from(row.integer(0)?).ok()? + 1,
                name: row.text(1)?.to_owned(),
                image_type: affinity(&declared, strict).to_owned(),
                bare_type: String::new(),
                type_text: declared,
                as_text: false,
                assign: true,
                padded: false,
                generated: row.integer(3)? > 1,
                always: false,
                default: row.text(4).map(str::to_owned),
            })
        };
        Ok(rows.iter().filter_map(column).collect())
    }

    fn target_keys(&mut self, table: &str, columns: &[TargetColumn]) -> Result<Vec<UniqueKey>, SqlError> {
        let mut keys = Vec::new();
        let primary = self.query("SELECT name FROM pragma_table_xinfo($1, 'main') WHERE pk > 0 ORDER BY pk", &[table.into()])?;
        let primary: Vec<String> = primary.iter().filter_map(|row| row.text(0).map(str::to_owned)).collect();
        let rowid = match primary.as_slice() {
            [one] => columns.iter().any(|column| column.name == *one && column.type_text.eq_ignore_ascii_case("INTEGER")),
            _ => false,
        };
        if rowid {
            keys.push(UniqueKey { collations: vec![None], columns: primary });
        }
        let indexes = self.query(
            "SELECT i.name, x.name, x.coll FROM pragma_index_list($1, 'main') i, pragma_index_xinfo(i.name, 'main') x \
             WHERE i.[unique] = 1 AND i.partial = 0 AND x.key = 1 ORDER BY i.origin <> 'pk', i.seq, x.seqno",
            &[table.into()],
        )?;
        let mut last = String::new();
        let mut broken = Vec::new();
        for row in &indexes {
            let index = row.text(0).unwrap_or_default();
            if index != last {
                keys.push(UniqueKey { columns: Vec::new(), collations: Vec::new() });
                last = index.to_owned();
            }
            match (keys.last_mut(), row.text(1)) {
                (Some(key), Some(column)) => {
                    key.columns.push(column.to_owned());
                    key.collations.push(row.text(2).map(str::to_owned));
                }
                // An expression.
                _ => broken.push(keys.len() - 1),
            }
        }
        for at in broken.into_iter().rev() {
            keys.remove(at);
        }
        Ok(keys)
    }

    fn target_foreign(&mut self, table: &str) -> Result<Vec<Foreign>, SqlError> {
        let rows = self.query(
            "SELECT id, [table], [from], [to] FROM pragma_foreign_key_list($1, 'main') ORDER BY id, seq",
            &[table.into()],
        )?;
        let mut found: Vec<(i64, String, Foreign)> = Vec::new();
        for row in &rows {
            let (id, parent) = (row.integer(0).unwrap_or_default(), row.text(1).unwrap_or_default());
            if found.last().is_none_or(|(last, ..)| *last != id) {
                let foreign =
                    Foreign { columns: Vec::new(), parent: format!("main.{}", quoted(parent)), parent_columns: Vec::new() };
                found.push((id, parent.to_owned(), foreign));
            }
            if let Some((_, _, foreign)) = found.last_mut() {
                foreign.columns.push(row.text(2).unwrap_or_default().to_owned());
                foreign.parent_columns.extend(row.text(3).map(str::to_owned));
            }
        }
        for (_, parent, foreign) in &mut found {
            if foreign.parent_columns.len() != foreign.columns.len() {
                let primary = self.query(
                    "SELECT name FROM pragma_table_xinfo($1, 'main') WHERE pk > 0 ORDER BY pk",
                    &[parent.as_str().into()],
                )?;
                foreign.parent_columns = primary.iter().filter_map(|row| row.text(0).map(str::to_owned)).collect();
            }
        }
        Ok(found.into_iter().map(|(.., foreign)| foreign).collect())
    }

    fn target_children(&mut self, table: &str) -> Result<Vec<Child>, SqlError> {
        let rows = self.query(
            "SELECT s.name, f.on_delete, f.on_update, f.[to] FROM main.sqlite_schema s, pragma_foreign_key_list(s.name, 'main') f \
             WHERE s.type = 'table' AND f.[table] = $1 COLLATE NOCASE",
            &[table.into()],
        )?;
        let acts = |word: Option<&str>| word.is_some_and(|word| matches!(word, "CASCADE" | "SET NULL" | "SET DEFAULT"));
        let child = |row: &Row| {
            let (on_delete, on_update) = (acts(row.text(1)), acts(row.text(2)));
            (on_delete || on_update).then(|| Child {
                name: row.text(0).unwrap_or_default().to_owned(),
                on_delete,
                on_update: on_update.then(|| row.text(3).map(str::to_owned).into_iter().collect()),
            })
        };
        Ok(rows.iter().filter_map(child).collect())
    }
}

/// The affinity of a declared type, as <https://www.sqlite.org/datatype3.html> determines it, as a type that has it.
fn affinity(declared: &str, strict: bool) -> &'static str {
    let upper = declared.to_ascii_uppercase();
    let has = |words: &[&str]| words.iter().any(|word| upper.contains(word));
    if strict && upper == "ANY" {
        ""
    } else if has(&["INT"]) {
        "INTEGER"
    } else if has(&["CHAR", "CLOB", "TEXT"]) {
        "TEXT"
    } else if upper.trim().is_empty() || has(&["BLOB"]) {
        ""
    } else if has(&["REAL", "FLOA", "DOUB"]) {
        "REAL"
    } else {
        "NUMERIC"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn affinities_are_sqlites_own() {
        let cases = [
            ("BIGINT", "INTEGER"),
            ("VARCHAR(9)", "TEXT"),
            ("", ""),
            ("BLOB", ""),
            ("DOUBLE PRECISION", "REAL"),
            ("FLOATING POINT", "INTEGER"),
            ("DECIMAL(40,3)", "NUMERIC"),
            ("BOOLEAN", "NUMERIC"),
            ("ANY", "NUMERIC"),
        ];
        for (declared, wanted) in cases {
            assert_eq!(affinity(declared, false), wanted, "{declared}");
        }
        assert_eq!(affinity("ANY", true), "");
    }
}
