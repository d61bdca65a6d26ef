//! The platform's migrations: they go up, come back, and both databases end up alike.

mod database;
mod files;

mod data;
mod schema;
mod states;
mod ways_back;
