//! PostgreSQL's own programs, `pg_dump` and `pg_restore`: found, checked, connected as we are, run.

use std::io::Read;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread::JoinHandle;
use std::time::Duration;

use super::conninfo::{ConnInfo, SslMode, Target, TargetHost, TlsRoot};
use crate::backend::error::{SqlError, SqlErrorKind};
use crate::backend::full::Location;
use crate::backend::session::Opening;
use crate::domain::secret::{Secret, redact};

/// What libpq would read besides what we tell it.
const UNSET: [&str; 16] = [
    "PGSERVICE",
    "PGSERVICEFILE",
    "PGPASSFILE",
    "PGPASSWORD",
    "PGHOST",
    "PGHOSTADDR",
    "PGPORT",
    "PGDATABASE",
    "PGUSER",
    "PGOPTIONS",
    "PGSSLMODE",
    "PGSSLROOTCERT",
    "PGSSLCERT",
    "PGSSLKEY",
    "PGTARGETSESSIONATTRS",
    "PGCHANNELBINDING",
];

/// A program, ready to run.
pub(super) struct Program {
    command: Command,
    name: &'static str,
    /// `pg_dump 15.18`
    version: String,
}

impl Program {
    /// Finds `name` in `folder`, or on the PATH, and checks that it is not older than the server.
    pub(super) fn find(name: &'static str, folder: Option<&Path>, server: &str) -> Result<Self, SqlError> {
        let path = folder.map_or_else(|| name.into(), |folder| folder.join(name));
        let major = |version: &str| version.split('.').next().and_then(|part| part.parse::<u32>().ok()).unwrap_or(0);
        let wanted = major(server);
        let install = format!(
            "install PostgreSQL's client programs, version {wanted} or newer (Debian: apt install postgresql-client-{wanted}), \
             or name their folder in MANAGE_PG_BIN"
        );
        let missing = |cause: String| SqlError::new(SqlErrorKind::Other, cause).with_hint(install.clone());
        let answer = Command::new(&path).arg("--version").stdin(Stdio::null()).output().map_err(|error| {
            missing(match (error.kind(), folder) {
                (std::io::ErrorKind::NotFound, None) => format!("{name} is needed, and is not on the PATH"),
                (std::io::ErrorKind::NotFound, Some(folder)) => format!("{name} is needed, and is not in {}", folder.display()),
                _ => format!("{} cannot be run: {error}", path.display()),
            })
        })?;
        let text = String::from_utf8_lossy(&answer.stdout).into_owned();
        let found = text.split_whitespace().find(|word| word.starts_with(|c: char| c.is_ascii_digit()));
        let Some(found) = found.filter(|_| answer.status.success()) else {
            let said = String::from_utf8_lossy(&answer.stderr);
            return Err(missing(format!("{} does not say its version: {}", path.display(), said.trim())));
        };
        if major(found) < wanted {
            return Err(missing(format!("{name} {found} is older than the server, which has version {server}")));
        }
        let mut command = Command::new(&path);
        command.arg("--no-password").stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
        Ok(Self { command, name, version: format!("{name} {found}") })
    }

