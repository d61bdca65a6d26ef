//! Reading only, on SQLite: `query_only`, one read transaction, and an authorizer that knows every table and pragma.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use rusqlite::hooks::{AuthAction, AuthContext, Authorization};
use rusqlite::types::{ToSqlOutput, ValueRef};

use super::errors::translate;
use super::session::SqliteSession;
use crate::backend::basic::Basic;
use crate::backend::error::{SqlError, SqlErrorKind};
use crate::backend::full::Full;
use crate::backend::reading::{Function, Read, Readable, Relation, RelationColumn, Relations};
use crate::domain::engine::Engine;
use crate::domain::schema::{Name, is_bookkeeping, quoted};
use crate::domain::value::{Row, Value};

/// Table-valued functions that read nothing but their arguments.
pub(super) const TABLES_OF_ARGUMENTS: &[&str] = &["json_each", "json_tree", "jsonb_each", "jsonb_tree", "generate_series"];

/// Pragmas that only tell of the schema, and have nothing to set. They are read as `pragma_table_xinfo('pages')`.
const OF_THE_SCHEMA: &[&str] = &["table_info", "table_xinfo", "index_list", "index_info", "index_xinfo", "foreign_key_list"];

/// Functions that reach beyond the statement.
pub(super) const REACHING: &[&str] = &["load_extension", "fts3_tokenizer", "writefile", "readfile", "edit"];

const COLUMNS: &str = "SELECT s.type, s.name, c.name, c.[notnull] OR (c.pk AND upper(c.type) = 'INTEGER'), c.type, c.pk > 0 \
     FROM main.sqlite_schema s, pragma_table_xinfo(s.name) c \
     WHERE s.type IN ('table', 'view') AND s.name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY s.name, c.cid";

impl SqliteSession {
    /// SQLite's snapshots belong to their connection: `shared` is never given.
    pub(in crate::backend) fn begin_snapshot(&mut self, _shared: Option<&str>) -> Result<(), SqlError> {
        self.execute("PRAGMA query_only = ON")?;
        self.execute("BEGIN")?;
        // The transaction begins to see one moment with its first read.
        self.query("SELECT count(*) FROM main.sqlite_schema", &[]).map(drop)
    }

    pub(in crate::backend) fn export_snapshot(&mut self) -> Result<Option<String>, SqlError> {
        Ok(None)
    }

    pub(in crate::backend) fn end_snapshot(&mut self) -> Result<(), SqlError> {
        if self.in_transaction() {
            self.execute("ROLLBACK")?;
        }
        self.execute("PRAGMA query_only = OFF")
    }

    pub(in crate::backend) fn read_rows(
        &mut self,
        read: &Read,
        take: &mut dyn FnMut(Row) -> Result<(), SqlError>,
    ) -> Result<(), SqlError> {
        self.guarded(read, |statement| {
            let names: Arc<[String]> = statement.column_names().into_iter().map(str::to_owned).collect();
            let mut rows = statement.query(rusqlite::params_from_iter(read.binds.iter().map(Bind))).map_err(translate)?;
            while let Some(row) = rows.next().map_err(translate)? {
                let values =
                    (0..names.len()).map(|at| row.get_ref(at).map(value)).collect::<Result<_, _>>().map_err(translate)?;
                take(Row { names: Arc::clone(&names), values })?;
            }
            Ok(())
        })
    }

    pub(in crate::backend) fn prepare_read(&mut self, read: &Read) -> Result<Vec<String>, SqlError> {
        self.guarded(read, |statement| Ok(statement.column_names().into_iter().map(str::to_owned).collect()))
    }

