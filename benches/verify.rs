//! What checks cost: a million rows beside the plain client with the same SQL, and a thousand accounts one after the
//! other beside four at a time.
//!
//! ```sh
//! tests/run.sh --locked --release --bench verify
//! ```
//!
//! The wall time of whole processes, taken in turn. The table goes into docs/benchmarks.md.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

const ROUNDS: usize = 7;

const TABLES: &str = "CREATE TABLE accounts (id BIGINT PRIMARY KEY, slug TEXT NOT NULL);
CREATE TABLE clusters (id BIGINT PRIMARY KEY, account_id BIGINT NOT NULL, status TEXT NOT NULL);
CREATE TABLE keywords (id BIGINT PRIMARY KEY, account_id BIGINT NOT NULL, cluster_id BIGINT, keyword TEXT NOT NULL, status TEXT NOT NULL);
";

const INDEXES: &str = "CREATE INDEX clusters_of_account ON clusters (account_id);
CREATE INDEX keywords_of_account ON keywords (account_id, cluster_id);
ANALYZE;
";

const CHECK: &str =
    "SELECT 'clusters' AS table_name, c.id, 'status is ' || c.status AS what, 'mapped or new by its keywords' AS expected
FROM clusters c
WHERE c.account_id = :account
  AND (c.status = 'mapped') <> EXISTS (SELECT 1 FROM keywords k WHERE k.cluster_id = c.id AND k.account_id = :account)
UNION ALL
SELECT 'keywords', k.id, 'status is ' || k.status, 'mapped or new by its cluster'
FROM keywords k
WHERE k.account_id = :account
  AND (k.status NOT IN ('new', 'mapped') OR (k.status = 'mapped') <> (k.cluster_id IS NOT NULL))";

const MANAGE_TOML: &str = r#"
[tenancy]
account = { table = "accounts", key = "id", label = "slug" }
[tenancy.tables]
clusters = { account = "account_id" }
keywords = { account = "account_id" }
"#;

/// `rows` rows over `accounts` accounts: a tenth are clusters, the rest are keywords, and one row in ten thousand is wrong.
fn fill(sqlite: bool, accounts: u32, rows: u32) -> String {
    let clusters = rows / 10;
    let series = |count: u32| match sqlite {
        true => {
            format!("(WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {count}) SELECT i FROM n) AS n")
        }
        false => format!("generate_series(1, {count}) AS n(i)"),
    };
    format!(
        "INSERT INTO accounts SELECT i, 'account-' || i FROM {};
         INSERT INTO clusters SELECT i, 1 + i % {accounts}, CASE WHEN i % 10000 = 0 THEN 'new' ELSE 'mapped' END FROM {};
         INSERT INTO keywords SELECT i, 1 + (1 + i % {clusters}) % {accounts}, 1 + i % {clusters}, 'keyword ' || i,
             CASE WHEN i % 10000 = 0 THEN 'new' ELSE 'mapped' END FROM {};",
        series(accounts),
        series(clusters),
        series(rows - clusters)
    )
}

/// What is timed.
struct Contender {
    name: &'static str,
    against: Option<&'static str>,
    command: Command,
    /// How it ends: findings are exit 1.
    code: i32,
    times: Vec<Duration>,
}

fn main() {
    let folder = tempfile::TempDir::new().expect("a folder");
    let mut contenders = on_sqlite(folder.path());
    if let Ok(server) = std::env::var("MANAGE_TEST_PG_URL") {
        contenders.extend(on_postgres(folder.path(), &server));
    }
    for round in 0..=ROUNDS {
        for contender in &mut contenders {
            let begun = Instant::now();
            let status = contender.command.status().expect("it starts");
            assert_eq!(status.code(), Some(contender.code), "{}", contender.name);
            // The first round fills the caches.
            if round > 0 {
                contender.times.push(begun.elapsed());
            }
        }
    }
    table(&mut contenders);
}

