//! A session on an SQLite file.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use diesel::Connection;
use diesel::connection::{AnsiTransactionManager, TransactionManager};
use diesel::sqlite::SqliteConnection;

use super::errors::translate_diesel;
use super::file;
use super::handle::{Handle, Interrupter};
use super::introspect;
use super::lock::{FileId, LockFile};
#[cfg(feature = "full")]
use super::scratch::{self, ScratchFile};
use super::violations;
use crate::backend::Basic;
use crate::backend::error::{SqlError, SqlErrorKind};
use crate::backend::full::{Full, Holder, Identity, Limits, Notice, Span, TableName, Violation};
use crate::backend::handling::SQLITE_SETTINGS;
use crate::backend::session::{Access, Opening};
use crate::domain::engine::Engine;
use crate::domain::schema::Schema;
use crate::domain::value::{Row, Value};

/// A session on an SQLite file.
pub struct SqliteSession {
    handle: Handle,
    path: PathBuf,
    file: FileId,
    lock: LockFile,
    created: bool,
    busy_timeout: Duration,
    statement_timeout: Option<Duration>,
    #[cfg(feature = "full")]
    pub(super) hooked: super::patching::Hooked,
    // Declared last: the file goes when the handle is closed.
    #[cfg(feature = "full")]
    scratch: Option<ScratchFile>,
}

impl SqliteSession {
    /// How long to wait for another program's write lock unless told otherwise.
    pub(in crate::backend) const BUSY_TIMEOUT: Duration = Duration::from_secs(30);

    /// Opens the file at `path`.
    ///
    /// # Errors
    /// When the file is missing and may not be created, is a folder, is not an SQLite database, or may not
    /// be written although [`Access`] asks for it.
    pub fn open(path: &Path, opening: &Opening<'_>) -> Result<Self, SqlError> {
        let exists = check_path(path, opening.access)?;
        let mode = match opening.access {
            Access::Read => "ro",
            Access::Write => "rw",
            Access::Create => "rwc",
        };
        let handle = Handle::open(&uri(path, mode)?).map_err(|error| {
            SqlError::new(SqlErrorKind::Connection, format!("cannot open {}: {error}", path.display()))
                .with_hint("check the path and who may read and write it")
        })?;
        let real = file::real_path(path.to_owned());
        let mut session = Self {
            lock: LockFile::beside(&real),
            handle,
            file: FileId::of(&real),
            path: real,
            created: !exists,
            busy_timeout: Self::BUSY_TIMEOUT,
            statement_timeout: None,
            #[cfg(feature = "full")]
            hooked: super::patching::Hooked::default(),
            #[cfg(feature = "full")]
            scratch: None,
        };
        session.handle.db().busy_timeout(session.busy_timeout)?;
        // Opening reads nothing: the first look at the schema tells whether the file is a database.
        match session.query("SELECT count(*) FROM main.sqlite_schema", &[]) {
            Ok(_) => {}
            Err(error) if opening.access == Access::Read && error.kind == SqlErrorKind::ReadOnly => {
                return Self::recover(path, opening);
            }
            Err(error) => return Err(named(error, path)),
        }
        if opening.access != Access::Read {
            if session.handle.db().is_readonly() {
                return Err(SqlError::new(SqlErrorKind::ReadOnly, format!("{} can only be read", path.display()))
                    .with_hint("check who owns the file and its folder, and that the disk is not mounted read-only"));
            }
            session.execute(SQLITE_SETTINGS)?;
        }
        Ok(session)
    }

    /// Opens a file for reading in which an interrupted write has to be rolled back first, as every reader of SQLite
    /// does it, or whose write-ahead log needs a file beside it.
    fn recover(path: &Path, opening: &Opening<'_>) -> Result<Self, SqlError> {
        let writing = Opening { access: Access::Write, ..*opening };
        let mut session = Self::open(path, &writing).map_err(|error| {
            let mut journal = path.as_os_str().to_owned();
            journal.push("-journal");
            if Path::new(&journal).exists() {
                SqlError::new(SqlErrorKind::ReadOnly, format!("{} was left in the middle of a write", path.display())).with_hint(
                    format!("let somebody open it who may write to it and its folder, as manage migrate does ({error})"),
                )
            } else {
                let why = "it keeps a write-ahead log, and its readers must be able to write beside it";
                SqlError::new(SqlErrorKind::ReadOnly, format!("cannot read {}: {why}", path.display())).with_hint(
                    "let somebody look who may write to its folder, or give it another journal: PRAGMA journal_mode = DELETE",
                )
            }
        })?;
        session.execute("PRAGMA query_only = ON")?;
        Ok(session)
    }

