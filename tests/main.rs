//! All tests, in one binary: a file per feature, `support` for the kit.
//!
//! Run them with `tests/run.sh`, which brings a throw-away PostgreSQL.

mod connection;
mod house;
mod platform;
mod support;
