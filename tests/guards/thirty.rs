//! Ways to hit production, or another database than the one that is meant. Each ends in a refusal, and nothing is
//! changed. What a command adds to the ways stands below, with its number.

use super::*;

/// A database that is marked as production.
fn production(project: Project) -> Project {
    let project = applied(project);
    mark(&project, "production", true);
    project
}

/// A database that is marked as a laptop's.
fn development(project: Project) -> Project {
    let project = applied(project);
    mark(&project, "development", false);
    project
}

/// A development project whose `manage.toml` knows a protected environment, whose database this is.
fn known_as_production(project: Project, url: &str) -> Project {
    let project = development(project);
    project.write("manage.toml", &format!("[environments.production]\nurl = \"{url}\"\nprotected = true\n"));
    project
}

/// Runs what was prepared, which must be refused and change nothing.
#[track_caller]
fn stopped(project: &Project, invocation: Invocation) -> Outcome {
    let before = project.everything();
    let outcome = invocation.run();
    outcome.fails_with(4);
    assert_eq!(before, project.everything(), "it should have changed nothing\n{outcome}");
    outcome
}

/// The URL as it is, and the same database by other names.
fn other_names(project: &Project) -> Vec<String> {
    match project.backend() {
        Backend::Sqlite => {
            let folder = project.folder();
            std::os::unix::fs::symlink(folder.join("manage.db"), folder.join("link.db")).expect("the folder is ours");
            std::os::unix::fs::symlink(&folder, folder.join("here")).expect("the folder is ours");
            vec![
                "link.db".to_owned(),
                "sqlite:here/manage.db".to_owned(),
                "sqlite://./migrations/../manage.db".to_owned(),
                folder.join("manage.db").display().to_string(),
            ]
        }
        Backend::Postgres => {
            let (name, port) = (database_name(project), server().port());
            let hosts = ["127.0.0.1", "localhost", "LocalHost", "127.1", "2130706433"];
            hosts.iter().map(|host| format!("postgres://postgres@{host}:{port}/{name}")).collect()
        }
    }
}