    /// Diesel's connection: its DSL and its harness run in the same session.
    pub fn diesel(&mut self) -> &mut SqliteConnection {
        self.handle.diesel()
    }

    /// rusqlite's view of the same connection.
    #[cfg(feature = "full")]
    pub fn view(&self) -> &rusqlite::Connection {
        self.handle.view()
    }

    /// Something that stops a running statement from another thread.
    pub fn interrupter(&self) -> Interrupter {
        self.handle.interrupter()
    }

    /// Whether opening the session created the file.
    pub fn created(&self) -> bool {
        self.created
    }

    /// Deletes the file at `path` with its journals and its lock. Returns whether it was there.
    ///
    /// # Errors
    /// When it is not an SQLite database, when somebody migrates or writes to it, or when it cannot be deleted.
    pub fn remove(path: &Path, opening: &Opening<'_>) -> Result<bool, SqlError> {
        let mut session = match Self::open(path, opening) {
            Ok(session) => session,
            Err(error) if error.kind == SqlErrorKind::NoDatabase => return Ok(false),
            Err(error) => return Err(error),
        };
        session.set_busy_timeout(Duration::ZERO)?;
        if !session.try_lock("manage database drop")? {
            let holder = session.lock_holder()?.map(|holder| format!(": {}", holder.described())).unwrap_or_default();
            return Err(SqlError::new(SqlErrorKind::Busy, format!("another run holds the lock{holder}"))
                .with_hint("wait until it is done"));
        }
        // A reader elsewhere keeps this from being taken; one that has the file open and reads nothing is not seen.
        session.execute("BEGIN EXCLUSIVE")?;
        session.execute("ROLLBACK")?;
        let real = session.path.clone();
        for suffix in ["", "-journal", "-wal", "-shm", "-manage-lock"] {
            let mut name = real.as_os_str().to_owned();
            name.push(suffix);
            match std::fs::remove_file(&name) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                    return Err(SqlError::new(
                        SqlErrorKind::Permission,
                        format!("cannot delete {}: {error}", PathBuf::from(&name).display()),
                    ));
                }
                _ => {}
            }
        }
        Ok(true)
    }

    /// The real path of the file.
    #[cfg(feature = "full")]
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Lets the file of this session live as long as it.
    #[cfg(feature = "full")]
    pub(super) fn keep(&mut self, scratch: ScratchFile) {
        self.scratch = Some(scratch);
    }

    fn depth(&mut self) -> u32 {
        let status = AnsiTransactionManager::transaction_manager_status_mut(self.handle.diesel());
        status.transaction_depth().ok().flatten().map_or(0, std::num::NonZeroU32::get)
    }

    /// Forgets diesel's idea of an open transaction, after SQLite has ended it (`RAISE(ROLLBACK)`, a full disk).
    fn forget_transaction(&mut self) {
        *self.handle.diesel().transaction_state() = AnsiTransactionManager::default();
    }
}

impl Basic for SqliteSession {
    fn engine(&self) -> Engine {
        Engine::Sqlite
    }

    fn execute(&mut self, sql: &str) -> Result<(), SqlError> {
        let Some(limit) = self.statement_timeout else { return self.handle.db().execute(sql) };
        let begun = Instant::now();
        self.handle.db().within(begun, limit, |db| db.execute(sql)).map_err(|mut error| {
            if error.kind == SqlErrorKind::Cancelled && begun.elapsed() >= limit {
                error.message = format!("interrupted: it took longer than its statement_timeout of {} ms", limit.as_millis());
            }
            error
        })
    }

    fn execute_with(&mut self, sql: &str, binds: &[Value]) -> Result<u64, SqlError> {
        self.handle.db().execute_with(&numbered(sql), binds)
    }

    fn query(&mut self, sql: &str, binds: &[Value]) -> Result<Vec<Row>, SqlError> {
        self.handle.db().query(&numbered(sql), binds)
    }

    fn begin(&mut self) -> Result<(), SqlError> {
        if self.depth() > 0 {
            return AnsiTransactionManager::begin_transaction(self.handle.diesel()).map_err(translate_diesel);
        }
        // IMMEDIATE: a transaction that begins by reading could not take the write lock later, once somebody
        // else has written.
        AnsiTransactionManager::begin_transaction_sql(self.handle.diesel(), "BEGIN IMMEDIATE").map_err(translate_diesel)
    }

