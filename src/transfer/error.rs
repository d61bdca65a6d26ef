//! A transfer that did not come through.

use crate::backend::SqlError;
use crate::domain::explain::{Class, Explain, Place};
use crate::ledger::LedgerError;
use crate::transfer::plan::{Level, Problem};

/// So many lines of detail are shown.
const SHOWN: usize = 20;

/// What went wrong.
#[derive(Debug, thiserror::Error)]
pub enum TransferError {
    /// Mapping and databases do not agree.
    #[error("{}", words(.0))]
    Plan(Vec<Problem>),
    /// A database refused.
    #[error(transparent)]
    Sql(#[from] SqlError),
    /// A database refused while a table was moved; nothing was written.
    #[error("the table {table} could not be moved; nothing was written")]
    Table {
        /// The table.
        table: String,
        /// Why.
        #[source]
        error: SqlError,
    },
    /// The ledger cannot be used.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// Rows were rejected, and the mapping says that nothing goes in then.
    #[error("{rows} rejected, so nothing was written")]
    Rejected {
        /// `3 rows were`
        rows: String,
    },
    /// What was written is not what the source says; it was taken back.
    #[error("the target does not say what the source says; nothing was written")]
    Differs {
        /// What differs.
        differences: Vec<String>,
    },
    /// The source has another number of rows than the mapping expects.
    #[error("the source is not the one that the mapping expects; nothing was written")]
    Unexpected {
        /// Which tables.
        tables: Vec<String>,
    },
    /// Somebody wrote to the source.
    #[error("somebody wrote to the source while it was read: {}; nothing was written", what.join(", "))]
    SourceChanged {
        /// What was written to.
        what: Vec<String>,
    },
    /// Somebody asked to stop.
    #[error("stopped before the end; nothing was written")]
    Stopped,
    /// There is nothing to take back.
    #[error("{0}")]
    NothingToUndo(String),
    /// It was taken back before.
    #[error("run {run} was taken back already{}", by.map(|by| format!(", by run {by}")).unwrap_or_default())]
    BackAlready {
        /// The run.
        run: i64,
        /// The run that did so.
        by: Option<i64>,
    },
    /// A run of which nothing is there.
    #[error("run {run} is {state}: there is nothing to take back")]
    NotThere {
        /// The run.
        run: i64,
        /// How it ended.
        state: String,
    },
    /// What its way back needs is gone.
    #[error("the rows of run {run} were dropped on {at}: it cannot be taken back")]
    Pruned {
        /// The run.
        run: i64,
        /// When.
        at: String,
    },
    /// A transfer by table broke off: the parts before are there.
    #[error("{}; the parts before it are there, as run {run}", error.cause())]
    Parts {
        /// The run.
        run: i64,
        /// Why.
        error: Box<TransferError>,
    },
    /// Both sides are not what the parts before left.
    #[error("source or target were changed since the transfer broke off")]
    Moved {
        /// What differs.
        differences: Vec<String>,
    },
    /// What was written was changed since.
    #[error("{rows} changed since run {run}; nothing was taken back")]
    Conflicts {
        /// The run.
        run: i64,
        /// `2 rows were`
        rows: String,
        /// The rows.
        conflicts: Vec<String>,
    },
}

fn words(problems: &[Problem]) -> String {
    let errors = problems.iter().filter(|problem| problem.level == Level::Error).count();
    match problems.first() {
        Some(first) if errors <= 1 => first.message.clone(),
        _ => format!("the mapping does not fit the two databases: {errors} problems"),
    }
}

impl TransferError {
    /// What went wrong, without what became of the rows.
    pub fn cause(&self) -> String {
        let words = self.to_string();
        [", so nothing was written", "; nothing was written"]
            .iter()
            .find_map(|end| words.strip_suffix(end).map(str::to_owned))
            .unwrap_or(words)
    }
}

impl Explain for TransferError {
    fn class(&self) -> Class {
        match self {
            Self::Parts { error, .. } => error.class(),
            Self::Moved { .. } => Class::Conflict,
            Self::Plan(_) | Self::NothingToUndo(_) => Class::Usage,
            Self::Sql(error) | Self::Table { error, .. } => error.class(),
            Self::Ledger(error) => error.class(),
            Self::Rejected { .. } | Self::Differs { .. } | Self::Unexpected { .. } => Class::Check,
            Self::SourceChanged { .. } | Self::Conflicts { .. } | Self::BackAlready { .. } => Class::Conflict,
            Self::NotThere { .. } | Self::Pruned { .. } => Class::Refused,
            Self::Stopped => Class::Stopped,
        }
    }

