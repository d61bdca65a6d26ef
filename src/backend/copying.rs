//! Whole databases: copied out to a file, restored beside, put in place.

use std::path::Path;
use std::time::Duration;

use super::basic::Basic;
use super::error::{SqlError, SqlErrorKind};
use super::full::Identity;
use super::session::{Opening, Session};
use crate::domain::content::Content;
use crate::domain::database_url::DatabaseUrl;

/// What work on a whole database is given.
pub struct Job<'a> {
    /// The database.
    pub url: &'a DatabaseUrl,
    /// How sessions beside the first one are opened.
    pub opening: &'a Opening<'a>,
    /// The folder of `pg_dump` and `pg_restore`; on the PATH where it is not said.
    pub programs: Option<&'a Path>,
    /// How long to wait for other processes' locks.
    pub patience: Duration,
    /// Is told how far it has come.
    pub progress: &'a mut dyn FnMut(Progress),
    /// Whether somebody asked to stop.
    pub stop: &'a dyn Fn() -> bool,
}

impl Job<'_> {
    /// Tells how far it has come.
    ///
    /// # Errors
    /// When somebody asked to stop.
    pub(super) fn at(&mut self, step: Step, done: u64, total: Option<u64>) -> Result<(), SqlError> {
        if (self.stop)() {
            return Err(SqlError::new(SqlErrorKind::Cancelled, "stopped, as was asked"));
        }
        (self.progress)(Progress { step, done, total });
        Ok(())
    }
}

/// How far it has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// What is being done.
    pub step: Step,
    /// Bytes so far.
    pub done: u64,
    /// Bytes in all, where that is known.
    pub total: Option<u64>,
}

/// What is being done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// The database is copied to a file.
    Copy,
    /// The file is restored into a scratch database.
    Restore,
    /// Rows are counted and compared.
    Check,
    /// The new content is put in place.
    Install,
}

/// What was copied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Copied {
    /// What the database held in the snapshot that was copied.
    pub content: Content,
    /// What made the copy: `pg_dump 15.18`.
    pub made_with: String,
    /// What the copy itself does not keep: names and values.
    pub settings: Vec<(String, String)>,
}

/// Why nothing can be put in the place of a database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Obstacle {
    /// Something that would be lost or broken: a replication slot, a publication, a subscription …
    Attached(String),
    /// Another session that is connected: `pid 4711 psql as ann`.
    Connected(String),
}

/// What became of the database that was there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Installed {
    /// The database that holds the old content, where it is kept.
    pub kept: Option<String>,
}

/// What a run that was killed has left behind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeftOver {
    /// What it is.
    pub kind: LeftOverKind,
    /// Its name or path.
    pub name: String,
    /// The run that made it, where its name says so.
    pub run: Option<String>,
    /// Whether somebody uses it now.
    pub in_use: bool,
    /// The command that removes it.
    pub remove: String,
}

/// Kinds of what is left behind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LeftOverKind {
    /// New content that was not put in place.
    Restore,
    /// A scratch database of a proof.
    Scratch,
    /// The content of before a restore, which is kept on purpose.
    Before,
}

/// Owners and grants of what is to be wiped.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rights(pub(super) Vec<Right>);

/// One of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Right {
    /// `relation`, `column`, `routine`, `type` or `schema`.
    pub(super) what: String,
    /// Its name, with its schema.
    pub(super) called: String,
    /// The statement that gives it again.
    pub(super) sql: String,
}

