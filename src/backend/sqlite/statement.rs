//! The one statement of a script that writes, on SQLite: an authorizer that knows which table it may write.
//!
//! Triggers and foreign keys write under their own names; what they have written is captured and counted.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

use rusqlite::hooks::{AuthAction, AuthContext, Authorization};

use super::errors::translate;
use super::reading::{Bind, REACHING, TABLES_OF_ARGUMENTS, among};
use super::session::SqliteSession;
use crate::backend::basic::Basic;
use crate::backend::error::{SqlError, SqlErrorKind};
use crate::backend::patching::Target;
use crate::backend::reading::Read;

const LINKS: &str = "SELECT s.name, f.[table], f.on_delete NOT IN ('NO ACTION', 'RESTRICT') OR f.on_update NOT IN ('NO ACTION', 'RESTRICT') \
     FROM main.sqlite_schema s, pragma_foreign_key_list(s.name, 'main') f WHERE s.type = 'table'";

const TRIGGERS: &str = "SELECT name FROM main.sqlite_schema WHERE type = 'trigger' \
     UNION ALL SELECT name FROM temp.sqlite_schema WHERE type = 'trigger'";

/// What a statement may do.
struct Allowed {
    /// Tables that it may read; `None` for all. Names in lower case, as everywhere here.
    reads: Option<BTreeSet<String>>,
    /// Tables that it, or a foreign key, may write.
    writes: BTreeSet<String>,
    /// Tables that foreign keys look at.
    linked: BTreeSet<String>,
    triggers: BTreeSet<String>,
    views: BTreeSet<String>,
}

impl SqliteSession {
    pub(in crate::backend) fn run_statement(&mut self, statement: &Read, target: &Target) -> Result<u64, SqlError> {
        let allowed = self.allowed(statement, target)?;
        let refused: Arc<Mutex<Option<String>>> = Arc::default();
        let noted = Arc::clone(&refused);
        let judge = move |context: AuthContext<'_>| match allowed.judge(&context) {
            None => Authorization::Allow,
            Some(why) => {
                noted.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(why);
                Authorization::Deny
            }
        };
        self.view().authorizer(Some(judge)).map_err(translate)?;
        let done = self
            .view()
            .prepare(&super::session::numbered(&statement.sql))
            .and_then(|mut prepared| prepared.execute(rusqlite::params_from_iter(statement.binds.iter().map(Bind))));
        self.view().authorizer(None::<fn(AuthContext<'_>) -> Authorization>).map_err(translate)?;
        let refused = refused.lock().unwrap_or_else(PoisonError::into_inner).take();
        match (done.map_err(translate), refused) {
            (Err(error), Some(why)) => Err(SqlError { message: why, kind: SqlErrorKind::Permission, ..error }),
            (done, _) => done.map(|rows| u64::try_from(rows).unwrap_or(u64::MAX)),
        }
    }

    fn allowed(&mut self, statement: &Read, target: &Target) -> Result<Allowed, SqlError> {
        let lower = |name: &str| name.to_ascii_lowercase();
        let links: Vec<(String, String, bool)> = self
            .query(LINKS, &[])?
            .iter()
            .map(|row| {
                (lower(row.text(0).unwrap_or_default()), lower(row.text(1).unwrap_or_default()), row.truth(2) == Some(true))
            })
            .collect();
        let triggers = self.query(TRIGGERS, &[])?.iter().filter_map(|row| row.text(0).map(lower)).collect();
        let mut writes = BTreeSet::from([lower(&target.name)]);
        let mut open = vec![lower(&target.name)];
        while let Some(parent) = open.pop() {
            for (child, _, _) in links.iter().filter(|(_, of, acts)| *acts && *of == parent) {
                if writes.insert(child.clone()) {
                    open.push(child.clone());
                }
            }
        }
        let linked = links
            .iter()
            .filter(|(child, parent, _)| writes.contains(child) || writes.contains(parent))
            .flat_map(|(child, parent, _)| [child.clone(), parent.clone()])
            .collect();
        let tables = statement.tables.as_deref();
        Ok(Allowed {
            reads: tables.map(|tables| tables.keys().map(|name| lower(name)).collect()),
            views: tables.into_iter().flatten().filter(|(_, view)| **view).map(|(name, _)| lower(name)).collect(),
            writes,
            linked,
            triggers,
        })
    }
}

impl Allowed {
    /// Why an action is refused; `None` where it may be done.
    fn judge(&self, context: &AuthContext<'_>) -> Option<String> {
        let by = context.accessor.map(str::to_ascii_lowercase);
        let by_trigger = by.as_ref().is_some_and(|by| self.triggers.contains(by));
        match context.action {
            AuthAction::Select | AuthAction::Recursive => None,
            AuthAction::Function { function_name } => {
                among(REACHING, function_name).then(|| format!("the function {function_name} is not allowed here"))
            }
            AuthAction::Read { table_name, .. } => {
                let (Some(reads), false) = (&self.reads, by_trigger) else { return None };
                let table = table_name.to_ascii_lowercase();
                let behind_view = by.as_ref().is_some_and(|by| self.views.contains(by));
                let may = reads.contains(&table) || self.writes.contains(&table) || self.linked.contains(&table);
                (!may && !behind_view && !among(TABLES_OF_ARGUMENTS, table_name))
                    .then(|| format!("`{table_name}` may not be read here"))
            }
            AuthAction::Insert { table_name } | AuthAction::Delete { table_name } | AuthAction::Update { table_name, .. } => {
                let may = by_trigger || self.writes.contains(&table_name.to_ascii_lowercase());
                (!may).then(|| format!("`{table_name}` may not be written here"))
            }
            AuthAction::Pragma { pragma_name, .. } => Some(format!("PRAGMA {pragma_name} is not allowed here")),
            AuthAction::Attach { .. } | AuthAction::Detach { .. } => Some("ATTACH and DETACH are not allowed here".to_owned()),
            AuthAction::Transaction { .. } | AuthAction::Savepoint { .. } => {
                Some("the transaction is not the script's own".to_owned())
            }
            _ => Some("the statement would change the schema".to_owned()),
        }
    }
}
