//! Killed at every point: all of it is there with its run, its rows and its note, or nothing is. What goes in batches goes
//! on where it was, and changes every row once.

use std::time::Duration;

use manage::domain::fault;

use super::batches::many;
use super::fixture::platform;
use crate::splitter::random::{Random, tries};
use crate::support::*;

const APPLY: &str = "fix cluster-status --account acme --yes --max-rows 10";

/// The points that a patch passes, and whether it is done behind each.
const POINTS: [(&str, bool); 4] =
    [("patch.planned", false), ("patch.written", false), ("patch.before_commit", false), ("patch.after_commit", true)];

fn table(project: &Project, name: &str) -> String {
    match project.backend() {
        Backend::Sqlite => name.to_owned(),
        Backend::Postgres => format!("manage.{name}"),
    }
}

fn count(project: &Project, name: &str, condition: &str) -> String {
    project.value(&format!("SELECT count(*) FROM {} WHERE {condition}", table(project, name)))
}

each_backend! {
    fn a_killed_patch_is_done_or_it_is_not(project: Project) {
        let project = platform(project);
        // The ledger is there before.
        project.run("fix cluster-status --account acme --dry-run").ok();
        let before = project.dump();
        for (point, done) in POINTS {
            let killed = project.command(APPLY).env("MANAGE_FAULT", format!("{point}:1")).run();
            assert_ne!(killed.code, 0, "{point}");
            assert_eq!(before == project.dump(), !done, "{point}");
            let one = if done { "1" } else { "0" };
            assert_eq!(count(&project, "manage_runs", "state = 'applied'"), one, "{point}");
            assert_eq!(count(&project, "manage_images", "row_count = 3"), one, "{point}");
            assert_eq!(count(&project, "manage_note", "kind = 'fix'"), one, "{point}");
        }
        project.run(APPLY).ok().says("nothing to do");
        project.run("undo --last --yes --max-rows 9").ok();
        assert_eq!(before, project.dump());
        for (point, done) in POINTS {
            project.run(APPLY).ok();
            let changed = project.dump();
            let killed = project.command("undo --last --yes --max-rows 9").env("MANAGE_FAULT", format!("{point}:1")).run();
            assert_ne!(killed.code, 0, "{point}");
            assert_eq!(project.dump(), if done { before.clone() } else { changed }, "{point}");
            if !done {
                project.run("undo --last --yes --max-rows 9").ok();
                assert_eq!(before, project.dump());
            }
        }
    }
}

/// What a run in batches has done at its end, the `rounds`-th one: every row once, with its capture, its batches and one note.
#[track_caller]
fn is_done_once(project: &Project, rounds: usize, context: &str) {
    let done = "SELECT count(*) FROM items WHERE account_id = 1 AND state = 'new' AND hits = 1";
    assert_eq!(project.value(done), "13", "{context}");
    let runs = table(project, "manage_runs");
    let run = project.value(&format!("SELECT max(id) FROM {runs} WHERE kind = 'fix'"));
    assert_eq!(
        project.query(&format!("SELECT id FROM {runs} WHERE state = 'applied' AND kind = 'fix'")).concat(),
        std::slice::from_ref(&run),
        "{context}"
    );
    let image =
        project.value(&format!("SELECT image FROM {} WHERE run = {run} AND row_count = 13", table(project, "manage_images")));
    assert_eq!(project.value(&format!("SELECT count(*) FROM {image}")), "13", "{context}");
    let batches = format!("SELECT sum(row_count) FROM {} WHERE run = {run}", table(project, "manage_batches"));
    assert_eq!(project.value(&batches), "13", "{context}");
    assert_eq!(count(project, "manage_note", "kind = 'fix'"), rounds.to_string(), "{context}");
}

/// The run that is not finished.
fn unfinished(project: &Project) -> Option<String> {
    project
        .query(&format!("SELECT id FROM {} WHERE state IN ('running', 'paused')", table(project, "manage_runs")))
        .concat()
        .into_iter()
        .next()
}

const HITS: &str = "SELECT id, 'new' AS state, hits + 1 AS hits FROM items WHERE account_id = :account AND state = 'old'";
const LARGE: &str = "fix items --account acme --yes --max-rows 99";

fn hits(project: Project) -> Project {
    many(project).fix("items", "table = \"items\"\nverify = [\"items\"]", HITS)
}

fn again(project: &Project) {
    match unfinished(project) {
        Some(run) => project.run(&format!("runs resume {run}")).ok(),
        None => project.run(LARGE).ok(),
    };
}

each_backend! {
    fn a_large_patch_that_is_killed_at_any_point_goes_on(project: Project) {
        let project = hits(project);
        project.run("fix items --account acme --dry-run").ok();
        let before = project.dump();
        let (mut rounds, mut kills) = (0, 0);
        for point in fault::POINTS.iter().filter(|point| point.starts_with("patch.")) {
            for pass in 1.. {
                let context = format!("{point}:{pass}");
                let killed = project.command(LARGE).env("MANAGE_FAULT", context.clone()).run();
                if killed.code != 0 {
                    killed.exits_with(134);
                    kills += 1;
                    // It is killed a second time where it goes on.
                    if let Some(run) = unfinished(&project) {
                        project.command(&format!("runs resume {run}")).env("MANAGE_FAULT", format!("{point}:1")).run();
                    }
                    again(&project);
                }
                rounds += 1;
                is_done_once(&project, rounds, &context);
                project.run("undo --last --yes --max-rows 99").ok();
                assert_eq!(before, project.dump(), "{context}");
                if killed.code == 0 {
                    break;
                }
            }
        }
        println!("{kills} kills");
        assert!(kills > 20, "{kills}");
    }

    fn a_large_patch_that_is_killed_at_any_moment_goes_on(project: Project) {
        let project = hits(project);
        project.run("fix items --account acme --dry-run").ok();
        let before = project.dump();
        let mut random = Random::new();
        let (mut cut, longest) = (0, if project.backend() == Backend::Sqlite { 150 } else { 400 });
        for number in 0..tries(20) {
            let mut command = LARGE.to_owned();
            // Killed up to three times on its way.
            for _ in 0..1 + random.below(3) {
                let running = project.command(&command).spawn();
                std::thread::sleep(Duration::from_micros(random.below(longest * 1000) as u64));
                cut += usize::from(running.kill().code == 137);
                match unfinished(&project) {
                    Some(run) => command = format!("runs resume {run}"),
                    None => break,
                }
            }
            if count(&project, "manage_runs", "kind = 'fix' AND state = 'applied'") == "0" {
                again(&project);
            }
            is_done_once(&project, number + 1, &format!("round {number}"));
            project.run("undo --last --yes --max-rows 99").ok();
            assert_eq!(before, project.dump());
        }
        println!("{cut} runs were cut off");
    }
}

/// The server's power is cut where the run is held.
#[test]
fn a_large_patch_goes_on_when_its_server_has_died() {
    let cluster = Cluster::start();
    let url = cluster.url("postgres");
    let project = hits(Project::at(&url));
    let before = project.dump();
    for (round, (point, pass)) in
        [("patch.batch_written", 2), ("patch.before_commit", 3), ("patch.after_commit", 1)].into_iter().enumerate()
    {
        let running = project.command(LARGE).held_at_pass(point, pass);
        cluster.kill();
        running.go_on().wait().fails_with(3).says("connection");
        cluster.restart();
        again(&project);
        is_done_once(&project, round + 1, point);
        project.run("undo --last --yes --max-rows 99").ok();
        assert_eq!(before, project.dump());
    }
}
