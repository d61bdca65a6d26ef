//! What an application sees while it runs: events and spans, and nothing on its streams.

use std::sync::{Arc, Mutex};

use manage::migrate::Event;
use tracing_subscriber::fmt::format::FmtSpan;

use super::together::{program, told};
use super::*;

each_backend! {
    fn events_come_as_it_goes(project: Project) {
        let project = two(project);
        for way in WAYS {
            let seen = Arc::new(Mutex::new(Vec::new()));
            let writes = Arc::clone(&seen);
            let migrations = application(&project).on_event(move |event| {
                writes.lock().expect("the list").push(match event {
                    Event::Started { version, .. } => format!("started {version}"),
                    Event::Finished(done) => format!("finished {}", done.version),
                    _ => return,
                });
            });

            migrate(&project, &migrations, way).expect("it migrates");

            let seen = seen.lock().expect("the list").clone();
            assert_eq!((seen[0].as_str(), seen.last().map(String::as_str), seen.len()), ("started 1", Some("finished 2"), 4));
            rollback(&project, &application(&project), way, 2).expect("back");
        }
    }

    fn a_run_and_each_migration_are_spans(project: Project) {
        let project = two(project);

        // In a process of its own: tracing keeps for all threads which spans somebody wants.
        let ended = program("embed::seen::an_application_that_shows_its_spans", &project, Way::Url).output().expect("it runs");

        let text = String::from_utf8_lossy(&ended.stdout);
        for part in ["migrate{what=\"shop\"}", "migration{version=1 name=\"a\" direction=\"up\"}", "migration{version=2 "] {
            assert!(text.contains(part), "{part} is not in\n{text}");
        }
    }
}

#[test]
#[ignore = "the program that another test starts"]
fn an_application_that_shows_its_spans() {
    tracing_subscriber::fmt().with_span_events(FmtSpan::NEW).with_ansi(false).init();

    let migrations = manage::Project::open(told("APP_FOLDER")).expect("a project").migrations().application("shop");
    migrations.migrate(&told("APP_URL")).expect("it migrates");
}
