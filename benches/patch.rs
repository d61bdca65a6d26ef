//! What a patch costs with its plan, its proofs, its capture and its note, beside the plain UPDATE that changes the same rows.
//!
//! ```sh
//! cargo bench --bench patch                # 1,000,000 rows
//! cargo bench --bench patch -- 100000
//! ```
//!
//! A table of about 300 bytes a row with two indexes; a tenth more rows are of another account. The patch changes two columns
//! of every row of the first one. Each run has a database of its own, copied from the same one. Whole processes, taken in
//! turn; medians. PostgreSQL is a cluster of its own with the default settings. The table goes into docs/benchmarks.md.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

const MANAGE: &str = env!("CARGO_BIN_EXE_manage");
const ROUNDS: usize = 3;

const TOML: &str = r#"
[tenancy]
account = { table = "accounts", key = "id", label = "slug" }
[tenancy.tables]
clusters = { account = "account_id" }
"#;

const SCRIPT: &str = r#"/* manage
description = "Clusters that are new become mapped"
table = "clusters"
volatile = ["updated_at"]
verify = ["clusters"]
*/
SELECT id, 'mapped' AS status, :now AS updated_at FROM clusters WHERE account_id = :account AND status = 'new'
"#;

const CHECK: &str = r#"/* manage
description = "No cluster is new"
table = "clusters"
*/
SELECT id, 'new' AS what FROM clusters WHERE account_id = :account AND status = 'new'
"#;

const TABLES: &str = "CREATE TABLE accounts (id BIGINT PRIMARY KEY, slug TEXT NOT NULL);
INSERT INTO accounts VALUES (1, 'acme'), (2, 'zeta');
CREATE TABLE clusters (id BIGINT PRIMARY KEY, account_id BIGINT NOT NULL, status TEXT NOT NULL, name TEXT NOT NULL, body TEXT,
    updated_at TIMESTAMP);";
const INDEXES: &str =
    "CREATE INDEX clusters_of_account ON clusters (account_id); CREATE INDEX clusters_by_name ON clusters (name);";
const PLAIN: &str =
    "UPDATE clusters SET status = 'mapped', updated_at = '2026-01-02 03:04:05' WHERE account_id = 1 AND status = 'new'";

/// What came of some runs of one kind.
#[derive(Default)]
struct Runs {
    seconds: Vec<f64>,
    peak: f64,
}

impl Runs {
    fn median(&mut self) -> f64 {
        self.seconds.sort_by(f64::total_cmp);
        self.seconds[self.seconds.len() / 2]
    }
}

fn main() {
    let rows: u64 = std::env::args().filter_map(|word| word.parse().ok()).next().unwrap_or(1_000_000);
    let folder = tempfile::Builder::new().prefix("manage-bench").tempdir_in("/tmp").expect("a folder");
    println!("{rows} rows\n\n| what | seconds | against the plain UPDATE | peak memory |\n|---|---|---|---|");
    sqlite(folder.path(), rows);
    match Cluster::start(folder.path()) {
        Some(cluster) => postgres(folder.path(), &cluster, rows),
        None => println!("\nPostgreSQL is not installed: left out."),
    }
}

fn project(folder: &Path, name: &str, url: &str) -> PathBuf {
    let project = folder.join(name);
    std::fs::create_dir_all(project.join("scripts")).expect("a folder");
    let toml = format!("[database]\nurl = \"{url}\"\n{TOML}");
    for (file, text) in
        [("manage.toml", toml.as_str()), ("scripts/fix_clusters.sql", SCRIPT), ("scripts/verify_clusters.sql", CHECK)]
    {
        std::fs::write(project.join(file), text).expect("a file");
    }
    project
}

fn sqlite(folder: &Path, rows: u64) {
    let project = project(folder, "sqlite", "sqlite:manage.db");
    manage(&project, &["database", "create"]);
    let all = rows + rows / 10;
    let made = shell(
        &project,
        &format!(
            "sqlite3 manage.db \"PRAGMA synchronous = OFF; {}
             WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {all})
             INSERT INTO clusters SELECT i, 1 + (i > {rows}), 'new', 'cluster ' || (i * 7919 % {all}), hex(randomblob(110)), NULL FROM n;
             {INDEXES} ANALYZE;\" && mv manage.db seed.db",
            // What SQLite calls a key by which rows lie.
            TABLES.replace("BIGINT PRIMARY KEY", "INTEGER PRIMARY KEY")
        ),
    );
    if !made {
        println!("sqlite3 is not installed");
        return;
    }
    let (mut plain, mut fix, mut undo) = (Runs::default(), Runs::default(), Runs::default());
    for _ in 0..ROUNDS {
        shell(&project, "rm -f manage.db* && cp seed.db manage.db && sync");
        timed(&project, &mut plain, "sqlite3", &["manage.db", PLAIN]);
        shell(&project, "rm -f manage.db* && cp seed.db manage.db && sync");
        // The ledger is there before.
        manage(&project, &["notes", "add", "--title", "bench"]);
        apply(&project, &mut fix, &mut undo);
    }
    report("SQLite", "sqlite3", plain, fix, undo);
}

