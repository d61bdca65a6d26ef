//! Table after table in one transaction: probe, copy, recompute, compare.

use std::time::Instant;

use super::error::TransferError;
use super::event::{Event, Observer};
use super::history;
use super::plan::{OnError, Plan};
use super::report::{Report, TableReport};
use super::spot::Spot;
use crate::backend::{Basic, Carrier, Chunk, Compared, Fate, Left, Scope, Session, Spool, SqlError};
use crate::domain::fault;
use crate::domain::transfer::{After, Cell, Literal, Moment, TablePlan, pack};
use crate::ledger::{Ledger, LedgerError, TransferLeft, TransferTable};
use crate::project::mapping::Mapping;

/// What is wanted of a transfer.
#[derive(Debug, Clone, Copy, Default)]
pub struct Wanted<'a> {
    /// Only this table of the target.
    pub only: Option<&'a str>,
    /// Everything is done and taken back.
    pub dry: bool,
}

/// Writes the note of a run, in its transaction, and says its uid.
pub type WriteNote<'a> = dyn FnMut(&mut Session, &Report) -> Result<String, LedgerError> + 'a;

/// A transfer that is about to run.
pub struct Transfer<'a> {
    /// Its plan.
    pub plan: &'a Plan,
    /// Its mapping.
    pub mapping: &'a Mapping,
    /// Its moment.
    pub now: &'a Moment,
    /// What is wanted.
    pub wanted: Wanted<'a>,
    /// The ledger and the number of the run, where it is to be remembered.
    pub run: Option<(Ledger, i64)>,
    /// Who is told.
    pub observer: &'a mut dyn Observer,
    /// Whether somebody asked to stop.
    pub stop: &'a dyn Fn() -> bool,
    /// What writes the note.
    pub note: &'a mut WriteNote<'a>,
    /// What is known so far, also when it fails.
    pub report: Report,
    /// The rows that were left.
    pub spool: Spool,
}

