//! The service of the example, run as it is built, over real connections and on both databases.

mod away;
mod client;
mod counting;
mod document;
mod grace;
mod limits;
mod reads;
mod stopping;
mod whole;
mod writes;

use std::path::Path;

use client::{Answer, Client};

use crate::support::*;

const EXAMPLE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/custom-commands");
const TOKEN: &str = "a token of the tests";

/// A copy of the example, with nothing in its database yet.
fn example(project: Project) -> Project {
    copy(Path::new(EXAMPLE), &project.folder());
    project
}

/// A service that runs, and the way to it. It is killed with the value.
struct Service {
    running: Running,
    client: Client,
}

impl Service {
    /// Starts it on the project's database, which it brings up to date.
    #[track_caller]
    fn start(project: &Project) -> Self {
        Self::with(project, &[])
    }

    /// The same with more variables.
    #[track_caller]
    fn with(project: &Project, variables: &[(&str, &str)]) -> Self {
        let program = built("custom-commands").display().to_string();
        let mut invocation = project.program(&program, "custom-commands");
        for (name, value) in [("LISTEN", "127.0.0.1:0"), ("CUSTOM_COMMANDS_TOKEN", TOKEN)].iter().chain(variables) {
            invocation = invocation.env(name, value);
        }
        let running = invocation.spawn().until_it_says("listening on ");
        let said = running.said();
        let address = said.lines().find_map(|line| line.strip_prefix("listening on http://")).expect("it says where");
        let client = Client::to(address.parse().expect("an address and a port"));
        Self { running, client }
    }

    /// Reads, below the address of the commands.
    #[track_caller]
    fn get(&self, path: &str) -> Answer {
        self.client.send("GET", &at(path), &[], "")
    }

    /// Writes, with the token.
    #[track_caller]
    fn write(&self, method: &str, path: &str, body: &str) -> Answer {
        self.client.send(method, &at(path), &[&bearer(TOKEN), "Content-Type: application/json"], body)
    }

    /// Makes somebody, and gives the id.
    #[track_caller]
    fn creator(&self, discord_id: i64) -> i64 {
        let body = format!(r#"{{"discord_id": {discord_id}, "username": "user {discord_id}"}}"#);
        self.write("POST", "/creators", &body).is(201).json()["id"].as_i64().expect("a number")
    }

    /// Makes a command, and gives the id.
    #[track_caller]
    fn command(&self, creator: i64, name: &str) -> i64 {
        let body = serde_json::json!({ "name": name, "content": format!("says {name}"), "creator_id": creator });
        self.write("POST", "", &body.to_string()).is(201).json()["id"].as_i64().expect("a number")
    }
}

fn at(path: &str) -> String {
    format!("/api/v3/custom_commands{path}")
}

fn bearer(token: &str) -> String {
    format!("Authorization: Bearer {token}")
}
