//! The old database: one snapshot, only read.

use std::path::Path;

use rusqlite::{Connection, OpenFlags};

use super::streaming::{Each, Scan, select, stream, stream_file};
use crate::backend::basic::Basic;
use crate::backend::error::{SqlError, SqlErrorKind};
use crate::backend::postgres::session::PostgresSession;
use crate::backend::session::Session;
use crate::backend::sqlite::{readable, translate};
use crate::domain::engine::Engine;
use crate::domain::schema::{escaped_text, quoted, quoted_text};
use crate::domain::transfer::{Cell, Input, Kind, Step, TablePlan, pack, unpack};

/// Begins a transaction whose snapshot stays.
const SNAPSHOT: &str = "BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY";

/// What is read as text has one form; a long look must not be broken off.
const READING: &str = "SET LOCAL DateStyle = 'ISO'; SET LOCAL IntervalStyle = 'postgres'; SET LOCAL TimeZone = 'UTC'; \
     SET LOCAL extra_float_digits = 1; SET LOCAL bytea_output = 'hex'; SET LOCAL statement_timeout = 0; \
     SET LOCAL idle_in_transaction_session_timeout = 0; SET LOCAL row_security = off";

/// The old database.
pub(super) enum Source<'a> {
    Postgres {
        session: &'a mut PostgresSession,
        /// Others that read the same snapshot.
        beside: Vec<PostgresSession>,
        /// What was committed when it began, as the server tells it; empty before.
        snapshot: String,
    },
    Sqlite {
        connection: Box<Connection>,
        /// Outside of every transaction, it sees whether somebody writes.
        watch: Box<Connection>,
        version: i64,
    },
}

/// A table of the source as it is read: its rows are called `s`.
#[derive(Debug, Clone, Default)]
pub(super) struct Relation {
    /// What stands after FROM.
    pub(super) from: String,
    /// The one heap in which all rows lie, where there is one.
    pub(super) heap: Option<String>,
    /// What tells rows from one another.
    pub(super) ids: Vec<String>,
    /// Which of its rows are looked at.
    pub(super) part: Part,
}

impl Relation {
    /// Its rows, to be counted.
    pub(super) fn counted(&self) -> String {
        format!("{} {}", self.from, self.part.condition)
    }
}

/// The rows of a table that are looked at; by default all of them.
#[derive(Debug, Clone, Default)]
pub(super) struct Part {
    /// `WHERE …`, or nothing.
    condition: String,
    /// What tells the last row of the part before it from others, packed.
    after: Option<String>,
    /// The same of its own last row, where another part follows.
    last: Option<String>,
}

impl Part {
    /// Whether it is the whole table.
    pub(super) fn is_all(&self) -> bool {
        self.after.is_none() && self.last.is_none()
    }

    /// Whether another part comes before it.
    pub(super) fn begins_later(&self) -> bool {
        self.after.is_some()
    }

    /// Whether another part follows.
    pub(super) fn ends_earlier(&self) -> bool {
        self.last.is_some()
    }

    /// The rows of a table that has their numbers in `column`; `None` where they are told by something else.
    pub(super) fn of_numbers(&self, column: &str) -> Option<String> {
        let mut conditions = Vec::new();
        for (row, sign) in [(&self.after, ">"), (&self.last, "<=")] {
            let Some(row) = row else { continue };
            match unpack(row)?.as_slice() {
                [Cell::Int(number)] => conditions.push(format!("{column} {sign} {number}")),
                _ => return None,
            }
        }
        Some(conditions.join(" AND "))
    }
}

impl<'a> Source<'a> {
    pub(super) fn of_postgres(session: &'a mut PostgresSession) -> Self {
        Self::Postgres { session, beside: Vec::new(), snapshot: String::new() }
    }

