//! How to run.

use std::time::Duration;

use crate::ledger::Action;
use crate::migrate::patience::Patience;

/// Whether migrations run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Manner {
    /// They do.
    #[default]
    Run,
    /// They are only recorded, because somebody says that the database has them.
    Fake,
    /// They are only recorded, because the database was found to be what they make.
    Adopt,
}

impl Manner {
    /// Whether statements are sent.
    pub fn runs(self) -> bool {
        self == Self::Run
    }

    /// The log's word for a way forward.
    pub(in crate::migrate) fn action(self) -> Action {
        match self {
            Self::Run => Action::Applied,
            Self::Fake => Action::Faked,
            Self::Adopt => Action::Adopted,
        }
    }
}

/// How to run.
#[derive(Debug, Clone)]
pub struct Options {
    /// What the lock says of us: `manage migrate on deploy-2`.
    pub what: String,
    /// How long to wait for the lock.
    pub lock_timeout: Duration,
    /// All migrations in one transaction.
    pub single_transaction: bool,
    /// Run, or only record.
    pub manner: Manner,
    /// Late migrations may run.
    pub allow_out_of_order: bool,
    /// How patient statements are, where their file does not say it.
    pub patience: Patience,
    /// A rehearsal: nothing is logged that went wrong, and statements are told one by one.
    pub rehearse: bool,
    /// Commits need not wait for the disk, but for the last one: for databases that are not protected.
    pub relaxed_commits: bool,
    /// Stamp the database with this marker when the ledger is made: for a database that we created ourselves.
    pub stamp: Option<String>,
}

impl Options {
    /// Waits for the lock for half a minute; everything else is off.
    pub fn new(what: impl Into<String>) -> Self {
        Self {
            what: what.into(),
            lock_timeout: Duration::from_secs(30),
            single_transaction: false,
            manner: Manner::Run,
            allow_out_of_order: false,
            patience: Patience::default(),
            rehearse: false,
            relaxed_commits: false,
            stamp: None,
        }
    }
}
