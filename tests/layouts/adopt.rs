//! `manage adopt`

use super::*;

const USERS: &str = "CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT);\n";
const POSTS: &str = "CREATE TABLE posts (id INTEGER PRIMARY KEY, user_id INTEGER REFERENCES users (id));\nCREATE INDEX posts_user ON posts (user_id);\n";

fn diesel_project(project: Project) -> Project {
    project.migration("20260101000000_users", USERS, "DROP TABLE users;\n").migration(
        "20260102000000_posts",
        POSTS,
        "DROP TABLE posts;\n",
    )
}

/// What diesel leaves behind when it has run everything.
fn run_by_diesel(project: &Project) {
    project.execute(&format!(
        "{USERS}{POSTS}CREATE TABLE __diesel_schema_migrations (version VARCHAR(50) PRIMARY KEY NOT NULL, \
         run_on TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP);\
         INSERT INTO __diesel_schema_migrations (version) VALUES ('20260101000000'), ('20260102000000');"
    ));
}

fn history(project: &Project) -> Vec<String> {
    project.query("SELECT version FROM __diesel_schema_migrations ORDER BY version").concat()
}

/// Databases on the shared server that were made for a comparison.
fn scratch_databases(project: &Project) -> usize {
    match project.backend() {
        Backend::Sqlite => 0,
        Backend::Postgres => project.query("SELECT 1 FROM pg_database WHERE datname LIKE 'manage_adopt_%'").len(),
    }
}

/// Waits for those of tests that run beside this one.
#[track_caller]
fn no_scratch_database_stays(project: &Project) {
    for _ in 0..200 {
        if scratch_databases(project) == 0 {
            return;
        }
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    panic!("a scratch database stays");
}

each_backend! {
    fn diesels_history_is_taken_over_as_it_is(project: Project) {
        let project = diesel_project(project);
        run_by_diesel(&project);
        let (before, schema) = (project.query("SELECT * FROM __diesel_schema_migrations ORDER BY version"), project.schema());

        project.run("adopt").ok().snapshot("adopt_diesel");

        assert_eq!(before, project.query("SELECT * FROM __diesel_schema_migrations ORDER BY version"));
        assert_eq!(schema, project.schema());
        assert_eq!(actions(&project), ["adopted"; 2]);
        let after = project.everything();
        project.run("adopt").ok().says("nothing to do");
        assert_eq!(after, project.everything());
        project.edit("migrations/20260101000000_users/up.sql", |text| text.replace("TEXT", "VARCHAR(9)"));
        project.run("migrate").fails_with(5).says("20260101000000 users was edited after it was applied");
    }

    fn refinerys_history_is_taken_over_as_it_is(project: Project) {
        let project = refinery_project(project);
        let sql = project.run("migrate --sql").ok().stdout.clone();
        project.execute(&sql);
        let before = project.query("SELECT * FROM refinery_schema_history ORDER BY version");

        project.run("adopt").ok().says("3 migrations noted in the log").says("refinery's history stays as it is");

        assert_eq!(before, project.query("SELECT * FROM refinery_schema_history ORDER BY version"));
        project.run("adopt").ok().says("nothing to do");
        // With the text in the log a comment is known to be one.
        project.edit("migrations/V1__users.sql", |text| format!("-- people\n{text}"));
        project.run("migrate").ok();
    }

    fn a_history_that_does_not_fit_the_files_is_not_taken_over(project: Project) {
        let project = diesel_project(project);
        run_by_diesel(&project);
        project.remove("migrations/20260101000000_users");
        let before = project.everything();

        project.run("adopt").fails_with(5).says("20260101000000 is applied, but no file has it");

        assert_eq!(before, project.everything());
    }

    fn tables_that_are_what_the_migrations_make_are_recorded(project: Project) {
        let project = diesel_project(project);
        project.execute(&format!("{USERS}{POSTS}INSERT INTO users VALUES (1, 'Ada');"));
        let dump = project.dump();
        project.run("adopt").fails_with(4).says("needs a yes");

        project.run("adopt --yes").ok().snapshot("adopt_tables");

        assert_eq!(history(&project), ["20260101000000", "20260102000000"]);
        assert_eq!(dump, project.dump());
        project.run("status --check").ok();
        project.run("adopt --yes").ok().says("nothing to do");
        project.run("migrate").ok().says("nothing to do");
        no_scratch_database_stays(&project);
    }

    fn refinerys_files_are_recorded_too(project: Project) {
        let project = refinery_project(project);
        project.execute(
            "CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT); CREATE TABLE posts (id INTEGER PRIMARY KEY, title TEXT); CREATE INDEX posts_id ON posts (id);",
        );

        project.run("adopt --yes").ok();

        assert_eq!(versions(&project), ["1", "2", "10"]);
        project.run("status --check").ok();
    }

    fn tables_that_differ_are_listed_and_nothing_is_written(project: Project) {
        let project = diesel_project(project);
        project.execute("CREATE TABLE users (id INTEGER PRIMARY KEY, name VARCHAR(9) NOT NULL, extra TEXT);");
        let before = project.everything();

        project.run("adopt --yes").fails_with(5).snapshot("adopt_differs");

        assert_eq!(before, project.everything());
        let facts = project.run("adopt --yes --json").fails_with(5).json();
        assert!(facts["differences"].as_array().is_some_and(|lines| lines.len() > 3), "{facts}");
        no_scratch_database_stays(&project);
    }

    fn a_database_that_has_only_the_first_is_adopted_up_to_it(project: Project) {
        let project = diesel_project(project);
        project.execute(USERS);
        project.run("adopt --yes").fails_with(5).says("manage adopt --to V");

        project.run("adopt --yes --to 20260101000000").ok();
        project.run("migrate").ok().says("1 migration applied");

        assert_eq!(history(&project), ["20260101000000", "20260102000000"]);
    }

    fn a_file_that_fails_in_the_comparison_leaves_nothing(project: Project) {
        let project = diesel_project(project).migration("20260103000000_bad", "SELEC 1;", "");
        project.execute(&format!("{USERS}{POSTS}"));
        let before = project.everything();

        project.run("adopt --yes").fails_with(3).says("migrations/20260103000000_bad/up.sql:1:1");

        assert_eq!(before, project.everything());
        no_scratch_database_stays(&project);
    }

    fn an_empty_database_has_nothing_to_adopt(project: Project) {
        let project = diesel_project(project);
        if project.backend() == Backend::Sqlite {
            project.run("adopt").fails_with(3);
            project.execute("PRAGMA user_version = 1");
        }

        project.run("adopt").ok().says("nothing to adopt");
    }

    fn migrate_over_tables_that_are_there_names_adopt(project: Project) {
        let project = diesel_project(project);
        project.execute(USERS);

        project.run("migrate").fails_with(3).snapshot("adopt_is_the_hint");

        let project = diesel_project(Project::on(project.backend()));
        project.run("migrate --steps 1").ok();
        project.execute("CREATE TABLE posts (id INTEGER)");
        project.run("migrate").fails_with(3).does_not_say("manage adopt");
    }
}
