//! Making and dropping whole databases, from the server's maintenance database.

use std::collections::BTreeSet;
use std::net::{IpAddr, ToSocketAddrs, UdpSocket};

use super::connect;
use super::conninfo::{ConnInfo, TargetHost};
use super::session::PostgresSession;
use crate::backend::Basic;
use crate::backend::error::{SqlError, SqlErrorKind};
use crate::backend::session::Opening;
use crate::domain::schema::quoted;
use crate::domain::secret::Secret;

impl PostgresSession {
    /// Makes the database that `url` names. Returns whether it was missing.
    ///
    /// # Errors
    /// When the server cannot be reached or refuses.
    pub fn create_database(url: &Secret, opening: &Opening<'_>) -> Result<bool, SqlError> {
        let name = ConnInfo::gather(url.reveal(), opening.environment)?.database;
        match maintenance(url, opening)?.execute(&format!("CREATE DATABASE {}", quoted(&name))) {
            Ok(()) => Ok(true),
            // It is there, or another process made it at this moment.
            Err(error) if matches!(error.sqlstate.as_deref(), Some("42P04" | "23505")) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Drops the database that `url` names. Returns whether it was there.
    ///
    /// # Errors
    /// When the server cannot be reached or refuses: other sessions that are connected to it are named.
    pub fn drop_database(url: &Secret, opening: &Opening<'_>) -> Result<bool, SqlError> {
        let name = ConnInfo::gather(url.reveal(), opening.environment)?.database;
        let mut session = maintenance(url, opening)?;
        match session.execute(&format!("DROP DATABASE {}", quoted(&name))) {
            Ok(()) => Ok(true),
            Err(error) if error.kind == SqlErrorKind::NoDatabase => Ok(false),
            Err(mut error) => {
                if error.sqlstate.as_deref() == Some("55006") {
                    let sql = "SELECT pid::text || ' ' || application_name FROM pg_catalog.pg_stat_activity WHERE datname = $1 ORDER BY pid";
                    let others: Vec<_> = session
                        .query(sql, &[name.as_str().into()])?
                        .iter()
                        .filter_map(|row| row.text(0).map(str::to_owned))
                        .collect();
                    error.detail = Some(format!("connected: {}", others.join(", ")));
                    error.hint = Some("close these sessions first".to_owned());
                }
                Err(error)
            }
        }
    }
}

/// The name under which every spelling of this machine is compared.
const HERE: &str = "localhost";

/// Whether two connection strings lead to one database: a host and port in common, and the same name. Every
/// spelling of this machine is one host: its sockets, `localhost`, its own names and addresses. Names that are not the
/// same are looked up, where port and database are. What cannot be read leads nowhere.
pub fn same_database(a: &Secret, b: &Secret, environment: &dyn Fn(&str) -> Option<String>) -> bool {
    let read = |url: &Secret| ConnInfo::gather(url.reveal(), environment).ok();
    let (Some(a), Some(b)) = (read(a), read(b)) else { return false };
    a.database == b.database
        && a.targets.iter().any(|one| b.targets.iter().any(|other| one.port == other.port && same_host(&one.host, &other.host)))
}

fn same_host(a: &TargetHost, b: &TargetHost) -> bool {
    let (a_name, b_name) = (plain_name(a), plain_name(b));
    // A name is looked up only where it decides.
    a_name == b_name || !addresses(a, &a_name).is_disjoint(&addresses(b, &b_name))
}

/// A host's name in one spelling.
fn plain_name(host: &TargetHost) -> String {
    match host {
        TargetHost::Socket(_) => HERE.to_owned(),
        TargetHost::Server { name, address } => {
            let name = name.trim_end_matches('.').to_lowercase();
            match address.or_else(|| name.parse().ok()) {
                Some(address) => spelled(address),
                None if name == "localhost" || name.ends_with(".localhost") => HERE.to_owned(),
                None => name,
            }
        }
    }
}

/// Where a host leads to.
fn addresses(host: &TargetHost, name: &str) -> BTreeSet<String> {
    let found = match host {
        TargetHost::Server { address: None, .. } if name != HERE => (name, 0).to_socket_addrs().ok(),
        _ => None,
    };
    match found {
        Some(found) => found.map(|address| spelled(address.ip())).collect(),
        None => BTreeSet::from([name.to_owned()]),
    }
}

/// An address in one spelling. One of this machine is one that a socket can be bound to; nothing is sent.
fn spelled(address: IpAddr) -> String {
    let address = address.to_canonical();
    let here = address.is_loopback() || address.is_unspecified() || UdpSocket::bind((address, 0)).is_ok();
    if here { HERE.to_owned() } else { address.to_string() }
}

/// A session on the server, in another database than `name`.
#[cfg(feature = "full")]
pub(super) fn maintenance_beside(url: &Secret, name: &str, opening: &Opening<'_>) -> Result<PostgresSession, SqlError> {
    match name {
        "postgres" => connect::connect_to(url, "template1", opening).map(PostgresSession::over),
        _ => maintenance(url, opening),
    }
}

/// A session on `postgres`, or where that is missing on `template1`.
fn maintenance(url: &Secret, opening: &Opening<'_>) -> Result<PostgresSession, SqlError> {
    match connect::connect_to(url, "postgres", opening) {
        Err(error) if error.kind == SqlErrorKind::NoDatabase => connect::connect_to(url, "template1", opening),
        answer => answer,
    }
    .map(PostgresSession::over)
}
