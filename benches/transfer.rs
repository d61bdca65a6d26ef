//! How fast `manage transfer` is from one SQLite file to another, as ratios against the plain statement in the same run.
//!
//! ```sh
//! cargo bench --bench transfer            # 1 000 000 rows
//! cargo bench --bench transfer -- 100000
//! ```
//!
//! The limit is `ATTACH` and one `INSERT … SELECT` of the same columns into the same table without secondary indexes,
//! foreign keys off. `copy` is what `manage` needs for the look at every row and the writing, `validate` what it needs to
//! add both sides up. In turn, so that a noisy machine is noisy for all; medians. The table goes into docs/benchmarks.md.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

const MANAGE: &str = env!("CARGO_BIN_EXE_manage");
const ROUNDS: usize = 5;

const OLD: &str = "CREATE TABLE guild (id INTEGER PRIMARY KEY);
    CREATE TABLE case_old (case_id INTEGER PRIMARY KEY, case_status BOOLEAN, case_type TEXT, case_reason TEXT, case_moderator_id INTEGER,
        case_user_id INTEGER, case_user_roles TEXT, case_number INTEGER, case_created_at DATETIME, case_expires_at DATETIME,
        case_tempban_expired BOOLEAN, guild_id INTEGER);
    INSERT INTO guild WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000) SELECT i FROM n;";

const NEW: &str = "CREATE TABLE guilds (id INTEGER PRIMARY KEY);
    CREATE TABLE cases (id INTEGER PRIMARY KEY, case_status BOOLEAN NOT NULL, case_type TEXT, case_reason VARCHAR(2000) NOT NULL,
        case_moderator_id INTEGER NOT NULL, case_user_id INTEGER NOT NULL, case_user_roles JSON NOT NULL, case_number INTEGER,
        created_at TIMESTAMP, case_expires_at TIMESTAMP, case_processed BOOLEAN NOT NULL, guild_id INTEGER NOT NULL REFERENCES guilds (id));";

