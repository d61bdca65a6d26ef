//! Reaching a server: every host and address in turn, with and without TLS as `sslmode` says.

use std::error::Error as _;
use std::net::{IpAddr, ToSocketAddrs};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use postgres::config::{SslMode as WireSslMode, TargetSessionAttrs};
use postgres::{Client, Config, NoTls};

use super::conninfo::{ConnInfo, SslMode, Target, TargetHost};
use super::errors;
use super::state::Notices;
use super::thread::off_runtime;
use super::tls::{self, Tls};
use crate::backend::error::{SqlError, SqlErrorKind};
use crate::backend::full::Location;
use crate::backend::session::{Access, Opening};
use crate::domain::secret::Secret;

/// A connection that stands.
pub(super) struct Connected {
    pub(super) client: Client,
    pub(super) notices: Notices,
    pub(super) tls: Tls,
    pub(super) location: Location,
    pub(super) config: Config,
}

/// One way to try: plain, with TLS where the server offers it, or with TLS only.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    Plain,
    Offered,
    Encrypted,
}

/// Connects to the first server of `url` that answers.
pub(super) fn connect(url: &Secret, opening: &Opening<'_>) -> Result<Connected, SqlError> {
    let info = ConnInfo::gather(url.reveal(), opening.environment)?;
    dial(&info, opening)
}

/// Connects to another database of the server that `url` names.
pub(super) fn connect_to(url: &Secret, database: &str, opening: &Opening<'_>) -> Result<Connected, SqlError> {
    let mut info = ConnInfo::gather(url.reveal(), opening.environment)?;
    database.clone_into(&mut info.database);
    dial(&info, opening)
}

fn dial(info: &ConnInfo, opening: &Opening<'_>) -> Result<Connected, SqlError> {
    let dial = Dial { info, opening };
    let mut failed = None;
    for target in &info.targets {
        match dial.target(target) {
            Ok(connected) => return Ok(connected),
            // Only a server that cannot be reached is worth another one.
            Err(error) if error.kind != SqlErrorKind::Connection => return Err(error),
            Err(error) => failed = Some(error),
        }
    }
    Err(failed.unwrap_or_else(|| SqlError::new(SqlErrorKind::Configuration, "the connection string names no host")))
}

struct Dial<'a> {
    info: &'a ConnInfo,
    opening: &'a Opening<'a>,
}

