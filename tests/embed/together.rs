//! Several processes of one application that start at once.

use std::process::{Command, Stdio};

use super::*;
use crate::numbered;

const CROWD: usize = 8;
/// A program of its own: this one, with one of its tests that are programs.
pub fn program(test: &str, project: &Project, way: Way) -> Command {
    let mut command = Command::new(std::env::current_exe().expect("this program"));
    command
        .args([test, "--exact", "--ignored", "--nocapture"])
        .env("APP_FOLDER", project.folder())
        .env("APP_URL", url(project))
        .env("APP_WAY", format!("{way:?}"))
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

/// What [`program`] told it.
pub fn told(name: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| panic!("{name} is not set"))
}

/// The application: migrates at its start, then works.
#[test]
#[ignore = "the program of which the other tests start many"]
fn an_application_that_starts() {
    let (folder, url) = (told("APP_FOLDER"), told("APP_URL"));
    let migrations = manage::Project::open(&folder).expect("a project").migrations().application("app");
    let mut own = Own::of(&url);
    match told("APP_WAY").as_str() {
        "Url" => migrations.migrate(&url),
        _ => own.migrate(&migrations),
    }
    .unwrap_or_else(|error| panic!("{}", error.report()));
    if url.starts_with("sqlite") {
        own.execute("PRAGMA busy_timeout = 30000");
    }
    own.execute("INSERT INTO visits VALUES (1)");
}

fn each_migration_ran_once(project: Project, ways: &[Way]) {
    all_come_up(two(project).migration("3_v", "CREATE TABLE visits (n INTEGER);", "DROP TABLE visits;"), ways);
}

/// Starts all of them on a database without anything.
fn all_come_up(project: Project, ways: &[Way]) {
    let start = |way: &Way| program("embed::together::an_application_that_starts", &project, *way).spawn().expect("it starts");
    let running: Vec<_> = ways.iter().cycle().take(CROWD).map(start).collect();
    for one in running {
        let ended = one.wait_with_output().expect("it ends");
        let said = String::from_utf8_lossy(&ended.stdout).into_owned() + &String::from_utf8_lossy(&ended.stderr);
        assert!(ended.status.success() && said.contains("1 passed"), "{said}");
    }
    let log = match project.backend() {
        Backend::Sqlite => "manage_migration_log",
        Backend::Postgres => "manage.manage_migration_log",
    };
    assert_eq!(project.value(&format!("SELECT count(*) FROM {log} WHERE action = 'applied'")), "3");
    assert_eq!(project.value("SELECT count(*) FROM a"), "1");
    assert_eq!(project.value("SELECT count(*) FROM visits"), CROWD.to_string(), "all came up");
}

each_backend! {
    fn eight_over_a_url(project: Project) {
        each_migration_ran_once(project, &[Way::Url]);
    }

    fn eight_over_connections_of_their_own(project: Project) {
        each_migration_ran_once(project, &[Way::Connection]);
    }

    fn eight_of_both_kinds(project: Project) {
        each_migration_ran_once(project, &WAYS);
    }

    fn eight_with_the_version_in_a_settings_table(project: Project) {
        let project = numbered::file(project, "001_a", "CREATE TABLE a (id INTEGER PRIMARY KEY);", "DROP TABLE a;");
        let project = numbered::file(project, "002_a_row", "INSERT INTO a VALUES (1);", "DELETE FROM a;");
        all_come_up(numbered::file(project, "003_v", "CREATE TABLE visits (n INTEGER);", "DROP TABLE visits;"), &WAYS);
    }
}