fn postgres(folder: &Path, cluster: &Cluster, rows: u64) {
    let project = project(folder, "postgres", &cluster.url("bench"));
    let all = rows + rows / 10;
    cluster.psql("postgres", "CREATE DATABASE seed");
    cluster.psql(
        "seed",
        &format!(
            "{TABLES}
             INSERT INTO clusters SELECT i, 1 + (i > {rows})::int, 'new', 'cluster ' || (i * 7919 % {all}), md5(i::text) || md5((i + 1)::text) || md5((i + 2)::text)
                 || md5((i + 3)::text) || md5((i + 4)::text) || md5((i + 5)::text) || md5((i + 6)::text), NULL
             FROM generate_series(1::bigint, {all}) i; {INDEXES}"
        ),
    );
    cluster.psql("seed", "VACUUM ANALYZE");
    let fresh = || {
        cluster.psql("postgres", "DROP DATABASE IF EXISTS bench");
        cluster.psql("postgres", "CREATE DATABASE bench TEMPLATE seed");
        cluster.psql("bench", "CHECKPOINT");
    };
    let (mut plain, mut fix, mut undo) = (Runs::default(), Runs::default(), Runs::default());
    for _ in 0..ROUNDS {
        fresh();
        timed(&project, &mut plain, &cluster.program("psql"), &["-X", "-q", "-c", PLAIN, &cluster.url("bench")]);
        fresh();
        manage(&project, &["notes", "add", "--title", "bench"]);
        apply(&project, &mut fix, &mut undo);
    }
    report("PostgreSQL", "psql", plain, fix, undo);
}

fn apply(project: &Path, fix: &mut Runs, undo: &mut Runs) {
    timed(project, fix, MANAGE, &["fix", "clusters", "--account", "id:1", "--yes", "--max-rows", "100000000"]);
    timed(project, undo, MANAGE, &["undo", "1", "--yes", "--max-rows", "100000000"]);
}

fn report(database: &str, peer: &str, mut plain: Runs, mut fix: Runs, mut undo: Runs) {
    let base = plain.median();
    println!("| {database}: {peer}, plain UPDATE | {base:.2} | | {:.0} MB |", plain.peak);
    for (name, runs) in [("manage fix", &mut fix), ("manage undo of it", &mut undo)] {
        let seconds = runs.median();
        println!("| {database}: {name} | {seconds:.2} | {:.2} × | {:.0} MB |", seconds / base, runs.peak);
    }
}

/// Runs a program under time(1), which tells its peak memory.
fn timed(project: &Path, runs: &mut Runs, program: &str, arguments: &[&str]) {
    let begun = Instant::now();
    let output = Command::new("/usr/bin/time")
        .args(["-f", "%M", program])
        .args(arguments)
        .current_dir(project)
        .env_remove("DATABASE_URL")
        .stdin(Stdio::null())
        .output()
        .expect("time(1) is installed");
    runs.seconds.push(begun.elapsed().as_secs_f64());
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{program}: {told}");
    let kilobytes: f64 = told.lines().last().and_then(|line| line.trim().parse().ok()).expect("time(1) tells the memory");
    runs.peak = runs.peak.max(kilobytes / 1024.0);
}

fn manage(project: &Path, arguments: &[&str]) {
    let output =
        Command::new(MANAGE).args(arguments).current_dir(project).env_remove("DATABASE_URL").stdin(Stdio::null()).output();
    let output = output.expect("it runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

fn shell(folder: &Path, line: &str) -> bool {
    Command::new("sh").args(["-c", line]).current_dir(folder).stdout(Stdio::null()).status().is_ok_and(|status| status.success())
}

/// A cluster of its own, stopped with the value.
struct Cluster {
    folder: PathBuf,
    bin: String,
    port: String,
}

impl Cluster {
    fn start(parent: &Path) -> Option<Self> {
        use std::os::unix::fs::PermissionsExt;
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/postgres.sh");
        let bin = Command::new(script).arg("bin").output().ok().filter(|output| output.status.success())?;
        let bin = String::from_utf8(bin.stdout).ok()?.trim().to_owned();
        let folder = parent.join("pg");
        for folder in [parent, &folder] {
            std::fs::create_dir_all(folder).ok()?;
            std::fs::set_permissions(folder, std::fs::Permissions::from_mode(0o755)).ok()?;
        }
        let started =
            Command::new(script).args(["start".as_ref(), folder.as_os_str()]).env("MANAGE_TEST_PG_BIN", &bin).output().ok()?;
        assert!(started.status.success(), "{}", String::from_utf8_lossy(&started.stderr));
        let port = std::fs::read_to_string(folder.join("port")).ok()?.trim().to_owned();
        Some(Self { folder, bin, port })
    }

    fn url(&self, database: &str) -> String {
        format!("postgres://postgres@127.0.0.1:{}/{database}", self.port)
    }

    fn program(&self, name: &str) -> String {
        format!("{}/{name}", self.bin)
    }

    fn psql(&self, database: &str, sql: &str) {
        let output = Command::new(self.program("psql"))
            .args(["-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-c", sql, &self.url(database)])
            .output()
            .expect("psql runs");
        assert!(output.status.success(), "{sql}: {}", String::from_utf8_lossy(&output.stderr));
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/postgres.sh");
        let _ = Command::new(script).args(["stop".as_ref(), self.folder.as_os_str()]).output();
    }
}
