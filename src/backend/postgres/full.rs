//! The session at the *Full* level: identity, settings, tables. The lock is in [`lock`](super::lock).

use std::time::Duration;

use diesel::connection::{AnsiTransactionManager, TransactionManager};

use super::session::PostgresSession;
use super::{catalogue, introspect, lock};
use crate::backend::basic::Basic;
use crate::backend::error::SqlError;
use crate::backend::full::{Full, Holder, Identity, IndexState, Notice, TableName};
use crate::backend::server;
use crate::domain::schema::Schema;
use crate::domain::sql::ConcurrentIndex;
use crate::domain::value::Value;

const IN_TRANSACTION: &str = "SELECT pg_catalog.now() <> pg_catalog.statement_timestamp()";

/// One message, so that no moment lies between the old settings and ours. A temporary table would stand before
/// the real one of the same name.
const RESET: &str = "RESET SESSION AUTHORIZATION; RESET ROLE; RESET ALL; DISCARD TEMP";

impl Full for PostgresSession {
    fn identity(&mut self) -> Result<Identity, SqlError> {
        let location = self.location.clone();
        server::identity(self, location)
    }

    /// Asks the server. Inside a transaction block the transaction is older than the statement; outside of one
    /// both begin with the message. So a statement of a file that ended the transaction is noticed.
    fn in_transaction(&mut self) -> bool {
        match self.simple(IN_TRANSACTION) {
            Ok(answer) => answer.as_deref() == Some("t"),
            Err(error) if self.explain(&error).sqlstate.as_deref() == Some("25P02") => true,
            Err(_) => {
                let status = <AnsiTransactionManager as TransactionManager<Self>>::transaction_manager_status_mut(self);
                status.transaction_depth().is_ok_and(|depth| depth.is_some())
            }
        }
    }

    fn take_notices(&mut self) -> Vec<Notice> {
        self.state.notices.take()
    }

    fn find_table(&mut self, name: &str) -> Result<Option<TableName>, SqlError> {
        server::find_table(self, name)
    }

    fn restore_settings(&mut self) -> Result<(), SqlError> {
        let mut sql = RESET.to_owned();
        if let Some(timeout) = self.settings.lock_timeout_ms {
            sql.push_str(&format!("; SET lock_timeout = {timeout}"));
        }
        if let Some(application) = &self.settings.application {
            sql.push_str(&format!("; SET application_name = '{}'", application.replace('\'', "''")));
        }
        self.execute(&sql)
    }

    fn settings_for_records(&mut self) -> Result<(), SqlError> {
        self.execute("SET LOCAL ROLE NONE; SET LOCAL statement_timeout = 0")
    }

    fn refuse_misread(&mut self, sql: &str) -> Result<(), SqlError> {
        server::refuse_misread(self, sql)
    }

    fn try_lock(&mut self, what: &str) -> Result<bool, SqlError> {
        lock::try_lock(self, what)
    }

    fn holds_lock(&mut self) -> Result<bool, SqlError> {
        server::holds_lock(self)
    }

    fn lock_holder(&mut self) -> Result<Option<Holder>, SqlError> {
        server::lock_holder(self)
    }

    fn unlock(&mut self) -> Result<(), SqlError> {
        lock::unlock(self)
    }

    fn health(&mut self) -> Result<Vec<String>, SqlError> {
        catalogue::invalid_indexes(self)
    }

    fn index_state(&mut self, index: &ConcurrentIndex) -> Result<IndexState, SqlError> {
        catalogue::index_state(self, index)
    }

    fn introspect(&mut self) -> Result<Schema, SqlError> {
        introspect::introspect(self)
    }

    /// A wait of nothing is one millisecond: zero means *for ever* to PostgreSQL.
    fn set_busy_timeout(&mut self, timeout: Duration) -> Result<(), SqlError> {
        let millis = u32::try_from(timeout.as_millis()).unwrap_or(u32::MAX).clamp(1, i32::MAX.unsigned_abs());
        self.query("SELECT pg_catalog.set_config('lock_timeout', $1, false)", &[Value::Text(millis.to_string())])?;
        self.settings.lock_timeout_ms = Some(millis);
        Ok(())
    }
}