each_backend! {
    // 1 to 4: by what chooses the database.
    fn a_bare_database_url(project: Project) {
        let project = production(project);
        for command in ["rollback", "rollback --all --yes", "redo --yes", "database drop --yes"] {
            stopped(&project, project.command(command));
        }
    }

    fn a_stray_dotenv(project: Project) {
        let project = production(project);
        project.write(".env", &format!("DATABASE_URL={}\n", project.database_url()));
        stopped(&project, project.command("rollback --all --yes").without_env("DATABASE_URL")).says("production");
    }

    fn the_url_of_manage_toml(project: Project) {
        let project = production(project);
        project.write("manage.toml", &format!("[database]\nurl = \"{}\"\n", project.database_url()));
        stopped(&project, project.command("database drop --yes").without_env("DATABASE_URL"));
    }

    fn a_variable_named_on_the_command_line(project: Project) {
        let project = production(project);
        let url = project.database_url().to_owned();
        stopped(&project, project.command("redo --yes --database env:OLD_DATABASE_URL").env("OLD_DATABASE_URL", url));
    }

    // 5 and 6: by the wrong environment.
    fn an_environment_whose_url_leads_to_another(project: Project) {
        let project = production(project).file("migrations/20260109000000_more/up.sql", "CREATE TABLE more (id INTEGER);\n");
        let url = project.database_url().to_owned();
        project.write("manage.toml", &format!("[environments.staging]\nurl = \"{url}\"\n"));
        for command in ["migrate", "rollback --yes", "rollback --all --yes", "redo --yes", "database drop --yes", "notes add --title x"] {
            refused(&project, 4, &format!("{command} --env staging")).says("the environment is staging");
        }
    }

    fn a_marker_of_an_environment_for_a_database_of_another(project: Project) {
        let project = production(project);
        let url = project.database_url().to_owned();
        project.write("manage.toml", &format!("[environments.staging]\nurl = \"{url}\"\n"));
        refused(&project, 4, "marker set development --env staging --reason x --yes");
        refused(&project, 4, "marker set staging --env staging --reason x --yes");
    }

    // 7 to 9: by what is done, under any of its names.
    fn everything_at_once(project: Project) {
        let project = production(project);
        for command in ["rollback --all", "rollback --all --yes", "rollback --all --json --yes", "migration revert --all --yes"] {
            let before = project.everything();
            let outcome = project.run(command);
            assert!(matches!(outcome.code, 2 | 4), "{outcome}");
            assert_eq!(before, project.everything());
        }
    }

    fn back_and_forth(project: Project) {
        let project = production(project);
        for command in ["redo", "redo --yes", "redo --steps 2 --yes", "migration redo --yes"] {
            stopped(&project, project.command(command));
        }
        Terminal::run(&project, "redo").finish().exits_with(4).does_not_say("[y/N]");
    }

    fn dropping_it(project: Project) {
        let project = production(project);
        stopped(&project, project.command("database drop"));
        stopped(&project, project.command("database drop --yes --json"));
        Terminal::run(&project, "database drop").finish().exits_with(4).does_not_say("Type");
    }

    // 10 to 13: by an answer that nobody gave.
    fn a_yes_without_a_terminal_where_the_name_is_asked(project: Project) {
        let project = applied(project);
        mark(&project, "staging", false);
        stopped(&project, project.command("database drop --yes"));
    }

    fn answers_through_a_pipe(project: Project) {
        let project = applied(project);
        mark(&project, "staging", false);
        let name = database_name(&project);
        stopped(&project, project.command("rollback --all").input("y\ny\ny\n"));
        stopped(&project, project.command("database drop").input(&format!("{name}\n{name}\n")));
    }

    fn answers_by_variables(project: Project) {
        let project = applied(project);
        mark(&project, "staging", false);
        let mut invocation = project.command("rollback --all");
        for name in ["MANAGE_YES", "YES", "CI", "FORCE", "MANAGE_FORCE", "DISABLE_DATABASE_ENVIRONMENT_CHECK"] {
            invocation = invocation.env(name, "1");
        }
        stopped(&project, invocation);
        project.write(".env", "MANAGE_YES=1\n");
        stopped(&project, project.command("database drop"));
    }

    fn answers_that_are_not_the_name(project: Project) {
        let project = applied(project);
        mark(&project, "staging", false);
        let before = project.everything();
        for answer in ["yes", "staging", "", "*", "manage", " "] {
            Terminal::run(&project, "database drop").expect("go on: ").type_line(answer).finish().exits_with(4);
        }
        Terminal::run(&project, "database drop").expect("go on: ").press_ctrl_d().finish().exits_with(4);
        assert_eq!(before, project.everything());
    }

    // 14 to 17: by a marker that is gone, empty or another's.
    fn a_marker_that_was_removed(project: Project) {
        let project = production(project);
        unmark(&project);
        refused(&project, 4, "rollback --all");
        refused(&project, 4, "redo");
        refused(&project, 4, "database drop --yes");
        refused(&project, 4, "marker set development --yes");
    }

    fn a_ledger_that_was_removed(project: Project) {
        let project = production(project);
        match project.backend() {
            Backend::Sqlite => {
                for table in ["manage_marker", "manage_ledger_history"] {
                    project.execute(&format!("DROP TABLE {table}"));
                }
            }
            Backend::Postgres => project.execute("DROP SCHEMA manage CASCADE"),
        }
        refused(&project, 4, "rollback --all");
        refused(&project, 4, "database drop --yes");
    }

    fn a_binding_that_is_empty(project: Project) {
        let project = development(project);
        for binding in ["", "nonsense"] {
            project.execute(&format!("UPDATE {} SET binding = '{binding}'", ledger(&project, "manage_marker")));
            refused(&project, 4, "rollback --all").says("was made for another database");
            refused(&project, 4, "database drop --yes");
        }
    }

    fn a_binding_of_which_a_part_is_missing(project: Project) {
        let project = development(project);
        let part = if project.backend() == Backend::Sqlite { "inode=" } else { "system identifier=" };
        let table = ledger(&project, "manage_marker");
        project.execute(&format!("UPDATE {table} SET binding = replace(binding, '{part}', 'was ')"));
        refused(&project, 4, "rollback --all");
        refused(&project, 4, "database drop --yes");
    }

    // 18 to 20: by setting the marker.
    fn a_marker_set_back_to_development(project: Project) {
        let project = production(project);
        for command in ["marker set development", "marker set development --yes", "marker set development --reason x --yes", "marker set production2 --reason x --yes"] {
            stopped(&project, project.command(command));
        }
    }

    fn a_marker_set_back_by_its_name_alone(project: Project) {
        let project = production(project);
        let name = database_name(&project);
        let set = Terminal::run(&project, "marker set development --reason x").expect("go on: ").type_line(&name).finish();
        set.exits_with(4).says("protection is not taken away at once");
        assert_eq!(marker_of(&project), "production, protected");
        refused(&project, 4, "rollback --all --yes");
    }

    fn a_marker_that_manage_toml_knows_better(project: Project) {
        let url = project.database_url().to_owned();
        let project = known_as_production(project, &url);
        refused(&project, 4, "marker set qa --reason x --yes").says("which is protected");
        Terminal::run(&project, "marker set qa --reason x").finish().exits_with(4).does_not_say("Type");
    }

    // 21 to 23: by another name of the same database.
    fn another_name_of_the_protected_database(project: Project) {
        let url = project.database_url().to_owned();
        let project = known_as_production(project, &url);
        for other in other_names(&project) {
            for command in ["rollback --all --yes", "redo --yes", "database drop --yes", "marker set qa --yes"] {
                stopped(&project, project.command(command).args(["--database", &other])).says("production");
            }
        }
    }

    fn the_protected_database_known_by_another_name(project: Project) {
        let project = development(project);
        let mut others = other_names(&project);
        if project.backend() == Backend::Postgres {
            // Not all of them are answered here, and all of them are this machine.
            let own = std::process::Command::new("uname").arg("-n").output().expect("uname runs").stdout;
            let own = String::from_utf8(own).expect("a host's name is ASCII").trim().to_owned();
            let (name, port) = (database_name(&project), server().port());
            let more = ["localhost.", "db.localhost", "127.0.0.9", "[::1]", "[::ffff:127.0.0.1]", "0.0.0.0", &own];
            others.extend(more.iter().map(|host| format!("postgres://postgres@{host}:{port}/{name}")));
        }
        for other in others {
            project.write("manage.toml", &format!("[environments.production]\nurl = \"{other}\"\nprotected = true\n"));
            stopped(&project, project.command("rollback --all --yes")).says("production");
        }
    }

    fn one_of_several_protected_environments(project: Project) {
        let project = development(project);
        let url = project.database_url().to_owned();
        project.write(
            "manage.toml",
            &format!(
                "[environments.a]\nurl = \"${{NOT_SET_HERE}}\"\nprotected = true\n[environments.b]\nurl = \"not a url:\"\nprotected = true\n\
                 [environments.c]\nurl = \"{url}\"\nprotected = true\n"
            ),
        );
        stopped(&project, project.command("rollback --all --yes")).says("environment c");
    }

    // 24 to 26: by what is no more than recorded, tried or taken back a little.
    fn one_step_back_unasked(project: Project) {
        let project = production(project);
        stopped(&project, project.command("rollback"));
        stopped(&project, project.command("rollback --steps 2"));
        stopped(&project, project.command("rollback --json"));
    }

    fn a_history_adopted_unasked(project: Project) {
        let project = production(project);
        let log = ledger(&project, "manage_migration_log");
        project.execute(&format!("DROP TABLE __diesel_schema_migrations; DELETE FROM {log}"));
        stopped(&project, project.command("adopt"));
        stopped(&project, project.command("adopt --json"));
    }
}

