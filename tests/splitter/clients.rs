//! The plain clients: psql and pg_dump, which come with the server, and the shell of SQLite where there is one.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

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
    let own = ["--exclude-schema=manage", "--exclude-table=__diesel_schema_migrations", "--exclude-table=refinery_schema_history"];
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
            .args(["-batch", "-bail", "-init", "/dev/null"])
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
