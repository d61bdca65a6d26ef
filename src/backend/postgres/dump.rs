//! A whole database to a file and back, by `pg_dump` and `pg_restore`.

use std::path::Path;

use sha2::{Digest, Sha256};

use super::programs::Program;
use super::scratch::ScratchDatabase;
use super::session::PostgresSession;
use crate::backend::Basic;
use crate::backend::copying::{Copied, Job, Step};
use crate::backend::error::{SqlError, SqlErrorKind};
use crate::backend::full::Full;
use crate::backend::scratch::Purpose;
use crate::domain::database_url::DatabaseUrl;
use crate::domain::fault;
use crate::domain::secret::Secret;

impl PostgresSession {
    /// Lets `pg_dump` copy the snapshot of a transaction in which we sum up the rows meanwhile.
    pub(in crate::backend) fn copy_out(&mut self, file: &Path, job: &mut Job<'_>) -> Result<Copied, SqlError> {
        let identity = self.identity()?;
        let mut program = Program::find("pg_dump", job.programs, &identity.version)?;
        program.connect(url(job)?, &self.location, &identity.name, job.opening)?;
        self.begin_comparable_snapshot()?;
        let copied = self.dump(program, file, job);
        let ended = self.rollback();
        let copied = copied?;
        ended?;
        Ok(copied)
    }

    fn dump(&mut self, mut program: Program, file: &Path, job: &mut Job<'_>) -> Result<Copied, SqlError> {
        let rows = self.query("SELECT pg_catalog.pg_export_snapshot()", &[])?;
        let snapshot = rows.first().and_then(|row| row.text(0)).unwrap_or_default().to_owned();
        program.arg("--format=custom");
        // Time counts more than room: the default takes more than twice as long for a file that is a little smaller.
        program.arg("--compress=1");
        program.arg(format!("--snapshot={snapshot}"));
        program.arg("--file");
        program.arg(file);
        let running = program.start()?;
        let made_with = running.version.clone();
        // How small it will be nobody knows.
        let mut watch = || job.at(Step::Copy, size_of(file), None);
        let content = self.content_in_snapshot(&mut watch)?;
        fault::point("backup.copying");
        running.wait(&mut watch)?;
        Ok(Copied { content, made_with, settings: Vec::new() })
    }

    /// Whether the programs are there that copy it and restore the copy.
    pub(in crate::backend) fn can_copy_out(&mut self, programs: Option<&Path>) -> Result<(), SqlError> {
        let version = self.identity()?.version;
        Program::find("pg_dump", programs, &version)?;
        Program::find("pg_restore", programs, &version).map(drop)
    }

    /// About how many bytes the database takes.
    pub(in crate::backend) fn size(&mut self) -> Result<u64, SqlError> {
        let rows = self.query("SELECT pg_catalog.pg_database_size(pg_catalog.current_database())", &[])?;
        Ok(rows.first().and_then(|row| row.integer(0)).map_or(0, i64::unsigned_abs))
    }
}

impl ScratchDatabase {
    /// Restores the dump in `file` into it, and gives the file's SHA-256.
    pub(in crate::backend) fn fill(&mut self, file: &Path, purpose: Purpose, job: &mut Job<'_>) -> Result<String, SqlError> {
        let server = self.beside()?.identity()?;
        let mut program = Program::find("pg_restore", job.programs, &server.version)?;
        program.connect(url(job)?, &server.location, self.name(), job.opening)?;
        let jobs = std::thread::available_parallelism().map_or(1, |cores| cores.get().min(4));
        program.arg("--exit-on-error");
        program.arg(format!("--jobs={jobs}"));
        // As a connection string, since a name may look like one.
        program.arg(format!("--dbname=dbname='{}'", self.name().replace('\\', "\\\\").replace('\'', "\\'")));
        // They would begin to work in a copy.
        program.arg("--no-publications");
        program.arg("--no-subscriptions");
        if purpose == Purpose::Proof {
            program.arg("--no-owner");
            program.arg("--no-privileges");
        }
        program.arg(file);
        let total = size_of(file);
        let running = program.start()?;
        std::thread::scope(|scope| {
            let hash = scope.spawn(|| hash(file));
            let done = running.wait(&mut || job.at(Step::Restore, 0, Some(total)));
            let hash = hash.join().unwrap_or_else(|_| Err(SqlError::new(SqlErrorKind::Other, "the file cannot be read")));
            done.and(hash)
        })
    }
}

fn url<'a>(job: &Job<'a>) -> Result<&'a Secret, SqlError> {
    match job.url {
        DatabaseUrl::Postgres(url) => Ok(url),
        DatabaseUrl::Sqlite(_) => Err(SqlError::new(SqlErrorKind::Other, "the URL names an SQLite file")),
    }
}

fn size_of(file: &Path) -> u64 {
    file.metadata().map_or(0, |data| data.len())
}

fn hash(file: &Path) -> Result<String, SqlError> {
    let trouble = |error: std::io::Error| SqlError::new(SqlErrorKind::Permission, format!("{}: {error}", file.display()));
    let mut from = std::fs::File::open(file).map_err(trouble)?;
    let (mut hash, mut buffer) = (Sha256::new(), vec![0; 1 << 20]);
    loop {
        match std::io::Read::read(&mut from, &mut buffer).map_err(trouble)? {
            0 => break,
            read => hash.update(&buffer[..read]),
        }
    }
    Ok(hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect())
}
