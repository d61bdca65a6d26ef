//! Stopping a statement from another thread.

use postgres::{CancelToken, NoTls};

use super::errors;
use super::thread::off_runtime;
use super::tls::Tls;
use crate::backend::error::{SqlError, SqlErrorKind};

/// Cancels what its session runs. Can be cloned and given to another thread.
#[derive(Clone)]
pub struct CancelHandle {
    token: CancelToken,
    tls: Tls,
}

impl CancelHandle {
    pub(super) fn new(token: CancelToken, tls: Tls) -> Self {
        Self { token, tls }
    }

    /// Asks the server to stop the statement that runs; it fails with SQLSTATE 57014 then. Does nothing when none runs.
    ///
    /// The request goes the same way as the session, over TLS where that uses TLS.
    ///
    /// # Errors
    /// When the server cannot be reached.
    pub fn cancel(&self) -> Result<(), SqlError> {
        off_runtime(|| match &self.tls {
            Tls::Off => self.token.cancel_query(NoTls),
            Tls::On(connector) => self.token.cancel_query(connector.clone()),
        })
        .map_err(|error| SqlError::new(SqlErrorKind::Connection, errors::with_causes(&error)))
    }
}
