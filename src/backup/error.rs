//! What keeps a backup from being taken or restored.

use std::path::PathBuf;

use crate::backend::{Holder, SqlError, SqlErrorKind};
use crate::domain::engine::Engine;
use crate::domain::explain::{Class, Explain, Place};
use crate::ledger::LedgerError;
use crate::project::backup_file::BackupFileError;

/// Why there is no backup, or nothing was restored.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// A file cannot be written or read.
    #[error(transparent)]
    File(#[from] BackupFileError),
    /// The database refuses.
    #[error("{doing}")]
    Sql {
        /// What was being done, as a sentence: `the database cannot be copied`.
        doing: &'static str,
        /// Why not.
        error: SqlError,
    },
    /// The ledger of the new content cannot be used.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// It could be restored, but is not the same.
    #[error("the copy is not the same as the database; it was thrown away")]
    NotProved {
        /// What differs.
        differences: Vec<String>,
    },
    /// The copy is damaged, as the database is.
    #[error("the database is damaged, so its copy is, too; it was thrown away")]
    Damaged {
        /// What is.
        damages: Vec<String>,
    },
    /// There is no description.
    #[error("{} has no description beside it, so nothing says what it is and whether it is whole", path.display())]
    NoDescription {
        /// The backup.
        path: PathBuf,
    },
    /// The description is not valid.
    #[error("the description of the backup is not valid: {message}")]
    InvalidDescription {
        /// Its file.
        file: PathBuf,
        /// Why.
        message: String,
    },
    /// A newer `manage` has written it.
    #[error("the description of the backup has format {format}, which this manage does not know")]
    NewerFormat {
        /// Its file.
        file: PathBuf,
        /// The format.
        format: u64,
    },
    /// It is of another kind of database.
    #[error("{} is a backup of {of}, and the database is {here}", path.display())]
    OtherEngine {
        /// The backup.
        path: PathBuf,
        /// The kind it is of.
        of: String,
        /// The kind that is here.
        here: Engine,
    },
    /// It was never proved.
    #[error("{} was never proved", path.display())]
    Unproved {
        /// The backup.
        path: PathBuf,
    },
    /// It was changed since.
    #[error("{} is not the file that its description tells of: it was changed since, or is not whole", path.display())]
    Altered {
        /// The backup.
        path: PathBuf,
        /// Its size in bytes.
        size: u64,
        /// The size that it should have.
        described: u64,
    },
    /// Somebody else migrates or restores.
    #[error("another run holds the lock{}", holder.as_ref().map(|holder| format!(": {}", holder.described())).unwrap_or_default())]
    Locked {
        /// Who.
        holder: Option<Holder>,
    },
}

impl BackupError {
    /// The database's refusal, with what was being done.
    pub(super) fn sql(doing: &'static str) -> impl FnOnce(SqlError) -> Self {
        move |error| Self::Sql { doing, error }
    }
}

impl Explain for BackupError {
    fn class(&self) -> Class {
        match self {
            Self::File(error) => error.class(),
            Self::Sql { error, .. } if error.kind == SqlErrorKind::Cancelled && error.is_ours() => Class::Stopped,
            Self::Sql { error, .. } => error.class(),
            Self::Ledger(error) => error.class(),
            Self::NotProved { .. } | Self::Damaged { .. } => Class::Check,
            Self::NoDescription { .. } | Self::Altered { .. } | Self::Unproved { .. } => Class::Refused,
            Self::InvalidDescription { .. } | Self::NewerFormat { .. } | Self::OtherEngine { .. } => Class::Usage,
            Self::Locked { .. } => Class::Locked,
        }
    }

    fn place(&self) -> Option<Place> {
        match self {
            Self::InvalidDescription { file, .. } | Self::NewerFormat { file, .. } => Some(Place::file(file.clone())),
            _ => None,
        }
    }

    fn cause(&self) -> Option<String> {
        match self {
            Self::Sql { error, .. } => Some(error.to_string()),
            Self::Ledger(LedgerError::Sql(error)) => Some(error.to_string()),
            _ => None,
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::File(error) => error.hint(),
            Self::Sql { error, .. } => error.hint(),
            Self::Ledger(error) => error.hint(),
            Self::NotProved { .. } => Some("try again; where it happens twice, tell who looks after the disks".to_owned()),
            Self::Damaged { .. } => Some("restore the last backup: manage restore PATH --no-backup --reason TEXT".to_owned()),
            Self::NoDescription { path } => Some(format!(
                "keep PATH and PATH.json together; a file of other origin goes in by sqlite3 or pg_restore ({})",
                path.display()
            )),
            Self::NewerFormat { .. } => Some("use the manage that made it, or a newer one".to_owned()),
            Self::InvalidDescription { .. } => Some("take the description from where the backup was kept".to_owned()),
            Self::OtherEngine { .. } => Some("choose the database that it is of: --database, --env".to_owned()),
            Self::Unproved { .. } => Some("take another backup: manage backup".to_owned()),
            Self::Altered { .. } => Some("use another copy of it, or an older backup".to_owned()),
            Self::Locked { .. } => Some("wait until it is done, or give it longer: --lock-timeout 5m".to_owned()),
        }
    }

    fn sqlstate(&self) -> Option<&str> {
        match self {
            Self::Sql { error, .. } => error.sqlstate(),
            Self::Ledger(error) => error.sqlstate(),
            _ => None,
        }
    }

    fn details(&self) -> Vec<String> {
        match self {
            Self::Sql { error, .. } => error.details(),
            Self::Ledger(error) => error.details(),
            Self::NotProved { differences: lines } | Self::Damaged { damages: lines } => lines.iter().take(10).cloned().collect(),
            Self::Altered { size, described, .. } if size != described => {
                vec![format!("it has {size} bytes, and should have {described}")]
            }
            _ => Vec::new(),
        }
    }
}
