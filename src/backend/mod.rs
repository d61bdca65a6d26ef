//! Floor 1: the databases. The only place that knows which database it is.
//!
//! Two levels. [`Basic`] is what any connection can do, an application's own Diesel connection too:
//! execute, query with dynamic rows, transactions. [`Full`] is what the sessions that `manage` opens itself
//! can do besides: locks, identity, notices, settings, cancel. [`Session`] is such a session.

pub mod basic;
pub mod error;
#[cfg(feature = "full")]
pub mod full;
#[cfg(feature = "full")]
pub mod postgres;
pub mod refinery;
#[cfg(feature = "full")]
pub mod session;
#[cfg(feature = "full")]
pub mod sqlite;

pub use basic::Basic;
pub use error::{SqlError, SqlErrorKind};
#[cfg(feature = "full")]
pub use full::{Full, Handling, Holder, Identity, IndexState, Location, Notice, TableName, Violation};
#[cfg(feature = "full")]
pub use session::{Access, Around, Opening, Session, around, handling, same_database};
