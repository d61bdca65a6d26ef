//! The session: one client, used by Diesel, by statements of our own and by COPY alike.

use std::collections::HashMap;
use std::ops::{Deref, DerefMut};

use diesel::connection::{InstrumentationEvent, StrQueryHelper};
use diesel::pg::{Pg, PgMetadataCache, PgQueryBuilder};
use diesel::query_builder::bind_collector::RawBytesBindCollector;
use diesel::query_builder::{QueryBuilder, QueryFragment};
use diesel::result::{Error, QueryResult};
use postgres::types::{Kind, Type};
use postgres::{Client, SimpleQueryMessage, Statement};

use super::binds::Bind;
use super::cancel::CancelHandle;
use super::connect::{self, Connected};
use super::cursor::PgCursor;
use super::errors;
use super::raw::RawError;
use super::state::{State, Verdict};
use super::thread::{off_runtime, on_runtime};
use super::tls::Tls;
use crate::backend::error::{SqlError, SqlErrorKind};
use crate::backend::full::Location;
use crate::backend::session::Opening;
use crate::domain::secret::Secret;

/// More prepared statements than this are not kept: the server holds each of them in memory too.
const STATEMENTS_KEPT: usize = 500;

/// A session on PostgreSQL: at once a Diesel [`Connection`](diesel::Connection), a [`Basic`](crate::backend::Basic)
/// and [`Full`](crate::backend::Full) session, and, with [`raw`](Self::raw), everything that the `postgres` client can do.
/// All of them share one transaction.
pub struct PostgresSession {
    client: HeldClient,
    pub(super) state: State,
    pub(super) types: PgMetadataCache,
    statements: HashMap<(String, Vec<u32>), Statement>,
    pub(super) tls: Tls,
    pub(super) location: Location,
    /// How this session came in, for another that watches it.
    pub(super) config: postgres::Config,
    pub(super) settings: OwnSettings,
    pub(super) commit_failed: bool,
}

/// Settings of ours that came after the start, and have to be set anew when a file's are set back.
#[derive(Default)]
pub(super) struct OwnSettings {
    pub(super) lock_timeout_ms: Option<u32>,
    pub(super) application: Option<String>,
}

impl PostgresSession {
    /// Connects to the database that `url` names, as libpq would: with the service file, the environment of
    /// `opening` and the password file.
    ///
    /// # Errors
    /// When the URL is not valid or names an option that is not supported, or when the server cannot be reached
    /// or does not let us in. No error shows a password.
    pub fn open(url: &Secret, opening: &Opening<'_>) -> Result<Self, SqlError> {
        connect::connect(url, opening).map(Self::over)
    }

    pub(super) fn over(connected: Connected) -> Self {
        Self {
            client: HeldClient(Some(connected.client)),
            state: State::new(connected.notices),
            types: PgMetadataCache::new(),
            statements: HashMap::new(),
            tls: connected.tls,
            location: connected.location,
            config: connected.config,
            settings: OwnSettings::default(),
            commit_failed: false,
        }
    }

    /// COPY, streaming, or anything else that the `postgres` client can do, in the transaction that is open.
    ///
    /// A statement of `work` that fails inside a transaction aborts it, as everywhere.
    ///
    /// # Errors
    /// What `work` returns, and on the thread of an async runtime always: use a thread of your own there.
    pub fn raw<T>(&mut self, work: impl FnOnce(&mut Client) -> Result<T, RawError>) -> Result<T, SqlError> {
        if on_runtime() {
            return Err(SqlError::new(SqlErrorKind::Other, "the connection cannot be lent on a thread of an async runtime")
                .with_hint("call it on a thread of its own: std::thread::spawn"));
        }
        self.forget_plans();
        let done = work(&mut self.client);
        match done {
            Ok(done) => self.state.note("", Ok(done)),
            Err(RawError::Postgres(error)) => self.state.note("", Err(error)),
            // What failed lies outside of the database, but may have left a COPY unfinished.
            Err(RawError::Io(error)) => {
                self.state.verdict = Some(Verdict::Aborted);
                return Err(SqlError::new(SqlErrorKind::Other, errors::with_causes(&error)));
            }
        }
        .map_err(|error| self.explain(&error))
    }

    /// The server's whole answer to the last statement that failed: SQLSTATE, position, detail, hint and context.
    /// It survives the rollback, and tells what Diesel's own error has no room for.
    pub fn last_failure(&self) -> Option<&SqlError> {
        self.state.last.as_ref()
    }

    /// A handle that cancels the statement that runs, from another thread.
    pub fn cancel_handle(&self) -> CancelHandle {
        CancelHandle::new(self.client.cancel_token(), self.tls.clone())
    }

    /// `error` in our words: the server's, where it came from there.
    pub(super) fn explain(&self, error: &Error) -> SqlError {
        match (error, &self.state.last) {
            (Error::DatabaseError(..), Some(last)) => last.clone(),
            (other, _) => errors::from_diesel(other),
        }
    }

