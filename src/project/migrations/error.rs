//! Migrations that cannot be read.

use std::path::PathBuf;

use crate::domain::engine::Engine;
use crate::domain::explain::{Class, Explain, Place};
use crate::domain::version::Version;
use crate::project::config::Layout;

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
    /// Files of two layouts.
    #[error("the migrations lie in two layouts: {} is {}, {} is {}", .0[0].1.display(), owner(.0[0].0), .0[1].1.display(), owner(.0[1].0))]
    BothLayouts([(Layout, PathBuf); 2]),
    /// A file whose name does not fit the numbered layout.
    #[error("the name of this file does not fit the numbered layout: {why}")]
    BadNumberedName {
        /// The file.
        file: PathBuf,
        /// What does not fit.
        why: String,
    },
    /// A number of the numbered layout that no file has.
    #[error("the migration {missing:03} is missing: {} comes {}", .next.display(), .after.as_ref().map_or_else(|| "first".to_owned(), |after| format!("after {}", after.display())))]
    Gap {
        /// The first number that is missing.
        missing: i64,
        /// The file before it.
        after: Option<PathBuf>,
        /// The file behind it.
        next: PathBuf,
    },
    /// Only the other database has a file of a numbered migration.
    #[error("{} has no file for {engine}", .file.display())]
    NotForThis {
        /// The file for the other one.
        file: PathBuf,
        /// For which database.
        engine: Engine,
    },
    /// The parts of a numbered file.
    #[error("{why}")]
    BadParts {
        /// Where.
        place: Place,
        /// What is wrong with them.
        why: String,
    },
    /// A numbered file that says another number than its name.
    #[error("the file says version {said}, its name says {named}")]
    OtherNumber {
        /// Where it says so.
        place: Place,
        /// What it says.
        said: String,
        /// What its name says.
        named: Version,
    },
    /// A squash that was broken off.
    #[error("a baseline was being put in place of the migrations in {}, and did not come to its end", .0.display())]
    HalfSquashed(PathBuf),
    /// `kind` is neither `schema` nor `data`.
    #[error("`kind` is neither \"schema\" nor \"data\"")]
    UnknownKind(Place),
}

fn owner(layout: Layout) -> &'static str {
    match layout {
        Layout::Diesel => "diesel's",
        Layout::Refinery => "refinery's",
        Layout::Numbered => "a numbered one",
    }
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
            Self::BadName { file, .. } | Self::BadNumberedName { file, .. } => Some(Place::file(file)),
            Self::NotUtf8(place) | Self::UnknownKind(place) | Self::BadParts { place, .. } | Self::OtherNumber { place, .. } => {
                Some(place.clone())
            }
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
            Self::BothLayouts([(one, _), (other, _)]) => {
                // Older layouts first, as the documentation lists them.
                let (one, other) = if *other == Layout::Diesel { (other, one) } else { (one, other) };
                format!(
                    "keep one of them in this folder; layout = \"{}\" or \"{}\" under [migrations] says which one counts",
                    one.word(),
                    other.word()
                )
            }
            Self::BadNumberedName { .. } => {
                "name it <NNN>_<name>.sql, for example 007_add_sectors.sql, or move it out of this folder".to_owned()
            }
            Self::Gap { .. } => {
                "bring the file back, or give those after it that no database has run yet the next free numbers".to_owned()
            }
            Self::NotForThis { engine, .. } => {
                format!("add one that ends in .{}.sql, or in .sql alone for both databases", engine.word())
            }
            Self::BadParts { .. } => {
                "write a line `-- up` and the way forward below it, then a line `-- down` and the way back".to_owned()
            }
            Self::OtherNumber { .. } => "correct one of the two: the name counts, and its line may be left out".to_owned(),
            Self::Duplicate { .. } => "give the one that no database has run yet a newer version: rename its folder".to_owned(),
            Self::HalfSquashed(_) => "bring it to its end: manage baseline squash".to_owned(),
            Self::UnknownKind(_) => "write kind = \"data\" for a migration of rows, or leave the line out".to_owned(),
        })
    }
}
