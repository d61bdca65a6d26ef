//! A squash that is killed has changed nothing, or is brought to its end by the next one.

use super::{history, refinerys_history};
use crate::support::*;

const POINTS: [&str; 4] = ["baseline.written", "baseline.staged", "baseline.moved", "baseline.finished"];

#[track_caller]
fn at_every_point(make: fn(Project) -> Project, archived: usize) {
    let mut kills = 0;
    for point in POINTS {
        for pass in 1.. {
            let project = make(Project::new());
            project.run("migrate").ok();
            let killed = project.command("baseline squash").env("MANAGE_FAULT", format!("{point}:{pass}")).run();
            if killed.code == 0 {
                break;
            }
            killed.exits_with(134);
            kills += 1;
            let context = format!("{point}:{pass}");
            if point == "baseline.written" {
                assert!(!project.has("migrations/archive"), "{context}");
                project.run("status --check").ok();
            } else {
                project.run("status").fails_with(2).says("did not come to its end").says("manage baseline squash");
                project.run("doctor").exits_with(1).says("manage baseline squash");
                project.run("migrate").fails_with(2);
            }

            project.run("baseline squash").ok();

            assert_eq!(project.list("migrations/archive").len(), archived, "{context}");
            assert_eq!(project.list("migrations").len(), 2, "{context}: nothing is left over");
            project.run("migrate").ok().says("only recorded");
            project.run("status --check").ok();
        }
    }
    assert!(kills >= POINTS.len() + archived, "{kills} kills");
}

#[test]
#[cfg_attr(not(any(debug_assertions, feature = "faults")), ignore = "needs the fault points")]
fn a_killed_squash_is_whole_in_diesels_layout() {
    at_every_point(history, 3);
}

#[test]
#[cfg_attr(not(any(debug_assertions, feature = "faults")), ignore = "needs the fault points")]
fn a_killed_squash_is_whole_in_refinerys_layout() {
    at_every_point(refinerys_history, 2);
}
