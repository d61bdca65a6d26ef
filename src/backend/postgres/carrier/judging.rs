//! Each row by every rule; what may go in is written in COPY's form.

use std::collections::HashSet;

use super::fingerprint;
use super::staging::filled;
use super::wire::{Wire, field, null};
use crate::backend::carrier::{Fate, Left, Moved};
use crate::backend::error::{SqlError, SqlErrorKind};
use crate::domain::transfer::{
    Cell, Duplicates, From, Moment, Sum, TablePlan, canonical_field, hash64, matching_text, pack_into,
};

/// Where rows that are left behind are told.
pub(super) type Sink<'a> = &'a mut dyn FnMut(Left) -> Result<(), SqlError>;

/// A row of the source as it was read: its place among all, what tells it from others, its inputs.
#[derive(Clone, Copy)]
pub(super) struct Seen<'a> {
    pub(super) place: u64,
    pub(super) ids: &'a [Cell<'a>],
    pub(super) inputs: &'a [Cell<'a>],
}

impl Seen<'_> {
    pub(super) fn packed(&self) -> String {
        let mut packed = String::new();
        pack_into(self.ids.iter().map(Cell::borrowed), &mut packed);
        packed
    }

    /// Whether what tells the row from others is what people call it by.
    fn names_itself(&self, plan: &TablePlan) -> bool {
        !plan.key.is_empty()
            && plan.key.len() == self.ids.len()
            && plan.key.iter().zip(self.ids).all(|((_, input), id)| self.inputs[*input] == *id)
    }

    pub(super) fn key(&self, plan: &TablePlan) -> String {
        plan.key_text(self.inputs).unwrap_or_else(|| {
            let ids: Vec<_> = self.ids.iter().map(Cell::shown).collect();
            format!("row {}", ids.join(", "))
        })
    }
}

/// What takes the rows that were read.
pub(super) type EachSeen<'f> = &'f mut dyn FnMut(Seen<'_>) -> Result<(), SqlError>;

/// The rules of one table, and what became of its rows so far.
pub(super) struct Judge<'a> {
    pub(super) plan: &'a TablePlan,
    pub(super) now: &'a Moment,
    pub(super) moved: Moved,
    /// Rows that stay behind without a look.
    pub(super) known: &'a HashSet<u64>,
    /// What cannot be had is NULL, and nothing is told: for looks at rows that need not be good.
    pub(super) lenient: bool,
    /// The columns of which the stage knows whether the mapping has filled them in.
    filled: Vec<usize>,
    /// How the columns are kept that decide whether a row that is there is updated.
    pub(super) held: Vec<Wire>,
    /// The columns that the checksum is made of.
    checked: Vec<usize>,
    /// What the good rows are to become, added up.
    pub(super) sum: Sum,
    buffer: Vec<u8>,
}

impl<'a> Judge<'a> {
    pub(super) fn new(plan: &'a TablePlan, now: &'a Moment, known: &'a HashSet<u64>) -> Self {
        Self {
            plan,
            now,
            moved: Moved::default(),
            known,
            lenient: false,
            filled: filled(plan),
            held: Vec::new(),
            checked: plan.checked().map(|(at, _)| at).collect(),
            sum: Sum::default(),
            buffer: Vec::new(),
        }
    }

    /// One that adds up some of the columns only.
    pub(super) fn adding(plan: &'a TablePlan, now: &'a Moment, known: &'a HashSet<u64>, columns: &[usize]) -> Self {
        Self { checked: columns.to_vec(), ..Self::new(plan, now, known) }
    }

    /// One that goes by the same, and has judged nothing yet.
    pub(super) fn anew(&self) -> Self {
        Self {
            moved: Moved::default(),
            sum: Sum::default(),
            buffer: Vec::new(),
            filled: self.filled.clone(),
            held: self.held.clone(),
            checked: self.checked.clone(),
            ..*self
        }
    }

    /// Judges a row. Its values, where it may go in.
    pub(super) fn values<'r>(&mut self, seen: Seen<'r>, left: Sink<'_>) -> Result<Option<Vec<Cell<'r>>>, SqlError>
    where
        'a: 'r,
    {
        self.moved.read += 1;
        if !self.known.is_empty() && self.known.contains(&fingerprint(&seen.packed())) {
            return Ok(None);
        }
        let mut values = vec![Cell::Null; self.plan.columns.len()];
        let verdict = self.plan.judge_alone(seen.inputs, self.now, &mut |at, value| values[at] = value);
        if self.lenient {
            return Ok(Some(values));
        }
        if verdict.skip.is_some() || !verdict.faults.is_empty() {
            let tell = |fate, column: &str, rule: &str, message: &str, left: Sink<'_>| {
                left(Left {
                    fate,
                    row: seen.packed(),
                    key: seen.key(self.plan),
                    column: column.to_owned(),
                    rule: rule.trim_end_matches('!').to_owned(),
                    message: message.to_owned(),
                })
            };
            if let Some(why) = &verdict.skip {
                tell(Fate::Skipped, "", "skip", why, left)?;
                self.moved.skipped += 1;
            }
            let good = verdict.is_good();
            for (column, fault) in &verdict.faults {
                self.moved.grave |= TablePlan::is_grave(fault);
                let fate = if fault.warning { Fate::Warned } else { Fate::Rejected };
                tell(fate, column, fault.rule, &fault.message, left)?;
            }
            if !good {
                self.moved.rejected += u64::from(verdict.skip.is_none());
                return Ok(None);
            }
        }
        Ok(Some(values))
    }
}