// 37 to 44: by what takes everything away.
each_backend! {
    fn a_restore_over_it(project: Project) {
        let project = applied(project);
        project.run("backup x.bak").ok();
        let url = project.database_url().to_owned();
        for how in ["marked", "known", "unknown"] {
            match how {
                "marked" => mark(&project, "production", true),
                "known" => {
                    mark(&project, "development", false);
                    project.write("manage.toml", &format!("[environments.production]\nurl = \"{url}\"\nprotected = true\n"));
                }
                _ => {
                    project.write("manage.toml", "");
                    unmark(&project);
                }
            }
            for command in ["restore x.bak", "restore x.bak --yes", "restore x.bak --yes --no-backup --reason x --terminate"] {
                stopped(&project, project.command(command));
                stopped(&project, project.command(command).input("y\nmanage.db\n"));
            }
        }
    }

    fn a_backup_of_production_into_a_laptop_and_back(project: Project) {
        let theirs = production(Project::on(project.backend()));
        theirs.run("backup x.bak").ok();
        let project = development(project);
        for name in ["x.bak", "x.bak.json"] {
            std::fs::copy(theirs.path(name), project.path(name)).expect("the folders are ours");
        }
        stopped(&project, project.command("restore x.bak --yes")).says("is a backup of another database");
        project.run("backup y.bak").ok();
        for name in ["y.bak", "y.bak.json"] {
            std::fs::copy(project.path(name), theirs.path(name)).expect("the folders are ours");
        }
        stopped(&theirs, theirs.command("restore y.bak --yes --no-backup --reason x")).says("is a backup of another database");
    }

    fn a_reset_of_it(project: Project) {
        let project = production(project);
        for command in ["reset", "reset --yes", "reset --plan", "reset --yes --no-backup --reason x", "reset --confirm anything"] {
            stopped(&project, project.command(command)).says("which is protected");
        }
    }

    fn a_reset_of_an_unknown_one(project: Project) {
        let project = applied(project);
        unmark(&project);
        for command in ["reset", "reset --yes", "reset --plan", "reset --confirm anything"] {
            stopped(&project, project.command(command)).says("which is unknown");
        }
    }

    fn a_reset_by_another_name_of_it(project: Project) {
        let url = project.database_url().to_owned();
        let project = known_as_production(project, &url);
        for other in other_names(&project) {
            stopped(&project, project.command("reset --yes").args(["--database", &other])).says("production");
        }
    }

    fn a_token_used_again(project: Project) {
        let project = development(project);
        let token = token(&project);
        project.run(&format!("reset --confirm {token} --no-backup --reason x")).ok();
        stopped(&project, project.command(&format!("reset --confirm {token} --no-backup --reason x"))).says("no such token");
    }

    fn a_token_of_another_database(project: Project) {
        let other = development(Project::on(project.backend()));
        let token = token(&other);
        let project = development(project);
        stopped(&project, project.command(&format!("reset --confirm {token}"))).says("no such token");
    }

    fn a_token_from_before_it_was_protected(project: Project) {
        let project = development(project);
        let token = token(&project);
        mark(&project, "production", true);
        stopped(&project, project.command(&format!("reset --confirm {token} --yes"))).says("which is protected");
    }
}

