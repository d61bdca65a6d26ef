//! `manage`: migrations, data patches, transfers, resets and their notes.
//!
//! One binary and one library for the ways in which teams change production data. The modules stand on
//! floors; a module uses floors below its own, and features do not call one another.
//!
//! | floor | modules | what they are |
//! |---|---|---|
//! | 4 | [`cli`] | the command line: the only place that prints |
//! | 3 | [`migrate`], [`lint`], [`schema`], [`notes`], [`transfer`] | the features: plan (pure), apply, report events |
//! | 2 | [`ledger`], [`guards`] | what has been done; what may be done where |
//! | 1 | [`backend`], [`project`] | the databases; the files |
//! | 0 | [`domain`] | versions, checksums, SQL text, URLs, explanations |
//!
//! [`platform`] is the root project's own code: its schema in Diesel's format.
#![cfg_attr(not(feature = "full"), allow(rustdoc::broken_intra_doc_links))]

pub mod domain;

pub mod backend;
pub mod project;

pub mod guards;
pub mod ledger;

pub mod lint;
pub mod migrate;
pub mod notes;
pub mod schema;
#[cfg(feature = "full")]
pub mod transfer;

#[cfg(feature = "cli")]
pub mod cli;

pub mod platform;
