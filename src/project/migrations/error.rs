//! Migrations that cannot be read.

use std::path::PathBuf;

use crate::domain::engine::Engine;
use crate::domain::explain::{Class, Explain, Place};
use crate::domain::version::Version;

/// Migrations that cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum MigrationsError {
    /// No folder.
    #[error("the folder {} does not exist", .0.display())]
    NoFolder(PathBuf),
    /// A folder or file cannot be read.
    #[error("cannot read {}", .file.display())]
    Unreadable {
        /// Which.
        file: PathBuf,
        /// Why.
        #[source]
        error: std::io::Error,
    },
    /// A name that is not text.
    #[error("the name of {} is not UTF-8", .0.display())]
    NameNotUtf8(PathBuf),
    /// A name that would write into the terminal's lines.
    #[error("the name {:?} holds a control character", .0.file_name().unwrap_or(.0.as_os_str()))]
    ControlInName(PathBuf),
    /// A folder whose name begins with `_`.
    #[error("the name of {} has no version before its first `_`", .0.display())]
    NoVersion(PathBuf),
    /// A version that does not fit diesel's history table.
    #[error("the version of {} is longer than {} characters", .0.display(), Version::LONGEST)]
    VersionTooLong(PathBuf),
    /// A folder without the way forward.
    #[error("{} has no up.sql", .folder.display())]
    NoUp {
        /// The folder.
        folder: PathBuf,
        /// For which database.
        engine: Engine,
    },
    /// A file that is not text.
    #[error("the file is not UTF-8")]
    NotUtf8(Place),
    /// Two of one version.
    #[error("two migrations have the version {version}: {} and {}", .folders[0].display(), .folders[1].display())]
    Duplicate {
        /// The version.
        version: Version,
        /// The folders, or in refinery's layout the files.
        folders: [PathBuf; 2],
    },
    /// A file of refinery's whose name does not fit.
    #[error("the name of this file does not fit refinery's layout: {why}")]
    BadName {
        /// The file.
        file: PathBuf,
        /// What does not fit.
        why: String,
    },
    /// A migration that is a program.
    #[error("{} is a migration in Rust, which manage cannot run", .0.display())]
    RustCode(PathBuf),
    /// Files of both layouts.
    #[error("the migrations lie in two layouts: {} is refinery's, {} is diesel's", .refinery.display(), .diesel.display())]
    BothLayouts {
        /// A file of refinery's.
        refinery: PathBuf,
        /// A folder of diesel's.
        diesel: PathBuf,
    },
    /// A squash that was broken off.
    #[error("a baseline was being put in place of the migrations in {}, and did not come to its end", .0.display())]
    HalfSquashed(PathBuf),
    /// `kind` is neither `schema` nor `data`.
    #[error("`kind` is neither \"schema\" nor \"data\"")]
    UnknownKind(Place),
}

impl Explain for MigrationsError {
    fn class(&self) -> Class {
        match self {
            Self::Unreadable { .. } => Class::CouldNotRun,
            _ => Class::Usage,
        }
    }

    fn place(&self) -> Option<Place> {
        match self {
            Self::BadName { file, .. } => Some(Place::file(file)),
            Self::NotUtf8(place) | Self::UnknownKind(place) => Some(place.clone()),
            _ => None,
        }
    }

    fn hint(&self) -> Option<String> {
        Some(match self {
            Self::NoFolder(_) => {
                "make it with `manage new migration NAME`, or correct [migrations] dir in manage.toml".to_owned()
            }
            Self::Unreadable { .. } => "check who may read it".to_owned(),
            Self::NameNotUtf8(_) | Self::ControlInName(_) | Self::NoVersion(_) => {
                "name it <version>_<name>, for example 20260110120000_add_sectors".to_owned()
            }
            Self::VersionTooLong(_) => "give it a shorter version, for example 20260110120000".to_owned(),
            Self::NoUp { folder, engine } => {
                format!("add {} (or up.{}.sql), or remove the folder", folder.join("up.sql").display(), engine.word())
            }
            Self::NotUtf8(_) => "save the file as UTF-8".to_owned(),
            Self::Duplicate { version, .. } if version.number().is_some() => {
                "give the one that no database has run yet a higher version: rename it".to_owned()
            }
            Self::BadName { .. } => "name it V<version>__<name>.sql, for example V7__add_sectors.sql".to_owned(),
            Self::RustCode(_) => "write it as SQL, or let refinery run this project".to_owned(),
            Self::BothLayouts { .. } => {
                "keep one of them in this folder; layout = \"diesel\" or \"refinery\" under [migrations] says which one counts"
                    .to_owned()
            }
            Self::Duplicate { .. } => "give the one that no database has run yet a newer version: rename its folder".to_owned(),
            Self::HalfSquashed(_) => "bring it to its end: manage baseline squash".to_owned(),
            Self::UnknownKind(_) => "write kind = \"data\" for a migration of rows, or leave the line out".to_owned(),
        })
    }
}
