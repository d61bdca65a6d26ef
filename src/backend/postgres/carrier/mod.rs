//! From an old database to a PostgreSQL one: rows are streamed through the mapping's rules and go in by COPY.
//!
//! | file | idea |
//! |---|---|
//! | `source` | the old database, of either kind: one snapshot, rows from a thread of their own |
//! | `wire`, `numeric` | COPY's binary form, read and written |
//! | `target` | the target's columns, and what is said of them in SQL |
//! | `judging` | each row by every rule; what may go in |
//! | `moving` | one table: the shortest way in |
//! | `straight` | an empty table: COPY straight in, indexes after |
//! | `staging` | rows that need the target's own rows, staged |
//! | `sorting` | staged rows sorted into new, there already, left |
//! | `writing` | what is inserted and updated from the stage |
//! | `comparing` | both sides added up; rows that differ |
//! | `sampling` | raw rows one by one; duplicates |

mod comparing;
mod judging;
mod moving;
mod numeric;
mod sampling;
mod sorting;
mod source;
mod staging;
mod straight;
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
use source::{Relation, Source};
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
    /// For each table: what is known of its move.
    moves: Vec<Move>,
    watch: Arc<Watch>,
    watched: bool,
    /// Whether it is taken back in the end.
    rehearsed: bool,
    /// Whether tables are moved in parts, each in a transaction of its own.
    parts: bool,
    /// The sequences of the moved tables as they were: name, last number, whether it was drawn.
    sequences: Vec<Sequence>,
    /// The same at the end of a rehearsal.
    drawn: Vec<Sequence>,
}

/// A sequence as it is: its name, its last number, whether that was drawn.
type Sequence = (String, i64, bool);

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
            moves: Vec::new(),
            watch: Arc::default(),
            watched: false,
            rehearsed: false,
            parts: false,
            sequences: Vec::new(),
            drawn: Vec::new(),
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

    /// Whether no part of a table follows.
    fn is_last_part(&self, at: usize) -> bool {
        !self.relations[at].range.contains("<=")
    }

    /// Whether a part of a table came before.
    fn is_later_part(&self, at: usize) -> bool {
        self.relations[at].range.contains('>')
    }

    /// How a column of a table of the target is written, whether it is filled or not.
    fn wire_of(&mut self, at: usize, column: &str) -> Result<Wire, SqlError> {
        let name = self.targets[at].name.clone();
        self.wire_in(&name, column)
    }

    fn wire_in(&mut self, table: &str, column: &str) -> Result<Wire, SqlError> {
        let asked = format!("SELECT {} FROM {table}", crate::domain::schema::quoted(column));
        let kind =
            self.postgres()?.raw(|client| Ok(client.prepare(&asked)?.columns().first().map(|column| column.type_().clone())))?;
        Ok(kind.map_or(Wire::Cast, |kind| Wire::of(&kind)))
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

    /// The sequences that the tables draw from, as they are.
    fn drawn_from(&mut self) -> Result<Vec<Sequence>, SqlError> {
        let sql = "SELECT DISTINCT d.objid::regclass::text FROM pg_catalog.pg_depend d JOIN pg_catalog.pg_class c ON c.oid = d.objid AND c.relkind = 'S' \
                   WHERE d.classid = 'pg_catalog.pg_class'::regclass AND d.refclassid = 'pg_catalog.pg_class'::regclass \
                   AND d.deptype IN ('a', 'i') AND d.refobjid = $1::text::regclass AND CASE WHEN c.relkind = 'S' THEN pg_catalog.has_sequence_privilege(d.objid, 'SELECT') ELSE false END \
                   UNION SELECT p.refobjid::regclass::text FROM pg_catalog.pg_attrdef d \
                   JOIN pg_catalog.pg_depend p ON p.classid = 'pg_catalog.pg_attrdef'::regclass AND p.objid = d.oid AND p.refclassid = 'pg_catalog.pg_class'::regclass \
                   JOIN pg_catalog.pg_class c ON c.oid = p.refobjid AND c.relkind = 'S' WHERE d.adrelid = $1::text::regclass \
                   AND CASE WHEN c.relkind = 'S' THEN pg_catalog.has_sequence_privilege(p.refobjid, 'SELECT') ELSE false END";
        let mut found = Vec::new();
        for target in self.targets.clone() {
            for row in self.postgres()?.query(sql, &[target.name.as_str().into()])? {
                let Some(name) = row.text(0).map(str::to_owned) else { continue };
                let rows = self.postgres()?.query(&format!("SELECT last_value, is_called::integer FROM {name}"), &[])?;
                let state = rows.first().and_then(|row| Some((row.integer(0)?, row.integer(1)? == 1)));
                found.extend(state.map(|(last, called)| (name, last, called)));
            }
        }
        Ok(found)
    }

    /// Columns that draw numbers from a sequence which the moved rows have outrun: table, column, sequence, next number.
    fn outrun(&mut self) -> Result<Vec<(String, String, String, i64)>, SqlError> {
        let mut found = Vec::new();
        for at in 0..self.targets.len() {
            let Target { name, columns, .. } = self.targets[at].clone();
            for (number, column) in columns.iter().enumerate().filter(|(_, column)| column.wire.is_whole()) {
                let plain = self.plans[at].columns[number].to.clone();
                // Its own sequence, or one of which its default draws.
                let sql = "SELECT p.refobjid::regclass::text FROM pg_catalog.pg_attrdef d \
                           JOIN pg_catalog.pg_attribute a ON a.attrelid = d.adrelid AND a.attnum = d.adnum \
                           JOIN pg_catalog.pg_depend p ON p.classid = 'pg_catalog.pg_attrdef'::regclass AND p.objid = d.oid AND p.refclassid = 'pg_catalog.pg_class'::regclass \
                           JOIN pg_catalog.pg_class c ON c.oid = p.refobjid AND c.relkind = 'S' \
                           WHERE d.adrelid = $1::text::regclass AND a.attname = $2 \
                           UNION SELECT pg_catalog.pg_get_serial_sequence($1, $2)";
                let rows = self.postgres()?.query(sql, &[name.as_str().into(), plain.as_str().into()])?;
                for sequence in rows.iter().filter_map(|row| row.text(0)) {
                    let drawn =
                        format!("SELECT coalesce(max({0}) FILTER (WHERE {0} < {DRAWN}), 0)::bigint FROM {name}", column.name);
                    let highest = self.number(&drawn)?;
                    let next = self
                        .number(&format!("SELECT CASE WHEN is_called THEN last_value + 1 ELSE last_value END FROM {sequence}"))?;
                    if highest >= next {
                        found.push((self.plans[at].to.clone(), plain.clone(), sequence.to_owned(), highest));
                    }
                }
            }
        }
        Ok(found)
    }
}

