//! From an old database to a PostgreSQL one: rows are streamed through the mapping's rules and go in by COPY.
//!
//! | file | idea |
//! |---|---|
//! | `source` | the old database, of either kind: one snapshot |
//! | `streaming` | rows of a query, read by a thread of their own |
//! | `beside` | one table read by several sessions |
//! | `wire`, `numeric`, `array` | COPY's binary form, read and written |
//! | `target` | the target's columns, and what is said of them in SQL |
//! | `judging` | each row by every rule; what may go in |
//! | `pouring` | rows through their rules into a table, as one stream |
//! | `moving` | one table: the shortest way in |
//! | `straight` | an empty table: COPY straight in, indexes after |
//! | `staging` | rows that need the target's own rows, staged |
//! | `sorting` | staged rows sorted into new, there already, left |
//! | `sifting` | rows to which only the target can object |
//! | `writing` | what is inserted and updated from the stage |
//! | `comparing` | both sides added up; rows that differ |
//! | `sampling` | raw rows one by one; duplicates |
//! | `sequences` | what keys are drawn from |

mod array;
mod beside;
mod comparing;
mod judging;
mod moving;
mod numeric;
mod pouring;
mod sampling;
mod sequences;
mod sifting;
mod sorting;
mod source;
mod staging;
mod straight;
mod streaming;
mod target;
mod wire;
mod writing;

use std::collections::{HashMap, HashSet};
use std::path::Path;
use std::sync::Arc;

use super::session::PostgresSession;
use crate::backend::basic::Basic;
use crate::backend::carrier::{Carrier, Chunk, Compared, KeyDuplicates, Left, Moved, Pick, Sampled, Scope, Watch};
use crate::backend::error::{SqlError, SqlErrorKind};
use crate::backend::session::Session;
use crate::domain::transfer::{Moment, Sum, TablePlan, hash64};
use sequences::{Drawn, Outrun};
use source::{Part, Relation, Source};
use target::Target;
use wire::Wire;

/// Moves tables into a PostgreSQL database.
pub(in crate::backend) struct PostgresCarrier<'a> {
    session: &'a mut Session,
    source: Source<'a>,
    plans: Arc<[TablePlan]>,
    now: Moment,
    relations: Vec<Relation>,
    targets: Vec<Target>,
    /// Names of tables of the target that the plans mention, as they must stand in statements.
    names: HashMap<String, String>,
    /// How columns of the target are written: of those that the plans mention, and do not fill.
    wires: HashMap<(String, String), Wire>,
    /// For each table: what is known of its move.
    moves: Vec<Move>,
    watch: Arc<Watch>,
    watched: bool,
    /// Whether it is taken back in the end.
    rehearsed: bool,
    /// Whether tables are moved in parts, each in a transaction of its own.
    parts: bool,
    /// The sequences of the moved tables as they were before, where all of it may be taken back.
    before: Vec<Drawn>,
    /// The same at the end of a rehearsal.
    after: Vec<Drawn>,
}

/// What is known of a table's move.
#[derive(Default)]
struct Move {
    /// Whether it was moved by this carrier: then a row that its rules keep back is not missing.
    judged: bool,
    /// Whether its rows were staged.
    staged: bool,
    /// Whether the target said the same already, so that nothing was done.
    equal: Option<Compared>,
    /// What the rows that went straight in were to become.
    expected: Sum,
    /// Rows that stay behind, by the checksum of what tells them from others.
    left: HashSet<u64>,
}

impl<'a> PostgresCarrier<'a> {
    /// From a PostgreSQL database.
    pub(in crate::backend) fn from_postgres(session: &'a mut Session, source: &'a mut PostgresSession) -> Self {
        Self::over(session, Source::of_postgres(source))
    }

    /// From an SQLite file.
    ///
    /// # Errors
    /// When it cannot be opened.
    pub(in crate::backend) fn from_sqlite(session: &'a mut Session, source: &Path) -> Result<Self, SqlError> {
        Ok(Self::over(session, Source::of_sqlite(source)?))
    }

