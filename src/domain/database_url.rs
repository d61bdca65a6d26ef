//! Which database: the text that a person writes, understood.

use std::fmt;
use std::path::{Path, PathBuf};

use super::engine::Engine;
use super::explain::{Class, Explain};
use super::secret::Secret;

/// A database URL. Printing it never shows a password.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DatabaseUrl {
    /// `sqlite:PATH`, `sqlite://PATH` or a bare path.
    Sqlite(PathBuf),
    /// `postgres://…` or `postgresql://…`, whole; the PostgreSQL back end reads it as libpq would.
    Postgres(Secret),
}

impl DatabaseUrl {
    /// Understands `text`.
    ///
    /// # Errors
    /// When the text is empty, names a scheme that is not known, or a place where no database can be kept.
    pub fn parse(text: &str) -> Result<Self, DatabaseUrlError> {
        let text = text.trim();
        if text.is_empty() {
            return Err(DatabaseUrlError::Empty);
        }
        if text.starts_with("postgres://") || text.starts_with("postgresql://") {
            return Ok(Self::Postgres(Secret::new(text)));
        }
        if let Some(rest) = text.strip_prefix("sqlite:") {
            return Self::sqlite_url(rest.strip_prefix("//").unwrap_or(rest));
        }
        match text.split_once("://") {
            Some(("file", rest)) => Self::sqlite_url(rest),
            Some((scheme, _)) => Err(DatabaseUrlError::UnknownScheme(scheme.to_owned())),
            None if text.starts_with("postgres:") || text.starts_with("postgresql:") => Err(DatabaseUrlError::MissingSlashes),
            None if text.starts_with("file:") => Self::sqlite_url(&text["file:".len()..]),
            // Taken for a file, its password would stand in every message about the file.
            None if is_login(text) || is_keywords(text) => Err(DatabaseUrlError::NoScheme),
            None => Self::sqlite_file(text),
        }
    }

    /// What follows the scheme. `?mode=rwc`, which sqlx's projects carry, is how files are opened here anyway; another
    /// option taken for a part of the name would quietly make a second database.
    fn sqlite_url(rest: &str) -> Result<Self, DatabaseUrlError> {
        match rest.split_once('?') {
            Some((path, "" | "mode=rwc")) => Self::sqlite_file(path),
            Some((_, options)) if !options.contains("mode=memory") => Err(DatabaseUrlError::Options(options.to_owned())),
            _ => Self::sqlite_file(rest),
        }
    }

    fn sqlite_file(path: &str) -> Result<Self, DatabaseUrlError> {
        if path.is_empty() {
            return Err(DatabaseUrlError::NoPath);
        }
        if path == ":memory:" || path.contains("mode=memory") {
            return Err(DatabaseUrlError::InMemory);
        }
        if path.contains('\0') {
            return Err(DatabaseUrlError::NulInPath);
        }
        Ok(Self::Sqlite(PathBuf::from(path)))
    }

    /// The kind of database that the URL names.
    pub fn engine(&self) -> Engine {
        match self {
            Self::Sqlite(_) => Engine::Sqlite,
            Self::Postgres(_) => Engine::Postgres,
        }
    }

    /// The same database, with a relative SQLite path taken from `folder`.
    #[must_use]
    pub fn relative_to(self, folder: &Path) -> Self {
        match self {
            Self::Sqlite(path) if path.is_relative() => Self::Sqlite(folder.join(path)),
            other => other,
        }
    }
}

/// `ann:secret@db/x`: a URL without its scheme.
fn is_login(text: &str) -> bool {
    text.rfind('@').is_some_and(|at| text[..at].contains(':'))
}

/// `host=db password=secret`: libpq's other form.
fn is_keywords(text: &str) -> bool {
    let keywords = ["host", "hostaddr", "port", "user", "password", "dbname", "service", "sslmode"];
    text.split_whitespace().any(|word| word.split_once('=').is_some_and(|(name, _)| keywords.contains(&name)))
}