    /// Lets it connect to `database` on the server at `location`, as the session did that `url` opened. Nothing of it
    /// stands in the arguments, which everybody on the machine can read.
    pub(super) fn connect(
        &mut self,
        url: &Secret,
        location: &Location,
        database: &str,
        opening: &Opening<'_>,
    ) -> Result<(), SqlError> {
        let info = ConnInfo::gather(url.reveal(), opening.environment)?;
        let command = &mut self.command;
        for name in UNSET {
            command.env_remove(name);
        }
        let target = match location {
            Location::Socket { folder, port } => {
                command.env("PGHOST", folder);
                Target { host: TargetHost::Socket(folder.clone()), port: *port }
            }
            Location::Server { host, address, port } => {
                command.env("PGHOST", host);
                if let Some(address) = address {
                    command.env("PGHOSTADDR", address.to_string());
                }
                Target { host: TargetHost::Server { name: host.clone(), address: *address }, port: *port }
            }
            Location::File(_) => return Err(SqlError::new(SqlErrorKind::Other, "a file has no server")),
        };
        command.env("PGPORT", target.port.to_string()).env("PGUSER", &info.user).env("PGDATABASE", database);
        command.env("PGAPPNAME", opening.application).env("LC_MESSAGES", "C");
        if let Some(password) = info.password_for(&target) {
            command.env("PGPASSWORD", password.reveal());
        }
        if !info.server_options.is_empty() {
            command.env("PGOPTIONS", info.server_options.join(" "));
        }
        let ssl = &info.ssl;
        let mode = match ssl.mode {
            SslMode::Disable => "disable",
            SslMode::Allow => "allow",
            SslMode::Prefer => "prefer",
            SslMode::Require => "require",
            SslMode::VerifyCa => "verify-ca",
            SslMode::VerifyFull => "verify-full",
        };
        command.env("PGSSLMODE", mode);
        match &ssl.root {
            Some(TlsRoot::System) => {
                command.env("PGSSLROOTCERT", "system");
            }
            Some(TlsRoot::File(file)) => {
                command.env("PGSSLROOTCERT", file);
            }
            None => {}
        }
        if let Some((certificate, key)) = &ssl.certificate {
            command.env("PGSSLCERT", certificate).env("PGSSLKEY", key);
        }
        if ssl.only_1_3 {
            command.env("PGSSLMINPROTOCOLVERSION", "TLSv1.3");
        }
        Ok(())
    }

    /// One more argument.
    pub(super) fn arg(&mut self, argument: impl AsRef<std::ffi::OsStr>) {
        self.command.arg(argument);
    }

    /// Starts it.
    pub(super) fn start(mut self) -> Result<Running, SqlError> {
        let mut child = self
            .command
            .spawn()
            .map_err(|error| SqlError::new(SqlErrorKind::Other, format!("{} cannot be run: {error}", self.name)))?;
        let pipe = child.stderr.take();
        let said = std::thread::spawn(move || {
            let mut text = Vec::new();
            if let Some(mut pipe) = pipe {
                let _ = pipe.read_to_end(&mut text);
            }
            String::from_utf8_lossy(&text).into_owned()
        });
        Ok(Running { child, said: Some(said), name: self.name, version: self.version })
    }
}

/// A program that runs. It is ended with the value.
pub(super) struct Running {
    child: Child,
    said: Option<JoinHandle<String>>,
    name: &'static str,
    /// `pg_dump 15.18`
    pub(super) version: String,
}

impl Running {
    /// Waits for its end. `watch` is called all the while.
    pub(super) fn wait(mut self, watch: &mut dyn FnMut() -> Result<(), SqlError>) -> Result<(), SqlError> {
        let mut pause = Duration::from_millis(1);
        let status = loop {
            let ended = self.child.try_wait();
            if let Some(status) = ended.map_err(|error| SqlError::new(SqlErrorKind::Other, error.to_string()))? {
                break status;
            }
            watch()?;
            std::thread::sleep(pause);
            pause = (pause * 2).min(Duration::from_millis(50));
        };
        let said = self.said.take().and_then(|said| said.join().ok()).unwrap_or_default();
        if status.success() {
            return Ok(());
        }
        let said = redact(said.trim());
        let mut lines = said.lines().filter(|line| !line.trim().is_empty());
        let first = lines.next().map_or_else(|| status.to_string(), |line| line.replace(&format!("{}: ", self.name), ""));
        let mut error = SqlError::new(kind(&said), format!("{} failed: {first}", self.name));
        let rest: Vec<_> = lines.take(8).collect();
        error.detail = (!rest.is_empty()).then(|| rest.join("\n  "));
        Err(error)
    }
}

fn kind(said: &str) -> SqlErrorKind {
    let any = |words: &[&str]| words.iter().any(|word| said.contains(word));
    if any(&["permission denied", "must be owner", "must be superuser", "must be member", "must be able to SET ROLE"]) {
        SqlErrorKind::Permission
    } else if any(&["No space left", "could not write to"]) {
        SqlErrorKind::Full
    } else if any(&["connection to server", "server closed the connection", "could not connect"]) {
        SqlErrorKind::Connection
    } else {
        SqlErrorKind::Other
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