impl Transfer<'_> {
    /// Runs it. What was found stands in [`Transfer::report`] and [`Transfer::spool`] also when it fails.
    ///
    /// # Errors
    /// When rows are rejected and the mapping stops then, when the target does not say afterwards what the source says,
    /// when somebody writes to the source, or when a database refuses: then nothing was written.
    pub fn run(&mut self, carrier: &mut dyn Carrier) -> Result<(), TransferError> {
        let moved = self.attempt(carrier);
        let moved = moved.and_then(|()| if self.wanted.dry { Ok(()) } else { self.keep(carrier) });
        let result = match moved {
            Ok(()) if !self.wanted.dry => {
                fault::point("transfer.before_commit");
                carrier.target().commit().map_err(TransferError::from).inspect(|()| fault::point("transfer.after_commit"))
            }
            Ok(()) => carrier.target().rollback().and_then(|()| carrier.taken_back()).map_err(TransferError::from),
            Err(error) => {
                // What went wrong says more than that it could not be taken back: the session ends in any case.
                let _ = carrier.target().rollback().and_then(|()| carrier.taken_back());
                Err(error)
            }
        };
        if let Err(error) = &result {
            self.report.tables.iter_mut().for_each(TableReport::roll_back);
            self.report.rolled_back = true;
            self.remember_failure(carrier, error)?;
        }
        result
    }

    fn is_moved(&self, at: usize) -> bool {
        self.wanted.only.is_none_or(|name| self.plan.tables[at].to == name)
    }

    fn attempt(&mut self, carrier: &mut dyn Carrier) -> Result<(), TransferError> {
        if self.wanted.dry {
            carrier.rehearse();
        }
        carrier.begin(&self.plan.tables, self.now)?;
        fault::point("transfer.begun");
        self.expected(carrier)?;
        let watched = self.observer.watches();
        if watched {
            self.observer.on(&Event::Begun(carrier.watch()?));
        }
        let mut grave = false;
        let count = self.plan.tables.len();
        for at in 0..count {
            let table = &self.plan.tables[at];
            if !self.is_moved(at) {
                carrier.remap(at)?;
                continue;
            }
            let rows = match table.from.unpivot {
                None if watched => Some(carrier.count(&table.from.table)?),
                _ => None,
            };
            self.observer.on(&Event::Table(table, rows));
            let spool = &self.spool;
            let moved = carrier
                .move_table(at, &mut |left: Left| spool.push(at, &left))
                .map_err(|error| TransferError::Table { table: table.to.clone(), error })?;
            grave |= moved.grave;
            self.observer.on(&Event::Moved(table, &moved));
            self.report.tables.push(TableReport { moved, ..TableReport::begun(table) });
            if (self.stop)() {
                return Err(TransferError::Stopped);
            }
        }
        self.left_whole(carrier)?;
        for (report, at) in (0..count).filter(|at| self.is_moved(*at)).enumerate().collect::<Vec<_>>() {
            self.report.tables[report].recomputed = carrier.recompute(at)?;
        }
        self.reasons()?;
        let rejected = self.report.rejected();
        if rejected > 0 && (grave || self.plan.on_error == OnError::Stop) {
            return Err(TransferError::Rejected { rows: were(rejected) });
        }
        self.compare(carrier)
    }

    /// Whether the source is the one that the mapping was written for.
    pub(super) fn expected(&self, carrier: &mut dyn Carrier) -> Result<(), TransferError> {
        let mut tables = Vec::new();
        for (table, expected) in &self.mapping.verify.expect {
            let count = carrier.count(table.get_ref())?;
            if count != *expected {
                tables.push(format!("{} has {count} rows, expected {expected}", table.get_ref()));
            }
        }
        if tables.is_empty() { Ok(()) } else { Err(TransferError::Unexpected { tables }) }
    }

    /// Tables that stay behind as a whole are counted, too.
    pub(super) fn left_whole(&mut self, carrier: &mut dyn Carrier) -> Result<(), TransferError> {
        if self.wanted.only.is_some() {
            return Ok(());
        }
        for skipped in &self.plan.skipped {
            let mut report =
                TableReport { source: skipped.table.clone(), skipped_whole: Some(skipped.why.clone()), ..TableReport::default() };
            report.moved.read = carrier.count(&skipped.table)?;
            report.moved.skipped = report.moved.read;
            self.report.tables.push(report);
        }
        Ok(())
    }

    fn reasons(&mut self) -> Result<(), TransferError> {
        let places: Vec<usize> = (0..self.plan.tables.len()).filter(|at| self.is_moved(*at)).collect();
        for reason in self.spool.reasons()? {
            let Some(report) = places.iter().position(|place| *place == reason.place) else { continue };
            let report = &mut self.report.tables[report];
            if reason.fate == Fate::Warned {
                report.warned += reason.rows;
            }
            report.reasons.push(reason);
        }
        Ok(())
    }

    fn compare(&mut self, carrier: &mut dyn Carrier) -> Result<(), TransferError> {
        let mut differences = Vec::new();
        for (report, at) in (0..self.plan.tables.len()).filter(|at| self.is_moved(*at)).enumerate().collect::<Vec<_>>() {
            let begun = Instant::now();
            let compared = compare_one(carrier, at, &self.spool)?;
            self.observer.on(&Event::Compared(&self.plan.tables[at], &compared));
            let report = &mut self.report.tables[report];
            report.compared_in = begun.elapsed();
            if !compared.is_equal() {
                differences.push(difference(&report.target, &compared));
                differences.extend(compared.differences.iter().cloned());
            }
            if !report.adds_up() {
                differences.push(format!(
                    "{}: {} rows were read, and {} written, {} unchanged, {} rejected, {} skipped",
                    report.target,
                    report.moved.read,
                    report.written(),
                    report.moved.unchanged,
                    report.moved.rejected,
                    report.skipped()
                ));
            }
            report.compared = Some(compared);
        }
        fault::point("transfer.compared");
        differences.extend(carrier.violations()?);
        differences.extend(self.spots(carrier)?);
        if !differences.is_empty() {
            return Err(TransferError::Differs { differences });
        }
        let what = carrier.written_meanwhile()?;
        if what.is_empty() { Ok(()) } else { Err(TransferError::SourceChanged { what }) }
    }

    /// Looks at single rows. What differs, in words.
    pub(super) fn spots(&mut self, carrier: &mut dyn Carrier) -> Result<Vec<String>, TransferError> {
        let is_moved = |at: usize| self.wanted.only.is_none_or(|name| self.plan.tables[at].to == name);
        let spot = Spot::check(carrier, &self.plan.tables, self.mapping, self.now, &is_moved)?;
        self.report.spots = spot.rows;
        Ok(spot.findings.iter().map(|finding| format!("{} {}: {}", finding.table, finding.key, finding.message)).collect())
    }

    /// What the run keeps, in its own transaction.
    fn keep(&mut self, carrier: &mut dyn Carrier) -> Result<(), TransferError> {
        let note = match self.run {
            Some(_) => Some((self.note)(carrier.target(), &self.report)?),
            None => None,
        };
        let Some((ledger, run)) = self.run else { return Ok(()) };
        self.keep_tables(carrier.target(), ledger, run)?;
        self.keep_left(carrier.target(), ledger, run)?;
        for at in (0..self.plan.tables.len()).filter(|at| self.is_moved(*at)) {
            if let Some(query) = carrier.id_map_query(at) {
                ledger.keep_transfer_keys(carrier.target(), run, at, &query)?;
            }
            let images = carrier.images_query(at);
            ledger.keep_transfer_images(carrier.target(), run, at, &images)?;
            let mut number = 0;
            while let Some(chunk) = self.spool.chunk(at, number)? {
                ledger.keep_transfer_chunk(carrier.target(), run, at, number, &chunk.keys, &chunk.hashes)?;
                number += 1;
            }
        }
        let counts = history::counts(self.report.written(), None, note.as_deref());
        ledger.finish_run(carrier.target(), run, history::APPLIED, None, &counts)?;
        Ok(())
    }

    /// What the ledger knows of a run of which nothing stayed.
    fn remember_failure(&self, carrier: &mut dyn Carrier, error: &TransferError) -> Result<(), TransferError> {
        let Some((ledger, run)) = self.run.filter(|_| !self.wanted.dry) else { return Ok(()) };
        let session = carrier.target();
        session.begin()?;
        let words = error.to_string();
        let counts = history::counts(0, Some(&words), None);
        let kept = self
            .keep_tables(session, ledger, run)
            .and_then(|()| self.keep_left(session, ledger, run))
            .and_then(|()| ledger.finish_run(session, run, history::FAILED, None, &counts));
        match kept {
            Ok(()) => session.commit()?,
            Err(error) => {
                let _ = session.rollback();
                return Err(error.into());
            }
        }
        Ok(())
    }

    fn keep_tables(&self, session: &mut Session, ledger: Ledger, run: i64) -> Result<(), SqlError> {
        let mut places = (0..self.plan.tables.len()).filter(|at| self.is_moved(*at));
        let mut further = self.plan.tables.len();
        for (at, report) in self.report.tables.iter().enumerate() {
            let plan = if report.skipped_whole.is_none() { places.next() } else { None };
            let place = plan.unwrap_or_else(|| {
                further += 1;
                further - 1
            });
            ledger.keep_transfer_table(session, run, &self.table_of(place, at))?;
        }
        Ok(())
    }

    /// What the ledger keeps of a table: its place among all, and its report's.
    pub(super) fn table_of(&self, place: usize, at: usize) -> TransferTable {
        let report = &self.report.tables[at];
        let table = self.plan.tables.get(place).filter(|_| report.skipped_whole.is_none());
        let sum = |sum: u64| format!("{sum:016x}");
        TransferTable {
            place,
            source: report.source.clone(),
            target: report.target.clone(),
            state: if report.skipped_whole.is_some() { "skipped" } else { "moved" }.to_owned(),
            read: report.moved.read,
            inserted: report.moved.inserted,
            updated: report.moved.updated,
            unchanged: report.moved.unchanged,
            rejected: report.moved.rejected,
            skipped: report.skipped(),
            recomputed: report.recomputed,
            before: report.moved.before,
            highest_before: report.moved.highest_before,
            expected_sum: report.compared.as_ref().map(|compared| sum(compared.expected.sum)),
            actual_sum: report.compared.as_ref().map(|compared| sum(compared.actual.sum)),
            key_columns: table.map(|table| names(table.target_key.iter().map(String::as_str))).unwrap_or_default(),
            written_columns: table.map(written).unwrap_or_default(),
            counts: table.filter(|table| !table.after.is_empty()).map(|table| packed_counts(&table.after)),
            pruned_at: None,
        }
    }

    fn keep_left(&self, session: &mut Session, ledger: Ledger, run: i64) -> Result<(), SqlError> {
        self.keep_left_from(session, ledger, run, &self.spool, 0).map(drop)
    }

    /// Keeps the rows that were left, numbered on from `told`. Returns the last number.
    pub(super) fn keep_left_from(
        &self,
        session: &mut Session,
        ledger: Ledger,
        run: i64,
        spool: &Spool,
        told: i64,
    ) -> Result<i64, SqlError> {
        let mut after = 0;
        loop {
            let page = spool.page(after, 500)?;
            let Some((last, ..)) = page.last() else { return Ok(told + after) };
            after = *last;
            for (number, place, left) in &page {
                ledger.keep_transfer_left(
                    session,
                    run,
                    &TransferLeft {
                        number: told + *number,
                        place: *place,
                        fate: left.fate.word().to_owned(),
                        row: left.row.clone(),
                        key: left.key.clone(),
                        column: left.column.clone(),
                        rule: left.rule.clone(),
                        message: left.message.clone(),
                    },
                )?;
            }
        }
    }

    /// Compares source and target as an earlier run left them. Rows that stayed behind then are given by `left`: the
    /// table's place and the packed row.
    ///
    /// # Errors
    /// When they differ, or a database refuses. Nothing is written in any case.
    pub fn validate(&mut self, carrier: &mut dyn Carrier, left: &[(usize, String)]) -> Result<(), TransferError> {
        let compared = self.validate_in(carrier, left);
        carrier.target().rollback()?;
        compared
    }

    fn validate_in(&mut self, carrier: &mut dyn Carrier, left: &[(usize, String)]) -> Result<(), TransferError> {
        carrier.begin(&self.plan.tables, self.now)?;
        for (place, row) in left {
            carrier.leave(*place, row)?;
        }
        let (mut differences, mut differing) = (Vec::new(), Vec::new());
        for at in 0..self.plan.tables.len() {
            carrier.remap(at)?;
        }
        for at in 0..self.plan.tables.len() {
            let begun = Instant::now();
            let table = &self.plan.tables[at];
            let compared = carrier.compare(at, Scope::Earlier, &mut |_| {})?;
            self.observer.on(&Event::Compared(table, &compared));
            if !compared.is_equal() {
                // Single rows would say the same again.
                differing.push(table.to.clone());
                differences.push(difference(&table.to, &compared));
                differences.extend(compared.differences.iter().cloned());
            }
            let mut report = TableReport::begun(table);
            report.moved.read = compared.expected.rows + left.iter().filter(|(place, _)| *place == at).count() as u64;
            report.compared_in = begun.elapsed();
            report.compared = Some(compared);
            self.report.tables.push(report);
        }
        differences.extend(carrier.violations()?);
        let spot = Spot::check(carrier, &self.plan.tables, self.mapping, self.now, &|_| true)?;
        self.report.spots = spot.rows;
        differences.extend(
            spot.findings
                .iter()
                .filter(|finding| !differing.contains(&finding.table))
                .map(|finding| format!("{} {}: {}", finding.table, finding.key, finding.message)),
        );
        if differences.is_empty() { Ok(()) } else { Err(TransferError::Differs { differences }) }
    }
}

