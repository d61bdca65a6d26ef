//! From one SQLite file to another: both in one connection, the source attached and only read, rows moved by statements
//! over whole tables. What SQL cannot say is said by functions (`functions`).
//!
//! | file | idea |
//! |---|---|
//! | `functions` | the mapping's rules as functions of SQLite |
//! | `sql` | the statements of one table's move, as text |
//! | `moving` | one table: a look at every row, then the shortest way in |
//! | `staging` | rows sorted into new, there already, duplicate |
//! | `comparing` | both sides added up; rows that differ |
//! | `sampling` | raw rows one by one; duplicates |

mod comparing;
mod functions;
mod moving;
mod sampling;
mod sql;
mod staging;

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use rusqlite::hooks::Action;
use rusqlite::{Connection, OpenFlags, params};

use super::errors::translate;
use super::session::{SqliteSession, uri};
use crate::backend::basic::Basic;
use crate::backend::carrier::{Carrier, Chunk, Compared, KeyDuplicates, Left, Moved, Pick, Sampled, Scope, Watch};
use crate::backend::error::{SqlError, SqlErrorKind};
use crate::backend::full::Full;
use crate::backend::session::Session;
use crate::domain::schema::quoted;
use crate::domain::transfer::{Cell, Moment, TablePlan};
use functions::Shared;
pub(in crate::backend) use functions::cell;
use sql::Sql;

/// Moves tables between two SQLite files.
pub(in crate::backend) struct SqliteCarrier<'a> {
    session: &'a mut Session,
    /// Another connection to the source, outside of every transaction: it sees whether somebody writes.
    watch: Connection,
    version: i64,
    /// The source, as it is attached.
    file: String,
    shared: Arc<Shared>,
    /// For each table: how its rows are told from one another.
    rows: Vec<String>,
    /// For each table: whether it was staged.
    staged: Vec<bool>,
    /// Whether tables are moved in transactions of their own.
    parts: bool,
    /// Violations that were there before.
    violated: Vec<String>,
}

impl<'a> SqliteCarrier<'a> {
    /// Attaches the file at `source` to the session on the target.
    ///
    /// # Errors
    /// When it cannot be opened.
    pub(in crate::backend) fn open(session: &'a mut Session, source: &Path) -> Result<Self, SqlError> {
        let file = uri(source, "ro")?;
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let watch = Connection::open_with_flags(&file, flags).map_err(translate)?;
        let version = data_version(&watch)?;
        let empty = Shared::of(&[], &Moment::new(crate::domain::transfer::Instant(0)), &Arc::default());
        let carrier = Self {
            session,
            watch,
            version,
            file,
            shared: Arc::new(empty),
            rows: Vec::new(),
            staged: Vec::new(),
            parts: false,
            violated: Vec::new(),
        };
        carrier.view()?.execute("ATTACH $1 AS source", params![carrier.file]).map_err(translate)?;
        // Enough for the upper pages of an index, and far from what a small container has.
        let settings = "PRAGMA foreign_keys = OFF; PRAGMA main.cache_size = -12000; PRAGMA source.cache_size = -4000; PRAGMA temp.cache_size = -6000; PRAGMA temp_store = FILE";
        carrier.view()?.execute_batch(settings).map_err(translate)?;
        Ok(carrier)
    }

    fn sqlite(&self) -> Result<&SqliteSession, SqlError> {
        match &*self.session {
            Session::Sqlite(session) => Ok(session),
            Session::Postgres(_) => Err(SqlError::new(SqlErrorKind::Other, "the target is not an SQLite file")),
        }
    }

    fn view(&self) -> Result<&Connection, SqlError> {
        self.sqlite().map(SqliteSession::view)
    }

    fn plan(&self, table: usize) -> &TablePlan {
        &self.shared.tables[table]
    }

