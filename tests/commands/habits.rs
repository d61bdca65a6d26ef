//! The words of other tools.

use super::*;

each_backend! {
    fn the_words_of_other_tools_work(project: Project) {
        let project = with_two_migrations(project);

        project.run("migration pending").ok().says("2 pending");
        project.run("migration list --check").exits_with(1);
        project.run("migration run --steps 1").ok().says("1 migration applied");
        project.run("showmigrations").ok().says("1 pending");
        project.run("setup").ok().says("is there already").says("1 migration applied");
        project.run("migration redo --yes").ok().says("1 migration redone");
        project.run("migration revert --steps 2").ok().says("2 migrations reverted");

        assert_eq!(history(&project), Vec::<String>::new());
    }

    fn setup_makes_the_database_and_migrates_it(project: Project) {
        let project = with_two_migrations(project);
        let url = match project.backend() {
            Backend::Sqlite => "sqlite:fresh.db".to_owned(),
            Backend::Postgres => format!("{}_fresh", project.database_url()),
        };
        let run = |arguments: &str| project.command(arguments).env("DATABASE_URL", &url).run();

        run("setup").ok().says("is made").says("2 migrations applied");

        run("status --check").ok().says("development");
        run("database drop --yes").ok();
    }
}

#[test]
fn new_migrations_are_made_with_a_word_about_it() {
    let project = Project::new();

    project.run("makemigrations add x").ok().says("does not compare models");
    project.run("migration generate add y").ok();

    assert_eq!(project.list("migrations").len(), 2);
}

#[test]
fn the_sql_of_one_migration_is_printed() {
    let project = with_two_migrations(Project::new());

    assert_eq!(project.run("sqlmigrate 20260101000000").ok().stdout, project.read("migrations/20260101000000_users/up.sql"));
    assert_eq!(
        project.run("sqlmigrate 2026-01-01-000000_users").ok().stdout,
        project.read("migrations/20260101000000_users/up.sql")
    );
    project.run("sqlmigrate 5").fails_with(2).says("there is no migration `5`");
    assert!(project.run("sqlmigrate 20260101000000 --json").ok().json()["sql"].as_str().expect("text").starts_with("CREATE"));
    assert!(!project.has("manage.db"));
}

#[test]
fn zero_is_no_target_of_migrate() {
    let project = with_two_migrations(Project::new());

    project.run("migrate zero").fails_with(2).snapshot("migrate_zero");
    project.run("migrate --to zero").fails_with(2);
    project.run("migration run zero").fails_with(2);
}

#[test]
fn habits_are_not_shown_in_help() {
    let help = Project::new().run("help").ok().stdout.clone();

    for word in ["makemigrations", "showmigrations", "sqlmigrate", "setup"] {
        assert!(!help.contains(word), "{word}");
    }
}
