//! What the pages say is what the binary does.
//!
//! `UPDATE_REFERENCE=1 tests/run.sh --test it docs` writes the made pages and the shown runs anew.

mod commands;
mod embedding;
mod example;
mod library;
mod links;
mod page;
mod readme;
mod reference;
pub mod runs;
mod screen;
mod served;
