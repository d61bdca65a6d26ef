//! TLS, with libpq's meanings.

use std::fs;
use std::time::{Duration, Instant};

use manage::backend::postgres::PostgresSession;
use manage::backend::{Access, Full, Opening, SqlError, SqlErrorKind};
use manage::domain::secret::Secret;
use rcgen::{BasicConstraints, CertificateParams, IsCa, date_time_ymd};

use super::certificates::params;
use super::fakes;
use super::server::{Server, open, server};

fn encrypted(server: &Server, who: &str, options: &str) -> Result<Option<bool>, SqlError> {
    open(&server.tcp(who, "postgres", options), &|_| None)?.identity().map(|identity| identity.tls)
}

fn on(host: &str, server: &Server, options: &str) -> Result<(), SqlError> {
    let url = format!("postgres://postgres@{host}:{}/postgres?{options}", server.port);
    open(&url, &|_| None).map(|_| ())
}

#[test]
fn weak_modes_encrypt_as_libpq_does() {
    let server = server();

    assert_eq!(encrypted(&server, "postgres", "sslmode=disable"), Ok(Some(false)));
    assert_eq!(encrypted(&server, "postgres", "sslmode=allow"), Ok(Some(false)));
    assert_eq!(encrypted(&server, "postgres", "sslmode=prefer"), Ok(Some(true)));
    assert_eq!(encrypted(&server, "postgres", ""), Ok(Some(true)), "prefer is the default");
    assert_eq!(encrypted(&server, "postgres", "sslmode=require"), Ok(Some(true)));
    assert_eq!(encrypted(&server, "postgres", "sslmode=require&ssl_min_protocol_version=TLSv1.3&sslsni=0"), Ok(Some(true)));
}

#[test]
fn a_mode_goes_the_other_way_where_the_server_lets_no_one_in_on_the_first() {
    let server = server();

    assert_eq!(encrypted(&server, "tls_only", "sslmode=allow"), Ok(Some(true)));
    assert_eq!(encrypted(&server, "plain_only", "sslmode=prefer"), Ok(Some(false)));
    let error = encrypted(&server, "tls_only", "sslmode=disable").expect_err("not without TLS");
    assert_eq!((error.kind, error.sqlstate.as_deref()), (SqlErrorKind::Authentication, Some("28000")));
    let error = encrypted(&server, "plain_only", "sslmode=require").expect_err("not with TLS");
    assert_eq!(error.kind, SqlErrorKind::Authentication);
}

#[test]
fn the_chain_and_the_name_are_proved_where_asked() {
    let server = server();
    let good = format!("sslrootcert={}", server.certificates.ca.display());
    let strange = format!("sslrootcert={}", server.certificates.other_ca.display());
    let kind = |answer: Result<(), SqlError>| answer.map_err(|error| error.kind);

    assert_eq!(on("localhost", &server, &format!("sslmode=verify-full&{good}")), Ok(()));
    assert_eq!(on("localhost", &server, &format!("sslmode=verify-ca&{good}")), Ok(()));
    assert_eq!(on("127.0.0.1", &server, &format!("sslmode=verify-ca&{good}")), Ok(()));
    assert_eq!(kind(on("127.0.0.1", &server, &format!("sslmode=verify-full&{good}"))), Err(SqlErrorKind::Tls));
    for mode in ["verify-full", "verify-ca", "require"] {
        assert_eq!(kind(on("localhost", &server, &format!("sslmode={mode}&{strange}"))), Err(SqlErrorKind::Tls), "{mode}");
    }
    assert_eq!(on("localhost", &server, &format!("sslmode=prefer&{strange}")), Ok(()), "prefer proves nothing");
    let error = on("localhost", &server, "sslmode=verify-full").expect_err("no root");
    assert!(error.hint.is_some_and(|hint| hint.contains("sslrootcert")));
    let error = on("localhost", &server, "sslmode=require&sslrootcert=system").expect_err("proves nothing");
    assert_eq!((error.kind, error.hint.as_deref()), (SqlErrorKind::Configuration, Some("use sslmode=verify-full")));
    assert_eq!(kind(on("localhost", &server, "sslrootcert=system")), Err(SqlErrorKind::Tls));
}

#[test]
fn an_address_with_a_name_is_proved_by_the_name() {
    let server = server();
    let options = format!("sslmode=verify-full&hostaddr=127.0.0.1&sslrootcert={}", server.certificates.ca.display());

    assert_eq!(on("localhost", &server, &options), Ok(()));
}

