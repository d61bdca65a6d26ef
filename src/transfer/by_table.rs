//! Table after table, each in parts: every part is a transaction of its own, which keeps how far the transfer has come.

use std::time::Instant;

use serde_json::{Value, json};

use super::error::TransferError;
use super::event::Event;
use super::history;
use super::plan::OnError;
use super::report::TableReport;
use super::run::{Transfer, compare_one, difference, were};
use crate::backend::{Basic, Carrier, Fate, Left, Scope, Session, Spool};
use crate::domain::fault;
use crate::domain::transfer::{Duplicates, Input, TablePlan};
use crate::ledger::{Ledger, TransferLeft};

/// How far a transfer by table has come: what its parts keep in the ledger.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Progress {
    /// The table that is moved next, by its place in the plan.
    pub place: usize,
    /// What tells the last row of the last part from others, packed; `None` where the table begins.
    pub after: Option<String>,
    /// How many chunks of inserted rows the table has so far.
    chunks: usize,
    /// How many rows were told of so far, in all tables.
    told: i64,
}

impl Progress {
    /// As the ledger keeps it.
    pub fn text(&self) -> String {
        json!({ "by_table": true, "place": self.place, "after": self.after, "chunks": self.chunks, "told": self.told })
            .to_string()
    }

    /// Reads what the ledger kept; `None` where it is of another kind of run.
    pub fn read(text: &str) -> Option<Self> {
        let value: Value = serde_json::from_str(text).ok()?;
        value["by_table"].as_bool().filter(|by_table| *by_table)?;
        let number = |name: &str| value[name].as_u64().and_then(|number| usize::try_from(number).ok());
        Some(Self {
            place: number("place")?,
            after: value["after"].as_str().map(str::to_owned),
            chunks: number("chunks")?,
            told: value["told"].as_i64()?,
        })
    }
}

