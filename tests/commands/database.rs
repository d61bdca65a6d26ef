//! `manage database`

use super::*;

each_backend! {
    fn a_database_is_made_stamped_and_dropped(project: Project) {
        if project.backend() == Backend::Postgres {
            project.command("database drop --yes").run().fails_with(4);
        }
        let url = match project.backend() {
            Backend::Sqlite => "sqlite:fresh.db".to_owned(),
            Backend::Postgres => format!("{}_fresh", project.database_url()),
        };
        let run = |arguments: &str| project.command(arguments).env("DATABASE_URL", &url).run();

        run("database create").ok().says("is made").says("development");
        run("database create").ok().says("is there already");
        assert_eq!(run("database create --json").ok().json()["created"], false);
        run("database wait").ok().says("answers");
        run("database drop").fails_with(4);
        run("database drop --yes").ok().says("is dropped");
        run("database drop --yes").ok().says("nothing to drop");

        assert_eq!(run("database drop --yes --json").ok().json()["dropped"], false);
        run("database wait --timeout 0").fails_with(3);
    }

    fn a_database_of_an_unprotected_environment_gets_its_name(project: Project) {
        let url = match project.backend() {
            Backend::Sqlite => "sqlite:fresh.db".to_owned(),
            Backend::Postgres => format!("{}_fresh", project.database_url()),
        };
        project.write("manage.toml", &format!("[environments.qa]\nurl = \"{url}\"\n[environments.prod]\nurl = \"{url}\"\nprotected = true\n"));

        let made = project.run("database create --env prod --json");
        project.write("manage.toml", &format!("[environments.qa]\nurl = \"{url}\"\n"));
        let name = project.run("status --env qa --json").ok().json()["database"]["name"].as_str().expect("a name").to_owned();
        Terminal::run(&project, "database drop --env qa").expect("go on: ").type_line(&name).finish().ok();
        let again = project.run("database create --env qa");
        Terminal::run(&project, "database drop --env qa").expect("go on: ").type_line(&name).finish().ok();

        let facts = made.ok().json();
        assert_eq!((&facts["database"]["marker"], &facts["database"]["protected"]), (&serde_json::Value::Null, &true.into()));
        again.ok().says(", qa)");
    }
}

#[test]
fn a_database_in_use_is_not_dropped() {
    let project = applied(Project::on(Backend::Postgres));
    mark(&project, "development", false);
    let _client = postgres::Client::connect(project.database_url(), postgres::NoTls).expect("the server is there");

    refused(&project, 3, "database drop --yes").says("close these sessions first");
}

#[test]
fn a_missing_database_says_how_to_make_it() {
    let project = with_two_migrations(Project::on(Backend::Postgres));
    let url = format!("{}_missing", project.database_url());

    for command in ["migrate", "status", "rollback", "redo", "migrate --plan"] {
        let outcome = project.command(command).env("DATABASE_URL", &url).run();
        outcome.fails_with(3).says("manage database create");
    }
    project.command("migrate").env("DATABASE_URL", &url).run().fails_with(3).snapshot("database_missing");
}
