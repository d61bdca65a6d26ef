//! Every file of a plan, split and checked before the first statement runs.

use super::patience::Patience;
use super::plan::{Direction, Step};
use crate::backend::{self, Handling};
use crate::domain::checksum::Checksum;
use crate::domain::engine::Engine;
use crate::domain::explain::{Class, Explain, Place};
use crate::domain::sql::{self, Condition, Piece, SplitError, Statement};
use crate::domain::version::Version;
use crate::project::migrations::no_transaction_words;

/// A step that can run.
#[derive(Debug, Clone)]
pub struct Prepared<'a> {
    /// The step.
    pub step: Step<'a>,
    /// Its statements.
    pub pieces: Vec<Piece>,
    /// What each of them is.
    pub statements: Vec<Statement>,
    /// What has to be the case for each of them to run.
    pub conditions: Vec<Vec<Condition>>,
    /// The checksums of its file.
    pub checksum: Checksum,
    /// How it has to be run.
    pub handling: Handling,
    /// The patience that its file asks for.
    pub patience: Patience,
}

impl Prepared<'_> {
    /// The version.
    pub fn version(&self) -> &Version {
        &self.step.migration.version
    }

    /// Statement `number`, from 0.
    pub fn sql(&self, number: usize) -> &str {
        self.pieces[number].sql(&self.step.script.text)
    }

    /// Whether it runs in a transaction.
    pub fn in_transaction(&self) -> bool {
        self.step.migration.run_in_transaction
    }
}

