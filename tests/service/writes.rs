//! Making, changing, deleting; who may; and that the creators' counts follow.

use super::*;

/// Those whose counts are not those of their rows.
const MISCOUNTED: &str = "SELECT count(*) FROM custom_command_creators p \
     WHERE total_commands <> (SELECT count(*) FROM custom_commands c WHERE c.creator_id = p.id) \
     OR active_commands <> (SELECT count(*) FROM custom_commands c WHERE c.creator_id = p.id AND c.is_active)";

/// The service, on a database of its own.
fn begin(project: Project) -> (Project, Service) {
    let project = example(project);
    let service = Service::start(&project);
    (project, service)
}

each_backend! {
    fn a_command_is_made_changed_and_deleted(project: Project) {
        let (project, service) = begin(project);
        let creator = service.creator(7);
        let body = format!(r#"{{"name": "greet", "content": "Good\nmorning ☀", "creator_id": {creator}, "tags": ["a", "b\"c"]}}"#);

        let made = service.write("POST", "", &body).is(201);

        let (place, command) = (made.header("location").expect("where it is"), made.json());
        assert_eq!(service.client.send("GET", &place, &[], "").is(200).json(), command);
        assert_eq!((&command["content"], &command["tags"]), (&"Good\nmorning ☀".into(), &serde_json::json!(["a", "b\"c"])));
        assert_eq!((&command["creator"]["total_commands"], &command["creator"]["active_commands"]), (&1.into(), &1.into()));
        assert_eq!(command["updated_at"], serde_json::Value::Null);
        let path = format!("/{}", command["id"]);
        let changed = service.write("PATCH", &path, r#"{"name": "salute", "is_active": false}"#).is(200).json();
        assert_eq!((&changed["name"], &changed["content"], &changed["tags"]), (&"salute".into(), &command["content"], &command["tags"]));
        assert_eq!((&changed["creator"]["total_commands"], &changed["creator"]["active_commands"]), (&1.into(), &0.into()));
        assert!(changed["updated_at"].as_str().is_some_and(|at| at.ends_with('Z')), "{changed}");
        assert_eq!(service.write("PATCH", &path, r#"{"tags": null}"#).is(200).json()["tags"], serde_json::json!([]));
        service.get("/by_name/greet").refuses(404, "not_found");
        assert_eq!(service.write("DELETE", &path, "").is(204).body, "");
        service.write("DELETE", &path, "").refuses(404, "not_found");
        service.write("PATCH", &path, r#"{"is_active": true}"#).refuses(404, "not_found");
        assert_eq!(project.value(MISCOUNTED), "0");
        assert_eq!(project.value("SELECT total_commands FROM custom_command_creators WHERE discord_id = 7"), "0");
    }

    fn what_is_taken_is_a_conflict(project: Project) {
        let (project, service) = begin(project);
        let creator = service.creator(7);
        service.command(creator, "one");
        let two = service.command(creator, "two");
        let before = project.query("SELECT * FROM custom_commands ORDER BY id");

        let again = format!(r#"{{"name": "one", "content": "other", "creator_id": {creator}}}"#);
        assert_eq!(service.write("POST", "", &again).refuses(409, "conflict"), r#"a command is called "one" already"#);
        service.write("PATCH", &format!("/{two}"), r#"{"name": "one"}"#).refuses(409, "conflict");
        service.write("POST", "/creators", r#"{"discord_id": 7, "username": "x"}"#).refuses(409, "conflict");
        let nobodys = r#"{"name": "three", "content": "x", "creator_id": 4711}"#;
        assert_eq!(service.write("POST", "", nobodys).refuses(404, "not_found"), "no creator has the id 4711");

        assert_eq!(project.query("SELECT * FROM custom_commands ORDER BY id"), before);
        assert_eq!(project.value(MISCOUNTED), "0");
    }

    fn one_that_is_not_active_is_not_used(project: Project) {
        let (_project, service) = begin(project);
        let id = service.command(service.creator(7), "idle");
        service.write("PATCH", &format!("/{id}"), r#"{"is_active": false}"#).is(200);

        service.write("PATCH", "/by_name/idle/execute", "").refuses(409, "conflict");

        assert_eq!(service.get(&format!("/{id}")).json()["use_count"], 0);
        service.write("PATCH", "/by_name/nobody/execute", "").refuses(404, "not_found");
    }

    fn without_the_token_nothing_is_written(project: Project) {
        let (project, service) = begin(project);
        let id = service.command(service.creator(7), "mine");
        let before = project.everything();
        let json = "Content-Type: application/json";
        let long = "x".repeat(1000);

        for said in ["", "Authorization: Bearer", "Authorization: Bearer x", "Authorization: Basic YTpi", "Authorization: Bearer a token of the test", &bearer(&long), &bearer(&format!("{TOKEN}s")), "X-Token: a token of the tests"] {
            let headers: Vec<&str> = [said, json].into_iter().filter(|header| !header.is_empty()).collect();
            for (method, path, body) in [
                ("POST", at("/creators"), r#"{"discord_id": 9, "username": "x"}"#),
                ("POST", at(""), r#"{"name": "x", "content": "x", "creator_id": 1}"#),
                ("PATCH", at(&format!("/{id}")), r#"{"content": "x"}"#),
                ("PATCH", at("/by_name/mine/execute"), ""),
                ("DELETE", at(&format!("/{id}")), ""),
                // Who may not write does not learn what is wrong with it either.
                ("POST", at(""), "{"),
                ("DELETE", at("/x"), ""),
            ] {
                let answer = service.client.send(method, &path, &headers, body);
                assert_eq!(answer.header("www-authenticate").as_deref(), Some("Bearer"));
                answer.refuses(401, "unauthorized");
            }
        }

        assert_eq!(project.everything(), before);
        service.get("/by_name/mine").is(200);
    }

    fn where_no_token_is_set_every_write_is_refused(project: Project) {
        let project = example(project);
        let service = Service::with(&project, &[("CUSTOM_COMMANDS_TOKEN", " ")]);

        for token in ["", " ", TOKEN] {
            service.client.send("DELETE", &at("/1"), &[&bearer(token)], "").refuses(401, "unauthorized");
        }

        service.get("/by_name/hello").is(200);
        assert!(service.running.said().contains("CUSTOM_COMMANDS_TOKEN is not set"), "{}", service.running.said());
    }

    fn what_cannot_be_kept_is_refused(project: Project) {
        let (project, service) = begin(project);
        let creator = service.creator(7);
        let id = service.command(creator, "mine");
        let before = project.everything();
        let with = |field: &str, value: &str| {
            let mut body = serde_json::json!({ "name": "new", "content": "new", "creator_id": creator });
            body[field] = serde_json::from_str(value).expect("JSON");
            body.to_string()
        };
        let (long, longer) = (format!("\"{}\"", "ü".repeat(33)), format!("\"{}\"", "ü".repeat(2001)));

        for body in [
            with("name", "\"\""), with("name", "\" \\t\""), with("name", "\"a\\u0000\""), with("name", "\"a\\nb\""), with("name", &long), with("name", "null"), with("name", "7"),
            with("content", "\"\""), with("content", "\"a\\u0000\""), with("content", &longer), with("creator_id", "0"), with("creator_id", "1.5"),
            with("creator_id", "1e300"), with("creator_id", "\"1\""), with("tags", "[7]"), with("tags", "\"a\""), with("tags", "[\"\"]"), with("tags", &format!("{:?}", ["a"; 21])),
            with("use_count", "7"), "".to_owned(), "{".to_owned(), "[]".to_owned(), r#"{"name": "x"}"#.to_owned(), r#"{"name": "\ud800"}"#.to_owned(),
        ] {
            service.write("POST", "", &body).refuses(422, "invalid");
        }
        for body in ["{}", r#"{"name": null}"#, r#"{"is_active": null}"#, r#"{"is_active": 1}"#, r#"{"creator_id": 1}"#, r#"{"name": "a", "name": "b"}"#] {
            service.write("PATCH", &format!("/{id}"), body).refuses(422, "invalid");
        }
        for body in [r#"{"discord_id": 8}"#, r#"{"discord_id": 0, "username": "x"}"#, r#"{"discord_id": 8, "username": ""}"#, r#"{"discord_id": 8, "username": "x", "display_name": ""}"#] {
            service.write("POST", "/creators", body).refuses(422, "invalid");
        }

        assert_eq!(project.everything(), before);
        // What just fits is taken.
        let whole = serde_json::json!({ "name": "ü".repeat(32), "content": "😀".repeat(2000), "creator_id": creator, "tags": vec!["t"; 20] });
        service.write("POST", "", &whole.to_string()).is(201);
    }

    fn many_who_write_at_once_leave_the_counts_right(project: Project) {
        let (project, service) = begin(project);
        let (ann, bob) = (service.creator(7), service.creator(8));

        std::thread::scope(|scope| {
            for writer in 0..8 {
                let service = &service;
                scope.spawn(move || {
                    for turn in 0..12 {
                        let id = service.command(if turn % 3 == 0 { bob } else { ann }, &format!("{writer} {turn}"));
                        match turn % 4 {
                            0 => drop(service.write("DELETE", &format!("/{id}"), "").is(204)),
                            1 => drop(service.write("PATCH", &format!("/{id}"), r#"{"is_active": false}"#).is(200)),
                            _ => {}
                        }
                        // A name for which all of them compete: one at a time has it.
                        let taken = service.write("PATCH", &format!("/{id}"), r#"{"name": "wanted"}"#).status;
                        assert!([200, 404, 409].contains(&taken), "{taken}");
                    }
                });
            }
        });

        assert_eq!(project.value(MISCOUNTED), "0");
        assert_eq!(project.value("SELECT count(*) FROM custom_commands WHERE name <> 'hello'"), (8 * 9).to_string());
        let statistics = service.get("/stats").json();
        assert_eq!((&statistics["total_commands"], &statistics["active_commands"]), (&73.into(), &49.into()));
    }
}
