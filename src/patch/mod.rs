//! Floor 3: data patches that are proved, reversible and remembered.
//!
//! | file | idea |
//! |---|---|
//! | `source` | a part of a script as a query that is confined and has its parameters |
//! | `rust_form` | new values that a function computes |
//! | `job` | what one run is to do: parts, account, limits |
//! | `engine` | the transaction: plan, write, prove, verify, remember |
//! | `part` | one part: plan into the image, write from it, hold the two against each other |
//! | `capture` | what triggers and cascades do, kept row by row |
//! | `statement` | a part that writes by its own statement |
//! | `staged` | rows that no query gives, on their way into the image |
//! | `judge` | the checks before and after |
//! | `batches` | a run that is too large for one transaction: keep the plan, go on, stop, end, give up |
//! | `batch` | one batch: a slice of the image held against the rows as they are, written and proved |
//! | `owned` | whose the rows are, before and after |
//! | `prove` | the database's counters against the plan |
//! | `digest` | the identity of a plan |
//! | `undo` | a run taken back: the parts of a job made from its images |
//! | `done` | what came of it |
//! | `error` | why not |
//!
//! [`run()`] is the movement: everything happens in one transaction that is committed or, for a rehearsal, rolled back. What
//! is too large for that goes in batches: [`go_on()`] is the movement from the plan that is kept to the end.

mod batch;
mod batches;
mod capture;
mod digest;
mod done;
mod engine;
mod error;
mod job;
mod judge;
mod owned;
mod part;
mod prove;
mod rust_form;
mod source;
mod staged;
mod statement;
mod undo;

pub use batches::{Checkpoint, GivenUp, give_up, go_on};
pub use done::{Batched, Change, Checked, Done, PartDone};
pub use engine::{Around, Mode, run};
pub use error::{PatchError, Unfinished};
pub use job::{Batching, Confinement, Job, PartJob, Source};
pub use rust_form::{Computed, RustForm};
pub use source::{Part, ScriptQuery, queries, side_effects};
pub use undo::{Clash, clashes, effects_back, part_kept, parts_back};
