//! The session on PostgreSQL, against a real server.

mod certificates;
mod server;
mod statements;
