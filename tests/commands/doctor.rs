//! `manage doctor`

use super::*;

each_backend! {
    fn a_healthy_project_is_well(project: Project) {
        let project = applied(project);
        let before = project.everything();

        let outcome = project.run("doctor");

        outcome.ok().snapshot("doctor");
        assert_eq!(before, project.everything());
    }

    fn whatever_is_wrong_is_said(project: Project) {
        let project = applied(project).migration("20260103000000_bad", "SELECT 'open;", "COMMIT;");
        project.edit("migrations/20260101000000_users/up.sql", |text| text.replace("name", "label"));

        let facts = project.run("doctor --json").exits_with(1).json();

        project.run("doctor").exits_with(1).snapshot("doctor_finds_trouble");
        let failed: Vec<_> = facts["checks"].as_array().expect("a list").iter().filter(|check| check["status"] == "fail").collect();
        assert_eq!(failed.len(), 3, "{failed:?}");
    }
}

#[test]
fn before_the_database_is_made_doctor_makes_none() {
    let project = with_two_migrations(Project::new());

    project.run("doctor").ok().says("not made yet");

    assert!(!project.has("manage.db"));
}

#[test]
fn a_database_that_is_out_of_reach_is_said_beside_the_rest() {
    let project = with_two_migrations(Project::new());

    project.run("doctor --database postgres://ann@127.0.0.1:1/x").exits_with(1).snapshot("doctor_out_of_reach");
    project.write("migrations/20260101000000_users/metadata.toml", "kind = 5");
    project.run("doctor").exits_with(1).snapshot("doctor_migrations_unreadable");
}
