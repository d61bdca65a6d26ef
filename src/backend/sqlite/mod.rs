//! SQLite: diesel's connection and other views of the same handle.
//!
//! Diesel runs its query DSL and its harness on the connection; `raw` gives what diesel keeps to itself: extended
//! result codes, the place of an error, the autocommit state, interrupt. With the feature `full` there is a rusqlite
//! view, too, for hooks and backup.

#[cfg(feature = "full")]
pub(super) mod carrier;
#[cfg(feature = "full")]
mod content;
#[cfg(feature = "full")]
mod copy;
mod errors;
pub(super) mod file;
#[cfg(feature = "full")]
mod fill;
mod handle;
mod introspect;
mod lock;
#[cfg(feature = "full")]
mod patching;
mod raw;
#[cfg(feature = "full")]
mod reading;
#[cfg(feature = "full")]
mod scratch;
mod session;
#[cfg(feature = "full")]
mod statement;
#[cfg(all(feature = "full", unix))]
mod users;
pub(super) mod violations;

#[cfg(feature = "full")]
pub(super) use copy::name_of_new;
#[cfg(feature = "full")]
pub(super) use errors::translate;
pub use handle::Interrupter;
pub(super) use lock::LockFile;
#[cfg(feature = "full")]
pub(super) use scratch::ScratchFile;
pub use session::{SqliteSession, same_file};

/// A value as a transfer sees it.
#[cfg(feature = "full")]
pub(super) fn cell(value: rusqlite::types::ValueRef<'_>) -> crate::domain::transfer::Cell<'_> {
    carrier::cell(value)
}

/// The `file:` URI by which the file at `path` is only read.
#[cfg(feature = "full")]
pub(super) fn readable(path: &std::path::Path) -> Result<String, super::error::SqlError> {
    session::uri(path, "ro")
}
