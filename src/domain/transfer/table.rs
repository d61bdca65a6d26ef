//! How one table is moved: what is read, what is written, and the rules between them.

use super::cell::Cell;
use super::column::{Column, From, put_together};
use super::fit::Fault;
use super::hash::hash64;
use super::rules::{Condition, Literal};
use super::time::Moment;

/// Where rows come from.
#[derive(Debug, Clone, PartialEq)]
pub struct Rows {
    /// The table of the source.
    pub table: String,
    /// Several columns of a row become a row each.
    pub unpivot: Option<Unpivot>,
}

/// Columns that become rows: each row gets `n` and `value`; a NULL gives none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unpivot {
    /// The number and the column.
    pub columns: Vec<(i64, String)>,
}

/// Something that is read for every row.
#[derive(Debug, Clone, PartialEq)]
pub enum Input {
    /// A column of the source.
    Column(String),
    /// An expression over the source's row, in the source's dialect. The row is called `s`.
    Sql(String),
    /// The new key of a row of another table, by its old one.
    Mapped {
        /// The table of the source.
        table: String,
        /// The input with the old key.
        by: usize,
    },
    /// A column of a table of the target, as it is by then.
    Lookup {
        /// The table of the target.
        table: String,
        /// Its column.
        column: String,
        /// Its columns that say which row, with the inputs that they equal.
        on: Vec<(String, usize)>,
    },
    /// The number of an unpivoted column.
    Number,
    /// The value of an unpivoted column.
    Value,
}

/// A condition on an input.
#[derive(Debug, Clone, PartialEq)]
pub struct Guarded {
    /// The input.
    pub input: usize,
    /// What it is called.
    pub name: String,
    /// What it has to be like.
    pub condition: Condition,
}

/// What becomes of a row that is there already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Conflict {
    /// It is brought up to date: preserved columns and NULLs leave what is there.
    Update,
    /// It stays as it is.
    Skip,
    /// That is an error.
    Error,
    /// It is overwritten.
    Replace,
}

/// What becomes of rows of the source that have one key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Duplicates {
    /// All of them are rejected: which one is right cannot be told.
    Reject,
    /// The first in the table's order goes in.
    First,
    /// The last in the table's order goes in.
    Last,
}

/// What becomes of rows whose parent is not there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Orphans {
    /// They are rejected.
    Reject,
    /// They stay behind, and are listed.
    Skip,
}

/// A foreign key of the target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parent {
    /// The columns of this table, by their places in [`TablePlan::columns`].
    pub columns: Vec<usize>,
    /// The table that they point to.
    pub table: String,
    /// Its columns.
    pub key: Vec<String>,
}

/// A key that the target draws anew.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewKey {
    /// The column of the target.
    pub column: String,
    /// The input with the old key.
    pub old: usize,
}

/// A count that is made anew from the rows.
#[derive(Debug, Clone, PartialEq)]
pub struct After {
    /// The column that holds it.
    pub column: String,
    /// The table whose rows are counted.
    pub count: String,
    /// Its column, and the column of this table that it equals.
    pub on: Vec<(String, String)>,
    /// Which of its rows count.
    pub only: Vec<(String, Literal)>,
}

/// How one table is moved.
#[derive(Debug, Clone, PartialEq)]
pub struct TablePlan {
    /// Where rows come from.
    pub from: Rows,
    /// The table of the target.
    pub to: String,
    /// What is read.
    pub inputs: Vec<Input>,
    /// The inputs that name a row to a person, with their names.
    pub key: Vec<(String, usize)>,
    /// What is written.
    pub columns: Vec<Column>,
    /// Rows that are not so stay behind.
    pub only: Vec<Guarded>,
    /// Rows that are not so are rejected.
    pub require: Vec<Guarded>,
    /// Foreign keys of the target.
    pub parents: Vec<Parent>,
    /// Unique keys of the target that are filled, by the places of their columns.
    pub unique: Vec<Vec<usize>>,
    /// The expressions that the target checks, and what its other columns hold then.
    pub checks: Vec<String>,
    /// Columns of the target that are left to it, with their defaults.
    pub left_out: Vec<(String, Option<String>)>,
    /// The columns by which a row of the target is found, by their places.
    pub matched: Vec<usize>,
    /// The key that is drawn anew.
    pub new_key: Option<NewKey>,
    /// What becomes of rows that are there already.
    pub conflict: Conflict,
    /// What becomes of rows with one key.
    pub duplicates: Duplicates,
    /// What becomes of rows without their parent.
    pub orphans: Orphans,
    /// Whether NULL overwrites what is there.
    pub null_overwrites: bool,
    /// A row that is there is only brought up to date while these columns hold these values.
    pub update_only_if: Vec<(String, From)>,
    /// The order in which rows go in: expressions on inputs, with whether they descend and where NULL stands.
    pub order: Vec<(usize, bool, Option<bool>)>,
    /// Counts that are made anew afterwards.
    pub after: Vec<After>,
    /// The target's primary key.
    pub target_key: Vec<String>,
    /// Whether the target has triggers of its own.
    pub triggers: bool,
}

/// What the rules say of a row.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Verdict {
    /// Why it stays behind, where the mapping says so.
    pub skip: Option<String>,
    /// What is wrong, with the columns.
    pub faults: Vec<(String, Fault)>,
}

impl Verdict {
    /// Whether the row goes in.
    pub fn is_good(&self) -> bool {
        self.skip.is_none() && self.faults.iter().all(|(_, fault)| fault.warning)
    }
}

