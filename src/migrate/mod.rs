//! The migrate.
