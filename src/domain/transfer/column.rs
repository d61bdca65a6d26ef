//! One column of a target: where its value comes from, and what is done with it on the way.

use super::canonical::{canonical_field, moment};
use super::cell::Cell;
use super::fit::{Fault, Fit, fit, overlong};
use super::json::canonical_json;
use super::kind::Kind;
use super::rules::{Literal, Part, Step, Unknown};
use super::time::{Instant, Moment, parse_time};

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
    pub(super) fn canonical(&self, inputs: &[Cell<'_>], now: &Moment, out: &mut Vec<u8>) -> Result<(), Fault> {
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

/// A text that is put together.
pub(super) fn put_together(parts: &[Part], inputs: &[Cell<'_>]) -> String {
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
