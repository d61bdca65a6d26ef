//! The TLS side of a connection, made of what the person asked for.

use std::path::Path;
use std::sync::Arc;

use rustls::crypto::{CryptoProvider, ring};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ClientConfig, RootCertStore};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::super::conninfo::{SslMode, SslSettings, TlsRoot, invalid};
use super::verifier::{Check, Verifier};
use crate::backend::error::{SqlError, SqlErrorKind};

/// Whether and how a connection is encrypted.
#[derive(Clone)]
pub(in super::super) enum Tls {
    Off,
    On(MakeRustlsConnect),
}

fn failed(message: impl Into<String>) -> SqlError {
    SqlError::new(SqlErrorKind::Tls, message)
}

/// What encrypts a connection by `settings`.
///
/// As in libpq a root certificate that is named makes `require` prove the chain, and where there is none the
/// weak modes prove nothing.
pub(in super::super) fn connector(settings: &SslSettings) -> Result<Tls, SqlError> {
    let check = match settings.mode {
        SslMode::VerifyFull => Check::ChainAndName,
        SslMode::VerifyCa => Check::Chain,
        SslMode::Require if settings.root.is_some() => Check::Chain,
        _ => Check::Nothing,
    };
    let roots = match (&settings.root, check) {
        (_, Check::Nothing) => Vec::new(),
        (Some(TlsRoot::System), _) => system_roots()?,
        (Some(TlsRoot::File(file)), _) => roots_of(file)?,
        (None, _) => {
            return Err(failed("sslmode verify-ca and verify-full need a root certificate, and none is named")
                .with_hint("name the file with sslrootcert=FILE, or sslrootcert=system for the system's own"));
        }
    };
    let provider = Arc::new(ring::default_provider());
    let verifier = Verifier::new(check, roots, &provider)?;
    let versions = if settings.only_1_3 { &[&rustls::version::TLS13][..] } else { rustls::ALL_VERSIONS };
    let builder = ClientConfig::builder_with_provider(Arc::<CryptoProvider>::clone(&provider))
        .with_protocol_versions(versions)
        .map_err(|error| failed(error.to_string()))?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(verifier));
    let mut config = match &settings.certificate {
        None => builder.with_no_client_auth(),
        Some((certificate, key)) => builder
            .with_client_auth_cert(certificates_of(certificate)?, key_of(key)?)
            .map_err(|error| failed(format!("the client certificate {} cannot be used: {error}", certificate.display())))?,
    };
    config.enable_sni = settings.send_name;
    Ok(Tls::On(MakeRustlsConnect::new(config)))
}

fn system_roots() -> Result<Vec<CertificateDer<'static>>, SqlError> {
    let loaded = rustls_native_certs::load_native_certs();
    if loaded.certs.is_empty() {
        return Err(failed("the system has no root certificates").with_hint("name a file with sslrootcert=FILE"));
    }
    Ok(loaded.certs)
}

fn roots_of(file: &Path) -> Result<Vec<CertificateDer<'static>>, SqlError> {
    let certificates = certificates_of(file)?;
    if certificates.is_empty() {
        return Err(invalid(format!("the root certificate file {} holds no certificate", file.display())));
    }
    Ok(certificates)
}

fn certificates_of(file: &Path) -> Result<Vec<CertificateDer<'static>>, SqlError> {
    CertificateDer::pem_file_iter(file)
        .and_then(Iterator::collect)
        .map_err(|error| invalid(format!("the certificate file {} cannot be read: {error}", file.display())))
}

fn key_of(file: &Path) -> Result<PrivateKeyDer<'static>, SqlError> {
    refuse_open_key(file)?;
    PrivateKeyDer::from_pem_file(file)
        .map_err(|error| invalid(format!("the client key {} cannot be read: {error}", file.display())))
}

/// As libpq: only the owner may read it, and a group where it belongs to root.
#[cfg(unix)]
fn refuse_open_key(file: &Path) -> Result<(), SqlError> {
    use std::os::unix::fs::MetadataExt;
    let Ok(metadata) = std::fs::metadata(file) else { return Ok(()) };
    let forbidden = if metadata.uid() == 0 { 0o037 } else { 0o077 };
    if metadata.mode() & forbidden != 0 {
        return Err(invalid(format!("the client key {} can be read by others", file.display()))
            .with_hint(format!("chmod 0600 {}", file.display())));
    }
    Ok(())
}

#[cfg(not(unix))]
fn refuse_open_key(_: &Path) -> Result<(), SqlError> {
    Ok(())
}

/// The store that the chain is checked against.
pub(super) fn store(roots: &[CertificateDer<'static>]) -> Result<RootCertStore, SqlError> {
    let mut store = RootCertStore::empty();
    let (added, _) = store.add_parsable_certificates(roots.iter().cloned());
    if added == 0 {
        return Err(failed("none of the root certificates can be understood"));
    }
    Ok(store)
}