    fn over(session: &'a mut Session, source: Source<'a>) -> Self {
        Self {
            session,
            source,
            plans: Arc::new([]),
            now: Moment::new(crate::domain::transfer::Instant(0)),
            relations: Vec::new(),
            targets: Vec::new(),
            names: HashMap::new(),
            wires: HashMap::new(),
            moves: Vec::new(),
            watch: Arc::default(),
            watched: false,
            rehearsed: false,
            parts: false,
            before: Vec::new(),
            after: Vec::new(),
        }
    }

    fn postgres(&mut self) -> Result<&mut PostgresSession, SqlError> {
        postgres(self.session)
    }

    fn execute(&mut self, sql: &str) -> Result<u64, SqlError> {
        self.postgres()?.execute_with(sql, &[])
    }

    fn batch(&mut self, sql: &str) -> Result<(), SqlError> {
        self.postgres()?.execute(sql)
    }

    fn number(&mut self, sql: &str) -> Result<i64, SqlError> {
        Ok(self.postgres()?.query(sql, &[])?.first().and_then(|row| row.integer(0)).unwrap_or_default())
    }

    fn count_of(&mut self, sql: &str) -> Result<u64, SqlError> {
        Ok(u64::try_from(self.number(sql)?).unwrap_or_default())
    }

    fn strings(&mut self, sql: &str) -> Result<Vec<String>, SqlError> {
        Ok(self.postgres()?.query(sql, &[])?.iter().filter_map(|row| row.text(0).map(str::to_owned)).collect())
    }

    /// The name of a table of the target, of which a plan speaks.
    fn named(&mut self, table: &str) -> Result<String, SqlError> {
        if let Some(known) = self.names.get(table) {
            return Ok(known.clone());
        }
        let found = name(self.postgres()?, table)?;
        self.names.insert(table.to_owned(), found.clone());
        Ok(found)
    }

    /// The rows of the target that a part's rows become, as a condition on `r`. `None` where the key is no number that the
    /// source's rows are cut by, too.
    fn span(&self, at: usize) -> Option<String> {
        let (plan, target, relation) = (&self.plans[at], &self.targets[at], &self.relations[at]);
        let ([key], [matched], [_]) = (target.key.as_slice(), plan.matched.as_slice(), relation.ids.as_slice()) else {
            return None;
        };
        if !key.wire.is_whole() || target.columns[*matched].name != key.name || plan.columns[*matched].is_plain().is_none() {
            return None;
        }
        relation.part.of_numbers(&format!("r.{}", key.name)).filter(|condition| !condition.is_empty())
    }

    /// The rows of the target to look at, as they stand behind FROM: those of a part, where they can be told.
    fn spanned(&self, at: usize) -> String {
        let condition = self.span(at).unwrap_or_else(|| "true".to_owned());
        format!("{} AS r WHERE {condition}", self.targets[at].name)
    }

    /// How many rows of the target lie where those of a part belong; `otherwise` where that cannot be told.
    fn count_of_span(&mut self, at: usize, otherwise: u64) -> Result<u64, SqlError> {
        match self.span(at) {
            Some(_) => self.count_of(&format!("SELECT count(*) FROM {}", self.spanned(at))),
            None => Ok(otherwise),
        }
    }

    /// How a column of a table of the target is written, whether it is filled or not.
    fn wire_of(&mut self, at: usize, column: &str) -> Result<Wire, SqlError> {
        let name = self.targets[at].name.clone();
        self.wire_in(&name, column)
    }

    fn wire_in(&mut self, table: &str, column: &str) -> Result<Wire, SqlError> {
        let place = (table.to_owned(), column.to_owned());
        if let Some(known) = self.wires.get(&place) {
            return Ok(*known);
        }
        let asked = format!("SELECT {} FROM {table}", crate::domain::schema::quoted(column));
        let kind =
            self.postgres()?.raw(|client| Ok(client.prepare(&asked)?.columns().first().map(|column| column.type_().clone())))?;
        let wire = kind.map_or(Wire::Cast, |kind| Wire::of(&kind));
        self.wires.insert(place, wire);
        Ok(wire)
    }

