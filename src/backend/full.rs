//! The *Full* level: what sessions that `manage` opens itself can do.

use std::collections::HashSet;
use std::path::PathBuf;
use std::time::Duration;

use super::basic::Basic;
use super::error::SqlError;
use crate::domain::engine::Engine;
use crate::domain::schema::Schema;
use crate::domain::sql::ConcurrentIndex;

/// Where a database lives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Location {
    /// A file: its real path.
    File(PathBuf),
    /// A Unix socket: its folder and port.
    Socket {
        /// The folder of the socket.
        folder: PathBuf,
        /// The port, which is part of the socket's name.
        port: u16,
    },
    /// A server on the network.
    Server {
        /// Host as it was asked for.
        host: String,
        /// The address that answered, where it is known.
        address: Option<std::net::IpAddr>,
        /// Port.
        port: u16,
    },
}

impl Location {
    /// File, socket or loopback address.
    pub fn is_local(&self) -> bool {
        match self {
            Self::File(_) | Self::Socket { .. } => true,
            Self::Server { host, address, .. } => address.map_or_else(|| host == "localhost", |address| address.is_loopback()),
        }
    }
}

/// Which database was reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// The kind of database.
    pub engine: Engine,
    /// The database's name; for SQLite the name of the file.
    pub name: String,
    /// The engine's version, `15.18` or `3.53.2`.
    pub version: String,
    /// Where it lives.
    pub location: Location,
    /// Whether the connection is encrypted; `None` for SQLite.
    pub tls: Option<bool>,
    /// The role; `None` for SQLite.
    pub role: Option<String>,
    /// What the marker is bound to: on PostgreSQL system identifier, oid and name of the database, on SQLite
    /// the real path, device and inode. The names of the parts go with them, to say which one differs.
    pub binding: Vec<(&'static str, String)>,
}

/// Who holds the migration lock.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Holder {
    /// Process id: of the server's backend on PostgreSQL, of the process on SQLite.
    pub pid: Option<u32>,
    /// What it says of itself, `manage migrate on deploy-2`.
    pub what: Option<String>,
    /// Since when, `14:03:22` or with a date where it is not today.
    pub since: Option<String>,
}

impl Holder {
    /// `pid 4711 (manage migrate on deploy-2, since 14:03:22)`
    pub fn described(&self) -> String {
        let process = self.pid.map_or_else(|| "an unknown process".to_owned(), |pid| format!("pid {pid}"));
        match (&self.what, &self.since) {
            (Some(what), Some(since)) => format!("{process} ({what}, since {since})"),
            (Some(what), None) => format!("{process} ({what})"),
            (None, Some(since)) => format!("{process} (since {since})"),
            (None, None) => process,
        }
    }
}

/// A message of the server that is not an error.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// `NOTICE`, `WARNING`, `INFO` …
    pub severity: String,
    /// SQLSTATE.
    pub sqlstate: String,
    /// The message.
    pub message: String,
}

/// What the catalogue says of an index.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum IndexState {
    /// There is none of that name.
    Absent,
    /// It is there and in use.
    Valid,
    /// It is there but INVALID: an interrupted build left it. With its name, quoted.
    Invalid(TableName),
    /// The catalogue cannot tell (an index without a name, a database without such statements).
    Unknown,
}

/// A row that points to a missing one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// In words: `tasks: row 7 points to a missing row of clusters`.
    pub words: String,
    /// What stays the same when its table is rebuilt and its rows get other numbers.
    pub key: String,
}

/// How patient the statements of a file are. A limit of nothing is no limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Limits {
    /// How long each may wait for a lock of somebody else.
    pub lock: Option<Duration>,
    /// How long each may take.
    pub statement: Option<Duration>,
}

/// When limits are set, and for how long they hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Span {
    /// Before a transaction begins: where the beginning itself may have to wait.
    BeforeTransaction,
    /// In a transaction, until it ends.
    Transaction,
    /// Without a transaction, until the settings are restored.
    Session,
}

/// Somebody for whose lock a statement waits.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Blocker {
    /// The server's process.
    pub pid: u32,
    /// `psql, ann, idle in transaction, since 14:03:22, last query at 14:03:25`, as far as this role may see it.
    pub what: String,
    /// Its query, which may hold values.
    pub query: String,
}

impl Blocker {
    /// `pid 4711 (psql, ann, idle in transaction since 14:03:22)`
    pub fn described(&self) -> String {
        if self.what.is_empty() { format!("pid {}", self.pid) } else { format!("pid {} ({})", self.pid, self.what) }
    }
}

