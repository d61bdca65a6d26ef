//! An empty database beside another one, gone with its value: to try out what must not touch the real one.

use std::path::Path;

use super::error::SqlError;
use super::postgres::ScratchDatabase;
use super::session::{Opening, Session};
use super::sqlite::ScratchFile;
use crate::domain::database_url::DatabaseUrl;

/// A scratch database with a session on it. On PostgreSQL it lies on the server of the real one, with its encoding,
/// locale and `search_path`; on SQLite it is a file in a folder of its own.
pub struct Scratch {
    // Declared first: the session must be closed before the database can go.
    session: Option<Session>,
    place: Place,
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
