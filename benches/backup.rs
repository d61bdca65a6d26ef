//! How long a backup with its proof and a restore take, against the same done by hand.
//!
//! ```sh
//! cargo bench --bench backup            # 100 MB
//! cargo bench --bench backup -- 1000    # 1 GB
//! ```
//!
//! By hand: `sqlite3 .backup`, once for the backup, once to prove it, once to restore it, with an `integrity_check`
//! of the proof; `pg_dump -Fc` and `pg_restore`, the latter twice. `manage restore` runs with `--no-backup`, since by
//! hand nobody makes one. `manage reset` is measured with its plan and its token, and the backup that it makes; by hand it
//! is that backup and its proof, `DROP TABLE` of everything (`DROP SCHEMA` on PostgreSQL), and the schema once more. The backup of an SQLite file under steady writes runs while another process commits all
//! the while. Whole processes, taken in turn; medians. PostgreSQL is a cluster of its own with the default settings.
//! The table goes into docs/benchmarks.md.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Instant;

const MANAGE: &str = env!("CARGO_BIN_EXE_manage");
const ROUNDS: usize = 3;

fn main() {
    let megabytes = std::env::args().filter_map(|word| word.parse().ok()).next().unwrap_or(100);
    let folder = tempfile::Builder::new().prefix("manage-bench").tempdir_in("/tmp").expect("a folder");
    println!("{megabytes} MB\n\n| what | by hand, s | manage, s | ratio |\n|---|---|---|---|");
    sqlite(folder.path(), megabytes);
    match Cluster::start(folder.path()) {
        Some(cluster) => postgres(folder.path(), &cluster, megabytes),
        None => println!("\nPostgreSQL is not installed: left out."),
    }
}

/// Rows of about 200 bytes in the table, and as much again in its indexes and the second table.
const ROWS_A_MEGABYTE: usize = 2700;

fn sqlite(folder: &Path, megabytes: usize) {
    let project = folder.join("sqlite");
    std::fs::create_dir_all(&project).expect("a folder");
    std::fs::write(project.join("manage.toml"), "").expect("a file");
    let rows = megabytes * ROWS_A_MEGABYTE;
    // One that `manage` has made is marked as `development`, so a yes is enough to restore it.
    manage(&project, &["database", "create"]);
    shell(
        &project,
        &format!(
            "sqlite3 manage.db \"PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF;
             CREATE TABLE events (id INTEGER PRIMARY KEY, account INTEGER NOT NULL, kind TEXT, at TEXT, body TEXT, amount REAL);
             WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {rows})
             INSERT INTO events SELECT i, i * 7919 % 1000, 'kind ' || i % 20, datetime(i, 'unixepoch'), hex(randomblob(110)), i / 7.0 FROM n;
             CREATE INDEX events_by_account ON events (account, at); CREATE INDEX events_by_kind ON events (kind);
             CREATE TABLE beat (n INTEGER); INSERT INTO beat VALUES (0); PRAGMA wal_checkpoint(TRUNCATE);\""
        ),
    );
    let size = project.join("manage.db").metadata().map_or(0, |data| data.len());
    let (mut hand, mut own) = ([Vec::new(), Vec::new()], [Vec::new(), Vec::new()]);
    for round in 0..ROUNDS {
        shell(&project, "rm -f hand.bak proof.db");
        hand[0].push(timed(|| {
            shell(
                &project,
                "sqlite3 manage.db '.backup hand.bak' && sqlite3 proof.db '.restore hand.bak' 'PRAGMA integrity_check'",
            )
        }));
        own[0].push(timed(|| drop(manage(&project, &["backup", &format!("own{round}.bak")]))));
        hand[1].push(timed(|| shell(&project, "sqlite3 manage.db '.restore hand.bak'")));
        own[1].push(timed(|| {
            manage(&project, &["restore", &format!("own{round}.bak"), "--yes", "--no-backup", "--reason", "bench"]);
        }));
        shell(&project, &format!("rm -f own{round}.bak*"));
    }
    report(&format!("SQLite, {} MB", size / 1_000_000), &mut hand, &mut own);
    let by_hand = timed(|| {
        shell(
            &project,
            &format!(
                "rm -f hand.bak proof.db && sqlite3 manage.db '.backup hand.bak' && sqlite3 proof.db '.restore hand.bak' 'PRAGMA integrity_check' \
                 && cp hand.bak wiped.db && sqlite3 wiped.db 'DROP TABLE events; DROP TABLE beat; VACUUM; {SCHEMA_SQLITE}'"
            ),
        )
    });

    // Another process commits all the while.
    let (stop, commits) = (AtomicBool::new(false), AtomicU64::new(0));
    let (took, meanwhile) = std::thread::scope(|scope| {
        scope.spawn(|| {
            let connection = rusqlite::Connection::open(project.join("manage.db")).expect("it opens");
            connection.busy_timeout(std::time::Duration::from_secs(60)).expect("it waits");
            connection.execute_batch("PRAGMA synchronous = NORMAL").expect("it is set");
            while !stop.load(Ordering::Relaxed) {
                connection.execute_batch("UPDATE beat SET n = n + 1").expect("it writes");
                commits.fetch_add(1, Ordering::Relaxed);
            }
        });
        let before = commits.load(Ordering::Relaxed);
        let took = timed(|| drop(manage(&project, &["backup", "steady.bak"])));
        let meanwhile = commits.load(Ordering::Relaxed) - before;
        stop.store(true, Ordering::Relaxed);
        (took, meanwhile)
    });
    println!("| SQLite, backup under steady writes: {meanwhile} commits meanwhile | | {took:.1} | |");
    let own = timed(|| reset(&project, SCHEMA_SQLITE));
    println!("| SQLite, {} MB: reset with its backup | {by_hand:.1} | {own:.1} | {:.2} × |", size / 1_000_000, own / by_hand);
}