/// A lock on a relation that this session holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeldLock {
    /// The relation's number.
    pub id: i64,
    /// Its name, with its schema.
    pub relation: String,
    /// The database's word, `AccessShareLock`.
    pub mode: String,
}

impl HeldLock {
    /// PostgreSQL's modes, the weakest first.
    pub const MODES: [&str; 8] = [
        "AccessShareLock",
        "RowShareLock",
        "RowExclusiveLock",
        "ShareUpdateExclusiveLock",
        "ShareLock",
        "ShareRowExclusiveLock",
        "ExclusiveLock",
        "AccessExclusiveLock",
    ];

    /// The place of its mode among [`HeldLock::MODES`].
    pub fn strength(&self) -> usize {
        Self::MODES.iter().position(|mode| *mode == self.mode).unwrap_or_default()
    }
}

/// The name of a table as it must stand in a statement: quoted, with its schema on PostgreSQL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableName(pub String);

impl std::fmt::Display for TableName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// A session of our own.
pub trait Full: Basic {
    /// Which database it reached. Creates nothing, needs no privilege beyond connecting.
    ///
    /// # Errors
    /// What the database refuses.
    fn identity(&mut self) -> Result<Identity, SqlError>;

    /// Whether a transaction is open, by the database's own word where it gives one.
    fn in_transaction(&mut self) -> bool;

    /// Whether files that run without a transaction can run here, and be taken up again after an interruption.
    fn runs_outside_transactions(&self) -> bool {
        true
    }

    /// The notices that came since the last call.
    fn take_notices(&mut self) -> Vec<Notice>;

    /// The table that `name` means in this session, or `None` where there is none. Creates nothing.
    ///
    /// # Errors
    /// What the database refuses.
    fn find_table(&mut self, name: &str) -> Result<Option<TableName>, SqlError>;

    /// Sets back what statements of a file may have changed: `search_path`, role and other settings on
    /// PostgreSQL; `foreign_keys` and other pragmas on SQLite.
    ///
    /// # Errors
    /// What the database refuses.
    fn restore_settings(&mut self) -> Result<(), SqlError>;

    /// Drops temporary tables and the like that a file has left, in the transaction that is open: they would stand
    /// before the real ones of the same name. Where [`Full::restore_settings`] does it, nothing.
    ///
    /// # Errors
    /// What the database refuses.
    fn drop_temporary(&mut self) -> Result<(), SqlError> {
        Ok(())
    }

    /// Settings under which we can write records, until the transaction that is open ends: a file may act under
    /// another role and with a short patience.
    ///
    /// # Errors
    /// What the database refuses.
    fn settings_for_records(&mut self) -> Result<(), SqlError> {
        Ok(())
    }

    /// Refuses a statement that the database would read otherwise than we did when we split the file.
    ///
    /// # Errors
    /// When it would.
    fn refuse_misread(&mut self, sql: &str) -> Result<(), SqlError> {
        let _ = sql;
        Ok(())
    }

    /// Tries to take the migration lock, without waiting.
    ///
    /// # Errors
    /// What the database or the file system refuses.
    fn try_lock(&mut self, what: &str) -> Result<bool, SqlError>;

    /// Whether this session holds the migration lock, by the database's own word.
    ///
    /// # Errors
    /// What the database refuses.
    fn holds_lock(&mut self) -> Result<bool, SqlError>;

    /// Who holds the migration lock, as far as this session may know; `None` when it is free.
    ///
    /// # Errors
    /// What the database refuses.
    fn lock_holder(&mut self) -> Result<Option<Holder>, SqlError>;

    /// Gives the migration lock back.
    ///
    /// # Errors
    /// What the database refuses.
    fn unlock(&mut self) -> Result<(), SqlError>;

    /// Whether a commit costs so much that several migrations should share one (SQLite: four fsyncs each).
    fn commits_are_dear(&self) -> bool {
        false
    }

    /// Whether limits are the connection's: then they are set before a transaction, which cannot be shared.
    fn limits_are_the_connections(&self) -> bool {
        self.engine() == Engine::Sqlite
    }

    /// Whether any statement may change settings of the session (PostgreSQL: a function that calls
    /// `set_config`), so that they have to be restored after each migration, within its transaction. Where only
    /// statements that [`super::handling`] sees can do it, `false`.
    fn any_statement_may_change_settings(&self) -> bool {
        true
    }

