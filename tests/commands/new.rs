//! `manage new migration`

use super::*;

fn only(project: &Project) -> String {
    let names = project.list("migrations");
    assert_eq!(names.len(), 1, "{names:?}");
    names[0].clone()
}

#[test]
fn words_become_a_name_and_the_template_is_refused_until_it_is_edited() {
    let project = Project::new();

    let outcome = project.run("new migration 'Add user-preferences' table!");

    let name = only(&project);
    assert!(name.ends_with("_add_user_preferences_table") && name.len() == 14 + 27, "{name}");
    outcome.ok().says(&format!("migrations/{name}/up.sql")).says("Next: ");
    project.run("migrate").fails_with(2).says(&format!("  at migrations/{name}/up.sql:2:1\n")).says("still the template");
    project.run("migrate --plan").fails_with(2);
    project.run("migrate --sql").fails_with(2);
    project.run("doctor").exits_with(1).says("still the template");
    assert!(!project.has("manage.db"));

    project.edit(&format!("migrations/{name}/up.sql"), |_| "CREATE TABLE t (id INTEGER);");
    project.run("migrate").ok();
    project.run("rollback").fails_with(2).says(&format!("{name}/down.sql:2:1")).says("still the template");
    project.edit(&format!("migrations/{name}/down.sql"), |_| "DROP TABLE t;");
    project.run("rollback").ok();
}

#[test]
fn the_screen_says_what_to_do_next() {
    let project = Project::new();

    let outcome = project.run("new migration add preferences");

    let name = only(&project);
    outcome.ok().with_filters(|screen| {
        let screen = screen.replace(&name[..14], "[version]");
        insta::assert_snapshot!("new_migration", screen);
    });
}

#[test]
fn a_name_of_nothing_is_refused() {
    let project = Project::new();

    project.run("new migration '!!!'").fails_with(2).snapshot("new_migration_without_a_name");
    project.run("new migration ''").fails_with(2);
    project.run("new migration").fails_with(2).says("<NAME>...");
    project.run("new").fails_with(2);
    project.run("new migration ../../outside").ok();

    assert!(only(&project).ends_with("_outside"));
}

#[test]
fn the_existing_style_of_versions_is_kept() {
    for (existing, shape) in [
        ("2020-01-01-000000_a", "dddd-dd-dd-dddddd"),
        ("2020-01-01-000000-0000_a", "dddd-dd-dd-dddddd-dddd"),
        ("20200101000000_a", "dddddddddddddd"),
    ] {
        let project = Project::new().migration(existing, "SELECT 1;", "SELECT 1;");
        project.run("new migration b").ok();

        let made = project.list("migrations").into_iter().find(|name| name.ends_with("_b")).expect("it was made");

        let digits: String = made.chars().map(|c| if c.is_ascii_digit() { 'd' } else { c }).collect();
        assert_eq!(digits, format!("{shape}_b"));
    }
}

#[test]
fn two_of_one_second_follow_one_another() {
    let project = Project::new();

    for name in ["one", "two", "three"] {
        project.run(&format!("new migration {name}")).ok();
    }

    let names: Vec<_> =
        project.list("migrations").iter().map(|name| name.rsplit('_').next().expect("a name").to_owned()).collect();
    assert_eq!(names, ["one", "two", "three"]);
}

#[test]
fn data_and_no_transaction_are_written_down() {
    let project = Project::new();
    project.run("new migration --data fold words").ok();
    project.run("new migration --no-transaction index").ok();
    project.run("new migration --data --no-transaction both").ok();

    let metadata: Vec<_> =
        project.list("migrations").iter().map(|name| project.read(&format!("migrations/{name}/metadata.toml"))).collect();

    let data = "run_in_transaction = true\nkind = \"data\"\n";
    assert_eq!(metadata, [data, "run_in_transaction = false\n", &data.replace("true", "false")]);
}

#[test]
fn versions_that_nothing_can_follow_are_refused() {
    let project = Project::new().migration("zebra_a", "SELECT 1;", "SELECT 1;");

    project
        .run("new migration b")
        .fails_with(2)
        .says("does not come after the last one, zebra")
        .says("hint: make the folder by hand");

    assert_eq!(project.list("migrations"), ["zebra_a"]);
}

#[test]
fn facts_name_the_files() {
    let project = Project::new();

    let facts = project.run("new migration --json add x").ok().json();

    let folder = only(&project);
    assert_eq!(facts["version"], folder[..14]);
    assert_eq!(facts["name"], "add_x");
    assert_eq!(
        facts["files"],
        serde_json::json!([format!("migrations/{folder}/up.sql"), format!("migrations/{folder}/down.sql")])
    );
    assert_eq!((&facts["schema"], &facts["exit_code"], &facts["database"]), (&1.into(), &0.into(), &serde_json::Value::Null));
}
