//! The migration lock in a session of our own: as on any connection, and the session says what it is held for.

use super::session::PostgresSession;
use crate::backend::basic::Basic;
use crate::backend::error::SqlError;
use crate::backend::server;

/// The server shows at most so many bytes of an application's name.
const NAME_BYTES: usize = 63;

/// Takes the lock if it is free, and says to others what it is taken for.
pub(super) fn try_lock(session: &mut PostgresSession, what: &str) -> Result<bool, SqlError> {
    if server::holds_lock(session)? {
        return Ok(true);
    }
    let taken = server::try_lock(session)?;
    if taken {
        let name = shortened(what);
        session.query("SELECT pg_catalog.set_config('application_name', $1, false)", &[name.into()])?;
        session.settings.application = Some(name.to_owned());
    }
    Ok(taken)
}

/// Gives the lock back, and the session its own name.
pub(super) fn unlock(session: &mut PostgresSession) -> Result<(), SqlError> {
    server::unlock(session)?;
    if session.settings.application.take().is_some() {
        session.execute("RESET application_name")?;
    }
    Ok(())
}

fn shortened(text: &str) -> &str {
    &text[..text.floor_char_boundary(NAME_BYTES)]
}
