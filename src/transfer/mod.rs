//! Floor 3: from an old database to a new one, through a mapping.
//!
//! | file | idea |
//! |---|---|
//! | `plan/` | mapping × both catalogues: how each table is moved, or everything that is wrong at once (pure) |
//! | `run` | table after table in one transaction: probe, copy, recompute, verify |
//! | `by_table` | the same in parts, each a transaction of its own; taken up again |
//! | `spot` | rows looked at one by one, from the raw row |
//! | `undo` | the way back: what was inserted goes, what was updated is restored, where nobody changed it since |
//! | `history` | earlier transfers, as the ledger has them |
//! | `report` | what a run says of each table, and the sums that have to hold |
//! | `event`, `error` | what is told while it runs, and what went wrong |
//!
//! What differs between databases is behind [`crate::backend::Carrier`].

mod by_table;
mod error;
mod event;
pub mod history;
mod plan;
mod report;
mod run;
mod spot;
mod undo;

pub use by_table::Progress;
pub use error::TransferError;
pub use event::{Event, Observer};
pub use history::Past;
pub use plan::{Level, OnError, Plan, Problem, Skipped, plan};
pub use report::{Report, TableReport};
pub use run::{Transfer, Wanted, WriteNote};
pub use spot::{Spot, SpotFinding};
pub use undo::{Undo, Undone};
