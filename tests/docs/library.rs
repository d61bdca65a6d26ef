//! The README's example of the library is code that works.

use super::embedding::migrate;
use super::page::read;
use crate::support::*;

each_backend! {
    fn the_library_migrates_as_the_readme_says(project: Project) {
        let project = project.migration("20260101000000_a", "CREATE TABLE a (b INTEGER);", "DROP TABLE a;");

        let first = migrate(&project.folder(), project.database_url()).expect("it migrates");
        let second = migrate(&project.folder(), project.database_url()).expect("it migrates");

        assert_eq!((first, second), (1, 0));
        project.run("status --check").ok();
    }
}

#[test]
fn the_readme_has_the_code_of_the_example() {
    let file = read("tests/docs/embedding.rs");
    let (_, code) = file.split_once("\n\n").expect("there is code below the comment");

    assert!(read("README.md").contains(code), "README.md has other code than tests/docs/embedding.rs");
}

#[test]
fn the_guide_shows_the_report_of_a_failure_as_it_is() {
    const FILES: [(&str, &str); 2] = [
        ("1_notes/up.sql", "CREATE TABLE notes (id INTEGER PRIMARY KEY);\n"),
        ("2_tags/up.sql", "CREATE TABLE tags (id INTEGER PRIMARY KEY);\nINSERT INTO tagz VALUES (1);\n"),
    ];
    let project = Project::new();
    let migrations = manage::embed::Migrations::compiled("migrations", &FILES, None);

    let error = migrations.migrate(&project.path("app.db").display().to_string()).expect_err("there is no such table");

    let report = error.report();
    assert!(
        read("docs/guide/embed.md").contains(&format!("```text\n{report}\n```")),
        "docs/guide/embed.md shows another:\n{report}"
    );
}
