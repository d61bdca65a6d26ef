//! `manage status`

use super::*;

each_backend! {
    fn what_is_applied_and_pending_is_shown(project: Project) {
        let project = applied(project)
            .migration("20260103000000_a_name_that_is_longer_than_the_others", "SELECT 1;", "SELECT 1;");
        let before = project.everything();

        project.run("status").ok().snapshot("status");

        assert_eq!(before, project.everything());
    }

    fn a_check_exits_with_what_it_found(project: Project) {
        let project = with_two_migrations(project);
        project.run("status").ok();
        project.run("status --check").exits_with(1).says("2 pending");
        project.run("migrate").ok();
        project.run("status --check").ok().says("up to date");

        project.write("migrations/20260101120000_late/up.sql", "SELECT 1;");

        project.run("status --check").exits_with(5).says("out of order");
        project.run("status").ok();
    }

    fn facts_have_their_fields(project: Project) {
        let project = with_two_migrations(project);
        project.run("migrate --steps 1").ok();

        let facts = project.run("status --json").ok().json();

        assert_eq!(facts["schema"], 1);
        assert_eq!(facts["exit_code"], 0);
        let database = facts["database"].as_object().expect("an object");
        assert_eq!(database.keys().collect::<Vec<_>>(), ["name", "engine", "marker", "protected"]);
        assert_eq!(database["engine"], project.backend().word());
        assert_eq!(versions(&facts, "applied"), ["20260101000000"]);
        assert_eq!((facts["pending"][0]["version"].as_str(), facts["pending"][0]["name"].as_str()), (Some("20260102000000"), Some("posts")));
        assert_eq!(facts["problems"], serde_json::json!([]));
        assert_eq!(project.run("status --check --json").exits_with(1).json()["exit_code"], 1);
    }

    fn every_problem_has_a_message_of_its_own(project: Project) {
        let project = applied(project)
            .migration("20260103000000_gone", "CREATE TABLE gone (id INTEGER);", "")
            .migration("20260104000000_fine", "CREATE TABLE fine (id INTEGER);", "");
        project.run("migrate").ok();
        project.remove("migrations/20260103000000_gone");
        project.edit("migrations/20260101000000_users/up.sql", |text| text.replace("name", "label"));
        project.write("migrations/20260102120000_late/up.sql", "CREATE TABLE late (id INTEGER);");

        let outcome = project.run("status --check");
        let facts = project.run("status --json").ok().json();

        outcome.exits_with(5).snapshot("status_problems");
        let kinds: Vec<_> = facts["problems"].as_array().expect("a list").iter().map(|problem| problem["kind"].as_str().expect("a kind").to_owned()).collect();
        assert_eq!(kinds, ["edited", "out-of-order", "missing"]);
        assert_eq!(versions(&facts, "problems"), ["20260101000000", "20260102120000", "20260103000000"]);
        refused(&project, 5, "migrate").snapshot("migrate_with_problems");
    }

    fn line_ends_and_comments_are_no_edits(project: Project) {
        let project = applied(project);
        project.edit("migrations/20260102000000_posts/up.sql", |text| format!("-- a remark\r\n{}", text.replace('\n', "\r\n")));

        project.run("status --check").ok().snapshot("status_cosmetic_edit");
        project.run("migrate").ok().says("nothing to do");
    }

    fn quietly_only_the_result_is_told(project: Project) {
        let project = applied(project);

        let outcome = project.run("status -q");

        assert_eq!(outcome.ok().stderr, "");
        assert!(!outcome.stdout.contains("PostgreSQL") && !outcome.stdout.contains("SQLite"), "{outcome}");
        assert!(outcome.stdout.contains("up to date"));
    }
}

#[test]
fn a_database_that_is_not_there_is_as_good_as_empty_and_is_not_made() {
    let project = with_two_migrations(Project::new());

    project.run("status").ok().snapshot("status_before_the_database");

    assert_eq!(project.list(""), ["manage.toml", "migrations"]);
}

#[test]
fn a_role_that_may_only_read_can_look() {
    let project = applied(Project::on(Backend::Postgres));
    let role = format!("reader_{}", database_name(&project));
    project.execute(&format!("CREATE ROLE {role} LOGIN; GRANT SELECT ON __diesel_schema_migrations TO {role}"));
    let url = project.database_url().replacen("postgres@", &format!("{role}@"), 1);

    let outcome = project.command("status").args(["--database", &url]).run();
    let checked = project.command("status --check --json").args(["--database", &url]).run();
    project.execute(&format!("GRANT USAGE ON SCHEMA manage TO {role}; GRANT SELECT ON ALL TABLES IN SCHEMA manage TO {role}"));
    let granted = project.command("status --check").args(["--database", &url]).run();
    project.execute(&format!("DROP OWNED BY {role}; DROP ROLE {role}"));

    outcome.ok().says("edited files cannot be told").says("GRANT USAGE ON SCHEMA manage");
    assert_eq!(checked.exits_with(3).json()["problems"][0]["kind"], "log-unreadable");
    granted.ok();
}