    /// Foreign keys of the moved tables, with the rows that have no parent, in words.
    fn find_violations(&mut self) -> Result<Vec<String>, SqlError> {
        let mut found = Vec::new();
        for (at, plan) in self.plans.clone().iter().enumerate() {
            let name = self.targets[at].name.clone();
            let sql = "SELECT k.conname::text, k.confrelid::regclass::text, \
                 (SELECT string_agg(format('r.%I IS NOT NULL', a.attname), ' AND ' ORDER BY c.place) FROM unnest(k.conkey) WITH ORDINALITY AS c (number, place) \
                  JOIN pg_catalog.pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = c.number), \
                 (SELECT string_agg(format('p.%I = r.%I', b.attname, a.attname), ' AND ' ORDER BY c.place) FROM unnest(k.conkey, k.confkey) WITH ORDINALITY AS c (number, other, place) \
                  JOIN pg_catalog.pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = c.number \
                  JOIN pg_catalog.pg_attribute b ON b.attrelid = k.confrelid AND b.attnum = c.other) \
                 FROM pg_catalog.pg_constraint k WHERE k.contype = 'f' AND k.convalidated AND k.conrelid = $1::text::regclass ORDER BY 1";
            let keys = self.postgres()?.query(sql, &[name.as_str().into()])?;
            for key in keys {
                let text = |at| key.text(at).unwrap_or_default();
                let count = self.count_of(&format!(
                    "SELECT count(*) FROM {name} AS r WHERE {} AND NOT EXISTS (SELECT 1 FROM {} AS p WHERE {})",
                    text(2),
                    text(1),
                    text(3)
                ))?;
                if count > 0 {
                    found.push(format!("{}: {count} rows break {}: they point to missing rows of {}", plan.to, text(0), text(1)));
                }
            }
        }
        Ok(found)
    }
}

fn postgres(session: &mut Session) -> Result<&mut PostgresSession, SqlError> {
    match session {
        Session::Postgres(session) => Ok(session),
        Session::Sqlite(_) => Err(SqlError::new(SqlErrorKind::Other, "the target is not a PostgreSQL database")),
    }
}

/// The table that people call `shown`, as it must stand in a statement.
fn name(session: &mut PostgresSession, shown: &str) -> Result<String, SqlError> {
    crate::backend::server::find_shown(session, shown)?
        .map(|name| name.0)
        .ok_or_else(|| SqlError::new(SqlErrorKind::Other, format!("the table {shown} is gone")))
}

/// What tells a row from others, for a set of many.
fn fingerprint(packed: &str) -> u64 {
    hash64(packed.as_bytes(), 0)
}

impl Drop for PostgresCarrier<'_> {
    fn drop(&mut self) {
        // The source's session goes on; what was only for the move ends with the transactions.
        let _ = self.source.end();
    }
}

