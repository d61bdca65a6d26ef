//! The plain clients: psql and pg_dump, which come with the server, and the shell of SQLite where there is one.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use manage::domain::engine::Engine;
use manage::domain::sql::tokens;
use rusqlite::types::ValueRef;

use crate::support::*;

/// What psql prints around each statement that it logs; 17 and later have it in the form of a comment.
const LOGGED: [(&str, &str); 2] = [
    ("********* QUERY **********\n", "\n**************************\n"),
    ("/******** QUERY *********/\n", "\n/************************/\n"),
];

fn program(name: &str, url: &str) -> Command {
    let folder = std::env::var_os("MANAGE_TEST_PG_BIN").expect("tests/run.sh says where the programs are");
    let mut command = Command::new(Path::new(&folder).join(name));
    command.env("PGCLIENTENCODING", "UTF8").arg("-d").arg(url).stdin(Stdio::null());
    command
}

/// Every statement that psql sends for `text`, whatever the server makes of it.
pub fn sent_by_psql(url: &str, text: &str) -> Vec<String> {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let [file, log] = ["file.sql", "log"].map(|name| folder.path().join(name));
    std::fs::write(&file, text).expect("the folder is ours");

    let output = program("psql", url).arg("-Xq").arg("-L").arg(&log).arg("-f").arg(&file).output().expect("psql runs");

    let log = std::fs::read_to_string(&log).unwrap_or_else(|error| panic!("{error}: {output:?}"));
    let (head, foot) = LOGGED[usize::from(log.contains(LOGGED[1].0))];
    log.split(head).skip(1).map(|logged| logged.split(foot).next().unwrap_or_default().to_owned()).collect()
}

/// Runs files in psql, one after the other, up to the first error.
#[track_caller]
pub fn psql(url: &str, arguments: &[&str], files: &[PathBuf]) {
    let mut command = program("psql", url);
    command.args(["-Xq", "-v", "ON_ERROR_STOP=1"]).args(arguments).stdout(Stdio::null());
    for file in files {
        command.arg("-f").arg(file);
    }
    let output = command.output().expect("psql runs");
    assert!(output.status.success(), "psql: {}", String::from_utf8_lossy(&output.stderr));
}

/// A database as text, without what `manage` and migration tools keep there for themselves.
#[track_caller]
pub fn pg_dump(url: &str, arguments: &[&str]) -> String {
    let own =
        ["--exclude-schema=manage", "--exclude-table=__diesel_schema_migrations", "--exclude-table=refinery_schema_history"];
    let output = program("pg_dump", url).args(own).args(arguments).output().expect("pg_dump runs");
    assert!(output.status.success(), "pg_dump: {}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).expect("the dump is UTF-8");
    // Each dump has a key of its own in these two lines.
    let same = |line: &&str| !line.starts_with(r"\restrict ") && !line.starts_with(r"\unrestrict ");
    text.lines().filter(same).flat_map(|line| [line, "\n"]).collect()
}

/// Runs files in the shell of SQLite, one after the other, up to the first error; where there is no shell, in the
/// library's own loop over the statements of a text.
#[track_caller]
pub fn sqlite3(database: &Path, files: &[PathBuf]) {
    for file in files {
        let shell = Command::new("sqlite3")
            .args([
                "-batch",
                "-bail",
                "-init",
                "/dev/null",
                "-cmd",
                "PRAGMA synchronous = OFF",
                "-cmd",
                "PRAGMA journal_mode = MEMORY",
            ])
            .arg(database)
            .stdin(File::open(file).expect("the file is ours"))
            .output();
        match shell {
            Ok(output) => {
                assert!(output.status.success(), "{}: {}", file.display(), String::from_utf8_lossy(&output.stderr));
            }
            Err(_) => {
                let text = std::fs::read_to_string(file).expect("the file is ours");
                let connection = rusqlite::Connection::open(database).expect("SQLite opens the file");
                connection.execute_batch(&text).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
            }
        }
    }
}

/// The schema of a project on SQLite as it is stored, and every row. Of an index and a view SQLite stores what
/// stands before its `;` too, which a piece leaves away.
pub fn sqlite_dump(project: &Project) -> String {
    let connection = rusqlite::Connection::open(project.path("manage.db")).expect("SQLite opens the file");
    // SQLite makes sqlite_sequence for the ledger's tables, too.
    let own = "tbl_name NOT LIKE 'manage\\_%' ESCAPE '\\' AND tbl_name NOT IN ('__diesel_schema_migrations', 'sqlite_sequence') \
        AND sql IS NOT NULL";
    let schema =
        rows(&connection, &format!("SELECT type, name, tbl_name, sql FROM sqlite_schema WHERE {own} ORDER BY type, name"));
    let mut text = String::new();
    for row in &schema {
        text += &format!("{} | {}\n", row[..3].join(" | "), without_end(&row[3]));
        if row[0] == "table" {
            let table = row[1].replace('"', "\"\"");
            let found = rows(&connection, &format!("SELECT * FROM \"{table}\" ORDER BY 1"));
            text.extend(found.iter().map(|row| row.join(" | ") + "\n"));
        }
    }
    text
}

fn rows(connection: &rusqlite::Connection, select: &str) -> Vec<Vec<String>> {
    let mut statement = connection.prepare(select).unwrap_or_else(|error| panic!("{select}: {error}"));
    let width = statement.column_count();
    let rows = statement.query_map([], |row| (0..width).map(|column| row.get_ref(column).map(shown)).collect());
    rows.and_then(Iterator::collect).unwrap_or_else(|error| panic!("{select}: {error}"))
}

fn shown(value: ValueRef<'_>) -> String {
    match value {
        ValueRef::Text(text) => String::from_utf8_lossy(text).into_owned(),
        other => format!("{other:?}"),
    }
}

fn without_end(sql: &str) -> &str {
    let last = tokens(sql, Engine::Sqlite).filter(|token| !token.kind.is_trivia()).last();
    last.map_or("", |token| &sql[..token.end])
}

/// Fails with the first lines that differ rather than with two long texts.
#[track_caller]
pub fn assert_same(found: &str, expected: &str) {
    let [found, expected] = [found, expected].map(|text| text.split_inclusive('\n').collect::<Vec<_>>());
    if let Some(line) = (0..found.len().max(expected.len())).find(|line| found.get(*line) != expected.get(*line)) {
        let around = |lines: &[&str]| format!("{:#?}", lines.iter().skip(line.saturating_sub(3)).take(8).collect::<Vec<_>>());
        panic!("line {line}\nwith manage: {}\nwith the plain client: {}", around(&found), around(&expected));
    }
}
