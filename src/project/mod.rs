//! Floor 1: the files of a project. The only place, beside the command line, that reads and writes files.
//!
//! [`Project`] finds the folder and reads `manage.toml`; [`migrations`] reads the migrations in it, [`scripts`] the
//! scripts, [`tenancy`] is the map of the accounts, `csv` reads files of rows; [`diesel_toml`]
//! and [`rustfmt`] read how schema.rs is to be written.

#[cfg(feature = "full")]
pub mod backup_file;
pub mod config;
#[cfg(feature = "full")]
pub mod csv;
pub mod diesel_toml;
#[cfg(feature = "cli")]
pub mod dotenv;
pub mod expand;
mod find;
pub mod mapping;
pub mod migrations;
pub mod notes;
pub mod rustfmt;
pub mod scripts;
pub mod tenancy;
pub mod texts;

pub use config::{Config, ConfigError, Environment};
pub use diesel_toml::{DieselToml, PrintSchema};
pub use find::{FindError, Project};
pub use migrations::{Migration, MigrationsError, Script};
