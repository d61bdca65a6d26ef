//! Rows looked at one by one: what they are to become is worked out from the raw row, without the mapping's SQL.

use crate::backend::{Carrier, Pick, Sampled, SqlError};
use crate::domain::transfer::{Conflict, Moment, TablePlan, canonical_field};
use crate::project::mapping::Mapping;

/// What a look at single rows found.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Spot {
    /// Rows that were looked at and compared.
    pub rows: u64,
    /// Rows that were looked at and stay behind.
    pub left: u64,
    /// What is not as it should be.
    pub findings: Vec<SpotFinding>,
}

/// A row that is not as it should be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SpotFinding {
    /// The table of the target.
    pub table: String,
    /// The key of the source's row.
    pub key: String,
    /// What is wrong.
    pub message: String,
}

impl Spot {
    /// Looks at rows of all tables: some that a seed chooses, and those that the mapping names.
    pub(super) fn check(
        carrier: &mut dyn Carrier,
        tables: &[TablePlan],
        mapping: &Mapping,
        now: &Moment,
        is_moved: &dyn Fn(usize) -> bool,
    ) -> Result<Self, SqlError> {
        let mut spot = Self::default();
        for (at, table) in tables.iter().enumerate().filter(|(at, _)| is_moved(*at)) {
            let pick = Pick::Random { count: mapping.verify.sample, seed: mapping.verify.seed };
            for sampled in carrier.sample(at, &pick)? {
                spot.look(table, &sampled, now);
            }
            let Some(named) = mapping.verify.spot.get(table.from.table.as_str()).filter(|_| table.from.unpivot.is_none()) else {
                continue;
            };
            for (column, values) in named {
                for value in values {
                    let value = match value {
                        toml::Value::String(text) => text.clone(),
                        toml::Value::Integer(number) => number.to_string(),
                        other => format!("{other:?}"),
                    };
                    let found = carrier.sample(at, &Pick::Value { column, value: &value })?;
                    if found.is_empty() {
                        spot.findings.push(SpotFinding {
                            table: table.to.clone(),
                            key: format!("{column} '{value}'"),
                            message: format!("{} of the source has no such row", table.from.table),
                        });
                    }
                    for sampled in found {
                        spot.look(table, &sampled, now);
                    }
                }
            }
        }
        Ok(spot)
    }

    fn look(&mut self, table: &TablePlan, sampled: &Sampled, now: &Moment) {
        if sampled.left {
            self.left += 1;
            return;
        }
        self.rows += 1;
        let mut finding = |message: String| {
            self.findings.push(SpotFinding { table: table.to.clone(), key: sampled.key.clone(), message });
        };
        let Some(found) = &sampled.found else {
            finding("is missing in the target".to_owned());
            return;
        };
        // A row that was there before keeps what the mapping lets it keep.
        let keeps = matches!(table.conflict, Conflict::Update);
        let held = |name: &str| table.columns.iter().position(|column| column.to == name).map(|at| found[at].borrowed());
        let stays = !table.may_update(&sampled.inputs, now, &held);
        for (at, column) in table.checked() {
            let expected = match column.value(&sampled.inputs, now, &mut Vec::new()) {
                Ok(cell) => cell,
                Err(fault) => {
                    finding(format!("{} {}", column.to, fault.message));
                    continue;
                }
            };
            let (mut left, mut right) = (Vec::new(), Vec::new());
            canonical_field(column.kind, &expected, &mut left);
            canonical_field(column.kind, &found[at], &mut right);
            let kept = keeps
                && (stays
                    || column.preserve
                    || column.is_from_the_clock()
                    || (!table.null_overwrites && (expected.is_null() || column.is_filled_in(&sampled.inputs, now)))
                    || expected.as_str() == Some(&now.text));
            if left != right && !kept {
                finding(format!("{} is {}, expected {}", column.to, found[at].shown(), expected.shown()));
            }
        }
    }
}
