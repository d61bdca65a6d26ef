//! The ledger's own schema.

use refinery_core::Runner;

use crate::backend::refinery::OnRefinery;
use crate::backend::{Full, SqlError, SqlErrorKind};
use crate::domain::engine::Engine;
use crate::domain::explain::{Class, Explain};
use crate::domain::fault;

mod sqlite {
    #![allow(missing_docs)]
    refinery::embed_migrations!("src/ledger/migrations/sqlite");
}
mod postgres {
    #![allow(missing_docs)]
    refinery::embed_migrations!("src/ledger/migrations/postgres");
}

const HISTORY: &str = "manage_ledger_history";

/// The ledger of a database: its tables exist and this version of `manage` can read them. It can write to them after
/// [`Ledger::prepare`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ledger {
    schema: &'static str,
    version: i64,
}

/// What a look at a database's ledger found.
#[derive(Debug)]
pub enum Look {
    /// It is there.
    Present(Ledger),
    /// There is none yet, or one that is too old to be read before a writing command has brought it up to date.
    Absent,
    /// It is there, but this role may not read it: whoever looks could not tell.
    Unreadable(SqlError),
}

impl Ledger {
    /// Looks for the ledger. Creates nothing.
    ///
    /// # Errors
    /// When it is newer than this version of `manage`, or the database refuses.
    pub fn look(session: &mut impl Full) -> Result<Look, LedgerError> {
        let ledger = Self::of(session.engine());
        match ledger.version(session) {
            Ok(None) => Ok(Look::Absent),
            Ok(Some(version)) if version > NEWEST => Err(LedgerError::Newer { version }),
            Ok(Some(version)) if version >= OLDEST_READ => Ok(Look::Present(Self { version, ..ledger })),
            Ok(Some(_)) => Ok(Look::Absent),
            Err(error) if error.kind == SqlErrorKind::Permission => Ok(Look::Unreadable(error)),
            Err(error) => Err(LedgerError::Sql(error)),
        }
    }

    /// Makes the ledger, or brings it up to date. The migration lock must be held.
    ///
    /// # Errors
    /// When it is newer than this version of `manage`, or the role may not make it.
    pub fn prepare(session: &mut impl Full) -> Result<Self, LedgerError> {
        let ledger = Self::of(session.engine());
        match ledger.version(session).map_err(LedgerError::Sql)? {
            Some(version) if version == NEWEST => return Ok(ledger),
            Some(version) if version > NEWEST => return Err(LedgerError::Newer { version }),
            _ => {}
        }
        if session.engine() == Engine::Postgres
            && session.query("SELECT 1 WHERE to_regnamespace('manage') IS NOT NULL", &[]).map_err(LedgerError::Sql)?.is_empty()
        {
            session.execute("CREATE SCHEMA manage").map_err(LedgerError::Sql)?;
        }
        let mut runner = runner(session.engine()).set_grouped(true);
        runner.set_migration_table_name(format!("{}.{HISTORY}", ledger.schema));
        runner.run(&mut OnRefinery(session)).map_err(LedgerError::from_refinery)?;
        fault::point("ledger.created");
        Ok(ledger)
    }

    fn of(engine: Engine) -> Self {
        Self {
            schema: match engine {
                Engine::Sqlite => "main",
                Engine::Postgres => "manage",
            },
            version: NEWEST,
        }
    }

    /// Whether it has everything that this version of `manage` writes.
    pub fn is_current(self) -> bool {
        self.version == NEWEST
    }

    /// The version from which on there are notes.
    pub(super) const NOTES: i64 = 3;

    /// The version from which on results of checks are kept.
    pub(super) const CHECKS: i64 = 5;

    /// Whether it has what came with `version`: one that is only looked at may be older.
    pub(super) fn knows(self, version: i64) -> bool {
        self.version >= version
    }

    /// An error where it does not.
    pub(super) fn needs(self, version: i64) -> Result<(), LedgerError> {
        if self.knows(version) { Ok(()) } else { Err(LedgerError::Older { version: self.version }) }
    }

