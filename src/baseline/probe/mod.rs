//! Statements that must pass, and statements that must fail on a named constraint: whether a schema refuses what it is
//! to refuse. Each one runs in a transaction that is rolled back.
//!
//! [`read`] reads a file of probes, [`run()`] runs them.

mod file;
mod matching;
mod run;

pub use file::{Expected, Probe, ProbeError, Probes, read};
pub use run::{Probed, Verdict, run};
