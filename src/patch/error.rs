//! Why a patch was not applied.

use crate::backend::SqlError;
use crate::domain::explain::{Class, Explain, Place};
use crate::ledger::LedgerError;
use crate::tenancy::{ScriptRefused, TenancyError};

/// Why a patch was not applied: nothing of it is kept, unless the words say so.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{}", .0.message)]
pub struct PatchError(Box<Told>);

/// What a [`PatchError`] tells.
#[derive(Debug, Clone)]
pub struct Told {
    /// How it is to be treated.
    pub class: Class,
    /// What happened.
    pub message: String,
    /// Where in the script.
    pub place: Option<Place>,
    /// What the database said.
    pub cause: Option<String>,
    /// What to do.
    pub hint: Option<String>,
    /// The database's own code.
    pub sqlstate: Option<String>,
    /// Further lines.
    pub details: Vec<String>,
    /// Whether the same again may succeed.
    pub again: bool,
    /// Whether rows had been written when it was refused.
    pub after_start: bool,
    /// The run that stands where it was and can be resumed.
    pub unfinished: Option<Unfinished>,
}

/// A run that stands where it was and can be resumed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unfinished {
    /// The run.
    pub run: i64,
    /// How many rows it has written.
    pub written: u64,
    /// How many its plan has.
    pub planned: u64,
}

impl std::ops::Deref for PatchError {
    type Target = Told;

    fn deref(&self) -> &Told {
        &self.0
    }
}

impl std::ops::DerefMut for PatchError {
    fn deref_mut(&mut self) -> &mut Told {
        &mut self.0
    }
}

impl PatchError {
    /// An error of this class.
    pub fn new(class: Class, message: impl Into<String>, hint: impl Into<String>) -> Self {
        let hint = hint.into();
        Self(Box::new(Told {
            class,
            message: message.into(),
            place: None,
            cause: None,
            hint: (!hint.is_empty()).then_some(hint),
            sqlstate: None,
            details: Vec::new(),
            again: false,
            after_start: false,
            unfinished: None,
        }))
    }

    /// A guard refuses.
    pub fn refused(message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self::new(Class::Refused, message, hint)
    }

    /// What was found is not what was planned.
    pub fn conflict(message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self::new(Class::Conflict, message, hint)
    }

    /// The same error with a place.
    #[must_use]
    pub fn at(mut self, place: Place) -> Self {
        self.place = Some(place);
        self
    }

    /// The same error, raised when rows had been written already.
    #[must_use]
    pub fn started(mut self) -> Self {
        self.after_start = true;
        self
    }

    /// The same error with a further line.
    #[must_use]
    pub fn with(mut self, detail: impl Into<String>) -> Self {
        self.details.push(detail.into());
        self
    }

    /// What the database said while `doing`. Of a query about one account no value is repeated.
    pub fn sql(error: &SqlError, doing: &str, confined: bool) -> Self {
        use crate::backend::SqlErrorKind;
        let data = error.sqlstate.as_deref().is_some_and(|state| state.starts_with("22") || state.starts_with("23"));
        let message = if confined && data { without_values(&error.message) } else { error.message.clone() };
        let detail = error.detail.as_ref().filter(|_| !(confined && data));
        let again = matches!(error.kind, SqlErrorKind::Serialization | SqlErrorKind::Busy);
        let class = match error.kind {
            SqlErrorKind::Serialization => Class::Conflict,
            _ => error.class(),
        };
        Self(Box::new(Told {
            class,
            message: doing.to_owned(),
            place: None,
            cause: Some(match detail {
                Some(detail) => format!("{message} ({detail})"),
                None => message,
            }),
            hint: match (error.hint.clone(), error.kind) {
                (Some(hint), _) => Some(hint),
                (None, SqlErrorKind::Serialization) => Some("somebody else changes these rows: run it again".to_owned()),
                (None, SqlErrorKind::Busy) => Some("somebody else holds a lock: run it again".to_owned()),
                (None, SqlErrorKind::Constraint) => Some("correct what the script plans; nothing was changed".to_owned()),
                _ => None,
            },
            sqlstate: error.sqlstate.clone(),
            details: Vec::new(),
            again,
            after_start: false,
            unfinished: None,
        }))
    }

    /// Any error that can explain itself.
    pub fn of(error: &dyn Explain) -> Self {
        Self(Box::new(Told {
            class: error.class(),
            message: error.to_string(),
            place: error.place(),
            cause: Explain::cause(error),
            hint: error.hint(),
            sqlstate: error.sqlstate().map(str::to_owned),
            details: error.details(),
            again: false,
            after_start: false,
            unfinished: None,
        }))
    }
}

/// A message without what stands in quotes.
fn without_values(message: &str) -> String {
    let parts: Vec<&str> = message.split('"').collect();
    let kept = parts.iter().enumerate().map(|(at, part)| if at % 2 == 0 { *part } else { "…" });
    kept.collect::<Vec<_>>().join("\"")
}

impl From<LedgerError> for PatchError {
    fn from(error: LedgerError) -> Self {
        let mut told = Self::of(&error);
        if let LedgerError::Sql(sql) = &error {
            told.cause = Some(sql.message.clone());
        }
        told
    }
}

impl From<TenancyError> for PatchError {
    fn from(error: TenancyError) -> Self {
        Self::of(&error)
    }
}

impl From<ScriptRefused> for PatchError {
    fn from(error: ScriptRefused) -> Self {
        Self::of(&error)
    }
}

impl From<SqlError> for PatchError {
    fn from(error: SqlError) -> Self {
        Self::sql(&error, "the database refused a step of the patch", false)
    }
}

impl Explain for PatchError {
    fn class(&self) -> Class {
        self.class
    }

    fn place(&self) -> Option<Place> {
        self.0.place.clone()
    }

    fn cause(&self) -> Option<String> {
        self.cause.clone()
    }

    fn hint(&self) -> Option<String> {
        self.hint.clone()
    }

    fn sqlstate(&self) -> Option<&str> {
        self.sqlstate.as_deref()
    }

    fn details(&self) -> Vec<String> {
        self.details.clone()
    }
}