impl Carrier for PostgresCarrier<'_> {
    fn target(&mut self) -> &mut Session {
        self.session
    }

    fn begin(&mut self, tables: &[TablePlan], now: &Moment) -> Result<(), SqlError> {
        self.plans = tables.into();
        self.now = now.clone();
        self.moves = tables.iter().map(|_| Move::default()).collect();
        // The source first: what the target does later on the same server is not somebody's writing.
        self.source.begin()?;
        self.session.begin()?;
        // A session that only reads may still need tables of its own, which end with the transaction.
        self.batch(
            "SET TRANSACTION READ WRITE; SET LOCAL DateStyle = 'ISO'; SET LOCAL IntervalStyle = 'postgres'; SET LOCAL TimeZone = 'UTC'; \
             SET LOCAL extra_float_digits = 1; SET LOCAL bytea_output = 'hex'; SET LOCAL statement_timeout = 0; \
             SET LOCAL idle_in_transaction_session_timeout = 0; SET LOCAL client_min_messages = warning; SET LOCAL row_security = off; \
             SET LOCAL parallel_tuple_cost = 0; SET LOCAL parallel_setup_cost = 100",
        )?;
        if self.strings("SHOW server_encoding")?.first().is_none_or(|encoding| encoding != "UTF8") {
            return Err(SqlError::new(
                SqlErrorKind::Configuration,
                "the target is not encoded in UTF8, so that both sides could not be compared",
            )
            .with_hint("make the new database with ENCODING 'UTF8'"));
        }
        self.batch(
            "CREATE TEMP TABLE manage_image (t integer NOT NULL, key text NOT NULL, columns text NOT NULL, before text NOT NULL, after text NOT NULL) ON COMMIT DROP",
        )?;
        if self.parts && self.targets.len() == tables.len() {
            // The next part of the same tables.
            self.relations.iter_mut().for_each(|relation| relation.part = Part::default());
            return Ok(());
        }
        self.targets = tables.iter().map(|table| Target::look(postgres(self.session)?, table)).collect::<Result<_, _>>()?;
        self.relations = tables.iter().map(|table| self.source.relation(table)).collect::<Result<_, _>>()?;
        self.before = if self.parts { Vec::new() } else { self.drawn()? };
        Ok(())
    }

    fn watch(&mut self) -> Result<Arc<Watch>, SqlError> {
        self.watched = true;
        Ok(Arc::clone(&self.watch))
    }

    fn move_table(&mut self, table: usize, left: &mut dyn FnMut(Left) -> Result<(), SqlError>) -> Result<Moved, SqlError> {
        self.watch.begin();
        self.moves[table].judged = true;
        moving::move_table(self, table, left)
    }

    fn recompute(&mut self, table: usize) -> Result<u64, SqlError> {
        writing::recompute(self, table)
    }

    fn compare(&mut self, table: usize, scope: Scope, chunks: &mut dyn FnMut(Chunk)) -> Result<Compared, SqlError> {
        comparing::compare(self, table, scope, chunks)
    }

    fn leave(&mut self, table: usize, row: &str) -> Result<(), SqlError> {
        if let Some(known) = self.moves.get_mut(table) {
            known.left.insert(fingerprint(row));
        }
        Ok(())
    }

    fn remap(&mut self, table: usize) -> Result<(), SqlError> {
        staging::remap(self, table)
    }

    fn sample(&mut self, table: usize, pick: &Pick<'_>) -> Result<Vec<Sampled>, SqlError> {
        sampling::sample(self, table, pick)
    }

    fn violations(&mut self) -> Result<Vec<String>, SqlError> {
        let mut found = self.find_violations()?;
        if self.rehearsed {
            self.after = self.drawn()?;
            return Ok(found);
        }
        for at in 0..self.plans.len() {
            let outrun = self.outrun(at)?;
            let table = &self.plans[at].to;
            found.extend(outrun.into_iter().map(|Outrun { column, sequence, highest }| {
                format!("{table}.{column}: the sequence {sequence} would give keys again, up to {highest}")
            }));
        }
        Ok(found)
    }

    fn duplicates(&mut self, table: usize) -> Result<Vec<KeyDuplicates>, SqlError> {
        sampling::duplicates(self, table)
    }

    fn count(&mut self, table: &str) -> Result<u64, SqlError> {
        let name = self.source.name(table)?;
        self.source.count(&name)
    }

    fn written_meanwhile(&mut self) -> Result<Vec<String>, SqlError> {
        let mut names: Vec<String> =
            self.plans.clone().iter().map(|plan| self.source.name(&plan.from.table)).collect::<Result<_, _>>()?;
        names.sort();
        names.dedup();
        self.source.changed(&names)
    }

    fn in_parts(&mut self) {
        self.parts = true;
    }

    fn read_with(&mut self, sessions: Vec<Session>) {
        self.source.read_with(sessions);
    }

    fn cut(&mut self, table: usize, after: Option<&str>, rows: u64) -> Result<Option<String>, SqlError> {
        self.source.cut(&self.relations[table], after, rows)
    }

    fn only(&mut self, table: usize, after: Option<&str>, last: Option<&str>) -> Result<(), SqlError> {
        self.relations[table].part = self.source.part(&self.relations[table], after, last)?;
        Ok(())
    }

    fn rehearse(&mut self) {
        self.rehearsed = true;
    }

    fn taken_back(&mut self) -> Result<(), SqlError> {
        self.put_back()
    }

    fn id_map_query(&self, table: usize) -> Option<String> {
        self.plans[table].new_key.as_ref()?;
        Some(format!("SELECT old, new::text FROM manage_map_{table}"))
    }

    fn images_query(&self, table: usize) -> String {
        format!("SELECT key, columns, before, after FROM manage_image WHERE t = {table}")
    }
}
