//! The splitter against the plain clients: the pieces of a file are what the client sends, and do what it does.

mod clients;
mod files;
mod generated;
mod psql;
pub mod random;
mod sqlite;
mod three_hundred;
