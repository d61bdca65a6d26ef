//! Uses are counted, each of them, however many come at once.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use super::*;

const USES: usize = 10_000;

each_backend! {
    fn ten_thousand_at_once_are_ten_thousand(project: Project) {
        let project = example(project);
        let at_once = connections();
        let service = Service::with(&project, &[("TIME_LIMIT", "600")]);

        let mut rest = USES;
        while rest > 0 {
            let sent: Vec<_> = (0..rest.min(at_once))
                .map(|_| service.client.begin("PATCH", &at("/by_name/hello/execute"), &[&bearer(TOKEN)], ""))
                .collect();
            rest -= sent.len();
            sent.into_iter().for_each(|sent| drop(sent.answer().is(200)));
        }

        let command = service.get("/by_name/hello").json();
        assert_eq!(command["use_count"], USES);
        assert!(command["last_used"].is_string(), "{command}");
        assert_eq!(project.value("SELECT use_count FROM custom_commands WHERE name = 'hello'"), USES.to_string());
        assert_eq!(service.get("/stats").json()["total_uses"], USES);
    }
}

/// How many connections may be open at once: all of them, where this machine lets a process have so many files, the
/// service as well as this one.
fn connections() -> usize {
    let limit = getrlimit(Resource::Nofile);
    let most = limit.maximum.unwrap_or(u64::MAX);
    setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, maximum: limit.maximum }).expect("up to the maximum it is ours");
    usize::try_from(most).unwrap_or(usize::MAX).saturating_sub(1000).clamp(200, USES)
}
