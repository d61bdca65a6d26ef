//! An empty database beside another one, gone with its value: to try out what must not touch the real one.

use std::path::Path;

use super::basic::Basic;
use super::copying::{Installed, Job, Step};
use super::error::{SqlError, SqlErrorKind};
use super::full::{Full, Identity};
use super::postgres::ScratchDatabase;
use super::session::{Access, Opening, Session};
use super::sqlite::{ScratchFile, SqliteSession};
use crate::domain::content::Content;
use crate::domain::database_url::DatabaseUrl;

/// A scratch database with a session on it. On PostgreSQL it lies on the server of the real one, with its encoding,
/// locale and `search_path`; on SQLite it is a file in a folder of its own.
pub struct Scratch {
    // Declared first: the session must be closed before the database can go.
    session: Option<Session>,
    place: Place,
}

/// What a restored database is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// To prove that it can be restored: owners and grants are left out, which this role may not be able to give.
    Proof,
    /// To take the place of the real one.
    Place,
}

enum Place {
    File(ScratchFile),
    Database(Box<ScratchDatabase>),
}

impl Scratch {
    /// Makes a scratch database for the one that `url` names. `name` must be nobody else's; `folder` is where a
    /// temporary file may be.
    ///
    /// # Errors
    /// When the server or the folder refuses; on PostgreSQL the role needs CREATEDB.
    pub fn make(url: &DatabaseUrl, name: &str, folder: &Path, opening: &Opening<'_>) -> Result<Self, SqlError> {
        match url {
            DatabaseUrl::Sqlite(_) => {
                let file = ScratchFile::make(folder, name)?;
                let session = file.open(opening)?;
                Ok(Self { session: Some(Session::Sqlite(Box::new(session))), place: Place::File(file) })
            }
            DatabaseUrl::Postgres(url) => {
                let database = ScratchDatabase::make(url, name, opening)?;
                let session = database.open(url, opening)?;
                Ok(Self { session: Some(Session::Postgres(Box::new(session))), place: Place::Database(Box::new(database)) })
            }
        }
    }

    /// Makes an empty scratch database beside the file of `live`, with what its file keeps of itself: the size of its
    /// pages, its encoding, whose file it is. On a server nothing is built beside.
    ///
    /// # Errors
    /// When the folder refuses.
    pub fn like(live: &mut Session, name: &str, folder: &Path, opening: &Opening<'_>) -> Result<Self, SqlError> {
        let mut settings = String::new();
        for pragma in ["page_size", "encoding", "auto_vacuum", "application_id"] {
            let rows = live.query(&format!("PRAGMA main.{pragma}"), &[])?;
            let value =
                rows.first().and_then(|row| row.integer(0).map(|n| n.to_string()).or_else(|| row.text(0).map(str::to_owned)));
            if let Some(value) = value {
                settings.push_str(&format!("PRAGMA main.{pragma} = '{value}';"));
            }
        }
        let file = ScratchFile::make(folder, name)?;
        let mut session = file.open(opening)?;
        session.execute(&settings)?;
        Ok(Self { session: Some(Session::Sqlite(Box::new(session))), place: Place::File(file) })
    }

    /// Restores the backup in `file` into a new scratch database, and gives the SHA-256 of the file as it was read.
    ///
    /// # Errors
    /// As [`Scratch::make`], and when the backup cannot be restored, a program is missing or too old, or somebody
    /// asked to stop.
    pub fn restored(
        file: &Path,
        name: &str,
        folder: &Path,
        purpose: Purpose,
        job: &mut Job<'_>,
    ) -> Result<(Self, String), SqlError> {
        let opening = Opening { access: Access::Create, ..*job.opening };
        match job.url {
            DatabaseUrl::Sqlite(_) => {
                let scratch = ScratchFile::make(folder, name)?;
                let hash = scratch.fill(file, job)?;
                let session = scratch.open(&opening)?;
                Ok((Self { session: Some(Session::Sqlite(Box::new(session))), place: Place::File(scratch) }, hash))
            }
            DatabaseUrl::Postgres(url) => {
                let mut database = ScratchDatabase::make(url, name, &opening)?;
                let hash = database.fill(file, purpose, job)?;
                let session = Session::Postgres(Box::new(database.open(url, &opening)?));
                Ok((Self { session: Some(session), place: Place::Database(Box::new(database)) }, hash))
            }
        }
    }