/// The token of a reset's plan.
fn token(project: &Project) -> String {
    let facts = project.run("reset --plan --json").ok().json();
    facts["token"].as_str().unwrap_or_else(|| panic!("{facts}")).to_owned()
}

// 27 to 31: copies and other files in its place.
#[test]
fn a_copied_file() {
    let project = applied(Project::new());
    std::fs::copy(project.path("manage.db"), project.path("copy.db")).expect("the folder is ours");
    for command in ["rollback --all", "redo", "database drop --yes"] {
        stopped(&project, project.command(command).args(["--database", "copy.db"])).says("path was");
    }
}

#[test]
fn a_file_that_was_moved_in_its_place() {
    let project = applied(Project::new());
    std::fs::copy(project.path("manage.db"), project.path("copy.db")).expect("the folder is ours");
    std::fs::rename(project.path("copy.db"), project.path("manage.db")).expect("the folder is ours");
    stopped(&project, project.command("rollback --all")).says("inode was");
}

#[test]
fn a_file_that_was_overwritten_with_another() {
    let project = applied(Project::new());
    let other = applied(Project::new());
    // The marker's row goes with the content; path and inode of this file stay.
    std::fs::copy(other.path("manage.db"), project.path("manage.db")).expect("the folders are ours");
    stopped(&project, project.command("rollback --all")).says("path was");
}

#[test]
fn a_marker_copied_into_a_file_that_took_the_place() {
    let project = applied(Project::new());
    let other = applied(Project::new());
    let row = project.value("SELECT binding FROM manage_marker");
    std::fs::copy(other.path("manage.db"), project.path("manage.db")).expect("the folders are ours");
    project.execute(&format!("UPDATE manage_marker SET binding = '{row}'"));
    stopped(&project, project.command("rollback --all")).says("uuid was");
}