const MAPPING: &str = "version = 1
[verify]
sample = 100
[[table]]
from = \"guild\"
to = \"guilds\"
[[table]]
from = \"case_old\"
to = \"cases\"
rename = { case_id = \"id\", case_created_at = \"created_at\", case_tempban_expired = \"case_processed\" }
[table.column]
case_type = { enum = \"type\" }
case_user_roles = { coalesce = \"json:[]\" }
case_processed = { coalesce = false }
[enum.type]
values = [\"BAN\", \"KICK\", \"WARN\", \"JAIL\"]
";

const PLAIN: &str = "INSERT INTO cases SELECT case_id, case_status, case_type, case_reason, case_moderator_id, case_user_id, coalesce(case_user_roles, '[]'),
        case_number, case_created_at, case_expires_at, coalesce(case_tempban_expired, 0), guild_id FROM old.case_old";

fn main() {
    let rows: u64 = std::env::args().filter_map(|word| word.parse().ok()).next().unwrap_or(1_000_000);
    let folder = tempfile::Builder::new().prefix("manage-bench").tempdir_in("/tmp").expect("a folder");
    let folder = folder.path();
    source(folder, rows);
    std::fs::write(folder.join("transfer.toml"), MAPPING).expect("ours");
    let (mut plain, mut copy, mut validate, mut whole, mut peak) = (vec![], vec![], vec![], vec![], 0);
    for round in 0..=ROUNDS {
        let limit = straight(folder);
        target(folder, "", "new.db");
        let begun = Instant::now();
        let (facts, memory) = transfer(folder);
        let took = begun.elapsed();
        // The first round warms the files up.
        if round > 0 {
            plain.push(limit.as_secs_f64());
            whole.push(took.as_secs_f64());
            copy.push(number(&facts, "probe_ms") + number(&facts, "copy_ms"));
            validate.push(number(&facts, "validate_ms"));
            peak = peak.max(memory);
        }
    }
    target(folder, "CREATE INDEX a ON cases (guild_id, case_number); CREATE INDEX b ON cases (case_user_id);", "new.db");
    let (facts, _) = transfer(folder);
    let indexed = number(&facts, "probe_ms") + number(&facts, "copy_ms");
    let begun = Instant::now();
    let (again, memory) = transfer(folder);
    let second = begun.elapsed().as_secs_f64();
    assert_eq!(sum(&again, "written"), 0.0, "a second run writes nothing");
    peak = peak.max(memory);
    let (plain, copy, validate, whole) = (median(plain), median(copy) / 1000.0, median(validate) / 1000.0, median(whole));
    println!("| {rows} rows of 12 columns, SQLite → SQLite | median, s | compared |\n|---|---|---|");
    println!("| ATTACH + INSERT … SELECT | {plain:.2} |  |");
    println!("| manage: look at every row, and copy | {copy:.2} | {:.2} × its speed |", plain / copy);
    println!("| manage: validate | {validate:.2} | {:.2} of the copy |", validate / copy);
    println!("| manage transfer all, the whole process | {whole:.2} | {:.2} × its speed |", plain / whole);
    println!(
        "| look and copy with two secondary indexes | {:.2} | {:.2} × its speed |",
        indexed / 1000.0,
        plain / (indexed / 1000.0)
    );
    println!("| a second run, nothing to do | {second:.2} |  |");
    println!("| peak memory |  | {} MB |", peak / 1024);
}

fn source(folder: &Path, rows: u64) {
    let connection = rusqlite::Connection::open(folder.join("old.db")).expect("it opens");
    connection.execute_batch(OLD).expect("it runs");
    connection
        .execute_batch(&format!(
            "INSERT INTO case_old WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {rows})
             SELECT i, i % 5 > 0, CASE i % 4 WHEN 0 THEN 'BAN' WHEN 1 THEN 'KICK' WHEN 2 THEN 'WARN' ELSE 'JAIL' END,
                    'reason number ' || i || ' with some words in it', 258104532423147520 + i % 500, 358104532423147520 + i * 17,
                    '[' || i || ',' || (i + 1) || ']', i, datetime('2023-01-01', '+' || i || ' seconds'),
                    CASE WHEN i % 3 = 0 THEN datetime('2024-01-01', '+' || i || ' seconds') END, i % 7 = 0, 1 + i % 1000 FROM n"
        ))
        .expect("it runs");
}

fn target(folder: &Path, more: &str, name: &str) {
    for end in ["", "-journal", "-manage-lock"] {
        let _ = std::fs::remove_file(folder.join(format!("{name}{end}")));
    }
    rusqlite::Connection::open(folder.join(name))
        .and_then(|connection| connection.execute_batch(&format!("{NEW}{more}")))
        .expect("it runs");
}

fn straight(folder: &Path) -> Duration {
    target(folder, "", "plain.db");
    let connection = rusqlite::Connection::open(folder.join("plain.db")).expect("it opens");
    let attach =
        format!("PRAGMA foreign_keys = OFF; PRAGMA cache_size = -12000; ATTACH '{}' AS old", folder.join("old.db").display());
    connection.execute_batch(&attach).expect("it runs");
    let begun = Instant::now();
    connection.execute_batch(&format!("BEGIN; {PLAIN}; COMMIT")).expect("it runs");
    begun.elapsed()
}

/// Runs the transfer. Returns its facts and the peak of its memory in kB.
fn transfer(folder: &Path) -> (serde_json::Value, u64) {
    let arguments = ["transfer", "all", "--yes", "--json", "--map", "transfer.toml", "--source", "old.db", "--target", "new.db"];
    let mut child = Command::new(MANAGE)
        .args(arguments)
        .current_dir(folder)
        .env_remove("DATABASE_URL")
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("it starts");
    let status = format!("/proc/{}/status", child.id());
    let mut peak = 0;
    while child.try_wait().expect("ours").is_none() {
        let text = std::fs::read_to_string(&status).unwrap_or_default();
        let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        peak = line.and_then(|line| line.trim().split(' ').next()?.parse().ok()).unwrap_or(0).max(peak);
        std::thread::sleep(Duration::from_millis(10));
    }
    let output = child.wait_with_output().expect("ours");
    let facts = serde_json::from_slice(&output.stdout).expect("it is JSON");
    assert!(output.status.success(), "{facts}");
    (facts, peak)
}

fn number(facts: &serde_json::Value, name: &str) -> f64 {
    facts["tables"]
        .as_array()
        .and_then(|tables| tables.iter().find(|table| table["table"] == "cases")?[name].as_f64())
        .expect("it is there")
}

fn sum(facts: &serde_json::Value, name: &str) -> f64 {
    facts["tables"].as_array().expect("a list").iter().filter_map(|table| table[name].as_f64()).sum()
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