    fn place(&self) -> Option<Place> {
        match self {
            Self::Plan(problems) if problems.iter().filter(|problem| problem.level == Level::Error).count() == 1 => {
                problems.first().and_then(|problem| problem.place.clone())
            }
            _ => None,
        }
    }

    fn hint(&self) -> Option<String> {
        Some(match self {
            Self::Plan(problems) => match problems.as_slice() {
                [only] => only.hint.clone(),
                _ => "correct them; `manage transfer validate-schema` shows them again".to_owned(),
            },
            Self::Sql(error) => return error.hint(),
            Self::Table { error, .. } => return error.hint().or_else(|| Some("see what the database says, and correct mapping or data".to_owned())),
            Self::Ledger(error) => return error.hint(),
            Self::Rejected { .. } => {
                "see them with `manage transfer status --rejected`; correct them in the source, give the mapping a rule, or say on_error = \"reject\"".to_owned()
            }
            Self::Differs { .. } => "triggers or defaults of the target may change what is written; look at the first rows".to_owned(),
            Self::Unexpected { .. } => "check --source, or correct [verify] expect in the mapping".to_owned(),
            Self::SourceChanged { .. } => "stop what writes there, then run the same command again".to_owned(),
            Self::Stopped => "run the same command again: it begins anew".to_owned(),
            Self::Parts { run, error } => match &**error {
                Self::Rejected { .. } => format!("see them with `manage transfer status --rejected`; correct them in the source, then: manage transfer resume; or take run {run} back: manage transfer rollback {run}"),
                Self::SourceChanged { .. } | Self::Moved { .. } => format!("take run {run} back, and begin anew: manage transfer rollback {run}"),
                _ => format!("go on: manage transfer resume; or take run {run} back: manage transfer rollback {run}"),
            },
            Self::Moved { .. } => "take the run back, and begin anew: manage transfer rollback".to_owned(),
            Self::BackAlready { .. } => "to move the rows again: manage transfer all".to_owned(),
            Self::Pruned { .. } => "restore a backup, or remove the rows by hand".to_owned(),
            Self::NothingToUndo(_) | Self::NotThere { .. } => "see them with `manage transfer status`".to_owned(),
            Self::Conflicts { .. } => "take back the others with --skip-conflicts".to_owned(),
        })
    }

    fn sqlstate(&self) -> Option<&str> {
        match self {
            Self::Sql(error) | Self::Table { error, .. } => error.sqlstate(),
            Self::Ledger(error) => error.sqlstate(),
            Self::Parts { error, .. } => error.sqlstate(),
            _ => None,
        }
    }

    fn details(&self) -> Vec<String> {
        let list: Vec<String> = match self {
            Self::Plan(problems) if problems.len() > 1 => problems.iter().map(Problem::line).collect(),
            Self::Differs { differences } | Self::Moved { differences } => differences.clone(),
            Self::Parts { error, .. } => return error.details(),
            Self::Unexpected { tables } => tables.clone(),
            Self::Conflicts { conflicts, .. } => conflicts.clone(),
            Self::Sql(error) | Self::Table { error, .. } => return error.details(),
            Self::Ledger(error) => return error.details(),
            _ => return Vec::new(),
        };
        let more = list.len().saturating_sub(SHOWN);
        let mut shown: Vec<_> = list.into_iter().take(SHOWN).collect();
        if more > 0 {
            shown.push(format!("and {more} more"));
        }
        shown
    }
}

impl Problem {
    /// `transfer.toml:12 the target has no table …`
    pub fn line(&self) -> String {
        let place =
            self.place.as_ref().and_then(|place| Some(format!("{}:{} ", place.file.file_name()?.to_string_lossy(), place.line?)));
        format!("{}{} ({})", place.unwrap_or_default(), self.message, self.hint)
    }
}
