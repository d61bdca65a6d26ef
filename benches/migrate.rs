//! How fast `manage migrate` is, as ratios against the plain clients in the same run.
//!
//! ```sh
//! cargo bench --bench migrate
//! ```
//!
//! A fresh apply of 1000 small migrations against the plain client that runs the same statements, a transaction
//! each; runs with nothing to do and `status`, with 100 and 1000 applied, against the bare process with one
//! connection (`manage database wait`). Peers that are on the PATH (diesel, sqlx, dbmate) run over the same
//! files. PostgreSQL is a cluster of its own with the default settings: it syncs.
//!
//! Whole processes, taken in turn, so that a noisy machine is noisy for all; medians. The table goes into
//! docs/benchmarks.md.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

const MANAGE: &str = env!("CARGO_BIN_EXE_manage");
const FRESH_ROUNDS: usize = 5;
const IDLE_ROUNDS: usize = 21;

/// Something to time. `before` is not timed.
struct Contender {
    name: &'static str,
    before: Box<dyn Fn()>,
    command: Box<dyn Fn() -> Command>,
}

/// A row of the table.
struct Row {
    what: String,
    millis: f64,
    compared: String,
    peak: String,
}

fn main() {
    let folder = tempfile::Builder::new().prefix("manage-bench").tempdir_in("/tmp").expect("a folder");
    let large = project(folder.path(), 1000);
    let small = project(folder.path(), 100);
    let mut rows = Vec::new();
    rows.extend(fresh("SQLite", sqlite_contenders(&large)));
    for project in [&small, &large] {
        rows.extend(idle("SQLite", project, &format!("sqlite:{}/manage.db", project.display())));
    }
    match Cluster::start(folder.path()) {
        Some(cluster) => {
            rows.extend(fresh("PostgreSQL", postgres_contenders(&large, &cluster)));
            for (project, name) in [(&small, "small"), (&large, "large")] {
                cluster.psql("postgres", &format!("CREATE DATABASE {name}"));
                rows.extend(idle("PostgreSQL", project, &cluster.url(name)));
            }
        }
        None => println!("PostgreSQL is not installed: left out.\n"),
    }
    println!("| what | median, ms | compared | peak memory |\n|---|---|---|---|");
    for Row { what, millis, compared, peak } in rows {
        println!("| {what} | {millis:.1} | {compared} | {peak} |");
    }
}

/// A project of `count` small migrations, and the same statements as one file for the plain clients.
fn project(folder: &Path, count: usize) -> PathBuf {
    let path = folder.join(format!("project{count}"));
    fs::create_dir(&path).expect("a folder");
    fs::write(path.join("manage.toml"), "").expect("manage.toml");
    fs::write(path.join("diesel.toml"), "").expect("diesel.toml");
    let mut all = String::new();
    let mut dbmate = path.join("db/migrations");
    fs::create_dir_all(&dbmate).expect("a folder");
    for number in 0..count {
        let up = format!(
            "CREATE TABLE t{number} (id INTEGER PRIMARY KEY, name TEXT NOT NULL);\nCREATE INDEX i{number} ON t{number} (name);\n"
        );
        let down = format!("DROP TABLE t{number};\n");
        let migration = path.join(format!("migrations/2026{number:010}_m{number}"));
        fs::create_dir_all(&migration).expect("a folder");
        fs::write(migration.join("up.sql"), &up).expect("up.sql");
        fs::write(migration.join("down.sql"), &down).expect("down.sql");
        dbmate.push(format!("2026{number:010}_m{number}.sql"));
        fs::write(&dbmate, format!("-- migrate:up\n{up}\n-- migrate:down\n{down}")).expect("a file");
        dbmate.pop();
        all.push_str(&format!("BEGIN;\n{up}COMMIT;\n"));
    }
    fs::write(path.join("all.sql"), all).expect("all.sql");
    path
}

