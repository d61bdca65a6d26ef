//! The options of a connection: which there are, which variable stands for each, and which are not supported.

use std::collections::HashMap;

use super::error::invalid;
use super::text::Pairs;
use crate::backend::error::SqlError;

/// The variables of the environment and the option that each stands for.
const VARIABLES: [(&str, &str); 29] = [
    ("PGHOST", "host"),
    ("PGHOSTADDR", "hostaddr"),
    ("PGPORT", "port"),
    ("PGDATABASE", "dbname"),
    ("PGUSER", "user"),
    ("PGPASSWORD", "password"),
    ("PGPASSFILE", "passfile"),
    ("PGAPPNAME", "application_name"),
    ("PGOPTIONS", "options"),
    ("PGCONNECT_TIMEOUT", "connect_timeout"),
    ("PGCLIENTENCODING", "client_encoding"),
    ("PGTARGETSESSIONATTRS", "target_session_attrs"),
    ("PGLOADBALANCEHOSTS", "load_balance_hosts"),
    ("PGCHANNELBINDING", "channel_binding"),
    ("PGREQUIREAUTH", "require_auth"),
    ("PGREQUIREPEER", "requirepeer"),
    ("PGGSSENCMODE", "gssencmode"),
    ("PGKRBSRVNAME", "krbsrvname"),
    ("PGGSSLIB", "gsslib"),
    ("PGSSLMODE", "sslmode"),
    ("PGSSLNEGOTIATION", "sslnegotiation"),
    ("PGSSLROOTCERT", "sslrootcert"),
    ("PGSSLCERT", "sslcert"),
    ("PGSSLKEY", "sslkey"),
    ("PGSSLCRL", "sslcrl"),
    ("PGSSLCRLDIR", "sslcrldir"),
    ("PGSSLSNI", "sslsni"),
    ("PGSSLMINPROTOCOLVERSION", "ssl_min_protocol_version"),
    ("PGSSLMAXPROTOCOLVERSION", "ssl_max_protocol_version"),
];

/// Variables that set a parameter of the server, as libpq sends them.
const PARAMETERS: [(&str, &str); 3] = [("PGTZ", "TimeZone"), ("PGDATESTYLE", "DateStyle"), ("PGGEQO", "geqo")];

/// What the session honours.
const SUPPORTED: [&str; 25] = [
    "host",
    "hostaddr",
    "port",
    "dbname",
    "user",
    "password",
    "passfile",
    "application_name",
    "fallback_application_name",
    "options",
    "connect_timeout",
    "tcp_user_timeout",
    "keepalives",
    "keepalives_idle",
    "keepalives_interval",
    "keepalives_count",
    "target_session_attrs",
    "channel_binding",
    "sslmode",
    "sslrootcert",
    "sslcert",
    "sslkey",
    "sslsni",
    "ssl_min_protocol_version",
    "service",
];

/// Options that change nothing with these values.
const HARMLESS: [(&str, &[&str]); 13] = [
    ("client_encoding", &["UTF8", "utf8", "UTF-8", "utf-8", "auto"]),
    ("gssencmode", &["disable", "prefer"]),
    ("gssdelegation", &["0"]),
    ("load_balance_hosts", &["disable"]),
    ("replication", &["0", "false", "off", "no"]),
    ("require_auth", &[""]),
    ("requirepeer", &[""]),
    ("sslcertmode", &["allow"]),
    ("sslcompression", &["0"]),
    ("sslnegotiation", &["postgres"]),
    ("sslcrl", &[""]),
    ("sslcrldir", &[""]),
    ("ssl_max_protocol_version", &["", "TLSv1.3"]),
];

/// Options of libpq that have no value here that is honoured.
const OTHERS: [&str; 4] = ["krbsrvname", "gsslib", "sslpassword", "requiressl"];

/// Whether `key` is an option at all, honoured or not.
pub(super) fn is_known(key: &str) -> bool {
    SUPPORTED.contains(&key) || OTHERS.contains(&key) || HARMLESS.iter().any(|(known, _)| *known == key)
}

