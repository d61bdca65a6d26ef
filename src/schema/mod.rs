//! Floor 3: the schema as a whole.
//!
//! [`print()`] writes Diesel's schema.rs as `diesel print-schema` does. [`compare`] lists how one schema differs from
//! another.

pub mod drift;
pub mod print;

pub use drift::{Drift, DriftKind, compare, line_diff, same_but_for_layout};
pub use print::{PrintError, print};