    fn with_sql<T>(&self, table: usize, work: impl FnOnce(&Sql<'_>) -> T) -> T {
        let changed = self.shared.changed(table);
        work(&Sql {
            at: table,
            tables: &self.shared.tables,
            changed: &changed,
            row: &self.rows[table],
            now: &self.shared.now.text,
        })
    }

    /// As before any row was looked at: nothing is known of any column.
    fn with_careful_sql<T>(&self, table: usize, work: impl FnOnce(&Sql<'_>) -> T) -> T {
        work(&Sql { at: table, tables: &self.shared.tables, changed: &[], row: &self.rows[table], now: &self.shared.now.text })
    }

    fn execute(&self, sql: &str) -> Result<u64, SqlError> {
        let changed = self.view()?.execute(sql, []).map_err(translate)?;
        Ok(changed as u64)
    }

    fn batch(&self, sql: &str) -> Result<(), SqlError> {
        self.view()?.execute_batch(sql).map_err(translate)
    }

    fn number(&self, sql: &str) -> Result<i64, SqlError> {
        self.view()?.query_row(sql, [], |row| row.get(0)).map_err(translate)
    }

    /// The name under which a table's rows can be told apart.
    fn row_name(&self, table: &TablePlan) -> Result<String, SqlError> {
        if table.from.unpivot.is_some() {
            return Ok("s._rowid_".to_owned());
        }
        let columns = self.strings("SELECT name FROM pragma_table_xinfo($1, 'source') ORDER BY cid", &table.from.table)?;
        let without = self.strings("SELECT 'x' FROM pragma_table_list($1) WHERE schema = 'source' AND wr", &table.from.table)?;
        if !without.is_empty() {
            let key =
                self.strings("SELECT name FROM pragma_table_xinfo($1, 'source') WHERE pk > 0 ORDER BY pk", &table.from.table)?;
            let key: Vec<_> = key.iter().map(|name| format!("s.{}", quoted(name))).collect();
            return Ok(match key.as_slice() {
                [one] => one.clone(),
                several => format!("manage_pack({})", several.join(", ")),
            });
        }
        let free = |name: &&&str| !columns.iter().any(|column| column.eq_ignore_ascii_case(name));
        match ["_rowid_", "rowid", "oid"].iter().find(free) {
            Some(name) => Ok(format!("s.{name}")),
            None => Err(SqlError::new(
                SqlErrorKind::Other,
                format!("the rows of {} cannot be told apart: its columns take all names of the row's number", table.from.table),
            )),
        }
    }

    fn strings(&self, sql: &str, bind: &str) -> Result<Vec<String>, SqlError> {
        let mut statement = self.view()?.prepare(sql).map_err(translate)?;
        let rows = statement.query_map([bind], |row| row.get(0)).map_err(translate)?;
        rows.collect::<Result<_, _>>().map_err(translate)
    }

    /// Makes rows of columns.
    fn derive(&self, at: usize) -> Result<(), SqlError> {
        let table = self.plan(at);
        let Some(unpivot) = &table.from.unpivot else { return Ok(()) };
        let from = quoted(&table.from.table);
        for (number, (n, column)) in unpivot.columns.iter().enumerate() {
            let select = format!("SELECT s.*, {n} AS manage_n, s.{0} AS manage_value FROM source.{from} AS s", quoted(column));
            let filled = format!("{select} WHERE s.{} IS NOT NULL", quoted(column));
            if number == 0 {
                self.batch(&format!("CREATE TEMP TABLE manage_derived_{at} AS {filled}"))?;
            } else {
                self.execute(&format!("INSERT INTO temp.manage_derived_{at} {filled}"))?;
            }
        }
        Ok(())
    }

    fn find_violations(&self) -> Result<Vec<String>, SqlError> {
        let mut found = Vec::new();
        for table in &self.shared.tables {
            let mut statement =
                self.view()?.prepare(&format!("PRAGMA main.foreign_key_check({})", quoted(&table.to))).map_err(translate)?;
            let mut rows = statement.query([]).map_err(translate)?;
            while let Some(row) = rows.next().map_err(translate)? {
                let number: Option<i64> = row.get(1).map_err(translate)?;
                let parent: String = row.get(2).map_err(translate)?;
                let row = number.map_or_else(|| "a row".to_owned(), |number| format!("row {number}"));
                found.push(format!("{}: {row} points to a missing row of {parent}", table.to));
            }
        }
        Ok(found)
    }
}

impl Drop for SqliteCarrier<'_> {
    fn drop(&mut self) {
        // The session goes on without what was only for the move; after an error it is closed anyway.
        if let Ok(view) = self.view() {
            let _ = functions::remove(view);
            let _ = view.update_hook(None::<fn(Action, &str, &str, i64)>);
        }
        if !self.session.in_transaction() {
            let _ = self.session.drop_temporary();
            let _ = self.session.restore_settings();
        }
    }
}

fn data_version(connection: &Connection) -> Result<i64, SqlError> {
    connection.query_row("PRAGMA data_version", [], |row| row.get(0)).map_err(translate)
}

impl Carrier for SqliteCarrier<'_> {
    fn target(&mut self) -> &mut Session {
        self.session
    }