/// The options of a connection with the place that each comes from, the strongest first seen.
#[derive(Default)]
pub(super) struct Options {
    known: HashMap<String, String>,
    parameters: Vec<String>,
}

impl Options {
    /// Takes the options of `pairs` that no earlier place has given. Inside of one place the last wins.
    pub(super) fn add(&mut self, pairs: Pairs, place: &str) -> Result<(), SqlError> {
        let mut new = HashMap::new();
        for (key, value) in pairs {
            check(&key, &value, &format!("{place} names the connection option `{key}`"))?;
            new.insert(key, value);
        }
        for (key, value) in new {
            self.known.entry(key).or_insert(value);
        }
        Ok(())
    }

    /// Takes the options of the environment that no earlier place has given.
    pub(super) fn add_environment(&mut self, environment: &dyn Fn(&str) -> Option<String>) -> Result<(), SqlError> {
        for (variable, key) in VARIABLES {
            let Some(value) = environment(variable) else { continue };
            check(key, &value, &format!("the environment has `{variable}`"))?;
            self.known.entry(key.to_owned()).or_insert(value);
        }
        for (variable, parameter) in PARAMETERS {
            if let Some(value) = environment(variable) {
                self.parameters.push(format!("-c {parameter}={}", escaped(&value)));
            }
        }
        Ok(())
    }

    /// What was given for `key`; empty counts as not given.
    pub(super) fn get(&self, key: &str) -> Option<&str> {
        self.known.get(key).map(String::as_str).filter(|value| !value.is_empty())
    }

    /// Command-line options for the server: the variables that set parameters first, so that `options` wins.
    pub(super) fn server_options(&self) -> Vec<String> {
        self.parameters.iter().cloned().chain(self.get("options").map(str::to_owned)).collect()
    }

    /// What was given for `key` as a number.
    pub(super) fn number(&self, key: &str) -> Result<Option<u32>, SqlError> {
        match self.get(key).map(|text| text.trim().parse::<i64>()) {
            None => Ok(None),
            // Negative and huge numbers are as good as none.
            Some(Ok(number)) => Ok(u32::try_from(number).ok()),
            Some(Err(_)) => Err(invalid(format!("the connection option `{key}` is not a number"))),
        }
    }
}

fn check(key: &str, value: &str, said: &str) -> Result<(), SqlError> {
    let harmless = HARMLESS.iter().any(|(known, values)| *known == key && values.contains(&value));
    if SUPPORTED.contains(&key) || harmless {
        return Ok(());
    }
    Err(invalid(format!("{said}, which is not supported")).with_hint("leave it out, or set up the connection without it"))
}

/// A value as it must stand in the server's `options`.
fn escaped(value: &str) -> String {
    value.chars().fold(String::new(), |mut text, c| {
        if c.is_whitespace() || c == '\\' {
            text.push('\\');
        }
        text.push(c);
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_option_that_cannot_be_honoured_is_named() {
        let pairs = vec![("sslcrl".to_owned(), "/x".to_owned())];

        let error = Options::default().add(pairs, "the connection string").expect_err("not supported");

        assert_eq!(error.message, "the connection string names the connection option `sslcrl`, which is not supported");
    }

    #[test]
    fn a_variable_that_cannot_be_honoured_is_named() {
        let environment = |name: &str| (name == "PGREQUIREPEER").then(|| "root".to_owned());

        let error = Options::default().add_environment(&environment).expect_err("not supported");

        assert_eq!(error.message, "the environment has `PGREQUIREPEER`, which is not supported");
    }

    #[test]
    fn the_first_place_wins_and_inside_of_it_the_last_word() {
        let mut options = Options::default();
        let pair = |key: &str, value: &str| (key.to_owned(), value.to_owned());

        options.add(vec![pair("port", "1"), pair("port", "2")], "the connection string").expect("known options");
        options.add(vec![pair("port", "3"), pair("user", "ann")], "the service").expect("known options");

        assert_eq!((options.get("port"), options.get("user")), (Some("2"), Some("ann")));
    }
}