impl fmt::Display for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sqlite(path) => write!(f, "sqlite:{}", path.display()),
            Self::Postgres(url) => f.write_str(&super::secret::redact(url.reveal())),
        }
    }
}

/// A text that names no database.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DatabaseUrlError {
    /// Nothing was written.
    #[error("the database URL is empty")]
    Empty,
    /// Another kind of database.
    #[error("`{0}://` is not a database that manage knows")]
    UnknownScheme(String),
    /// `postgres:` without `//`.
    #[error("a PostgreSQL URL begins with `postgres://`")]
    MissingSlashes,
    /// A login or keywords, and no scheme.
    #[error("the database URL does not say what kind of database it is")]
    NoScheme,
    /// `sqlite:` without a path.
    #[error("the SQLite URL names no file")]
    NoPath,
    /// `:memory:`.
    #[error("an in-memory database is gone when the command ends")]
    InMemory,
    /// Options that mean nothing here.
    #[error("`?{0}` in the URL of an SQLite file is not understood")]
    Options(String),
    /// A NUL in the path.
    #[error("the path of the SQLite file holds a NUL character")]
    NulInPath,
}

impl Explain for DatabaseUrlError {
    fn class(&self) -> Class {
        Class::Usage
    }

    fn hint(&self) -> Option<String> {
        Some(match self {
            Self::InMemory => "name a file: sqlite:manage.db".to_owned(),
            Self::Options(_) => "leave it out; a file whose name holds `?` is written as a bare path".to_owned(),
            _ => "write sqlite:PATH or postgres://USER@HOST/DATABASE".to_owned(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_spelling_of_a_file_is_understood() {
        for text in ["sqlite:a/b.db", "sqlite://a/b.db", "a/b.db", "file:a/b.db"] {
            assert_eq!(DatabaseUrl::parse(text), Ok(DatabaseUrl::Sqlite("a/b.db".into())), "{text}");
        }
        assert_eq!(DatabaseUrl::parse("sqlite:///tmp/x.db"), Ok(DatabaseUrl::Sqlite("/tmp/x.db".into())));
    }

    #[test]
    fn options_of_an_sqlite_url_are_no_part_of_the_name() {
        assert_eq!(DatabaseUrl::parse("sqlite://a.db?mode=rwc"), Ok(DatabaseUrl::Sqlite("a.db".into())));
        assert_eq!(DatabaseUrl::parse("sqlite:a.db?mode=ro"), Err(DatabaseUrlError::Options("mode=ro".into())));
        assert_eq!(DatabaseUrl::parse("file:a.db?mode=memory&cache=shared"), Err(DatabaseUrlError::InMemory));
        assert_eq!(DatabaseUrl::parse("what?.db"), Ok(DatabaseUrl::Sqlite("what?.db".into())));
    }

    #[test]
    fn a_postgres_url_shows_no_password() {
        let url = DatabaseUrl::parse("postgres://ann:hunter2@db/x").expect("a valid URL");

        assert_eq!(url.to_string(), "postgres://ann:***@db/x");
        assert!(!format!("{url:?}").contains("hunter2"));
    }

    #[test]
    fn other_schemes_and_places_are_refused() {
        assert_eq!(DatabaseUrl::parse("mysql://h/x"), Err(DatabaseUrlError::UnknownScheme("mysql".into())));
        assert_eq!(DatabaseUrl::parse("postgres:h/x"), Err(DatabaseUrlError::MissingSlashes));
        assert_eq!(DatabaseUrl::parse("ann:hunter2@db/x"), Err(DatabaseUrlError::NoScheme));
        assert_eq!(DatabaseUrl::parse("host=db password=hunter2"), Err(DatabaseUrlError::NoScheme));
        assert_eq!(DatabaseUrl::parse("sqlite::memory:"), Err(DatabaseUrlError::InMemory));
        assert_eq!(DatabaseUrl::parse("  "), Err(DatabaseUrlError::Empty));
        assert_eq!(DatabaseUrl::parse("sqlite:"), Err(DatabaseUrlError::NoPath));
    }
}
