//! Why test data is not made or not removed.

use crate::backend::SqlError;
use crate::domain::explain::{Class, Explain};

/// Test data that was refused or failed. Nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum TestDataError {
    /// The database.
    #[error(transparent)]
    Sql(#[from] SqlError),
    /// The tables are not those of the platform.
    #[error("test data fits the platform's schema only: {what}")]
    Schema {
        /// What is missing.
        what: String,
    },
    /// A system account.
    #[error("{slug} is a system account, whose keys and prompts all others use")]
    System {
        /// Its slug.
        slug: String,
    },
    /// Not a slug.
    #[error("`{typed}` cannot be the slug of a test account")]
    Slug {
        /// As it was typed.
        typed: String,
    },
    /// The account is somebody's.
    #[error("{slug} is not a test account: it holds data that `manage test-data` has not made")]
    Real {
        /// Its slug.
        slug: String,
        /// The test account that can be used instead.
        instead: Option<String>,
    },
    /// The test account is there already.
    #[error("{slug} has its test data already ({rows} rows, seed {seed})")]
    There {
        /// Its slug.
        slug: String,
        /// How many rows it got.
        rows: u64,
        /// The seed.
        seed: u64,
    },
    /// Rows of others depend on the test data.
    #[error("{slug} is not removed: rows that are not test data belong to it or point to it")]
    Depended {
        /// Its slug.
        slug: String,
        /// Which, and how many.
        rows: Vec<String>,
    },
    /// The mark cannot be read.
    #[error("the mark of {slug} cannot be read: line {line} of its prompt `{purpose}`")]
    Mark {
        /// Its slug.
        slug: String,
        /// The line.
        line: usize,
        /// Where the mark stands.
        purpose: &'static str,
    },
}

impl Explain for TestDataError {
    fn class(&self) -> Class {
        match self {
            Self::Sql(error) => error.class(),
            Self::Schema { .. } | Self::Slug { .. } => Class::Usage,
            Self::System { .. } | Self::Real { .. } | Self::There { .. } | Self::Depended { .. } => Class::Refused,
            Self::Mark { .. } => Class::Conflict,
        }
    }

    fn cause(&self) -> Option<String> {
        match self {
            Self::Sql(error) => Explain::cause(error),
            _ => None,
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Sql(error) => Explain::hint(error),
            Self::Schema { .. } => Some("stand in the platform's project, and run manage migrate".to_owned()),
            Self::System { .. } => Some("choose a name of your own: --account demo makes test-demo".to_owned()),
            Self::Slug { .. } => Some("use small letters, digits and dashes: --account demo makes test-demo".to_owned()),
            Self::Real { instead: Some(instead), .. } => {
                Some(format!("test data has an account of its own: --account {instead}"))
            }
            Self::Real { instead: None, .. } => Some("choose another name: test data has an account of its own".to_owned()),
            Self::There { slug, .. } => Some(format!("remove it first: manage test-data remove --account {slug}")),
            Self::Depended { .. } => Some("remove or move these rows, then try again; nothing was removed".to_owned()),
            Self::Mark { .. } => {
                Some("somebody has changed it; put it back from a backup, or remove the rows by hand".to_owned())
            }
        }
    }

    fn sqlstate(&self) -> Option<&str> {
        match self {
            Self::Sql(error) => error.sqlstate(),
            _ => None,
        }
    }

    fn details(&self) -> Vec<String> {
        match self {
            Self::Sql(error) => error.details(),
            Self::Depended { rows, .. } => rows.clone(),
            _ => Vec::new(),
        }
    }
}
