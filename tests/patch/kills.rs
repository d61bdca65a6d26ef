//! Killed at every point: all of it is there with its run, its rows and its note, or nothing is.

use super::fixture::platform;
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