fn sqlite_contenders(project: &Path) -> Vec<Contender> {
    let database = project.join("fresh.db");
    let wipe = |database: PathBuf| move || drop(fs::remove_file(&database));
    let url = format!("sqlite:{}", database.display());
    let contender = |name: &'static str, command: Box<dyn Fn() -> Command>| Contender {
        name,
        before: Box::new(wipe(database.clone())),
        command,
    };
    let (own, plain, all) = (project.to_owned(), database.clone(), project.join("all.sql"));
    let (diesel, diesel_database) = (project.to_owned(), database.display().to_string());
    let (dbmate, dbmate_url) = (project.to_owned(), url.clone());
    vec![
        contender(
            "sqlite3, a transaction each",
            Box::new(move || reading(with("sqlite3", &[&plain.display().to_string()]), &all)),
        ),
        contender("manage migrate", Box::new(move || manage(&own, &url, &["migrate"]))),
        contender(
            "diesel migration run",
            Box::new(move || peer(&diesel, "diesel", &["migration", "run", "--database-url", &diesel_database])),
        ),
        contender("dbmate up", Box::new(move || peer(&dbmate, "dbmate", &["--url", &dbmate_url, "--no-dump-schema", "up"]))),
    ]
}

fn postgres_contenders(project: &Path, cluster: &Cluster) -> Vec<Contender> {
    let url = cluster.url("fresh");
    let contender = |name: &'static str, command: Box<dyn Fn() -> Command>| {
        let cluster = cluster.clone_without_end();
        let before = move || {
            cluster.psql("postgres", "DROP DATABASE IF EXISTS fresh");
            cluster.psql("postgres", "CREATE DATABASE fresh");
        };
        Contender { name, before: Box::new(before), command }
    };
    let (own, own_url, plain, all) =
        (project.to_owned(), url.clone(), url.clone(), project.join("all.sql").display().to_string());
    let (diesel, diesel_url, dbmate) = (project.to_owned(), url.clone(), project.to_owned());
    vec![
        contender("psql -f, a transaction each", Box::new(move || with("psql", &["-Xq", "-f", &all, &plain]))),
        contender("manage migrate", Box::new(move || manage(&own, &own_url, &["migrate"]))),
        contender(
            "diesel migration run",
            Box::new(move || peer(&diesel, "diesel", &["migration", "run", "--database-url", &diesel_url])),
        ),
        contender("dbmate up", Box::new(move || peer(&dbmate, "dbmate", &["--url", &url, "--no-dump-schema", "up"]))),
    ]
}

/// The first contender is what the others are compared with.
fn fresh(engine: &str, contenders: Vec<Contender>) -> Vec<Row> {
    let medians = measure(&contenders, FRESH_ROUNDS);
    let base = medians[0].unwrap_or(f64::NAN);
    rows(&contenders, &medians, |name| format!("{engine}: 1000 migrations, {name}"), |median| format!("{:.2} ×", median / base))
}

fn idle(engine: &str, project: &Path, url: &str) -> Vec<Row> {
    assert!(manage(project, url, &["migrate", "-q"]).status().is_ok_and(|status| status.success()), "{url} is migrated");
    let count = fs::read_dir(project.join("migrations")).expect("migrations").count();
    let contender = |name: &'static str, arguments: &'static [&'static str]| {
        let (project, url) = (project.to_owned(), url.to_owned());
        Contender { name, before: Box::new(|| ()), command: Box::new(move || manage(&project, &url, arguments)) }
    };
    let contenders = vec![
        contender("bare process and one connection", &["database", "wait"]),
        contender("migrate, nothing to do", &["migrate"]),
        contender("status", &["status"]),
    ];
    let medians = measure(&contenders, IDLE_ROUNDS);
    let base = medians[0].unwrap_or(f64::NAN);
    rows(&contenders, &medians, |name| format!("{engine}: {count} applied, {name}"), |median| format!("{:+.1} ms", median - base))
}

fn rows(
    contenders: &[Contender],
    medians: &[Option<f64>],
    what: impl Fn(&str) -> String,
    compared: impl Fn(f64) -> String,
) -> Vec<Row> {
    let measured = contenders.iter().zip(medians).enumerate();
    measured
        .filter_map(|(at, (contender, median))| {
            let median = (*median)?;
            (contender.before)();
            let compared = if at == 0 { String::new() } else { compared(median) };
            Some(Row { what: what(contender.name), millis: median, compared, peak: peak(&(contender.command)()) })
        })
        .collect()
}

