//! The project of the custom commands, from its README to every rule.

use std::path::Path;

use super::*;

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/custom-commands");
const NOW: &str = "--now '2025-08-17 12:00:00'";

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).expect("the folder is ours");
    for entry in std::fs::read_dir(from).expect("readable").map(|entry| entry.expect("readable")) {
        let (path, target) = (entry.path(), to.join(entry.file_name()));
        let name = entry.file_name().to_string_lossy().into_owned();
        if path.is_dir() {
            copy(&path, &target);
        } else if !name.contains(".db") {
            std::fs::copy(path, target).map(drop).expect("readable");
        }
    }
}

/// A copy of the example with both databases made.
fn example() -> Project {
    let project = Project::new();
    copy(Path::new(FOLDER), &project.folder());
    manage(&project, "migrate --project old").ok();
    manage(&project, "migrate").ok();
    project
}

fn manage(project: &Project, arguments: &str) -> Outcome {
    project.command(arguments).without_env("DATABASE_URL").run()
}

fn rows(project: &Project, sql: &str) -> Vec<Vec<String>> {
    let connection = rusqlite::Connection::open(project.path("new.db")).expect("it is made");
    let mut statement = connection.prepare(sql).unwrap_or_else(|error| panic!("{sql}: {error}"));
    let count = statement.column_count();
    let text =
        |row: &rusqlite::Row<'_>, at| row.get::<_, Option<String>>(at).map(|text| text.unwrap_or_else(|| "NULL".to_owned()));
    let rows = statement.query_map([], |row| (0..count).map(|at| text(row, at)).collect()).expect("it runs");
    rows.collect::<Result<_, _>>().expect("all is text")
}

fn value(project: &Project, sql: &str) -> String {
    rows(project, &format!("SELECT CAST(({sql}) AS TEXT)")).concat().concat()
}

#[test]
fn thirty_creators_and_a_hundred_and_forty_commands_join_those_that_are_there() {
    let project = example();
    assert_eq!(value(&project, "SELECT count(*) FROM custom_commands"), "1");

    let facts = manage(&project, &format!("transfer all --yes --json {NOW}")).ok().json();

    adds_up(&facts);
    assert_eq!(value(&project, "SELECT count(*) FROM custom_command_creators"), "31");
    assert_eq!(value(&project, "SELECT count(*) FROM custom_commands"), "141");
    assert_eq!(table(&facts, "custom_command_creators")["highest_key_before"], 1);
    manage(&project, "transfer validate").ok();
    // Every command hangs on the person that it hung on.
    let attached = "ATTACH 'old.db' AS old";
    let connection = rusqlite::Connection::open(project.path("new.db")).expect("it is made");
    connection.execute_batch(&attached.replace("old.db", &project.path("old.db").display().to_string())).expect("it is there");
    let wrong: i64 = connection
        .query_row(
            "SELECT count(*) FROM old.command o JOIN old.creator p ON p.id = o.creator_id LEFT JOIN custom_commands c ON c.name = o.name \
             LEFT JOIN custom_command_creators q ON q.id = c.creator_id WHERE q.discord_id IS NOT p.discordid OR c.content IS NOT o.message",
            [],
            |row| row.get(0),
        )
        .expect("it runs");
    assert_eq!(wrong, 0);
}

#[test]
fn the_rules_make_what_they_say() {
    let project = example();
    manage(&project, &format!("transfer all --yes {NOW}")).exits_with(0);

    let of = |names: &str, columns: &str| {
        rows(&project, &format!("SELECT {columns} FROM custom_commands WHERE name IN ({names}) ORDER BY id"))
    };
    let used = |name: &str| of(&format!("'{name}'"), "last_used").concat().concat();
    assert_eq!(used("sixty days"), "2025-08-17 12:00:00");
    assert_eq!(used("a second less"), "2025-06-18 12:00:01");
    assert_eq!(used("a second more"), "2025-08-17 12:00:00");
    assert_eq!(used("tomorrow"), "2025-08-18 12:00:00");
    assert_eq!(used("never, and old"), "2025-08-17 12:00:00");
    assert_eq!(used("never, and fresh"), "NULL");
    assert_eq!(used("yeli"), "2025-08-01 20:15:00");
    assert_eq!(
        of("'with a T', 'only a day'", "created_at || ', ' || last_used").concat(),
        ["2025-08-01 10:00:00.250000, 2025-08-02 11:00:00", "2025-08-01 00:00:00, 2025-08-02 11:00:00.5",]
    );
    assert_eq!(
        value(&project, "SELECT group_concat(DISTINCT tags) FROM custom_commands WHERE name <> 'hello'"),
        "[\"migrated\"]"
    );
    assert_eq!(value(&project, "SELECT count(*) FROM custom_commands WHERE name IN ('momma', 'Momma')"), "2");
    assert_eq!(of("'momma', 'yeli'", "CAST(warning_sent AS TEXT)").concat(), ["0", "1"]);
    assert_eq!(
        value(&project, "SELECT count(*) FROM custom_commands WHERE updated_at IS NOT NULL OR use_count <> 0 OR is_active <> 1"),
        "0"
    );
    assert_eq!(value(&project, "SELECT max(length(name)) FROM custom_commands"), "70");
    let counted = "SELECT count(*) FROM custom_command_creators p WHERE total_commands <> (SELECT count(*) FROM custom_commands c WHERE c.creator_id = p.id) OR active_commands <> total_commands";
    assert_eq!(value(&project, counted), "0");
    assert_eq!(
        value(
            &project,
            "SELECT group_concat(name) FROM (SELECT name FROM custom_commands WHERE name LIKE 'mom%' COLLATE BINARY AND name GLOB 'mom*')"
        ),
        "momma"
    );
}