impl Transfer<'_> {
    /// Moves all tables in parts of at most `rows` rows, from where `progress` says. What was committed stays when it
    /// fails, and the run waits to be taken up again.
    ///
    /// # Errors
    /// As [`Transfer::run`], and when source or target are not what the earlier parts left.
    pub fn run_by_table(&mut self, carrier: &mut dyn Carrier, rows: u64, mut progress: Progress) -> Result<(), TransferError> {
        let Some((ledger, run)) = self.run else {
            return Err(TransferError::NothingToUndo("a run by table needs the ledger".to_owned()));
        };
        let result = self.parts(carrier, rows, &mut progress, ledger, run);
        let Err(error) = result else { return Ok(()) };
        let session = carrier.target();
        let _ = session.rollback();
        session.begin()?;
        // A run that is refused when it is taken up again has nothing to report, and its parts are there.
        let counts = history::counts(history::rows_of_parts(ledger, session, run)?, Some(&error.cause()), None);
        if progress == Progress::default() {
            ledger.finish_run(session, run, history::FAILED, None, &counts)?;
            session.commit()?;
            return Err(error);
        }
        ledger.wait_run(session, run, &progress.text(), &counts)?;
        session.commit()?;
        Err(TransferError::Parts { run, error: Box::new(error) })
    }

    fn parts(
        &mut self,
        carrier: &mut dyn Carrier,
        rows: u64,
        progress: &mut Progress,
        ledger: Ledger,
        run: i64,
    ) -> Result<(), TransferError> {
        carrier.in_parts();
        carrier.begin(&self.plan.tables, self.now)?;
        self.expected(carrier)?;
        if progress.place > 0 || progress.after.is_some() {
            self.as_left(carrier, progress, ledger, run)?;
        }
        carrier.target().rollback()?;
        if self.observer.watches() {
            let watch = carrier.watch()?;
            self.observer.on(&Event::Begun(watch));
        }
        for place in 0..progress.place {
            let table = &self.plan.tables[place];
            self.report.tables.push(TableReport::begun(table));
            self.earlier_parts(carrier.target(), ledger, run, place)?;
        }
        for place in progress.place..self.plan.tables.len() {
            let table = &self.plan.tables[place];
            let total = if self.observer.watches() && table.from.unpivot.is_none() {
                Some(carrier.count(&table.from.table)?)
            } else {
                None
            };
            self.observer.on(&Event::Table(table, total));
            self.report.tables.push(TableReport::begun(table));
            if progress.after.is_some() {
                self.earlier_parts(carrier.target(), ledger, run, place)?;
            }
            loop {
                let more = self.part(carrier, place, rows, progress, ledger, run)?;
                fault::point("transfer.part.after_commit");
                if (self.stop)() {
                    return Err(TransferError::Stopped);
                }
                if !more {
                    break;
                }
            }
        }
        self.end(carrier, progress, ledger, run)
    }

    /// One part. Says whether the table has more.
    fn part(
        &mut self,
        carrier: &mut dyn Carrier,
        place: usize,
        rows: u64,
        progress: &mut Progress,
        ledger: Ledger,
        run: i64,
    ) -> Result<bool, TransferError> {
        let table = &self.plan.tables[place];
        carrier.begin(&self.plan.tables, self.now)?;
        if needs_keys(table) {
            (0..place).try_for_each(|earlier| carrier.remap(earlier))?;
        }
        let last = if can_be_cut(table) { carrier.cut(place, progress.after.as_deref(), rows)? } else { None };
        carrier.only(place, progress.after.as_deref(), last.as_deref())?;
        let spool = Spool::new()?;
        let told = &self.spool;
        let moved = carrier
            .move_table(place, &mut |left| told.push(place, &left).and_then(|()| spool.push(place, &left)))
            .map_err(|error| TransferError::Table { table: table.to.clone(), error })?;
        self.observer.on(&Event::Moved(table, &moved));
        if moved.rejected > 0 && (moved.grave || self.plan.on_error == OnError::Stop) {
            // What is told of them is kept, though nothing of the part is.
            carrier.target().rollback()?;
            carrier.target().begin()?;
            ledger.forget_left_after(carrier.target(), run, progress.told)?;
            self.keep_left_from(carrier.target(), ledger, run, &spool, progress.told)?;
            carrier.target().commit()?;
            return Err(TransferError::Rejected { rows: were(moved.rejected) });
        }
        let begun = Instant::now();
        let compared = compare_one(carrier, place, &spool)?;
        if !compared.is_equal() {
            let mut differences = vec![difference(&table.to, &compared)];
            differences.extend(compared.differences.iter().cloned());
            return Err(TransferError::Differs { differences });
        }
        let at = self.report.tables.len() - 1;
        let report = &mut self.report.tables[at];
        report.add(&moved, &compared, begun.elapsed());
        for reason in spool.reasons()? {
            report.tell(reason);
        }
        if !report.adds_up() {
            return Err(TransferError::Differs { differences: vec![format!("{}: the rows do not add up", table.to)] });
        }
        self.observer.on(&Event::Compared(table, &compared));
        // What is committed and how far it has come are one.
        let kept = self.table_of(place, at);
        let session = carrier.target();
        ledger.forget_left_after(session, run, progress.told)?;
        ledger.forget_transfer_table(session, run, place)?;
        ledger.keep_transfer_table(session, run, &kept)?;
        let told = self.keep_left_from(carrier.target(), ledger, run, &spool, progress.told)?;
        if let Some(query) = carrier.id_map_query(place) {
            ledger.keep_transfer_keys(carrier.target(), run, place, &query)?;
        }
        let images = carrier.images_query(place);
        ledger.keep_transfer_images(carrier.target(), run, place, &images)?;
        let mut number = 0;
        while let Some(chunk) = spool.chunk(place, number)? {
            ledger.keep_transfer_chunk(carrier.target(), run, place, progress.chunks + number, &chunk.keys, &chunk.hashes)?;
            number += 1;
        }
        let next = match &last {
            Some(last) => Progress { place, after: Some(last.clone()), chunks: progress.chunks + number, told },
            None => Progress { place: place + 1, after: None, chunks: 0, told },
        };
        ledger.checkpoint_run(carrier.target(), run, history::RUNNING, &next.text())?;
        fault::point("transfer.part.before_commit");
        carrier.target().commit()?;
        *progress = next;
        Ok(last.is_some())
    }

    /// What earlier parts of a table wrote, so that its numbers go on.
    fn earlier_parts(&mut self, session: &mut Session, ledger: Ledger, run: i64, place: usize) -> Result<(), TransferError> {
        let tables = ledger.transfer_tables(session, run)?;
        let (Some(kept), Some(report)) = (tables.iter().find(|table| table.place == place), self.report.tables.last_mut()) else {
            return Ok(());
        };
        report.go_on(kept);
        Ok(())
    }

    /// Whether both sides are as the finished parts left them.
    fn as_left(&mut self, carrier: &mut dyn Carrier, progress: &Progress, ledger: Ledger, run: i64) -> Result<(), TransferError> {
        for left in leave_all(carrier, ledger, run, progress.told)? {
            let fate = Fate::named(&left.fate).unwrap_or(Fate::Rejected);
            let row = Left { fate, row: left.row, key: left.key, column: left.column, rule: left.rule, message: left.message };
            self.spool.push(left.place, &row)?;
        }
        let kept = ledger.transfer_tables(carrier.target(), run)?;
        let mut differences = Vec::new();
        for place in 0..self.plan.tables.len() {
            let table = &self.plan.tables[place];
            if place > progress.place || (place == progress.place && progress.after.is_none()) {
                break;
            }
            if place == progress.place {
                carrier.only(place, None, progress.after.as_deref())?;
            }
            if table.new_key.is_some() {
                carrier.remap(place)?;
            }
            let compared = carrier.compare(place, Scope::Earlier, &mut |_| {})?;
            // A row that is gone from the source leaves one in the target, which may be anybody's.
            let good = kept.iter().find(|kept| kept.place == place).map(|kept| kept.inserted + kept.updated + kept.unchanged);
            if good.is_some_and(|good| good != compared.expected.rows) {
                let (now, then) = (compared.expected.rows, good.unwrap_or_default());
                differences.push(format!(
                    "{}: its parts were made of {then} rows of the source, of which there are {now} now",
                    table.to
                ));
            }
            if !compared.is_equal() {
                differences.push(difference(&table.to, &compared));
                differences.extend(compared.differences);
            }
        }
        if differences.is_empty() { Ok(()) } else { Err(TransferError::Moved { differences }) }
    }

    /// The last transaction: counts, a look at everything, the note.
    fn end(&mut self, carrier: &mut dyn Carrier, progress: &Progress, ledger: Ledger, run: i64) -> Result<(), TransferError> {
        carrier.begin(&self.plan.tables, self.now)?;
        let earlier = self.report.tables.len();
        for at in 0..self.plan.tables.len() {
            let recomputed = carrier.recompute(at)?;
            let name = &self.plan.tables[at].to;
            if let Some(report) = self.report.tables.iter_mut().find(|report| report.target == *name) {
                report.recomputed = recomputed;
            }
            let images = carrier.images_query(at);
            ledger.keep_transfer_images(carrier.target(), run, at, &images)?;
        }
        self.left_whole(carrier)?;
        for (number, at) in (earlier..self.report.tables.len()).enumerate() {
            let kept = self.table_of(self.plan.tables.len() + number, at);
            ledger.keep_transfer_table(carrier.target(), run, &kept)?;
        }
        let mut differences = carrier.violations()?;
        leave_all(carrier, ledger, run, i64::MAX)?;
        for at in 0..self.plan.tables.len() {
            if self.plan.tables[at].new_key.is_some() {
                carrier.remap(at)?;
            }
        }
        differences.extend(self.spots(carrier)?);
        if !differences.is_empty() {
            return Err(TransferError::Differs { differences });
        }
        let note = (self.note)(carrier.target(), &self.report)?;
        let counts = history::counts(self.report.written(), None, Some(&note));
        ledger.checkpoint_run(carrier.target(), run, history::RUNNING, &progress.text())?;
        ledger.finish_run(carrier.target(), run, history::APPLIED, None, &counts)?;
        let what = carrier.written_meanwhile()?;
        if !what.is_empty() {
            return Err(TransferError::SourceChanged { what });
        }
        carrier.target().commit()?;
        Ok(())
    }
}

