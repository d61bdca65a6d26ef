//! The migrations of a project, as files.
//!
//! [`load`] reads a folder in diesel's layout, in refinery's or in the numbered one, whichever it has; [`load_from`] the
//! same from files that were compiled in. [`baseline`] puts one migration in place of all.

pub mod baseline;
mod diesel;
mod error;
mod generate;
mod load;
mod migration;
mod numbered;
mod refinery;
mod together;
mod tree;

pub use error::MigrationsError;
pub use generate::{GenerateError, Generated, NewMigration, generate, slug};
pub use load::{detect_layout, load, load_as, load_from};
pub use migration::{Keeper, Kind, Migration, Script, Warning};
pub use refinery::no_transaction_words;
pub use tree::Tree;
