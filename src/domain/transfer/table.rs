//! How one table is moved: what is read, what is written, and the rules between them.

use super::canonical::{canonical_field, moment};
use super::cell::Cell;
use super::fit::{Fault, Fit, fit, overlong};
use super::hash::hash64;
use super::json::canonical_json;
use super::kind::Kind;
use super::rules::{Condition, Literal, Part, Step, Unknown};
use super::time::{Instant, parse_time};

/// The run's moment: fixed once, kept with the run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Moment {
    /// Microseconds since 2000.
    pub instant: Instant,
    /// As a column of times holds it.
    pub text: String,
}

impl Moment {
    /// The moment, without the fraction of its second.
    pub fn new(instant: Instant) -> Self {
        let instant = Instant(instant.0.div_euclid(1_000_000) * 1_000_000);
        Self { instant, text: instant.text() }
    }
}

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

/// Where a column's value comes from.
#[derive(Debug, Clone, PartialEq)]
pub enum From {
    /// An input.
    Input(usize),
    /// The mapping says it.
    Literal(Literal),
    /// A text that is put together.
    Text(Vec<Part>),
}

/// A column of the target.
#[derive(Debug, Clone, PartialEq)]
pub struct Column {
    /// Its name.
    pub to: String,
    /// What it holds.
    pub kind: Kind,
    /// Where its value comes from.
    pub from: From,
    /// What is done with it.
    pub steps: Vec<Step>,
    /// What is asked of it.
    pub fit: Fit,
    /// Whether it takes NULL.
    pub nullable: bool,
    /// Whether a row that is there keeps its own.
    pub preserve: bool,
    /// How the target compares it, where that is not byte by byte.
    pub collation: Option<String>,
    /// The only values that its type knows, where it is an enum of the database.
    pub labels: Vec<String>,
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

impl Column {
    /// The value that this column gets from a row. What is only worth a word goes into `warnings`.
    ///
    /// # Errors
    /// What keeps the row out.
    pub fn value<'a>(&'a self, inputs: &'a [Cell<'a>], now: &'a Moment, warnings: &mut Vec<Fault>) -> Result<Cell<'a>, Fault> {
        let cell = self.value_after(&self.steps, inputs, now, warnings)?;
        warnings.extend(overlong(&cell, self.kind, &self.fit));
        if !self.labels.is_empty()
            && let Some(text) = cell.as_str()
            && !self.labels.iter().any(|label| label == text)
        {
            return Err(Fault::new("label", format!("{} is not one of {}", cell.shown(), self.labels.join(", "))));
        }
        if cell.is_null() && !self.nullable {
            return Err(Fault::new("not null", "is NULL, and the column takes none"));
        }
        Ok(cell)
    }