    fn commit(&mut self) -> Result<(), SqlError> {
        if !self.in_transaction() {
            self.forget_transaction();
            return Err(SqlError::new(SqlErrorKind::Other, "a statement or trigger has rolled back the whole transaction"));
        }
        AnsiTransactionManager::commit_transaction(self.handle.diesel()).map_err(translate_diesel)
    }

    fn rollback(&mut self) -> Result<(), SqlError> {
        if !self.in_transaction() {
            self.forget_transaction();
            return Ok(());
        }
        if self.depth() == 0 {
            // A statement opened it, not `begin`.
            return self.execute("ROLLBACK");
        }
        AnsiTransactionManager::rollback_transaction(self.handle.diesel()).map_err(translate_diesel)
    }
}

impl Full for SqliteSession {
    fn identity(&mut self) -> Result<Identity, SqlError> {
        Ok(file::identity(&self.path))
    }

    fn in_transaction(&mut self) -> bool {
        !self.handle.db().is_autocommit()
    }

    fn take_notices(&mut self) -> Vec<Notice> {
        Vec::new()
    }

    fn find_table(&mut self, name: &str) -> Result<Option<TableName>, SqlError> {
        file::find_table(self, name)
    }

    fn restore_settings(&mut self) -> Result<(), SqlError> {
        self.statement_timeout = None;
        let attached = self.query("SELECT name FROM pragma_database_list WHERE name NOT IN ('main', 'temp')", &[])?;
        for database in attached.iter().filter_map(|row| row.text(0)) {
            self.execute(&format!("DETACH \"{}\"", database.replace('"', "\"\"")))?;
        }
        self.execute(SQLITE_SETTINGS)?;
        // Without a journal on the disk nothing could be rolled back after a kill, or at all.
        let journal = self.query("PRAGMA main.journal_mode", &[])?;
        if journal.first().and_then(|row| row.text(0)).is_some_and(|mode| mode == "off" || mode == "memory") {
            self.execute("PRAGMA main.journal_mode = DELETE")?;
        }
        self.handle.db().busy_timeout(self.busy_timeout)
    }

    fn drop_temporary(&mut self) -> Result<(), SqlError> {
        let left = self.query(
            "SELECT type, name FROM temp.sqlite_schema WHERE type IN ('trigger', 'view', 'table') AND name NOT GLOB 'sqlite_*' \
             ORDER BY type DESC",
            &[],
        )?;
        for row in &left {
            let (kind, name) = (row.text(0).unwrap_or_default(), row.text(1).unwrap_or_default());
            self.execute(&format!("DROP {kind} IF EXISTS temp.\"{}\"", name.replace('"', "\"\"")))?;
        }
        Ok(())
    }

    fn limit(&mut self, limits: Limits, span: Span) -> Result<(), SqlError> {
        if span != Span::Transaction {
            self.statement_timeout = limits.statement;
            self.handle.db().busy_timeout(limits.lock.unwrap_or(self.busy_timeout))?;
        }
        Ok(())
    }

    #[cfg(feature = "full")]
    fn scratch_copy(&mut self) -> Result<Option<Self>, SqlError> {
        scratch::copy(self, &self.path).map(Some)
    }

    fn try_lock(&mut self, what: &str) -> Result<bool, SqlError> {
        if !self.lock.try_lock(what)? {
            return Ok(false);
        }
        // Who held the lock before may have deleted the file, or put another in its place.
        if self.file != FileId::of(&self.path) {
            self.lock.unlock();
            return Err(SqlError::new(
                SqlErrorKind::Connection,
                format!("{} was deleted or replaced while it was open", self.path.display()),
            )
            .with_hint("run the same command again"));
        }
        Ok(true)
    }

    fn holds_lock(&mut self) -> Result<bool, SqlError> {
        Ok(self.lock.is_held() && self.file == FileId::of(&self.path))
    }

    fn lock_holder(&mut self) -> Result<Option<Holder>, SqlError> {
        Ok(self.lock.holder())
    }

    fn unlock(&mut self) -> Result<(), SqlError> {
        self.lock.unlock();
        Ok(())
    }

    fn commits_are_dear(&self) -> bool {
        true
    }

    fn any_statement_may_change_settings(&self) -> bool {
        false
    }

