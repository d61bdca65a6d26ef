//! `-- manage: allow RULE REASON`

use super::{LATER, found, with_pending};
use crate::support::*;

each_backend! {
    fn a_reason_is_heard(project: Project) {
        let up = "-- manage: allow destructive nobody has users yet\nDELETE FROM users;\n";
        let project = with_pending(project, up, "SELECT 1;\n");

        assert!(found(project.run("lint --json").ok()).is_empty());

        project.edit(&format!("migrations/{LATER}/up.sql"), |up| up.replace(" nobody has users yet", ""));
        project.run("lint").exits_with(1).snapshot("lint_allow_without_reason");
    }

    fn a_consent_that_silences_nothing_is_a_hint(project: Project) {
        let project = with_pending(project, "-- manage: allow destructive just so\nSELECT 1;\n", "SELECT 1;\n");

        project.run("lint -v").ok().says("allow destructive silences nothing");
    }

    fn a_consent_does_not_make_an_applied_file_another_one(project: Project) {
        let project = with_pending(project, "DELETE FROM users;\n", "SELECT 1;\n");
        project.run("migrate").ok();

        project.edit(&format!("migrations/{LATER}/up.sql"), |up| format!("-- manage: allow destructive a trial\n{up}"));

        project.run("status --check").ok();
        project.run("lint --all").ok();
    }
}
