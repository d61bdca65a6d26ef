//! Which project, and which database.

use super::*;

#[test]
fn the_nearest_project_upward_is_found() {
    let project = with_two_migrations(Project::new()).file("a/b/keep", "");

    let outcome = project.command("migrate").within("a/b").run();

    outcome.ok();
    assert!(project.has("manage.db") && !project.has("a/b/manage.db"));
}

#[test]
fn a_nearer_project_wins() {
    let project = with_two_migrations(Project::new())
        .file("inner/manage.toml", "")
        .file("inner/migrations/20260301000000_inner/up.sql", "SELECT 1;")
        .file("inner/deeper/keep", "");

    let outcome = project.command("status").within("inner/deeper").run();

    outcome.ok().says("20260301000000").does_not_say("users");
}

#[test]
fn without_manage_toml_a_project_is_known_by_its_folder_or_by_diesel() {
    let project = with_two_migrations(Project::new()).without_manage_toml();
    project.command("status").without_env("DATABASE_URL").run().ok().says("manage.db").says("users");

    let project = Project::new()
        .without_manage_toml()
        .file("diesel.toml", "[migrations_directory]\ndir = \"db/steps\"\n")
        .file("db/steps/20260101000000_a/up.sql", "SELECT 1;");
    project.remove("migrations");
    project.run("status").ok().says("20260101000000");
}

#[test]
fn a_project_is_named() {
    let project = with_two_migrations(Project::new()).file("elsewhere/keep", "");

    project.command("migrate --project ..").within("elsewhere").run().ok();

    assert!(project.has("manage.db"));
}

#[test]
fn the_database_is_chosen_in_the_order_of_the_contract() {
    let toml = "[database]\nurl = \"sqlite:of-toml.db\"\n[environments.qa]\nurl = \"sqlite:of-env.db\"\n";
    let project = with_two_migrations(Project::new()).file("manage.toml", toml);
    let name = |invocation: Invocation| {
        invocation.args(["--json"]).run().ok().json()["database"]["name"].as_str().expect("a name").to_owned()
    };
    let all = || project.command("status").env("DATABASE_URL", "sqlite:of-variable.db").env("OTHER", "sqlite:of-other.db");

    assert_eq!(name(all().args(["--database", "sqlite:of-flag.db"])), "of-flag.db");
    assert_eq!(name(all().args(["--database", "of-path.db"])), "of-path.db");
    assert_eq!(name(all().args(["--database", "env:OTHER"])), "of-other.db");
    assert_eq!(name(all().args(["--env", "qa"])), "of-env.db");
    assert_eq!(name(all()), "of-variable.db");
    assert_eq!(name(all().without_env("DATABASE_URL")), "of-toml.db");
    assert_eq!(name(all().env("DATABASE_URL", " ")), "of-toml.db");
    project.write("manage.toml", "");
    assert_eq!(name(all().without_env("DATABASE_URL")), "manage.db");
    project.write(".env", "DATABASE_URL=sqlite:of-dotenv.db\nOTHER=sqlite:other-of-dotenv.db\n");
    assert_eq!(name(all().without_env("DATABASE_URL")), "of-dotenv.db");
    assert_eq!(name(all()), "of-variable.db");
    assert_eq!(name(all().without_env("OTHER").args(["--database", "env:OTHER"])), "other-of-dotenv.db");
}

#[test]
fn two_choices_are_one_too_many() {
    let project = Project::new().file("manage.toml", "[environments.qa]\nurl = \"sqlite:qa.db\"\n");

    project.run("status --database a.db --env qa").fails_with(2).snapshot("choice_of_two");
}

#[test]
fn a_variable_that_is_not_text_does_not_make_room_for_another_database() {
    use std::os::unix::ffi::OsStringExt;
    let project = with_two_migrations(Project::new()).file(".env", "DATABASE_URL=sqlite:of-dotenv.db\n");
    let odd = std::ffi::OsString::from_vec(b"postgres://ann@127.0.0.1:1/x\xff".to_vec());

    project.command("migrate").env("DATABASE_URL", odd).run().fails_with(3);

    assert!(!project.has("of-dotenv.db"));
}

#[test]
fn names_of_nothing_are_refused() {
    let project =
        Project::new().file("manage.toml", "[environments.qa]\nurl = \"sqlite:qa.db\"\n[environments.prod]\nurl = \"x.db\"\n");

    project.run("status --env production").fails_with(2).snapshot("choice_unknown_environment");
    project.run("status --database env:NOWHERE").fails_with(2).snapshot("choice_unset_variable");
    project.run("status --project nowhere").fails_with(2).snapshot("choice_missing_project");
    project.write("manage.toml", "");
    project.run("status --env production").fails_with(2).says("[environments.NAME]");
}

#[test]
fn an_environment_of_elsewhere_need_not_be_set_here() {
    let toml = "[environments.production]\nurl = \"${PRODUCTION_URL}\"\nprotected = true\n";
    let project = with_two_migrations(Project::new()).file("manage.toml", toml);

    project.run("status").ok();
    project.run("status --env production").fails_with(2).snapshot("choice_environment_not_set");
}
