//! What is shown before.

use super::*;

each_backend! {
    fn the_plan_says_what_goes_what_stays_and_what_is_prepared(project: Project) {
        let project = old(project).file("templates/notice.md", "On {{date}} everything goes.\n");
        let before = project.dump();

        let outcome = project.run("reset --plan");

        outcome.ok().says("targets (3)").says("views: names").says("3 rows in all").says("ledger: notes");
        outcome.says("✓ tests     2 probes on the new schema").says("✓ baseline").says("✓ backup    will be made");
        outcome.says("✓ rollback  manage restore backups/").says("✓ notice    templates/notice.md is there (date)");
        outcome.says("manage reset --confirm ");
        assert_eq!(before, project.dump());
        assert!(!project.has("backups"));
    }

    fn what_is_not_prepared_has_a_cross(project: Project) {
        let project = old(project).migration("20260602000000_more", "CREATE TABLE more (id INTEGER);", "DROP TABLE more;");
        project.remove("probes");

        let outcome = project.run("reset --plan --no-backup --reason 'no room'");

        outcome.ok().says("✗ tests     the project has no probes").says("✗ baseline  2 migrations");
        outcome.says("✗ backup    none is made").says("✗ rollback").says("✗ notice    templates/notice.md is missing");
        outcome.says("--no-backup --reason 'no room'");
    }

    fn the_facts_of_a_plan(project: Project) {
        let facts = old(project).run("reset --plan --json").ok().json();

        assert_eq!(facts["goes"][0]["what"], "tables");
        assert_eq!(facts["goes"][0]["rows"], 3);
        assert_eq!(facts["checks"].as_array().map(Vec::len), Some(5));
        assert_eq!(facts["migrations"], serde_json::json!(["20260601000000 baseline"]));
        assert_eq!(facts["valid_seconds"], 900);
    }

    fn migrations_that_do_not_run_stop_the_plan(project: Project) {
        let project = old(project).migration("20260602000000_more", "CREATE TABLE channels (id INTEGER);", "SELECT 1;");

        refused(&project, "reset --plan", 3).says("do not run on an empty database");
    }
}

#[test]
fn an_absent_file_is_no_error() {
    let project = Project::new().migration("20260601000000_baseline", BASELINE, "SELECT 1;");

    project.run("reset").ok().says("nothing is there to be reset");

    assert!(!project.has("manage.db"));
}
