//! `manage init`

use super::*;

#[test]
fn an_empty_folder_becomes_a_project_that_works() {
    let project = Project::new().without_manage_toml();
    project.remove("migrations");

    project.run("init").ok().snapshot("init_empty");

    insta::with_settings!({ snapshot_path => concat!(env!("CARGO_MANIFEST_DIR"), "/tests/snapshots"), prepend_module_to_snapshot => false, omit_expression => true }, {
        insta::assert_snapshot!("init_manage_toml", project.read("manage.toml"));
    });
    project.run("new migration a").ok();
    project.run("status").ok().says("0 applied, 1 pending");
    project.run("doctor").exits_with(1).says("still the template");
}

#[test]
fn a_project_is_not_made_twice() {
    let project = Project::new();
    let before = project.read("manage.toml");

    project.run("init").fails_with(2).says("manage.toml exists already");

    assert_eq!(before, project.read("manage.toml"));
}

#[test]
fn diesels_settings_and_folder_are_kept() {
    let project = Project::new()
        .without_manage_toml()
        .file("diesel.toml", "[migrations_directory]\ndir = \"db/steps\"\n")
        .file("db/steps/20260101000000_a/up.sql", "CREATE TABLE a (id INTEGER);");

    project.run("init").ok().says("db/steps is in diesel's layout").says("manage adopt");

    assert!(project.read("manage.toml").contains("dir = \"db/steps\"\nlayout = \"diesel\"\n"));
    project.run("migrate").ok().says("20260101000000 a");
}

#[test]
fn refinerys_files_are_recognised() {
    let project = refinery_project(Project::new().without_manage_toml());

    let facts = project.run("init --json").ok().json();

    assert_eq!(facts["layout"], "refinery");
    assert!(project.read("manage.toml").contains("layout = \"refinery\"\n"));
    project.run("migrate").ok().says("10 titles");
}

#[test]
fn another_folder_can_be_named() {
    let project = Project::new();

    project.run("init services/billing").ok().says("services/billing/manage.toml");

    assert!(project.has("services/billing/migrations"));
}

#[test]
fn pages_of_the_manual_are_written() {
    let project = Project::new();

    project.run("man pages").ok().says("pages");

    let pages = project.list("pages");
    for page in ["manage.1", "manage-migrate.1", "manage-new-migration.1", "manage-adopt.1"] {
        assert!(pages.iter().any(|name| name == page), "{page}: {pages:?}");
    }
    assert!(!pages.iter().any(|name| name.contains("makemigrations")), "{pages:?}");
    assert!(project.read("pages/manage-migrate.1").contains("manage\\-migrate"));
}
