//! Floor 3: notes as people read them.
//!
//! The ledger is the truth ([`crate::ledger::Note`]). [`markdown`] makes the file of a note and reads who it is
//! from; [`compare`] says in what a ledger and a folder of such files differ.

mod check;
mod markdown;

pub use check::{Difference, OpenItem, compare, still_open};
pub use markdown::{Seal, file_name, markdown, seal_of};