    fn begin(&mut self, tables: &[TablePlan], now: &Moment) -> Result<(), SqlError> {
        self.shared = Arc::new(Shared::of(tables, now, &self.shared.watch));
        functions::register(self.view()?, &self.shared)?;
        if self.parts {
            // What an earlier part left behind for itself; nobody may have written to the source since the first one.
            self.session.drop_temporary()?;
        } else {
            self.version = data_version(&self.watch)?;
        }
        self.session.begin()?;
        // The transaction holds the target; the first read holds the source as it is now.
        self.number("SELECT count(*) FROM source.sqlite_schema")?;
        self.batch(
            "CREATE TEMP TABLE manage_left (t INTEGER NOT NULL, k, PRIMARY KEY (t, k)) WITHOUT ROWID;
             CREATE TEMP TABLE manage_image (t INTEGER NOT NULL, key TEXT NOT NULL, columns TEXT NOT NULL, before TEXT NOT NULL, after TEXT NOT NULL)",
        )?;
        self.rows = self.shared.tables.iter().map(|table| self.row_name(table)).collect::<Result<_, _>>()?;
        self.staged = vec![false; tables.len()];
        self.violated = self.find_violations()?;
        (0..tables.len()).try_for_each(|at| self.derive(at))
    }

    fn watch(&mut self) -> Result<Arc<Watch>, SqlError> {
        let watch = Arc::clone(&self.shared.watch);
        let hook = move |_: Action, database: &str, _: &str, _: i64| {
            if database == "main" {
                watch.write();
            }
        };
        self.view()?.update_hook(Some(hook)).map_err(translate)?;
        Ok(Arc::clone(&self.shared.watch))
    }

    fn move_table(&mut self, table: usize, left: &mut dyn FnMut(Left) -> Result<(), SqlError>) -> Result<Moved, SqlError> {
        self.shared.watch.begin();
        moving::move_table(self, table, left)
    }

    fn recompute(&mut self, table: usize) -> Result<u64, SqlError> {
        moving::recompute(self, table)
    }

    fn compare(&mut self, table: usize, scope: Scope, chunks: &mut dyn FnMut(Chunk)) -> Result<Compared, SqlError> {
        comparing::compare(self, table, scope, chunks)
    }

    fn leave(&mut self, table: usize, row: &str) -> Result<(), SqlError> {
        let value = match crate::domain::transfer::unpack(row).as_deref() {
            Some([cell]) => functions::owned(cell.borrowed()),
            _ => return Ok(()),
        };
        let table = i64::try_from(table).unwrap_or_default();
        self.view()?
            .prepare("INSERT OR IGNORE INTO temp.manage_left VALUES ($1, $2)")
            .and_then(|mut statement| statement.execute(params![table, value]))
            .map_err(translate)?;
        Ok(())
    }

    fn remap(&mut self, table: usize) -> Result<(), SqlError> {
        staging::remap(self, table)
    }

    fn sample(&mut self, table: usize, pick: &Pick<'_>) -> Result<Vec<Sampled>, SqlError> {
        sampling::sample(self, table, pick)
    }

    fn violations(&mut self) -> Result<Vec<String>, SqlError> {
        let found = self.find_violations()?;
        Ok(found.into_iter().filter(|violation| !self.violated.contains(violation)).collect())
    }

    fn duplicates(&mut self, table: usize) -> Result<Vec<KeyDuplicates>, SqlError> {
        self.shared.lenient.store(true, Ordering::Relaxed);
        let found = sampling::duplicates(self, table);
        self.shared.lenient.store(false, Ordering::Relaxed);
        found
    }

    fn count(&mut self, table: &str) -> Result<u64, SqlError> {
        let count = self.number(&format!("SELECT count(*) FROM source.{}", quoted(table)))?;
        Ok(u64::try_from(count).unwrap_or_default())
    }

    fn written_meanwhile(&mut self) -> Result<Vec<String>, SqlError> {
        Ok(if data_version(&self.watch)? == self.version { Vec::new() } else { vec!["the file".to_owned()] })
    }

    fn in_parts(&mut self) {
        self.parts = true;
    }

    fn id_map_query(&self, table: usize) -> Option<String> {
        self.plan(table).new_key.as_ref()?;
        Some(format!("SELECT CAST(old AS TEXT), CAST(new AS TEXT) FROM temp.manage_map_{table}"))
    }

    fn images_query(&self, table: usize) -> String {
        format!("SELECT key, columns, before, after FROM temp.manage_image WHERE t = {table}")
    }
}

/// All values of a row, on their own.
fn cells(row: &rusqlite::Row<'_>, from: usize, count: usize) -> Result<Vec<Cell<'static>>, SqlError> {
    (from..from + count).map(|at| row.get_ref(at).map(|value| functions::cell(value).into_owned()).map_err(translate)).collect()
}