#[test]
fn again_adds_nothing_and_back_leaves_what_was_there() {
    let project = example();
    let dump = |project: &Project| {
        rows(
            project,
            "SELECT id || name || content FROM custom_commands UNION ALL SELECT id || username || total_commands FROM custom_command_creators",
        )
    };
    let before = dump(&project);
    manage(&project, &format!("transfer all --yes {NOW}")).ok();
    let after = dump(&project);

    let again = manage(&project, "transfer all --yes --json").ok().json();
    assert_eq!(again["rows"], 0);
    adds_up(&again);
    assert_eq!(after, dump(&project));
    manage(&project, "transfer rollback --yes").ok();

    assert_eq!(before, dump(&project));
    let once_more = manage(&project, &format!("transfer all --yes --json {NOW}")).ok().json();
    assert_eq!(once_more["rows"], 170);
}

#[test]
fn what_old_databases_have_as_well_is_listed() {
    let project = example();
    let connection = rusqlite::Connection::open(project.path("old.db")).expect("it is made");
    connection.execute_batch(&project.read("old/trouble.sql")).expect("it runs");
    manage(&project, "transfer dry-run").fails_with(1).says("creator has 31 rows, expected 30");
    project.edit("transfer.toml", |text| {
        text.replace("expect = { creator = 30, command = 140 }", "").replace("on_error = \"stop\"", "on_error = \"reject\"")
    });

    let facts = manage(&project, &format!("transfer all --yes --json {NOW}")).fails_with(1).json();

    adds_up(&facts);
    let commands = table(&facts, "custom_commands");
    assert_eq!((commands["read"].as_u64(), commands["written"].as_u64()), (Some(144), Some(141)), "{commands}");
    assert_eq!((commands["rejected"].as_u64(), commands["skipped"].as_u64()), (Some(1), Some(2)));
    // The command of the second row of creator 1 hangs on the first row's new one.
    assert_eq!(
        value(
            &project,
            "SELECT p.username FROM custom_commands c JOIN custom_command_creators p ON p.id = c.creator_id WHERE c.name LIKE 'by the second%'"
        ),
        "creator 1"
    );
    manage(&project, "transfer status --rejected")
        .ok()
        .says("id 144: created_at cannot be read as a time: 'last summer'")
        .says("id 143: creator_id has no row in creator that goes over: 99")
        .says("name 'yeli' is that of row 127, which comes first")
        .says("discord_id 258104532423155439 is that of row 1");
    manage(&project, "transfer validate").ok();
}

#[test]
fn people_who_are_there_keep_their_row_and_get_the_commands() {
    let project = example();
    let connection = rusqlite::Connection::open(project.path("new.db")).expect("it is made");
    connection
        .execute_batch(
            "INSERT INTO custom_command_creators (discord_id, username, created_at) VALUES (258104532423147520 + 7919, 'own name', '2025-08-03');
             INSERT INTO custom_commands (name, content, creator_id, created_at, tags) VALUES ('yeli', 'a native one', 2, '2025-08-03', '[\"unmigrated\"]');",
        )
        .expect("it runs");
    drop(connection);
    manage(&project, "notes add --title begun").ok();

    let facts = manage(&project, &format!("transfer all --yes --json {NOW}")).ok().json();

    assert_eq!(table(&facts, "custom_command_creators")["skipped"], 1);
    assert_eq!(table(&facts, "custom_commands")["skipped"], 1);
    let person = "SELECT username || ' ' || total_commands || ' ' || (SELECT count(*) FROM custom_commands c WHERE c.creator_id = p.id) FROM custom_command_creators p WHERE id = 2";
    let counted = value(&project, person);
    assert!(counted.starts_with("own name 5 5") || counted.starts_with("own name 6 6"), "{counted}");
    assert_eq!(value(&project, "SELECT content FROM custom_commands WHERE name = 'yeli'"), "a native one");
    manage(&project, "transfer rollback --yes").ok();
    assert_eq!(value(&project, person), "own name 0 1");
    assert_eq!(value(&project, "SELECT count(*) FROM custom_commands"), "2");
}

#[test]
fn what_the_readme_runs_in_a_container_needs_nothing_but_the_files() {
    const STORAGE: &str = "/usr/src/app/storage/";
    let readme = std::fs::read_to_string(format!("{FOLDER}/README.md")).expect("it is there").replace("\\\n", " ");
    let project = example();
    let storage = project.home().join("storage");
    std::fs::create_dir(&storage).expect("ours");
    for (file, name) in [("old.db", "sba_is_fun.db"), ("new.db", "sba_master.db"), ("transfer.toml", "transfer.toml")] {
        std::fs::copy(project.path(file), storage.join(name)).expect("ours");
    }
    let typed = |line: &str| {
        let (_, arguments) = line.split_once(&format!("{STORAGE}manage "))?;
        Some(arguments.replace(STORAGE, ""))
    };

    let runs: Vec<String> = readme.lines().filter(|line| line.starts_with("docker exec")).filter_map(typed).collect();
    assert_eq!(runs.len(), 2, "{runs:?}");
    for arguments in &runs {
        // It asks, and somebody says yes.
        let arguments = format!("{arguments} {NOW}{}", if arguments.contains(" all ") { " --yes" } else { "" });
        project.command(&arguments).within("../home/storage").without_env("DATABASE_URL").run().ok();
    }

    let connection = rusqlite::Connection::open(storage.join("sba_master.db")).expect("it is there");
    let count: i64 = connection.query_row("SELECT count(*) FROM custom_commands", [], |row| row.get(0)).expect("it runs");
    assert_eq!(count, 141);
    let log = std::fs::read_to_string(storage.join("transfer.log")).expect("the log was asked for");
    assert!(log.lines().any(|line| line.starts_with("20") && line.contains("custom_commands")), "{log}");
}