    pub(super) fn of_sqlite(path: &Path) -> Result<Self, SqlError> {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let open = || -> Result<Box<Connection>, SqlError> {
            let connection = Connection::open_with_flags(readable(path)?, flags).map_err(translate)?;
            connection.busy_timeout(std::time::Duration::from_secs(5)).map_err(translate)?;
            Ok(Box::new(connection))
        };
        Ok(Self::Sqlite { connection: open()?, watch: open()?, version: 0 })
    }

    /// Lets more sessions read, where the database has something to share between them.
    pub(super) fn read_with(&mut self, sessions: Vec<Session>) {
        if let Self::Postgres { beside, .. } = self {
            let ours = |session| match session {
                Session::Postgres(session) => Some(*session),
                Session::Sqlite(_) => None,
            };
            beside.extend(sessions.into_iter().filter_map(ours));
        }
    }

    pub(super) fn engine(&self) -> Engine {
        match self {
            Self::Postgres { .. } => Engine::Postgres,
            Self::Sqlite { .. } => Engine::Sqlite,
        }
    }

    /// Begins the snapshot, unless it has begun.
    pub(super) fn begin(&mut self) -> Result<(), SqlError> {
        match self {
            Self::Postgres { snapshot, .. } if !snapshot.is_empty() => Ok(()),
            Self::Sqlite { connection, .. } if !connection.is_autocommit() => Ok(()),
            Self::Postgres { session, beside, snapshot } => {
                session.execute(&format!("{SNAPSHOT}; {READING}"))?;
                if !beside.is_empty() {
                    let exported = text(session, "SELECT pg_catalog.pg_export_snapshot()")?;
                    let import = format!("{SNAPSHOT}; SET TRANSACTION SNAPSHOT {}; {READING}", escaped_text(&exported));
                    beside.iter_mut().try_for_each(|session| session.execute(&import))?;
                }
                *snapshot = text(session, "SELECT pg_catalog.pg_current_snapshot()::text")?;
                Ok(())
            }
            Self::Sqlite { connection, watch, version } => {
                *version = watch.query_row("PRAGMA data_version", [], |row| row.get(0)).map_err(translate)?;
                connection
                    .execute_batch("BEGIN; SELECT 1 FROM sqlite_schema LIMIT 1; PRAGMA cache_size = -8000")
                    .map_err(translate)
            }
        }
    }

    /// Ends the snapshot.
    pub(super) fn end(&mut self) -> Result<(), SqlError> {
        match self {
            Self::Postgres { session, beside, .. } => {
                beside.iter_mut().try_for_each(PostgresSession::rollback).and_then(|()| session.rollback())
            }
            Self::Sqlite { connection, .. } => {
                if !connection.is_autocommit() {
                    connection.execute_batch("ROLLBACK").map_err(translate)?;
                }
                Ok(())
            }
        }
    }

    /// The tables among `counted` to which somebody has written since the snapshot began: each with how many rows the
    /// snapshot has of it. The snapshot is over then.
    pub(super) fn changed(&mut self, counted: &[String]) -> Result<Vec<String>, SqlError> {
        match self {
            Self::Sqlite { watch, version, .. } => {
                let now: i64 = watch.query_row("PRAGMA data_version", [], |row| row.get(0)).map_err(translate)?;
                Ok(if now == *version { Vec::new() } else { vec!["the file".to_owned()] })
            }
            Self::Postgres { session, beside, snapshot } => {
                beside.iter_mut().try_for_each(PostgresSession::rollback)?;
                let count = |session: &mut PostgresSession, table: &String| -> Result<String, SqlError> {
                    text(session, &format!("SELECT count(*)::text FROM {table}"))
                };
                let now = format!("SELECT (pg_catalog.pg_current_snapshot()::text = '{snapshot}')::text");
                // Equal snapshots are proof; others may come from another database of the server, or from the target there.
                let before = std::mem::take(snapshot);
                // The old snapshot is over as soon as the new one can be asked for.
                let counts: Vec<_> = counted.iter().map(|table| count(session, table)).collect::<Result<_, _>>()?;
                session.rollback()?;
                if text(session, &now)? == "true" {
                    return Ok(Vec::new());
                }
                let mut written = Vec::new();
                for (table, old) in counted.iter().zip(counts) {
                    // Rows that the old snapshot did not see, by the 64 bits of their transaction: the upper half is that of
                    // the next one, or one less where the lower half would lie in the future.
                    let newer = format!(
                        "SELECT EXISTS (SELECT 1 FROM {table} AS s, LATERAL (SELECT pg_catalog.pg_snapshot_xmax(pg_catalog.pg_current_snapshot())::text::numeric AS next) AS n \
                         WHERE s.xmin::text::bigint > 2 AND NOT pg_catalog.pg_visible_in_snapshot( \
                         (s.xmin::text::numeric + 4294967296 * (floor(n.next / 4294967296) - CASE WHEN s.xmin::text::numeric > mod(n.next, 4294967296) THEN 1 ELSE 0 END))::text::xid8, \
                         '{before}'))::text"
                    );
                    if count(session, table)? != old || text(session, &newer)? == "true" {
                        written.push(table.clone());
                    }
                }
                Ok(written)
            }
        }
    }

