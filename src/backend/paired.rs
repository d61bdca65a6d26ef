//! A row of the source beside the row that the target has for it.

use super::carrier::Compared;
use crate::domain::transfer::{Cell, Column, Moment, TablePlan, canonical_field, hash64};

/// So many differences are told.
const SHOWN: usize = 20;

/// What rows of one table are held side by side by.
pub(super) struct Paired<'a> {
    plan: &'a TablePlan,
    now: &'a Moment,
    /// Whether a row that is there keeps what the mapping lets it keep: that is not compared.
    overrides: bool,
    /// The columns that are brought up to date, by their places in the plan.
    updatable: Vec<usize>,
    checked: Vec<(usize, &'a Column)>,
    left: Vec<u8>,
    right: Vec<u8>,
    /// What was found so far.
    pub(super) compared: Compared,
}

impl<'a> Paired<'a> {
    pub(super) fn new(plan: &'a TablePlan, now: &'a Moment, overrides: bool, updatable: Vec<usize>) -> Self {
        let checked = plan.checked().collect();
        Self { plan, now, overrides, updatable, checked, left: Vec::new(), right: Vec::new(), compared: Compared::default() }
    }

    /// The columns that are compared: what [`Paired::add`] is given of the target's row, in this order.
    pub(super) fn columns(&self) -> impl Iterator<Item = (usize, &'a Column)> + '_ {
        self.checked.iter().copied()
    }

    /// Compares a row. `actual` is what the target has, where it has one.
    pub(super) fn add(&mut self, inputs: &[Cell<'_>], actual: Option<&[Cell<'_>]>, name: &dyn Fn() -> String) {
        self.left.clear();
        self.right.clear();
        let mut differing = Vec::new();
        let nothing = Cell::Null;
        let held = |name: &str| {
            let place = self.checked.iter().position(|(_, column)| column.to == name)?;
            Some(actual.map_or(&nothing, |row| &row[place]).borrowed())
        };
        let stays = self.overrides && !self.plan.may_update(inputs, self.now, &held);
        for (place, (at, column)) in self.checked.iter().enumerate() {
            let actual = actual.map_or(&nothing, |row| &row[place]);
            let expected = column.value(inputs, self.now, &mut Vec::new());
            let keeps = self.overrides
                && (stays
                    || !self.updatable.contains(at) && !self.plan.matched.contains(at)
                    || !self.plan.null_overwrites
                        && (matches!(&expected, Ok(Cell::Null)) || column.is_filled_in(inputs, self.now))
                    || matches!(&expected, Ok(Cell::Text(text)) if **text == *self.now.text.as_bytes()));
            let start = (self.left.len(), self.right.len());
            match &expected {
                Ok(expected) if !keeps => canonical_field(column.kind, expected, &mut self.left),
                _ => canonical_field(column.kind, actual, &mut self.left),
            }
            canonical_field(column.kind, actual, &mut self.right);
            if self.left[start.0..] != self.right[start.1..] && differing.len() < 3 {
                let expected = expected.map_or_else(|fault| format!("a value ({})", fault.message), |cell| cell.shown());
                differing.push(format!("{} is {}, expected {expected}", column.to, actual.shown()));
            }
            self.left.push(0x1f);
            self.right.push(0x1f);
        }
        self.compared.expected.add(hash64(&self.left, 0));
        if actual.is_some() {
            self.compared.actual.add(hash64(&self.right, 0));
        }
        if self.compared.differences.len() < SHOWN {
            if actual.is_none() {
                self.compared.differences.push(format!("{} {} is missing", self.plan.to, name()));
            } else if !differing.is_empty() {
                self.compared.differences.push(format!("{} {}: {}", self.plan.to, name(), differing.join("; ")));
            }
        }
    }
}
