//! How fast `manage transfer` is into PostgreSQL, as ratios against a bare COPY pipe in the same run.
//!
//! ```sh
//! MANAGE_TEST_PG_URL=postgresql://… cargo bench --bench transfer_postgres            # 1 000 000 rows
//! MANAGE_TEST_PG_URL=postgresql://… cargo bench --bench transfer_postgres -- 100000
//! ```
//!
//! The limit is a program that reads the transformed SELECT by binary COPY and writes it by binary COPY into an unlogged table
//! without keys. The table is `Case` of the Tux example, into `cases` with its primary key, UNIQUE and foreign key. In turn,
//! so that a noisy machine is noisy for all; medians. The table goes into docs/benchmarks.md.

use std::io::{Read, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

use postgres::{Client, NoTls};

const MANAGE: &str = env!("CARGO_BIN_EXE_manage");
const ROUNDS: usize = 3;

const OLD: &str = r#"CREATE TABLE "Guild" (guild_id BIGINT PRIMARY KEY);
    CREATE TABLE "Case" (case_id BIGINT PRIMARY KEY, case_status BOOLEAN, case_type TEXT NOT NULL, case_reason TEXT NOT NULL,
        case_moderator_id BIGINT NOT NULL, case_user_id BIGINT NOT NULL, case_user_roles BIGINT[], case_number BIGINT,
        case_created_at TIMESTAMP(3), case_expires_at TIMESTAMP(3), case_tempban_expired BOOLEAN, guild_id BIGINT NOT NULL);"#;

const ROWS: &str = r#"INSERT INTO "Guild" SELECT g FROM generate_series(1, 1000) AS g;
    INSERT INTO "Case" SELECT i, i % 5 > 0, (ARRAY['BAN', 'KICK', 'WARN', 'JAIL'])[1 + i % 4], 'reason number ' || i || ' with some words in it',
        258104532423147520 + i % 500, 358104532423147520 + i * 17, ARRAY[i, i + 1], i, timestamp '2023-01-01' + i * interval '1 second',
        CASE WHEN i % 3 = 0 THEN timestamp '2024-01-01' + i * interval '1 second' END, i % 7 = 0, 1 + i % 1000 FROM generate_series(1, ROWS) AS i;
    ANALYZE;"#;

const NEW: &str = "CREATE TABLE guild (id BIGINT PRIMARY KEY);
    CREATE TABLE cases (id BIGSERIAL PRIMARY KEY, case_status BOOLEAN NOT NULL, case_type VARCHAR(20), case_reason VARCHAR(2000) NOT NULL,
        case_moderator_id BIGINT NOT NULL, case_user_id BIGINT NOT NULL, case_user_roles JSON NOT NULL, case_number INTEGER,
        created_at TIMESTAMP, case_expires_at TIMESTAMP, case_processed BOOLEAN NOT NULL, guild_id BIGINT NOT NULL REFERENCES guild (id),
        CONSTRAINT uq_case UNIQUE (guild_id, case_number));";

const MAPPING: &str = r#"version = 1
[verify]
sample = 100
[[table]]
from = "Guild"
to = "guild"
rename = { guild_id = "id" }
[[table]]
from = "Case"
to = "cases"
rename = { case_id = "id", case_created_at = "created_at", case_tempban_expired = "case_processed" }
[table.column]
case_type = { enum = "type" }
case_user_roles = { to_json = true, coalesce = "json:[]" }
case_status = { coalesce = true }
case_processed = { coalesce = false }
[enum.type]
values = ["BAN", "KICK", "WARN", "JAIL"]
"#;

const SELECT: &str = r#"SELECT case_id, coalesce(case_status, true), case_type, case_reason, case_moderator_id, case_user_id,
    coalesce(to_jsonb(case_user_roles), '[]')::json, case_number::integer, case_created_at, case_expires_at, coalesce(case_tempban_expired, false), guild_id FROM "Case""#;

const LIMIT: &str = "DROP TABLE IF EXISTS heap; CREATE UNLOGGED TABLE heap (id BIGINT, case_status BOOLEAN, case_type TEXT, case_reason TEXT,
    case_moderator_id BIGINT, case_user_id BIGINT, case_user_roles JSON, case_number INTEGER, created_at TIMESTAMP, case_expires_at TIMESTAMP,
    case_processed BOOLEAN, guild_id BIGINT)";

