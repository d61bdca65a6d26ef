//! The session on PostgreSQL, against a real server.

mod certificates;
mod one_session;
mod server;
mod statements;
