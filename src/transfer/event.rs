//! What a transfer tells while it runs.

use crate::backend::{Compared, Moved};
use crate::domain::transfer::TablePlan;

/// Something that happened.
pub enum Event<'a> {
    /// A table begins.
    Table(&'a TablePlan),
    /// Its rows are where they belong, not yet for good.
    Moved(&'a TablePlan, &'a Moved),
    /// Both sides are added up.
    Compared(&'a TablePlan, &'a Compared),
}

/// Somebody who is told.
pub trait Observer {
    /// Takes an event.
    fn on(&mut self, event: &Event<'_>);
}