fn main() {
    let Ok(server) = std::env::var("MANAGE_TEST_PG_URL") else {
        println!("set MANAGE_TEST_PG_URL to a server on which databases may be made");
        return;
    };
    let rows: u64 = std::env::args().filter_map(|word| word.parse().ok()).next().unwrap_or(1_000_000);
    let folder = tempfile::Builder::new().prefix("manage-bench").tempdir_in("/tmp").expect("a folder");
    let folder = folder.path();
    std::fs::write(folder.join("transfer.toml"), MAPPING).expect("ours");
    std::fs::write(folder.join("lite.toml"), MAPPING.replace("to_json = true, ", "")).expect("ours");
    let bench = Bench { server: server.clone(), folder, old: database(&server, "bench_old"), new: String::new() };
    let mut admin = connect(&server);
    admin.batch_execute("DROP DATABASE IF EXISTS bench_old WITH (FORCE)").expect("it drops");
    admin.batch_execute("CREATE DATABASE bench_old").expect("it makes");
    let mut old = connect(&bench.old);
    old.batch_execute(OLD).expect("it runs");
    old.batch_execute(&ROWS.replace("ROWS", &rows.to_string())).expect("it runs");
    sqlite(folder, rows);
    let (mut limit, mut empty, mut validate, mut again, mut beside, mut parts, mut lite, mut peak) =
        (vec![], vec![], vec![], vec![], vec![], vec![], vec![], 0);
    for round in 0..=ROUNDS {
        let bench = bench.fresh(round);
        let plain = pipe(&bench);
        let (facts, memory) = bench.transfer(&bench.old, "transfer.toml", &["--yes"]);
        let (second, more) = bench.transfer(&bench.old, "transfer.toml", &["--yes"]);
        assert_eq!(sum(&second, "written"), 0.0, "a second run writes nothing");
        let by_table = bench.fresh(round);
        let (third, most) = by_table.transfer(&bench.old, "transfer.toml", &["--yes", "--by-table"]);
        let side_by_side = bench.fresh(round);
        let (fifth, widest) = side_by_side.transfer(&bench.old, "transfer.toml", &["--yes", "--jobs", "2"]);
        let from_file = bench.fresh(round);
        let (fourth, last) = from_file.transfer("old.db", "lite.toml", &["--yes"]);
        // The first round warms the caches up.
        if round > 0 {
            limit.push(plain);
            empty.push(spent(&facts));
            validate.push(number(&facts, "validate_ms"));
            again.push(spent(&second) + number(&second, "validate_ms"));
            parts.push(spent(&third));
            beside.push(spent(&fifth));
            lite.push(spent(&fourth));
            peak = peak.max(memory).max(more).max(most).max(last).max(widest);
        }
    }
    let (limit, empty, validate, again, beside, parts, lite) = (
        median(limit),
        median(empty) / 1e3,
        median(validate) / 1e3,
        median(again) / 1e3,
        median(beside) / 1e3,
        median(parts) / 1e3,
        median(lite) / 1e3,
    );
    println!("| {rows} rows of 12 columns, `Case` → `cases` with PK, UNIQUE and FK | median, s | compared |\n|---|---|---|");
    println!("| binary COPY pipe into a bare unlogged table | {limit:.2} |  |");
    println!("| manage transfer all, empty target | {empty:.2} | {:.2} × its speed |", limit / empty);
    println!("| the same with --jobs 2 | {beside:.2} | {:.2} × its speed |", limit / beside);
    println!("| manage transfer all --by-table | {parts:.2} | {:.2} × its speed |", limit / parts);
    println!("| validate, both sides | {validate:.2} | {:.2} of the copy |", validate / empty);
    println!("| a second run, nothing to do | {again:.2} | {:.2} × as fast as the first by table |", parts / again);
    println!("| SQLite → PostgreSQL, empty target | {lite:.2} | {:.2} × the pipe's speed |", limit / lite);
    println!("| peak memory |  | {} MB |", peak / 1024);
    pgloader(&bench, lite);
    for name in ["bench_old", "bench_new"] {
        admin.batch_execute(&format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)")).expect("it drops");
    }
}

struct Bench<'a> {
    server: String,
    folder: &'a Path,
    old: String,
    new: String,
}

impl<'a> Bench<'a> {
    /// With an empty target.
    fn fresh(&self, _: usize) -> Bench<'a> {
        let mut admin = connect(&self.server);
        admin.batch_execute("DROP DATABASE IF EXISTS bench_new WITH (FORCE)").expect("it drops");
        admin.batch_execute("CREATE DATABASE bench_new").expect("it makes");
        admin.batch_execute("CHECKPOINT").expect("it runs");
        let new = database(&self.server, "bench_new");
        connect(&new).batch_execute(NEW).expect("it runs");
        Bench { server: self.server.clone(), folder: self.folder, old: self.old.clone(), new }
    }

    /// Runs the transfer. Returns its facts and the peak of its memory in kB.
    fn transfer(&self, source: &str, mapping: &str, more: &[&str]) -> (serde_json::Value, u64) {
        let mut child = Command::new(MANAGE)
            .args(["transfer", "all", "--json", "--map", mapping, "--source", source, "--target", &self.new])
            .args(more)
            .current_dir(self.folder)
            .env_remove("DATABASE_URL")
            .stdout(Stdio::piped())
            .spawn()
            .expect("it starts");
        let status = format!("/proc/{}/status", child.id());
        let mut peak = 0;
        while child.try_wait().expect("ours").is_none() {
            let text = std::fs::read_to_string(&status).unwrap_or_default();
            let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
            peak = line.and_then(|line| line.trim().split(' ').next()?.parse().ok()).unwrap_or(0).max(peak);
            std::thread::sleep(std::time::Duration::from_millis(10));
        }
        let output = child.wait_with_output().expect("ours");
        let facts = serde_json::from_slice(&output.stdout).expect("it is JSON");
        assert!(output.status.success(), "{facts}");
        (facts, peak)
    }
}

