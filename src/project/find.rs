//! Where the project is.

use std::path::{Path, PathBuf};

use super::config::{Config, ConfigError};
use crate::domain::explain::{Class, Explain, Place};

/// A project: a folder and what its `manage.toml` says.
#[derive(Debug, Clone)]
pub struct Project {
    /// The folder.
    pub folder: PathBuf,
    /// Its settings; the defaults where it has no `manage.toml`.
    pub config: Config,
}

impl Project {
    /// The file that makes a folder a project.
    pub const FILE: &'static str = "manage.toml";

    /// Opens the project in `folder`.
    ///
    /// # Errors
    /// When the folder does not exist or is no project, or its `manage.toml` is not valid.
    pub fn open(folder: impl AsRef<Path>) -> Result<Self, FindError> {
        let folder = folder.as_ref();
        if !folder.is_dir() {
            return Err(FindError::NoFolder(folder.to_owned()));
        }
        if !is_project(folder) {
            return Err(FindError::NoProject(folder.to_owned()));
        }
        let file = folder.join(Self::FILE);
        let config = match std::fs::read(&file) {
            Ok(bytes) => Config::parse(&file, &bytes)?,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Config::inferred(folder)?,
            Err(error) => return Err(FindError::Unreadable { file, error }),
        };
        Ok(Self { folder: folder.to_owned(), config })
    }

    /// The nearest project at or above `start`. A `manage.toml` further up wins over a bare `migrations`
    /// folder below it only where nothing nearer has a `manage.toml`.
    ///
    /// # Errors
    /// When there is none, or its `manage.toml` is not valid.
    pub fn find(start: &Path) -> Result<Self, FindError> {
        match start.ancestors().find(|folder| is_project(folder)) {
            Some(folder) => Self::open(folder),
            None => Err(FindError::NoProject(start.to_owned())),
        }
    }

    /// The folder of the migrations.
    pub fn migrations_folder(&self) -> PathBuf {
        self.folder.join(&self.config.migrations.dir)
    }

    /// The folder of the scripts.
    pub fn scripts_folder(&self) -> PathBuf {
        self.folder.join(&self.config.scripts.dir)
    }

    /// `path` as a person would type it from `from`: relative where it lies below.
    pub fn shown(path: &Path, from: &Path) -> PathBuf {
        path.strip_prefix(from).map_or_else(|_| path.to_owned(), Path::to_owned)
    }
}

fn is_project(folder: &Path) -> bool {
    folder.join(Project::FILE).is_file() || folder.join("diesel.toml").is_file() || folder.join("migrations").is_dir()
}

/// A project that cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum FindError {
    /// `--project` names nothing.
    #[error("the folder {} does not exist", .0.display())]
    NoFolder(PathBuf),
    /// No project here or above.
    #[error("no project in {} or above it", .0.display())]
    NoProject(PathBuf),
    /// The file cannot be read.
    #[error("cannot read {}", .file.display())]
    Unreadable {
        /// The file.
        file: PathBuf,
        /// Why.
        #[source]
        error: std::io::Error,
    },
    /// The file is not valid.
    #[error(transparent)]
    Config(#[from] ConfigError),
}

impl Explain for FindError {
    fn class(&self) -> Class {
        match self {
            Self::Unreadable { .. } => Class::CouldNotRun,
            _ => Class::Usage,
        }
    }

    fn place(&self) -> Option<Place> {
        match self {
            Self::Config(error) => error.place(),
            _ => None,
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::NoFolder(_) => Some("--project takes the folder that holds manage.toml".to_owned()),
            Self::NoProject(_) => Some(
                "a project is a folder with manage.toml, diesel.toml or migrations/: go there, or name it with --project DIR"
                    .to_owned(),
            ),
            Self::Unreadable { .. } => Some("check who may read the file".to_owned()),
            Self::Config(error) => error.hint(),
        }
    }
}