/// Keys beyond this were not drawn from a sequence: they are the numbers of another system, which hold a time.
const DRAWN: i64 = 1 << 50;

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
        self.targets = tables.iter().map(|table| Target::look(postgres(self.session)?, table)).collect::<Result<_, _>>()?;
        self.relations = tables.iter().map(|table| self.source.relation(table)).collect::<Result<_, _>>()?;
        self.sequences = self.drawn_from()?;
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
            self.drawn = self.drawn_from()?;
            return Ok(found);
        }
        found.extend(self.outrun()?.into_iter().map(|(table, column, sequence, highest)| {
            format!("{table}.{column}: the sequence {sequence} would give keys again, up to {highest}")
        }));
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

    fn cut(&mut self, table: usize, after: Option<&str>, rows: u64) -> Result<Option<String>, SqlError> {
        self.source.cut(&self.relations[table], after, rows)
    }

    fn only(&mut self, table: usize, after: Option<&str>, last: Option<&str>) -> Result<(), SqlError> {
        self.relations[table].range = self.source.range(&self.relations[table], after, last)?;
        Ok(())
    }

    fn rehearse(&mut self) {
        self.rehearsed = true;
    }

    /// Numbers that were drawn from sequences are not given back by a rollback.
    fn taken_back(&mut self) -> Result<(), SqlError> {
        let others = "SELECT count(*) FROM pg_catalog.pg_stat_activity WHERE datname = pg_catalog.current_database() \
                      AND pid <> pg_catalog.pg_backend_pid() AND backend_type = 'client backend'";
        if self.sequences.is_empty() {
            return Ok(());
        }
        let mut sequences = std::mem::take(&mut self.sequences);
        if self.number(others)? > 0 {
            // Somebody else may draw from them: only what is as the rehearsal left it is put back.
            let now = self.drawn_from()?;
            sequences.retain(|(name, ..)| {
                let of = |list: &[Sequence]| list.iter().find(|(known, ..)| known == name).cloned();
                of(&self.drawn).is_some() && of(&self.drawn) == of(&now)
            });
        }
        self.session.begin()?;
        self.batch("SET TRANSACTION READ WRITE")?;
        for (name, last, called) in sequences {
            let quoted = target::quoted_text(&name);
            self.execute(&format!(
                "SELECT pg_catalog.setval({quoted}::regclass, {last}, {called}) FROM {name} WHERE last_value <> {last} OR is_called <> {called}"
            ))?;
        }
        self.session.commit()?;
        Ok(())
    }

    fn id_map_query(&self, table: usize) -> Option<String> {
        self.plans[table].new_key.as_ref()?;
        Some(format!("SELECT old, new::text FROM manage_map_{table}"))
    }

    fn images_query(&self, table: usize) -> String {
        format!("SELECT key, columns, before, after FROM manage_image WHERE t = {table}")
    }
}