    /// The name of a table as it must stand in a statement.
    pub(super) fn name(&mut self, table: &str) -> Result<String, SqlError> {
        match self {
            Self::Postgres { session, .. } => super::name(session, table),
            Self::Sqlite { .. } => Ok(quoted(table)),
        }
    }

    /// How many rows a table has.
    pub(super) fn count(&mut self, from: &str) -> Result<u64, SqlError> {
        let sql = format!("SELECT count(*) FROM {from}");
        let count = match self {
            Self::Postgres { session, .. } => {
                session.query(&sql, &[])?.first().and_then(|row| row.integer(0)).unwrap_or_default()
            }
            Self::Sqlite { connection, .. } => connection.query_row(&sql, [], |row| row.get(0)).map_err(translate)?,
        };
        Ok(u64::try_from(count).unwrap_or_default())
    }

    /// How the rows of a table are read.
    pub(super) fn relation(&mut self, table: &TablePlan) -> Result<Relation, SqlError> {
        let name = self.name(&table.from.table)?;
        let mut heap = None;
        let ids = match self {
            Self::Postgres { session, .. } => {
                let sql = "SELECT a.attname::text FROM pg_catalog.pg_index i \
                           CROSS JOIN LATERAL unnest(i.indkey::int2[]) WITH ORDINALITY AS k (number, place) \
                           JOIN pg_catalog.pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.number \
                           WHERE i.indisprimary AND i.indrelid = $1::text::regclass ORDER BY k.place";
                let rows = session.query(sql, &[name.as_str().into()])?;
                let key: Vec<_> = rows.iter().filter_map(|row| row.text(0)).map(|name| format!("s.{}", quoted(name))).collect();
                let kind = "SELECT (relkind = 'p')::integer, relhassubclass::integer, (relkind = 'r')::integer FROM pg_catalog.pg_class WHERE oid = $1::text::regclass";
                let kind = session.query(kind, &[name.as_str().into()])?;
                let is = |at| kind.first().and_then(|row| row.integer(at)) == Some(1);
                heap = (is(2) && !is(1)).then(|| name.clone());
                // A key is one over all partitions, yet not over tables that inherit.
                match (key.is_empty(), is(0), is(1)) {
                    (false, true, _) | (false, false, false) => key,
                    (true, false, false) => vec!["s.ctid".to_owned()],
                    _ => vec!["s.tableoid".to_owned(), "s.ctid".to_owned()],
                }
            }
            Self::Sqlite { connection, .. } => sqlite_ids(connection, &table.from.table)?,
        };
        let Some(unpivot) = &table.from.unpivot else {
            return Ok(Relation { from: format!("{name} AS s"), heap, ids, part: Part::default() });
        };
        let named: String = ids.iter().enumerate().map(|(at, id)| format!(", {id} AS manage_k{at}")).collect();
        let parts: Vec<_> = unpivot
            .columns
            .iter()
            .map(|(n, column)| {
                let value = format!("s.{}", quoted(column));
                format!("SELECT s.*{named}, {n} AS manage_n, {value} AS manage_value FROM {name} AS s WHERE {value} IS NOT NULL")
            })
            .collect();
        let ids = (0..ids.len()).map(|at| format!("s.manage_k{at}")).chain(["s.manage_n".to_owned()]).collect();
        Ok(Relation { from: format!("({}) AS s", parts.join(" UNION ALL ")), heap: None, ids, part: Part::default() })
    }

