//! All that is known before the first byte goes out.

use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::error::invalid;
use super::options::Options;
use super::passfile::{self, Wanted};
use super::{service, text};
use crate::backend::error::SqlError;
use crate::domain::secret::Secret;

const DEFAULT_PORT: u16 = 5432;

/// Folders in which servers keep their sockets: Debian's and PostgreSQL's own default.
const SOCKET_FOLDERS: [&str; 2] = ["/var/run/postgresql", "/tmp"];

type Environment<'a> = &'a dyn Fn(&str) -> Option<String>;

/// A connection's settings.
pub(in super::super) struct ConnInfo {
    pub(in super::super) targets: Vec<Target>,
    pub(in super::super) user: String,
    pub(in super::super) database: String,
    password: Option<Secret>,
    passwords: Option<Secret>,
    pub(in super::super) application: Option<String>,
    pub(in super::super) server_options: Vec<String>,
    pub(in super::super) connect_timeout: Option<Duration>,
    pub(in super::super) tcp_user_timeout: Option<Duration>,
    pub(in super::super) keepalives: Keepalives,
    pub(in super::super) session_attributes: Option<bool>,
    pub(in super::super) channel_binding: postgres::config::ChannelBinding,
    pub(in super::super) ssl: SslSettings,
    pub(in super::super) warnings: Vec<String>,
}

/// One server to try.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in super::super) struct Target {
    pub(in super::super) host: TargetHost,
    pub(in super::super) port: u16,
}

/// Where a server listens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in super::super) enum TargetHost {
    Socket(PathBuf),
    Server { name: String, address: Option<IpAddr> },
}

impl std::fmt::Display for Target {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.host {
            TargetHost::Socket(folder) => write!(f, "{}/.s.PGSQL.{}", folder.display(), self.port),
            TargetHost::Server { name, .. } if name.contains(':') => write!(f, "[{name}]:{}", self.port),
            TargetHost::Server { name, .. } => write!(f, "{name}:{}", self.port),
        }
    }
}

/// How to notice that the other side is gone.
#[derive(Default)]
pub(in super::super) struct Keepalives {
    pub(in super::super) off: bool,
    pub(in super::super) idle: Option<u32>,
    pub(in super::super) interval: Option<u32>,
    pub(in super::super) count: Option<u32>,
}

/// What the person asks of TLS.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in super::super) struct SslSettings {
    pub(in super::super) mode: SslMode,
    pub(in super::super) root: Option<TlsRoot>,
    pub(in super::super) certificate: Option<(PathBuf, PathBuf)>,
    pub(in super::super) send_name: bool,
    pub(in super::super) only_1_3: bool,
}

/// `sslmode`, with libpq's meanings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) enum SslMode {
    Disable,
    Allow,
    Prefer,
    Require,
    VerifyCa,
    VerifyFull,
}

/// Whose signature the server's certificate must bear.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in super::super) enum TlsRoot {
    System,
    File(PathBuf),
}

impl ConnInfo {
    /// Gathers what `text`, the service file, the environment and the defaults say.
    pub(in super::super) fn gather(text: &str, environment: Environment<'_>) -> Result<Self, SqlError> {
        let mut options = Options::default();
        options.add(text::parse(text)?, "the connection string")?;
        let service = options.get("service").map(str::to_owned).or_else(|| environment("PGSERVICE"));
        if let Some(service) = service.filter(|name| !name.is_empty()) {
            options.add(service::find(&service, environment)?, &format!("the service `{service}`"))?;
        }
        options.add_environment(environment)?;
        let home = environment("HOME").filter(|home| !home.is_empty()).map(PathBuf::from);
        let user = user(&options, environment)?;
        let (passwords, warning) = passwords(&options, home.as_deref());
        Ok(Self {
            targets: targets(&options)?,
            database: options.get("dbname").unwrap_or(&user).to_owned(),
            user,
            password: options.get("password").map(Secret::new),
            passwords,
            application: options.get("application_name").map(str::to_owned),
            server_options: options.server_options(),
            connect_timeout: options.number("connect_timeout")?.filter(|s| *s > 0).map(|s| Duration::from_secs(s.into())),
            tcp_user_timeout: options.number("tcp_user_timeout")?.filter(|ms| *ms > 0).map(|ms| Duration::from_millis(ms.into())),
            keepalives: Keepalives {
                off: options.number("keepalives")? == Some(0),
                idle: options.number("keepalives_idle")?.filter(|seconds| *seconds > 0),
                interval: options.number("keepalives_interval")?.filter(|seconds| *seconds > 0),
                count: options.number("keepalives_count")?.filter(|count| *count > 0),
            },
            session_attributes: session_attributes(&options)?,
            channel_binding: channel_binding(&options)?,
            ssl: ssl(&options, home.as_deref())?,
            warnings: warning.into_iter().collect(),
        })
    }

