//! `manage redo`

use super::*;

each_backend! {
    fn the_last_one_is_taken_back_and_run_again(project: Project) {
        let project = applied(project);
        project.edit("migrations/20260102000000_posts/up.sql", |text| text.replace("posts_id", "posts_by_id"));

        project.run("redo --yes").ok().snapshot("redo");

        assert_eq!(history(&project).len(), 2);
        assert!(project.schema().contains("posts_by_id"));
        project.run("status --check").ok();
    }

    fn what_was_taken_back_and_what_ran_are_told_apart(project: Project) {
        let project = applied(project);

        let facts = project.run("redo --steps 2 --yes --json").ok().json();

        assert_eq!(versions(&facts, "reverted"), ["20260102000000", "20260101000000"]);
        assert_eq!(versions(&facts, "applied"), ["20260101000000", "20260102000000"]);
        assert_eq!(versions(&facts, "pending"), Vec::<String>::new());
    }

    fn what_is_pending_stays_pending(project: Project) {
        let project = applied(project).migration("20260103000000_later", "CREATE TABLE later (id INTEGER);", "DROP TABLE later;");

        let facts = project.run("redo --yes --json").ok().json();

        assert_eq!(versions(&facts, "pending"), ["20260103000000"]);
        assert_eq!(history(&project).len(), 2);
    }

    fn a_way_forward_that_cannot_be_read_is_said_before_anything_is_reverted(project: Project) {
        let project = applied(project);
        project.edit("migrations/20260102000000_posts/up.sql", |text| format!("{text} SELECT 'open"));

        refused(&project, 2, "redo --yes").says("up.sql:3:9");
    }

    fn without_anything_applied_there_is_nothing_to_redo(project: Project) {
        let project = applied(project);
        project.run("rollback --all --yes").ok();

        project.run("redo").ok().says("nothing to redo");
    }
}
