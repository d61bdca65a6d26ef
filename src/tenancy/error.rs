//! What the tenancy map refuses.

use crate::backend::SqlError;
use crate::domain::explain::{Class, Explain, Place};

/// An account, a site or the map itself.
#[derive(Debug, thiserror::Error)]
pub enum TenancyError {
    /// The map does not fit the database.
    #[error("the tenancy map does not fit this database: {0}")]
    Map(String),
    /// No such account or site.
    #[error("there is no {what} `{text}`")]
    Unknown {
        /// `account` or `site`.
        what: &'static str,
        /// As it was typed.
        text: String,
        /// What to do.
        hint: String,
    },
    /// One text means several.
    #[error("`{text}` is the {first} of one {what} and the {second} of another")]
    Ambiguous {
        /// `account` or `site`.
        what: &'static str,
        /// As it was typed.
        text: String,
        /// A column.
        first: String,
        /// Another column.
        second: String,
    },
    /// Several rows have the same label.
    #[error("{count} {what}s have the {column} `{text}`")]
    Several {
        /// `account` or `site`.
        what: &'static str,
        /// As it was typed.
        text: String,
        /// The column.
        column: String,
        /// How many.
        count: usize,
    },
    /// A site of another account.
    #[error("the site `{site}` does not belong to account {account}")]
    ForeignSite {
        /// As it was typed.
        site: String,
        /// The account.
        account: String,
    },
    /// The database.
    #[error("the accounts cannot be read")]
    Sql(#[from] SqlError),
}

impl Explain for TenancyError {
    fn class(&self) -> Class {
        match self {
            Self::Map(_) | Self::Unknown { .. } | Self::Ambiguous { .. } | Self::Several { .. } => Class::Usage,
            Self::ForeignSite { .. } => Class::Refused,
            Self::Sql(error) => error.class(),
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Map(_) => Some("correct [tenancy] in manage.toml; manage doctor shows all of it".to_owned()),
            Self::Unknown { hint, .. } => Some(hint.clone()),
            Self::Ambiguous { text, first, second, .. } => Some(format!("say which: {first}:{text} or {second}:{text}")),
            Self::Several { .. } => Some("name it by its key".to_owned()),
            Self::ForeignSite { .. } => Some("check both names".to_owned()),
            Self::Sql(error) => error.hint(),
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
            _ => Vec::new(),
        }
    }
}

/// A script that may not run: it is not valid, or it cannot be confined.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct ScriptRefused {
    /// What is wrong.
    pub message: String,
    /// Where.
    pub place: Option<Place>,
    /// What to do.
    pub hint: String,
}

impl Explain for ScriptRefused {
    fn class(&self) -> Class {
        Class::Usage
    }

    fn place(&self) -> Option<Place> {
        self.place.clone()
    }

    fn hint(&self) -> Option<String> {
        Some(self.hint.clone())
    }
}
