//! New values that a function computes, for what SQL cannot say: the rules of an address, the inside of a JSON text.

use std::fmt;
use std::sync::Arc;

use crate::domain::value::{Row, Value};

/// What a function makes of a candidate: the new values of its columns, nothing (the row stays as it is), or why a person
/// has to decide. The reason is shown: no values of other rows belong there.
pub type Computed = Result<Option<Vec<Value>>, String>;

/// A function that computes new values from the rows that a script's query gives.
///
/// It must depend on nothing but the row: the same row always gives the same values, or no plan could be kept. What it
/// gives goes the way of every patch: into the plan, past all proofs, and back with an undo.
#[derive(Clone)]
pub struct RustForm {
    /// The columns to which it gives values.
    pub columns: Vec<String>,
    compute: Arc<dyn Fn(&Row) -> Computed + Send + Sync>,
}

impl RustForm {
    /// A function that gives values to these columns, in their order.
    pub fn new(columns: &[&str], compute: impl Fn(&Row) -> Computed + Send + Sync + 'static) -> Self {
        Self { columns: columns.iter().map(|name| (*name).to_owned()).collect(), compute: Arc::new(compute) }
    }

    /// What it makes of a row.
    pub(super) fn compute(&self, row: &Row) -> Computed {
        (self.compute)(row)
    }
}

impl fmt::Debug for RustForm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RustForm").field("columns", &self.columns).finish_non_exhaustive()
    }
}
