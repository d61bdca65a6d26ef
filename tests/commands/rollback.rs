//! `manage rollback`

use super::*;

each_backend! {
    fn the_last_one_is_taken_back(project: Project) {
        let project = applied(project);

        project.run("rollback").ok().snapshot("rollback");

        assert_eq!(history(&project), ["20260101000000"]);
        assert!(!project.schema().contains("posts"));
    }

    fn more_steps_than_there_are_take_all_back(project: Project) {
        let project = applied(project);
        let facts = project.run("rollback --steps 7 --json").ok().json();

        assert_eq!(versions(&facts, "reverted"), ["20260102000000", "20260101000000"]);
        assert_eq!(versions(&facts, "pending"), ["20260101000000", "20260102000000"]);
        assert_eq!(project.schema(), "");
        project.run("rollback").ok().says("nothing to take back");
    }

    fn all_that_came_after_a_version_is_taken_back(project: Project) {
        let project = applied(project);

        project.run("rollback --to 20260101000000").ok();

        assert_eq!(history(&project), ["20260101000000"]);
        project.run("rollback --to 2026-01-01-000000").ok().says("nothing to take back");
    }

    fn all_are_taken_back(project: Project) {
        let project = applied(project);

        project.run("rollback --all --yes").ok();

        assert_eq!(history(&project), Vec::<String>::new());
        assert_eq!(project.schema(), "");
    }

    fn a_plan_shows_and_changes_nothing(project: Project) {
        let project = applied(project);
        let before = project.everything();

        project.run("rollback --all --plan").ok().snapshot("rollback_plan");
        let facts = project.run("rollback --steps 2 --plan --json").ok().json();
        project.run("rollback --sql").ok().says("-- 20260102000000 posts (down)\nBEGIN;\nDROP TABLE posts;\n").says("\nDELETE FROM ");

        assert_eq!(versions(&facts, "plan"), ["20260102000000", "20260101000000"]);
        assert_eq!(versions(&facts, "reverted"), Vec::<String>::new());
        assert_eq!(before, project.everything());
        project.run("rollback --steps 2 --plan").says("do it: manage rollback --steps 2");
        project.run("rollback --to 20260101000000 --plan").says("do it: manage rollback --to 20260101000000");
    }

    fn the_sql_that_would_run_does_what_rollback_does(project: Project) {
        let project = applied(project);

        let sql = project.run("rollback --all --sql").ok().stdout.clone();
        project.execute(&sql);

        assert_eq!(project.schema(), "");
        assert_eq!(history(&project), Vec::<String>::new());
    }

    fn targets_exclude_one_another(project: Project) {
        for arguments in ["--steps 1 --all", "--steps 1 --to 1", "--to 1 --all", "--plan --sql", "--steps 0", "--steps -1", "--steps x"] {
            project.run(&format!("rollback {arguments}")).fails_with(2);
        }
    }

    fn a_migration_without_a_way_back_is_said_before_any_is_reverted(project: Project) {
        let project = with_two_migrations(project)
            .one_way_migration("20260103000000_one_way", "CREATE TABLE one_way (id INTEGER);")
            .migration("20260104000000_empty_down", "CREATE TABLE empty_down (id INTEGER);", "")
            .migration("20260105000000_last", "CREATE TABLE last_one (id INTEGER);", "DROP TABLE last_one;");
        project.run("migrate").ok();

        refused(&project, 2, "rollback --all --yes").snapshot("rollback_irreversible");
        refused(&project, 2, "rollback --steps 2");
        refused(&project, 2, "rollback --to 20260102000000");
        refused(&project, 2, "rollback --all --plan");
        refused(&project, 2, "redo --steps 2 --yes");
        project.run("rollback").ok();

        assert_eq!(history(&project).len(), 4);
    }

    fn a_way_back_that_fails_leaves_the_rest(project: Project) {
        let project = applied(project).migration("20260103000000_bad", "CREATE TABLE bad (id INTEGER);", "DROP TABLE worse;");
        project.run("migrate").ok();

        refused_but_logged(&project, "rollback --steps 2").snapshot("rollback_fails");

        assert_eq!(history(&project).len(), 3);
    }

    fn a_version_that_is_not_applied_is_no_way_back(project: Project) {
        let project = with_two_migrations(project);
        project.run("migrate 20260101000000").ok();

        refused(&project, 2, "rollback --to 20260102000000").snapshot("rollback_to_what_lies_ahead");
        refused(&project, 2, "rollback --to 20990101000000").snapshot("rollback_to_the_unknown");
    }

    fn a_history_without_a_file_cannot_be_taken_back(project: Project) {
        let project = applied(project);
        project.remove("migrations/20260102000000_posts");

        refused(&project, 5, "rollback").snapshot("rollback_without_a_file");
    }
}

/// As [`refused`], for a failure that the ledger remembers.
fn refused_but_logged(project: &Project, arguments: &str) -> Outcome {
    let before = project.schema();
    let outcome = project.run(arguments);
    outcome.fails_with(3);
    assert_eq!(before, project.schema(), "{outcome}");
    outcome
}

#[test]
fn a_missing_database_is_not_made_to_be_rolled_back() {
    let project = with_two_migrations(Project::new());

    project.run("rollback").fails_with(3).snapshot("rollback_without_a_database");

    assert!(!project.has("manage.db"));
}
