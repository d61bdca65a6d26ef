//! The kit keeps its own promises.

use super::*;

each_backend! {
    fn what_was_executed_can_be_queried(project: Project) {
        project.execute("CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT); INSERT INTO users VALUES (1, 'Ada'), (2, NULL)");

        let rows = project.query("SELECT id, name FROM users ORDER BY id");

        assert_eq!(rows, [["1", "Ada"], ["2", "NULL"]]);
        assert_eq!(project.value("SELECT count(*) FROM users"), "2");
    }

    fn the_schema_shows_tables_and_leaves_bookkeeping_out(project: Project) {
        let empty = project.schema();
        project.execute("CREATE TABLE users (id INTEGER PRIMARY KEY, name VARCHAR(9) NOT NULL DEFAULT 'x')");
        project.execute("CREATE UNIQUE INDEX users_name ON users (name)");
        project.execute("CREATE TABLE __diesel_schema_migrations (version VARCHAR(50)); CREATE TABLE manage_runs (id INTEGER)");

        let schema = project.schema();

        assert!(!empty.contains("users"), "{empty}");
        for part in ["column name", "(9) NOT NULL DEFAULT 'x'", "users_name"] {
            assert!(schema.contains(part), "{part} is missing\n{schema}");
        }
        assert!(!schema.contains("diesel") && !schema.contains("manage_runs"), "{schema}");
        assert!(project.everything().contains("diesel"));
    }

    fn going_there_and_back_leaves_the_same_schema(project: Project) {
        project.execute("CREATE TABLE a (id INTEGER PRIMARY KEY)");
        let before = project.everything();

        project.execute("CREATE TABLE b (id INTEGER REFERENCES a (id)); INSERT INTO a VALUES (1)");
        let between = project.everything();
        project.execute("DROP TABLE b; DELETE FROM a");

        assert_ne!(before, between);
        assert_eq!(before, project.everything());
    }

    fn rows_are_dumped_in_a_stable_order(project: Project) {
        project.execute("CREATE TABLE t (a INTEGER, b TEXT); INSERT INTO t VALUES (2, NULL), (1, 'x')");

        let dump = project.dump();

        let lines: Vec<_> = dump.lines().map(|line| line.split_once(": ").expect("table: row").1).collect();
        assert_eq!(lines, ["1 | x", "2 | NULL"]);
    }
}

#[test]
fn a_project_is_written_as_it_reads() {
    let project = Project::new()
        .migration("20260101000000_users", "CREATE TABLE users (id INTEGER);", "DROP TABLE users;")
        .no_transaction("20260102000000_index", "CREATE INDEX i ON users (id);", "DROP INDEX i;")
        .file("scripts/verify_users.sql", "SELECT 1");

    project.edit("migrations/20260101000000_users/up.sql", |text| text.replace("INTEGER", "BIGINT"));
    project.remove("scripts");

    assert_eq!(project.list("migrations"), ["20260101000000_users", "20260102000000_index"]);
    assert_eq!(project.read("migrations/20260101000000_users/up.sql"), "CREATE TABLE users (id BIGINT);");
    assert!(project.has("migrations/20260102000000_index/metadata.toml"));
    assert!(!project.has("scripts/verify_users.sql"));
    assert!(!project.without_manage_toml().has("manage.toml"));
}

#[test]
fn a_look_at_a_missing_database_does_not_make_one() {
    let project = Project::new();

    assert_eq!(project.everything(), "no database\n");

    assert!(!project.has("manage.db"));
}

#[test]
fn a_cluster_comes_back_after_a_kill() {
    let cluster = Cluster::with().setting("max_connections", "17").start();
    cluster.execute("CREATE TABLE kept (id INTEGER)");
    let port = cluster.port();

    cluster.kill();
    assert!(postgres_answers(&cluster.url("postgres")).is_err());
    cluster.restart();

    cluster.execute("INSERT INTO kept VALUES (1)");
    assert_eq!(port, cluster.port());
    assert_eq!(postgres_answers(&cluster.tcp_url("postgres")).expect("TCP works too"), "17");
}

#[test]
fn a_cluster_asks_for_passwords_where_it_should() {
    let cluster =
        Cluster::with().setting("password_encryption", "scram-sha-256").access("host all ada 127.0.0.1/32 scram-sha-256").start();
    cluster.execute("CREATE ROLE ada LOGIN PASSWORD 'secret'");
    let url = |login: &str| cluster.tcp_url("postgres").replace("postgres@", login);

    assert!(postgres_answers(&url("ada@")).is_err());
    assert!(postgres_answers(&url("ada:wrong@")).is_err());
    assert!(postgres_answers(&url("ada:secret@")).is_ok());
}

#[test]
fn databases_are_dropped_with_their_project() {
    let project = Project::on(Backend::Postgres);
    let name = project.value("SELECT current_database()");
    let witness = Project::on(Backend::Postgres);
    let count = format!("SELECT count(*) FROM pg_database WHERE datname = '{name}'");
    assert_eq!(witness.value(&count), "1");

    drop(project);

    assert_eq!(witness.value(&count), "0");
}

