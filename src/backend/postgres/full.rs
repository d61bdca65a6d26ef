//! The session at the *Full* level: identity, settings, tables. The lock is in [`lock`](super::lock).

use std::collections::HashSet;
use std::time::Duration;

use diesel::connection::{AnsiTransactionManager, TransactionManager};

use super::session::PostgresSession;
use super::{catalogue, introspect, lock, rehearsal, users, watch};
use crate::backend::basic::Basic;
use crate::backend::error::SqlError;
use crate::backend::full::{Blocker, Full, HeldLock, Holder, Identity, IndexState, Limits, Notice, Span, TableName};
use crate::backend::server;
use crate::domain::schema::{Schema, escaped_text};
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
            sql.push_str(&format!("; SET application_name = {}", escaped_text(application)));
        }
        self.execute(&sql)
    }

    fn settings_for_records(&mut self) -> Result<(), SqlError> {
        self.execute("SET LOCAL ROLE NONE; SET LOCAL statement_timeout = 0")
    }

    fn refuse_misread(&mut self, sql: &str) -> Result<(), SqlError> {
        server::refuse_misread(self, sql)
    }

    fn limit(&mut self, limits: Limits, span: Span) -> Result<(), SqlError> {
        server::limit(self, limits, span)
    }

    fn execute_watched(&mut self, sql: &str, patience: Duration) -> Result<(), (SqlError, Vec<Blocker>)> {
        watch::execute(self, sql, patience)
    }

    fn relation_ids(&mut self) -> Result<HashSet<i64>, SqlError> {
        rehearsal::relation_ids(self)
    }

    fn held_locks(&mut self) -> Result<Vec<HeldLock>, SqlError> {
        rehearsal::held_locks(self)
    }

    fn sequences(&mut self) -> Result<Vec<(String, Option<i64>)>, SqlError> {
        rehearsal::sequences(self)
    }

    fn check_deferred(&mut self) -> Result<(), SqlError> {
        rehearsal::check_deferred(self)
    }

    fn may_relax_commits(&mut self) -> Result<bool, SqlError> {
        let rows = self.query("SELECT pg_catalog.current_setting('synchronous_standby_names') = ''", &[])?;
        Ok(rows.first().and_then(|row| row.truth(0)).unwrap_or(false))
    }

    fn relax_commit(&mut self) -> Result<(), SqlError> {
        self.execute("SET LOCAL synchronous_commit = off")
    }

    /// A transaction that writes nothing would wait for nothing.
    fn flush_commits(&mut self) -> Result<(), SqlError> {
        self.begin()?;
        let flushed = self
            .execute("SET LOCAL synchronous_commit = on; SELECT pg_catalog.pg_logical_emit_message(true, 'manage', 'flush')")
            .and_then(|()| self.commit());
        if flushed.is_err() {
            // Where this fails too, the connection is lost, which the error says.
            let _ = self.rollback();
        }
        flushed
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

    fn others(&mut self) -> Result<Vec<String>, SqlError> {
        users::connected(self, None)
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
