//! The end: nothing that was begun is lost.

use std::time::{Duration, Instant};

use rustix::process::Signal;

use super::limits::Held;
use super::*;

each_backend! {
    fn a_service_that_is_stopped_ends_well(project: Project) {
        let project = example(project);
        let service = Service::start(&project);
        service.write("PATCH", "/by_name/hello/execute", "").is(200);

        service.running.signal(Signal::TERM).wait().ok().says("stopped");

        assert_eq!(project.value("SELECT use_count FROM custom_commands WHERE name = 'hello'"), "1");
        assert!(!project.has("manage.db-wal"), "the write-ahead log is in the file");
        // Another one starts on it, and has nothing to migrate.
        let service = Service::start(&project);
        assert_eq!(service.get("/by_name/hello").json()["use_count"], 1);
        service.running.signal(Signal::INT).wait().ok().does_not_say("migrated");
    }

    fn several_that_start_at_once_all_come_up(project: Project) {
        let project = example(project);

        let services: Vec<Service> = std::thread::scope(|scope| {
            let starts: Vec<_> = (0..4).map(|_| scope.spawn(|| Service::start(&project))).collect();
            starts.into_iter().map(|start| start.join().expect("it starts")).collect()
        });

        for service in &services {
            service.write("PATCH", "/by_name/hello/execute", "").is(200);
        }
        assert_eq!(services[0].get("/by_name/hello").json()["use_count"], 4);
    }
}

#[test]
fn a_request_that_is_under_way_comes_to_its_end() {
    let project = example(Project::on(Backend::Postgres));
    let service = Service::start(&project);
    let held = Held::begin(&project);
    let sent = service.client.begin("PATCH", &at("/by_name/hello/execute"), &[&bearer(TOKEN)], "");
    let deadline = Instant::now() + Duration::from_secs(60);
    let waiting = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'";
    while project.value(waiting) == "0" {
        assert!(Instant::now() < deadline, "the service never came to write");
        std::thread::sleep(Duration::from_millis(5));
    }

    let running = service.running.signal(Signal::TERM).until_it_says("stopping");
    drop(held);

    assert_eq!(sent.answer().is(200).json()["use_count"], 1);
    running.wait().ok();
}

#[test]
fn settings_that_cannot_be_understood_stop_it_before_it_starts() {
    let project = example(Project::new());
    let program = built("custom-commands").display().to_string();
    for (name, value, said) in [
        ("LISTEN", "here", "LISTEN: here is no address with a port"),
        ("TIME_LIMIT", "0", "TIME_LIMIT: 0 is no number of seconds from 1 to 3600"),
        ("DATABASE_URL", "mysql://x", "DATABASE_URL: "),
        ("DATABASE_URL", "sqlite:no/such/folder.db", "error: "),
        ("DATABASE_URL", "postgres://nobody@127.0.0.1:1/x", "error: "),
    ] {
        project.program(&program, "custom-commands").env(name, value).run().fails_with(1).says(said);
    }
}