#[test]
fn errors_say_what_is_wrong_with_the_certificate() {
    let server = server();
    let strange = format!("sslmode=verify-ca&sslrootcert={}", server.certificates.other_ca.display());
    let good = format!("sslmode=verify-full&sslrootcert={}", server.certificates.ca.display());

    let issuer = on("localhost", &server, &strange).expect_err("another root");
    let name = on("127.0.0.1", &server, &good).expect_err("another name");

    assert!(issuer.message.ends_with("the server's certificate is not signed by a root that is trusted"), "{issuer}");
    assert!(name.message.ends_with("the server's certificate is for localhost, not for 127.0.0.1"), "{name}");
}

#[test]
fn a_client_certificate_is_sent() {
    let server = server();
    let certificates = &server.certificates;
    let options =
        format!("sslmode=require&sslcert={}&sslkey={}", certificates.client.display(), certificates.client_key.display());
    let mut session = open(&server.tcp("postgres", "postgres", &options), &|_| None).expect("a session");

    let rows = manage::backend::Basic::query(&mut session, "SELECT client_dn FROM pg_stat_ssl WHERE pid = pg_backend_pid()", &[]);

    assert_eq!(rows.expect("rows")[0].text(0), Some("/CN=with_certificate"));
    let open_key = format!("sslmode=require&sslcert={}&sslkey={}", certificates.client.display(), certificates.ca.display());
    let error = encrypted(&server, "postgres", &open_key).expect_err("a key that others can read");
    assert!(error.message.contains("can be read by others"), "{error}");
}

/// What a conversation with a server of this certificate ends with: a TLS error, or, when it is accepted, the silence after it.
fn verdict(params: &CertificateParams, mode: &str) -> Result<(), String> {
    let (port, pem) = fakes::with_certificate(params);
    let root = tempfile::NamedTempFile::new().expect("a file");
    fs::write(root.path(), pem).expect("a file");
    let url = format!("postgres://u@localhost:{port}/d?sslmode={mode}&sslrootcert={}", root.path().display());
    let error = open(&url, &|_| None).map(|_| ()).expect_err("nobody speaks PostgreSQL there");
    if error.kind == SqlErrorKind::Tls { Err(error.message) } else { Ok(()) }
}

#[test]
fn a_self_signed_certificate_is_its_own_root_unless_it_expired() {
    let mut own = params("server", vec!["localhost".to_owned()]);
    own.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let mut nameless = own.clone();
    nameless.subject_alt_names.clear();
    let mut expired = own.clone();
    expired.not_before = date_time_ymd(2000, 1, 1);
    expired.not_after = date_time_ymd(2001, 1, 1);

    assert_eq!(verdict(&own, "verify-full"), Ok(()));
    assert_eq!(verdict(&nameless, "verify-ca"), Ok(()));
    let message = verdict(&nameless, "verify-full").expect_err("it is for no host");
    assert!(message.contains("subjectAltName"), "{message}");
    let message = verdict(&expired, "verify-ca").expect_err("it has expired");
    assert!(message.contains("has expired"), "{message}");
}

#[test]
fn tls_that_is_asked_for_and_not_to_be_had_is_an_error() {
    let port = fakes::without_tls();

    let error = open(&format!("postgres://u@127.0.0.1:{port}/d?sslmode=require"), &|_| None).map(|_| ()).expect_err("no TLS");

    assert_eq!(error.kind, SqlErrorKind::Tls);
    assert!(error.message.ends_with("the server has no TLS, and sslmode asks for it"), "{error}");
}

#[test]
fn a_server_that_takes_the_connection_and_is_silent_is_given_up() {
    let port = fakes::silent();
    let opening = Opening {
        access: Access::Read,
        application: "manage test",
        environment: &|_| None,
        connect_timeout: Some(Duration::from_millis(200)),
    };
    let begun = Instant::now();

    let error = PostgresSession::open(&Secret::new(format!("postgres://u@127.0.0.1:{port}/d")), &opening).map(|_| ());

    let error = error.expect_err("no answer");
    assert!(begun.elapsed() < Duration::from_secs(5));
    assert_eq!(error.kind, SqlErrorKind::Connection);
    assert_eq!(
        error.message,
        format!("cannot reach PostgreSQL at `127.0.0.1:{port}` (database `d`, user `u`): no answer in time")
    );
}