#[test]
fn a_database_is_reached_over_tcp_too() {
    let project = Project::on(Backend::Postgres);
    let name = project.value("SELECT current_database()");

    assert_eq!(postgres_answers(&server().tcp_url(&name)).expect("the server listens on TCP"), "200");
}

#[test]
fn a_run_knows_its_words_and_its_exit_code() {
    let outcome = shell(&Project::new(), "echo result; echo talk >&2; exit 5").run();

    outcome.fails_with(5).says("result").says("talk").does_not_say("error");
    assert_eq!((outcome.stdout.as_str(), outcome.stderr.as_str()), ("result\n", "talk\n"));
}

#[test]
fn a_run_sees_only_the_environment_that_it_is_given() {
    let project = Project::new();

    let outcome = shell(&project, "env | cut -d= -f1 | sort | tr '\\n' ' '").env("MANAGE_LOG", "debug").run();

    // PWD, SHLVL and _ are the shell's own.
    let names: Vec<_> =
        outcome.ok().stdout.split_whitespace().filter(|name| !["PWD", "SHLVL", "_", "OLDPWD"].contains(name)).collect();
    assert_eq!(names, ["COLUMNS", "DATABASE_URL", "HOME", "LOGNAME", "MANAGE_LOG", "PATH", "TERM", "TZ", "USER"]);
}

#[test]
fn a_run_reads_the_input_that_it_is_given_and_otherwise_none() {
    let project = Project::new();

    assert_eq!(shell(&project, "cat").input("typed").run().stdout, "typed");
    assert_eq!(shell(&project, "cat").run().stdout, "");
}

#[test]
fn a_run_can_be_killed_at_a_moment_of_ones_choice() {
    let running = shell(&Project::new(), "echo waiting >&2; exec sleep 60").spawn().until_it_says("waiting");

    running.kill().exits_with(137).says("waiting");
}

#[test]
#[should_panic(expected = "it should say")]
fn a_missing_word_is_a_failure() {
    shell(&Project::new(), "echo something else").run().says("a word");
}

#[test]
fn words_are_split_as_they_are_typed() {
    let outcome = Project::new().program("printf", "printf").args(["%s|", "a b", ""]).run();

    assert_eq!(outcome.stdout, "a b||");
    assert!(outcome.to_string().starts_with("$ printf %s| \"a b\" \"\"\n"), "{outcome}");
    assert_eq!(run::words("a 'b c'  --d=\"e 'f\" ''"), ["a", "b c", "--d=e 'f", ""]);
}

each_backend! {
    fn a_snapshot_is_the_same_on_every_machine(project: Project) {
        let outcome = shell(
            &project,
            "echo \"$PWD on $DATABASE_URL (SQLite 3.53.2, PostgreSQL 15.18)\"
             echo '  ok 2026-01-02-030405_add_sectors     12 statements    12 ms'
             echo '  applied 2026-02-01 10:12, 2026-02-01T10:12:13.5Z on 2026-02-01 at 14:03:22 by pid 4711'
             echo 'held by pid 4711 (manage migrate on deploy-2 since 14:03:22)   0:07 of 0:30' >&2
             echo '{\"pid\": 17, \"duration_ms\": 12.5}' >&2
             exit 6",
        )
        .run();

        // The script and the URL differ between the databases; the rest is one text.
        outcome.with_filters(|screen| {
            let (_, rest) = screen.split_once("exit code").expect("an outcome has an exit code");
            let rest = rest.replace("sqlite:manage.db", "[url]");
            insta::assert_snapshot!(rest, @r#"
             6
            --- stdout
            [project] on [url] (SQLite [v], PostgreSQL [v])
              ok 2026-01-02-030405_add_sectors     12 statements [time]
              applied [moment], [moment] on [date] at [clock] by pid [pid]
            --- stderr
            held by pid [pid] (manage migrate on [host] since [clock])   [time] of 0:30
            {"pid": [pid], "duration_ms": [time]}
            "#);
        });
    }
}

#[test]
fn a_prompt_on_a_terminal_is_answered() {
    let script = "[ -t 0 ] && [ -t 1 ] && [ -t 2 ] || exit 9; printf '\\033[1mType\\033[0m the name: ' >&2; read name; echo \"got $name\"; exit 4";

    let outcome =
        Terminal::start(shell(&Project::new(), script)).expect("Type the name: ").type_line("acme").expect("got").finish();

    outcome.exits_with(4).says("Type the name: acme\ngot acme\n");
}

#[test]
fn a_terminal_tells_its_width_and_ends_its_input() {
    let outcome = Terminal::start(shell(&Project::new(), "stty size; cat; echo over")).expect("40 120").press_ctrl_d().finish();

    outcome.ok().says("over");
}

#[test]
fn ctrl_c_on_a_terminal_interrupts() {
    let outcome = Terminal::start(shell(&Project::new(), "echo ready; exec sleep 60")).expect("ready").press_ctrl_c().finish();

    outcome.exits_with(130);
}

fn shell(project: &Project, script: &str) -> Invocation {
    project.program("sh", "sh").args(["-c", script])
}

fn postgres_answers(url: &str) -> Result<String, ::postgres::Error> {
    let row = ::postgres::Client::connect(url, ::postgres::NoTls)?.query_one("SHOW max_connections", &[])?;
    Ok(row.get(0))
}
