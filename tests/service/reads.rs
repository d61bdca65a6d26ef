//! Looking up.

use super::*;

/// Two people with five commands.
fn some(project: Project) -> (Project, Service) {
    let project = example(project);
    let service = Service::start(&project);
    project.execute("DELETE FROM custom_commands");
    project.execute("DELETE FROM custom_command_creators");
    let (ann, bob) = (service.creator(7), service.creator(8));
    for (creator, name) in [(ann, "momma"), (ann, "Momma"), (ann, "mom_2"), (bob, "mommb%"), (bob, "ärger")] {
        service.command(creator, name);
    }
    (project, service)
}

#[track_caller]
fn names(service: &Service, question: &str) -> Vec<String> {
    let page = service.get(question).is(200).json();
    let commands = page["custom_commands"].as_array().expect("a list");
    commands.iter().map(|command| command["name"].as_str().expect("a name").to_owned()).collect()
}

each_backend! {
    fn a_command_is_found_by_name_and_by_id_with_named_fields(project: Project) {
        let (_project, service) = some(project);

        let command = service.get("/by_name/momma").is(200).json();

        assert_eq!(service.get(&format!("/{}", command["id"])).is(200).json(), command);
        let fields: Vec<&str> = command.as_object().expect("named fields").keys().map(String::as_str).collect();
        assert_eq!(fields, ["id", "name", "content", "creator", "created_at", "updated_at", "last_used", "use_count", "warning_sent", "is_active", "tags"]);
        assert_eq!((&command["content"], &command["creator"]["discord_id"]), (&"says momma".into(), &7.into()));
        assert_eq!((&command["use_count"], &command["is_active"], &command["tags"]), (&0.into(), &true.into(), &serde_json::json!([])));
        assert_eq!(service.get("/by_name/%C3%A4rger").is(200).json()["creator"]["discord_id"], 8);
    }

    fn completion_is_by_the_bytes_of_the_beginning(project: Project) {
        let (_project, service) = some(project);
        let complete = |question: &str| service.get(&format!("/autocomplete?{question}")).is(200).body;

        assert_eq!(complete("partial_name=mom"), r#"["mom_2","momma","mommb%"]"#);
        assert_eq!(complete("partial_name=mom_"), r#"["mom_2"]"#);
        assert_eq!(complete("partial_name=mommb%25"), r#"["mommb%"]"#);
        assert_eq!(complete("partial_name=M"), r#"["Momma"]"#);
        assert_eq!(complete("partial_name=%C3%A4"), "[\"ärger\"]");
        assert_eq!(complete("partial_name=%F4%8F%BF%BF"), "[]");
        assert_eq!(complete("partial_name=&limit=2"), r#"["Momma","mom_2"]"#);
    }

    fn lists_are_filtered_ordered_and_paged(project: Project) {
        let (_project, service) = some(project);
        service.write("PATCH", "/by_name/mom_2/execute", "").is(200);
        service.write("PATCH", "/by_name/mom_2/execute", "").is(200);
        service.write("PATCH", "/by_name/momma/execute", "").is(200);
        let id = service.get("/by_name/%C3%A4rger").json()["id"].clone();
        service.write("PATCH", &format!("/{id}"), r#"{"is_active": false}"#).is(200);

        assert_eq!(names(&service, ""), ["Momma", "mom_2", "momma", "mommb%", "ärger"]);
        assert_eq!(names(&service, "?sort=-name&page_size=2"), ["ärger", "mommb%"]);
        assert_eq!(names(&service, "?sort=-name&page_size=2&page=3"), ["Momma"]);
        assert_eq!(names(&service, "?page=9"), [""; 0]);
        assert_eq!(names(&service, "?name=mom&creator_discord_id=7"), ["mom_2", "momma"]);
        assert_eq!(names(&service, "?is_active=false"), ["ärger"]);
        assert_eq!(names(&service, "?is_active=true&creator_discord_id=8"), ["mommb%"]);
        assert_eq!(names(&service, "?min_uses=2"), ["mom_2"]);
        assert_eq!(names(&service, "?sort=-use_count")[..2], ["mom_2", "momma"]);
        assert_eq!(names(&service, "?sort=use_count")[3..], ["momma", "mom_2"]);
        assert_eq!(names(&service, "?sort=last_used")[..2], ["mom_2", "momma"], "what was never used comes last");
        assert_eq!(names(&service, "?sort=-last_used")[..2], ["momma", "mom_2"], "what was never used comes last");
        assert_eq!(names(&service, "?sort=created_at")[0], "momma");
        assert_eq!(names(&service, "?sort=-created_at")[4], "momma");
        let page = service.get("?page_size=2&page=2").json();
        assert_eq!((&page["count"], &page["page"], &page["page_size"], &page["total_pages"]), (&5.into(), &2.into(), &2.into(), &3.into()));
    }

    fn fixed_words_are_no_ids(project: Project) {
        let (_project, service) = some(project);

        let statistics = service.get("/stats").is(200).json();
        service.get("/autocomplete?partial_name=").is(200);
        service.get("/creators").refuses(405, "method_not_allowed");

        assert_eq!((&statistics["total_commands"], &statistics["active_commands"], &statistics["total_creators"]), (&5.into(), &5.into(), &2.into()));
        assert_eq!(statistics["most_active_creator"], serde_json::json!({ "username": "user 7", "total_commands": 3 }));
        assert_eq!(statistics["most_used"], serde_json::Value::Null);
    }

    fn what_is_not_there_is_not_found(project: Project) {
        let (_project, service) = some(project);

        assert_eq!(service.get("/by_name/nobody").refuses(404, "not_found"), r#"no command is called "nobody""#);
        assert_eq!(service.get("/99999").refuses(404, "not_found"), "no command has the id 99999");
        service.get("/by_name/").refuses(404, "not_found");
        service.get("/1/2/3").refuses(404, "not_found");
        service.client.send("GET", "/nowhere", &[], "").refuses(404, "not_found");
        for (method, path) in [("POST", "/1"), ("PUT", ""), ("TRACE", "/stats"), ("DELETE", "/by_name/momma")] {
            let answer = service.write(method, path, "");
            assert!(answer.header("allow").is_some_and(|allowed| allowed.contains("GET")), "{answer:?}");
            answer.refuses(405, "method_not_allowed");
        }
    }

    fn what_cannot_be_asked_is_refused(project: Project) {
        let (_project, service) = some(project);

        for question in [
            "?page=0", "?page=1000001", "?page_size=0", "?page_size=101", "?page=one", "?page=1&page=2", "?sort=length",
            "?is_active=1", "?min_uses=0", "?creator_discord_id=-1", "?creator_discord_id=9223372036854775808", "?pagesize=3",
            "?name=a%00", "/autocomplete", "/autocomplete?partial_name=a&limit=101", "/autocomplete?partial_name=%00", "/by_name/a%00",
            "/by_name/%FF", "/0", "/-1", "/1.5", "/one", "/9223372036854775808",
        ] {
            service.get(question).refuses(422, "invalid");
        }
        assert_eq!(service.get("?page_size=101").refuses(422, "invalid"), "page_size: 101 is not between 1 and 100");
    }
}
