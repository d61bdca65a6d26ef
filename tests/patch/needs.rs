//! What an environment wants before rows of its database are changed, and values that are not shown.

use super::fixture::platform;
use crate::support::*;

const DRY: &str = "fix cluster-status --account acme --dry-run --json";

/// The platform as the database of a protected environment that needs `needs`.
fn production(project: Project, needs: &str) -> Project {
    let project = platform(project);
    project.edit("manage.toml", |text| {
        let url = project.database_url();
        format!("{text}\n[environments.production]\nurl = \"{url}\"\nprotected = true\nfix_needs = [{needs}]\n")
    });
    project
}

fn digest(project: &Project) -> String {
    project.run(DRY).ok().json()["digest"].as_str().expect("a plan has a digest")[..16].to_owned()
}

each_backend! {
    fn a_plan_is_approved_before_it_is_applied(project: Project) {
        let project = production(project, "\"reason\", \"digest\", \"approval\"");
        let (before, digest) = (project.dump(), digest(&project));
        let apply = format!("fix cluster-status --account acme --digest {digest} --reason SUP-1");

        project.run(&apply).fails_with(4).says("needs a plan that somebody has approved").says(&format!("manage approve {digest}"));
        assert_eq!(before, project.dump());
        project.run(&format!("approve {digest} --reason looked")).ok();
        project.run(&apply).ok().says("3 rows written");
    }

    fn a_backup_is_recent(project: Project) {
        let project = production(project, "\"backup:24h\"");
        let (before, digest) = (project.dump(), digest(&project));
        let apply = format!("fix cluster-status --account acme --digest {digest} --reason SUP-1");

        project.run(&apply).fails_with(4).says("needs a recent backup").says("hint: manage backup");
        assert_eq!(before, project.dump());
        project.run("backup before.bak").ok();
        project.run(&apply).ok();
    }

    fn the_script_was_run_elsewhere_first(project: Project) {
        let project = production(project, "\"run-in:staging\"");
        let staging = "\n[environments.staging]\nurl = \"sqlite:staging.db\"\n";
        project.edit("manage.toml", |text| format!("{text}{staging}"));
        let digest = digest(&project);
        let apply = format!("fix cluster-status --account acme --digest {digest} --reason SUP-1");

        project.run(&apply).fails_with(4).says("whether `fix cluster-status` was run in staging cannot be told");
        project.run("migrate --env staging").ok();
        project.run(&apply).fails_with(4).says("needs the same script to have been run elsewhere first").says("--env staging");
        project.run("fix cluster-status --account acme --yes --max-rows 9 --env staging").ok();
        project.run(&apply).ok();
    }

    fn a_need_that_nobody_knows_is_an_error_with_its_place(project: Project) {
        let project = production(project, "\"luck\"");
        let digest = digest(&project);
        project.run(&format!("fix cluster-status --account acme --digest {digest} --reason SUP-1"))
            .fails_with(2).says("`luck` is nothing that a fix can need").says("manage.toml:");
    }

    fn masked_values_are_not_shown(project: Project) {
        let project = platform(project);
        project.edit("manage.toml", |text| format!("{text}\n[patches]\nmasked = [\"clusters.status\"]\n"));
        for command in ["fix cluster-status --account acme --dry-run", "fix cluster-status --account acme --yes --max-rows 9 --json", "runs show 1 --rows"] {
            project.run(command).ok().says("(masked)").does_not_say("Active").does_not_say("'mapped'").does_not_say("→ mapped");
        }
        project.run("runs show 1 --rows --json").ok().says("(masked)").does_not_say("mapped\"");
        project.run("undo 1 --yes --max-rows 9").ok().does_not_say("mapped");
        assert_eq!(project.value("SELECT status FROM clusters WHERE id = 31"), "Active");
    }

    fn rows_are_kept_for_as_long_as_is_said(project: Project) {
        let project = platform(project);
        project.run("fix cluster-status --account acme --yes --max-rows 9").ok();
        project.run("runs prune --yes").ok().says("nothing to drop");
        project.edit("manage.toml", |text| format!("{text}\n[patches]\nretention_days = 0\n"));
        project.run("runs prune --yes").ok().says("dropped the rows of 1 run (3 rows)");
        project.run("runs show 1").ok().says("its rows were dropped");
        project.run("undo 1 --yes --max-rows 9").fails_with(4);
    }
}
