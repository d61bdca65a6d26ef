//! Rows that need the target's own rows: staged in temporary tables, which end with the transaction.
//!
//! A row of the stage is one good row of the source: `o` its place among all, `k` its row in the source, `key` as people
//! read it (empty where `k` says so), `h` the checksum of what it is to become, `old` its old key where it gets a new one, `c0 …` its values, `u0 …` what a row that is there has to hold
//! before it is updated, `f0 …` whether the value only fills in for NULL. Sorting adds `act` (`i` inserted, `u` there already, `s` left), `first` the row whose key it
//! shares, `t` the key of the row that is there, `new` the key it gets, `says` why it is left.

use super::judging::{EachSeen, Judge, Seen, Shape, Sink};
use super::pouring::{Pour, send, wires};
use super::source::expression;
use super::streaming::{select, stream};
use super::target::{Target, canonical_field as canonical_sql, canonical_or_null};
use super::wire::{HEADER, Read, Rows, TRAILER, field, null, tagged};
use super::{PostgresCarrier, postgres};
use crate::backend::error::{SqlError, SqlErrorKind};
use crate::domain::schema::quoted;
use crate::domain::transfer::{Cell, Input, Kind, TablePlan, canonical_field, matching_text};

/// So many rows are read at once from a table that was made ready.
const BATCH: u64 = 5000;

