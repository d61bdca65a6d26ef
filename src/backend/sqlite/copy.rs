//! A whole file: copied out in one snapshot, copied in as one transaction, by SQLite's backup API.

use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use rusqlite::backup::{Backup, StepResult};
use rusqlite::{Connection, OpenFlags};

use super::content;
use super::errors::translate;
use super::session::SqliteSession;
use crate::backend::copying::{Copied, Job, LeftOver, LeftOverKind, Step};
use crate::backend::error::{SqlError, SqlErrorKind};
use crate::backend::{Basic, Full};
use crate::domain::content::Content;
use crate::domain::fault;

/// How often two snapshots are begun before one connection has to do all the reading.
const TRIES: usize = 200;

impl SqliteSession {
    /// Copies the file page by page while a second connection sums up the rows, both in the same snapshot. In WAL
    /// mode writers go on; with another journal they wait.
    pub(in crate::backend) fn copy_out(&mut self, file: &Path, job: &mut Job<'_>) -> Result<Copied, SqlError> {
        let path = self.path().to_owned();
        let (copying, summing) = snapshots(&path, job.patience)?;
        let text = |sql: &str| copying.query_row(sql, [], |row| row.get::<_, rusqlite::types::Value>(0)).map_err(translate);
        let shown = |value: rusqlite::types::Value| match value {
            rusqlite::types::Value::Integer(number) => number.to_string(),
            rusqlite::types::Value::Text(text) => text,
            _ => String::new(),
        };
        let settings = ["journal_mode", "page_size", "encoding", "auto_vacuum", "user_version", "application_id"]
            .iter()
            .map(|name| Ok(((*name).to_owned(), shown(text(&format!("PRAGMA main.{name}"))?))))
            .collect::<Result<_, SqlError>>()?;
        let content = match summing {
            Some(summing) => beside(&copying, summing, file, job)?,
            None => {
                pages(&copying, file, job)?;
                content::content(&copying, &mut |_| {})?
            }
        };
        plain_journal(file)?;
        Ok(Copied { content, made_with: format!("SQLite {}, online backup", rusqlite::version()), settings })
    }

    /// What the file holds.
    pub(in crate::backend) fn content(&mut self) -> Result<Content, SqlError> {
        self.execute("BEGIN")?;
        let content = content::content(self.view(), &mut |_| {});
        self.execute("ROLLBACK")?;
        content
    }

    /// What `integrity_check` finds.
    pub(in crate::backend) fn damages(&mut self) -> Result<Vec<String>, SqlError> {
        let rows = self.query("PRAGMA main.integrity_check(10)", &[])?;
        Ok(rows.iter().filter_map(|row| row.text(0)).filter(|text| *text != "ok").map(str::to_owned).collect())
    }

    /// The size of all pages, in bytes.
    pub(in crate::backend) fn size(&mut self) -> Result<u64, SqlError> {
        let mut number = |sql: &str| {
            let rows = self.query(sql, &[])?;
            Ok::<_, SqlError>(rows.first().and_then(|row| row.integer(0)).and_then(|n| u64::try_from(n).ok()).unwrap_or(0))
        };
        Ok(number("PRAGMA main.page_count")? * number("PRAGMA main.page_size")?)
    }

    /// Folders with the new content of restores that were killed.
    pub(in crate::backend) fn left_overs(&mut self) -> Vec<LeftOver> {
        let path = self.path().to_owned();
        let prefix = name_of_new(&path.file_name().unwrap_or_default().to_string_lossy(), "");
        let Some(entries) = path.parent().and_then(|folder| std::fs::read_dir(folder).ok()) else { return Vec::new() };
        let in_use = matches!(self.lock_holder(), Ok(Some(_)));
        let mut found: Vec<_> = entries
            .filter_map(Result::ok)
            .filter_map(|entry| {
                let name = entry.file_name().to_string_lossy().into_owned();
                let run = name.strip_prefix(&prefix)?.to_owned();
                let name = entry.path().display().to_string();
                let remove = format!("rm -r '{name}'");
                Some(LeftOver { kind: LeftOverKind::Restore, name, run: Some(run), in_use, remove })
            })
            .collect();
        found.sort_by(|a, b| a.name.cmp(&b.name));
        found
    }

    /// Copies all of `new` into this file, in one transaction that waits for other processes' locks. The journal mode
    /// stays as it is.
    pub(in crate::backend) fn take_in(&mut self, new: &Path, journal: Option<&str>, job: &mut Job<'_>) -> Result<(), SqlError> {
        let path = self.path().to_owned();
        let mut live = open(&path, job.patience)?;
        let mode: String = live.query_row("PRAGMA main.journal_mode", [], |row| row.get(0)).map_err(translate)?;
        let page: i64 = live.query_row("PRAGMA main.page_size", [], |row| row.get(0)).map_err(translate)?;
        let source = open(new, job.patience)?;
        if mode == "wal" {
            // The size of the pages of a file in WAL mode cannot be changed.
            fit_pages(&source, page)?;
        }
        fault::point("restore.before_install");
        copy(&source, &mut live, Step::Install, job, "restore.installing")?;
        fault::point("restore.installed");
        drop(source);
        match journal {
            // A file that was made a moment ago gets the journal of the one that was backed up.
            Some("wal") if self.created() => {
                live.query_row("PRAGMA main.journal_mode = WAL", [], |_| Ok(())).map_err(translate)?;
            }
            // The log is as large as the file now. Readers of the old content may keep it so; it does no harm.
            _ if mode == "wal" => {
                let _ = live.busy_timeout(Duration::ZERO);
                let _ = live.query_row("PRAGMA main.wal_checkpoint(TRUNCATE)", [], |_| Ok(()));
            }
            _ => {}
        }
        Ok(())
    }
}

