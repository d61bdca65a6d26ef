//! `manage marker`: shown, set, bound.

use super::*;

each_backend! {
    fn a_marker_is_shown_with_what_it_is_bound_to(project: Project) {
        let project = applied(project);
        mark(&project, "staging", false);
        let before = project.everything();

        let shown = project.run("marker show");
        let facts = project.run("marker show --json").ok().json();

        shown.ok().says("staging").says("bound to").says("guards    staging: its marker says staging");
        assert_eq!(facts["marker"]["name"], "staging");
        assert_eq!(facts["marker"]["holds"], true);
        assert_eq!(facts["standing"], "staging");
        let part = if project.backend() == Backend::Sqlite { "inode" } else { "system identifier" };
        assert!(facts["marker"]["binding"][part].is_string(), "{facts}");
        assert_eq!(before, project.everything());
    }

    fn without_a_marker_it_says_what_to_do(project: Project) {
        let project = applied(project);
        unmark(&project);

        project.run("marker show").ok().says("marker    none").says("manage marker set NAME");
        project.run("doctor").says("manage marker set NAME");
    }

    fn a_development_database_becomes_another_with_a_yes_and_a_note(project: Project) {
        let project = applied(project);
        mark(&project, "development", false);
        project.write("docs/notes/README.md", "# Notes\n");

        let set = project.command("marker set qa --reason SUP-7 --yes").env("MANAGE_USER", "Anna").run();

        set.ok().snapshot("marker_set");
        assert_eq!(marker_of(&project), "qa");
        let note = project.run("notes show 1 --json").ok().json()["note"].clone();
        assert_eq!(note["kind"], "marker set");
        assert_eq!(note["reason"], "SUP-7");
        assert_eq!(note["who"], "Anna");
        assert_eq!(note["environment"], "qa");
        assert_eq!(note["facts"]["was"]["name"], "development");
        project.run("notes check").ok();
        project.run("status").ok().says("qa");
        // The same again is nothing, and asks for nothing.
        let before = project.everything();
        project.run("marker set qa").ok().says("nothing to do");
        assert_eq!(before, project.everything());
    }

    fn an_environment_that_is_protected_makes_a_protected_marker(project: Project) {
        let project = applied(project);
        mark(&project, "development", false);
        let url = project.database_url();
        project.write(
            "manage.toml",
            &format!("[environments.eu]\nurl = \"{url}\"\nprotected = true\n[environments.qa]\nurl = \"{url}\"\n"),
        );
        let name = database_name(&project);

        // It is protected by manage.toml, whatever the marker says, so its name is asked.
        refused(&project, 4, "marker set eu --env eu --yes");
        Terminal::run(&project, "marker set eu --env eu").expect("go on: ").type_line(&name).finish().ok();

        assert_eq!(marker_of(&project), "eu, protected");
        assert_eq!(project.run("status --json").ok().json()["database"]["protected"], true);
        refused(&project, 4, "marker set qa --env qa --reason x").says("`protected = true`");
        refused(&project, 4, "marker set qa --env eu").says("--env chose the environment eu");
    }

    fn names_that_mean_production_protect_by_themselves(project: Project) {
        let project = applied(project);
        for name in ["production", "prod", "live"] {
            mark(&project, "development", false);

            project.run(&format!("marker set {name} --yes")).ok();

            assert_eq!(marker_of(&project), format!("{name}, protected"));
        }
    }

    fn names_and_databases_that_cannot_be_marked_are_refused(project: Project) {
        let project = applied(project);

        for name in ["Production", "'a b'", "''", "a=b"] {
            refused(&project, 2, &format!("marker set {name}"));
        }
        refused(&project, 2, "marker set");
    }

    fn who_may_not_write_sets_no_marker(project: Project) {
        let project = applied(project);
        mark(&project, "development", false);
        let code = 3;
        match project.backend() {
            Backend::Sqlite => {
                std::fs::rename(project.path("manage.db"), project.path("elsewhere.db")).expect("the folder is ours");
                project.run("marker set qa --yes").fails_with(2).says("not made yet");
            }
            Backend::Postgres => {
                let database = database_name(&project);
                let role = format!("reader_{database}");
                project.execute(&format!("CREATE ROLE {role} LOGIN; GRANT USAGE ON SCHEMA manage TO {role}; GRANT SELECT ON ALL TABLES IN SCHEMA manage TO {role}"));
                let url = project.database_url().replacen("postgres@", &format!("{role}@"), 1);
                assert_ne!(url, project.database_url());
                let before = project.everything();

                let outcome = project.command("marker set qa --yes").env("DATABASE_URL", &url).run();
                let shown = project.command("marker show").env("DATABASE_URL", &url).run();
                let listed = project.command("notes list").env("DATABASE_URL", &url).run();

                outcome.fails_with(code);
                shown.ok().says("development");
                listed.ok().says("no notes yet");
                assert_eq!(before, project.everything());
                project.execute(&format!("DROP OWNED BY {role}; DROP ROLE {role}"));
            }
        }
    }

    fn the_first_line_says_why_a_marker_does_not_hold(project: Project) {
        let project = applied(project);
        mark(&project, "staging", false);
        let (part, table) = match project.backend() {
            Backend::Sqlite => ("inode", "manage_marker"),
            Backend::Postgres => ("database oid", "manage.manage_marker"),
        };
        project.execute(&format!("UPDATE {table} SET binding = replace(binding, '{part}=', '{part}=9')"));

        let status = project.run("status");

        let first = status.ok().stdout.lines().next().unwrap_or_default().to_owned();
        assert!(first.contains(&format!("{part} was 9")) && first.contains("manage marker set"), "{first}");
        assert_eq!(project.run("status --json").ok().json()["database"]["marker"], serde_json::Value::Null);
        // And setting it mends it, with the name.
        refused(&project, 4, "marker set staging --yes");
        let name = database_name(&project);
        Terminal::run(&project, "marker set staging").expect("which does not hold").expect("go on: ").type_line(&name).finish().ok();
        project.run("status").ok().does_not_say("was 9");
    }
}

#[test]
fn a_ledger_of_before_gets_its_marker_bound_anew_by_the_next_step() {
    let project = applied(Project::new());
    project.with_the_first_ledger();

    project.run("status").ok().says("development");
    project.run("notes list").ok().says("no notes yet");

    let project = project.migration("20260109000000_more", "CREATE TABLE more (id INTEGER);\n", "DROP TABLE more;\n");
    project.run("migrate").ok();

    project.run("status").ok().says("development");
    assert!(project.value("SELECT binding FROM manage_marker").contains("uuid="));
}
