//! What one run is to do.

use std::collections::BTreeMap;
use std::time::Duration;

use super::error::PatchError;
use super::rust_form::RustForm;
use super::source::ScriptQuery;
use crate::backend::patching::Image;
use crate::domain::value::Value;
use crate::ledger::{Ledger, NewRun};
use crate::project::csv::Csv;
use crate::project::scripts::Op;
use crate::tenancy::{Account, Map, Site};

/// The account to which a run is confined.
#[derive(Debug, Clone, Copy)]
pub struct Confinement<'a> {
    /// Whose a row is.
    pub map: &'a Map,
    /// The account.
    pub account: &'a Account,
    /// The site.
    pub site: Option<&'a Site>,
}

/// What one run is to do.
pub struct Job<'a> {
    /// How it stands in the ledger.
    pub run: NewRun,
    /// The tenancy map, where the project has one.
    pub map: Option<&'a Map>,
    /// The account to which it is confined; none for a script that is not about one.
    pub confined: Option<Confinement<'a>>,
    /// What it writes, in order.
    pub parts: Vec<PartJob>,
    /// The values of its parameters; `now`, `account` and `site` among them.
    pub values: BTreeMap<String, Value>,
    /// Columns that digest and undo leave out.
    pub volatile: Vec<String>,
    /// What triggers and cascades may write.
    pub side_effects: BTreeMap<String, Vec<Op>>,
    /// Checks that must find nothing afterwards.
    pub verify: Vec<String>,
    /// Those of them that may go on finding what they found before.
    pub leaves: Vec<String>,
    /// More rows than this are refused.
    pub max_rows: Option<u64>,
    /// The digest that the plan must have, or the beginning of it.
    pub expect: Option<String>,
    /// How long a statement may wait for a lock.
    pub lock: Duration,
    /// How long a statement may take; as long as it needs where none is said.
    pub statement: Option<Duration>,
    /// How it goes when it is too large for one transaction.
    pub batching: Batching,
    /// The ledger.
    pub ledger: Ledger,
}

/// How a run goes that is too large for one transaction.
#[derive(Debug, Clone)]
pub struct Batching {
    /// More rows than these do not go in one transaction.
    pub single_tx_rows: u64,
    /// How many rows a batch has.
    pub size: u64,
    /// How long to wait between batches.
    pub pause: Duration,
    /// Whether somebody has said how many rows may be written, so that what cannot go in batches may be that large.
    pub large: bool,
    /// Whether a rehearsal does all of it, however much that is.
    pub full: bool,
}

impl Default for Batching {
    fn default() -> Self {
        Self { single_tx_rows: 100_000, size: 20_000, pause: Duration::ZERO, large: false, full: false }
    }
}

/// One part of it.
pub struct PartJob {
    /// The table, as the script names it.
    pub table: String,
    /// The columns that name a row; none where the table's own are taken.
    pub key: Vec<String>,
    /// What is done with the rows.
    pub op: Op,
    /// Where the rows come from.
    pub source: Source,
}

/// Where the rows of a part come from.
pub enum Source {
    /// A query of a script.
    Script(Box<ScriptQuery>),
    /// A statement of a script, which writes by itself.
    Statement(Box<ScriptQuery>),
    /// Rows that Rust computes from those of a query.
    Rust(Box<ScriptQuery>, RustForm),
    /// Rows of a file, in the place of those of a query.
    File(Box<ScriptQuery>, Csv),
    /// A run that is taken back.
    Back {
        /// Its image.
        image: Box<Image>,
        /// What it did: `update`, `delete`, `insert`.
        op: String,
        /// Whether rows that somebody has changed since are left out.
        skip: bool,
    },
}

impl Source {
    /// The script's query, where there is one.
    pub(super) fn query(&self) -> Option<&ScriptQuery> {
        match self {
            Self::Script(query) | Self::Statement(query) | Self::Rust(query, _) | Self::File(query, _) => Some(query),
            Self::Back { .. } => None,
        }
    }

    /// An error with the place of the query, where there is one.
    pub(super) fn placed(&self, error: PatchError) -> PatchError {
        match self.query() {
            Some(query) => error.at(query.place.clone()),
            None => error,
        }
    }
}

/// The word for what is done with rows.
pub(super) fn word(op: Op) -> &'static str {
    match op {
        Op::Update => "update",
        Op::Delete => "delete",
        Op::Insert => "insert",
    }
}
