//! Notes that commands write by themselves.

use super::*;
use crate::commands::with_two_migrations;

each_backend! {
    fn what_is_only_recorded_leaves_a_note(project: Project) {
        let project = with_two_migrations(project);

        project.run("migrate --fake --steps 1").ok().says("note 1");

        let note = notes(&project).remove(0);
        assert_eq!(note["kind"], "migrate --fake");
        assert_eq!(note["facts"]["versions"].as_array().map(Vec::len), Some(1));
        // What does nothing is nowhere.
        project.run("migrate --fake").ok();
        project.run("migrate --fake").ok();
        assert_eq!(notes(&project).len(), 2);
    }

    fn adopting_leaves_a_note(project: Project) {
        let project = applied(project);
        mark(&project, "development", false);
        let log = if project.backend() == Backend::Sqlite { "manage_migration_log" } else { "manage.manage_migration_log" };
        // A history that another tool has written.
        project.execute(&format!("DELETE FROM {log}"));
        project.run("adopt").ok();
        // And none.
        project.execute(&format!("DROP TABLE __diesel_schema_migrations; DELETE FROM {log}"));
        project.run("adopt").ok();

        let notes = notes(&project);
        assert_eq!(notes.len(), 2);
        assert!(notes.iter().all(|note| note["kind"] == "adopt"), "{notes:?}");
        assert!(notes[1]["body"].as_str().is_some_and(|body| body.contains("had run them")), "{notes:?}");
        assert!(notes[0]["body"].as_str().is_some_and(|body| body.contains("20260102000000 posts")), "{notes:?}");
        project.run("adopt").ok();
        assert_eq!(self::notes(&project).len(), 2);
    }

    fn a_repair_leaves_its_reason(project: Project) {
        let project = applied(project);
        mark(&project, "development", false);
        project.edit("migrations/20260101000000_users/up.sql", |text| text.replace("name", "title"));

        project.run("repair 20260101000000 --reason 'SUP-3: renamed by hand'").ok().says("note 1");

        let note = notes(&project).remove(0);
        assert_eq!((&note["kind"], &note["reason"]), (&"repair".into(), &"SUP-3: renamed by hand".into()));
        assert_eq!(note["title"], "repair 20260101000000 users");
    }

    fn looking_and_migrating_leave_none(project: Project) {
        let project = applied(project);
        mark(&project, "development", false);
        project.run("redo").ok();
        project.run("rollback").ok();

        assert!(notes(&project).is_empty());
    }
}
