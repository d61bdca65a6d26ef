//! The sessions, against real databases: what the choice of the connection stands on.

mod basic_level;
mod certificates;
mod conventions;
mod fakes;
mod one_session;
mod runtime;
mod server;
mod sqlite_session;
mod statements;
mod tls;
mod transactions;
mod types;
