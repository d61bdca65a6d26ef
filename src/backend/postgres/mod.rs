//! PostgreSQL: one session for everything.
//!
//! [`PostgresSession`] puts Diesel's `Connection` over the `postgres` client. Diesel's queries, the migration
//! tools, statements of our own, COPY, notices and cancelling share one connection and one transaction;
//! `docs/decisions/0001-one-connection.md` says why and what it costs.
//!
//! From the outside in: `connect` reaches a server by what `conninfo` gathers and `tls` proves; `session` is
//! the connection, `state` what it remembers, `errors` the server's words in ours. `diesel`, `basic`
//! and `full` are its faces; `rows`, `cursor`, `binds`, `values` and `text_form` carry data.

mod basic;
mod binds;
mod cancel;
#[cfg(feature = "full")]
mod carrier;
mod catalogue;
mod connect;
mod conninfo;
#[cfg(feature = "full")]
mod content;
mod cursor;
mod database;
mod diesel;
#[cfg(feature = "full")]
mod dump;
mod errors;
#[cfg(feature = "full")]
mod fill;
mod full;
mod introspect;
mod lock;
#[cfg(feature = "full")]
mod patching;
#[cfg(feature = "full")]
mod programs;
mod raw;
#[cfg(feature = "full")]
mod reading;
mod rehearsal;
#[cfg(feature = "full")]
mod replace;
mod rows;
#[cfg(feature = "full")]
mod scratch;
mod session;
mod state;
mod text_form;
mod thread;
mod tls;
mod users;
mod values;
mod watch;
#[cfg(feature = "full")]
mod wipe;

pub use crate::backend::server::MIGRATION_LOCK;
pub use cancel::CancelHandle;
#[cfg(feature = "full")]
pub(super) use carrier::PostgresCarrier;
pub use cursor::PgCursor;
pub use database::same_database;
pub use raw::RawError;
#[cfg(feature = "full")]
pub(super) use replace::{name_of_new, name_of_proof};
pub use rows::{PgField, PgRow};
#[cfg(feature = "full")]
pub(super) use scratch::ScratchDatabase;
pub use session::PostgresSession;
