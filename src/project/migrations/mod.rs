//! The migrations of a project, as files.
//!
//! [`load`] reads a folder in diesel's layout or in refinery's, whichever it has; [`load_from`] the same from files that
//! were compiled in.

mod diesel;
mod error;
mod generate;
mod load;
mod migration;
mod refinery;
mod together;
mod tree;

pub use error::MigrationsError;
pub use generate::{GenerateError, Generated, NewMigration, generate};
pub use load::{detect_layout, load, load_as, load_from};
pub use migration::{Kind, Migration, Script, Warning};
pub use refinery::no_transaction_words;
pub use tree::Tree;
