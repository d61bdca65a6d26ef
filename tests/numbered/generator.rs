//! `manage new migration`

use super::*;

each_backend! {
    fn the_next_number_and_a_slug_make_a_file_that_fails_until_it_is_edited(project: Project) {
        let project = bot(project);
        project.run("migrate").ok();

        project.run("new migration add user preferences table").ok().snapshot("numbered_new");

        let path = "migrations/004_add_user_preferences_table.sql";
        assert!(project.read(path).starts_with("-- add user preferences table\n-- version: 4\n\n-- up\n-- manage: unedited"));
        refused(&project, 2, "migrate").says("this is still the template").says(path);
        project.write(path, "-- up\nCREATE TABLE user_preferences (id INTEGER);\n-- down\n-- manage: unedited\n");
        project.run("migrate").ok();
        refused(&project, 2, "rollback").says("this is still the template").says(&format!("{path}:4:1"));
    }
}

#[test]
fn slugs_keep_letters_digits_and_words() {
    for (description, name) in [
        ("'  Add   User table '", "001_add_user_table"),
        ("re-add x", "001_readd_x"),
        ("'größe & Länge!'", "001_größe_länge"),
        ("'v2.0 of it'", "001_v20_of_it"),
    ] {
        let project = Project::new().file("manage.toml", "[migrations]\nlayout = \"numbered\"\n");

        project.run(&format!("new migration {description}")).ok().says(&format!("{name}.sql"));

        assert!(project.has(&format!("migrations/{name}.sql")), "{:?}", project.list("migrations"));
    }
}

#[test]
fn nothing_for_a_name_is_an_error() {
    let project = bot(Project::new());
    for description in ["'!!!'", "''", "'  '"] {
        project.run(&format!("new migration {description}")).fails_with(2).says("has no letter or digit for a name");
    }
    project.run("new migration").fails_with(2);
    assert_eq!(project.list("migrations").len(), 3);
}

#[test]
fn other_names_do_not_count_and_the_width_is_kept() {
    let project = Project::new()
        .file("manage.toml", "[migrations]\nlayout = \"numbered\"\n")
        .file("migrations/999 notes.sql", "")
        .file("migrations/0007_a.sql", "");

    project.run("new migration b").ok().says("migrations/0008_b.sql");

    let project = Project::new().file("migrations/999_a.sql", "");
    project.run("new migration b").ok().says("migrations/1000_b.sql");
}

#[test]
fn a_file_is_never_overwritten() {
    let project = bot(Project::new()).file("migrations/004_x.sql/placeholder", "");
    // The name is taken by a folder, which has no number as a file.
    project.remove("migrations/004_x.sql");
    project.run("new migration x").ok();
    let before = project.read("migrations/004_x.sql");

    project.run("new migration x").ok().says("005_x.sql");

    assert_eq!(before, project.read("migrations/004_x.sql"));
}

#[test]
fn kinds_are_told_in_the_head() {
    let project = bot(Project::new());
    project.run("new migration --data fold words").ok();
    project.run("new migration --no-transaction index").ok();

    assert!(project.read("migrations/004_fold_words.sql").contains("\n-- manage: data\n\n-- up\n"));
    assert!(project.read("migrations/005_index.sql").contains("\n-- manage: no-transaction\n\n-- up\n"));
}
