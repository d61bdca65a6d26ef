//! PostgreSQL's own conventions: variables, files, sockets, passwords.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use manage::backend::postgres::PostgresSession;
use manage::backend::{Basic, Full, Location, SqlErrorKind};

use super::server::{open, server};

/// An environment of `pairs` only.
fn environment(pairs: Vec<(&'static str, String)>) -> impl Fn(&str) -> Option<String> {
    move |name| pairs.iter().find(|(known, _)| *known == name).map(|(_, value)| value.clone())
}

fn none(_: &str) -> Option<String> {
    None
}

fn whoami(session: &mut PostgresSession) -> Option<String> {
    session.query("SELECT current_user::text", &[]).expect("a name")[0].text(0).map(str::to_owned)
}

fn write(file: &Path, text: &str, mode: u32) {
    fs::write(file, text).expect("a file");
    fs::set_permissions(file, Permissions::from_mode(mode)).expect("permissions");
}

#[test]
fn a_socket_is_reached_and_named() {
    let server = server();
    let mut session = server.admin("postgres");

    let location = session.identity().expect("an identity").location;

    assert_eq!(location, Location::Socket { folder: server.folder.clone(), port: server.port });
    let escaped = server.folder.display().to_string().replace('/', "%2F");
    assert!(open(&format!("postgres://postgres@{escaped}:{}/postgres?sslmode=verify-full", server.port), &none).is_ok());
}

#[test]
fn key_value_strings_are_understood() {
    let server = server();
    let text = format!("host={} port = {} user='postgres' dbname=postgres", server.folder.display(), server.port);

    assert_eq!(whoami(&mut open(&text, &none).expect("a session")).as_deref(), Some("postgres"));
}

#[test]
fn the_server_that_answered_is_named() {
    let server = server();

    let identity = open(&server.tcp("postgres", "postgres", ""), &none).expect("a session").identity().expect("an identity");

    let Location::Server { host, address, port } = &identity.location else { panic!("{identity:?}") };
    assert_eq!((host.as_str(), *port), ("localhost", server.port));
    assert!(address.is_some_and(|address| address.is_loopback()));
}

#[test]
fn the_environment_completes_the_url() {
    let server = server();
    let variables = environment(vec![
        ("PGHOST", "localhost".to_owned()),
        ("PGPORT", server.port.to_string()),
        ("PGUSER", "ann".to_owned()),
        ("PGPASSWORD", "hunter2".to_owned()),
        ("PGDATABASE", "postgres".to_owned()),
        ("PGSSLMODE", "verify-full".to_owned()),
        ("PGSSLROOTCERT", server.certificates.ca.display().to_string()),
        ("PGAPPNAME", "theirs".to_owned()),
        ("PGOPTIONS", "-c work_mem=1MB".to_owned()),
        ("PGTZ", "Asia/Tokyo".to_owned()),
    ]);

    let mut session = open("postgres://", &variables).expect("a session");

    let sql = "SELECT current_user::text, current_setting('application_name'), current_setting('work_mem'), \
               current_setting('TimeZone')";
    let rows = session.query(sql, &[]).expect("settings");
    let values: Vec<_> = (0..4).map(|at| rows[0].text(at)).collect();
    assert_eq!(values, [Some("ann"), Some("theirs"), Some("1MB"), Some("Asia/Tokyo")]);
    assert_eq!(session.identity().expect("an identity").tls, Some(true));
    let mut other = open("postgres://reader@/", &variables).expect("the URL wins");
    assert_eq!(whoami(&mut other).as_deref(), Some("reader"));
}

#[test]
fn a_service_stands_between_url_and_environment() {
    let server = server();
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join(".pg_service.conf");
    write(&file, &format!("[here]\nhost=localhost\nport={}\nuser=reader\ndbname=postgres\n", server.port), 0o644);
    let home = folder.path().display().to_string();
    let variables = |service: &str| {
        environment(vec![("HOME", home.clone()), ("PGUSER", "nobody".to_owned()), ("PGSERVICE", service.to_owned())])
    };

    assert_eq!(whoami(&mut open("postgres://", &variables("here")).expect("a session")).as_deref(), Some("reader"));
    let by_text = open("postgres://postgres@/?service=here", &variables("")).expect("a session");
    assert_eq!(whoami(&mut { by_text }).as_deref(), Some("postgres"));
    let error = open("postgres://", &variables("elsewhere")).map(|_| ()).expect_err("no such service");
    assert_eq!(error.kind, SqlErrorKind::Configuration);
    assert!(error.message.contains("no service `elsewhere`"), "{error}");
}

#[test]
fn a_password_file_that_others_can_read_is_not_used() {
    let server = server();
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join(".pgpass");
    let variables = environment(vec![("HOME", folder.path().display().to_string())]);
    let url = server.tcp("ann", "postgres", "");
    let line = format!("localhost:{}:*:ann:hunter2\n", server.port);

    write(&file, &line, 0o600);
    assert_eq!(whoami(&mut open(&url, &variables).expect("a session")).as_deref(), Some("ann"));
    write(&file, &line, 0o644);
    let error = open(&url, &variables).map(|_| ()).expect_err("it is not used");

    assert_eq!(error.kind, SqlErrorKind::Authentication);
    assert!(error.message.ends_with("asks for a password"), "{error}");
    assert!(error.detail.is_some_and(|detail| detail.contains("can be read by others")));
    let mut other = open(&server.tcp("reader", "postgres", ""), &variables).expect("no password is needed");
    assert!(other.take_notices().iter().any(|notice| notice.message.contains("chmod 0600")));
}

#[test]
fn the_password_file_may_be_elsewhere() {
    let server = server();
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("passwords");
    write(&file, "*:*:*:*:hunter2\n", 0o600);
    let variables = environment(vec![("PGPASSFILE", file.display().to_string())]);

    assert!(open(&server.tcp("ann", "postgres", ""), &variables).is_ok());
}

#[test]
fn a_wrong_password_is_told_without_it() {
    let server = server();
    let url = format!("postgres://ann:secret%40word@localhost:{}/postgres", server.port);

    let error = open(&url, &none).map(|_| ()).expect_err("it is wrong");

    assert_eq!((error.kind, error.sqlstate.as_deref()), (SqlErrorKind::Authentication, Some("28P01")));
    assert!(!format!("{error:?}").contains("secret"), "{error:?}");
    assert!(error.message.contains("user `ann`") && error.hint.is_some());
}

#[test]
fn what_is_missing_is_named() {
    let server = server();
    let kind = |url: &str| open(url, &none).map(|_| ()).map_err(|error| (error.kind, error.hint.is_some()));

    assert_eq!(kind(&server.tcp("postgres", "nowhere", "")), Err((SqlErrorKind::NoDatabase, true)));
    assert_eq!(kind(&server.tcp("nobody", "postgres", "")), Err((SqlErrorKind::Authentication, true)));
    assert_eq!(kind("postgres://u@127.0.0.1:1/d"), Err((SqlErrorKind::Connection, true)));
    assert_eq!(kind("postgres://u@/d?host=/nowhere"), Err((SqlErrorKind::Connection, true)));
    assert_eq!(kind("postgres://u@no-such-host.invalid/d"), Err((SqlErrorKind::Connection, true)));
    assert_eq!(kind("postgres://u@h/d?sslcrl=x"), Err((SqlErrorKind::Configuration, true)));
    assert_eq!(kind("postgres://h/d"), Err((SqlErrorKind::Configuration, true)));
}

#[test]
fn the_next_host_is_tried_where_one_does_not_answer() {
    let server = server();
    let url =
        |second: &str, options: &str| format!("postgres://postgres@127.0.0.1:1,{second}:{}/postgres?{options}", server.port);

    let mut session = open(&url("localhost", ""), &none).expect("the second answers");
    let picky = open(&url("localhost", "target_session_attrs=read-only"), &none).map(|_| ());

    assert_eq!(session.identity().map(|identity| identity.name), Ok("postgres".to_owned()));
    assert_eq!(picky.map_err(|error| error.kind), Err(SqlErrorKind::Connection));
}