    /// The password for `target`: the one that was given, or the password file's.
    pub(in super::super) fn password_for(&self, target: &Target) -> Option<Secret> {
        if let Some(password) = &self.password {
            return Some(password.clone());
        }
        let folder;
        let host = match &target.host {
            TargetHost::Socket(path) if SOCKET_FOLDERS.iter().any(|known| Path::new(known) == path) => "localhost",
            TargetHost::Socket(path) => {
                folder = path.display().to_string();
                &folder
            }
            TargetHost::Server { name, .. } => name,
        };
        let wanted = Wanted { host, port: target.port, database: &self.database, user: &self.user };
        passfile::find(self.passwords.as_ref()?.reveal(), &wanted)
    }
}

fn user(options: &Options, environment: Environment<'_>) -> Result<String, SqlError> {
    let named = options.get("user").map(str::to_owned);
    named.or_else(|| ["USER", "LOGNAME", "USERNAME"].iter().find_map(|name| environment(name))).ok_or_else(|| {
        invalid("the connection string names no user, and the environment has none")
            .with_hint("write postgres://USER@HOST/DATABASE, or set PGUSER")
    })
}

fn passwords(options: &Options, home: Option<&Path>) -> (Option<Secret>, Option<String>) {
    if options.get("password").is_some() {
        return (None, None);
    }
    match options.get("passfile").map(PathBuf::from).or_else(|| home.map(|home| home.join(".pgpass"))) {
        Some(file) => passfile::read(&file),
        None => (None, None),
    }
}

fn targets(options: &Options) -> Result<Vec<Target>, SqlError> {
    let list = |key: &str| options.get(key).map(|text| text.split(',').map(str::trim).collect::<Vec<_>>()).unwrap_or_default();
    let (hosts, addresses, ports) = (list("host"), list("hostaddr"), list("port"));
    let count = hosts.len().max(addresses.len()).max(1);
    let fits = |length: usize| length == 0 || length == count;
    if !fits(hosts.len()) || !fits(addresses.len()) || !(fits(ports.len()) || ports.len() == 1) {
        return Err(invalid("the connection string has unequal numbers of hosts, addresses and ports"));
    }
    (0..count)
        .map(|at| {
            let port = match ports.get(at).or(ports.first()).filter(|port| !port.is_empty()) {
                None => DEFAULT_PORT,
                Some(text) => text.parse().ok().filter(|port| *port > 0).ok_or_else(|| {
                    invalid("the port of the connection string is not a number between 1 and 65535")
                        .with_hint("a password with special characters has to be escaped: @ is %40, / is %2F, : is %3A")
                })?,
            };
            let address = match addresses.get(at).filter(|text| !text.is_empty()) {
                None => None,
                Some(text) => Some(text.parse().map_err(|_| invalid("the connection option `hostaddr` is not an IP address"))?),
            };
            Ok(Target { host: host(hosts.get(at).copied().unwrap_or_default(), address, port), port })
        })
        .collect()
}

fn host(name: &str, address: Option<IpAddr>, port: u16) -> TargetHost {
    match (name, address) {
        ("", None) => default_host(port),
        ("", Some(address)) => TargetHost::Server { name: address.to_string(), address: Some(address) },
        (path, None) if path.starts_with('/') => TargetHost::Socket(PathBuf::from(path)),
        (name, address) => TargetHost::Server { name: name.to_owned(), address },
    }
}

/// The socket that is there, or else where it would be.
fn default_host(port: u16) -> TargetHost {
    if cfg!(not(unix)) {
        return TargetHost::Server { name: "localhost".to_owned(), address: None };
    }
    let folders = || SOCKET_FOLDERS.iter().map(Path::new);
    let folder = folders()
        .find(|folder| folder.join(format!(".s.PGSQL.{port}")).exists())
        .or_else(|| folders().find(|folder| folder.is_dir()))
        .unwrap_or_else(|| Path::new(SOCKET_FOLDERS[1]));
    TargetHost::Socket(folder.to_owned())
}

/// Whether the session must be able to write (`Some(true)`) or must not (`Some(false)`).
fn session_attributes(options: &Options) -> Result<Option<bool>, SqlError> {
    match options.get("target_session_attrs") {
        None | Some("any") => Ok(None),
        Some("read-write") => Ok(Some(true)),
        Some("read-only") => Ok(Some(false)),
        Some("primary" | "standby" | "prefer-standby") => {
            Err(invalid("of target_session_attrs only any, read-write and read-only are supported"))
        }
        Some(_) => Err(invalid("the connection option `target_session_attrs` has a value that does not exist")),
    }
}

fn channel_binding(options: &Options) -> Result<postgres::config::ChannelBinding, SqlError> {
    use postgres::config::ChannelBinding;
    match options.get("channel_binding") {
        None | Some("prefer") => Ok(ChannelBinding::Prefer),
        Some("disable") => Ok(ChannelBinding::Disable),
        Some("require") => Ok(ChannelBinding::Require),
        Some(_) => Err(invalid("the connection option `channel_binding` has a value that does not exist")),
    }
}

