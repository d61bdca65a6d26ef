//! What is applied and what is pending, for an application.

use crate::domain::version::Version;
use crate::migrate::{Applied, Named, Picture, Problem};

/// What is applied and what is pending.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Status {
    /// What is applied, in order, as the history says it.
    pub applied: Vec<Applied>,
    /// What is pending, in order.
    pub pending: Vec<Named>,
    /// When something was last migrated, forward or back, where the history keeps that (the numbered layout does).
    pub last_run: Option<String>,
    /// What is wrong: edited, missing, out of order or half-way migrations.
    pub problems: Vec<Problem>,
    /// Whether edits could not be told, since the log may not be read.
    pub log_unreadable: bool,
    latest: Option<Version>,
}

impl Status {
    pub(super) fn of(picture: &Picture<'_>) -> Self {
        let named = |file: &crate::project::Migration| Named {
            version: file.version.clone(),
            name: file.name.clone(),
            layout: file.layout(),
        };
        Self {
            applied: picture.applied.clone(),
            pending: picture.pending().into_iter().map(named).collect(),
            problems: picture.problems(),
            last_run: picture.last_run.clone(),
            latest: picture.files.last().map(|file| file.version.clone()),
            log_unreadable: picture.log_unreadable.is_some(),
        }
    }

    /// The version that the database has: the highest that is applied.
    pub fn current_version(&self) -> Option<&Version> {
        self.applied.last().map(|row| &row.version)
    }

    /// The highest version that there is a file of.
    pub fn latest_version(&self) -> Option<&Version> {
        self.latest.as_ref()
    }

    /// Whether nothing is pending and nothing is wrong.
    pub fn is_up_to_date(&self) -> bool {
        self.pending.is_empty() && self.problems.is_empty()
    }
}