/// Splits and checks the file of `step`.
///
/// # Errors
/// When the file is empty, is a template that nobody edited, cannot be split, or holds what cannot be run.
pub fn prepare(step: Step<'_>) -> Result<Prepared<'_>, PrepareError> {
    let script = step.script;
    if script.text.is_empty() {
        return Err(PrepareError { place: Place::file(&script.file), kind: PrepareErrorKind::Empty });
    }
    if let Some(at) = sql::directive(&script.text, script.engine, "unedited") {
        return Err(PrepareError { place: script.place(at), kind: PrepareErrorKind::Unedited });
    }
    let pieces = script.pieces().map_err(|error| PrepareError { place: script.place(error.at()), kind: error.into() })?;
    let statements: Vec<_> = pieces.iter().map(|piece| sql::classify(piece.sql(&script.text), script.engine)).collect();
    let conditions = sql::conditions(&script.text, &pieces, script.engine)
        .map_err(|bad| PrepareError { place: script.place(bad.at), kind: PrepareErrorKind::Condition { why: bad.why } })?;
    for ((piece, statement), conditions) in pieces.iter().zip(&statements).zip(&conditions) {
        let kind = match statement {
            Statement::TransactionControl { words } if !conditions.is_empty() => {
                PrepareErrorKind::ConditionalControl { words: words.clone() }
            }
            Statement::TransactionControl { words } if step.migration.run_in_transaction => {
                PrepareErrorKind::TransactionControl { words: words.clone() }
            }
            Statement::OutsideTransaction { words } if step.migration.run_in_transaction => {
                PrepareErrorKind::OutsideTransaction { words: words.clone() }
            }
            _ if names_our_savepoint(piece.sql(&script.text), script.engine) => PrepareErrorKind::OurSavepoint,
            Statement::CopyFromStdin => PrepareErrorKind::CopyFromStdin,
            Statement::PsqlCommand { command } => PrepareErrorKind::PsqlCommand { command: command.clone() },
            _ => continue,
        };
        return Err(PrepareError { place: script.place(piece.start), kind });
    }
    let mut handling = backend::handling(script.engine, &statements);
    if sql::directive(&script.text, script.engine, "foreign-keys-off").is_some() {
        handling = Handling::ForeignKeysOff;
    }
    // The checksums that are recorded are those of the way forward, in both directions.
    let checksum = match step.direction {
        Direction::Up => script.checksum(),
        Direction::Down => step.migration.up.checksum(),
    };
    let patience = Patience::of_file(script)?;
    Ok(Prepared { step, pieces, statements, conditions, checksum, handling, patience })
}

/// Whether a statement about savepoints names one of those that diesel's transaction manager makes for us.
fn names_our_savepoint(sql: &str, engine: Engine) -> bool {
    let mut tokens = sql::significant_tokens(sql, engine);
    let about_savepoints = |word: &str| ["SAVEPOINT", "RELEASE", "ROLLBACK"].iter().any(|known| word.eq_ignore_ascii_case(known));
    tokens.next().is_some_and(about_savepoints) && tokens.any(|token| token.to_ascii_lowercase().contains("diesel_savepoint"))
}

/// A file that cannot be run.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{kind}")]
pub struct PrepareError {
    /// Where.
    pub place: Place,
    /// What.
    pub kind: PrepareErrorKind,
}

/// What is wrong with a file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PrepareErrorKind {
    /// Zero bytes.
    #[error("the file is empty")]
    Empty,
    /// A template.
    #[error("this is still the template")]
    Unedited,
    /// Not closed.
    #[error(transparent)]
    Split(#[from] SplitError),
    /// `COMMIT` and the like.
    #[error("{words} inside a migration that runs in a transaction")]
    TransactionControl {
        /// The words.
        words: String,
    },
    /// `CREATE INDEX CONCURRENTLY` and the like.
    #[error("{words} cannot run inside a transaction")]
    OutsideTransaction {
        /// The words.
        words: String,
    },
    /// A savepoint that is ours.
    #[error("savepoints called diesel_savepoint_… belong to manage")]
    OurSavepoint,
    /// A condition that cannot be understood.
    #[error("{why}")]
    Condition {
        /// What is wrong.
        why: &'static str,
    },
    /// A condition before `COMMIT` and the like.
    #[error("{words} cannot depend on a condition")]
    ConditionalControl {
        /// The words.
        words: String,
    },
    /// A condition that nobody can decide where the statements are only printed.
    #[error("`{condition}` is decided when the statement runs, which sqlite3 cannot do")]
    OnlyHere {
        /// The condition.
        condition: Condition,
    },
    /// A condition on a statement that PostgreSQL runs on its own only.
    #[error("`{condition}` is decided when the statement runs, which psql cannot do outside a transaction")]
    OnlyHereOutside {
        /// The condition.
        condition: Condition,
    },
    /// Rows in the file.
    #[error("COPY … FROM STDIN takes its rows from a client, which manage is not")]
    CopyFromStdin,
    /// A directive whose value is no time.
    #[error("`{directive}` names no time: {why}")]
    NoTime {
        /// The directive.
        directive: String,
        /// What is wrong with it.
        why: String,
    },
    /// A command of psql.
    #[error("`{command}` is a command of psql, not SQL")]
    PsqlCommand {
        /// The command.
        command: String,
    },
}

impl Explain for PrepareError {
    fn class(&self) -> Class {
        Class::Usage
    }

    fn place(&self) -> Option<Place> {
        Some(self.place.clone())
    }

    fn hint(&self) -> Option<String> {
        Some(match &self.kind {
            PrepareErrorKind::Empty => {
                "write its statements, or remove the folder; a comment alone is enough for a step that does nothing".to_owned()
            }
            PrepareErrorKind::Unedited => "write its statements and remove the line `-- manage: unedited`".to_owned(),
            PrepareErrorKind::Split(_) => "close it".to_owned(),
            PrepareErrorKind::TransactionControl { .. } => {
                format!(
                    "remove it: manage opens and commits the transaction together with the record. A file that must do it itself says {}",
                    no_transaction_words(&self.place.file)
                )
            }
            PrepareErrorKind::OutsideTransaction { .. } => {
                format!("put it into a migration of its own with {}", no_transaction_words(&self.place.file))
            }
            PrepareErrorKind::OurSavepoint => "give the savepoint another name".to_owned(),
            PrepareErrorKind::Condition { .. } => {
                "for example, on the line before the statement: -- manage: unless column settings.note".to_owned()
            }
            PrepareErrorKind::ConditionalControl { .. } => "put the condition before another statement".to_owned(),
            PrepareErrorKind::OnlyHere { .. } | PrepareErrorKind::OnlyHereOutside { .. } => {
                "run it with manage itself, without --sql".to_owned()
            }
            PrepareErrorKind::CopyFromStdin => "write the rows as INSERT statements".to_owned(),
            PrepareErrorKind::NoTime { .. } => "write -- manage: lock_timeout 5s, or 1min, or 500ms".to_owned(),
            PrepareErrorKind::PsqlCommand { .. } => "remove the line; manage connects and sets the session up itself".to_owned(),
        })
    }
}
