//! What a patch needs to know of a table, and how it is written: catalogue, counters, statements.
//!
//! | file | idea |
//! |---|---|
//! | `target` | a table that a patch writes, as the catalogue has it |
//! | `written` | the database's own counters of what a transaction has written |
//! | `capture` | triggers that keep every row of a table that is changed, and what is made of it |
//! | `image` | the table that holds the rows before and after, and the statements around it |

mod capture;
mod image;
mod target;
mod written;

pub(in crate::backend) use capture::TRIGGER;
pub use capture::{Capture, Side};
pub use image::{Image, Slot, same_column};
pub use target::{Child, Foreign, Target, TargetColumn, UniqueKey};
pub use written::{Counted, Written};

use std::time::Duration;

use super::error::SqlError;
use super::reading::Read;
use super::session::{Session, each};
use crate::domain::value::{Row, Value};

impl Session {
    /// What the catalogue says of the table that `name` means, as it must stand in a statement; `None` where there is none.
    ///
    /// # Errors
    /// What the database refuses.
    pub fn patch_target(&mut self, name: &str) -> Result<Option<Target>, SqlError> {
        each!(self, session => session.patch_target(name))
    }

    /// Opens the transaction of a patch: it sees one moment, and the database counts what it writes.
    ///
    /// # Errors
    /// When the database does not count, or what it refuses.
    pub fn begin_patch(&mut self, lock: Duration, statement: Option<Duration>) -> Result<(), SqlError> {
        each!(self, session => session.begin_patch(lock, statement))
    }

    /// Sets back what [`begin_patch`](Self::begin_patch) set, once the transaction is over.
    ///
    /// # Errors
    /// When the connection is lost.
    pub fn end_patch(&mut self) -> Result<(), SqlError> {
        each!(self, session => session.end_patch())
    }

    /// Lets no trigger of the project fire on these tables until [`wake_triggers`](Self::wake_triggers): rows that go back
    /// have had what triggers did to them. Foreign keys stay as they are. Gives what wakes them.
    ///
    /// # Errors
    /// When the tables belong to another role, or what the database refuses.
    pub fn rest_triggers(&mut self, tables: &[Target]) -> Result<Vec<String>, SqlError> {
        each!(self, session => session.rest_triggers(tables))
    }

    /// Lets triggers fire again.
    ///
    /// # Errors
    /// What the database refuses.
    pub fn wake_triggers(&mut self, rested: &[String]) -> Result<(), SqlError> {
        each!(self, session => session.wake_triggers(rested))
    }

    /// Runs the one statement of a script, which writes `target`, and counts the rows that it wrote itself.
    ///
    /// # Errors
    /// What the database refuses: on SQLite also what leads the statement beyond the tables that it may read and write.
    pub fn run_statement(&mut self, statement: &Read, target: &Target) -> Result<u64, SqlError> {
        each!(self, session => session.run_statement(statement, target))
    }

    /// Looks at all constraints now that were put off to the commit, and fires the triggers that were: what those write is
    /// seen and counted, and nothing is left for the commit.
    ///
    /// # Errors
    /// Which constraint is violated, or what a trigger says.
    pub fn settle(&mut self) -> Result<(), SqlError> {
        each!(self, session => session.settle())
    }

    /// What the transaction has written so far, by the database's own counters.
    ///
    /// # Errors
    /// What the database refuses.
    pub fn written(&mut self) -> Result<Written, SqlError> {
        each!(self, session => session.written())
    }

    /// Runs a query and hands its rows over as they arrive.
    ///
    /// # Errors
    /// What the database refuses, and what `take` returns.
    pub fn stream_each(
        &mut self,
        sql: &str,
        binds: &[Value],
        take: &mut dyn FnMut(Row) -> Result<(), SqlError>,
    ) -> Result<(), SqlError> {
        each!(self, session => session.stream_each(sql, binds, take))
    }

    /// Tries to become the only one who works on `what` until the transaction ends. Where the write lock of the whole
    /// database is held already, it is so.
    ///
    /// # Errors
    /// What the database refuses.
    pub fn only_one(&mut self, what: &str) -> Result<bool, SqlError> {
        each!(self, session => session.only_one(what))
    }
}
