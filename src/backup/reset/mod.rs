//! Resets: everything goes, the present migrations make the schema anew.
//!
//! `plan` says what goes and what stays, and what is prepared (pure); `apply` does it, at once or not at all.

mod apply;
mod plan;

pub use apply::{Done, Resetting, Work, reset};
pub use plan::{Check, Gathered, Line, Prepared, checks, digest, goes, own_schemas, stays, within};
