//! What may go wrong while the client is lent out.

use std::io;

/// An error of work done with [`PostgresSession::raw`](super::PostgresSession::raw). Made by `?` from both
/// kinds of error that COPY meets.
#[derive(Debug)]
pub enum RawError {
    /// The server's, or the way to it.
    Postgres(postgres::Error),
    /// Of reading or writing what is copied.
    Io(io::Error),
}

impl From<postgres::Error> for RawError {
    fn from(error: postgres::Error) -> Self {
        Self::Postgres(error)
    }
}

impl From<io::Error> for RawError {
    /// The client's own readers and writers hide the server's error in an `io::Error`: take it out again.
    fn from(error: io::Error) -> Self {
        if !error.get_ref().is_some_and(|inner| inner.is::<postgres::Error>()) {
            return Self::Io(error);
        }
        let kind = error.kind();
        match error.into_inner().map(|inner| inner.downcast::<postgres::Error>()) {
            Some(Ok(inner)) => Self::Postgres(*inner),
            _ => Self::Io(kind.into()),
        }
    }
}