impl TablePlan {
    /// Judges a row by everything that can be told from it alone, and from whether its parents are there. Columns whose
    /// value is another one than what was read are marked in `changed`.
    pub fn judge(&self, inputs: &[Cell<'_>], parents: &[bool], now: &Moment, changed: &mut [bool]) -> Verdict {
        let mut verdict = self.judge_alone(inputs, now, &mut |at, value| {
            changed[at] |= !matches!(&self.columns[at].from, From::Input(input) if value == inputs[*input]);
        });
        if verdict.skip.is_some() {
            return verdict;
        }
        for (parent, found) in self.parents.iter().zip(parents) {
            if *found || parent.columns.iter().any(|at| self.is_null(*at, inputs, now)) {
                continue;
            }
            verdict.faults.push((self.names(parent), Fault::new("orphan", orphaned(parent))));
        }
        self.or_skip(&mut verdict);
        verdict
    }

    /// The names of the columns that point to a parent.
    pub fn names(&self, parent: &Parent) -> String {
        parent.columns.iter().map(|at| self.columns[*at].to.as_str()).collect::<Vec<_>>().join(", ")
    }

    /// Orphans stay behind without a fault, where the mapping says so.
    fn or_skip(&self, verdict: &mut Verdict) {
        if self.orphans == Orphans::Skip
            && !verdict.faults.is_empty()
            && verdict.faults.iter().all(|(_, fault)| fault.rule == "orphan")
        {
            let (column, fault) = verdict.faults.remove(0);
            verdict.faults.clear();
            verdict.skip = Some(format!("{column} {}", fault.message));
        }
    }

    /// Judges a row by everything that can be told from it alone. Each value that can be had is given to `keep`, with the
    /// place of its column.
    pub fn judge_alone<'a>(&'a self, inputs: &'a [Cell<'a>], now: &'a Moment, keep: &mut impl FnMut(usize, Cell<'a>)) -> Verdict {
        let mut verdict = Verdict::default();
        for rule in &self.only {
            if !rule.condition.holds(&inputs[rule.input]) {
                verdict.skip = Some(format!("{} is {}, not {}", rule.name, inputs[rule.input].shown(), rule.condition.text()));
                return verdict;
            }
        }
        for rule in &self.require {
            if !rule.condition.holds(&inputs[rule.input]) {
                let message = format!("is {}, and has to be {}", inputs[rule.input].shown(), rule.condition.text());
                verdict.faults.push((rule.name.clone(), Fault::new("require", message)));
            }
        }
        for (at, column) in self.columns.iter().enumerate() {
            let mut warnings = Vec::new();
            match column.value(inputs, now, &mut warnings) {
                Ok(value) => keep(at, value),
                Err(fault) => verdict.faults.push((column.to.clone(), fault)),
            }
            verdict.faults.extend(warnings.into_iter().map(|warning| (column.to.clone(), warning)));
        }
        self.or_skip(&mut verdict);
        verdict
    }

    fn is_null(&self, column: usize, inputs: &[Cell<'_>], now: &Moment) -> bool {
        // What cannot be read is a fault of its own.
        self.columns[column].value(inputs, now, &mut Vec::new()).is_ok_and(|cell| cell.is_null())
    }

    /// The row's key as a person reads it: `id 5`; `None` where the table has no key.
    pub fn key_text(&self, inputs: &[Cell<'_>]) -> Option<String> {
        if self.key.is_empty() {
            return None;
        }
        let parts: Vec<_> = self.key.iter().map(|(name, input)| format!("{name} {}", inputs[*input].shown())).collect();
        Some(parts.join(", "))
    }

    /// Whether what is wrong with a row stops the run whatever the mapping says of rejected rows.
    pub fn is_grave(fault: &Fault) -> bool {
        fault.rule == "enum!"
    }

    /// The columns that the checksum is made of, by their places.
    pub fn checked(&self) -> impl Iterator<Item = (usize, &Column)> {
        let left_out = |name: &str| self.after.iter().any(|after| after.column == name);
        self.columns.iter().enumerate().filter(move |(_, column)| !left_out(&column.to))
    }

    /// The columns that are brought up to date in a row that is there, by their places.
    pub fn updatable(&self) -> impl Iterator<Item = usize> {
        let replaces = self.conflict == Conflict::Replace;
        (0..self.columns.len())
            .filter(|at| !self.matched.contains(at))
            .filter(move |at| replaces || (!self.columns[*at].preserve && !self.columns[*at].is_from_the_clock()))
    }

    /// Whether a row that is there is brought up to date, by what its columns hold.
    pub fn may_update<'a>(&self, inputs: &[Cell<'_>], now: &Moment, actual: &dyn Fn(&str) -> Option<Cell<'a>>) -> bool {
        self.update_only_if.iter().all(|(name, given)| {
            let wanted = match given {
                From::Literal(literal) => literal.cell(&now.text),
                From::Input(input) => inputs[*input].borrowed(),
                From::Text(parts) => Cell::owned(put_together(parts, inputs)),
            };
            // A column of which nothing is known may be what keeps the row as it is.
            actual(name).is_some_and(|actual| actual == wanted)
        })
    }

    /// The checksum of the row that `inputs` are to become; `None` where they are no row.
    pub fn expected(&self, inputs: &[Cell<'_>], now: &Moment, buffer: &mut Vec<u8>) -> Option<u64> {
        buffer.clear();
        for (number, (_, column)) in self.checked().enumerate() {
            if number > 0 {
                buffer.push(0x1f);
            }
            column.canonical(inputs, now, buffer).ok()?;
        }
        Some(hash64(buffer, 0))
    }
}

/// What is said of a row whose parent is not there.
pub fn orphaned(parent: &Parent) -> String {
    format!("has no row in {} that it could point to", parent.table)
}
