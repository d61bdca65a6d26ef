//! No word that anybody reads holds a password.

use super::*;

/// A word that nothing else writes.
const PASSWORD: &str = "Xq7hunter2Zz";

/// Writes the run into one heap, with the log.
struct Heap {
    project: Project,
    text: String,
}

impl Heap {
    fn run(&mut self, arguments: &[&str], environment: &[(&str, &str)]) {
        for json in [false, true] {
            let mut invocation = self.project.command("").args(arguments).env("MANAGE_LOG", "trace");
            if json {
                invocation = invocation.args(["--json", "--log", "log"]);
            } else {
                invocation = invocation.args(["-v", "--log", "log"]);
            }
            for (name, value) in environment {
                invocation = invocation.env(name, *value);
            }
            let outcome = invocation.run();
            // Not the line that shows what was typed.
            self.text.push_str(&format!("{arguments:?}\n").replace(PASSWORD, "***"));
            self.text.push_str(&format!("{}\n{}\n{}\n", outcome.code, outcome.stdout, outcome.stderr));
            assert!(![101, 134].contains(&outcome.code), "it panics\n{outcome}");
        }
    }
}

#[test]
fn a_password_is_never_said() {
    let cluster = Cluster::with().access("host all ada 127.0.0.1/32 scram-sha-256").start();
    cluster.execute(&format!("CREATE ROLE ada LOGIN SUPERUSER PASSWORD '{PASSWORD}'"));
    let port = cluster.port();
    let good = format!("postgres://ada:{PASSWORD}@127.0.0.1:{port}/postgres");
    let mut heap = Heap { project: with_two_migrations(Project::new()), text: String::new() };
    heap.project.write(
        "manage.toml",
        &format!(
            "[environments.prod]\nurl = \"{good}\"\nprotected = true\n[environments.odd]\nurl = \"mysql://ada:{PASSWORD}@x/y\"\n"
        ),
    );

    // What works, and what fails on the way.
    let on = [("DATABASE_URL", good.as_str())];
    for command in [
        &["migrate"][..],
        &["status"],
        &["doctor"],
        &["migrate", "--plan"],
        &["migrate", "--sql"],
        &["rollback", "--sql"],
        &["rollback"],
        &["rollback", "--yes"],
        &["redo", "--yes"],
        &["database", "create"],
        &["database", "wait"],
        &["database", "drop", "--yes"],
        &["status", "--env", "prod"],
        &["status", "--env", "odd"],
        &["rollback", "--env", "prod"],
        &["setup"],
    ] {
        heap.run(command, &on);
    }
    heap.project.write("migrations/20260104000000_bad/up.sql", "SELEC 1;");
    heap.run(&["migrate"], &on);

    // URLs that are wrong in every way, wherever somebody may put them.
    for url in [
        format!("postgres://ada:{PASSWORD}@127.0.0.1:1/x"),
        format!("postgres://ada:{PASSWORD}x@127.0.0.1:{port}/postgres"),
        format!("postgres://ada:{PASSWORD}@127.0.0.1:{port}/missing"),
        format!("postgres://ada:{PASSWORD}@no-such-host.invalid/x"),
        format!("postgres://ada:{PASSWORD}@127.0.0.1:port/x"),
        format!("postgres://ada:{PASSWORD}@127.0.0.1:{port}/postgres?sslmode=require"),
        format!("postgres://ada:{PASSWORD}@127.0.0.1:{port}/postgres?nonsense=1"),
        format!("postgres://ada:{PASSWORD}@[::1/x"),
        format!("postgres://ada:{PASSWORD}"),
        format!("postgres://ada:{PASSWORD}/x"),
        format!("postgres://ada:{PASSWORD}@"),
        format!("postgres://ada:%zz{PASSWORD}@127.0.0.1/x"),
        format!("postgres://ada:a/{PASSWORD}@127.0.0.1:1/x"),
        format!("postgres://ada:a?{PASSWORD}@127.0.0.1:1/x"),
        format!("postgres://ada:a#{PASSWORD}@127.0.0.1:1/x"),
        format!("postgres://ada:a@{PASSWORD}@127.0.0.1:1/x"),
        format!("postgres://ada:a'{PASSWORD}@127.0.0.1:1/x"),
        format!("postgres://ada:a\"{PASSWORD}@127.0.0.1:1/x"),
        format!("postgres://ada:a`{PASSWORD}@127.0.0.1:1/x"),
        format!("postgres://ada:a {PASSWORD}@127.0.0.1:1/x"),
        format!("postgres://127.0.0.1:1/x?user=ada&password={PASSWORD}"),
        format!("postgres://127.0.0.1:1/x?user=ada&password={PASSWORD}&nonsense=1"),
        format!("postgres://127.0.0.1:1/x?user=ada&sslpassword={PASSWORD}"),
        format!("postgresql://ada:{PASSWORD}@127.0.0.1:1/x"),
        format!("postgre://ada:{PASSWORD}@127.0.0.1:1/x"),
        format!("postgres:/ada:{PASSWORD}@127.0.0.1:1/x"),
        format!("postgres:ada:{PASSWORD}@127.0.0.1:1/x"),
        format!("mysql://ada:{PASSWORD}@127.0.0.1:1/x"),
        format!("ada:{PASSWORD}@127.0.0.1:1/x"),
        format!("host=127.0.0.1 port=1 user=ada password={PASSWORD}"),
        format!("password='{PASSWORD}' host=127.0.0.1"),
    ] {
        let url = url.as_str();
        heap.run(&["migrate"], &[("DATABASE_URL", url)]);
        let odd = ["a'", "a\"", "a ", "a@", "@[", "ada:%", "password=", "postgres:/a", "postgres:a", "=ada"];
        if url.starts_with("ada:") || odd.iter().any(|part| url.contains(part)) {
            // As an argument in a wrong place.
            heap.run(&["migrate", url], &[]);
            heap.run(&["migrate", "5", url], &[]);
            heap.run(&[url], &[]);
            heap.run(&["status", &format!("--databse={url}"), url], &[]);
            heap.run(&["status", "--env", url], &[]);
            heap.run(&["status", "--project", url], &[]);
            heap.run(&["status", "--database", &format!("env:{url}")], &[]);
            heap.run(&["migrate", "--lock-timeout", url], &[]);
            heap.run(&["rollback", "--steps", url], &[]);
            heap.run(&["sqlmigrate", url], &[]);
            heap.run(&["status", "--output", &format!("{url}/x")], &[]);
        }
    }

    // From the environment and from files.
    let without = format!("postgres://ada@127.0.0.1:{port}/postgres");
    heap.run(&["status", "--database", &without], &[("PGPASSWORD", PASSWORD)]);
    heap.run(&["status", "--database", &without], &[("PGPASSWORD", &format!("wrong{PASSWORD}"))]);
    let passfile = heap.project.home().join(".pgpass");
    std::fs::write(&passfile, format!("127.0.0.1:{port}:*:ada:{PASSWORD}\n")).expect("the home is ours");
    for mode in [0o600, 0o644] {
        let permissions = std::os::unix::fs::PermissionsExt::from_mode(mode);
        std::fs::set_permissions(&passfile, permissions).expect("the file is ours");
        heap.run(&["status", "--database", &without], &[]);
    }
    for line in [
        format!("DATABASE_URL={good}\n"),
        format!("DATABASE_URL={good} and more\n"),
        format!("{PASSWORD}\n"),
        format!("A='{PASSWORD}\n"),
    ] {
        heap.project.write(".env", &line);
        heap.run(&["status"], &[]);
        heap.run(&["status", "--database", "env:DATABASE_URL"], &[]);
    }

    let log = heap.project.read("log");
    assert!(log.contains("begins") && log.contains("reached"), "the log should tell what happens");
    for (name, text) in [("the screen", &heap.text), ("the log", &log)] {
        if let Some(at) = text.find(PASSWORD) {
            let start = text[..at].char_indices().rev().nth(600).map_or(0, |(at, _)| at);
            panic!("a password stands in {name}:\n{}", &text[start..(at + 200).min(text.len())]);
        }
    }
}