    /// Whether it is, byte by byte, the file that it was restored from: what was proved of the one holds of the other.
    pub fn is_the_file(&self) -> bool {
        matches!(self.place, Place::File(_))
    }

    /// What it holds, and what is damaged in it. On two cores both are found out at once.
    ///
    /// # Errors
    /// What the database refuses.
    pub fn checked(&mut self, job: &mut Job<'_>) -> Result<(Content, Vec<String>), SqlError> {
        job.at(Step::Check, 0, None)?;
        let Some(beside) = self.beside(job.opening)? else { return Ok((self.session().content()?, Vec::new())) };
        std::thread::scope(|scope| {
            let mut beside = beside;
            let damages = scope.spawn(move || beside.damages());
            let content = self.session().content();
            let damages = damages.join().map_err(|_| SqlError::new(SqlErrorKind::Other, "the copy could not be checked"))?;
            Ok((content?, damages?))
        })
    }

    /// A second session, where damages are to be looked for.
    fn beside(&self, opening: &Opening<'_>) -> Result<Option<SqliteSession>, SqlError> {
        match &self.place {
            Place::File(file) => SqliteSession::open(&file.file(), &Opening { access: Access::Read, ..*opening }).map(Some),
            Place::Database(_) => Ok(None),
        }
    }

    /// What a marker has to be bound to, so that it holds once this database is in the place of `live`.
    ///
    /// # Errors
    /// What the database refuses.
    pub fn binding_in_place(&mut self, live: &Identity) -> Result<Vec<(&'static str, String)>, SqlError> {
        match &self.place {
            Place::File(_) => Ok(live.binding.clone()),
            Place::Database(_) => {
                let mut binding = self.session().identity()?.binding;
                for (name, value) in &mut binding {
                    if *name == "database name" {
                        value.clone_from(&live.name);
                    }
                }
                Ok(binding)
            }
        }
    }

    /// Puts this database in the place of `live`. On SQLite its content is copied into the file, in one transaction,
    /// with the journal that `journal` names where the file is new; on PostgreSQL both databases are renamed in one
    /// transaction, and the old one is kept. With `terminate` other sessions are ended, where they would be in the
    /// way.
    ///
    /// # Errors
    /// What the database refuses: then the old content is in place, whole.
    pub fn install(
        mut self,
        live: Session,
        run: &str,
        terminate: bool,
        journal: Option<&str>,
        job: &mut Job<'_>,
    ) -> Result<Installed, SqlError> {
        // The copy is made from the file, by another connection.
        self.session = None;
        match (&mut self.place, live) {
            (Place::File(file), Session::Sqlite(mut live)) => {
                live.take_in(&file.file(), journal, job)?;
                file.remove()?;
                Ok(Installed { kept: None })
            }
            (Place::Database(database), Session::Postgres(live)) => database.install(*live, run, terminate, job),
            _ => Err(SqlError::new(SqlErrorKind::Other, "the backup is of another kind of database")),
        }
    }

    /// The session.
    pub fn session(&mut self) -> &mut Session {
        self.session.as_mut().expect("only `remove` takes it, with the whole value")
    }

    /// Removes the database. Dropping the value does the same, but cannot say what went wrong.
    ///
    /// # Errors
    /// When the server or the folder refuses: the message names what is left behind.
    pub fn remove(mut self) -> Result<(), SqlError> {
        self.session = None;
        match &mut self.place {
            Place::File(file) => file.remove(),
            Place::Database(database) => database.remove(),
        }
    }
}
