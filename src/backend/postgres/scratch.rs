//! A database beside the real one, on the same server, dropped with its value.

use super::connect;
use super::database::quoted;
use super::session::PostgresSession;
use crate::backend::Basic;
use crate::backend::error::{SqlError, SqlErrorKind};
use crate::backend::session::Opening;
use crate::domain::secret::Secret;

/// Encoding and locale decide what can be stored and how it sorts; a `search_path` set for the database decides where
/// an unqualified table goes. The locale is copied where it is libc's: other providers need options of their own.
const SETTINGS: &str = "SELECT pg_catalog.pg_encoding_to_char(d.encoding)::text, d.datcollate::text, d.datctype::text, \
     (SELECT substr(o, length('search_path=') + 1) FROM pg_catalog.pg_db_role_setting s, unnest(s.setconfig) AS o \
      WHERE s.setdatabase = d.oid AND s.setrole = 0 AND o LIKE 'search_path=%') \
     FROM pg_catalog.pg_database d WHERE d.datname = pg_catalog.current_database()";

/// A scratch database on a server.
pub struct ScratchDatabase {
    /// A session on the real database, which does nothing there: it makes and drops the scratch database.
    beside: PostgresSession,
    name: String,
    dropped: bool,
}

impl ScratchDatabase {
    /// Makes the database `name` on the server of the database that `url` names.
    pub(in crate::backend) fn make(url: &Secret, name: &str, opening: &Opening<'_>) -> Result<Self, SqlError> {
        let mut beside = PostgresSession::open(url, opening)?;
        let rows = beside.query(SETTINGS, &[])?;
        let setting = |at| rows.first().and_then(|row| row.text(at)).map(str::to_owned);
        let mut sql = format!("CREATE DATABASE {} TEMPLATE template0", quoted(name));
        for (word, at) in [("ENCODING", 0), ("LC_COLLATE", 1), ("LC_CTYPE", 2)] {
            if let Some(value) = setting(at) {
                sql.push_str(&format!(" {word} '{}'", value.replace('\'', "''")));
            }
        }
        beside.execute(&sql).map_err(explained)?;
        let mut made = Self { beside, name: name.to_owned(), dropped: false };
        if let Some(path) = setting(3) {
            made.beside.execute(&format!("ALTER DATABASE {} SET search_path TO {path}", quoted(name)))?;
        }
        Ok(made)
    }

    /// Opens it.
    pub(in crate::backend) fn open(&self, url: &Secret, opening: &Opening<'_>) -> Result<PostgresSession, SqlError> {
        connect::connect_to(url, &self.name, opening).map(PostgresSession::over)
    }

    /// Drops it.
    pub(in crate::backend) fn remove(&mut self) -> Result<(), SqlError> {
        if self.dropped {
            return Ok(());
        }
        self.dropped = true;
        // The server may still be busy with the end of the session on it.
        let sql = format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", quoted(&self.name));
        self.beside.execute(&sql).map_err(|mut error| {
            error.message = format!("the scratch database {} cannot be dropped: {}", self.name, error.message);
            error.with_hint(format!("drop it by hand: DROP DATABASE {};", quoted(&self.name)))
        })
    }
}

impl Drop for ScratchDatabase {
    fn drop(&mut self) {
        let _ = self.remove();
    }
}

fn explained(error: SqlError) -> SqlError {
    match error.kind {
        SqlErrorKind::Permission => {
            error.with_hint("a scratch database is made on the server and dropped again: ALTER ROLE the_role CREATEDB, or use a copy of the database on a server where you may")
        }
        SqlErrorKind::ReadOnly => error.with_hint("a scratch database cannot be made on a replica: use the primary server"),
        _ => error,
    }
}