    /// A look at all inputs of a table: what tells the row, then the inputs that the source has, in their order.
    /// `tail` follows FROM; see [`order()`].
    pub(super) fn scan(&mut self, table: &TablePlan, relation: &Relation, tail: &str) -> Result<Scan, SqlError> {
        let inputs = table.inputs.iter().enumerate().filter_map(|(at, input)| Some((at, expression(input)?)));
        let mut wanted: Vec<(String, bool)> = relation.ids.iter().map(|id| (id.clone(), false)).collect();
        wanted.extend(inputs.map(|(at, sql)| (sql, becomes_json(table, at))));
        self.select(&wanted, &format!("{} {tail}", relation.counted()))
    }

    /// Where a part ends that begins behind a row: see [`Carrier::cut`](crate::backend::Carrier::cut).
    pub(super) fn cut(&mut self, relation: &Relation, after: Option<&str>, rows: u64) -> Result<Option<String>, SqlError> {
        let Part { condition, .. } = self.part(relation, after, None)?;
        let wanted: Vec<_> = relation.ids.iter().map(|id| (id.clone(), false)).collect();
        let ids = relation.ids.join(", ");
        let tail = format!("{condition} ORDER BY {ids} LIMIT 1 OFFSET {}", rows.saturating_sub(1));
        let scan = self.select(&wanted, &format!("{} {tail}", relation.from))?;
        let mut last = None;
        self.stream(&scan, &mut |cells| {
            last = Some(pack(&cells.iter().map(Cell::borrowed).collect::<Vec<_>>()));
            Ok(())
        })?;
        Ok(last)
    }

    /// The rows behind one, up to another.
    pub(super) fn part(&self, relation: &Relation, after: Option<&str>, last: Option<&str>) -> Result<Part, SqlError> {
        let ids = relation.ids.join(", ");
        let mut conditions = Vec::new();
        for (row, sign) in [(after, ">"), (last, "<=")] {
            let Some(row) = row else { continue };
            let cells = unpack(row).filter(|cells| cells.len() == relation.ids.len());
            let cells = cells.ok_or_else(|| SqlError::new(SqlErrorKind::Other, format!("the row {row} cannot be read again")))?;
            let values: Vec<_> = cells.iter().map(|cell| literal(self.engine(), cell)).collect();
            conditions.push(format!("({ids}) {sign} ({})", values.join(", ")));
        }
        let condition = if conditions.is_empty() { String::new() } else { format!("WHERE {}", conditions.join(" AND ")) };
        Ok(Part { condition, after: after.map(str::to_owned), last: last.map(str::to_owned) })
    }

    /// A query of some expressions, each with whether an array in it becomes JSON.
    pub(super) fn select(&mut self, wanted: &[(String, bool)], from: &str) -> Result<Scan, SqlError> {
        match self {
            Self::Postgres { session, .. } => select(session, wanted, from),
            Self::Sqlite { .. } => {
                let columns: Vec<_> = wanted.iter().map(|(sql, _)| sql.as_str()).collect();
                let columns = if columns.is_empty() { "1".to_owned() } else { columns.join(", ") };
                Ok(Scan::of_file(format!("SELECT {columns} FROM {from}"), wanted.len().max(1)))
            }
        }
    }

