//! Errors about the connection's text, which is never repeated in them: it may be a password.

use crate::backend::error::{SqlError, SqlErrorKind};

/// A text, file or option that cannot be used.
pub(in super::super) fn invalid(message: impl Into<String>) -> SqlError {
    SqlError::new(SqlErrorKind::Configuration, message)
}
