//! The session on PostgreSQL, against a real server.

mod certificates;
mod conventions;
mod fakes;
mod one_session;
mod runtime;
mod server;
mod statements;
mod tls;
mod transactions;
mod types;
