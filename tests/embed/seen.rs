//! What an application sees while it runs: events and spans, and nothing on its streams.

use std::io::Write;
use std::sync::{Arc, Mutex};

use manage::migrate::Event;
use tracing_subscriber::fmt::format::FmtSpan;

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
        let written = Written::default();
        let writer = written.clone();
        let subscriber = tracing_subscriber::fmt()
            .with_span_events(FmtSpan::NEW)
            .with_ansi(false)
            .with_writer(move || writer.clone())
            .finish();

        tracing::subscriber::with_default(subscriber, || {
            migrate(&project, &application(&project).application("shop"), Way::Url).expect("it migrates");
        });

        let text = String::from_utf8(written.0.lock().expect("the text").clone()).expect("text");
        for part in ["migrate{what=\"shop\"}", "migration{version=1 name=\"a\" direction=\"up\"}", "migration{version=2 "] {
            assert!(text.contains(part), "{part} is not in\n{text}");
        }
    }
}

#[derive(Clone, Default)]
struct Written(Arc<Mutex<Vec<u8>>>);

impl Write for Written {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().expect("the text").extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}
