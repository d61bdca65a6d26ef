//! What happens, told while it happens.

use std::time::Duration;

use super::lock::Waiting;
use super::plan::Direction;
use super::rehearse::TakenLock;
use crate::backend::{Blocker, Notice, SqlError};
use crate::domain::version::Version;

/// A migration that is through: its transaction is committed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finished {
    /// The version.
    pub version: Version,
    /// The name.
    pub name: String,
    /// Forward or back.
    pub direction: Direction,
    /// How many statements ran now.
    pub statements: usize,
    /// How long it took.
    pub took: Duration,
    /// Whether it was only recorded.
    pub faked: bool,
}

/// Something that happened.
#[derive(Debug, Clone)]
pub enum Event<'a> {
    /// Somebody else holds the lock.
    Waiting(&'a Waiting),
    /// A migration begins.
    Started {
        /// The version.
        version: &'a Version,
        /// The name.
        name: &'a str,
        /// How many statements it has.
        statements: usize,
    },
    /// A statement of a file without a transaction is through.
    Statement {
        /// Its number, from 1.
        number: usize,
        /// Of how many.
        of: usize,
        /// How long it took.
        took: Duration,
        /// Whether an earlier run had done it.
        skipped: bool,
    },
    /// A migration did not get its lock, was rolled back, and is tried again.
    Again {
        /// The number of the next try, from 2.
        attempt: u32,
        /// Of how many.
        of: u32,
        /// How long we wait before it.
        wait: Duration,
        /// What the database said.
        error: &'a SqlError,
        /// Who was in the way, as far as it can be known.
        blockers: &'a [Blocker],
    },
    /// A statement was rehearsed.
    Rehearsed {
        /// Its number, from 1.
        number: usize,
        /// Of how many.
        of: usize,
        /// How long it took.
        took: Duration,
        /// The strongest lock that it newly took, where the database tells.
        lock: Option<TakenLock>,
    },
    /// The database said something.
    Notice(&'a Notice),
    /// Committed.
    Finished(&'a Finished),
}

/// Who is told.
pub trait Observer {
    /// Something happened.
    fn on(&mut self, event: &Event<'_>);
}

/// Tells nobody.
pub struct Ignore;

impl Observer for Ignore {
    fn on(&mut self, _event: &Event<'_>) {}
}
