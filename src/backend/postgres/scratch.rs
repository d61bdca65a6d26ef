//! A database beside the real one, on the same server, dropped with its value.

use super::connect;
use super::session::PostgresSession;
use crate::backend::Basic;
use crate::backend::error::{SqlError, SqlErrorKind};
use crate::backend::session::Opening;
use crate::domain::schema::{escaped_text, quoted};
use crate::domain::secret::Secret;

/// Encoding and locale decide what can be stored and how it sorts; a `search_path` set for the database decides where
/// an unqualified table goes. The columns of other providers than libc came one by one, from version 15 on.
const SETTINGS: &str = "SELECT pg_catalog.pg_encoding_to_char(d.encoding)::text, d.datcollate::text, d.datctype::text, \
     (SELECT substr(o, length('search_path=') + 1) FROM pg_catalog.pg_db_role_setting s, unnest(s.setconfig) AS o \
      WHERE s.setdatabase = d.oid AND s.setrole = 0 AND o LIKE 'search_path=%'), \
     pg_catalog.to_jsonb(d) ->> 'datlocprovider', \
     coalesce(pg_catalog.to_jsonb(d) ->> 'datlocale', pg_catalog.to_jsonb(d) ->> 'daticulocale'), \
     pg_catalog.to_jsonb(d) ->> 'daticurules', (SELECT t.spcname::text FROM pg_catalog.pg_tablespace t WHERE t.oid = d.dattablespace) \
     FROM pg_catalog.pg_database d WHERE d.datname = pg_catalog.current_database()";

/// A scratch database on a server.
pub struct ScratchDatabase {
    /// A session on the real database, which does nothing there: it makes and drops the scratch database.
    beside: Option<PostgresSession>,
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
                sql.push_str(&format!(" {word} {}", escaped_text(&value)));
            }
        }
        match setting(4).as_deref() {
            Some("i") => {
                sql.push_str(" LOCALE_PROVIDER icu");
                for (word, at) in [("ICU_LOCALE", 5), ("ICU_RULES", 6)] {
                    if let Some(value) = setting(at) {
                        sql.push_str(&format!(" {word} {}", escaped_text(&value)));
                    }
                }
            }
            Some("b") => {
                let locale = escaped_text(&setting(5).unwrap_or_default());
                sql.push_str(&format!(" LOCALE_PROVIDER builtin BUILTIN_LOCALE {locale}"));
            }
            _ => {}
        }
        if let Some(space) = setting(7).filter(|space| space != "pg_default") {
            sql.push_str(&format!(" TABLESPACE {}", quoted(&space)));
        }
        beside.execute(&sql).map_err(explained)?;
        let mut made = Self { beside: Some(beside), name: name.to_owned(), dropped: false };
        if let Some(path) = setting(3) {
            made.beside()?.execute(&format!("ALTER DATABASE {} SET search_path TO {path}", quoted(name)))?;
        }
        Ok(made)
    }

    /// Opens it.
    pub(in crate::backend) fn open(&self, url: &Secret, opening: &Opening<'_>) -> Result<PostgresSession, SqlError> {
        connect::connect_to(url, &self.name, opening).map(PostgresSession::over)
    }

    /// Its name.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// The session on the real database.
    pub(super) fn beside(&mut self) -> Result<&mut PostgresSession, SqlError> {
        self.beside.as_mut().ok_or_else(|| SqlError::new(SqlErrorKind::Connection, "the session beside it is closed"))
    }

    /// Closes the session on the real database, which is in the way where that one is renamed. From then on nothing
    /// drops this database: it is complete, and `doctor` names it.
    pub(super) fn leave(&mut self) {
        self.beside = None;
    }

    /// It is no scratch database any more.
    pub(super) fn keep(&mut self) {
        self.dropped = true;
    }

    /// Drops it.
    pub(in crate::backend) fn remove(&mut self) -> Result<(), SqlError> {
        if self.dropped {
            return Ok(());
        }
        self.dropped = true;
        // The server may still be busy with the end of the session on it.
        let sql = format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", quoted(&self.name));
        let name = self.name.clone();
        self.beside()?.execute(&sql).map_err(|mut error| {
            error.message = format!("the scratch database {name} cannot be dropped: {}", error.message);
            error.with_hint(format!("drop it by hand: DROP DATABASE {};", quoted(&name)))
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