    fn check_deferred(&mut self) -> Result<(), SqlError> {
        if !self.deferred_violations() {
            return Ok(());
        }
        let mut error = SqlError::new(SqlErrorKind::Constraint, "FOREIGN KEY constraint failed");
        error.sqlstate = Some("SQLITE_CONSTRAINT_FOREIGNKEY".to_owned());
        Err(error)
    }

    fn deferred_violations(&mut self) -> bool {
        self.handle.db().deferred_violations()
    }

    fn suspend_foreign_keys(&mut self) -> Result<(), SqlError> {
        self.execute("PRAGMA foreign_keys = OFF")
    }

    fn foreign_key_violations(&mut self) -> Result<Vec<Violation>, SqlError> {
        violations::find(self)
    }

    #[cfg(all(feature = "full", unix))]
    fn others(&mut self) -> Result<Vec<String>, SqlError> {
        Ok(self.open_elsewhere())
    }

    fn health(&mut self) -> Result<Vec<String>, SqlError> {
        let rows = self.query("PRAGMA main.quick_check(10)", &[])?;
        let mut troubles: Vec<String> =
            rows.iter().filter_map(|row| row.text(0)).filter(|text| *text != "ok").map(str::to_owned).collect();
        troubles.extend(self.foreign_key_violations()?.into_iter().take(10).map(|violation| violation.words));
        Ok(troubles)
    }

    fn introspect(&mut self) -> Result<Schema, SqlError> {
        introspect::introspect(self)
    }

    fn set_busy_timeout(&mut self, timeout: Duration) -> Result<(), SqlError> {
        self.busy_timeout = timeout;
        self.handle.db().busy_timeout(timeout)
    }
}

/// Whether two paths lead to one file.
pub fn same_file(a: &Path, b: &Path) -> bool {
    let real = |path: &Path| std::fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    // A hard link is another path to the same file.
    real(a) == real(b) || FileId::of(a).is(FileId::of(b))
}

/// Looks at the path before SQLite does, whose only word for any trouble is "unable to open database file".
/// Returns whether the file exists.
fn check_path(path: &Path, access: Access) -> Result<bool, SqlError> {
    let trouble = |message: String, hint: &str| Err(SqlError::new(SqlErrorKind::Connection, message).with_hint(hint));
    match std::fs::metadata(path) {
        // A file without a byte is a database that nobody has written to yet.
        Ok(data) if data.is_file() && data.len() == 0 && access != Access::Read => Ok(false),
        Ok(data) if data.is_dir() => trouble(format!("{} is a folder, not a database", path.display()), "name a file in it"),
        Ok(_) => Ok(true),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
            if access != Access::Create {
                return Err(SqlError::new(SqlErrorKind::NoDatabase, format!("{} does not exist", path.display()))
                    .with_hint("check the path, or make the database with `manage migrate`"));
            }
            match folder {
                Some(folder) if !folder.is_dir() => {
                    trouble(format!("the folder {} does not exist", folder.display()), "make the folder, or correct the path")
                }
                _ => Ok(false),
            }
        }
        Err(error) => Err(SqlError::new(SqlErrorKind::Permission, format!("cannot look at {}: {error}", path.display()))),
    }
}

/// The `file:` URI of `path`.
pub(super) fn uri(path: &Path, mode: &str) -> Result<String, SqlError> {
    let Some(text) = path.to_str() else {
        return Err(SqlError::new(SqlErrorKind::Configuration, format!("the path {} is not UTF-8", path.display())));
    };
    let escaped = text.replace('%', "%25").replace('?', "%3f").replace('#', "%23");
    // An absolute path that begins with two slashes would be read as a host.
    let escaped = if escaped.starts_with('/') { format!("//{}", escaped.replacen("//", "/", 1)) } else { escaped };
    Ok(format!("file:{escaped}?mode={mode}"))
}

fn named(mut error: SqlError, path: &Path) -> SqlError {
    error.message = match error.kind {
        SqlErrorKind::NotADatabase => format!("{} is not an SQLite database", path.display()),
        _ => format!("cannot read {}: {}", path.display(), error.message),
    };
    error
}

/// `$1` becomes `?1`: SQLite numbers `$name` parameters by first appearance.
pub(super) fn numbered(sql: &str) -> std::borrow::Cow<'_, str> {
    if !sql.contains('$') {
        return sql.into();
    }
    let mut out = String::with_capacity(sql.len());
    let mut characters = sql.chars().peekable();
    while let Some(character) = characters.next() {
        let parameter = character == '$' && characters.peek().is_some_and(char::is_ascii_digit);
        out.push(if parameter { '?' } else { character });
    }
    out.into()
}