fn ssl(options: &Options, home: Option<&Path>) -> Result<SslSettings, SqlError> {
    let of_home = |name: &str| home.map(|home| home.join(".postgresql").join(name)).filter(|file| file.exists());
    let root = match options.get("sslrootcert") {
        Some("system") => Some(TlsRoot::System),
        Some(file) => Some(TlsRoot::File(file.into())),
        None => of_home("root.crt").map(TlsRoot::File),
    };
    let mode = match options.get("sslmode") {
        None if root == Some(TlsRoot::System) => SslMode::VerifyFull,
        None | Some("prefer") => SslMode::Prefer,
        Some("disable") => SslMode::Disable,
        Some("allow") => SslMode::Allow,
        Some("require") => SslMode::Require,
        Some("verify-ca") => SslMode::VerifyCa,
        Some("verify-full") => SslMode::VerifyFull,
        Some(_) => {
            return Err(invalid("the connection option `sslmode` has a value that does not exist")
                .with_hint("it is one of disable, allow, prefer, require, verify-ca, verify-full"));
        }
    };
    if root == Some(TlsRoot::System) && mode != SslMode::VerifyFull {
        return Err(invalid("a weak sslmode proves nothing with sslrootcert=system").with_hint("use sslmode=verify-full"));
    }
    let certificate = options.get("sslcert").map(PathBuf::from).or_else(|| of_home("postgresql.crt"));
    let key = options.get("sslkey").map(PathBuf::from).or_else(|| of_home("postgresql.key"));
    let certificate = match (certificate, key) {
        (Some(certificate), Some(key)) => Some((certificate, key)),
        (Some(certificate), None) => {
            return Err(invalid(format!("the client certificate {} has no key", certificate.display()))
                .with_hint("name the key with sslkey"));
        }
        (None, _) => None,
    };
    Ok(SslSettings {
        mode,
        root,
        certificate,
        send_name: options.get("sslsni") != Some("0"),
        only_1_3: match options.get("ssl_min_protocol_version") {
            None | Some("TLSv1" | "TLSv1.1" | "TLSv1.2") => false,
            Some("TLSv1.3") => true,
            Some(_) => return Err(invalid("the connection option `ssl_min_protocol_version` has a value that does not exist")),
        },
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn gather(text: &str) -> Result<ConnInfo, SqlError> {
        ConnInfo::gather(text, &|name| (name == "USER").then(|| "me".to_owned()))
    }

    fn targets_of(text: &str) -> Vec<String> {
        gather(text).expect("a valid text").targets.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn user_and_database_have_defaults() {
        let info = gather("postgres://db").expect("a valid URL");
        assert_eq!((info.user.as_str(), info.database.as_str()), ("me", "me"));

        let info = gather("postgres://ann@db").expect("a valid URL");
        assert_eq!((info.user.as_str(), info.database.as_str()), ("ann", "ann"));
    }

    #[test]
    fn every_host_has_its_port() {
        assert_eq!(targets_of("postgres://a,b:5433,[::1]:1/x"), ["a:5432", "b:5433", "[::1]:1"]);
        assert_eq!(targets_of("host=a,b port=7"), ["a:7", "b:7"]);
        assert_eq!(targets_of("host=/run/pg"), ["/run/pg/.s.PGSQL.5432"]);
        assert_eq!(targets_of("hostaddr=10.0.0.1"), ["10.0.0.1:5432"]);
    }

    #[test]
    fn values_that_do_not_exist_are_errors() {
        for text in [
            "host=a,b,c port=1,2",
            "host=a,b hostaddr=10.0.0.1",
            "hostaddr=a",
            "port=x",
            "port=0",
            "port=65536",
            "sslmode=full",
            "sslmode=require sslrootcert=system",
            "target_session_attrs=primary",
            "connect_timeout=soon",
            "channel_binding=maybe",
            "sslcert=/nowhere",
            "ssl_min_protocol_version=SSLv3",
        ] {
            let error = gather(text).map(|_| ()).expect_err(text);

            assert_eq!(error.kind, crate::backend::error::SqlErrorKind::Configuration, "{text}");
        }
    }

    #[test]
    fn the_systems_roots_mean_a_full_check() {
        let info = gather("host=a sslrootcert=system").expect("a valid text");

        assert_eq!((info.ssl.mode, info.ssl.root), (SslMode::VerifyFull, Some(TlsRoot::System)));
    }

    proptest! {
        /// Whatever people forget to escape, no piece of it shows up in an error, nor as a host or a name.
        #[test]
        fn a_password_stays_a_password(pieces in proptest::collection::vec("[-@/:?&=#,%+ \\[\\]']{0,3}", 1..5)) {
            let password = format!("HUNTER{}HUNTER", pieces.join("HUNTER"));

            match gather(&format!("postgres://ann:{password}@db/x?port=1")) {
                Err(error) => prop_assert!(!format!("{error:?}").contains("HUNTER"), "{:?}", error),
                Ok(info) => {
                    let shown = format!("{:?} {} {} {:?}", info.targets, info.user, info.database, info.application);
                    prop_assert!(!shown.contains("HUNTER"), "{}", shown);
                }
            }
        }
    }
}
