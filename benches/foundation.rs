//! What the foundation costs: the size of the binary, and commands that find nothing to do, as ratios against
//! the plain clients in the same run.
//!
//! ```sh
//! tests/run.sh --locked --release --bench foundation
//! ```
//!
//! The wall time of whole processes, taken in turn (A B C, A B C …), so that a noisy machine is noisy for all.
//! A client that is not installed is left out. The table goes into docs/benchmarks.md.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

const ROUNDS: usize = 41;

/// A command that is timed, and what it is compared with: the row whose name this is.
struct Contender {
    name: String,
    against: Option<String>,
    command: Box<dyn Fn() -> Command>,
}

fn main() {
    let folder = tempfile::TempDir::new().expect("a folder");
    let binary = Path::new(env!("CARGO_BIN_EXE_manage"));
    println!("Binary: {:.1} MB\n", fs::metadata(binary).expect("the binary").len() as f64 / 1e6);

    let mut contenders = vec![contender("manage --version", None, move || with(env!("CARGO_BIN_EXE_manage"), &["--version"]))];
    let sqlite = project(folder.path(), "sqlite", "sqlite:manage.db");
    contenders.extend(on_sqlite(&sqlite));
    if let Ok(url) = std::env::var("MANAGE_TEST_PG_URL") {
        contenders.extend(on_postgres(folder.path(), &url));
    }
    contenders.retain(|contender| (contender.command)().status().is_ok_and(|status| status.success()));

    let mut times = vec![Vec::with_capacity(ROUNDS); contenders.len()];
    for _ in 0..ROUNDS {
        for (contender, times) in contenders.iter().zip(&mut times) {
            let begun = Instant::now();
            let status = (contender.command)().status().expect("it started before");
            times.push(begun.elapsed());
            assert!(status.success(), "{}", contender.name);
        }
    }
    table(&contenders, &mut times);
}

fn on_sqlite(project: &str) -> Vec<Contender> {
    let database = format!("{project}/manage.db");
    let status = project.to_owned();
    let migrate = project.to_owned();
    vec![
        contender("sqlite3, one query", None, move || with("sqlite3", &[&database, "SELECT count(*) FROM accounts"])),
        contender("manage status, SQLite, 15 applied", Some("sqlite3, one query"), move || manage(&status, &["status"])),
        contender("manage migrate, SQLite, nothing to do", Some("sqlite3, one query"), move || manage(&migrate, &["migrate"])),
    ]
}

fn on_postgres(folder: &Path, server: &str) -> Vec<Contender> {
    let name = format!("bench_{}", std::process::id());
    let url = match server.rsplit_once('/') {
        Some((server, _)) => format!("{server}/{name}"),
        None => return Vec::new(),
    };
    let project = project(folder, "postgres", &url);
    let (psql, status, migrate) = (url, project.clone(), project);
    let against = "psql, one query";
    vec![
        contender(against, None, move || with("psql", &[&psql, "-XAtc", "SELECT count(*) FROM accounts"])),
        contender("manage status, PostgreSQL, 15 applied", Some(against), move || manage(&status, &["status"])),
        contender("manage migrate, PostgreSQL, nothing to do", Some(against), move || manage(&migrate, &["migrate"])),
    ]
}

/// A copy of the root project, migrated.
fn project(folder: &Path, name: &str, url: &str) -> String {
    let path = folder.join(name);
    fs::create_dir(&path).expect("a folder");
    fs::write(path.join("manage.toml"), format!("[database]\nurl = \"{url}\"\n")).expect("manage.toml");
    let migrations = Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations");
    let copied = Command::new("cp").arg("-R").arg(migrations).arg(&path).status();
    assert!(copied.is_ok_and(|status| status.success()), "the migrations are copied");
    let path = path.display().to_string();
    for arguments in [["database", "create"].as_slice(), &["migrate"]] {
        assert!(manage(&path, arguments).status().is_ok_and(|status| status.success()), "{arguments:?} in {path}");
    }
    path
}

fn contender(name: &str, against: Option<&str>, command: impl Fn() -> Command + 'static) -> Contender {
    Contender { name: name.to_owned(), against: against.map(str::to_owned), command: Box::new(command) }
}

fn manage(project: &str, arguments: &[&str]) -> Command {
    let mut command = with(env!("CARGO_BIN_EXE_manage"), arguments);
    command.current_dir(project).env_remove("DATABASE_URL");
    command
}

fn with(program: &str, arguments: &[&str]) -> Command {
    let mut command = Command::new(program);
    command.args(arguments).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command
}

fn table(contenders: &[Contender], times: &mut [Vec<Duration>]) {
    let medians: Vec<f64> = times
        .iter_mut()
        .map(|times| {
            times.sort_unstable();
            times[times.len() / 2].as_secs_f64() * 1000.0
        })
        .collect();
    println!("| whole process, median of {ROUNDS} | ms | against the plain client |\n|---|---|---|");
    for (contender, median) in contenders.iter().zip(&medians) {
        let base = contender.against.as_ref().and_then(|name| contenders.iter().position(|known| known.name == *name));
        let ratio = base.map(|base| format!("{:.2} × ({:+.1} ms)", median / medians[base], median - medians[base]));
        println!("| {} | {median:.1} | {} |", contender.name, ratio.unwrap_or_default());
    }
}
