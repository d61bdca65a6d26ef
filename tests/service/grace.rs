//! The grace rule: the project's check, its patch, and the service's number are about the same commands.

use super::*;

/// Ages of commands, as they would stand on this database.
fn ages(project: &Project) {
    let ago = |text: &str| match project.backend() {
        Backend::Sqlite => format!("datetime('now', '-{text}')"),
        Backend::Postgres => format!("date_trunc('second', now() AT TIME ZONE 'UTC' - INTERVAL '{text}')"),
    };
    let soon = match project.backend() {
        Backend::Sqlite => "datetime('now', '+1 days')",
        Backend::Postgres => "date_trunc('second', now() AT TIME ZONE 'UTC' + INTERVAL '1 day')",
    };
    let (new, old) = (ago("10 days"), ago("70 days"));
    for (name, created, used, active) in [
        ("unused and old", &old, "NULL", "TRUE"),
        ("unused and new", &new, "NULL", "TRUE"),
        ("sixty days", &old, ago("60 days").as_str(), "TRUE"),
        ("a minute less", &old, ago("86395 minutes").as_str(), "TRUE"),
        ("tomorrow", &old, soon, "TRUE"),
        ("not active", &old, "NULL", "FALSE"),
    ] {
        project.execute(&format!(
            "INSERT INTO custom_commands (name, content, creator_id, created_at, last_used, is_active) \
             SELECT '{name}', 'x', id, {created}, {used}, {active} FROM custom_command_creators WHERE discord_id = 42"
        ));
    }
    project.execute("DELETE FROM custom_commands WHERE name = 'hello'");
}

each_backend! {
    fn who_is_about_to_be_deleted_is_named_and_gets_a_grace_period(project: Project) {
        let project = example(project);
        let service = Service::start(&project);
        ages(&project);
        project.run("scripts check").ok();
        let untouched = "SELECT name, last_used FROM custom_commands WHERE name NOT IN ('sixty days', 'unused and old') ORDER BY name";
        let before = project.query(untouched);

        project.run("verify grace-period").exits_with(1)
            .says("2 findings in custom_commands").says("sixty days has not been used since").says("unused and old has not been used since")
            .does_not_say("tomorrow").does_not_say("a minute less").does_not_say("not active").does_not_say("unused and new");
        assert_eq!(service.get("/stats").json()["about_to_be_deleted"], 2);
        project.run("fix grace-period --yes --max-rows 5 --reason 'a summer without visitors'").ok().says("2 rows written").says("2 → 0");

        project.run("verify grace-period").ok();
        assert_eq!(service.get("/stats").json()["about_to_be_deleted"], 0);
        assert_eq!(project.query(untouched), before);
        let id = service.get("/by_name/sixty%20days").json()["id"].clone();
        assert!(service.get(&format!("/{id}")).json()["last_used"].as_str().is_some_and(|at| at.len() == "2026-01-01T00:00:00Z".len()));
        project.run("undo 1 --yes --max-rows 5").ok();
        assert_eq!(service.get("/stats").json()["about_to_be_deleted"], 2);
        // Half of the time: more are named.
        project.run("verify grace-period --param days=9").exits_with(1).says("4 findings");
    }
}
