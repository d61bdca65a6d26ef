//! `manage`: migrations, data patches, transfers, resets and their notes.
//!
//! One binary and one library for the ways in which teams change production data. The modules stand on
//! floors; a module uses floors below its own, and features do not call one another.
//!
//! | floor | modules | what they are |
//! |---|---|---|
//! | 4 | [`cli`] | the command line: the only place that prints |
//! | 4 | [`embed`](mod@embed) | migrations inside an application: start here to use the library |
//! | 3 | [`migrate`], [`lint`], [`schema`], [`backup`], [`baseline`], [`notes`], [`patch`], [`transfer`], [`verify`] | the features: plan (pure), apply, report events |
//! | 2 | [`ledger`], [`guards`], [`tenancy`] | what has been done; what may be done where; whose a row is |
//! | 1 | [`backend`], [`project`] | the databases; the files |
//! | 0 | [`domain`] | versions, checksums, SQL text, URLs, explanations |
//!
//! [`platform`] is the root project's own code: its schema in Diesel's format.
//!
//! | feature | what it adds |
//! |---|---|
//! | none of them | migrations over the URL of an SQLite file, and over any Diesel connection |
//! | `postgres` | migrations over the URL of a PostgreSQL server |
//! | `full` | what the commands need beside it |
//! | `cli`, the default | the command line |
#![cfg_attr(not(feature = "cli"), allow(rustdoc::broken_intra_doc_links))]

pub mod domain;

pub mod backend;
pub mod project;

pub mod guards;
pub mod ledger;
#[cfg(feature = "full")]
pub mod tenancy;

#[cfg(feature = "full")]
pub mod backup;
pub mod baseline;
pub mod lint;
pub mod migrate;
pub mod notes;
#[cfg(feature = "full")]
pub mod patch;
#[cfg(feature = "full")]
pub mod schema;
#[cfg(feature = "full")]
pub mod transfer;
#[cfg(feature = "full")]
pub mod verify;

#[cfg(feature = "cli")]
pub mod cli;
pub mod embed;

pub mod platform;

pub use project::Project;
