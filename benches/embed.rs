//! What a start costs that finds nothing to do, inside an application.
//!
//! ```sh
//! cargo bench --bench embed
//! ```
//!
//! Whole processes of this very program, taken in turn: one that opens a Diesel connection and asks one question, and
//! ones that have 100 migrations looked at besides. SQLite, 100 applied. The table goes into docs/benchmarks.md.

use std::path::Path;
use std::process::Command;
use std::time::Instant;

use diesel::{Connection, RunQueryDsl, SqliteConnection, sql_query};
use manage::embed::Migrations;

const APPLIED: usize = 100;
const ROUNDS: usize = 101;
const WAYS: [(&str, &str); 5] = [
    ("bare", "open a connection, one query"),
    ("url", "the same, and `embed!` over the URL"),
    ("connection", "the same, and `embed!` over that connection"),
    ("folder", "the same, and `Project::open` over the URL"),
    (NUMBERED, "the same, and `embed!` of numbered files over that connection"),
];

fn main() {
    if let Ok(way) = std::env::var("EMBED_WAY") {
        let folder = std::env::var("EMBED_FOLDER").expect("the folder is set");
        return start(&way, Path::new(&folder));
    }
    let folder = tempfile::tempdir().expect("a folder");
    for (name, text) in diesels() {
        let path = folder.path().join("migrations").join(name);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("it can be made");
        std::fs::write(path, text).expect("it can be written");
    }
    start("folder", folder.path());
    start(NUMBERED, folder.path());
    let mut times = vec![Vec::new(); WAYS.len()];
    for _ in 0..ROUNDS {
        for (times, (way, _)) in times.iter_mut().zip(WAYS) {
            let mut command = Command::new(std::env::current_exe().expect("this program"));
            command.env("EMBED_WAY", way).env("EMBED_FOLDER", folder.path());
            let begun = Instant::now();
            assert!(command.status().expect("it runs").success(), "{way}");
            times.push(begun.elapsed().as_secs_f64() * 1000.0);
        }
    }
    println!("| whole process, median of {ROUNDS} | ms | over the connection | |\n|---|---|---|---|");
    let median = |times: &mut Vec<f64>| {
        times.sort_by(f64::total_cmp);
        times[times.len() / 2]
    };
    let bare = median(&mut times[0]);
    for (times, (_, what)) in times.iter_mut().zip(WAYS) {
        let millis = median(times);
        println!("| {what} | {millis:.1} | {:+.1} ms | {:.2} × |", millis - bare, millis / bare);
    }
}

/// The way whose files are numbered, with their version in a settings table.
const NUMBERED: &str = "numbered";

/// The application's start.
fn start(way: &str, folder: &Path) {
    let numbered = way == NUMBERED;
    let path = folder.join(if numbered { "numbered.db" } else { "app.db" }).display().to_string();
    let files = if numbered { numbered_ones() } else { diesels() };
    let mut connection = SqliteConnection::establish(&path).expect("a connection");
    sql_query("SELECT count(*) FROM sqlite_schema").execute(&mut connection).expect("an answer");
    let compiled = || {
        let files: Vec<(&'static str, &'static str)> =
            files.iter().map(|(name, text)| (&*name.clone().leak(), &*text.clone().leak())).collect();
        Migrations::compiled("migrations", files.leak(), None)
    };
    match way {
        "bare" => return,
        "url" => compiled().migrate(&path),
        "connection" | NUMBERED => compiled().migrate(&mut connection),
        _ => manage::Project::open(folder).expect("a project").migrations().migrate(&path),
    }
    .expect("it migrates");
}

fn numbered_ones() -> Vec<(String, String)> {
    let one = |number: usize| {
        let parts = format!("-- up\nCREATE TABLE t{number} (id INTEGER PRIMARY KEY);\n-- down\nDROP TABLE t{number};\n");
        (format!("{number:03}_t{number}.sql"), parts)
    };
    (1..=APPLIED).map(one).collect()
}

fn diesels() -> Vec<(String, String)> {
    let one = |number: usize| {
        let up = format!("CREATE TABLE t{number} (id INTEGER PRIMARY KEY, name TEXT NOT NULL);\n");
        let name = format!("{:014}_t{number}", 20_260_101_000_000_usize + number);
        [(format!("{name}/down.sql"), format!("DROP TABLE t{number};\n")), (format!("{name}/up.sql"), up)]
    };
    (0..APPLIED).flat_map(one).collect()
}
