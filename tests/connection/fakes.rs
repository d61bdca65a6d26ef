//! Servers that are no PostgreSQL: each plays the beginning of a conversation.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::thread;

use rcgen::{CertificateParams, KeyPair};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection, Stream};

/// A server that `talk`s to everybody who comes, and its port.
pub fn server(talk: impl Fn(TcpStream) + Send + Sync + 'static) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("an address").port();
    let talk = Arc::new(talk);
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let talk = Arc::clone(&talk);
            thread::spawn(move || talk(stream));
        }
    });
    port
}

/// Answers the question for TLS with no.
pub fn without_tls() -> u16 {
    server(|mut stream| {
        let _ = stream.read_exact(&mut [0; 8]);
        let _ = stream.write_all(b"N");
    })
}

/// Takes the connection and says nothing.
pub fn silent() -> u16 {
    server(|mut stream| {
        let _ = stream.read_to_end(&mut Vec::new());
    })
}

/// Encrypts with a self-signed certificate of `params`, says nothing more; and that certificate in PEM.
pub fn with_certificate(params: &CertificateParams) -> (u16, String) {
    let key = KeyPair::generate().expect("a key");
    let pem = params.self_signed(&key).expect("a certificate").pem();
    let certificate = CertificateDer::from_pem_slice(pem.as_bytes()).expect("PEM");
    let key = PrivateKeyDer::from_pem_slice(key.serialize_pem().as_bytes()).expect("PEM");
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_no_client_auth()
        .with_single_cert(vec![certificate], key)
        .expect("a certificate");
    let config = Arc::new(config);
    let port = server(move |mut stream| {
        let _ = stream.read_exact(&mut [0; 8]);
        let _ = stream.write_all(b"S");
        let mut session = ServerConnection::new(Arc::clone(&config)).expect("a session");
        let _ = Stream::new(&mut session, &mut stream).read(&mut [0; 64]);
    });
    (port, pem)
}
