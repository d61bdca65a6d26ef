//! Files by chance, all of them migrations of one project: `manage migrate` makes of them what the plain client makes.

use std::path::PathBuf;

use super::clients::{assert_same, pg_dump, psql, sqlite_dump, sqlite3};
use super::files::Files;
use super::random::tries;
use crate::support::*;

/// Two projects with the same files, the second one's for the plain client.
fn twins(backend: Backend, files: usize) -> ([Project; 2], Vec<PathBuf>) {
    let mut generator = Files::new(backend);
    let projects = [Project::on(backend), Project::on(backend)];
    let mut paths = Vec::new();
    for number in 0..files {
        let text = generator.file(&format!("f{number}_"));
        let path = format!("migrations/{number:05}_file/up.sql");
        for project in &projects {
            project.write(&path, &text);
        }
        paths.push(projects[1].path(&path));
    }
    (projects, paths)
}

#[test]
fn generated_files_do_on_postgres_what_they_do_in_psql() {
    let (projects, files) = twins(Backend::Postgres, tries(60));

    projects[0].run("migrate").ok();
    psql(projects[1].database_url(), &[], &files);

    let [found, expected] = projects.each_ref().map(|project| pg_dump(project.database_url(), &[]));
    assert_same(&found, &expected);
    assert!(
        expected.contains("BEGIN ATOMIC") && expected.contains("CREATE TRIGGER"),
        "the files should leave something to compare"
    );
}

#[test]
fn generated_files_do_on_sqlite_what_they_do_in_its_shell() {
    let (projects, files) = twins(Backend::Sqlite, tries(60));

    projects[0].run("migrate").ok();
    sqlite3(&projects[1].path("manage.db"), &files);

    let [found, expected] = projects.each_ref().map(sqlite_dump);
    assert_same(&found, &expected);
    assert!(expected.contains("CREATE TRIGGER"), "the files should leave something to compare");
}
