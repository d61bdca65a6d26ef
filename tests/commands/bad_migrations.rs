//! bad_migrations