fn postgres(folder: &Path, cluster: &Cluster, megabytes: usize) {
    let project = folder.join("postgres");
    std::fs::create_dir_all(&project).expect("a folder");
    std::fs::write(project.join("manage.toml"), format!("[database]\nurl = \"{}\"\n", cluster.url("shop"))).expect("a file");
    let rows = megabytes * ROWS_A_MEGABYTE;
    manage(&project, &["database", "create"]);
    cluster.psql(
        "shop",
        &format!(
            "CREATE TABLE events (id BIGINT PRIMARY KEY, account BIGINT NOT NULL, kind TEXT, at TIMESTAMPTZ, body TEXT, amount FLOAT8);
             INSERT INTO events SELECT i, i * 7919 % 1000, 'kind ' || i % 20, to_timestamp(i), md5(i::text) || md5((i + 1)::text) || md5((i + 2)::text) || md5((i + 3)::text), i / 7.0
             FROM generate_series(1::bigint, {rows}) i;
             CREATE INDEX events_by_account ON events (account, at); CREATE INDEX events_by_kind ON events (kind); ANALYZE"
        ),
    );
    let (mut hand, mut own) = ([Vec::new(), Vec::new()], [Vec::new(), Vec::new()]);
    for round in 0..ROUNDS {
        for name in ["proof", "again"] {
            cluster.psql("postgres", &format!("DROP DATABASE IF EXISTS {name}"));
        }
        let restore = |name: &str| {
            cluster.psql("postgres", &format!("CREATE DATABASE {name} TEMPLATE template0"));
            shell(&project, &format!("{} -d {} hand.dump", cluster.program("pg_restore"), cluster.url(name)));
        };
        hand[0].push(timed(|| {
            shell(&project, &format!("{} -Fc -f hand.dump {}", cluster.program("pg_dump"), cluster.url("shop")));
            restore("proof");
        }));
        own[0].push(timed(|| drop(manage(&project, &["backup", &format!("own{round}.dump")]))));
        hand[1].push(timed(|| restore("again")));
        own[1].push(timed(|| {
            manage(&project, &["restore", &format!("own{round}.dump"), "--yes", "--no-backup", "--reason", "bench"]);
        }));
        let kept = cluster.psql("postgres", "SELECT datname FROM pg_database WHERE datname LIKE 'shop\\_before\\_%'");
        kept.lines().for_each(|name| drop(cluster.psql("postgres", &format!("DROP DATABASE \"{name}\""))));
    }
    let size = cluster.psql("shop", "SELECT pg_database_size('shop') / 1000000");
    report(&format!("PostgreSQL, {} MB", size.trim()), &mut hand, &mut own);
    for name in ["proof", "again", "wiped"] {
        cluster.psql("postgres", &format!("DROP DATABASE IF EXISTS {name}"));
    }
    cluster.psql("postgres", "CREATE DATABASE wiped TEMPLATE shop");
    let by_hand = timed(|| {
        shell(&project, &format!("{} -Fc -f hand.dump {}", cluster.program("pg_dump"), cluster.url("wiped")));
        cluster.psql("postgres", "CREATE DATABASE proof TEMPLATE template0");
        shell(&project, &format!("{} -d {} hand.dump", cluster.program("pg_restore"), cluster.url("proof")));
        cluster.psql("wiped", &format!("BEGIN; DROP TABLE events; {SCHEMA_POSTGRES}; COMMIT"));
    });
    let own = timed(|| reset(&project, SCHEMA_POSTGRES));
    println!("| PostgreSQL, {} MB: reset with its backup | {by_hand:.1} | {own:.1} | {:.2} × |", size.trim(), own / by_hand);
}