impl PostgresCarrier<'_> {
    /// Stages the good rows of a table.
    pub(super) fn stage(&mut self, at: usize, judge: &mut Judge<'_>, left: Sink<'_>) -> Result<(), SqlError> {
        let (plan, target) = (&self.plans.clone()[at], self.targets[at].clone());
        self.batch(&create(at, plan, &target))?;
        let watch = std::sync::Arc::clone(&self.watch);
        let watch = self.watched.then_some(&*watch);
        let into = format!("manage_stage_{at} ({})", staged_names(plan).join(", "));
        let pour = Pour { shape: Shape::Staged, into, wires: wires(&target), watch };
        judge.held = plan.update_only_if.iter().map(|(name, _)| self.wire_of(at, name)).collect::<Result<_, _>>()?;
        let order = super::source::order(plan, &self.relations[at]);
        self.pour(at, &order, &pour, judge, left).map(drop)
    }

    /// Tells the planner of the staged rows: how many, and little more.
    pub(super) fn look_at_stage(&mut self, at: usize) -> Result<(), SqlError> {
        self.batch(&format!(
            "SET LOCAL default_statistics_target = 10; ANALYZE manage_stage_{at}; SET LOCAL default_statistics_target TO DEFAULT"
        ))
    }

    /// Lets staged rows be found by their places.
    pub(super) fn index_stage(&mut self, at: usize) -> Result<(), SqlError> {
        self.batch(&format!("CREATE UNIQUE INDEX IF NOT EXISTS manage_stage_{at}_o ON manage_stage_{at} (o)"))
    }

    /// Whether the target has to be asked for what a row is to become.
    pub(super) fn needs_target(&self, at: usize) -> bool {
        self.plans[at].inputs.iter().any(|input| matches!(input, Input::Mapped { .. } | Input::Lookup { .. }))
    }

    /// Reads rows with what the target knows of them into a table of their own, once. Returns the batches in which they
    /// are read.
    pub(super) fn ready_batches(&mut self, at: usize) -> Result<Vec<(u64, u64)>, SqlError> {
        let there = self.number(&format!("SELECT (pg_catalog.to_regclass('pg_temp.manage_ready_{at}') IS NOT NULL)::integer"))?;
        if there == 0 {
            self.make_ready(at)?;
        }
        let rows = self.count_of(&format!("SELECT count(*) FROM pg_temp.manage_ready_{at}"))?;
        Ok((0..rows.div_ceil(BATCH)).map(|batch| (batch * BATCH, (batch + 1) * BATCH)).collect())
    }

    fn make_ready(&mut self, at: usize) -> Result<(), SqlError> {
        let plan = &self.plans.clone()[at];
        let asked = self.asked(plan)?;
        let columns: String = (0..asked.len()).map(|number| format!(", a{number} text")).collect();
        self.batch(&format!("CREATE TEMP TABLE manage_raw_{at} (o bigint, fields bytea{columns}) ON COMMIT DROP"))?;
        let sql = format!("COPY manage_raw_{at} FROM STDIN (FORMAT binary)");
        let order = super::source::order(plan, &self.relations[at]);
        let Self { session, source, relations, .. } = self;
        let scan = source.scan(plan, &relations[at], &order)?;
        let first = relations[at].ids.len();
        // Where each input lies among the fields that the source gives.
        let places = places(plan, first);
        let (mut bytes, mut place, mut fields, mut canonical) = (HEADER.to_vec(), 0_i64, Vec::new(), Vec::new());
        let count = i16::try_from(2 + asked.len()).unwrap_or(i16::MAX).to_be_bytes();
        source.stream(&scan, &mut |cells| {
            bytes.extend_from_slice(&count);
            field(&mut bytes, &[&place.to_be_bytes()]);
            fields.clear();
            cells.iter().for_each(|cell| kept(cell, &mut fields));
            field(&mut bytes, &[&fields]);
            for Asked { by, kind, .. } in &asked {
                match (places[*by].map(|at| &cells[at]), kind) {
                    (None | Some(Cell::Null), _) => null(&mut bytes),
                    (Some(cell), None) => field(&mut bytes, &[matching_text(cell).as_bytes()]),
                    (Some(cell), Some(kind)) => {
                        canonical.clear();
                        canonical_field(*kind, cell, &mut canonical);
                        // What no text of the server can hold is found nowhere.
                        if std::str::from_utf8(&canonical).is_ok() && !canonical.contains(&0) {
                            field(&mut bytes, &[&canonical]);
                        } else {
                            null(&mut bytes);
                        }
                    }
                }
            }
            place += 1;
            if bytes.len() >= 1 << 20 {
                bytes.extend_from_slice(&TRAILER);
                send(postgres(session)?, &sql, &bytes)?;
                bytes.truncate(HEADER.len());
            }
            Ok(())
        })?;
        bytes.extend_from_slice(&TRAILER);
        send(self.postgres()?, &sql, &bytes)?;
        let mut joins = String::new();
        let mut found = String::new();
        for (number, input) in plan.inputs.iter().enumerate() {
            let mine =
                |place: usize| asked.iter().position(|asked| (asked.of, asked.place) == (number, place)).unwrap_or_default();
            match input {
                Input::Mapped { table, .. } => {
                    let Some(of) = self.plans.iter().position(|other| other.from.table == *table && other.new_key.is_some())
                    else {
                        found.push_str(&format!(", NULL::bigint AS f{number}"));
                        continue;
                    };
                    joins.push_str(&format!(" LEFT JOIN manage_map_{of} AS m{number} ON m{number}.old = s.a{}", mine(0)));
                    found.push_str(&format!(", m{number}.new AS f{number}"));
                }
                Input::Lookup { table, column, on } => {
                    let name = self.named(table)?;
                    let mut equal = Vec::new();
                    for (place, (column, _)) in on.iter().enumerate() {
                        let wire = self.wire_in(&name, column)?;
                        let held = canonical_sql(wire, &format!("l{number}.{}", quoted(column)));
                        equal.push(format!("{held} = s.a{}", mine(place)));
                    }
                    joins.push_str(&format!(" LEFT JOIN {name} AS l{number} ON {}", equal.join(" AND ")));
                    found.push_str(&format!(", l{number}.{} AS f{number}", quoted(column)));
                }
                _ => {}
            }
        }
        self.batch(&format!("ANALYZE manage_raw_{at}"))?;
        self.batch(&format!(
            "CREATE TEMP TABLE manage_ready_{at} ON COMMIT DROP AS SELECT s.o, s.fields{found} FROM manage_raw_{at} AS s{joins}; \
             DROP TABLE manage_raw_{at}"
        ))?;
        // A look that finds several rows would make one row of the source into several.
        self.batch(&format!("ALTER TABLE manage_ready_{at} ADD PRIMARY KEY (o)")).map_err(|error| {
            SqlError::new(
                error.kind,
                format!("a row of {} is looked up, and several rows of the target are found", plan.from.table),
            )
            .with_hint("look it up by a unique key: lookup … on")
        })
    }

    /// What rows of the target are asked by.
    fn asked(&mut self, plan: &TablePlan) -> Result<Vec<Asked>, SqlError> {
        let mut asked = Vec::new();
        for (of, input) in plan.inputs.iter().enumerate() {
            match input {
                Input::Mapped { by, .. } => asked.push(Asked { of, place: 0, by: *by, kind: None }),
                Input::Lookup { table, on, .. } => {
                    let name = self.named(table)?;
                    for (place, (column, by)) in on.iter().enumerate() {
                        let kind = Some(self.wire_in(&name, column)?.kind());
                        asked.push(Asked { of, place, by: *by, kind });
                    }
                }
                _ => {}
            }
        }
        Ok(asked)
    }

    /// Gives a batch of rows that were made ready to `each`.
    pub(super) fn ready(&mut self, at: usize, (from, to): (u64, u64), each: EachSeen<'_>) -> Result<(), SqlError> {
        let plan = &self.plans.clone()[at];
        let first = self.relations[at].ids.len();
        let places = places(plan, first);
        let mut wanted = vec![("s.o".to_owned(), false), ("s.fields".to_owned(), false)];
        let mut found = vec![None; plan.inputs.len()];
        for (number, input) in plan.inputs.iter().enumerate() {
            if expression(input).is_none() {
                found[number] = Some(wanted.len());
                wanted.push((format!("s.f{number}"), false));
            }
        }
        let table = format!("manage_ready_{at} AS s WHERE s.o >= {from} AND s.o < {to} ORDER BY s.o");
        let session = self.postgres()?;
        let scan = select(session, &wanted, &table)?;
        let fields = places.iter().flatten().count() + first;
        // Rows are kept for a moment: what is done with them may need the session.
        let mut rows: Vec<Vec<Cell<'static>>> = Vec::new();
        stream(session, &scan, &mut |cells| {
            rows.push(cells.iter().map(|cell| cell.borrowed().into_owned()).collect());
            Ok(())
        })?;
        for row in rows {
            let (Cell::Int(place), Cell::Blob(kept)) = (&row[0], &row[1]) else { continue };
            let mut cells = Vec::new();
            let reads = vec![Read::Tagged; fields];
            let mut bytes = i16::try_from(fields).unwrap_or(i16::MAX).to_be_bytes().to_vec();
            bytes.extend_from_slice(kept);
            if Rows::new(&bytes).next(&reads, &mut cells) != Some(true) {
                return Err(SqlError::new(SqlErrorKind::Other, "a row that was set aside cannot be read again"));
            }
            let cells: Vec<Cell<'_>> = cells.into_iter().map(restored).collect();
            let inputs: Vec<Cell<'_>> = (0..plan.inputs.len())
                .map(|input| match (places[input], found[input]) {
                    (Some(at), _) => cells[at].borrowed(),
                    (None, Some(at)) => row[at].borrowed(),
                    (None, None) => Cell::Null,
                })
                .collect();
            each(Seen { place: u64::try_from(*place).unwrap_or_default(), ids: &cells[..first], inputs: &inputs })?;
        }
        Ok(())
    }
}