    /// Sends a message of one or more statements without parameters.
    pub(super) fn batch(&mut self, sql: &str) -> QueryResult<()> {
        let Self { client, state, .. } = self;
        let query = StrQueryHelper::new(sql);
        state.instrumentation.on_connection_event(InstrumentationEvent::start_query(&query));
        // A transaction that an error has aborted answers COMMIT with a rollback and no error, so ask first.
        let sent = if sql == "COMMIT" { "SELECT 1; COMMIT" } else { sql };
        let answer = off_runtime(|| client.batch_execute(sent));
        let answer = state.note(sent, answer);
        state.instrumentation.on_connection_event(InstrumentationEvent::finish_query(&query, answer.as_ref().err()));
        answer
    }

    /// The first value of a query in one message of the simple protocol.
    pub(super) fn simple(&mut self, sql: &str) -> QueryResult<Option<String>> {
        let Self { client, state, .. } = self;
        let answer = off_runtime(|| client.simple_query(sql));
        let messages = state.note(sql, answer)?;
        Ok(messages.iter().find_map(|message| match message {
            SimpleQueryMessage::Row(row) => row.try_get(0).ok().flatten().map(str::to_owned),
            _ => None,
        }))
    }

    /// Runs a query of Diesel's and gives its rows as they arrive.
    pub(super) fn stream<T: QueryFragment<Pg>>(&mut self, query: &T) -> QueryResult<PgCursor<'_>> {
        let mut text = PgQueryBuilder::default();
        query.to_sql(&mut text, &Pg)?;
        let sql = text.finish();
        let mut collected = RawBytesBindCollector::<Pg>::new();
        query.collect_binds(&mut collected, self, &Pg)?;
        let oids = collected
            .metadata
            .iter()
            .map(|metadata| metadata.oid().map_err(|unknown| Error::SerializationError(Box::new(unknown))))
            .collect::<QueryResult<Vec<u32>>>()?;
        let keep = query.is_safe_to_cache_prepared(&Pg)?;
        if !keep {
            // A text of the caller's own may be DDL.
            self.forget_plans();
        }
        self.start(sql, oids, keep, collected.binds.into_iter().map(Bind).collect())
    }

    /// Prepares (or finds) `sql` and starts it. Parameters whose type is not given in `oids` are the server's to infer.
    pub(super) fn start<P>(&mut self, sql: String, oids: Vec<u32>, keep: bool, binds: Vec<P>) -> QueryResult<PgCursor<'_>>
    where
        P: postgres::types::ToSql + Send + Sync,
    {
        self.state.instrumentation.on_connection_event(InstrumentationEvent::start_query(&StrQueryHelper::new(&sql)));
        let key = (sql, oids);
        let statement = match self.statements.get(&key) {
            Some(known) => known.clone(),
            None => self.prepare(&key, keep)?,
        };
        let Self { client, state, statements, .. } = self;
        let answer = off_runtime(|| client.query_raw(&statement, binds));
        match state.note(&key.0, answer) {
            Ok(rows) => Ok(PgCursor::new(rows, state, key.0)),
            Err(error) => {
                // The plan may be stale: the next try makes a new one.
                statements.remove(&key);
                Err(error)
            }
        }
    }

    /// Never `query_typed`: it hangs on a column of a type that the client has to look up.
    pub(super) fn prepare(&mut self, key: &(String, Vec<u32>), keep: bool) -> QueryResult<Statement> {
        let (sql, oids) = key;
        let types: Vec<Type> = oids.iter().map(|oid| type_of(*oid)).collect();
        let Self { client, state, statements, .. } = self;
        let answer = off_runtime(|| client.prepare_typed(sql, &types));
        let statement = state.note(sql, answer)?;
        if keep {
            if statements.len() >= STATEMENTS_KEPT {
                statements.clear();
            }
            statements.insert(key.clone(), statement.clone());
        }
        Ok(statement)
    }

    /// Forgets prepared statements and type numbers, which go stale with DDL.
    pub(super) fn forget_plans(&mut self) {
        self.statements.clear();
        self.types = PgMetadataCache::new();
        self.client.clear_type_cache();
    }
}

fn type_of(oid: u32) -> Type {
    Type::from_oid(oid).unwrap_or_else(|| Type::new(String::new(), oid, Kind::Simple, String::new()))
}

/// The client, which must not be dropped on the thread of an async runtime.
struct HeldClient(Option<Client>);

impl Drop for HeldClient {
    fn drop(&mut self) {
        let client = self.0.take();
        off_runtime(|| drop(client));
    }
}

impl Deref for HeldClient {
    type Target = Client;

    fn deref(&self) -> &Client {
        self.0.as_ref().expect("only drop takes the client")
    }
}

impl DerefMut for HeldClient {
    fn deref_mut(&mut self) -> &mut Client {
        self.0.as_mut().expect("only drop takes the client")
    }
}
