//! The migrations of a project, as files.

mod diesel;
mod generate;
mod migration;

pub use diesel::{MigrationsError, load};
pub use generate::{GenerateError, Generated, NewMigration, generate};
pub use migration::{Kind, Migration, Script, Warning};
