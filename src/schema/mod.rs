//! Floor 3: the schema as a whole.
//!
//! [`print()`] writes Diesel's schema.rs as `diesel print-schema` does.

pub mod print;

pub use print::{PrintError, print};