/// Tells the carrier of every row that committed parts have left behind: those up to the number `told`.
fn leave_all(carrier: &mut dyn Carrier, ledger: Ledger, run: i64, told: i64) -> Result<Vec<TransferLeft>, TransferError> {
    let mut all = ledger.every_transfer_left(carrier.target(), run)?;
    all.retain(|left| left.number <= told);
    for left in all.iter().filter(|left| left.fate != "warned") {
        carrier.leave(left.place, &left.row)?;
    }
    Ok(all)
}

/// Whether a table's rows are found by keys that were drawn anew.
fn needs_keys(table: &TablePlan) -> bool {
    table.inputs.iter().any(|input| matches!(input, Input::Mapped { .. }))
}

/// Whether a table can be moved in parts: no row has to know of one in another part.
fn can_be_cut(table: &TablePlan) -> bool {
    let mut key: Vec<usize> = table.key.iter().map(|(_, input)| *input).collect();
    let plain: Option<Vec<usize>> = table.matched.iter().map(|at| table.columns[*at].is_plain()).collect();
    let Some(mut matched) = plain else { return false };
    key.sort_unstable();
    matched.sort_unstable();
    let own = table.parents.iter().any(|parent| parent.table == table.to);
    table.from.unpivot.is_none()
        && table.new_key.is_none()
        && !own
        && !key.is_empty()
        && key == matched
        && table.duplicates == Duplicates::Reject
        && table.inputs.iter().all(|input| matches!(input, Input::Column(_) | Input::Sql(_)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn progress_is_read_as_it_was_kept() {
        let progress = Progress { place: 3, after: Some("i5\nta\"b".to_owned()), chunks: 2, told: 17 };

        assert_eq!(Progress::read(&progress.text()), Some(progress));
        assert_eq!(Progress::read("{\"batch\":1}"), None);
    }
}
