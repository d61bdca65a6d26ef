//! Floor 2: what has been done. `manage`'s own tables in the target database.
//!
//! On PostgreSQL they live in the schema `manage`, on SQLite beside the project's tables; all are called
//! `manage_*`. The first writing command makes them, refinery's embedded migrations evolve them (their
//! history is `manage_ledger_history`, so that it never meets a project's own). Reading commands only
//! [`look`](Ledger::look).

mod checks;
mod log;
mod marker;
mod notes;
mod patches;
mod progress;
mod resets;
mod restores;
mod runs;
mod schema;
mod transfers;

pub use checks::{CheckOf, CheckResult};
pub use log::{Action, Actor, Entry, Recorded};
pub use notes::{Item, NewNote, Note, Wanted};
pub use patches::{StoredImage, StoredPlan};
pub use progress::{File, Progress, ProgressState};
pub use resets::{Reset, TOKEN_SECONDS, Token};
pub use restores::{Carried, Restore};
pub use runs::{NewRun, Run};
pub use schema::{Ledger, LedgerError, Look};
pub use transfers::{TransferImage, TransferLeft, TransferTable};
