//! Certificates for the tests: a root, a server of it, a client of it, and a root of strangers.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};

/// Files in PEM.
pub struct Certificates {
    pub ca: PathBuf,
    pub other_ca: PathBuf,
    pub server: PathBuf,
    pub server_key: PathBuf,
    pub client: PathBuf,
    pub client_key: PathBuf,
}

impl Certificates {
    pub fn write_to(folder: &Path) -> Self {
        let (ca, issuer) = authority("manage test root");
        let (other_ca, _) = authority("another root");
        let (server, server_key) = issued(&issuer, "localhost", vec!["localhost".to_owned()]);
        let (client, client_key) = issued(&issuer, "with_certificate", Vec::new());
        let write = |name: &str, text: &str| {
            let file = folder.join(name);
            fs::write(&file, text).expect("a file");
            fs::set_permissions(&file, Permissions::from_mode(if name.ends_with("key") { 0o600 } else { 0o644 }))
                .expect("permissions");
            file
        };
        Self {
            ca: write("ca.crt", &ca),
            other_ca: write("other.crt", &other_ca),
            server: write("server.crt", &server),
            server_key: write("server.key", &server_key),
            client: write("client.crt", &client),
            client_key: write("client.key", &client_key),
        }
    }
}

pub fn params(name: &str, names: Vec<String>) -> CertificateParams {
    let mut params = CertificateParams::new(names).expect("names");
    params.distinguished_name.push(DnType::CommonName, name);
    params
}

fn authority(name: &str) -> (String, Issuer<'static, KeyPair>) {
    let mut params = params(name, Vec::new());
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let key = KeyPair::generate().expect("a key");
    let certificate = params.self_signed(&key).expect("a certificate");
    (certificate.pem(), Issuer::new(params, key))
}

fn issued(issuer: &Issuer<'static, KeyPair>, name: &str, names: Vec<String>) -> (String, String) {
    let key = KeyPair::generate().expect("a key");
    let certificate = params(name, names).signed_by(&key, issuer).expect("a certificate");
    (certificate.pem(), key.serialize_pem())
}