#[test]
fn a_hard_link_to_the_protected_file() {
    let project = known_as_production(Project::new(), "sqlite:manage.db");
    std::fs::hard_link(project.path("manage.db"), project.path("other.db")).expect("the folder is ours");
    for command in ["rollback --all --yes", "redo --yes", "database drop --yes"] {
        stopped(&project, project.command(command).args(["--database", "other.db"])).says("production");
    }
}

// 32 to 36: PostgreSQL's own.
#[test]
fn a_restored_dump() {
    let project = development(Project::on(Backend::Postgres));
    let name = database_name(&project);
    let copy = format!("{name}_copy");
    let admin = |sql: &str| {
        let mut client = postgres::Client::connect(&server().url("postgres"), postgres::NoTls).expect("the server is there");
        client.batch_execute(sql).unwrap_or_else(|error| panic!("{sql}: {error:?}"));
    };
    admin(&format!("CREATE DATABASE {copy} TEMPLATE {name}"));
    let url = server().url(&copy);

    let outcomes =
        ["rollback --all", "redo", "database drop --yes"].map(|command| project.command(command).env("DATABASE_URL", &url).run());
    let tables = project.command("status --json").env("DATABASE_URL", &url).run();
    admin(&format!("DROP DATABASE {copy}"));

    for outcome in outcomes {
        outcome.fails_with(4).says("database oid was");
    }
    assert_eq!(tables.json()["applied"].as_array().map(Vec::len), Some(2));
}

#[test]
fn a_scratch_database_on_its_server() {
    let project = production(Project::on(Backend::Postgres));
    stopped(&project, project.command("lint --roundtrip --yes"));
}

#[test]
fn a_database_that_was_renamed() {
    let project = development(Project::on(Backend::Postgres));
    let name = database_name(&project);
    let other = format!("{name}_new");
    let admin = |sql: &str| {
        let mut client = postgres::Client::connect(&server().url("postgres"), postgres::NoTls).expect("the server is there");
        client.batch_execute(sql).unwrap_or_else(|error| panic!("{sql}: {error:?}"));
    };
    admin(&format!("ALTER DATABASE {name} RENAME TO {other}"));

    let outcome = project.command("rollback --all").env("DATABASE_URL", server().url(&other)).run();
    admin(&format!("ALTER DATABASE {other} RENAME TO {name}"));

    outcome.fails_with(4).says("database name was");
}

#[test]
fn variables_of_psql_that_lead_elsewhere() {
    let project = production(Project::on(Backend::Postgres));
    let (name, port) = (database_name(&project), server().port().to_string());
    let invocation = project.command("rollback --all --yes").env("DATABASE_URL", "postgres://postgres@/");
    stopped(&project, invocation.env("PGHOST", server().host()).env("PGPORT", port).env("PGDATABASE", name)).says("production");
}

#[test]
fn several_hosts_of_which_one_is_protected() {
    let url = |project: &Project| {
        format!("postgres://postgres@nowhere.invalid:1,127.0.0.1:{}/{}", server().port(), database_name(project))
    };
    let project = Project::on(Backend::Postgres);
    let several = url(&project);
    let project = known_as_production(project, &several);
    stopped(&project, project.command("redo --yes")).says("production");
}

#[test]
fn a_role_that_cannot_read_who_the_server_is() {
    let project = production(Project::on(Backend::Postgres));
    let role = format!("blind_{}", database_name(&project));
    project.execute(&format!(
        "REVOKE EXECUTE ON FUNCTION pg_control_system() FROM PUBLIC; CREATE ROLE {role} LOGIN; \
         GRANT USAGE ON SCHEMA manage TO {role}; GRANT SELECT ON ALL TABLES IN SCHEMA manage TO {role}; \
         GRANT SELECT ON __diesel_schema_migrations TO {role}"
    ));
    let url = project.database_url().replacen("postgres@", &format!("{role}@"), 1);
    assert_ne!(url, project.database_url());

    let before = project.everything();
    let outcome = project.command("rollback --all --yes").env("DATABASE_URL", &url).run();
    let marked = project.command("status --json").env("DATABASE_URL", &url).run();

    assert_eq!(before, project.everything());
    project.execute(&format!("DROP OWNED BY {role}; DROP ROLE {role}"));
    outcome.fails_with(4).says("production");
    assert_eq!(marked.ok().json()["database"]["protected"], true);
}