    /// Prepares the statement under the authorizer, which stays as long as `work` runs: SQLite may prepare anew.
    fn guarded<T>(
        &self,
        read: &Read,
        work: impl FnOnce(&mut rusqlite::Statement<'_>) -> Result<T, SqlError>,
    ) -> Result<T, SqlError> {
        let refused: Arc<Mutex<Option<String>>> = Arc::default();
        let (noted, tables) = (Arc::clone(&refused), read.tables.clone());
        let judge = move |context: AuthContext<'_>| match judge(&context, tables.as_deref()) {
            None => Authorization::Allow,
            Some(why) => {
                noted.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(why);
                Authorization::Deny
            }
        };
        self.view().authorizer(Some(judge)).map_err(translate)?;
        let done = self.view().prepare(&read.sql).map_err(translate).and_then(|mut statement| {
            if statement.readonly() {
                work(&mut statement)
            } else {
                Err(SqlError::new(SqlErrorKind::ReadOnly, "the statement would write"))
            }
        });
        self.view().authorizer(None::<fn(AuthContext<'_>) -> Authorization>).map_err(translate)?;
        let refused = refused.lock().unwrap_or_else(PoisonError::into_inner).take();
        match (done, refused) {
            (Err(error), Some(why)) => Err(SqlError { message: why, kind: SqlErrorKind::Permission, ..error }),
            (done, _) => done,
        }
    }

    pub(in crate::backend) fn relations(&mut self) -> Result<Relations, SqlError> {
        let mut found: BTreeMap<String, Relation> = BTreeMap::new();
        for row in self.query(COLUMNS, &[])? {
            let name = row.text(1).unwrap_or_default();
            let relation = found.entry(name.to_owned()).or_insert_with(|| Relation {
                schema: "main".to_owned(),
                sql: format!("main.{}", quoted(name)),
                name: name.to_owned(),
                view: row.text(0) == Some("view"),
                foreign: is_bookkeeping(Engine::Sqlite, &Name { schema: None, name: name.to_owned() }),
                columns: Vec::new(),
            });
            relation.columns.push(RelationColumn {
                name: row.text(2).unwrap_or_default().to_owned(),
                nullable: row.truth(3) != Some(true),
                type_text: row.text(4).unwrap_or_default().to_owned(),
                key: row.truth(5) == Some(true),
            });
        }
        let own = [
            "sqlite_schema",
            "sqlite_master",
            "sqlite_temp_schema",
            "sqlite_temp_master",
            "sqlite_sequence",
            "sqlite_stat1",
            "dbstat",
        ];
        let own = own.map(|name| Relation {
            schema: "main".to_owned(),
            name: name.to_owned(),
            sql: format!("main.{name}"),
            view: false,
            foreign: true,
            columns: Vec::new(),
        });
        Ok(Relations {
            schemas: vec!["main".to_owned(), "temp".to_owned()],
            visible: found.into_values().chain(own).collect(),
            operators: Vec::new(),
            casts: Vec::new(),
        })
    }

    pub(in crate::backend) fn functions(&mut self, _names: &[String]) -> Result<Vec<Function>, SqlError> {
        Ok(Vec::new())
    }
}

/// Why an action is refused; `None` where it only reads what may be read.
fn judge(context: &AuthContext<'_>, tables: Option<&Readable>) -> Option<String> {
    match context.action {
        AuthAction::Select | AuthAction::Recursive => None,
        AuthAction::Function { function_name } => {
            among(REACHING, function_name).then(|| format!("the function {function_name} is not allowed here"))
        }
        AuthAction::Read { table_name, .. } => {
            let tables = tables?;
            let is = |name: &str, view: bool| {
                tables.iter().any(|(known, a_view)| known.eq_ignore_ascii_case(name) && (!view || *a_view))
            };
            // What a view reads is read in its name. A `WITH` of the script is named here too, but is no view.
            let behind_view = context.accessor.is_some_and(|accessor| is(accessor, true));
            (!is(table_name, false) && !behind_view && !among(TABLES_OF_ARGUMENTS, table_name))
                .then(|| format!("`{table_name}` may not be read here"))
        }
        // A script that is not about one account may look at the schema.
        AuthAction::Pragma { pragma_name, .. } if tables.is_none() && among(OF_THE_SCHEMA, pragma_name) => None,
        AuthAction::Pragma { pragma_name, .. } => Some(format!("PRAGMA {pragma_name} is not allowed here")),
        AuthAction::Attach { .. } | AuthAction::Detach { .. } => Some("ATTACH and DETACH are not allowed here".to_owned()),
        AuthAction::Transaction { .. } | AuthAction::Savepoint { .. } => {
            Some("the transaction is not the script's own".to_owned())
        }
        _ => Some("the statement would write".to_owned()),
    }
}

pub(super) fn among(names: &[&str], name: &str) -> bool {
    names.iter().any(|known| known.eq_ignore_ascii_case(name))
}

pub(super) fn value(value: ValueRef<'_>) -> Value {
    match value {
        ValueRef::Null => Value::Null,
        ValueRef::Integer(value) => Value::Integer(value),
        ValueRef::Real(value) => Value::Real(value),
        ValueRef::Text(bytes) => {
            String::from_utf8(bytes.to_vec()).map_or_else(|error| Value::Bytes(error.into_bytes()), Value::Text)
        }
        ValueRef::Blob(bytes) => Value::Bytes(bytes.to_vec()),
    }
}

pub(super) struct Bind<'a>(pub(super) &'a Value);

impl rusqlite::ToSql for Bind<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self.0 {
            Value::Null => ValueRef::Null,
            Value::Bool(value) => ValueRef::Integer(i64::from(*value)),
            Value::Integer(value) => ValueRef::Integer(*value),
            Value::Real(value) => ValueRef::Real(*value),
            Value::Text(value) => ValueRef::Text(value.as_bytes()),
            Value::Bytes(value) => ValueRef::Blob(value),
        }))
    }
}
