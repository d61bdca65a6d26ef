//! Reading with both hands tied: one snapshot, one query at a time, nothing that writes.
//!
//! For scripts that somebody else wrote: checks and reports. Whatever such a script tries, the database refuses it.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::error::SqlError;
use super::session::{Session, each};
use crate::domain::value::{Row, Value};

/// A query of a script.
#[derive(Debug, Clone)]
pub struct Read {
    /// The statement, with the database's own placeholders.
    pub sql: String,
    /// Their values.
    pub binds: Vec<Value>,
    /// The tables that it may read, by their names in the catalogue, and whether each is a view; `None` for all. Only
    /// SQLite tells which table a statement really reads, so PostgreSQL does not look at it.
    pub tables: Option<Arc<Readable>>,
}

/// Tables that a query may read, and whether each is a view, behind which other tables may be read.
pub type Readable = BTreeMap<String, bool>;

/// What the catalogue says of the tables and views that a name may mean.
#[derive(Debug, Clone, Default)]
pub struct Relations {
    /// The names of all schemas.
    pub schemas: Vec<String>,
    /// Tables and views that a name without a schema means, in the session's own search path.
    pub visible: Vec<Relation>,
    /// Operators of the project's own, whose functions may do anything.
    pub operators: Vec<String>,
    /// Types with casts of the project's own, whose functions may do anything.
    pub casts: Vec<String>,
}

/// A table or view.
#[derive(Debug, Clone)]
pub struct Relation {
    /// Its schema; on SQLite `main`.
    pub schema: String,
    /// Its name.
    pub name: String,
    /// Its name as it must stand in a statement.
    pub sql: String,
    /// Whether it is a view.
    pub view: bool,
    /// Whether it is the database's own, an extension's, or bookkeeping of a tool.
    pub foreign: bool,
    /// Its columns. Not told of the database's own.
    pub columns: Vec<RelationColumn>,
}

/// A column of a table or view.
#[derive(Debug, Clone)]
pub struct RelationColumn {
    /// Its name.
    pub name: String,
    /// Whether it takes NULL.
    pub nullable: bool,
    /// Its type as SQL writes it.
    pub type_text: String,
    /// Whether it is part of the primary key.
    pub key: bool,
}

/// What the catalogue says of a function that a name may mean.
#[derive(Debug, Clone)]
pub struct Function {
    /// Its name.
    pub name: String,
    /// Its schema.
    pub schema: String,
    /// Whether it may have effects, or gives another answer each time.
    pub volatile: bool,
    /// Whether it is sure to look at nothing but its arguments: the database's own word, or an extension's compiled code.
    pub harmless: bool,
    /// Whether it can be called like a column: with one argument that takes whole rows.
    pub like_a_column: bool,
}

impl Session {
    /// Opens a transaction that only reads and sees one moment; that of `shared`, where another session has
    /// [exported](Self::export_snapshot) its own.
    ///
    /// # Errors
    /// What the database refuses.
    pub fn begin_snapshot(&mut self, shared: Option<&str>) -> Result<(), SqlError> {
        each!(self, session => session.begin_snapshot(shared))
    }

    /// Gives the name under which other sessions can read the same snapshot; `None` where the database cannot share one.
    ///
    /// # Errors
    /// What the database refuses.
    pub fn export_snapshot(&mut self) -> Result<Option<String>, SqlError> {
        each!(self, session => session.export_snapshot())
    }

    /// Ends the snapshot.
    ///
    /// # Errors
    /// When the connection is lost.
    pub fn end_snapshot(&mut self) -> Result<(), SqlError> {
        each!(self, session => session.end_snapshot())
    }

    /// Runs a query within the snapshot and hands its rows over as they arrive. One that fails leaves the snapshot usable.
    ///
    /// # Errors
    /// What the database refuses, writing above all, and what `take` returns.
    pub fn read_rows(&mut self, read: &Read, take: &mut dyn FnMut(Row) -> Result<(), SqlError>) -> Result<(), SqlError> {
        each!(self, session => session.read_rows(read, take))
    }

    /// Lets the database look at a query without running it, and gives the names of its columns.
    ///
    /// # Errors
    /// What the database refuses.
    pub fn prepare_read(&mut self, read: &Read) -> Result<Vec<String>, SqlError> {
        each!(self, session => session.prepare_read(read))
    }

    /// The tables and views.
    ///
    /// # Errors
    /// What the database refuses.
    pub fn relations(&mut self) -> Result<Relations, SqlError> {
        each!(self, session => session.relations())
    }

    /// The functions of these names. On SQLite none: it has no functions of a project's own.
    ///
    /// # Errors
    /// What the database refuses.
    pub fn functions(&mut self, names: &[String]) -> Result<Vec<Function>, SqlError> {
        each!(self, session => session.functions(names))
    }
}