/// An input by which rows of the target are found.
struct Asked {
    /// The input that is looked up.
    of: usize,
    /// Its place among those by which that one is.
    place: usize,
    /// The input that it is.
    by: usize,
    /// What the column holds that has to equal it; of a map of keys there is no column.
    kind: Option<Kind>,
}

/// A cell as it is set aside: what SQLite has no letter for goes as bytes behind a word of ours.
fn kept(cell: &Cell<'_>, out: &mut Vec<u8>) {
    match cell {
        Cell::Null => null(out),
        Cell::Decimal(digits) => field(out, &[b"bd", digits.as_bytes()]),
        Cell::Time { micros, naive } => field(out, &[b"bm", &[u8::from(*naive)], &micros.to_be_bytes()]),
        Cell::Blob(bytes) => field(out, &[b"bb", bytes]),
        other => tagged(other, out),
    }
}

fn restored(cell: Cell<'_>) -> Cell<'_> {
    let Cell::Blob(bytes) = &cell else { return cell };
    match bytes.split_first() {
        Some((b'd', digits)) => Cell::owned_decimal(String::from_utf8_lossy(digits).into_owned()),
        Some((b'm', rest)) if rest.len() == 9 => {
            let micros = rest[1..].try_into().map_or(0, i64::from_be_bytes);
            Cell::Time { micros, naive: rest[0] == 1 }
        }
        Some((_, rest)) => Cell::Blob(rest.to_vec().into()),
        None => cell,
    }
}

/// For each input: its place among what the source gives for a row.
fn places(plan: &TablePlan, first: usize) -> Vec<Option<usize>> {
    let mut next = first;
    plan.inputs
        .iter()
        .map(|input| {
            expression(input)?;
            next += 1;
            Some(next - 1)
        })
        .collect()
}

fn create(at: usize, plan: &TablePlan, target: &Target) -> String {
    let old = if plan.new_key.is_some() { ", old text" } else { "" };
    let values: String =
        target.columns.iter().enumerate().map(|(number, column)| format!(", c{number} {}", column.wire.staged())).collect();
    let wanted: String = (0..plan.update_only_if.len()).map(|number| format!(", u{number} text")).collect();
    let filled: String = filled(plan).iter().map(|number| format!(", f{number} boolean")).collect();
    format!(
        "CREATE TEMP TABLE manage_stage_{at} (o bigint NOT NULL, k text NOT NULL, key text NOT NULL, h bigint NOT NULL{old}{values}{wanted}{filled}, \
         act \"char\" NOT NULL DEFAULT 'i', says text, first bigint, t text, new bigint) ON COMMIT DROP"
    )
}

/// The columns of the stage that a pour fills, in its order.
fn staged_names(plan: &TablePlan) -> Vec<String> {
    let mut names = ["o", "k", "key", "h"].map(str::to_owned).to_vec();
    names.extend(plan.new_key.as_ref().map(|_| "old".to_owned()));
    names.extend((0..plan.columns.len()).map(|number| format!("c{number}")));
    names.extend((0..plan.update_only_if.len()).map(|number| format!("u{number}")));
    names.extend(filled(plan).iter().map(|number| format!("f{number}")));
    names
}

/// The columns of which the stage knows whether the mapping has filled them in.
pub(super) fn filled(plan: &TablePlan) -> Vec<usize> {
    let known = |at: &usize| !plan.null_overwrites && plan.columns[*at].fills_in();
    (0..plan.columns.len()).filter(known).collect()
}

/// Which rows of the target a staged one means: by the match, or none.
pub(super) fn matches(plan: &TablePlan, target: &Target, row: &str, staged: &str) -> String {
    let pairs: Vec<_> = plan
        .matched
        .iter()
        .map(|at| {
            let column = &target.columns[*at];
            let (ours, theirs) = (format!("{row}.{}", column.name), column.as_staged(&format!("{staged}.c{at}")));
            // NULL is found, too; by a text, since only an equality can be looked up in a hash.
            if plan.columns[*at].nullable {
                format!("{} = {}", canonical_or_null(column.wire, &ours), canonical_or_null(column.wire, &format!("({theirs})")))
            } else {
                format!("{ours} = {theirs}")
            }
        })
        .collect();
    if pairs.is_empty() { "false".to_owned() } else { pairs.join(" AND ") }
}

/// Finds the new keys again by which an earlier transfer has mapped old ones.
pub(super) fn remap(carrier: &mut PostgresCarrier<'_>, at: usize) -> Result<(), SqlError> {
    let plans = carrier.plans.clone();
    let plan = &plans[at];
    let Some(new) = &plan.new_key else { return Ok(()) };
    let now = carrier.now.clone();
    let known = std::collections::HashSet::new();
    let mut judge = Judge::new(plan, &now, &known);
    judge.lenient = true;
    carrier.stage(at, &mut judge, &mut |_| Ok(()))?;
    let target = carrier.targets[at].clone();
    carrier.batch(&format!(
        "CREATE TEMP TABLE manage_map_{at} ON COMMIT DROP AS SELECT DISTINCT ON (st.old) st.old, r.{}::bigint AS new FROM manage_stage_{at} AS st \
         JOIN {} AS r ON {} ORDER BY st.old; DROP TABLE manage_stage_{at}; ANALYZE manage_map_{at}",
        quoted(&new.column),
        target.name,
        matches(plan, &target, "r", "st")
    ))
}
