//! Guards the house: who may use whom, and who may print, exit, read files or look at the clock.
//!
//! A rule that stands in the way is a question to the people of the house, not a line to work around. Where the
//! answer is yes, the exception goes into the table in `rules.rs`, with its reason.

mod floors;
mod paths;
mod rules;
mod source;

/// Fails with one line a finding: `file:line what`.
#[track_caller]
fn assert_none(findings: &[String], why: &str) {
    assert!(findings.is_empty(), "{why}\n{}\n", findings.join("\n"));
}
