//! Floor 1: the databases. The only place that knows which database it is.
//!
//! Two levels. [`Basic`] is what any connection can do: execute, query with dynamic rows, transactions.
//! [`OnDiesel`] gives it to an application's own Diesel connection. [`Full`] is what the sessions that `manage`
//! opens itself can do besides: locks, identity, notices, settings, cancel. `Session` (feature `full`) is such
//! a session.

pub mod basic;
#[cfg(feature = "full")]
pub mod carrier;
mod column;
pub mod error;
pub mod full;
mod handling;
mod on_diesel;
#[cfg(feature = "full")]
pub mod postgres;
pub mod refinery;
#[cfg(feature = "full")]
mod scratch;
#[cfg(feature = "full")]
pub mod session;
#[cfg(feature = "full")]
mod spool;
#[cfg(feature = "full")]
pub mod sqlite;

pub use basic::Basic;
#[cfg(feature = "full")]
pub use carrier::{Carrier, Chunk, Compared, DuplicateGroup, Fate, KeyDuplicates, Left, Moved, Pick, Sampled, Scope};
pub use column::{column_is_there, column_type, has_column, rfc3339_now};
pub use error::{SqlError, SqlErrorKind};
pub use full::{Blocker, Full, HeldLock, Holder, Identity, IndexState, Limits, Location, Notice, Span, TableName, Violation};
pub use handling::{Around, Handling, around, handling};
pub use on_diesel::{Dynamic, OnDiesel};
#[cfg(feature = "full")]
pub use scratch::Scratch;
#[cfg(feature = "full")]
pub use session::{Access, Canceller, Opening, Session, same_database};
#[cfg(feature = "full")]
pub use spool::{Reason, Spool};
