//! All tests, in one binary: a folder per feature, `support` for the kit.
//!
//! Run them with `tests/run.sh`, which brings a throw-away PostgreSQL.
// They need the command line, which `--no-default-features` leaves out.
#![cfg(feature = "cli")]

mod backup;
mod baseline;
mod commands;
mod connection;
mod depth;
mod docs;
mod embed;
mod guards;
mod house;
mod layouts;
mod lint;
mod notes;
mod numbered;
mod patch;
mod platform;
mod reset;
mod safety;
mod schema;
mod service;
mod splitter;
mod support;
mod test_data;
mod transfer;
mod verify;
