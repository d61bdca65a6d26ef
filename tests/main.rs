//! The tests that run the binary, on both databases.
// They need the command line, which `--no-default-features` leaves out.
#![cfg(feature = "cli")]

mod house;
mod support;