/// Seconds that the bare pipe takes.
fn pipe(bench: &Bench<'_>) -> f64 {
    let (mut from, mut to) = (connect(&bench.old), connect(&bench.new));
    to.batch_execute(LIMIT).expect("it runs");
    let begun = Instant::now();
    let mut reader = from.copy_out(&format!("COPY ({SELECT}) TO STDOUT (FORMAT binary)")).expect("it copies");
    let mut writer = to.copy_in("COPY heap FROM STDIN (FORMAT binary)").expect("it copies");
    let (sender, batches) = std::sync::mpsc::sync_channel::<Vec<u8>>(4);
    std::thread::scope(|scope| {
        scope.spawn(move || {
            let mut batch = vec![0; 1 << 17];
            let mut filled = 0;
            loop {
                let count = reader.read(&mut batch[filled..]).expect("it reads");
                filled += count;
                if count == 0 || filled == batch.len() {
                    batch.truncate(filled);
                    sender.send(std::mem::replace(&mut batch, vec![0; 1 << 17])).expect("it is taken");
                    filled = 0;
                }
                if count == 0 {
                    break;
                }
            }
        });
        for batch in batches {
            writer.write_all(&batch).expect("it writes");
        }
        writer.finish().expect("it ends");
    });
    begun.elapsed().as_secs_f64()
}

/// The same rows in an SQLite file.
fn sqlite(folder: &Path, rows: u64) {
    let connection = rusqlite::Connection::open(folder.join("old.db")).expect("it opens");
    connection
        .execute_batch(&format!(
            "CREATE TABLE Guild (guild_id INTEGER PRIMARY KEY);
             CREATE TABLE \"Case\" (case_id INTEGER PRIMARY KEY, case_status BOOLEAN, case_type TEXT, case_reason TEXT, case_moderator_id INTEGER,
                case_user_id INTEGER, case_user_roles TEXT, case_number INTEGER, case_created_at DATETIME, case_expires_at DATETIME,
                case_tempban_expired BOOLEAN, guild_id INTEGER);
             INSERT INTO Guild WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000) SELECT i FROM n;
             INSERT INTO \"Case\" WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {rows})
             SELECT i, i % 5 > 0, CASE i % 4 WHEN 0 THEN 'BAN' WHEN 1 THEN 'KICK' WHEN 2 THEN 'WARN' ELSE 'JAIL' END,
                    'reason number ' || i || ' with some words in it', 258104532423147520 + i % 500, 358104532423147520 + i * 17,
                    '[' || i || ',' || (i + 1) || ']', i, datetime('2023-01-01', '+' || i || ' seconds'),
                    CASE WHEN i % 3 = 0 THEN datetime('2024-01-01', '+' || i || ' seconds') END, i % 7 = 0, 1 + i % 1000 FROM n"
        ))
        .expect("it runs");
}

/// pgloader on the same file, where it is installed.
fn pgloader(bench: &Bench<'_>, lite: f64) {
    let bench = bench.fresh(0);
    connect(&bench.new).batch_execute("DROP TABLE cases, guild").expect("it drops");
    let begun = Instant::now();
    let done = Command::new("pgloader")
        .arg(bench.folder.join("old.db"))
        .arg(&bench.new)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    match done {
        Ok(_) => {
            let took = begun.elapsed().as_secs_f64();
            println!("| pgloader, SQLite → PostgreSQL, its own schema | {took:.2} | manage is {:.2} × as fast |", took / lite);
        }
        Err(error) => println!("| pgloader |  | cannot be run here: {error} |"),
    }
}

fn database(server: &str, name: &str) -> String {
    let (base, query) = server.split_once('?').unwrap_or((server, ""));
    let base = base.rsplit_once('/').filter(|(head, _)| !head.ends_with('/')).map_or(base, |(head, _)| head);
    if query.is_empty() { format!("{base}/{name}") } else { format!("{base}/{name}?{query}") }
}

fn connect(url: &str) -> Client {
    Client::connect(url, NoTls).expect("it connects")
}

fn spent(facts: &serde_json::Value) -> f64 {
    number(facts, "probe_ms") + number(facts, "copy_ms")
}

fn number(facts: &serde_json::Value, name: &str) -> f64 {
    sum(facts, name)
}

fn sum(facts: &serde_json::Value, name: &str) -> f64 {
    facts["tables"].as_array().map(|tables| tables.iter().filter_map(|table| table[name].as_f64()).sum()).unwrap_or(0.0)
}

fn median(mut numbers: Vec<f64>) -> f64 {
    numbers.sort_by(f64::total_cmp);
    numbers[numbers.len() / 2]
}
