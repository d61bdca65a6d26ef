//! Making and dropping whole databases, from the server's maintenance database.

use super::connect;
use super::conninfo::{ConnInfo, TargetHost};
use super::session::PostgresSession;
use crate::backend::Basic;
use crate::backend::error::{SqlError, SqlErrorKind};
use crate::backend::session::Opening;
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
/// spelling of this machine is one host: its sockets, `localhost`, loopback addresses. What cannot be read leads
/// nowhere.
pub fn same_database(a: &Secret, b: &Secret, environment: &dyn Fn(&str) -> Option<String>) -> bool {
    let read = |url: &Secret| ConnInfo::gather(url.reveal(), environment).ok();
    let (Some(a), Some(b)) = (read(a), read(b)) else { return false };
    let host = |host: &TargetHost| match host {
        TargetHost::Socket(_) => HERE.to_owned(),
        TargetHost::Server { name, address } => {
            let name = name.trim_end_matches('.').to_lowercase();
            match address.or_else(|| name.parse().ok()) {
                Some(address) if address.is_loopback() => HERE.to_owned(),
                Some(address) => address.to_string(),
                None if name == "localhost" || name.ends_with(".localhost") => HERE.to_owned(),
                None => name,
            }
        }
    };
    a.database == b.database
        && a.targets
            .iter()
            .any(|one| b.targets.iter().any(|other| host(&one.host) == host(&other.host) && one.port == other.port))
}

/// A session on the server, in another database than `name`.
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

pub(super) fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}