fn on_sqlite(folder: &Path) -> Vec<Contender> {
    let project = project(folder, "sqlite", "sqlite:manage.db");
    let database = project.join("manage.db");
    let load = fs::File::create(folder.join("load.sql"))
        .and_then(|_| fs::write(folder.join("load.sql"), format!("BEGIN;{TABLES}{}COMMIT;{INDEXES}", fill(true, 1, 1_000_000))));
    load.expect("a file");
    let input = fs::File::open(folder.join("load.sql")).expect("the file");
    let status = Command::new("sqlite3").arg(&database).stdin(input).status();
    if !status.is_ok_and(|status| status.success()) {
        println!("sqlite3 is not installed");
        return Vec::new();
    }
    let mut plain = quiet("sqlite3");
    plain.arg(&database).arg(CHECK.replace(":account", "1"));
    vec![
        contender("SQLite, 1,000,000 rows: sqlite3", None, plain, 0),
        contender(
            "SQLite, 1,000,000 rows: manage verify",
            Some("SQLite, 1,000,000 rows: sqlite3"),
            manage(&project, &["verify", "--account", "id:1"]),
            1,
        ),
    ]
}

fn on_postgres(folder: &Path, server: &str) -> Vec<Contender> {
    let Some((server_url, _)) = server.rsplit_once('/') else { return Vec::new() };
    let database = |name: &str, accounts: u32| {
        let name = format!("bench_{name}_{}", std::process::id());
        psql(server, &format!("CREATE DATABASE {name}"));
        let url = format!("{server_url}/{name}");
        psql(&url, &format!("{TABLES}{}{INDEXES}", fill(false, accounts, 1_000_000)));
        psql(&url, "VACUUM");
        url
    };
    let one = database("one", 1);
    let many = database("many", 1000);
    let project_one = project(folder, "one", &one);
    let project_many = project(folder, "many", &many);
    let mut plain = quiet("psql");
    plain.args([&one, "-XAtqc", &CHECK.replace(":account", "1")]);
    let all = "PostgreSQL, 1,000 accounts: manage verify --all-tenants";
    vec![
        contender("PostgreSQL, 1,000,000 rows: psql", None, plain, 0),
        contender(
            "PostgreSQL, 1,000,000 rows: manage verify",
            Some("PostgreSQL, 1,000,000 rows: psql"),
            manage(&project_one, &["verify", "--account", "id:1"]),
            1,
        ),
        contender(all, None, manage(&project_many, &["verify", "--all-tenants"]), 1),
        contender(
            "PostgreSQL, 1,000 accounts: the same with --jobs 2",
            Some(all),
            manage(&project_many, &["verify", "--all-tenants", "--jobs", "2"]),
            1,
        ),
        contender(
            "PostgreSQL, 1,000 accounts: the same with --jobs 4",
            Some(all),
            manage(&project_many, &["verify", "--all-tenants", "--jobs", "4"]),
            1,
        ),
    ]
}

fn project(folder: &Path, name: &str, url: &str) -> std::path::PathBuf {
    let path = folder.join(name);
    fs::create_dir_all(path.join("scripts")).expect("a folder");
    fs::write(path.join("manage.toml"), format!("[database]\nurl = \"{url}\"\n{MANAGE_TOML}")).expect("manage.toml");
    let script = format!("/* manage\ndescription = \"statuses follow\"\n*/\n{CHECK}\n");
    fs::write(path.join("scripts/verify_status_fixes.sql"), script).expect("the script");
    path
}

fn psql(url: &str, sql: &str) {
    let status = Command::new("psql").args([url, "-XAtqc", sql]).stdout(Stdio::null()).status();
    assert!(status.is_ok_and(|status| status.success()), "psql: {}", &sql[..sql.len().min(60)]);
}

fn contender(name: &'static str, against: Option<&'static str>, command: Command, code: i32) -> Contender {
    Contender { name, against, command, code, times: Vec::new() }
}

fn manage(project: &Path, arguments: &[&str]) -> Command {
    let mut command = quiet(env!("CARGO_BIN_EXE_manage"));
    command.args(arguments).current_dir(project).env_remove("DATABASE_URL");
    command
}

fn quiet(program: &str) -> Command {
    let mut command = Command::new(program);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command
}

fn table(contenders: &mut [Contender]) {
    let median = |times: &mut Vec<Duration>| {
        times.sort_unstable();
        times[times.len() / 2].as_secs_f64() * 1000.0
    };
    let medians: Vec<(&str, f64)> =
        contenders.iter_mut().map(|contender| (contender.name, median(&mut contender.times))).collect();
    println!("| whole process, median of {ROUNDS} | ms | compared |\n|---|---|---|");
    for (contender, (name, ms)) in contenders.iter().zip(&medians) {
        let base = contender.against.and_then(|against| medians.iter().find(|(name, _)| *name == against));
        let ratio = base.map(|(_, base)| format!("{:.2} ×", ms / base)).unwrap_or_default();
        println!("| {name} | {ms:.0} | {ratio} |");
    }
}
