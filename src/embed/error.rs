//! What can go wrong when an application migrates.

use std::fmt;
use std::path::PathBuf;

use super::status::Status;
use crate::backend::SqlError;
use crate::domain::database_url::DatabaseUrlError;
use crate::domain::explain::{Class, Explain, Place};
use crate::guards::{Consent, Deed, Standing, consent};
use crate::migrate::{MigrateError, Named, Problem};
use crate::project::{FindError, MigrationsError};

/// What can go wrong when an application migrates.
///
/// Printed by `{}` it is one line. [`Error::report`] is all of it: the place in the file, the database's own words, what
/// stayed, and what to do next. [`Explain`] gives the parts.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The folder is no project.
    #[error(transparent)]
    Project(#[from] FindError),
    /// The files cannot be read.
    #[error(transparent)]
    Files(#[from] MigrationsError),
    /// The files of a debug build are not those of the folder any more.
    #[error(transparent)]
    Stale(Stale),
    /// The URL names no database.
    #[error(transparent)]
    Url(#[from] DatabaseUrlError),
    /// The database cannot be reached, or the connection cannot be used.
    #[error("{0}")]
    Database(SqlError),
    /// The migrations did not run, or not to their end.
    #[error(transparent)]
    Migrate(#[from] MigrateError),
    /// The database is not up to date.
    #[error(transparent)]
    NotUpToDate(NotUpToDate),
    /// It may not be done on this database.
    #[error(transparent)]
    Refused(Refused),
    /// The checks cannot be made.
    #[cfg(feature = "full")]
    #[error(transparent)]
    Verify(crate::verify::CheckError),
    /// A patch was not planned, or not applied: nothing of it is kept.
    #[cfg(feature = "full")]
    #[error(transparent)]
    Patch(#[from] crate::patch::PatchError),
    /// The name of the settings table is none.
    #[error("{0}")]
    SettingsTable(String),
    /// A rollback of nothing.
    #[error("a rollback of 0 steps does nothing")]
    NoSteps,
}

/// A database that is not up to date.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct NotUpToDate {
    /// What is pending, in order.
    pub pending: Vec<Named>,
    /// What is wrong: edited, missing, out of order or half-way migrations.
    pub problems: Vec<Problem>,
}

impl NotUpToDate {
    pub(super) fn new(status: Status) -> Self {
        Self { pending: status.pending, problems: status.problems }
    }
}

impl fmt::Display for NotUpToDate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the database is not up to date: {} pending", self.pending.len())?;
        match self.problems.len() {
            0 => Ok(()),
            1 => f.write_str(", 1 problem"),
            count => write!(f, ", {count} problems"),
        }
    }
}

impl std::error::Error for NotUpToDate {}

/// What may not be done on a database without consent, or not at all.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Refused {
    /// What was asked for.
    pub deed: Deed,
    /// What kind of database it is.
    pub standing: Standing,
    /// Its name.
    pub database: String,
    /// Why it is of that kind.
    pub why: String,
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} is refused: {} is {} ({})", self.deed.command(), self.database, self.standing.word(), self.why)
    }
}

impl std::error::Error for Refused {}

/// Files that were compiled in, and are others in their folder by now. Only debug builds look.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Stale {
    /// The folder, as [`embed!`](crate::embed!) names it.
    pub folder: PathBuf,
    /// Files that the program does not have.
    pub added: Vec<String>,
    /// Files that the folder does not have any more.
    pub removed: Vec<String>,
}

impl fmt::Display for Stale {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let all: Vec<&str> = self.added.iter().chain(&self.removed).map(String::as_str).collect();
        write!(f, "the program was compiled before {} changed: {}", self.folder.display(), all.join(", "))
    }
}

impl std::error::Error for Stale {}

impl Error {
    /// All of it, in lines: what, where, why, what stayed, and what to do next.
    pub fn report(&self) -> String {
        let mut lines = vec![self.to_string()];
        if let Some(place) = self.place() {
            lines.push(format!("at {place}"));
            lines.extend(place.excerpt.map(|excerpt| format!("  {}", excerpt.trim_end())));
        }
        lines.extend(self.cause());
        lines.extend(self.details());
        lines.extend(self.hint().map(|hint| format!("hint: {hint}")));
        lines.join("\n")
    }

    fn inner(&self) -> Option<&dyn Explain> {
        match self {
            Self::Project(error) => Some(error),
            Self::Files(error) => Some(error),
            Self::Url(error) => Some(error),
            Self::Database(error) => Some(error),
            Self::Migrate(error) => Some(error),
            #[cfg(feature = "full")]
            Self::Verify(error) => Some(error),
            #[cfg(feature = "full")]
            Self::Patch(error) => Some(error),
            Self::Stale(_) | Self::NotUpToDate(_) | Self::Refused(_) | Self::SettingsTable(_) | Self::NoSteps => None,
        }
    }
}

impl Explain for Error {
    fn class(&self) -> Class {
        match self {
            Self::NotUpToDate(error) if error.problems.is_empty() => Class::Check,
            Self::NotUpToDate(_) => Class::Conflict,
            Self::Refused(_) => Class::Refused,
            _ => self.inner().map_or(Class::Usage, Explain::class),
        }
    }

    fn place(&self) -> Option<Place> {
        self.inner().and_then(Explain::place)
    }

    fn cause(&self) -> Option<String> {
        self.inner().and_then(Explain::cause)
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::NotUpToDate(error) if error.problems.is_empty() => Some("run them: manage migrate".to_owned()),
            Self::NotUpToDate(_) => Some("manage status says what to do about each".to_owned()),
            Self::Refused(refused) if consent(refused.deed, refused.standing) == Consent::Never => None,
            Self::Refused(refused) if consent(refused.deed, refused.standing) == Consent::DigestAndReason => {
                Some(format!("a person does it: manage {}", refused.deed.command()))
            }
            Self::Refused(refused) => Some(format!("the caller has to say so: .consent(Deed::{:?})", refused.deed)),
            Self::Stale(_) => {
                Some("build it anew: touch the file that calls manage::embed!, or give the application a build.rs".to_owned())
            }
            Self::NoSteps => Some("take back at least one".to_owned()),
            _ => self.inner().and_then(Explain::hint),
        }
    }

    fn sqlstate(&self) -> Option<&str> {
        self.inner().and_then(Explain::sqlstate)
    }

    fn details(&self) -> Vec<String> {
        match self {
            Self::NotUpToDate(error) => {
                let pending = error.pending.iter().map(|one| format!("{one} is pending"));
                let problems = error.problems.iter().map(|problem| format!("! {}", problem.message()));
                problems.chain(pending).collect()
            }
            _ => self.inner().map(Explain::details).unwrap_or_default(),
        }
    }
}
