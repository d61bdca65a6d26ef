//! From the old bot's database to answers from the new one.

use super::*;

const FOUND: [&str; 4] = ["yeli", "thedata", "momma", "charlieblackmon"];

/// Moves everything, and starts the service.
fn moved(project: &Project) -> Service {
    project.command("migrate --project old").without_env("DATABASE_URL").run().ok();
    let target = format!("--target {}", project.database_url());
    project.run(&format!("transfer all --yes {target}")).ok();
    project.run(&format!("transfer validate {target}")).ok().says("the new database says what the old one says");
    Service::start(project)
}

each_backend! {
    fn everything_that_was_there_answers(project: Project) {
        let project = example(project);
        project.run("migrate").ok();

        let service = moved(&project);

        let old = rusqlite::Connection::open(project.path("old.db")).expect("it is made");
        for name in FOUND {
            let command = service.get(&format!("/by_name/{name}")).is(200).json();
            let sql = "SELECT c.message, p.discordid FROM command c JOIN creator p ON p.id = c.creator_id WHERE c.name = ?1";
            let (content, discord_id): (String, i64) =
                old.query_row(sql, [name], |row| Ok((row.get(0)?, row.get(1)?))).expect("it is there");
            assert_eq!((&command["content"], &command["creator"]["discord_id"]), (&content.into(), &discord_id.into()));
            assert_eq!(command["tags"], serde_json::json!(["migrated"]));
        }
        assert_eq!(service.get("/autocomplete?partial_name=mom").is(200).body, r#"["momma"]"#);
        let statistics = service.get("/stats").is(200).json();
        assert_eq!((&statistics["total_commands"], &statistics["total_creators"]), (&141.into(), &31.into()));
        let person = service.get("/by_name/yeli").json()["creator"].clone();
        let counted = service.get(&format!("?creator_discord_id={}", person["discord_id"])).json()["count"].clone();
        assert_eq!(person["total_commands"], counted);
        service.get("/by_name/yelli").refuses(404, "not_found");
        let id = service.get("/by_name/yeli").json()["id"].clone();
        service.client.send("DELETE", &at(&format!("/{id}")), &[], "").refuses(401, "unauthorized");
        assert_eq!(service.write("PATCH", "/by_name/yeli/execute", "").is(200).json()["use_count"], 1);
    }

    fn alone_they_are_a_hundred_and_forty_of_thirty(project: Project) {
        let project = example(project);
        project.run("migrate").ok();
        project.execute("DELETE FROM custom_commands");
        project.execute("DELETE FROM custom_command_creators");

        let service = moved(&project);

        let statistics = service.get("/stats").is(200).json();
        assert_eq!((&statistics["total_commands"], &statistics["total_creators"]), (&140.into(), &30.into()));
        assert_eq!(statistics["about_to_be_deleted"], 0);
    }
}
