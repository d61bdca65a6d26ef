//! Why a connection cannot be encrypted, in words that lead on.

use std::error::Error as StdError;

use rustls::{CertificateError, Error};

use crate::backend::error::{SqlError, SqlErrorKind};

const ISSUE_ANEW: &str = "issue the certificate with an extension file that holds subjectAltName=DNS:HOST";

/// What the failed handshake means.
pub(in super::super) fn explain(error: &postgres::Error) -> SqlError {
    let told = |message: String| SqlError::new(SqlErrorKind::Tls, message);
    match rustls_error(error) {
        Some(Error::InvalidCertificate(certificate)) => certificate_error(certificate),
        Some(other) => told(format!("TLS failed: {other}")),
        None => {
            let cause = error.source().map(ToString::to_string).unwrap_or_default();
            if cause.contains("does not support TLS") {
                return told("the server has no TLS, and sslmode asks for it".to_owned())
                    .with_hint("switch TLS on at the server, or use sslmode=disable on a network that you trust");
            }
            told(format!("TLS failed: {cause}"))
        }
    }
}

fn certificate_error(error: &CertificateError) -> SqlError {
    let (message, hint) = match error {
        CertificateError::UnknownIssuer => (
            "the server's certificate is not signed by a root that is trusted".to_owned(),
            "name the root that signed it with sslrootcert=FILE",
        ),
        CertificateError::NotValidForNameContext { presented, .. } if presented.is_empty() => {
            ("the server's certificate has no subjectAltName, so it is for no host".to_owned(), ISSUE_ANEW)
        }
        CertificateError::NotValidForNameContext { expected, presented } => (
            format!("the server's certificate is for {}, not for {}", names(presented), expected.to_str()),
            "connect by a name that the certificate holds",
        ),
        CertificateError::NotValidForName => {
            ("the server's certificate is for another host".to_owned(), "connect by a name that the certificate holds")
        }
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
            ("the server's certificate has expired".to_owned(), "renew it at the server")
        }
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            ("the server's certificate is not valid yet".to_owned(), "compare the clocks of both machines")
        }
        CertificateError::Other(other) if format!("{other:?}").contains("UnsupportedCertVersion") => {
            ("the server's certificate is of the old form X.509 v1, which cannot be verified".to_owned(), ISSUE_ANEW)
        }
        other => (format!("the server's certificate does not hold: {other}"), "ask who runs the server"),
    };
    SqlError::new(SqlErrorKind::Tls, message).with_hint(hint)
}

/// The names of a certificate, which the library gives in the form `DnsName("localhost")`.
fn names(presented: &[String]) -> String {
    let bare = |name: &String| name.split_once('(').map_or(name.as_str(), |(_, rest)| rest).trim_matches(['"', ')']).to_owned();
    presented.iter().map(bare).collect::<Vec<_>>().join(", ")
}

/// The error of the TLS library below `error`, at whatever depth.
fn rustls_error<'a>(error: &'a (dyn StdError + 'static)) -> Option<&'a Error> {
    let mut next = Some(error);
    while let Some(current) = next {
        if let Some(found) = current.downcast_ref::<Error>() {
            return Some(found);
        }
        let inner = current.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
        if let Some(found) = inner.and_then(|inner| inner.downcast_ref::<Error>()) {
            return Some(found);
        }
        next = current.source();
    }
    None
}