impl Rights {
    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl Session {
    /// Copies this database to the new file `file`, in one snapshot, and tells what it held in that snapshot.
    ///
    /// # Errors
    /// When the database or the file refuses, a program is missing or too old, or somebody asked to stop.
    pub fn copy_out(&mut self, file: &Path, job: &mut Job<'_>) -> Result<Copied, SqlError> {
        match self {
            Self::Sqlite(session) => session.copy_out(file, job),
            Self::Postgres(session) => session.copy_out(file, job),
        }
    }

    /// Whether [`Session::copy_out`] has the programs that it needs, in the folder `programs` or on the PATH.
    ///
    /// # Errors
    /// When one is missing or too old, with what to install.
    pub fn can_copy_out(&mut self, programs: Option<&Path>) -> Result<(), SqlError> {
        match self {
            Self::Sqlite(_) => Ok(()),
            Self::Postgres(session) => session.can_copy_out(programs),
        }
    }

    /// What this database holds, in one snapshot.
    ///
    /// # Errors
    /// What the database refuses.
    pub fn content(&mut self) -> Result<Content, SqlError> {
        match self {
            Self::Sqlite(session) => session.content(),
            Self::Postgres(session) => session.content(),
        }
    }

    /// What is damaged in a copy: as `health`, but every page of it.
    ///
    /// # Errors
    /// What the database refuses.
    pub fn damages(&mut self) -> Result<Vec<String>, SqlError> {
        match self {
            Self::Sqlite(session) => session.damages(),
            // `pg_restore` has built every index and checked every foreign key.
            Self::Postgres(_) => Ok(Vec::new()),
        }
    }

    /// About how many bytes it holds.
    ///
    /// # Errors
    /// What the database refuses.
    pub fn size(&mut self) -> Result<u64, SqlError> {
        match self {
            Self::Sqlite(session) => session.size(),
            Self::Postgres(session) => session.size(),
        }
    }

    /// Why nothing can be put in the place of this database now.
    ///
    /// # Errors
    /// What the database refuses; when this role may not do it, with what to grant.
    pub fn obstacles(&mut self) -> Result<Vec<Obstacle>, SqlError> {
        match self {
            Self::Sqlite(_) => Ok(Vec::new()),
            Self::Postgres(session) => session.obstacles(),
        }
    }

    /// What runs that were killed have left beside this database, and what a restore has kept.
    ///
    /// # Errors
    /// What the database refuses.
    pub fn left_overs(&mut self) -> Result<Vec<LeftOver>, SqlError> {
        match self {
            Self::Sqlite(session) => Ok(session.left_overs()),
            Self::Postgres(session) => session.left_overs(),
        }
    }

    /// Other processes that have the file of this database open, as far as that can be seen: `pid 4711 bot`. On a server
    /// they are among [`Session::obstacles`].
    pub fn open_elsewhere(&self) -> Vec<String> {
        match self {
            #[cfg(unix)]
            Self::Sqlite(session) => session.open_elsewhere(),
            #[cfg(not(unix))]
            Self::Sqlite(_) => Vec::new(),
            Self::Postgres(_) => Vec::new(),
        }
    }

    /// Whether a wipe and all that follows are one transaction here. Elsewhere the new content is built beside.
    pub fn wipes_in_place(&self) -> bool {
        matches!(self, Self::Postgres(_))
    }

    /// Empties the schemas `own` and drops those of `drop`, in the transaction that is open. Extensions stay, and what
    /// stands elsewhere: where something of that would go too, this is an error.
    ///
    /// # Errors
    /// What the database refuses.
    pub fn wipe(&mut self, own: &[String], drop: &[String]) -> Result<Rights, SqlError> {
        match self {
            Self::Sqlite(_) => Err(SqlError::new(SqlErrorKind::Other, "a file is not wiped, but filled anew")),
            Self::Postgres(session) => session.wipe(own, drop),
        }
    }

    /// Owners and grants of what is in the schemas `own`.
    ///
    /// # Errors
    /// What the database refuses.
    pub fn rights(&mut self, own: &[String]) -> Result<Rights, SqlError> {
        match self {
            Self::Sqlite(_) => Ok(Rights::default()),
            Self::Postgres(session) => session.rights(own),
        }
    }

    /// Gives owners and grants back to what is there again under its name. Returns how many.
    ///
    /// # Errors
    /// What the database refuses.
    pub fn give_back(&mut self, rights: &Rights) -> Result<usize, SqlError> {
        match self {
            Self::Sqlite(_) => Ok(0),
            Self::Postgres(session) => session.give_back(rights),
        }
    }

    /// How many large objects there are.
    ///
    /// # Errors
    /// What the database refuses.
    pub fn large_objects(&mut self) -> Result<u64, SqlError> {
        match self {
            Self::Sqlite(_) => Ok(0),
            Self::Postgres(session) => session.large_objects(),
        }
    }

    /// The schema in which things are made that name none; empty where there are no schemas.
    ///
    /// # Errors
    /// What the database refuses.
    pub fn default_schema(&mut self) -> Result<String, SqlError> {
        match self {
            Self::Sqlite(_) => Ok(String::new()),
            Self::Postgres(session) => {
                let rows = session.query("SELECT coalesce(pg_catalog.current_schema(), 'public')::pg_catalog.text", &[])?;
                Ok(rows.first().and_then(|row| row.text(0)).unwrap_or_default().to_owned())
            }
        }
    }

    /// The name of what `run` makes to take the place of this database.
    pub fn name_of_new(&self, identity: &Identity, run: &str) -> String {
        match self {
            Self::Sqlite(_) => super::sqlite::name_of_new(&identity.name, run),
            Self::Postgres(_) => super::postgres::name_of_new(&identity.name, run),
        }
    }

    /// The name of the scratch database in which a copy of this one is proved. `unique` has at most 24 bytes.
    pub fn name_of_proof(&self, identity: &Identity, unique: &str) -> String {
        match self {
            Self::Sqlite(_) => format!("manage_scratch_{unique}"),
            Self::Postgres(_) => super::postgres::name_of_proof(&identity.name, unique),
        }
    }
}
