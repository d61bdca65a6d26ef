//! SQLite: diesel's connection and a rusqlite view of the same handle.
//!
//! Diesel runs its query DSL and its harness on the connection; rusqlite gives what diesel keeps to itself:
//! extended result codes, the place of an error, the autocommit state, interrupt, hooks and backup.

pub(super) mod carrier;
mod errors;
mod handle;
mod introspect;
mod lock;
mod scratch;
mod session;
mod violations;

pub(super) use errors::translate;
pub use handle::Interrupter;
pub(super) use scratch::ScratchFile;
pub use session::{SqliteSession, same_file};
