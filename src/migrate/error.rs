//! What can go wrong while migrations run.

use super::event::Finished;
use super::lock::Waiting;
use super::plan::PlanError;
use super::prepare::PrepareError;
use super::repair::RepairError;
use crate::backend::{Holder, SqlError, SqlErrorKind};
use crate::domain::explain::{Class, Explain, Place};
use crate::domain::version::Version;
use crate::ledger::LedgerError;
use crate::project::migrations::no_transaction_words;

/// A run of migrations that did not come to its end.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum MigrateError {
    /// The plan cannot be made.
    #[error(transparent)]
    Plan(#[from] PlanError),
    /// A file cannot be run. Nothing was.
    #[error(transparent)]
    Prepare(#[from] PrepareError),
    /// A migration that needs something around its transaction, among those that shall share one.
    #[error("{version} {why}, so it cannot share one")]
    NotSingle {
        /// The migration.
        version: Version,
        /// What it does instead.
        why: &'static str,
    },
    /// A migration that runs without a transaction, on a connection that the application lent.
    #[error("{version} runs without a transaction, which takes a session of manage's own")]
    NeedsSession {
        /// The migration.
        version: Version,
    },
    /// The lock is not ours any more.
    #[error("the lock was lost before {}", first(.left))]
    LockLost {
        /// What is committed.
        done: Vec<Finished>,
        /// What was not tried.
        left: Vec<Version>,
    },
    /// Somebody else migrates.
    #[error("another run holds the lock{}", held_by(.0.holder.as_ref()))]
    Locked(Waiting),
    /// Asked to stop.
    #[error("stopped before {}", first(.left))]
    Stopped {
        /// What is committed.
        done: Vec<Finished>,
        /// What was not tried.
        left: Vec<Version>,
    },
    /// A statement failed.
    #[error("migration {} {}", .0.title, .0.at)]
    Statement(Box<Failed>),
    /// The database refused something else than a statement of a file.
    #[error("{0}")]
    Sql(#[from] SqlError),
    /// The ledger cannot be used.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// There is nothing to repair.
    #[error(transparent)]
    Repair(#[from] RepairError),
}

/// Where and why a migration failed, and what stayed.
#[derive(Debug)]
pub struct Failed {
    /// The version.
    pub version: Version,
    /// Version and name.
    pub title: String,
    /// Where.
    pub at: FailedAt,
    /// What the database said.
    pub error: SqlError,
    /// What is committed.
    pub done: Vec<Finished>,
    /// What was not tried.
    pub left: Vec<Version>,
    /// What became of this one.
    pub fate: Fate,
    /// What had run in the same transaction and was rolled back with it.
    pub lost: Vec<Version>,
    /// Whether it had been taken back, to be run again.
    pub redo: bool,
    /// Whether it met what was there before the first migration.
    pub there_before: bool,
}

/// At what a migration failed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FailedAt {
    /// At a statement of its file.
    #[error("failed at statement {number} of {of}")]
    Statement {
        /// The number of the statement, from 1.
        number: usize,
        /// Of how many.
        of: usize,
        /// Where.
        place: Place,
    },
    /// After its statements, at what `manage` writes down of it.
    #[error("ran, but could not be recorded")]
    Record {
        /// The table of the history.
        table: String,
    },
}

/// What became of a migration that failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fate {
    /// Nothing of it stayed.
    RolledBack,
    /// Its first statements stayed; the next run begins at the one that failed.
    Kept {
        /// How many.
        statements: usize,
    },
    /// A statement was sent, and nobody can tell whether it finished.
    Unknown,
    /// The connection was lost in the commit: all of it stayed, or nothing.
    Unsure,
}

fn first(left: &[Version]) -> String {
    left.first().map_or_else(|| "the first migration".to_owned(), ToString::to_string)
}

fn held_by(holder: Option<&Holder>) -> String {
    holder.map(|holder| format!(": {}", holder.described())).unwrap_or_default()
}

impl MigrateError {
    /// What was committed before it.
    pub fn done(&self) -> &[Finished] {
        match self {
            Self::Stopped { done, .. } | Self::LockLost { done, .. } => done,
            Self::Statement(failed) => &failed.done,
            _ => &[],
        }
    }

    /// The same error, in the second half of a run whose first half did `before`.
    #[must_use]
    pub(super) fn after(mut self, before: &[Finished]) -> Self {
        match &mut self {
            Self::Stopped { done, .. } | Self::LockLost { done, .. } => done.splice(..0, before.iter().cloned()).for_each(drop),
            Self::Statement(failed) => {
                failed.done.splice(..0, before.iter().cloned()).for_each(drop);
                failed.redo = true;
            }
            _ => {}
        }
        self
    }
}

impl Explain for MigrateError {
    fn class(&self) -> Class {
        match self {
            Self::Plan(error) => error.class(),
            Self::Prepare(error) => error.class(),
            Self::NotSingle { .. } | Self::NeedsSession { .. } => Class::Usage,
            Self::Locked(_) => Class::Locked,
            Self::LockLost { .. } => Class::CouldNotRun,
            Self::Stopped { .. } => Class::Stopped,
            Self::Statement(failed) if failed.fate == Fate::Unknown && failed.error.kind != SqlErrorKind::Connection => {
                Class::Conflict
            }
            Self::Statement(failed) => failed.error.class(),
            Self::Sql(error) => error.class(),
            Self::Ledger(error) => error.class(),
            Self::Repair(error) => error.class(),
        }
    }

    fn place(&self) -> Option<Place> {
        match self {
            Self::Prepare(error) => error.place(),
            Self::Statement(failed) => match &failed.at {
                FailedAt::Statement { place, .. } => Some(place.clone()),
                FailedAt::Record { .. } => None,
            },
            _ => None,
        }
    }

    fn cause(&self) -> Option<String> {
        match self {
            Self::Statement(failed) => Some(failed.error.message.clone()),
            Self::Ledger(error) => error.cause(),
            _ => None,
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Plan(error) => error.hint(),
            Self::Prepare(error) => error.hint(),
            Self::NotSingle { .. } => Some("leave --single-transaction out, or go --to the version before it first".to_owned()),
            Self::NeedsSession { .. } => {
                Some("migrate over the database's URL instead of a connection: migrations.migrate(url)".to_owned())
            }
            Self::Locked(_) => Some("wait until it is done, or wait longer with --lock-timeout 5m".to_owned()),
            Self::LockLost { .. } => Some(
                "a statement or a pooler in transaction mode gave it up, or the file was replaced; look with manage status, then run the same command again"
                    .to_owned(),
            ),
            Self::Stopped { done, left } if done.iter().any(|done| left.contains(&done.version)) => {
                Some("what was taken back is run again by: manage migrate".to_owned())
            }
            Self::Stopped { .. } => Some("run the same command again: it goes on where it stopped".to_owned()),
            Self::Statement(failed) => Some(statement_hint(failed)),
            Self::Sql(error) => error.hint(),
            Self::Ledger(error) => error.hint(),
            Self::Repair(error) => error.hint(),
        }
    }

    fn sqlstate(&self) -> Option<&str> {
        match self {
            Self::Statement(failed) => failed.error.sqlstate(),
            Self::Sql(error) => error.sqlstate(),
            Self::Ledger(error) => error.sqlstate(),
            _ => None,
        }
    }

    fn details(&self) -> Vec<String> {
        match self {
            Self::Plan(error) => error.details(),
            Self::Sql(error) => error.details(),
            Self::Ledger(error) => error.details(),
            Self::Statement(failed) => {
                let mut lines = failed.error.details();
                if !failed.error.is_ours() {
                    lines.extend(failed.error.hint.iter().map(|hint| format!("the database adds: {hint}")));
                }
                lines.push(format!("{} · {}", so_far(&failed.done, &failed.left), fate(&failed.fate)));
                if !failed.lost.is_empty() {
                    let with = if failed.fate == Fate::Unsure { "in the same transaction" } else { "rolled back with it" };
                    lines.push(format!("{with}: {}", list(&failed.lost)));
                }
                lines
            }
            Self::Stopped { done, left } | Self::LockLost { done, left } => vec![so_far(done, left)],
            _ => Vec::new(),
        }
    }
}

fn statement_hint(failed: &Failed) -> String {
    let again = if failed.redo { "manage migrate" } else { "run the same command again" };
    match (&failed.fate, failed.error.kind) {
        _ if failed.error.is_ours() && failed.error.hint.is_some() => failed.error.hint.clone().unwrap_or_default(),
        _ if failed.there_before => {
            "the database has tables of its own already: if they are what the migrations make, take it over with manage adopt"
                .to_owned()
        }
        (Fate::Unsure, _) => format!("check the server, then: {again}; it finds out what is done"),
        (Fate::Unknown, kind) if kind != SqlErrorKind::Connection => {
            let repair = format!("manage repair {} --reason TEXT", failed.version);
            format!(
                "look whether the statement did its work, then say so: {repair} --statement-done, or: {repair} --statement-not-done"
            )
        }
        (_, SqlErrorKind::Permission) => "let a role that may do this run it, or grant it".to_owned(),
        (_, SqlErrorKind::Connection) => format!("check the server, then {again}"),
        (_, SqlErrorKind::Full) => format!("make room on the disk, then {again}"),
        (_, SqlErrorKind::Busy | SqlErrorKind::Serialization | SqlErrorKind::Cancelled) => again.to_owned(),
        _ => hint_at(failed, again),
    }
}

/// A hint for an error of which no more is known than where it was.
fn hint_at(failed: &Failed, again: &str) -> String {
    match &failed.at {
        FailedAt::Record { table } => {
            format!(
                "its file is not to blame: look at {table} and the tables called manage_*, for a trigger or a rule; then {again}"
            )
        }
        FailedAt::Statement { place, .. } if failed.error.kind == SqlErrorKind::InsideTransaction => {
            format!("put the statement into a migration of its own with {}", no_transaction_words(&place.file))
        }
        _ if failed.redo => "it was taken back before: correct the file, then run it with manage migrate".to_owned(),
        _ => "correct the file and run the same command again".to_owned(),
    }
}

fn so_far(done: &[Finished], left: &[Version]) -> String {
    let done: Vec<_> = done.iter().map(|done| done.version.clone()).collect();
    format!("done before it: {} · not tried: {}", list(&done), list(left))
}

fn list(versions: &[Version]) -> String {
    let shown = |versions: &[Version]| versions.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    match versions.len() {
        0 => "none".to_owned(),
        1..=3 => shown(versions),
        count => format!("{} and {} more", shown(&versions[..2]), count - 2),
    }
}

fn fate(fate: &Fate) -> String {
    match fate {
        Fate::RolledBack => "this one was rolled back whole".to_owned(),
        Fate::Kept { statements: 0 } => "nothing of this one stayed".to_owned(),
        Fate::Kept { statements: 1 } => "its first statement stayed, the next run begins after it".to_owned(),
        Fate::Kept { statements } => format!("its first {statements} statements stayed, the next run begins after them"),
        Fate::Unknown => "its last statement may or may not have finished".to_owned(),
        Fate::Unsure => "this one was committed whole or not at all: manage status tells".to_owned(),
    }
}
