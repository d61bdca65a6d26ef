//! The migrations of a project, as files.
//!
//! [`load`] reads a folder in diesel's layout, in refinery's or in the numbered one, whichever it has.

mod diesel;
mod error;
mod generate;
mod load;
mod migration;
mod numbered;
mod refinery;
mod together;

pub use error::MigrationsError;
pub use generate::{GenerateError, Generated, NewMigration, generate};
pub use load::{detect_layout, load, load_as};
pub use migration::{Keeper, Kind, Migration, Script, Warning};
pub use refinery::no_transaction_words;
