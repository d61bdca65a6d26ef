//! The session as a Diesel connection.
//!
//! It uses traits that Diesel opens only to authors of back ends and may change with a minor version; all
//! that depends on them is here, in `session`, `state`, `rows` and `cursor`.

use diesel::connection::{
    AnsiTransactionManager, CacheSize, Connection, ConnectionSealed, DefaultLoadingMode, Instrumentation, LoadConnection,
    SimpleConnection, TransactionManager,
};
use diesel::expression::QueryMetadata;
use diesel::migration::{CREATE_MIGRATIONS_TABLE, MigrationConnection};
use diesel::pg::{GetPgMetadataCache, Pg, PgMetadataCache};
use diesel::query_builder::{Query, QueryFragment, QueryId};
use diesel::result::{ConnectionError, ConnectionResult, QueryResult};
use diesel::{RunQueryDsl, sql_query};

use super::cursor::PgCursor;
use super::rows::PgRow;
use super::session::PostgresSession;
use super::state::Verdict;
use crate::backend::session::{Access, Opening};
use crate::domain::secret::Secret;

impl SimpleConnection for PostgresSession {
    fn batch_execute(&mut self, sql: &str) -> QueryResult<()> {
        if !controls_transaction(sql) {
            self.forget_plans();
        }
        let before = self.state.notices.count();
        let answer = self.batch(sql);
        if self.commit_failed && sql == "ROLLBACK" {
            // Diesel rolls back after a COMMIT that failed, and the server warns that there is nothing to roll back.
            self.state.notices.forget_after(before, "25P01");
        }
        self.commit_failed = sql == "COMMIT" && answer.is_err();
        answer
    }
}

/// Whether `sql` is what the transaction manager sends: such a statement leaves plans as they are.
fn controls_transaction(sql: &str) -> bool {
    matches!(sql, "BEGIN" | "COMMIT" | "ROLLBACK")
        || ["SAVEPOINT diesel_", "RELEASE SAVEPOINT diesel_", "ROLLBACK TO SAVEPOINT diesel_"]
            .iter()
            .any(|start| sql.starts_with(start))
}

impl ConnectionSealed for PostgresSession {}

impl Connection for PostgresSession {
    type Backend = Pg;
    type TransactionManager = AnsiTransactionManager;

    /// Opens `url` as it stands, without environment and password file: this floor reads neither by itself.
    /// [`PostgresSession::open`] takes them.
    fn establish(url: &str) -> ConnectionResult<Self> {
        let opening = Opening { access: Access::Write, application: "manage", environment: &|_| None, connect_timeout: None };
        Self::open(&Secret::new(url), &opening).map_err(|error| ConnectionError::BadConnection(error.to_string()))
    }

    fn execute_returning_count<T>(&mut self, source: &T) -> QueryResult<usize>
    where
        T: QueryFragment<Pg> + QueryId,
    {
        let count = self.stream(source)?.count()?;
        Ok(usize::try_from(count).unwrap_or(usize::MAX))
    }

    /// Diesel's manager asks here before every decision, so what the last answer told is entered here.
    fn transaction_state(&mut self) -> &mut AnsiTransactionManager {
        // Taken first: the manager's status calls back into this function.
        if let Some(verdict) = self.state.verdict.take() {
            let status = <AnsiTransactionManager as TransactionManager<Self>>::transaction_manager_status_mut(self);
            match verdict {
                Verdict::Lost => status.set_in_error(),
                Verdict::Aborted => status.set_requires_rollback_maybe_up_to_top_level(true),
                Verdict::Fine => status.set_requires_rollback_maybe_up_to_top_level(false),
            }
        }
        &mut self.state.transactions
    }

    fn instrumentation(&mut self) -> &mut dyn Instrumentation {
        &mut *self.state.instrumentation
    }

    fn set_instrumentation(&mut self, instrumentation: impl Instrumentation) {
        self.state.instrumentation = instrumentation.into();
    }

    /// The cache has one size here, and is emptied by everything that may be DDL.
    fn set_prepared_statement_cache_size(&mut self, _: CacheSize) {}
}

impl LoadConnection<DefaultLoadingMode> for PostgresSession {
    type Cursor<'conn, 'query> = PgCursor<'conn>;
    type Row<'conn, 'query> = PgRow;

    fn load<'conn, 'query, T>(&'conn mut self, source: T) -> QueryResult<Self::Cursor<'conn, 'query>>
    where
        T: Query + QueryFragment<Pg> + QueryId + 'query,
        Pg: QueryMetadata<T::SqlType>,
    {
        self.stream(&source)
    }
}

impl GetPgMetadataCache for PostgresSession {
    fn get_metadata_cache(&mut self) -> &mut PgMetadataCache {
        &mut self.types
    }
}

impl MigrationConnection for PostgresSession {
    fn setup(&mut self) -> QueryResult<usize> {
        sql_query(CREATE_MIGRATIONS_TABLE).execute(self)
    }
}