    /// The name of one of its tables as it must stand in a statement.
    pub(super) fn table(self, name: &str) -> String {
        format!("{}.{name}", self.schema)
    }

    fn version(self, session: &mut impl Full) -> Result<Option<i64>, SqlError> {
        let there = match session.engine() {
            Engine::Sqlite => session.find_table(HISTORY)?.is_some(),
            // `to_regclass` fails without USAGE on the schema, so ask the catalogue.
            Engine::Postgres => !session
                .query(
                    "SELECT 1 FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
                     WHERE n.nspname = 'manage' AND c.relname = $1",
                    &[HISTORY.into()],
                )?
                .is_empty(),
        };
        if !there {
            return Ok(None);
        }
        let rows = session.query(&format!("SELECT max(version) FROM {}", self.table(HISTORY)), &[])?;
        Ok(rows.first().and_then(|row| row.integer(0)))
    }
}

fn runner(engine: Engine) -> Runner {
    match engine {
        Engine::Sqlite => sqlite::migrations::runner(),
        Engine::Postgres => postgres::migrations::runner(),
    }
}

/// The version that the embedded migrations lead to. Said here, since refinery compiles a regular expression
/// to find it out, which costs more than all the rest of a run that finds nothing to do.
const NEWEST: i64 = 9;

/// The oldest version that can be looked at without bringing it up to date, which only a writing command may do.
const OLDEST_READ: i64 = 1;

/// A ledger that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum LedgerError {
    /// A newer `manage` has been here.
    #[error("the ledger of this database has version {version}, which this manage does not know")]
    Newer {
        /// Its version.
        version: i64,
    },
    /// A writing command has to bring it up to date first.
    #[error("the ledger of this database has version {version}, which is too old to write to")]
    Older {
        /// Its version.
        version: i64,
    },
    /// The database refused.
    #[error("the ledger cannot be read or written")]
    Sql(#[source] SqlError),
    /// Its history is not what it should be.
    #[error("the ledger's history is not valid: {0}")]
    History(String),
}

impl LedgerError {
    fn from_refinery(error: refinery_core::Error) -> Self {
        let message = error.to_string();
        match error.into_kind_sql() {
            Some(error) => Self::Sql(error),
            None => Self::History(message),
        }
    }
}

/// Finds the database's own error within refinery's.
trait IntoSql {
    fn into_kind_sql(self) -> Option<SqlError>;
}

impl IntoSql for refinery_core::Error {
    fn into_kind_sql(self) -> Option<SqlError> {
        let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(&self);
        while let Some(error) = cause {
            if let Some(sql) = error.downcast_ref::<SqlError>() {
                return Some(sql.clone());
            }
            cause = error.source();
        }
        None
    }
}

impl Explain for LedgerError {
    fn class(&self) -> Class {
        match self {
            Self::Sql(error) => error.class(),
            Self::Newer { .. } | Self::Older { .. } | Self::History(_) => Class::CouldNotRun,
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Newer { .. } => Some("use the manage that made it, or a newer one".to_owned()),
            Self::Older { .. } => Some("bring it up to date: manage notes add, or manage migrate where something is pending".to_owned()),
            Self::Sql(error) if error.kind == SqlErrorKind::Permission => Some(
                "manage keeps its tables in the schema manage: CREATE SCHEMA manage AUTHORIZATION the_role, or GRANT CREATE ON DATABASE"
                    .to_owned(),
            ),
            Self::Sql(error) => error.hint(),
            Self::History(_) => Some("restore the table manage_ledger_history from a backup".to_owned()),
        }
    }

    fn sqlstate(&self) -> Option<&str> {
        match self {
            Self::Sql(error) => error.sqlstate(),
            _ => None,
        }
    }

    fn details(&self) -> Vec<String> {
        match self {
            Self::Sql(error) => error.details(),
            _ => Vec::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_version_is_that_of_the_embedded_migrations() {
        for engine in [Engine::Sqlite, Engine::Postgres] {
            let newest = runner(engine).get_migrations().iter().map(refinery_core::Migration::version).max();
            assert_eq!(newest, Some(NEWEST), "{engine}");
        }
    }
}