/// What the migration of the project makes.
const SCHEMA_SQLITE: &str =
    "CREATE TABLE events (id INTEGER PRIMARY KEY, account INTEGER NOT NULL, kind TEXT, at TEXT, body TEXT, amount REAL)";
const SCHEMA_POSTGRES: &str =
    "CREATE TABLE events (id BIGINT PRIMARY KEY, account BIGINT NOT NULL, kind TEXT, at TIMESTAMPTZ, body TEXT, amount FLOAT8)";

/// The plan, its token, and the reset by it.
fn reset(project: &Path, schema: &str) {
    let folder = project.join("migrations/1_events");
    std::fs::create_dir_all(&folder).expect("a folder");
    std::fs::write(folder.join("up.sql"), format!("{schema};\n")).expect("a file");
    let plan = manage(project, &["reset", "--plan"]);
    let token = plan.split("--confirm ").nth(1).and_then(|rest| rest.split_whitespace().next()).expect("a token").to_owned();
    manage(project, &["reset", "--confirm", &token]);
}

fn report(what: &str, hand: &mut [Vec<f64>; 2], own: &mut [Vec<f64>; 2]) {
    let [hand_backup, hand_restore] = hand.each_mut().map(|times| median(times));
    let [own_backup, own_restore] = own.each_mut().map(|times| median(times));
    let row = |name: &str, hand: f64, own: f64| println!("| {what}: {name} | {hand:.1} | {own:.1} | {:.2} × |", own / hand);
    row("backup and its proof", hand_backup, own_backup);
    row("restore", hand_restore, own_restore);
    row("all", hand_backup + hand_restore, own_backup + own_restore);
}

fn median(times: &mut [f64]) -> f64 {
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}

fn timed(work: impl FnOnce()) -> f64 {
    let begun = Instant::now();
    work();
    begun.elapsed().as_secs_f64()
}

fn manage(project: &Path, arguments: &[&str]) -> String {
    let output = Command::new(MANAGE)
        .args(arguments)
        .current_dir(project)
        .env_remove("DATABASE_URL")
        .stdin(Stdio::null())
        .output()
        .expect("it runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn shell(folder: &Path, line: &str) {
    let output = Command::new("sh").args(["-c", line]).current_dir(folder).output().expect("sh runs");
    assert!(output.status.success(), "{line}: {}", String::from_utf8_lossy(&output.stderr));
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

    fn psql(&self, database: &str, sql: &str) -> String {
        let output = Command::new(self.program("psql"))
            .args(["-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-c", sql, &self.url(database)])
            .output()
            .expect("psql runs");
        assert!(output.status.success(), "{sql}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).into_owned()
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/postgres.sh");
        let _ = Command::new(script).args(["stop".as_ref(), self.folder.as_os_str()]).output();
    }
}
