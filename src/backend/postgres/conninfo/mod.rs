//! Where to connect and as whom, by PostgreSQL's own conventions.
//!
//! A URL or a `key=value` text, the service file, the `PG*` variables and the password file are read as libpq
//! reads them, the first winning over the later. An option that the session cannot honour is an error that
//! names it and is never ignored. The environment and the home folder come as values.

mod error;
mod info;
mod options;
mod passfile;
mod service;
mod text;

pub(super) use error::invalid;
pub(super) use info::{ConnInfo, SslMode, SslSettings, Target, TargetHost, TlsRoot};