    /// Limits the patience of the statements that follow.
    ///
    /// # Errors
    /// What the database refuses.
    fn limit(&mut self, limits: Limits, span: Span) -> Result<(), SqlError> {
        let _ = (limits, span);
        Ok(())
    }

    /// Executes a statement, and watches from elsewhere for whom it waits. For a wait of up to `patience`.
    ///
    /// # Errors
    /// What the database refuses; with it those who blocked the statement last, as far as it can be known.
    fn execute_watched(&mut self, sql: &str, patience: Duration) -> Result<(), (SqlError, Vec<Blocker>)> {
        let _ = patience;
        self.execute(sql).map_err(|error| (error, Vec::new()))
    }

    /// A session on a copy of the database, which is removed with it; `None` where a transaction is copy enough.
    ///
    /// # Errors
    /// When there is no room for it.
    fn scratch_copy(&mut self) -> Result<Option<Self>, SqlError>
    where
        Self: Sized,
    {
        Ok(None)
    }

    /// The numbers of all relations.
    ///
    /// # Errors
    /// What the database refuses.
    fn relation_ids(&mut self) -> Result<HashSet<i64>, SqlError> {
        Ok(HashSet::new())
    }

    /// The locks on tables, views and sequences that this session holds, as far as the database tells.
    ///
    /// # Errors
    /// What the database refuses.
    fn held_locks(&mut self) -> Result<Vec<HeldLock>, SqlError> {
        Ok(Vec::new())
    }

    /// The sequences with the last number drawn from each, as far as this role may see it.
    ///
    /// # Errors
    /// What the database refuses.
    fn sequences(&mut self) -> Result<Vec<(String, Option<i64>)>, SqlError> {
        Ok(Vec::new())
    }

    /// Checks what is deferred to the commit, in the transaction that is open, and defers it further.
    ///
    /// # Errors
    /// What is violated.
    fn check_deferred(&mut self) -> Result<(), SqlError> {
        Ok(())
    }

    /// Whether commits may be relaxed: the database can do so, and no other server is to wait for them.
    ///
    /// # Errors
    /// What the database refuses.
    fn may_relax_commits(&mut self) -> Result<bool, SqlError> {
        Ok(false)
    }

    /// Lets the commit of the transaction that is open not wait for the disk.
    ///
    /// # Errors
    /// What the database refuses.
    fn relax_commit(&mut self) -> Result<(), SqlError> {
        Ok(())
    }

    /// Waits until the disk has every commit of this session.
    ///
    /// # Errors
    /// What the database refuses.
    fn flush_commits(&mut self) -> Result<(), SqlError> {
        Ok(())
    }

    /// Whether deferred constraints are violated at this moment, so that a commit would fail. Where the
    /// database cannot tell before the commit, `false`.
    fn deferred_violations(&mut self) -> bool {
        false
    }

    /// Switches foreign keys off until [`Full::restore_settings`], outside a transaction.
    ///
    /// # Errors
    /// What the database refuses.
    fn suspend_foreign_keys(&mut self) -> Result<(), SqlError> {
        Ok(())
    }

    /// Every row that violates a foreign key. Only for databases on which foreign keys can be switched off.
    ///
    /// # Errors
    /// What the database refuses.
    fn foreign_key_violations(&mut self) -> Result<Vec<Violation>, SqlError> {
        Ok(Vec::new())
    }

    /// What is damaged, each in words: for `doctor`.
    ///
    /// # Errors
    /// What the database refuses.
    fn health(&mut self) -> Result<Vec<String>, SqlError>;

    /// Who else uses the database, each in words: `pid 4711 psql as app`.
    ///
    /// # Errors
    /// What the database refuses.
    fn others(&mut self) -> Result<Vec<String>, SqlError> {
        Ok(Vec::new())
    }

    /// What the catalogue says of an index that a statement outside a transaction makes or drops.
    ///
    /// # Errors
    /// What the database refuses.
    fn index_state(&mut self, index: &ConcurrentIndex) -> Result<IndexState, SqlError> {
        let _ = index;
        Ok(IndexState::Unknown)
    }

    /// The whole schema, without bookkeeping tables. Creates nothing.
    ///
    /// # Errors
    /// What the database refuses.
    fn introspect(&mut self) -> Result<Schema, SqlError>;

    /// How long a statement may wait for another session's lock on a row or table.
    ///
    /// # Errors
    /// What the database refuses.
    fn set_busy_timeout(&mut self, timeout: Duration) -> Result<(), SqlError>;
}