impl Judge<'_> {
    /// Judges a row and adds it up where it is good. Nothing is told.
    pub(super) fn count(&mut self, seen: Seen<'_>) -> Result<(), SqlError> {
        if let Some(values) = self.values(seen, &mut |_| Ok(()))? {
            self.add(&values);
        }
        Ok(())
    }

    /// Takes over what another one has judged.
    pub(super) fn join(&mut self, other: &Judge<'_>) {
        self.moved.read += other.moved.read;
        self.moved.rejected += other.moved.rejected;
        self.moved.skipped += other.moved.skipped;
        self.moved.grave |= other.moved.grave;
        self.sum.join(other.sum);
    }

    /// How many rows stay behind, of which nobody knew.
    pub(super) fn left(&self) -> u64 {
        self.moved.rejected + self.moved.skipped
    }

    /// The checksum of what a good row is to become, which is added to the others.
    fn add(&mut self, values: &[Cell<'_>]) -> u64 {
        self.buffer.clear();
        for (number, at) in self.checked.iter().enumerate() {
            if number > 0 {
                self.buffer.push(0x1f);
            }
            canonical_field(self.plan.columns[*at].kind, &values[*at], &mut self.buffer);
        }
        let hash = hash64(&self.buffer, 0);
        self.sum.add(hash);
        hash
    }

    /// What a staged row is called by people; empty where that stands in what tells it from others.
    fn staged_key(&self, seen: Seen<'_>) -> String {
        let told = self.plan.duplicates == Duplicates::Reject && seen.names_itself(self.plan);
        if told { String::new() } else { seen.key(self.plan).replace('\0', "\\0") }
    }
}

/// How a row is written: straight into its table, or into the stage with what is asked of it there.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    Straight,
    Staged,
}

/// Adds a row in COPY's form.
pub(super) fn encode(
    shape: Shape,
    judge: &mut Judge<'_>,
    wires: &[Wire],
    seen: Seen<'_>,
    values: &[Cell<'_>],
    out: &mut Vec<u8>,
) -> Result<(), SqlError> {
    let plan = judge.plan;
    let old = plan.new_key.as_ref();
    let fields = match shape {
        Shape::Straight => values.len(),
        Shape::Staged => 4 + usize::from(old.is_some()) + values.len() + plan.update_only_if.len() + judge.filled.len(),
    };
    out.extend_from_slice(&i16::try_from(fields).unwrap_or(i16::MAX).to_be_bytes());
    let hash = judge.add(values);
    if shape == Shape::Staged {
        field(out, &[&i64::try_from(seen.place).unwrap_or(i64::MAX).to_be_bytes()]);
        field(out, &[seen.packed().as_bytes()]);
        field(out, &[judge.staged_key(seen).as_bytes()]);
        field(out, &[&hash.to_be_bytes()]);
        if let Some(old) = old {
            match &seen.inputs[old.old] {
                Cell::Null => null(out),
                cell => field(out, &[matching_text(cell).as_bytes()]),
            }
        }
    }
    for ((value, wire), column) in values.iter().zip(wires).zip(&plan.columns) {
        wire.write(value, out).map_err(|why| SqlError::new(SqlErrorKind::Other, format!("{}.{}: {why}", plan.to, column.to)))?;
    }
    if shape == Shape::Staged {
        for ((name, given), wire) in plan.update_only_if.iter().zip(&judge.held) {
            let wanted = match given {
                From::Literal(literal) => literal.cell(&judge.now.text),
                From::Input(input) => seen.inputs[*input].borrowed(),
                // A text that is put together is that of a column.
                From::Text(_) => plan
                    .columns
                    .iter()
                    .position(|column| column.to == *name && column.from == *given)
                    .map_or(Cell::Null, |at| values[at].borrowed()),
            };
            let mut canonical = Vec::new();
            canonical_field(wire.kind(), &wanted, &mut canonical);
            field(out, &[&canonical]);
        }
        for at in &judge.filled {
            field(out, &[&[u8::from(plan.columns[*at].is_filled_in(seen.inputs, judge.now))]]);
        }
    }
    Ok(())
}