/// The medians in milliseconds; none for what is not installed.
fn measure(contenders: &[Contender], rounds: usize) -> Vec<Option<f64>> {
    let mut times = vec![Vec::new(); contenders.len()];
    for _ in 0..rounds {
        for (contender, times) in contenders.iter().zip(&mut times) {
            (contender.before)();
            let mut command = (contender.command)();
            let begun = Instant::now();
            match command.status() {
                Ok(status) if status.success() => times.push(begun.elapsed().as_secs_f64() * 1000.0),
                Ok(status) => println!("{} failed: {status}", contender.name),
                Err(_) => {}
            }
        }
    }
    let median = |mut times: Vec<f64>| {
        times.sort_by(f64::total_cmp);
        times.get(times.len() / 2).copied()
    };
    times.into_iter().map(median).collect()
}

/// Peak resident memory, where GNU time is installed.
fn peak(command: &Command) -> String {
    let mut timed = Command::new("/usr/bin/time");
    timed.args(["-f", "%M"]).arg(command.get_program()).args(command.get_args());
    timed.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
    if let Some(folder) = command.get_current_dir() {
        timed.current_dir(folder);
    }
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => timed.env(name, value),
            None => timed.env_remove(name),
        };
    }
    let output = timed.output().ok();
    let kilobytes = output.and_then(|output| String::from_utf8_lossy(&output.stderr).lines().last()?.trim().parse::<f64>().ok());
    kilobytes.map(|kilobytes| format!("{:.0} MB", kilobytes / 1024.0)).unwrap_or_default()
}

fn manage(project: &Path, url: &str, arguments: &[&str]) -> Command {
    let mut command = with(MANAGE, arguments);
    command.current_dir(project).env("DATABASE_URL", url);
    command
}

fn peer(project: &Path, program: &str, arguments: &[&str]) -> Command {
    let mut command = with(program, arguments);
    command.current_dir(project).env_remove("DATABASE_URL");
    command
}

fn with(program: &str, arguments: &[&str]) -> Command {
    let mut command = Command::new(program);
    command.args(arguments).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command
}

fn reading(mut command: Command, file: &Path) -> Command {
    command.stdin(fs::File::open(file).expect("the statements"));
    command
}

/// A cluster with PostgreSQL's default settings.
struct Cluster {
    folder: PathBuf,
    port: String,
    ends: bool,
}

impl Cluster {
    fn start(folder: &Path) -> Option<Self> {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/support/postgres.sh");
        let folder = folder.join("pg");
        fs::create_dir(&folder).ok()?;
        let open = |path: &Path| Command::new("chmod").arg("755").arg(path).status().is_ok();
        open(folder.parent()?);
        open(&folder);
        fs::write(folder.join("settings.conf"), "fsync = on\nfull_page_writes = on\nsynchronous_commit = on\n").ok()?;
        let bin = Command::new(&script).arg("bin").output().ok().filter(|output| output.status.success())?;
        let bin = String::from_utf8_lossy(&bin.stdout).trim().to_owned();
        let started = Command::new(&script).arg("start").arg(&folder).env("MANAGE_TEST_PG_BIN", bin).status();
        started.ok().filter(std::process::ExitStatus::success)?;
        let port = fs::read_to_string(folder.join("port")).ok()?.trim().to_owned();
        Some(Self { folder, port, ends: true })
    }

    fn url(&self, database: &str) -> String {
        let folder = self.folder.display().to_string().replace('/', "%2F");
        format!("postgres://postgres@{folder}:{}/{database}", self.port)
    }

    fn psql(&self, database: &str, sql: &str) {
        let done = with("psql", &["-Xqc", sql, &self.url(database)]).status();
        assert!(done.is_ok_and(|status| status.success()), "{sql}");
    }

    fn clone_without_end(&self) -> Self {
        Self { folder: self.folder.clone(), port: self.port.clone(), ends: false }
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        if self.ends {
            let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/support/postgres.sh");
            let _ = Command::new(script).arg("stop").arg(&self.folder).status();
        }
    }
}
