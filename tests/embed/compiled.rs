//! Migrations that are compiled into the program.

use manage::embed::{Error, Migrations};

use super::*;

/// The root project's own.
static MIGRATIONS: Migrations = manage::embed!("migrations");

each_backend! {
    fn a_program_carries_its_migrations(project: Project) {
        let root = concat!(env!("CARGO_MANIFEST_DIR"), "/migrations");
        let folders = std::fs::read_dir(root).expect("the folder").filter(|entry| entry.as_ref().is_ok_and(|entry| entry.path().is_dir()));
        let count = folders.count();

        let done = migrate(&project, &MIGRATIONS, Way::Url).expect("it migrates");

        assert_eq!(done.finished.len(), count);
        assert_up_to_date(&project, &MIGRATIONS, Way::Connection).expect("up to date");
        // The files on the disk say the same, to the byte: the log has their checksums.
        let disk = manage::Project::open(env!("CARGO_MANIFEST_DIR")).expect("a project").migrations();
        disk.assert_up_to_date(&url(&project)).expect("nothing was edited");
    }
}

#[test]
fn a_debug_build_notices_files_that_it_was_not_compiled_with() {
    let project = two(Project::new());
    let from: &'static str = Box::leak(project.path("migrations").display().to_string().into_boxed_str());
    static FILES: [(&str, &str); 2] = [("1_a/down.sql", "DROP TABLE a;"), ("1_a/up.sql", "CREATE TABLE a (id INTEGER);")];

    let error = Migrations::compiled("migrations", &FILES, Some(from)).migrate(&url(&project)).expect_err("2_b is new");

    assert!(matches!(&error, Error::Stale(stale) if stale.added == ["2_b/down.sql", "2_b/up.sql"]), "{error:?}");
    assert!(!project.has("manage.db") || project.value("SELECT count(*) FROM sqlite_schema") == "0");
    Migrations::compiled("migrations", &FILES, None).migrate(&url(&project)).expect("a release build does not look");
}

#[test]
fn an_error_names_the_compiled_file() {
    let project = Project::new();
    static FILES: [(&str, &str); 1] = [("1_a/up.sql", "CREATE TABLE a (id INTEGER);\nNONSENSE;")];

    let error = Migrations::compiled("db/migrations", &FILES, None).migrate(&url(&project)).expect_err("nonsense");

    assert!(error.report().contains("at db/migrations/1_a/up.sql:2:1"), "{}", error.report());
}
