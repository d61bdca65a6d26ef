//! How much, of which kind, and how long.

use super::*;

each_backend! {
    fn a_body_has_to_be_json_and_not_too_large(project: Project) {
        let project = example(project);
        let service = Service::start(&project);
        let body = r#"{"discord_id": 7, "username": "x"}"#;
        let kinds = |kind: &str| service.client.send("POST", &at("/creators"), &[&bearer(TOKEN), kind], body);

        kinds("X: y").refuses(415, "not_json");
        kinds("Content-Type: text/plain").refuses(415, "not_json");
        kinds("Content-Type: application/jsonp").refuses(415, "not_json");
        let large = format!(r#"{{"discord_id": 7, "username": "x"{}}}"#, " ".repeat(16 * 1024));
        assert_eq!(service.write("POST", "/creators", &large).refuses(413, "too_large"), "a body has at most 16384 bytes");

        assert_eq!(project.value("SELECT count(*) FROM custom_command_creators"), "1");
        kinds("Content-Type: Application/JSON; charset=utf-8").is(201);
    }

    fn who_waits_too_long_is_told(project: Project) {
        let project = example(project);
        let service = Service::with(&project, &[("TIME_LIMIT", "1")]);
        let held = Held::begin(&project);

        let answer = service.write("PATCH", "/by_name/hello/execute", "");

        assert_eq!(answer.header("retry-after").as_deref(), Some("1"));
        answer.refuses(503, "unavailable");
        service.get("/by_name/hello").is(200);
        drop(held);
        service.write("PATCH", "/by_name/hello/execute", "").is(200);
    }

    fn every_answer_has_the_requests_id(project: Project) {
        let project = example(project);
        let service = Service::start(&project);
        let id = |headers: &[&str], path: &str| service.client.send("GET", path, headers, "").header("x-request-id").expect("an id");

        assert_eq!(id(&["X-Request-Id: order-7"], "/health"), "order-7");
        assert_ne!(id(&[], "/health"), id(&[], "/health"));
        assert_ne!(id(&["X-Request-Id: a b"], "/nowhere"), "a b");
        let running = service.running.until_it_says("id=\"order-7\"");
        assert!(running.said().contains("path=\"/health\""), "{}", running.said());
        assert!(!running.said().contains(TOKEN), "{}", running.said());
    }
}

/// A transaction of somebody else's that keeps all others from writing commands, until it is dropped.
pub struct Held {
    _connection: Box<dyn std::any::Any>,
}

impl Held {
    pub fn begin(project: &Project) -> Self {
        match project.backend() {
            Backend::Sqlite => {
                let connection = rusqlite::Connection::open(project.path("manage.db")).expect("it is there");
                connection.execute_batch("BEGIN IMMEDIATE").expect("nobody else writes");
                Self { _connection: Box::new(connection) }
            }
            Backend::Postgres => {
                let mut client = postgres::Client::connect(project.database_url(), postgres::NoTls).expect("a server");
                client.batch_execute("BEGIN; LOCK TABLE custom_commands IN SHARE MODE").expect("nobody else writes");
                Self { _connection: Box::new(client) }
            }
        }
    }
}