    /// Gives each row of a query to `each`, which runs here while the rows are read elsewhere.
    pub(super) fn stream(&mut self, scan: &Scan, each: Each<'_>) -> Result<(), SqlError> {
        match self {
            Self::Postgres { session, .. } => stream(session, scan, each),
            Self::Sqlite { connection, .. } => stream_file(connection, scan, each),
        }
    }
}

/// An input as the source reads it; `None` where the target knows it.
pub(super) fn expression(input: &Input) -> Option<String> {
    match input {
        Input::Column(name) => Some(format!("s.{}", quoted(name))),
        Input::Sql(text) => Some(format!("({text})")),
        Input::Number => Some("s.manage_n".to_owned()),
        Input::Value => Some("s.manage_value".to_owned()),
        Input::Mapped { .. } | Input::Lookup { .. } => None,
    }
}

fn becomes_json(table: &TablePlan, input: usize) -> bool {
    table
        .columns
        .iter()
        .any(|column| column.uses().contains(&input) && (column.kind == Kind::Json || column.steps.contains(&Step::ToJson)))
}

/// `ORDER BY` the mapping's order, then what tells rows from one another.
pub(super) fn order(table: &TablePlan, relation: &Relation) -> String {
    let mut terms: Vec<String> = Vec::new();
    for (input, descends, nulls) in &table.order {
        let Some(sql) = expression(&table.inputs[*input]) else { continue };
        let way = if *descends { " DESC" } else { "" };
        // What comes first by itself differs between databases.
        let nulls = if nulls.unwrap_or(!*descends) { " NULLS FIRST" } else { " NULLS LAST" };
        terms.push(format!("{sql}{way}{nulls}"));
    }
    terms.extend(relation.ids.iter().cloned());
    format!("ORDER BY {}", terms.join(", "))
}

/// A value as it must stand in a statement.
pub(super) fn literal(engine: Engine, cell: &Cell<'_>) -> String {
    match (engine, cell) {
        (_, Cell::Null) => "NULL".to_owned(),
        (Engine::Sqlite, Cell::Int(value)) => value.to_string(),
        (Engine::Sqlite, Cell::Blob(bytes)) => {
            format!("x'{}'", bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>())
        }
        (Engine::Sqlite, Cell::Real(value)) => format!("{value:e}"),
        (Engine::Sqlite, cell) => quoted_text(&cell.plain_text()),
        // Of a type that is not said: a truth value comes as a number.
        (Engine::Postgres, cell) => escaped_text(&cell.plain_text()),
    }
}

fn sqlite_ids(connection: &Connection, table: &str) -> Result<Vec<String>, SqlError> {
    let strings = |sql: &str| -> Result<Vec<String>, SqlError> {
        let mut statement = connection.prepare(sql).map_err(translate)?;
        let rows = statement.query_map([table], |row| row.get(0)).map_err(translate)?;
        rows.collect::<Result<_, _>>().map_err(translate)
    };
    let without = strings("SELECT 'x' FROM pragma_table_list($1) WHERE schema = 'main' AND wr")?;
    if !without.is_empty() {
        let key = strings("SELECT name FROM pragma_table_xinfo($1) WHERE pk > 0 ORDER BY pk")?;
        return Ok(key.iter().map(|name| format!("s.{}", quoted(name))).collect());
    }
    let columns = strings("SELECT name FROM pragma_table_xinfo($1)")?;
    let free = |name: &&&str| !columns.iter().any(|column| column.eq_ignore_ascii_case(name));
    ["_rowid_", "rowid", "oid"].iter().find(free).map(|name| vec![format!("s.{name}")]).ok_or_else(|| {
        let message = format!("the rows of {table} cannot be told apart: its columns take all names of the row's number");
        SqlError::new(SqlErrorKind::Other, message)
    })
}

fn text(session: &mut PostgresSession, sql: &str) -> Result<String, SqlError> {
    Ok(session.query(sql, &[])?.first().and_then(|row| row.text(0)).unwrap_or_default().to_owned())
}
