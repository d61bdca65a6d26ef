//! What the environment says.

use std::net::SocketAddr;
use std::time::Duration;

use manage::domain::database_url::DatabaseUrl;

use crate::api::Token;

/// How the service is to run.
pub struct Settings {
    /// `DATABASE_URL`: `sqlite:new.db` where it is not set.
    pub url: String,
    /// The same, understood.
    pub database: DatabaseUrl,
    /// `LISTEN`: `127.0.0.1:8001` where it is not set; with port 0 a free one.
    pub listen: SocketAddr,
    /// `CUSTOM_COMMANDS_TOKEN`: who knows it may write.
    pub token: Option<Token>,
    /// `TIME_LIMIT`: how long an answer may take, in seconds; 10 where it is not set.
    pub limit: Duration,
}

impl Settings {
    /// Reads the variables.
    ///
    /// # Errors
    /// When one cannot be understood.
    pub fn read(variable: impl Fn(&str) -> Option<String>) -> Result<Self, String> {
        let said = |name: &str| variable(name).filter(|value| !value.is_empty());
        let url = said("DATABASE_URL").unwrap_or_else(|| "sqlite:new.db".to_owned());
        let database = DatabaseUrl::parse(&url).map_err(|error| format!("DATABASE_URL: {error}"))?;
        let listen = said("LISTEN").unwrap_or_else(|| "127.0.0.1:8001".to_owned());
        let listen = listen.parse().map_err(|_| format!("LISTEN: {listen} is no address with a port"))?;
        let limit = said("TIME_LIMIT").unwrap_or_else(|| "10".to_owned());
        let seconds = limit.parse().ok().filter(|seconds| (1..=3600).contains(seconds));
        let seconds = seconds.ok_or_else(|| format!("TIME_LIMIT: {limit} is no number of seconds from 1 to 3600"))?;
        let token = Token::new(said("CUSTOM_COMMANDS_TOKEN").as_deref());
        Ok(Self { url, database, listen, token, limit: Duration::from_secs(seconds) })
    }
}
