//! Floor 4: the command line. One file a verb: its arguments, its help, one function.
//!
//! The words typed lead to the file: `manage migrate` is `migrate.rs`, `manage new migration` is
//! `new/migration.rs`. What commands share: [`context`] (settings, project, database), [`output`] (the
//! screen), [`failure`] and [`exit`] (how a command ends).

pub mod adopt;
pub mod approve;
pub mod backup;
pub mod baseline;
pub mod completions;
pub mod consent;
pub mod context;
pub mod database;
pub mod difference;
pub mod doctor;
pub mod exit;
pub mod export;
pub mod failure;
pub mod fix;
pub mod global;
pub mod habits;
pub mod init;
pub mod lint;
pub mod logging;
pub mod man;
pub mod marker;
pub mod migrate;
pub mod new;
pub mod notes;
pub mod notice;
pub mod noting;
pub mod output;
pub mod patching;
pub mod progress;
pub mod redo;
pub mod reference;
pub mod rehearse;
pub mod repair;
pub mod report;
pub mod reset;
pub mod restore;
pub mod rollback;
pub mod running;
pub mod runs;
pub mod schema;
pub mod scope;
pub mod scripts;
pub mod signals;
pub mod start;
pub mod status;
pub mod test_data;
pub mod transfer;
pub mod undo;
pub mod verify;
pub mod waiting;
pub mod watch;

pub use start::{Cli, run};