/// The folder for what `run` makes to take the place of the file called `name`.
pub(in crate::backend) fn name_of_new(name: &str, run: &str) -> String {
    format!("{name}-manage-restore-{run}")
}

/// Two connections in transactions that see the same content; one where none can be had between two writes.
fn snapshots(path: &Path, patience: Duration) -> Result<(Connection, Option<Connection>), SqlError> {
    let (first, second, watch) = (open(path, patience)?, open(path, patience)?, open(path, patience)?);
    // It changes with every commit of another connection.
    let version = || watch.query_row("PRAGMA main.data_version", [], |row| row.get::<_, i64>(0)).map_err(translate);
    for _ in 0..TRIES {
        let before = version()?;
        begin(&first)?;
        begin(&second)?;
        if version()? == before {
            return Ok((first, Some(second)));
        }
        first.execute_batch("ROLLBACK").map_err(translate)?;
        second.execute_batch("ROLLBACK").map_err(translate)?;
    }
    begin(&first)?;
    Ok((first, None))
}

fn begin(connection: &Connection) -> Result<(), SqlError> {
    connection.execute_batch("BEGIN; SELECT count(*) FROM main.sqlite_schema").map_err(translate)
}

fn open(path: &Path, patience: Duration) -> Result<Connection, SqlError> {
    let plain = OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, plain | OpenFlags::SQLITE_OPEN_READ_WRITE)
        .or_else(|_| Connection::open_with_flags(path, plain | OpenFlags::SQLITE_OPEN_READ_ONLY))
        .map_err(translate)?;
    connection.busy_timeout(patience).map_err(translate)?;
    // 64 MB of pages: what is summed up is read once, what is copied is written once.
    connection.execute_batch("PRAGMA cache_size = -65536").map_err(translate)?;
    Ok(connection)
}

/// Copies the pages on this thread and sums up the rows on another.
fn beside(copying: &Connection, summing: Connection, file: &Path, job: &mut Job<'_>) -> Result<Content, SqlError> {
    let interrupt = summing.get_interrupt_handle();
    let (seen, stopped) = (AtomicU64::new(0), AtomicBool::new(false));
    std::thread::scope(|scope| {
        let (seen, stopped) = (&seen, &stopped);
        let sums = scope.spawn(move || {
            let sums = content::content(&summing, &mut |bytes| {
                seen.fetch_add(bytes, Ordering::Relaxed);
            });
            stopped.store(true, Ordering::Release);
            sums
        });
        let copied = pages(copying, file, job).and_then(|()| {
            while !stopped.load(Ordering::Acquire) {
                job.at(Step::Check, seen.load(Ordering::Relaxed), None)?;
                std::thread::park_timeout(Duration::from_millis(20));
            }
            Ok(())
        });
        if copied.is_err() {
            interrupt.interrupt();
        }
        let sums = sums.join().map_err(|_| SqlError::new(SqlErrorKind::Other, "the rows could not be summed up"))?;
        copied.and(sums)
    })
}

/// Copies the snapshot that `source` has open into the new file `file`.
fn pages(source: &Connection, file: &Path, job: &mut Job<'_>) -> Result<(), SqlError> {
    let mut draft = Connection::open(file).map_err(translate)?;
    // Nobody else sees the draft, and one that is not finished is thrown away.
    draft.execute_batch("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF").map_err(translate)?;
    copy(source, &mut draft, Step::Copy, job, "backup.copying")
}

/// One run of the backup API. `point` is passed after each step.
fn copy(source: &Connection, target: &mut Connection, step: Step, job: &mut Job<'_>, point: &str) -> Result<(), SqlError> {
    let page: u64 = source.query_row("PRAGMA main.page_size", [], |row| row.get::<_, i64>(0)).map_err(translate)?.unsigned_abs();
    let pages: i64 = source.query_row("PRAGMA main.page_count", [], |row| row.get(0)).map_err(translate)?;
    let chunk = i32::try_from((pages / 64).clamp(1, 8192)).unwrap_or(8192);
    let total = Some(pages.unsigned_abs() * page);
    let backup = Backup::new(source, target).map_err(translate)?;
    let begun = Instant::now();
    loop {
        match backup.step(chunk).map_err(translate)? {
            StepResult::Done => return Ok(()),
            StepResult::Busy | StepResult::Locked if begun.elapsed() >= job.patience => {
                return Err(SqlError::new(SqlErrorKind::Busy, "another program uses the file")
                    .with_hint("stop it, or let it finish its transaction, then try again"));
            }
            StepResult::Busy | StepResult::Locked => std::thread::sleep(Duration::from_millis(20)),
            _ => fault::point(point),
        }
        let progress = backup.progress();
        let done = u64::try_from(progress.pagecount - progress.remaining).unwrap_or(0) * page;
        job.at(step, done, total)?;
    }
}

/// Gives a copy of a file in WAL mode an ordinary journal, so that it is one file and can be read where nothing can
/// be written.
fn plain_journal(file: &Path) -> Result<(), SqlError> {
    let copy = Connection::open(file).map_err(translate)?;
    copy.query_row("PRAGMA main.journal_mode = DELETE", [], |_| Ok(())).map_err(translate)
}

/// Gives `connection`'s file pages of `size` bytes.
fn fit_pages(connection: &Connection, size: i64) -> Result<(), SqlError> {
    let now: i64 = connection.query_row("PRAGMA main.page_size", [], |row| row.get(0)).map_err(translate)?;
    if now == size {
        return Ok(());
    }
    connection.execute_batch(&format!("PRAGMA main.page_size = {size}; VACUUM main")).map_err(translate)
}
