//! Floor 3: the schema as a whole.
//!
//! [`print()`] writes Diesel's schema.rs as `diesel print-schema` does. [`compare`] lists how one schema differs from
//! another, [`dump()`] writes it as SQL.

pub mod drift;
pub mod dump;
pub mod print;

pub use drift::{Drift, DriftKind, compare, described, line_diff, same_but_for_layout};
pub use dump::{Dump, as_migration, children_first, drop_all, dump};
pub use print::{PrintError, print, written_for};