impl Dial<'_> {
    fn target(&self, target: &Target) -> Result<Connected, SqlError> {
        let (name, address) = match &target.host {
            TargetHost::Socket(_) => return self.ways(target, None),
            TargetHost::Server { name, address } => (name, *address),
        };
        let addresses = match address {
            Some(address) => vec![address],
            None => resolve(name, target.port).map_err(|cause| self.unreachable(target, &cause))?,
        };
        let mut failed = None;
        for address in addresses {
            match self.ways(target, Some(address)) {
                Err(error) if error.kind == SqlErrorKind::Connection => failed = Some(error),
                answer => return answer,
            }
        }
        Err(failed.unwrap_or_else(|| self.unreachable(target, "the name has no address")))
    }

    /// Tries the ways that `sslmode` allows. As in libpq, *prefer* goes on without TLS where it fails, and
    /// *allow* with it where the server does not let us in without.
    fn ways(&self, target: &Target, address: Option<IpAddr>) -> Result<Connected, SqlError> {
        let mode = if address.is_none() { SslMode::Disable } else { self.info.ssl.mode };
        let (first, second) = match mode {
            SslMode::Disable => (Way::Plain, None),
            SslMode::Allow => (Way::Plain, Some(Way::Encrypted)),
            SslMode::Prefer => (Way::Offered, Some(Way::Plain)),
            SslMode::Require | SslMode::VerifyCa | SslMode::VerifyFull => (Way::Encrypted, None),
        };
        let answer = self.once(target, address, first);
        let (Err(error), Some(second)) = (&answer, second) else { return answer };
        let refused = error.sqlstate.as_deref() == Some("28000");
        if refused || (mode == SslMode::Prefer && error.kind == SqlErrorKind::Tls) {
            return self.once(target, address, second).map_err(|mut second| {
                second.detail = second.detail.or_else(|| Some(format!("and before that: {error}")));
                second
            });
        }
        answer
    }

    fn once(&self, target: &Target, address: Option<IpAddr>, way: Way) -> Result<Connected, SqlError> {
        let tls = if way == Way::Plain { Tls::Off } else { tls::connector(&self.info.ssl)? };
        let notices = Notices::default();
        for warning in &self.info.warnings {
            notices.warn(warning);
        }
        let config = self.config(target, address, way, &notices);
        let with = tls.clone();
        let kept = config.clone();
        let answer = within(self.timeout(), move || match with {
            Tls::Off => config.connect(NoTls),
            Tls::On(connector) => config.connect(connector),
        });
        let client = match answer {
            Some(Ok(client)) => client,
            Some(Err(error)) => return Err(self.with_warnings(self.explain(target, &error))),
            None => return Err(self.unreachable(target, "no answer in time")),
        };
        let location = match (&target.host, address) {
            (TargetHost::Socket(folder), _) => Location::Socket { folder: folder.clone(), port: target.port },
            (TargetHost::Server { name, .. }, address) => Location::Server { host: name.clone(), address, port: target.port },
        };
        Ok(Connected { client, notices, tls, location, config: kept })
    }

    fn config(&self, target: &Target, address: Option<IpAddr>, way: Way, notices: &Notices) -> Config {
        let info = self.info;
        let mut config = Config::new();
        config.user(&info.user).dbname(&info.database).port(target.port);
        match &target.host {
            TargetHost::Socket(folder) => config.host(&folder.display().to_string()),
            TargetHost::Server { name, .. } => config.host(name),
        };
        if let Some(address) = address {
            config.hostaddr(address);
        }
        if let Some(password) = info.password_for(target) {
            config.password(password.reveal());
        }
        // As startup parameters, so that RESET ALL comes back to them.
        config.application_name(info.application.as_deref().unwrap_or(self.opening.application));
        let mut options = info.server_options.clone();
        if self.opening.access == Access::Read {
            options.push("-c default_transaction_read_only=on".to_owned());
        }
        if !options.is_empty() {
            config.options(&options.join(" "));
        }
        config.ssl_mode(match way {
            Way::Plain => WireSslMode::Disable,
            Way::Offered => WireSslMode::Prefer,
            Way::Encrypted => WireSslMode::Require,
        });
        config.channel_binding(info.channel_binding);
        if let Some(writes) = info.session_attributes {
            config.target_session_attrs(if writes { TargetSessionAttrs::ReadWrite } else { TargetSessionAttrs::ReadOnly });
        }
        self.patience(&mut config);
        let notices = notices.clone();
        config.notice_callback(move |notice| notices.add(&notice));
        config
    }

    fn patience(&self, config: &mut Config) {
        let keepalives = &self.info.keepalives;
        config.keepalives(!keepalives.off);
        if let Some(idle) = keepalives.idle {
            config.keepalives_idle(Duration::from_secs(idle.into()));
        }
        if let Some(interval) = keepalives.interval {
            config.keepalives_interval(Duration::from_secs(interval.into()));
        }
        if let Some(count) = keepalives.count {
            config.keepalives_retries(count);
        }
        if let Some(timeout) = self.info.tcp_user_timeout {
            config.tcp_user_timeout(timeout);
        }
        if let Some(timeout) = self.timeout() {
            config.connect_timeout(timeout);
        }
    }

    /// What the person says, else what the caller would wait.
    fn timeout(&self) -> Option<Duration> {
        self.info.connect_timeout.or(self.opening.connect_timeout)
    }

    fn place(&self, target: &Target) -> String {
        format!("`{target}` (database `{}`, user `{}`)", self.info.database, self.info.user)
    }

    fn unreachable(&self, target: &Target, cause: &str) -> SqlError {
        SqlError::new(SqlErrorKind::Connection, format!("cannot reach PostgreSQL at {}: {cause}", self.place(target)))
            .with_hint("is the server running, and are host and port right?")
    }

    fn explain(&self, target: &Target, error: &postgres::Error) -> SqlError {
        let place = self.place(target);
        if error.as_db_error().is_some() {
            let mut told = errors::explain(error, "");
            told.message = format!("PostgreSQL at {place} refuses: {}", told.message);
            told.hint = told.hint.take().or_else(|| self.hint_for(&told));
            return told;
        }
        // The client has no other way to tell its errors apart than their words.
        let said = error.to_string();
        let cause = error.source().map(errors::with_causes).unwrap_or_default();
        if said.contains("TLS") {
            let mut told = tls::explain(error);
            told.message = format!("cannot encrypt the connection to {place}: {}", told.message);
            return told;
        }
        if cause.contains("password missing") {
            return SqlError::new(SqlErrorKind::Authentication, format!("PostgreSQL at {place} asks for a password"))
                .with_hint("set PGPASSWORD, or add a line to ~/.pgpass");
        }
        if said.contains("authentication") || said.contains("configuration") {
            return SqlError::new(SqlErrorKind::Authentication, format!("cannot log in to PostgreSQL at {place}: {cause}"));
        }
        self.unreachable(target, if cause.is_empty() { &said } else { &cause })
    }

    /// A password file that was passed over is likely why a login failed.
    fn with_warnings(&self, mut error: SqlError) -> SqlError {
        if error.kind == SqlErrorKind::Authentication && !self.info.warnings.is_empty() {
            error.detail = error.detail.or_else(|| Some(self.info.warnings.join("; ")));
        }
        error
    }

    fn hint_for(&self, error: &SqlError) -> Option<String> {
        match (error.kind, error.sqlstate.as_deref()) {
            (SqlErrorKind::NoDatabase, _) => Some("create it with `manage database create`".to_owned()),
            (_, Some("28P01")) => Some("check the password: in the URL, in PGPASSWORD or in ~/.pgpass, in this order".to_owned()),
            (SqlErrorKind::Authentication, _) => Some("check user and database, and the server's pg_hba.conf".to_owned()),
            (_, Some("53300")) => Some("the server has no free connection: try again, or raise max_connections".to_owned()),
            (_, Some("57P03")) => Some("the server is starting or stopping: try again".to_owned()),
            _ => None,
        }
    }
}

fn resolve(name: &str, port: u16) -> Result<Vec<IpAddr>, String> {
    let found = (name, port).to_socket_addrs().map_err(|error| error.to_string())?;
    Ok(found.map(|address| address.ip()).collect())
}

/// The result of `work` if it comes in time. The client's own timeout ends with the TCP connection, so a server
/// that takes it and says nothing would keep us for ever; the thread that waits for it is left behind.
fn within<T: Send + 'static>(timeout: Option<Duration>, work: impl FnOnce() -> T + Send + 'static) -> Option<T> {
    let Some(timeout) = timeout else { return Some(off_runtime(work)) };
    let (done, wait) = mpsc::channel();
    thread::spawn(move || {
        // Nobody waits any more: then the connection is closed by being dropped.
        let _ = done.send(work());
    });
    wait.recv_timeout(timeout).ok()
}