    /// The value after some of the steps, as the column's kind has it.
    fn value_after<'a>(
        &'a self,
        steps: &'a [Step],
        inputs: &'a [Cell<'a>],
        now: &'a Moment,
        warnings: &mut Vec<Fault>,
    ) -> Result<Cell<'a>, Fault> {
        let mut cell = match &self.from {
            From::Input(input) => inputs[*input].borrowed(),
            From::Literal(literal) => literal.cell(&now.text),
            From::Text(parts) => Cell::owned(put_together(parts, inputs)),
        };
        let mut fitted = false;
        for step in steps {
            // A table of values and a look at NULL go before the kind is looked at; all else needs the value as it will be.
            if !fitted && matches!(step, Step::Older { .. } | Step::Coalesce(_)) {
                cell = fit(cell, self.kind, &self.fit)?;
                fitted = true;
            }
            cell = self.step(step, cell, inputs, now, warnings)?;
        }
        if !fitted || steps.iter().any(|step| matches!(step, Step::Older { .. } | Step::Coalesce(_))) {
            cell = fit(cell, self.kind, &self.fit)?;
        }
        Ok(cell)
    }

    /// Adds the canonical text of the value, see [`canonical_field()`].
    fn canonical(&self, inputs: &[Cell<'_>], now: &Moment, out: &mut Vec<u8>) -> Result<(), Fault> {
        // Times and JSON that no rule changes are read once here: that they can be read is that they fit.
        if let From::Input(input) = &self.from
            && let Cell::Text(text) = &inputs[*input]
            && self.steps.iter().all(|step| matches!(step, Step::Coalesce(_)))
        {
            match self.kind {
                Kind::Time => {
                    if let Ok((at, _)) = parse_time(text, self.fit.zone) {
                        moment(at.0, out);
                        return Ok(());
                    }
                }
                Kind::Json => {
                    if let Some(json) = canonical_json(text) {
                        out.extend_from_slice(json.as_bytes());
                        return Ok(());
                    }
                }
                _ => {}
            }
        }
        canonical_field(self.kind, &self.value(inputs, now, &mut Vec::new())?, out);
        Ok(())
    }

    fn step<'a>(
        &'a self,
        step: &'a Step,
        cell: Cell<'a>,
        inputs: &'a [Cell<'a>],
        now: &'a Moment,
        warnings: &mut Vec<Fault>,
    ) -> Result<Cell<'a>, Fault> {
        match step {
            Step::IsNotNull => Ok(Cell::Int(i64::from(!cell.is_null()))),
            Step::Coalesce(literal) => Ok(if cell.is_null() { literal.cell(&now.text) } else { cell }),
            Step::Found { by, within } => {
                if cell.is_null() && !inputs[*by].is_null() {
                    return Err(Fault::new("orphan", format!("has no row in {within} that goes over: {}", inputs[*by].shown())));
                }
                Ok(cell)
            }
            Step::ToJson => to_json(cell),
            Step::Older { age, becomes, null_by } => {
                let dated = match (&cell, null_by) {
                    (Cell::Null, Some(by)) => &inputs[*by],
                    (cell, _) => cell,
                };
                let old = self.moment(dated).is_some_and(|moment| now.instant.0.saturating_sub(moment.0) >= *age);
                Ok(if old { becomes.cell(&now.text) } else { cell })
            }
            Step::Enum(map) => {
                if cell.is_null() {
                    return Ok(cell);
                }
                let Some(text) = cell.as_str() else {
                    return Err(Fault::new("kind", format!("is {}, not text: {}", cell.stored_as(), cell.shown())));
                };
                if let Some(found) = map.find(text) {
                    return Ok(if found == text { cell } else { Cell::text(found) });
                }
                let told = |became: &str| Fault {
                    rule: "enum",
                    message: format!("{} is not in the enum {}: it becomes {became}", cell.shown(), map.name),
                    warning: true,
                };
                match &map.unknown {
                    Unknown::Reject => Err(Fault::new("enum", format!("{} is not in the enum {}", cell.shown(), map.name))),
                    Unknown::Error => Err(Fault::new("enum!", format!("{} is not in the enum {}", cell.shown(), map.name))),
                    Unknown::Null => {
                        warnings.push(told("NULL"));
                        Ok(Cell::Null)
                    }
                    Unknown::Value(value) => {
                        warnings.push(told(value));
                        Ok(Cell::text(value))
                    }
                }
            }
        }
    }

    /// Whether the value of a row is only what the mapping gives for NULL: a row that is there keeps its own then, wherever
    /// NULL does not overwrite it.
    pub fn is_filled_in(&self, inputs: &[Cell<'_>], now: &Moment) -> bool {
        let Some(at) = self.steps.iter().rposition(|step| matches!(step, Step::Coalesce(_))) else { return false };
        self.value_after(&self.steps[..at], inputs, now, &mut Vec::new()).is_ok_and(|cell| cell.is_null())
    }

    /// Whether some rows may get what the mapping gives for NULL.
    pub fn fills_in(&self) -> bool {
        self.steps.iter().any(|step| matches!(step, Step::Coalesce(_)))
    }

    /// The inputs that it reads.
    pub fn uses(&self) -> Vec<usize> {
        let mut inputs = match &self.from {
            From::Input(input) => vec![*input],
            From::Literal(_) => Vec::new(),
            From::Text(parts) => {
                parts.iter().filter_map(|part| if let Part::Input(input) = part { Some(*input) } else { None }).collect()
            }
        };
        for step in &self.steps {
            match step {
                Step::Found { by, .. } => inputs.push(*by),
                Step::Older { null_by, .. } => inputs.extend(*null_by),
                _ => {}
            }
        }
        inputs.sort_unstable();
        inputs.dedup();
        inputs
    }

    /// The moment that a cell tells, in whichever form the source has it.
    fn moment(&self, cell: &Cell<'_>) -> Option<Instant> {
        match fit(cell.borrowed(), Kind::Time, &self.fit).ok()? {
            Cell::Text(text) => parse_time(&text, 0).ok().map(|(moment, _)| moment),
            Cell::Time { micros, .. } => Some(Instant(micros)),
            _ => None,
        }
    }

    /// Whether what is written is what is read, without a rule between.
    pub fn is_plain(&self) -> Option<usize> {
        match (&self.from, self.steps.as_slice()) {
            (From::Input(input), []) => Some(*input),
            // Whether it was found is judged before; what was found goes in as it is.
            (From::Input(input), [Step::Found { .. }]) => Some(*input),
            _ => None,
        }
    }

    /// Whether a row that is there keeps its own value, since this one comes from the clock.
    pub fn is_from_the_clock(&self) -> bool {
        matches!(self.from, From::Literal(Literal::Now))
    }

    /// Whether the clock tells what some of its rows get.
    pub fn may_come_from_the_clock(&self) -> bool {
        self.is_from_the_clock()
            || self.steps.iter().any(|step| match step {
                Step::Older { becomes, .. } => *becomes == Literal::Now,
                Step::Coalesce(literal) => *literal == Literal::Now,
                _ => false,
            })
    }
}

/// What is said of a row whose parent is not there.
pub fn orphaned(parent: &Parent) -> String {
    format!("has no row in {} that it could point to", parent.table)
}

fn put_together(parts: &[Part], inputs: &[Cell<'_>]) -> String {
    parts
        .iter()
        .map(|part| match part {
            Part::Text(text) => text.clone(),
            Part::Input(input) => match &inputs[*input] {
                Cell::Null => String::new(),
                other => other.plain_text().into_owned(),
            },
        })
        .collect()
}

/// An array as JSON: JSON stays as it is, `{1,2}` of numbers becomes `[1,2]`.
fn to_json(cell: Cell<'_>) -> Result<Cell<'_>, Fault> {
    let Some(text) = cell.as_str() else {
        return if cell.is_null() {
            Ok(cell)
        } else {
            Err(Fault::new("json", format!("is {}, not an array: {}", cell.stored_as(), cell.shown())))
        };
    };
    let trimmed = text.trim();
    let whole = |part: &str| {
        let digits = part.strip_prefix('-').unwrap_or(part);
        !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit())
    };
    if let Some(inner) = trimmed.strip_prefix('{').and_then(|rest| rest.strip_suffix('}'))
        && (inner.trim().is_empty() || inner.split(',').all(|part| whole(part.trim()) || part.trim() == "NULL"))
    {
        // `{}` is an empty array of PostgreSQL and an empty object of JSON: the mapping says that it is an array.
        let items: Vec<_> =
            inner.split(',').map(str::trim).filter(|part| !part.is_empty()).map(|part| part.replace("NULL", "null")).collect();
        return Ok(Cell::owned(format!("[{}]", items.join(", "))));
    }
    Ok(cell)
}
