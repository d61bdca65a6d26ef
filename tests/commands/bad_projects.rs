//! Projects whose files are not what they should be: the place is told, the next step is told, nothing is written.

use super::*;

/// The command fails with 2 at this place and writes nothing.
#[track_caller]
fn invalid(project: &Project, place: &str) -> Outcome {
    let before = project.list("");
    let outcome = project.run("migrate");
    outcome.fails_with(2).says("hint: ");
    if !place.is_empty() {
        outcome.says(&format!("  at {place}\n"));
    }
    assert_eq!(before, project.list(""), "{outcome}");
    outcome
}

fn with_toml(toml: &str) -> Project {
    with_two_migrations(Project::new()).file("manage.toml", toml)
}

#[test]
fn a_missing_project_is_said() {
    let project = Project::new().without_manage_toml();
    project.remove("migrations");

    let outcome = project.run("migrate");

    outcome.fails_with(2).says("hint: ").says("no project in");
    assert_eq!(project.run("status --json").fails_with(2).json()["database"], serde_json::Value::Null);
    assert_eq!(project.list(""), Vec::<String>::new());
}

#[test]
fn broken_toml_is_told_with_line_and_column() {
    invalid(&with_toml("[database]\nurl = sqlite\n"), "manage.toml:2:7").snapshot("toml_broken");
    invalid(&with_toml("[database]\nurl = \"a.db\"\nurl = \"b.db\"\n"), "manage.toml:3:1");
    invalid(&with_toml("[database\n"), "manage.toml:1:10");
    invalid(&with_toml("[database]\nurl = 5\n"), "manage.toml:2:7").snapshot("toml_wrong_type");
    invalid(&with_toml("[environments.qa]\nprotected = true\n"), "manage.toml:1:1").snapshot("toml_missing_key");
    invalid(&with_toml("[environments.qa]\nurl = \"a.db\"\nprotected = \"yes\"\n"), "manage.toml:3:13");
    invalid(&with_toml("[migrations]\nlayout = \"flyway\"\n"), "manage.toml:2:10").snapshot("toml_unknown_layout");
}

#[test]
fn an_unknown_key_is_told_with_line_and_column() {
    invalid(&with_toml("# größer\n[database]\nurl = \"a.db\"\nfoo = 1\n"), "manage.toml:4:1").snapshot("toml_unknown_key");
    invalid(&with_toml("[databse]\nurl = \"a.db\"\n"), "manage.toml:1:2");
}

#[test]
fn toml_that_is_not_text_is_told() {
    let project = with_two_migrations(Project::new());
    std::fs::write(project.path("manage.toml"), b"[database]\n# \xff\n").expect("the folder is ours");

    invalid(&project, "manage.toml:2:3").says("not UTF-8");
}

#[test]
fn a_variable_that_is_not_set_is_told_where_it_stands() {
    let project = with_toml("[database]\nurl = \"postgres://${NO_SUCH_USER}@localhost/x\"\n");
    let run = |arguments: &str| project.command(arguments).without_env("DATABASE_URL").run();

    run("migrate").fails_with(2).snapshot("toml_unset_variable");
    project.write("manage.toml", "[database]\nurl = \"${HOME\"\n");
    run("migrate").fails_with(2).says("manage.toml:2:7").says("is not closed");
    project.write("manage.toml", "[database]\nurl = \"${MY VARIABLE}\"\n");
    run("migrate").fails_with(2).says("manage.toml:2:7").says("is not the name of a variable");
}

#[test]
fn a_file_that_cannot_be_read_is_told() {
    let project = with_two_migrations(Project::new()).without_manage_toml();
    std::os::unix::fs::symlink("manage.toml", project.path("manage.toml")).expect("the folder is ours");

    project.run("status").fails_with(3).says("cannot read").says("manage.toml").says("hint: ");
}

#[test]
fn a_folder_in_the_place_of_the_project_is_told() {
    let project = Project::new().file("empty/keep", "");

    project.run("status --project empty").fails_with(2).snapshot("project_empty_folder");
    project.run("status --project manage.toml").fails_with(2).says("--project");
}

#[test]
fn a_missing_migrations_folder_is_told() {
    let project = Project::new().file("manage.toml", "[migrations]\ndir = \"db/steps\"\n");

    invalid(&project, "").snapshot("project_without_migrations");
}

#[test]
fn a_broken_line_of_dotenv_is_told_without_its_text() {
    let project = with_two_migrations(Project::new()).file(".env", "GOOD=1\n\nPASSWORD=hunter2 and more\n");

    invalid(&project, ".env:3").does_not_say("hunter2").snapshot("dotenv_broken");
}

#[test]
fn a_dotenv_that_is_not_text_is_told() {
    let project = with_two_migrations(Project::new());
    std::fs::write(project.path(".env"), b"A=\xff\n").expect("the folder is ours");

    project.run("migrate").fails_with(3).says(".env").says("hint: ");
}

#[test]
fn a_broken_diesel_toml_is_told_where_it_counts() {
    let project = with_two_migrations(Project::new()).without_manage_toml().file("diesel.toml", "[print_schema\n");

    invalid(&project, "diesel.toml:1:14");
    project.write("manage.toml", "");
    project.run("migrate").ok();
}

#[test]
fn urls_that_are_none_are_refused() {
    let project = with_two_migrations(Project::new());
    let try_url = |url: &str| project.command("migrate").args(["--database", url]).run();

    try_url("mysql://ann@db/x").fails_with(2).snapshot("url_unknown_scheme");
    try_url("sqlite::memory:").fails_with(2).says("sqlite:manage.db");
    try_url("postgres:db/x").fails_with(2).says("postgres://");
    try_url("host=db user=ann").fails_with(2).snapshot("url_without_a_scheme");
    try_url("ann:hunter2@db/x").fails_with(2).does_not_say("hunter2");
    try_url("").fails_with(2);
    try_url("sqlite:").fails_with(2);
    for url in [
        "postgres://ann@db:port/x",
        "postgres://ann@db:99999/x",
        "postgres://ann@db/x?sslmode=maybe",
        "postgres://ann@db/x?nonsense=1",
        "postgres://ann@db/x%",
        "postgres://ann@[::1/x",
    ] {
        try_url(url).fails_with(2).says("hint: ");
    }
    try_url("postgres://ann@db/x?nonsense=1").snapshot("url_unknown_option");

    assert_eq!(project.list(""), ["manage.toml", "migrations"]);
}