pub(super) fn compare_one(carrier: &mut dyn Carrier, at: usize, spool: &Spool) -> Result<Compared, SqlError> {
    let (mut number, mut trouble) = (0, None);
    let compared = carrier.compare(at, Scope::ThisRun, &mut |chunk: Chunk| {
        if trouble.is_none() {
            trouble = spool.push_chunk(at, number, &chunk).err();
            number += 1;
        }
    })?;
    match trouble {
        Some(error) => Err(error),
        None => Ok(compared),
    }
}

pub(super) fn difference(table: &str, compared: &Compared) -> String {
    let (expected, actual) = (compared.expected, compared.actual);
    if expected.rows == actual.rows {
        format!("{table}: the checksum is {:016x}, expected {:016x}, over {} rows each", actual.sum, expected.sum, actual.rows)
    } else {
        format!("{table}: {} rows, expected {}", actual.rows, expected.rows)
    }
}

pub(super) fn were(rows: u64) -> String {
    if rows == 1 { "1 row was".to_owned() } else { format!("{rows} rows were") }
}

fn names<'a>(names: impl Iterator<Item = &'a str>) -> String {
    pack(&names.map(Cell::text).collect::<Vec<_>>())
}

/// The columns that the checksum is made of, each with its kind.
fn written(table: &TablePlan) -> String {
    let kinds: Vec<_> = table.checked().map(|(_, column)| (column.to.as_str(), column.kind.word())).collect();
    names(kinds.iter().flat_map(|(name, kind)| [*name, *kind]))
}

/// The counts that are made anew: column, counted table, how many pairs follow and the pairs, how many conditions and those.
fn packed_counts(after: &[After]) -> String {
    let mut cells = Vec::new();
    for count in after {
        cells.push(Cell::text(&count.column));
        cells.push(Cell::text(&count.count));
        cells.push(Cell::Int(count.on.len() as i64));
        for (theirs, ours) in &count.on {
            cells.push(Cell::text(theirs));
            cells.push(Cell::text(ours));
        }
        cells.push(Cell::Int(count.only.len() as i64));
        for (name, value) in &count.only {
            cells.push(Cell::text(name));
            cells.push(match value {
                Literal::Now => Cell::Null,
                value => value.cell(""),
            });
        }
    }
    pack(&cells)
}
