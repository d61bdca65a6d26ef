//! What a transfer tells while it runs.

use std::sync::Arc;

use crate::backend::{Compared, Moved, Watch};
use crate::domain::transfer::TablePlan;

/// Something that happened.
pub enum Event<'a> {
    /// It begins; this counts the rows. Only for who watches.
    Begun(Arc<Watch>),
    /// A table begins. For who watches also how many rows the source has.
    Table(&'a TablePlan, Option<u64>),
    /// Its rows are where they belong, not yet for good.
    Moved(&'a TablePlan, &'a Moved),
    /// Both sides are added up.
    Compared(&'a TablePlan, &'a Compared),
}

/// Somebody who is told.
pub trait Observer {
    /// Takes an event.
    fn on(&mut self, event: &Event<'_>);

    /// Whether somebody looks on while it runs.
    fn watches(&self) -> bool {
        false
    }
}
