//! Floor 1: the databases. The only place that knows which database it is.
//!
//! Two levels. [`Basic`] is what any connection can do: execute, query with dynamic rows, transactions.
//! [`OnDiesel`] gives it to an application's own Diesel connection, and [`Attached`] what migrations need besides. [`Full`] is what the sessions that `manage`
//! opens itself can do besides: locks, identity, notices, settings, cancel. [`Session`] is such a session: on
//! SQLite always, on PostgreSQL with the feature `postgres`.

mod attached;
pub mod basic;
mod beside;
#[cfg(feature = "full")]
pub mod carrier;
mod column;
#[cfg(feature = "full")]
mod copying;
pub mod error;
#[cfg(feature = "full")]
mod filling;
pub mod full;
mod handling;
mod on_diesel;
#[cfg(feature = "full")]
mod paired;
#[cfg(feature = "full")]
pub mod patching;
#[cfg(feature = "postgres")]
pub mod postgres;
#[cfg(feature = "full")]
pub mod reading;
pub mod refinery;
pub mod rows;
#[cfg(feature = "full")]
mod scratch;
mod server;
pub mod session;
#[cfg(feature = "full")]
mod spool;
pub mod sqlite;

pub use attached::Attached;
pub use basic::Basic;
pub use beside::beside_the_schema;
#[cfg(feature = "full")]
pub use carrier::{
    Carrier, Chunk, Compared, DuplicateGroup, Fate, KeyDuplicates, Left, Moved, Pick, Sampled, Scope, Slower, Watch,
};
pub use column::{column_is_there, column_type, has_column, rfc3339_now};
#[cfg(feature = "full")]
pub use copying::{Copied, Installed, Job, LeftOver, LeftOverKind, Obstacle, Progress, Rights, Step};
pub use error::{SqlError, SqlErrorKind};
pub use full::{Blocker, Full, HeldLock, Holder, Identity, IndexState, Limits, Location, Notice, Span, TableName, Violation};
pub use handling::{Around, Handling, around, handling};
pub use on_diesel::{BeginWith, Dynamic, OnDiesel};
#[cfg(feature = "full")]
pub use reading::{Function, Read, Readable, Relation, RelationColumn, Relations};
#[cfg(feature = "full")]
pub use scratch::{Purpose, Scratch};
pub use session::{Access, Canceller, Opening, Session, same_database};
#[cfg(feature = "full")]
pub use spool::{Reason, Spool};
