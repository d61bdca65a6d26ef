//! A database that is made to try something and goes with the value.

use std::path::Path;

use super::error::{SqlError, SqlErrorKind};
use super::postgres::PostgresSession;
use super::session::{Opening, Session};
use crate::domain::database_url::DatabaseUrl;

/// A scratch database. It is dropped with [`Scratch::discard`], which tells what went wrong, or with the value.
pub struct Scratch<'a> {
    session: Option<Session>,
    url: DatabaseUrl,
    name: String,
    opening: &'a Opening<'a>,
}

impl<'a> Scratch<'a> {
    /// Makes one: on SQLite a file in `folder`, on PostgreSQL a database on the server that `url` names.
    ///
    /// # Errors
    /// When the server cannot be reached, or the role may not make databases.
    pub fn make(url: &DatabaseUrl, folder: &Path, name: &str, opening: &'a Opening<'a>) -> Result<Self, SqlError> {
        let (url, session) = match url {
            DatabaseUrl::Sqlite(_) => {
                let url = DatabaseUrl::Sqlite(folder.join(format!("{name}.db")));
                let session = Session::open(&url, opening)?;
                (url, session)
            }
            DatabaseUrl::Postgres(server) => {
                let session = PostgresSession::make_scratch(server, name, opening).map_err(in_words)?;
                (url.clone(), Session::Postgres(Box::new(session)))
            }
        };
        Ok(Self { session: Some(session), url, name: name.to_owned(), opening })
    }

    /// The session in it; `None` once it was discarded.
    pub fn session(&mut self) -> Option<&mut Session> {
        self.session.as_mut()
    }

    /// Drops it.
    ///
    /// # Errors
    /// When it stays.
    pub fn discard(mut self) -> Result<(), SqlError> {
        self.remove()
    }

    fn remove(&mut self) -> Result<(), SqlError> {
        if self.session.take().is_none() {
            return Ok(());
        }
        match &self.url {
            DatabaseUrl::Sqlite(_) => Session::drop_database(&self.url, self.opening).map(drop),
            DatabaseUrl::Postgres(server) => PostgresSession::drop_scratch(server, &self.name, self.opening),
        }
    }
}

impl Drop for Scratch<'_> {
    fn drop(&mut self) {
        // Nobody is there to be told: whoever wants to know discards it.
        let _ = self.remove();
    }
}

fn in_words(error: SqlError) -> SqlError {
    if error.kind != SqlErrorKind::Permission {
        return error;
    }
    let message = format!("a scratch database cannot be made: {}", error.message);
    SqlError { message, ..error }
        .with_hint("let the role make databases (ALTER ROLE … CREATEDB), or try it on SQLite: --database sqlite:scratch.db")
}
