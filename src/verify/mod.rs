//! Floor 3: checks. Every row that a `verify_*` script returns is a finding; nothing is ever written.
//!
//! [`Check`] is a script that is ready to be run (confined, its parameters bound), [`run`] runs the checks of one
//! account in the snapshot that is open and gives a [`Result`] each: pass, warn, fail, error or skip.

mod check;
mod error;
mod every;
mod finding;
mod inspect;
mod report;
mod run;

pub use check::{Check, Scoping};
pub use error::CheckError;
pub use every::Every;
pub use finding::Finding;
pub use inspect::{inspect, inspect_all};
pub use report::{Report, Section, SectionKind, Step, Told};
pub use run::{Given, Outcome, Status, outcome_of, run};
