//! TLS with libpq's meanings over rustls: what has to be proved, by which certificates, and clear words when
//! it cannot be.

mod client_config;
mod explain;
mod verifier;

pub(super) use client_config::{Tls, connector};
pub(super) use explain::explain;
